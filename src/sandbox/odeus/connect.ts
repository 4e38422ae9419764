/**
 * A user connects an integration: sign-in at the authorization server with the client of the slot, and back on the redirect
 * URL, where the code is exchanged with the credentials that Odeus holds at that moment. So what is entered in a slot is
 * proven the way users prove it.
 */

import { randomBytes } from "node:crypto";
import type { Operation, SandboxReply, SandboxRequest } from "../counterpart.js";
import { escapeHtml, renderPage } from "../page.js";
import { requestTokens, type TokenRefusal, type Tokens } from "./tokenRequest.js";
import { type UserError, userError } from "./userErrors.js";
import { type Connection, type Integration, modeOf, type StoredClient, scopesOf, usesOAuth, type Workspace } from "./workspace.js";

export interface AuthorizationEndpoints {
  authorizationUrl: string;
  tokenUrl: string;
}

/** Where the authorization servers of the built-in integrations answer. */
export interface VendorServers {
  /** `authority` is the sign-in host; the tenant comes from the slot. */
  entra(): { authority: string };
  atlassian(): AuthorizationEndpoints;
  google(): AuthorizationEndpoints;
  /** By the subdomain that a user enters; undefined where there is no such instance. */
  serviceNow(instance: string): AuthorizationEndpoints | undefined;
}

export interface Connect {
  operation(method: string, path: string): Operation | undefined;
  handle(request: SandboxRequest): Promise<SandboxReply>;
}

const ROUTES: { method: string; pattern: RegExp; name: string; changes: boolean }[] = [
  { method: "GET", pattern: /^\/integrations\/([^/]+)\/connect$/, name: "connect", changes: false },
  { method: "GET", pattern: /^\/api\/integrations\/([^/]+)\/callback$/, name: "callback", changes: true },
  { method: "GET", pattern: /^\/integrations\/([^/]+)\/connections$/, name: "listConnections", changes: false },
  { method: "POST", pattern: /^\/integrations\/([^/]+)\/connections\/refresh$/, name: "refreshConnection", changes: true },
];

/** Words of the protocol that servers leave out of the scopes they answer. */
const PROTOCOL_SCOPES = ["openid", "profile", "email", "offline_access", "refresh_token"];
/** What servers call the wish for a refresh token. */
const REFRESH_SCOPES = ["offline_access", "refresh_token"];

/** What each vendor wants in the authorize request besides OAuth's own, for a refresh token to come. */
const EXTRA_PARAMETERS: Record<string, Record<string, string>> = {
  google: { access_type: "offline", prompt: "consent" },
  atlassian: { audience: "api.atlassian.com", prompt: "consent" },
};

interface Pending {
  integrationId: string;
  user: string;
  instance: string;
  redirectUrl: string;
  scopes: string[];
}

export function createConnect(workspace: Workspace, servers: VendorServers, ca: () => string | undefined): Connect {
  const pending = new Map<string, Pending>();

  const start = (integration: Integration, query: URLSearchParams): SandboxReply => {
    const [user, instance] = [query.get("user"), query.get("instance") ?? ""];
    if (!user) return errorPage(userError("invalid_request", "Say who connects: ?user="));
    const { client } = integration;
    if (client !== undefined && asksForInstance(integration) && instance === "")
      return errorPage(userError("instance_required", "Enter your instance, which stands before .service-now.com in its address: &instance="));
    const endpoints = client && endpointsOf(integration, client, servers, instance);
    if (endpoints === undefined) return errorPage(notConnectable(integration));
    const state = randomBytes(16).toString("hex");
    const scopes = scopesOf(integration);
    pending.set(state, { integrationId: integration.id, user, instance, redirectUrl: integration.redirectUrl, scopes });
    const target = new URL(endpoints.authorizationUrl);
    const parameters = {
      response_type: "code",
      client_id: client?.clientId ?? "",
      redirect_uri: integration.redirectUrl,
      scope: scopes.join(" "),
      state,
      ...EXTRA_PARAMETERS[integration.vendor ?? ""],
    };
    for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
    return { status: 302, headers: { location: target.href } };
  };

  const comeBack = async (integration: Integration, query: URLSearchParams): Promise<SandboxReply> => {
    const started = pending.get(query.get("state") ?? "");
    pending.delete(query.get("state") ?? "");
    if (started?.integrationId !== integration.id) return errorPage(userError("invalid_state", "This sign-in was not started here, or has been used."));
    const error = query.get("error");
    if (error !== null) return errorPage(userError(error, query.get("error_description") ?? ""));
    const form = { grant_type: "authorization_code", code: query.get("code") ?? "", redirect_uri: started.redirectUrl };
    const answer = await ask(integration, started.instance, form);
    if ("error" in answer) return errorPage(userError(answer.error, answer.description, answer.status));
    const missing = missingScopes(started.scopes, answer);
    if (missing.length > 0) return errorPage(userError("insufficient_scope", `The server did not grant ${missing.join(" ")}.`));

    const moment = workspace.stamp();
    const connection: Connection = {
      integrationId: integration.id,
      user: started.user,
      instance: started.instance,
      clientId: integration.client?.clientId ?? "",
      scopes: grantedScopes(started.scopes, answer),
      ...held(answer, moment),
      refreshToken: answer.refreshToken,
      connectedAt: moment,
      refreshedAt: null,
    };
    const others = workspace.connections.filter(({ integrationId, user }) => integrationId !== integration.id || user !== started.user);
    workspace.connections = [...others, connection];
    return connectedPage(integration, connection);
  };

  const refresh = async (integration: Integration, user: string | null): Promise<SandboxReply> => {
    const connection = workspace.connections.find((held) => held.integrationId === integration.id && held.user === user);
    if (connection === undefined) return { status: 404, body: { refreshed: false, error: "not_connected" } };
    if (connection.refreshToken === undefined) return { status: 400, body: { refreshed: false, error: "no_refresh_token" } };
    // With the client of now, as the product does: a refresh token of another client is refused by the server.
    const answer = await ask(integration, connection.instance, { grant_type: "refresh_token", refresh_token: connection.refreshToken });
    if ("error" in answer)
      return { status: 400, body: { refreshed: false, error: userError(answer.error, answer.description, answer.status).code, detail: answer.description } };
    const moment = workspace.stamp();
    Object.assign(connection, held(answer, moment), { refreshedAt: moment, refreshToken: answer.refreshToken ?? connection.refreshToken });
    return { status: 200, body: { refreshed: true, ...showConnection(connection) } };
  };

  /** A request to the token endpoint with the stored client id and secret. */
  const ask = async (integration: Integration, instance: string, form: Record<string, string>): Promise<Tokens | TokenRefusal> => {
    const { client } = integration;
    const endpoints = client && endpointsOf(integration, client, servers, instance);
    if (client === undefined || endpoints === undefined) return { status: 0, error: "no_client", description: notConnectable(integration).detail };
    const credentials = { client_id: client.clientId, ...(client.clientSecret === undefined ? {} : { client_secret: client.clientSecret }) };
    return requestTokens(endpoints.tokenUrl, { ...form, ...credentials }, ca()).catch((problem: Error) => ({
      status: 0,
      error: "server_unreachable",
      description: problem.message,
    }));
  };

  const routeOf = (method: string, path: string) => ROUTES.find((route) => route.method === method && route.pattern.test(path));
  return {
    operation: (method, path) => routeOf(method, path),
    async handle({ method, path, query }) {
      const route = routeOf(method, path);
      const integration = workspace.integrations.get(route?.pattern.exec(path)?.[1] ?? "");
      if (integration === undefined) return errorPage(userError("not_found", "There is no such integration."), 404);
      switch (route?.name) {
        case "connect":
          return start(integration, query);
        case "callback":
          return comeBack(integration, query);
        case "refreshConnection":
          return refresh(integration, query.get("user"));
        default:
          return {
            status: 200,
            body: { connections: workspace.connections.filter(({ integrationId }) => integrationId === integration.id).map(showConnection) },
          };
      }
    },
  };
}

/** Where the address of the authorization server is not known before a user enters it (documented for ServiceNow). */
export const asksForInstance = ({ vendor }: Integration): boolean => vendor === "servicenow";

function endpointsOf(integration: Integration, client: StoredClient, servers: VendorServers, instance: string): AuthorizationEndpoints | undefined {
  switch (integration.vendor) {
    case "microsoft": {
      // Without a tenant, any work account may sign in.
      const root = `${servers.entra().authority.replace(/\/$/, "")}/${client.tenantId ?? "organizations"}/oauth2/v2.0`;
      return { authorizationUrl: `${root}/authorize`, tokenUrl: `${root}/token` };
    }
    case "atlassian":
      return servers.atlassian();
    case "google":
      return servers.google();
    case "servicenow":
      return servers.serviceNow(instance);
    case undefined: {
      const { authUrl, tokenUrl } = integration.custom ?? {};
      return authUrl === undefined || tokenUrl === undefined ? undefined : { authorizationUrl: authUrl, tokenUrl };
    }
    default:
      return undefined;
  }
}

function notConnectable(integration: Integration): UserError {
  if (!usesOAuth(integration)) return userError("not_oauth", "This integration does not use OAuth.");
  const mode = modeOf(integration);
  if (mode === "ODEUS") return userError("odeus_client", "This integration uses Odeus's own client, which the sandbox does not play.");
  if (mode === "NONE") return userError("not_configured", "No OAuth client is configured for this integration.");
  return userError("no_server", "The sandbox has no authorization server for this integration, no such instance, or no URLs are set.");
}

function missingScopes(requested: string[], { scopes }: Tokens): string[] {
  return requested.filter((scope) => !PROTOCOL_SCOPES.includes(scope) && scopes?.includes(scope) === false);
}

/** What the server answered, plus what it grants without saying so: a refresh token. In the order asked for. */
function grantedScopes(requested: string[], { scopes, refreshToken }: Tokens): string[] {
  if (scopes === undefined) return requested;
  const granted = new Set(refreshToken === undefined ? scopes : [...scopes, ...REFRESH_SCOPES]);
  return [...requested.filter((scope) => granted.has(scope)), ...scopes.filter((scope) => !requested.includes(scope))];
}

function held({ accessToken, expiresInSeconds }: Tokens, moment: string): Pick<Connection, "accessToken" | "accessTokenExpiresAt"> {
  return { accessToken, accessTokenExpiresAt: new Date(Date.parse(moment) + expiresInSeconds * 1000).toISOString() };
}

/** Without the tokens. */
function showConnection({ user, clientId, scopes, accessTokenExpiresAt, refreshToken, connectedAt, refreshedAt }: Connection): Record<string, unknown> {
  return { user, clientId, scopes, accessTokenExpiresAt, hasRefreshToken: refreshToken !== undefined, connectedAt, refreshedAt };
}

const HTML = { "content-type": "text/html; charset=utf-8" };

function errorPage({ code, title, detail, remedy }: UserError, status = 400): SandboxReply {
  const content = `<p>${escapeHtml(detail)}</p><p>${escapeHtml(remedy)}</p>`;
  return { status, headers: HTML, body: renderPage({ title: `Could not connect: ${title}`, content, marks: { error: code } }) };
}

function connectedPage(integration: Integration, { user, scopes }: Connection): SandboxReply {
  const content = `<p>${escapeHtml(user)}, scopes ${escapeHtml(scopes.join(" "))}</p>`;
  const marks = { connected: user, integration: integration.slug, scopes: scopes.join(" ") };
  return { status: 200, headers: HTML, body: renderPage({ title: `Connected: ${integration.name}`, content, marks }) };
}
