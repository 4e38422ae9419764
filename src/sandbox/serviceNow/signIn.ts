/** Login, consent and tokens of an instance: /oauth_auth.do and /oauth_token.do, on the records as they are at each request. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Operation, SandboxReply, SandboxRequest } from "../counterpart.js";
import { callInProcess } from "../inProcessCall.js";
import { createOAuthServer, type OAuthServer, type OAuthServerClient, type Refusal } from "../oauthServer.js";
import { type Instance, OAUTH_ENTITY, OAUTH_USER, PROPERTY, type Row, redirectUrlsOf } from "./instance.js";

const ROUTES = { authorization: "/oauth_auth.do", token: "/oauth_token.do", jwks: "/api/now/oauth/jwks" };
/** The one scope seen in token answers. */
const SCOPE = "useraccount";

export interface SignIn {
  operation(method: string, path: string): Operation | undefined;
  /** People's pages go to the OAuth server as they are. */
  isPage(path: string): boolean;
  handleRaw(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
  token(request: SandboxRequest): Promise<SandboxReply>;
  accepts(clientId: string, secret: string): Promise<boolean>;
}

/** The one answer of the token endpoint to a wrong secret, a wrong redirect URI, a missing role, or OAuth switched off. */
export const tokenRefusal = (status = 401): SandboxReply => ({ status, body: { error_description: "access_denied", error: "server_error" } });

export function isTokenPath(path: string): boolean {
  return path === ROUTES.token;
}

export function createSignIn(instance: Instance, origin: () => string): SignIn {
  let server: OAuthServer | undefined;
  const oauthServer = (): OAuthServer =>
    (server ??= createOAuthServer({
      issuer: origin(),
      mount: "",
      routes: ROUTES,
      resource: `${origin()}/api/now`,
      users: instance.people,
      findClient: async (clientId) => clientOf(instance, clientId),
      refusesTokens: (userId) => instance.people.find(({ id }) => id === userId)?.roles.includes(OAUTH_USER) !== true,
      refuseAuthorization: (client, parameters) => refuseAuthorization(instance, client, parameters),
      tokenError: () => ({ status: 401, body: tokenRefusal().body }),
    }));

  const operation = (method: string, path: string): Operation | undefined => {
    if (path === ROUTES.authorization || path.startsWith(`${ROUTES.authorization}/`)) return { name: "authorize", changes: false };
    if (path.startsWith("/interaction/")) return { name: "interaction", changes: false };
    if (path === ROUTES.token && method === "POST") return { name: "token", changes: false };
    if (path === ROUTES.jwks && method === "GET") return { name: "keys", changes: false };
    return undefined;
  };

  return {
    operation,
    isPage: (path) => path !== ROUTES.token && operation("GET", path) !== undefined,
    async handleRaw(incoming, outgoing) {
      incoming.url = asInstanceReads(instance, incoming.url ?? "/");
      await oauthServer().handle(incoming, outgoing);
    },
    token: (request) => callInProcess((incoming, outgoing) => oauthServer().handle(incoming, outgoing), request),
    accepts: (clientId, secret) => oauthServer().accepts(clientId, secret),
  };
}

function recordOf(instance: Instance, clientId: string): Row | undefined {
  return [...(instance.tables[OAUTH_ENTITY]?.rows.values() ?? [])].find((row) => row["client_id"] === clientId && row["type"] === "client");
}

/** The client behind an id; an inactive record processes no request (documented), nor does any while OAuth is switched off. */
function clientOf(instance: Instance, clientId: string): OAuthServerClient | undefined {
  const row = recordOf(instance, clientId);
  if (row === undefined || row["active"] !== "true" || instance.property(PROPERTY.oauthIsActive) !== "true") return undefined;
  const cap = Number(instance.property(PROPERTY.longestAccessToken) ?? Infinity);
  return {
    clientId,
    name: row["name"] ?? "",
    ...(row["logo_url"] ? { logoUrl: row["logo_url"] } : {}),
    redirectUris: redirectUrlsOf(row),
    // One slot: what is in it now, and nothing that was in it before.
    secrets: [row["client_secret"] ?? ""],
    scopes: [SCOPE, "offline_access"],
    grantTypes: ["authorization_code", "refresh_token"],
    // A system property caps what the column says (seen on developer instances).
    accessTokenSeconds: Math.min(Number(row["access_token_lifespan"]) || 1800, cap),
    refreshTokenSeconds: Number(row["refresh_token_lifespan"]) || 8_640_000,
  };
}

function refuseAuthorization(instance: Instance, client: OAuthServerClient | undefined, parameters: URLSearchParams): Refusal | undefined {
  if (client === undefined)
    return { status: 400, code: "invalid_client", title: "Invalid client", text: "The client_id is not that of an active application registry." };
  if (instance.property(PROPERTY.stateRequired) === "true" && !parameters.get("state"))
    return { status: 400, code: "state_missing", title: "Invalid request", text: "The state parameter is missing." };
  return undefined;
}

/**
 * An authorize request as the instance takes it: the first redirect URL of the record stands in for one that is not among them
 * (documented), so a wrong one fails only at the token endpoint; and a refresh token comes without being asked for.
 */
function asInstanceReads(instance: Instance, requestUrl: string): string {
  const url = new URL(requestUrl, "http://sandbox.invalid");
  if (url.pathname !== ROUTES.authorization) return requestUrl;
  const registered = redirectUrlsOf(recordOf(instance, url.searchParams.get("client_id") ?? "") ?? {});
  const [first] = registered;
  if (first !== undefined && !registered.includes(url.searchParams.get("redirect_uri") ?? "")) url.searchParams.set("redirect_uri", first);
  url.searchParams.set("scope", `${url.searchParams.get("scope") || SCOPE} offline_access`);
  return url.pathname + url.search;
}
