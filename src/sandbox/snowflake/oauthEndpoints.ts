/** /oauth/authorize and /oauth/token-request: the OAuth server of the account, whose clients are the integrations. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Operation, SandboxReply, SandboxRequest } from "../counterpart.js";
import { callInProcess } from "../inProcessCall.js";
import { createOAuthServer, type OAuthServer, type OAuthServerClient, type Refusal } from "../oauthServer.js";
import { type Account, hasRole, type OAuthIntegration, type User } from "./account.js";
import { findByClientId } from "./oauthView.js";
import { credentialsIn, tokenError } from "./tokenRequest.js";

const ROUTES = { authorization: "/oauth/authorize", token: "/oauth/token-request", jwks: "/oauth/keys" };
export const TOKEN_PATH = ROUTES.token;
const REFRESH_SCOPE = "refresh_token";
/** For nobody to ask for: a request without a scope means the person's own role. */
const NO_SCOPE = "session:role-default";
const LONGEST_STATE = 2048;

export interface OAuthEndpoints {
  operation(method: string, path: string): Operation | undefined;
  isPage(path: string): boolean;
  /** The token endpoint. */
  handle(request: SandboxRequest): Promise<SandboxReply>;
  handleRaw(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
  accepts(clientId: string, secret: string): Promise<boolean>;
  ownerOf(accessToken: string): Promise<{ user: string; role: string | undefined } | undefined>;
}

export function createOAuthEndpoints(account: Account): OAuthEndpoints {
  let server: OAuthServer | undefined;
  const oauthServer = (): OAuthServer => (server ??= createServer(account));
  const isPage = (path: string) => path === ROUTES.authorization || path.startsWith(`${ROUTES.authorization}/`) || path.startsWith("/interaction/");
  const accepts = (clientId: string, secret: string) => oauthServer().accepts(clientId, secret);

  return {
    operation(method, path) {
      if (path.startsWith("/interaction/")) return { name: "interaction", changes: false };
      if (isPage(path)) return { name: "authorize", changes: false };
      return method === "POST" && path === ROUTES.token ? { name: "token", changes: false } : undefined;
    },
    isPage,
    handleRaw: (incoming, outgoing) => oauthServer().handle(incoming, outgoing),
    accepts,
    async handle(request) {
      const form = new URLSearchParams(request.body);
      const grant = form.get("grant_type") ?? "";
      // Seen: what other servers take, a custom client may not.
      if (grant === "client_credentials") return tokenError("invalid_grant");
      if (grant !== "authorization_code" && grant !== "refresh_token") return tokenError(grant === "" ? "invalid_request" : "unsupported_grant_type");
      if (!form.get(grant === "refresh_token" ? "refresh_token" : "code")) return tokenError("invalid_request");
      const { clientId, clientSecret } = await credentialsIn(request, accepts);
      if (grant === "refresh_token" && (await accepts(clientId, clientSecret)) && !issuesRefreshTokens(account, clientId)) return tokenError("invalid_grant");
      form.set("client_id", clientId);
      form.set("client_secret", clientSecret);
      const { authorization: _, ...headers } = request.headers;
      const bytes = Buffer.from(form.toString());
      const asked = { ...request, headers: { ...headers, "content-length": String(bytes.length) }, bytes };
      const reply = await callInProcess((incoming, outgoing) => oauthServer().handle(incoming, outgoing), asked);
      return reply.status === 200 ? issued(account, oauthServer(), grant, reply) : reply;
    },
    async ownerOf(accessToken) {
      const owner = await server?.ownerOf(accessToken);
      if (owner === undefined || findByClientId(account, owner.clientId) === undefined) return undefined;
      return { user: owner.userId, role: roleOf(account, owner.userId, owner.scopes) };
    },
  };
}

function createServer(account: Account): OAuthServer {
  return createOAuthServer({
    issuer: account.origin(),
    mount: "",
    routes: ROUTES,
    resource: account.origin(),
    refreshScope: REFRESH_SCOPE,
    scopeOfNone: NO_SCOPE,
    findClient: async (clientId) => clientOf(account, findByClientId(account, clientId)),
    get users() {
      return [...account.users.values()].flatMap(({ name, disabled }) => (disabled ? [] : [{ id: name.toLowerCase(), name }]));
    },
    isSingleUse: (clientId) => findByClientId(account, clientId)?.properties.OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED === true,
    allowsRedirect: ({ redirectUris }, redirectUri) => redirectUris.includes(withoutQuery(redirectUri)),
    refuseAuthorization: (client, parameters) => refuseAuthorization(account, client && findByClientId(account, client.clientId), parameters),
    refuseUser: ({ clientId }, userId, scopes) => refuseUser(account, findByClientId(account, clientId), userId, scopes),
    tokenError: ({ error }) => tokenError(error),
    codeBeforeClient: () => true,
  });
}

function clientOf(account: Account, integration: OAuthIntegration | undefined): OAuthServerClient | undefined {
  if (integration === undefined) return undefined;
  const { clientId, name, secrets, properties } = integration;
  return {
    clientId,
    name,
    redirectUris: [properties.OAUTH_REDIRECT_URI, ...properties.OAUTH_ALTERNATE_REDIRECT_URIS],
    secrets: [...secrets],
    scopes: [REFRESH_SCOPE, NO_SCOPE, "session:role-any", ...[...account.roles.keys()].flatMap((role) => [roleScope(role), encodedRoleScope(role)])],
    grantTypes: ["authorization_code", ...(properties.OAUTH_ISSUE_REFRESH_TOKENS ? ["refresh_token"] : [])],
    accessTokenSeconds: properties.OAUTH_ACCESS_TOKEN_VALIDITY,
    refreshTokenSeconds: properties.OAUTH_REFRESH_TOKEN_VALIDITY,
  };
}

/** The vendor's switch means both: whether they are issued, and whether they are taken. */
const issuesRefreshTokens = (account: Account, clientId: string): boolean => findByClientId(account, clientId)?.properties.OAUTH_ISSUE_REFRESH_TOKENS === true;

/** Documented: the registered URI has no query, and that of the request does not count. */
const withoutQuery = (uri: string): string => uri.replace(/\?[^#]*/, "");

const page = (code: string, text: string): Refusal => ({ status: 400, code, title: `Error ${code}`, text });

/** Codes and their occasions are documented; the order is a guess. */
function refuseAuthorization(account: Account, integration: OAuthIntegration | undefined, parameters: URLSearchParams): Refusal | undefined {
  if (integration === undefined) return page("390306", "OAuth client integration with the given client id is not found.");
  const { properties } = integration;
  const registered = [properties.OAUTH_REDIRECT_URI, ...properties.OAUTH_ALTERNATE_REDIRECT_URIS];
  if (!registered.includes(withoutQuery(parameters.get("redirect_uri") ?? "")))
    return page("390307", "The redirect URI in the request does not match the one of the integration.");
  if (parameters.get("response_type") !== "code") return page("390304", "The response type must be code.");
  const state = parameters.get("state") ?? "";
  if (state.length > LONGEST_STATE || /[^\x20-\x7e]/.test(state)) return page("390305", "The state must be at most 2048 ASCII characters.");
  if (!areScopesValid(parameters.get("scope"), properties.OAUTH_ANY_ROLE_MODE !== "DISABLE")) return page("390308", "The requested scope is invalid.");
  const role = namedRole(words(parameters.get("scope")));
  if (role !== undefined && !account.roles.has(role)) return page("390302", "Invalid consent request.");
  const challenge = parameters.get("code_challenge");
  const badMethod = challenge !== null && parameters.get("code_challenge_method") !== "S256";
  if (badMethod || (challenge === null && properties.OAUTH_ENFORCE_PKCE)) return page("390311", "A code challenge with the method S256 is required.");
  return undefined;
}

const roleScope = (role: string): string => `session:role:${role}`;
const encodedRoleScope = (role: string): string => `session:role-encoded:${encodeURIComponent(role)}`;

const words = (scope: string | null): string[] => (scope ?? "").split(" ").filter((word) => word !== "");

/** The role that the scopes name. */
function namedRole(scopes: string[]): string | undefined {
  const named = scopes.find((scope) => /^session:role(-encoded)?:/.test(scope));
  const name = named?.replace(/^session:role(-encoded)?:/, "");
  return named?.startsWith("session:role-encoded:") ? decodeURIComponent(name ?? "") : name;
}

function areScopesValid(scope: string | null, anyRole: boolean): boolean {
  const ofRole = words(scope).filter((word) => word !== REFRESH_SCOPE);
  if (ofRole.length > 1) return false;
  return ofRole.every((word) => /^session:role(-encoded)?:./.test(word) || (word === "session:role-any" && anyRole));
}

const findUser = (account: Account, userId: string): User | undefined => account.users.get(userId.toUpperCase());

/** The role that a session of this token has: the one asked for, or the user's own. */
function roleOf(account: Account, userId: string, scopes: string[]): string | undefined {
  return namedRole(scopes) ?? findUser(account, userId)?.defaultRole;
}

/** Seen: all of these end at "Invalid consent request". */
function refuseUser(account: Account, integration: OAuthIntegration | undefined, userId: string, scopes: string[]): Refusal | undefined {
  const user = findUser(account, userId);
  const role = roleOf(account, userId, scopes);
  if (integration === undefined || user === undefined || user.disabled || role === undefined) return page("390302", "Invalid consent request.");
  const { BLOCKED_ROLES_LIST: blocked, ALLOWED_ROLES_LIST: allowed } = integration.properties;
  if (blocked.includes(role)) return page("390302", `Invalid consent request. The role ${role} requested has been explicitly blocked.`);
  const granted = account.roles.has(role) && hasRole(user, role);
  if (!granted || (allowed.length > 0 && !allowed.includes(role))) return page("390302", "Invalid consent request.");
  return undefined;
}

/** The vendor's form of a token reply, if the person may still have it. */
async function issued(account: Account, server: OAuthServer, grant: string, reply: SandboxReply): Promise<SandboxReply> {
  const { id_token: _, ...body } = JSON.parse(String(reply.body)) as Record<string, unknown>;
  const owner = await server.ownerOf(String(body["access_token"]));
  const integration = findByClientId(account, owner?.clientId ?? "");
  if (owner === undefined || integration === undefined || refuseUser(account, integration, owner.userId, owner.scopes) !== undefined)
    return tokenError("invalid_grant");
  const { OAUTH_REFRESH_TOKEN_VALIDITY: validity, OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED: singleUse } = integration.properties;
  if (grant === "refresh_token" && !singleUse) delete body["refresh_token"];
  if (body["scope"] === NO_SCOPE) delete body["scope"];
  if (body["refresh_token"] !== undefined) body["refresh_token_expires_in"] = validity;
  if (grant === "authorization_code") body["username"] = findUser(account, owner.userId)?.name;
  return { ...reply, body };
}
