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
import type { KoaContextWithOIDC, Provider } from "oidc-provider";
import { answerInteraction, ofResource, scopesOf } from "./oauthInteraction.js";
import { clientAdapter, LIFETIMES, memoryAdapter, type StoredEntry } from "./oauthStore.js";
import { renderErrorPage, sendPage } from "./page.js";

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
  /** How long its tokens live; an hour and 90 days when left out. */
  accessTokenSeconds?: number;
  refreshTokenSeconds?: number;
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
  /** Endpoints, as paths behind the mount. With the last one, requests can be pushed (RFC 9126). */
  routes: { authorization: string; token: string; jwks: string; pushed_authorization_request?: string };
  /** The API the scopes belong to, as an absolute URI. */
  resource: string;
  findClient(clientId: string): Promise<OAuthServerClient | undefined>;
  users: { id: string; name: string }[];
  /** True for a person who can sign in, and whose code or refresh token is refused then. */
  refusesTokens?(userId: string): boolean;
  /** The vendor's own checks on an authorize request. They come before the ones here. */
  refuseAuthorization?(client: OAuthServerClient | undefined, parameters: URLSearchParams): Refusal | undefined;
  /** A person who signed in and may not go on with these scopes. */
  refuseUser?(client: OAuthServerClient, userId: string, scopes: string[]): Refusal | undefined;
  /** Whether a request may come back there; one of the client's redirect URIs to the letter when left out. */
  allowsRedirect?(client: Pick<OAuthServerClient, "redirectUris">, redirectUri: string): boolean;
  /** The scope that asks for a refresh token; offline_access when left out. */
  refreshScope?: string;
  /** Stands for a request without a scope, which oidc-provider takes for one that was granted nothing. */
  scopeOfNone?: string;
  /** Whether a refresh token is good for one use; oidc-provider decides when left out. */
  isSingleUse?(clientId: string): boolean;
  /** Translates an error of the token endpoint into the vendor's status and body. */
  tokenError?(error: { status: number; error: string; description: string }): { status: number; body: unknown };
  /** True for a vendor that looks at the code before the client: an unknown code is then `invalid_grant` to any secret. */
  codeBeforeClient?(): boolean;
}

export interface OAuthServer {
  handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
  /** Whether the token endpoint would take this secret now. */
  accepts(clientId: string, secret: string): Promise<boolean>;
  /** Whose access token this is, while it is valid. */
  ownerOf(accessToken: string): Promise<TokenOwner | undefined>;
}

export interface TokenOwner {
  userId: string;
  clientId: string;
  scopes: string[];
}

const HOUR = 3600;
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
    // Nothing was issued before the library was needed.
    ownerOf: async (accessToken) => (await loading)?.ownerOf(accessToken),
  };
}

type LoadedServer = Pick<OAuthServer, "handle" | "ownerOf">;

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
      if (incoming.method !== "GET")
        return sendPage(outgoing, 405, renderErrorPage("invalid_request", "Method not allowed", "Send the authorization request with GET."));

      const parameters = url.searchParams;
      const client = await options.findClient(parameters.get("client_id") ?? "");
      const refusal = options.refuseAuthorization?.(client, parameters) ?? refuseScopes(client, parameters);
      if (refusal !== undefined && sendRefusal(refusal, client, parameters, outgoing)) return;
      parameters.delete("resource");
      if (options.scopeOfNone !== undefined && !parameters.get("scope")) parameters.set("scope", options.scopeOfNone);
      askForConsent(parameters);
      return pass(incoming, outgoing, path, parameters.toString());
    },
    async ownerOf(accessToken) {
      const { accountId, clientId, scope } = (await provider.AccessToken.find(accessToken)) ?? {};
      return accountId === undefined || clientId === undefined ? undefined : { userId: accountId, clientId, scopes: scopesOf(scope ?? null) };
    },
  };
}

/** offline_access is dropped by oidc-provider unless the prompt contains consent, where vendors show consent when they need to. */
function askForConsent(parameters: URLSearchParams): void {
  const prompts = (parameters.get("prompt") ?? "").split(" ").filter((word) => word !== "" && word !== "select_account");
  if (prompts.includes("none")) return;
  parameters.set("prompt", [...new Set([...prompts, "consent"])].join(" "));
}

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
    findAccount(ctx, id) {
      if (ctx.path === routes.token && options.refusesTokens?.(id)) return undefined;
      return options.users.some((user) => user.id === id) ? { accountId: id, claims: () => ({ sub: id }) } : undefined;
    },
    issueRefreshToken: async (_ctx, client, source) => client.grantTypeAllowed("refresh_token") && source.scopes.has(options.refreshScope ?? "offline_access"),
    ...(options.isSingleUse === undefined ? {} : { rotateRefreshToken: (ctx) => options.isSingleUse?.(ctx.oidc.client?.clientId ?? "") === true }),
    extraClientMetadata: { properties: [...LIFETIMES] },
    ttl: {
      AccessToken: (_ctx, _token, client) => lifetime(client, "accessTokenSeconds") ?? HOUR,
      AuthorizationCode: 60,
      ClientCredentials: HOUR,
      Grant: 90 * DAY,
      IdToken: HOUR,
      Interaction: HOUR,
      RefreshToken: (_ctx, _token, client) => lifetime(client, "refreshTokenSeconds") ?? 90 * DAY,
      Session: DAY,
    },
    renderError(ctx, out, error) {
      // The words of the product's error table for users.
      const code = error instanceof errors.InvalidRedirectUri ? "redirect_uri_mismatch" : out.error;
      ctx.type = "html";
      ctx.body = renderErrorPage(code, code, out.error_description ?? "");
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      pushedAuthorizationRequests: { enabled: routes.pushed_authorization_request !== undefined },
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
  const { allowsRedirect } = options;
  if (allowsRedirect !== undefined) {
    // As oidc-provider's own recipe for redirect URIs with wildcards has it.
    provider.Client.prototype.redirectUriAllowed = function (this: { clientId: string; redirectUris?: string[] }, redirectUri: string): boolean {
      return allowsRedirect({ redirectUris: this.redirectUris ?? [] }, redirectUri);
    };
  }
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.path === routes.token && ctx.status >= 400) await translateTokenError(options, provider, ctx as KoaContextWithOIDC);
  });
  provider.on("server_error", (_ctx, error) => console.error(error));
  return provider;
}

function lifetime(client: object, name: (typeof LIFETIMES)[number]): number | undefined {
  return (client as Partial<Record<typeof name, number>>)[name];
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
