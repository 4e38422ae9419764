/** The sign-in host of the tenants: discovery, tokens for programs, and the code flow for people, which the OAuth server runs. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Operation, SandboxReply, SandboxRequest } from "../counterpart.js";
import { callInProcess } from "../inProcessCall.js";
import { createOAuthServer, type OAuthServer, type OAuthServerClient } from "../oauthServer.js";
import { renderErrorPage } from "../page.js";
import { GRAPH_AUDIENCE, mintAppOnlyToken, TOKEN_LIFETIME_SECONDS } from "./accessTokens.js";
import { authenticateClient, liveSecrets, usableApplication } from "./clientAuthentication.js";
import { ALL_SCOPES, answerAdminConsent, refuseAuthorization } from "./consent.js";
import { activeServicePrincipal, type Directory, findApplication, findTenant, GRAPH_APP_ID, type ServicePrincipal, type Tenant } from "./directory.js";
import {
  describe,
  expiredGrant,
  invalidScope,
  malformedGrant,
  notMultiTenant,
  type SignInError,
  tenantNotFound,
  tokenErrorReply,
  unknownResource,
  unsupportedGrant,
} from "./signInErrors.js";

const ROUTES = { authorization: "/oauth2/v2.0/authorize", token: "/oauth2/v2.0/token", jwks: "/discovery/v2.0/keys" };
const USERS = [
  { id: "ada", name: "Ada Lovelace" },
  { id: "grace", name: "Grace Hopper" },
];

const OPERATIONS: Record<string, string> = {
  "GET /v2.0/.well-known/openid-configuration": "discovery",
  "GET /discovery/v2.0/keys": "keys",
  "GET /oauth2/v2.0/authorize": "authorize",
  "POST /oauth2/v2.0/token": "token",
  "GET /adminconsent": "adminConsentPage",
  "POST /adminconsent": "adminConsent",
};

/** Path parts: the tenant, and what follows it. */
function split(path: string): { tenantName: string; rest: string } {
  const [, tenantName = "", ...rest] = path.split("/");
  return { tenantName: decodeURIComponent(tenantName), rest: `/${rest.join("/")}` };
}

export function signInOperation(method: string, path: string): Operation | undefined {
  const { rest } = split(path);
  const name = rest.startsWith("/interaction/") || /^\/oauth2\/v2\.0\/authorize\/./.test(rest) ? "interaction" : OPERATIONS[`${method} ${rest}`];
  return name === undefined ? undefined : { name, changes: name === "adminConsent" };
}

/** People's pages go to the OAuth server as they are. */
export function isSignInPage(path: string): boolean {
  const { rest } = split(path);
  return rest.startsWith("/interaction/") || rest === ROUTES.authorization || rest.startsWith(`${ROUTES.authorization}/`) || rest === ROUTES.jwks;
}

export interface SignIn {
  answer(request: SandboxRequest): Promise<SandboxReply>;
  handleRaw(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
}

export function createSignIn(directory: Directory, origin: () => string): SignIn {
  const servers = new Map<string, OAuthServer>();
  const serverOf = (tenant: Tenant): OAuthServer => {
    const server = servers.get(tenant.id) ?? createTenantServer(directory, tenant, origin());
    servers.set(tenant.id, server);
    return server;
  };
  const fail = (error: SignInError) => tokenErrorReply(error, directory.now());
  return {
    async answer(request) {
      const { tenantName, rest } = split(request.path);
      const clientId = (request.method === "POST" ? new URLSearchParams(request.body) : request.query).get("client_id") ?? "";
      const tenant = tenantFor(directory, tenantName, clientId);
      if ("code" in tenant) return fail(tenant);
      if (rest === "/v2.0/.well-known/openid-configuration") return { status: 200, body: discoveryDocument(origin(), tenantName, tenant) };
      if (rest === "/adminconsent") return answerAdminConsent(directory, tenant, request);
      return answerToken(directory, tenant, serverOf, request);
    },
    async handleRaw(incoming, outgoing) {
      const { pathname, searchParams } = new URL(incoming.url ?? "/", origin());
      const { tenantName } = split(pathname);
      const tenant = tenantFor(directory, tenantName, searchParams.get("client_id") ?? "");
      if ("code" in tenant) {
        const page = renderErrorPage(`AADSTS${tenant.code}`, "Sign in", describe(tenant));
        return void outgoing.writeHead(400, { "content-type": "text/html; charset=utf-8" }).end(page);
      }
      // The OAuth server is mounted under the tenant's id; a domain name means the same tenant.
      if (tenantName !== tenant.id) incoming.url = (incoming.url ?? "").replace(`/${tenantName}/`, `/${tenant.id}/`);
      return serverOf(tenant).handle(incoming, outgoing);
    },
  };
}

/**
 * The tenant a path means. Under `organizations` and `common` the person's account decides; here everybody who signs in has an
 * account of the app's home, and an app of one tenant only is refused there.
 */
function tenantFor(directory: Directory, tenantName: string, clientId: string): Tenant | SignInError {
  if (tenantName !== "organizations" && tenantName !== "common") return findTenant(directory, tenantName) ?? tenantNotFound(tenantName);
  const found = findApplication(directory, clientId);
  if (found === undefined) return directory.tenants[0] ?? tenantNotFound(tenantName);
  const singleTenant = (found.application.properties["signInAudience"] ?? "AzureADMyOrg") === "AzureADMyOrg";
  return singleTenant ? notMultiTenant(clientId, String(found.application.properties["displayName"])) : found.home;
}

function issuerOf(origin: string, tenant: Tenant): string {
  return `${origin}/${tenant.id}/v2.0`;
}

function discoveryDocument(origin: string, tenantName: string, tenant: Tenant): object {
  const base = `${origin}/${tenantName}`;
  return {
    token_endpoint: base + ROUTES.token,
    token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
    jwks_uri: base + ROUTES.jwks,
    response_modes_supported: ["query"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256"],
    response_types_supported: ["code"],
    scopes_supported: ["openid", "profile", "email", "offline_access"],
    issuer: issuerOf(origin, tenant),
    authorization_endpoint: base + ROUTES.authorization,
    grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
    tenant_region_scope: "EU",
  };
}

async function answerToken(directory: Directory, tenant: Tenant, serverOf: (tenant: Tenant) => OAuthServer, request: SandboxRequest): Promise<SandboxReply> {
  const fail = (error: SignInError) => tokenErrorReply(error, directory.now());
  const form = new URLSearchParams(request.body);
  const grant = form.get("grant_type") ?? "";
  if (!["client_credentials", "authorization_code", "refresh_token"].includes(grant)) return fail(unsupportedGrant(grant));
  // Seen at a real tenant: the form of a code is checked before the secret, so an invented one says nothing about it.
  if (grant === "authorization_code" && !/^[\w-]{20,}$/.test(form.get("code") ?? "")) return fail(malformedGrant());
  const client = authenticateClient(directory, tenant, {
    ...readCredentials(form, request.headers["authorization"]),
    assertion: form.get("client_assertion") ?? undefined,
  });
  if ("error" in client) return fail(client.error);
  if (grant === "client_credentials") return issueAppOnlyToken(directory, tenant, client.principal, form.get("scope") ?? "", request.origin);

  const path = request.path.replace(/^\/[^/]+/, `/${tenant.id}`);
  const reply = await callInProcess((incoming, outgoing) => serverOf(tenant).handle(incoming, outgoing), { ...request, path });
  return reply.status < 400 ? reply : fail(expiredGrant());
}

/** client_secret_post, or Basic with both parts form-encoded (RFC 6749 section 2.3.1). */
function readCredentials(form: URLSearchParams, authorization: string | undefined): { clientId: string; secret: string | undefined } {
  const basic = /^Basic (.+)$/i.exec(authorization ?? "")?.[1];
  if (basic === undefined) return { clientId: form.get("client_id") ?? "", secret: form.get("client_secret") ?? undefined };
  const [id = "", secret = ""] = Buffer.from(basic, "base64")
    .toString()
    .split(":")
    .map((part) => decodeURIComponent(part.replaceAll("+", " ")));
  return { clientId: id, secret };
}

function issueAppOnlyToken(directory: Directory, tenant: Tenant, principal: ServicePrincipal, scope: string, origin: string): SandboxReply {
  const fail = (error: SignInError) => tokenErrorReply(error, directory.now());
  const resource = /^(\S+)\/\.default$/.exec(scope)?.[1];
  if (resource === undefined) return fail(invalidScope(scope));
  const audience = audienceOf(tenant, resource, origin);
  if (audience === undefined) return fail(unknownResource(resource, tenant.name));
  const token = mintAppOnlyToken(tenant, principal, audience, `${origin}/${tenant.id}/v2.0`, directory.now());
  const lifetime = { expires_in: TOKEN_LIFETIME_SECONDS, ext_expires_in: TOKEN_LIFETIME_SECONDS };
  return { status: 200, headers: { "cache-control": "no-store, no-cache" }, body: { token_type: "Bearer", ...lifetime, access_token: token } };
}

/** Microsoft Graph by its own address, by this sandbox's, or by application id; or any app with a service principal here. */
function audienceOf(tenant: Tenant, resource: string, origin: string): string | undefined {
  const bare = resource.replace(/\/+$/, "");
  if (
    /^https:\/\/(dod-)?graph\.microsoft\.(com|us)$/.test(bare) ||
    bare === "https://microsoftgraph.chinacloudapi.cn" ||
    bare === origin ||
    bare === GRAPH_APP_ID
  )
    return GRAPH_AUDIENCE;
  const appId = bare.replace(/^api:\/\//, "");
  return activeServicePrincipal(tenant, appId)?.appId;
}

function createTenantServer(directory: Directory, tenant: Tenant, origin: string): OAuthServer {
  return createOAuthServer({
    issuer: issuerOf(origin, tenant),
    mount: `/${tenant.id}`,
    discoveryPath: `/${tenant.id}/v2.0/.well-known/openid-configuration`,
    routes: ROUTES,
    resource: GRAPH_AUDIENCE,
    users: USERS,
    findClient: async (clientId) => findClient(directory, tenant, clientId, origin),
    refuseAuthorization: (client, parameters) => refuseAuthorization(directory, tenant, client, parameters),
  });
}

/** A registered app as the OAuth server needs it; undefined where it cannot be signed in to. */
function findClient(directory: Directory, tenant: Tenant, clientId: string, origin: string): OAuthServerClient | undefined {
  const application = usableApplication(directory, tenant, clientId);
  const principal = activeServicePrincipal(tenant, clientId);
  if (application === undefined || principal === undefined || application.unseenReads > 0 || principal.unseenReads > 0) return undefined;
  const web = application.properties["web"] as { redirectUris?: string[] } | undefined;
  return {
    clientId: application.appId,
    name: String(application.properties["displayName"]),
    ...(application.logo === undefined ? {} : { logoUrl: `${origin}/logos/${application.id}` }),
    redirectUris: web?.redirectUris ?? [],
    secrets: liveSecrets(application, directory.now()).map((credential) => credential.secretText),
    scopes: ALL_SCOPES,
    grantTypes: ["authorization_code", "refresh_token"],
  };
}
