/**
 * Vendors whose clients are made by hand in a console: an Atlassian-like and a Google-like authorization server, which have no
 * API for it, and a plain OpenID provider that also takes pushed authorization requests. All check the client before the code;
 * the first two then say what was seen in public reports of these vendors (docs/sandbox.md). The switch `behaviour` turns the
 * token endpoint into other servers.
 */

import { randomBytes, randomInt } from "node:crypto";
import type { Counterpart, Operation, SandboxReply, SandboxRequest } from "../counterpart.js";
import { callInProcess } from "../inProcessCall.js";
import { createOAuthServer, type OAuthServer, type OAuthServerClient, type OAuthServerOptions } from "../oauthServer.js";
import { answerOddly, type Behaviour, credentialsOf, drip, INWARD, isPlayedByServer } from "./tokenEndpoint.js";

export type { Behaviour } from "./tokenEndpoint.js";

export const VENDOR_NAMES = ["atlassian", "google", "openid"] as const;
export type VendorName = (typeof VENDOR_NAMES)[number];

export interface VendorServerOptions {
  name: VendorName;
  /** Base URL, known once the listener is up. */
  origin: () => string;
  users: { id: string; name: string }[];
  behaviour?: Behaviour;
}

export interface VendorServer extends Counterpart {
  /** What a person does in the vendor's console. */
  addClient(input: { name: string; redirectUris: string[]; scopes: string[] }): { clientId: string; clientSecret: string };
  /** The same person later; `secrets` are all that are live from now on. */
  changeClient(clientId: string, change: Partial<Pick<OAuthServerClient, "redirectUris" | "scopes" | "secrets">>): void;
  accepts(clientId: string, secret: string): Promise<boolean>;
  setBehaviour(behaviour: Behaviour): void;
  /** Takes over what `state()` gave. */
  restore(saved: { clients: OAuthServerClient[] }): void;
}

/** What tells one vendor from the other. */
interface Vendor {
  routes: OAuthServerOptions["routes"];
  resource: string;
  newClientId(): string;
  newSecret(): string;
  /** Atlassian 3LO apps have one callback URL. */
  onlyOneRedirectUri: boolean;
  refuseAuthorization?: NonNullable<OAuthServerOptions["refuseAuthorization"]>;
  tokenErrors: Record<string, { status: number; body: { error: string; error_description: string } }>;
}

const VENDORS: Record<VendorName, Vendor> = {
  atlassian: {
    routes: { authorization: "/authorize", token: "/oauth/token", jwks: "/.well-known/jwks.json" },
    resource: "https://api.atlassian.com",
    newClientId: () => randomBytes(24).toString("base64url"),
    newSecret: () => `ATOA${randomBytes(48).toString("base64url")}`,
    onlyOneRedirectUri: true,
    tokenErrors: {
      invalid_client: { status: 401, body: { error: "access_denied", error_description: "Unauthorized" } },
      // The status and the word were seen for refresh tokens; that a code gets the same is a guess, and so is the text.
      invalid_grant: { status: 403, body: { error: "invalid_grant", error_description: "Invalid authorization code" } },
    },
  },
  google: {
    routes: { authorization: "/o/oauth2/v2/auth", token: "/token", jwks: "/oauth2/v3/certs" },
    resource: "https://www.googleapis.com/",
    newClientId: () => `${randomInt(1e11, 1e12)}-${randomBytes(16).toString("hex")}.apps.googleusercontent.com`,
    newSecret: () => `GOCSPX-${randomBytes(21).toString("base64url")}`,
    onlyOneRedirectUri: false,
    // Google looks at client and redirect URI before anybody signs in.
    refuseAuthorization(client, parameters) {
      if (client === undefined) return { status: 401, code: "invalid_client", title: "Error 401: invalid_client", text: "The OAuth client was not found." };
      const redirectUri = parameters.get("redirect_uri") ?? "";
      if (client.redirectUris.includes(redirectUri)) return undefined;
      const text = `The redirect URI in the request, ${redirectUri}, does not match the ones authorized for the OAuth client.`;
      return { status: 400, code: "redirect_uri_mismatch", title: "Error 400: redirect_uri_mismatch", text };
    },
    tokenErrors: {
      invalid_client: { status: 401, body: { error: "invalid_client", error_description: "Unauthorized" } },
      invalid_grant: { status: 400, body: { error: "invalid_grant", error_description: "Malformed auth code." } },
    },
  },
  // oidc-provider as it is, in its own words.
  openid: {
    routes: { authorization: "/authorize", token: "/token", jwks: "/jwks", pushed_authorization_request: "/par" },
    resource: "https://resource.sandbox.invalid/",
    newClientId: () => randomBytes(12).toString("hex"),
    newSecret: () => randomBytes(32).toString("base64url"),
    onlyOneRedirectUri: false,
    tokenErrors: {},
  },
};

export function createVendorServer({ name, origin, users, behaviour: first = "clientFirst" }: VendorServerOptions): VendorServer {
  const vendor = VENDORS[name];
  const clients = new Map<string, OAuthServerClient>();
  let behaviour = first;
  let server: OAuthServer | undefined;
  const oauthServer = (): OAuthServer =>
    (server ??= createOAuthServer({
      issuer: origin(),
      mount: "",
      routes: vendor.routes,
      resource: vendor.resource,
      users,
      findClient: async (clientId) => clients.get(clientId),
      ...(vendor.refuseAuthorization === undefined ? {} : { refuseAuthorization: vendor.refuseAuthorization }),
      tokenError: ({ status, error, description }) => vendor.tokenErrors[error] ?? { status, body: { error, error_description: description } },
      codeBeforeClient: () => behaviour === "codeFirst",
    }));
  const accepts = (clientId: string, secret: string) => oauthServer().accepts(clientId, secret);

  const operation = (method: string, path: string): Operation | undefined => {
    const { authorization, token, jwks, pushed_authorization_request: pushed } = vendor.routes;
    if (path === authorization || path.startsWith(`${authorization}/`)) return { name: "authorize", changes: false };
    if (path.startsWith("/interaction/")) return { name: "interaction", changes: false };
    if (path === token && method === "POST") return { name: "token", changes: false };
    if (path === pushed && method === "POST") return { name: "pushAuthorization", changes: false };
    if (path === INWARD) return { name: "inward", changes: false };
    if (path === "/.well-known/openid-configuration" || path === jwks) return { name: "discovery", changes: false };
    return undefined;
  };

  /** Measured at oidc-provider with scopes per client: one that this client may not have is refused, one that nobody knows is taken. */
  const push = async (request: SandboxRequest): Promise<SandboxReply> => {
    const reply = await callInProcess((incoming, outgoing) => oauthServer().handle(incoming, outgoing), request);
    const form = new URLSearchParams(request.body);
    const own = clients.get(credentialsOf(request).clientId)?.scopes ?? [];
    const known = [...clients.values()].flatMap(({ scopes }) => scopes);
    const forbidden = (form.get("scope") ?? "").split(" ").find((scope) => known.includes(scope) && !own.includes(scope));
    if (reply.status >= 400 || forbidden === undefined) return reply;
    return { status: 400, body: { error: "invalid_scope", error_description: "requested scope is not allowed", scope: forbidden } };
  };

  return {
    name,
    operation,
    raw(method, path) {
      if (path === vendor.routes.token && !isPlayedByServer(behaviour)) return behaviour === "slow";
      return path !== vendor.routes.pushed_authorization_request && path !== INWARD && operation(method, path) !== undefined;
    },
    async handleRaw(incoming, outgoing) {
      if (behaviour === "slow" && incoming.url?.split("?")[0] === vendor.routes.token) return drip(outgoing);
      if (name === "google") incoming.url = withOfflineAccess(incoming.url ?? "/");
      await oauthServer().handle(incoming, outgoing);
    },
    async handle(request) {
      if (request.path === INWARD) return { status: 200, body: { access_token: "followed", token_type: "Bearer" } };
      if (request.path === vendor.routes.pushed_authorization_request) return push(request);
      return answerOddly(
        behaviour,
        request,
        ({ clientId, clientSecret }) => accepts(clientId, clientSecret),
        (clientId) => clients.get(clientId)?.redirectUris ?? [],
      );
    },
    errorReply: (status) => ({ status, body: { error: ERRORS[status] ?? "server_error", error_description: `the server answers ${status}` } }),
    state: () => ({ behaviour, clients: [...clients.values()] }),
    addClient({ name: appName, redirectUris, scopes }) {
      refuseTwo(vendor, redirectUris);
      const client: OAuthServerClient = {
        clientId: vendor.newClientId(),
        name: appName,
        redirectUris,
        secrets: [vendor.newSecret()],
        scopes: withOffline(scopes),
        grantTypes: ["authorization_code", "refresh_token"],
      };
      clients.set(client.clientId, client);
      return { clientId: client.clientId, clientSecret: client.secrets[0] ?? "" };
    },
    changeClient(clientId, change) {
      const client = clients.get(clientId);
      if (client === undefined) throw new Error(`${name} has no client ${clientId}`);
      refuseTwo(vendor, change.redirectUris ?? []);
      Object.assign(client, change, change.scopes === undefined ? {} : { scopes: withOffline(change.scopes) });
    },
    accepts,
    setBehaviour(next) {
      behaviour = next;
    },
    restore(saved) {
      for (const client of saved.clients) clients.set(client.clientId, client);
    },
  };
}

const ERRORS: Record<number, string> = {
  400: "invalid_request",
  401: "invalid_client",
  403: "access_denied",
  404: "not_found",
  429: "rate_limited",
  503: "temporarily_unavailable",
};

function refuseTwo(vendor: Vendor, redirectUris: string[]): void {
  if (vendor.onlyOneRedirectUri && redirectUris.length > 1) throw new Error("an app of this vendor has one callback URL");
}

/** Neither console has a box for it: Atlassian takes it from the request, Google has access_type. */
const withOffline = (scopes: string[]): string[] => [...new Set([...scopes, "offline_access"])];

/** Google's access_type=offline is what OpenID Connect calls offline_access. */
function withOfflineAccess(requestUrl: string): string {
  const url = new URL(requestUrl, "http://sandbox.invalid");
  const scope = url.searchParams.get("scope");
  if (url.searchParams.get("access_type") !== "offline" || scope === null) return requestUrl;
  url.searchParams.set("scope", `${scope} offline_access`);
  return url.pathname + url.search;
}
