/**
 * The OAuth side of every tenant and vendor: oidc-provider, fed from the counterpart's own store of clients.
 *
 * The store is asked at every request, so a changed redirect URI, a removed scope or a retired secret is felt by the next
 * login. Three things oidc-provider does not offer are added around it: any number of live secrets per client, an error for
 * scopes that the client is not registered for (it drops them silently), and the order of checks some vendors have at the
 * token endpoint.
 */

import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Adapter, AdapterPayload, ClientMetadata, Interaction, KoaContextWithOIDC, Provider } from "oidc-provider";
import { escapeHtml, renderErrorPage, renderPage } from "./page.js";

export interface OAuthServerClient {
  clientId: string;
  name: string;
  logoUrl?: string;
  redirectUris: string[];
  /** Every secret that is live now, in any number. */
  secrets: string[];
  /** What the client may ask for. `openid` needs no entry. */
  scopes: string[];
  grantTypes: string[];
}

/** Why an authorize request ends before anybody signs in. */
export interface Refusal {
  status: number;
  title: string;
  text: string;
  /** The machine-readable word on the page; the title when left out. */
  code?: string;
  /** Sends the browser back to the client with this error instead of showing a page, if the redirect URI is registered. */
  redirectError?: { error: string; error_description: string };
}

export interface OAuthServerOptions {
  issuer: string;
  /** Path under which all of this server's paths lie, such as `/<tenant>`; empty for a server of its own. */
  mount: string;
  /** Full path of the discovery document where it is not `<mount>/.well-known/openid-configuration`. */
  discoveryPath?: string;
  /** Endpoints, as paths behind the mount. */
  routes: { authorization: string; token: string; jwks: string };
  /** The API the scopes belong to, as an absolute URI. */
  resource: string;
  findClient(clientId: string): Promise<OAuthServerClient | undefined>;
  users: { id: string; name: string }[];
  /** The vendor's own checks on an authorize request. They come before the ones here. */
  refuseAuthorization?(client: OAuthServerClient | undefined, parameters: URLSearchParams): Refusal | undefined;
  /** Translates an error of the token endpoint into the vendor's status and body. */
  tokenError?(error: { status: number; error: string; description: string }): { status: number; body: unknown };
  /** True for a vendor that looks at the code before the client: an unknown code is then `invalid_grant` to any secret. */
  codeBeforeClient?(): boolean;
}

export interface OAuthServer {
  handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
  /** Whether the token endpoint would take this secret now. */
  accepts(clientId: string, secret: string): Promise<boolean>;
}

/** Where the client of a registration without any redirect URI points to, for oidc-provider insists on one. */
const NO_REDIRECT_URI = "https://no-redirect-uri.invalid/";
const DAY = 86_400;

const cookieKeys = [randomBytes(24).toString("hex")];
const signingKey = {
  ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
  kid: "sandbox",
  alg: "ES256",
  use: "sig",
};

/** oidc-provider warns at import when it runs on Node 20, where all that the sandbox needs works; other warnings pass. */
async function loadOidcProvider(): Promise<typeof import("oidc-provider")> {
  const warn = console.warn;
  console.warn = (...words: unknown[]) => {
    if (!String(words[0]).includes("Unsupported runtime")) warn(...words);
  };
  try {
    return await import("oidc-provider");
  } finally {
    console.warn = warn;
  }
}

export function createOAuthServer(options: OAuthServerOptions): OAuthServer {
  let loading: Promise<LoadedServer> | undefined;
  const loaded = () => (loading ??= loadOidcProvider().then((library) => createLoadedServer(options, library)));
  return {
    handle: async (incoming, outgoing) => (await loaded()).handle(incoming, outgoing),
    async accepts(clientId, secret) {
      return (await options.findClient(clientId))?.secrets.includes(secret) ?? false;
    },
  };
}

interface LoadedServer {
  handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
}

function createLoadedServer(options: OAuthServerOptions, library: typeof import("oidc-provider")): LoadedServer {
  const { mount, routes } = options;
  const provider = createProvider(options, library);
  const callback = provider.callback();
  const discoveryPath = options.discoveryPath ?? `${mount}/.well-known/openid-configuration`;

  /** oidc-provider takes its mount path from the difference between the two URLs. */
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse, path: string, query: string) => {
    incoming.url = path + (query === "" ? "" : `?${query}`);
    (incoming as IncomingMessage & { originalUrl?: string }).originalUrl = mount + incoming.url;
    await callback(incoming, outgoing);
  };

  return {
    async handle(incoming, outgoing) {
      const url = new URL(incoming.url ?? "/", "http://sandbox.invalid");
      if (url.pathname === discoveryPath) return pass(incoming, outgoing, "/.well-known/openid-configuration", "");
      const path = url.pathname.startsWith(`${mount}/`) ? url.pathname.slice(mount.length) : url.pathname;
      if (path.startsWith("/interaction/")) return answerInteraction(options, provider, incoming, outgoing);
      if (path !== routes.authorization) return pass(incoming, outgoing, path, url.search.slice(1));
      // The checks below read the query: a form post, which OAuth allows too, would slip past them.
      if (incoming.method !== "GET") return sendPage(outgoing, 405, renderErrorPage("invalid_request", "Method not allowed", "Send the authorization request with GET."));

      const parameters = url.searchParams;
      const client = await options.findClient(parameters.get("client_id") ?? "");
      const refusal = options.refuseAuthorization?.(client, parameters) ?? refuseScopes(client, parameters);
      if (refusal !== undefined && sendRefusal(refusal, client, parameters, outgoing)) return;
      parameters.delete("resource");
      askForConsent(parameters);
      return pass(incoming, outgoing, path, parameters.toString());
    },
  };
}

/** offline_access is dropped by oidc-provider unless the prompt contains consent, where vendors show consent when they need to. */
function askForConsent(parameters: URLSearchParams): void {
  const prompts = (parameters.get("prompt") ?? "").split(" ").filter((word) => word !== "" && word !== "select_account");
  if (prompts.includes("none")) return;
  parameters.set("prompt", [...new Set([...prompts, "consent"])].join(" "));
}

const scopesOf = (text: string | null): string[] => (text ?? "").split(" ").filter((scope) => scope !== "");

/** Without the two words of the protocol itself; if the resource had them too, consent would be asked for without end. */
const ofResource = (scopes: string[]): string[] => scopes.filter((scope) => scope !== "openid" && scope !== "offline_access");

function refuseScopes(client: OAuthServerClient | undefined, parameters: URLSearchParams): Refusal | undefined {
  const unregistered = scopesOf(parameters.get("scope")).filter((scope) => scope !== "openid" && !client?.scopes.includes(scope));
  if (client === undefined || unregistered.length === 0) return undefined;
  const text = `insufficient_scope: the app is not registered for ${unregistered.join(" ")}`;
  // RFC 6749 section 4.1.2.1 has invalid_scope for this; insufficient_scope is what people are shown.
  return { status: 400, title: "insufficient_scope", text, redirectError: { error: "invalid_scope", error_description: text } };
}

/** Whether the refusal was sent. A redirect to an unregistered URI is not: oidc-provider then shows its own error. */
function sendRefusal(refusal: Refusal, client: OAuthServerClient | undefined, parameters: URLSearchParams, outgoing: ServerResponse): boolean {
  if (refusal.redirectError === undefined) {
    sendPage(outgoing, refusal.status, renderErrorPage(refusal.code ?? refusal.title, refusal.title, refusal.text));
    return true;
  }
  const redirectUri = parameters.get("redirect_uri") ?? "";
  if (!client?.redirectUris.includes(redirectUri)) return false;
  const target = new URL(redirectUri);
  for (const [name, value] of Object.entries(refusal.redirectError)) target.searchParams.set(name, value);
  const state = parameters.get("state");
  if (state !== null) target.searchParams.set("state", state);
  outgoing.writeHead(302, { location: target.href }).end();
  return true;
}

function createProvider(options: OAuthServerOptions, { Provider, errors }: typeof import("oidc-provider")): Provider {
  const { mount, routes, resource } = options;
  // Cookies of several servers on one host must not meet.
  const tag = createHash("sha256").update(options.issuer).digest("hex").slice(0, 8);
  const stored = new Map<string, Map<string, StoredEntry>>();

  const provider = new Provider(options.issuer, {
    adapter: (model: string) => (model === "Client" ? clientAdapter(options) : memoryAdapter(stored, model)),
    jwks: { keys: [signingKey] },
    routes,
    pkce: { required: () => false },
    clientAuthMethods: ["client_secret_post", "client_secret_basic"],
    cookies: { keys: cookieKeys, names: { session: `session_${tag}`, interaction: `interaction_${tag}`, resume: `resume_${tag}` } },
    interactions: { url: (_ctx, interaction) => `${mount}/interaction/${interaction.uid}` },
    findAccount: (_ctx, id) =>
      options.users.some((user) => user.id === id) ? { accountId: id, claims: () => ({ sub: id }) } : undefined,
    ttl: { AccessToken: 3600, AuthorizationCode: 60, ClientCredentials: 3600, Grant: 90 * DAY, IdToken: 3600, Interaction: 3600, RefreshToken: 90 * DAY, Session: DAY },
    renderError(ctx, out, error) {
      // The words of the product's error table for users, facts/odeus.md section 1.
      const code = error instanceof errors.InvalidRedirectUri ? "redirect_uri_mismatch" : out.error;
      ctx.type = "html";
      ctx.body = renderErrorPage(code, code, out.error_description ?? "");
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: async (_ctx, _resource, client) => ({
          scope: ofResource((await options.findClient(client.clientId))?.scopes ?? []).join(" "),
          audience: resource,
          accessTokenFormat: "opaque",
        }),
      },
    },
  });
  // Not documented by oidc-provider; its version is pinned and test/sandbox/oauthServer.test.ts guards it.
  provider.Client.prototype.compareClientSecret = async function (this: { clientId: string }, actual: string): Promise<boolean> {
    return (await options.findClient(this.clientId))?.secrets.includes(actual) ?? false;
  };
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.path === routes.token && ctx.status >= 400) await translateTokenError(options, provider, ctx as KoaContextWithOIDC);
  });
  provider.on("server_error", (_ctx, error) => console.error(error));
  return provider;
}

async function translateTokenError(options: OAuthServerOptions, provider: Provider, ctx: KoaContextWithOIDC): Promise<void> {
  const body = ctx.body as { error?: string; error_description?: string } | undefined;
  let error = { status: ctx.status, error: body?.error ?? "server_error", description: body?.error_description ?? "" };
  if (error.error === "invalid_client" && options.codeBeforeClient?.()) {
    const { grant_type: grantType, code } = ctx.oidc?.params ?? {};
    const known = typeof code === "string" && (await provider.AuthorizationCode.find(code)) !== undefined;
    if (grantType === "authorization_code" && !known) error = { status: 400, error: "invalid_grant", description: "grant request is invalid" };
  }
  const translated = options.tokenError?.(error) ?? { status: error.status, body: { error: error.error, error_description: error.description } };
  ctx.status = translated.status;
  ctx.body = translated.body;
}

/** Login and consent on one page; the post of its form ends the interaction. */
async function answerInteraction(options: OAuthServerOptions, provider: Provider, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  // The cookie, not the path, says which interaction this is.
  const details = await provider.interactionDetails(incoming, outgoing).catch(() => undefined);
  const client = await options.findClient(String(details?.params["client_id"]));
  if (details === undefined || client === undefined) {
    return sendPage(outgoing, 400, renderErrorPage("session_expired", "Session expired", "Start again where you came from."));
  }
  const scopes = scopesOf(String(details.params["scope"] ?? ""));
  if (incoming.method !== "POST") return sendPage(outgoing, 200, consentPage(options, client, scopes, details.uid));

  const form = await readForm(incoming);
  if (form.get("decision") === "cancel") {
    return provider.interactionFinished(incoming, outgoing, { error: "access_denied", error_description: "The user declined to consent." });
  }
  const user = options.users.find(({ id }) => id === form.get("user"));
  if (user === undefined) return sendPage(outgoing, 400, renderErrorPage("unknown_user", "No such user", "Choose one of the users of the page."));
  await forgetOtherUser(provider, details, user.id);
  const grant = new provider.Grant({ accountId: user.id, clientId: client.clientId });
  grant.addOIDCScope(scopes.join(" "));
  grant.addResourceScope(options.resource, ofResource(scopes).join(" "));
  const grantId = await grant.save();
  return provider.interactionFinished(incoming, outgoing, { login: { accountId: user.id }, consent: { grantId } });
}

/** Someone else was signed in on this browser: oidc-provider would put a sign-out page in between that needs JavaScript. */
async function forgetOtherUser(provider: Provider, details: Interaction, userId: string): Promise<void> {
  if (details.session === undefined || details.session.accountId === userId) return;
  await (await provider.Session.findByUid(details.session.uid))?.destroy();
  delete details.session;
  await details.save(details.exp - Math.floor(Date.now() / 1000));
}

function consentPage(options: OAuthServerOptions, client: OAuthServerClient, scopes: string[], interaction: string): string {
  const logo = client.logoUrl === undefined ? "" : `<img src="${escapeHtml(client.logoUrl)}" alt="">`;
  const users = options.users.map(
    ({ id, name }, index) => `<label><input type="radio" name="user" value="${escapeHtml(id)}"${index === 0 ? " checked" : ""}> ${escapeHtml(name)} (${escapeHtml(id)})</label>`,
  );
  return renderPage({
    title: "Sign in and allow access",
    marks: { page: "consent", client: client.name, scopes: scopes.join(" ") },
    content: `${logo}<p><strong>${escapeHtml(client.name)}</strong> asks for:</p>
<ul>${scopes.map((scope) => `<li>${escapeHtml(scope)}</li>`).join("")}</ul>
<form method="post"><input type="hidden" name="interaction" value="${escapeHtml(interaction)}">
${users.join("\n")}
<button name="decision" value="accept">Accept</button><button name="decision" value="cancel">Cancel</button></form>`,
  });
}

function sendPage(outgoing: ServerResponse, status: number, html: string): void {
  outgoing.writeHead(status, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" }).end(html);
}

async function readForm(incoming: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

/** Clients come from the counterpart's store at every look; nothing is ever written back to it. */
function clientAdapter(options: OAuthServerOptions): Adapter {
  const nothing = async () => undefined;
  return {
    async find(id) {
      const client = await options.findClient(id);
      if (client === undefined) return undefined;
      const metadata: ClientMetadata = {
        client_id: client.clientId,
        client_name: client.name,
        client_secret: "compared by compareClientSecret",
        redirect_uris: client.redirectUris.length === 0 ? [NO_REDIRECT_URI] : client.redirectUris,
        grant_types: client.grantTypes,
        response_types: client.grantTypes.includes("authorization_code") ? ["code"] : [],
        token_endpoint_auth_method: "client_secret_post",
        id_token_signed_response_alg: "ES256",
      };
      return metadata as AdapterPayload;
    },
    upsert: nothing,
    findByUserCode: nothing,
    findByUid: nothing,
    consume: nothing,
    destroy: nothing,
    revokeByGrantId: nothing,
  };
}

interface StoredEntry {
  payload: AdapterPayload;
  expiresAt: number;
}

/** Codes, tokens, sessions and grants, for as long as the process lives. */
function memoryAdapter(stored: Map<string, Map<string, StoredEntry>>, model: string): Adapter {
  const entries = stored.get(model) ?? new Map<string, StoredEntry>();
  stored.set(model, entries);
  const live = (entry: StoredEntry | undefined) => (entry !== undefined && entry.expiresAt > Date.now() ? entry.payload : undefined);
  return {
    async upsert(id, payload, expiresIn) {
      entries.set(id, { payload, expiresAt: expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000 });
    },
    find: async (id) => live(entries.get(id)),
    findByUid: async (uid) => live([...entries.values()].find(({ payload }) => payload.uid === uid)),
    findByUserCode: async () => undefined,
    async consume(id) {
      const entry = entries.get(id);
      if (entry !== undefined) entry.payload = { ...entry.payload, consumed: Math.floor(Date.now() / 1000) };
    },
    async destroy(id) {
      entries.delete(id);
    },
    async revokeByGrantId(grantId) {
      for (const [id, { payload }] of entries) if (payload.grantId === grantId) entries.delete(id);
    },
  };
}
