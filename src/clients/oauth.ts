/** Requests of OAuth 2.0 as probes: nobody signs in, an answer is read for its error only, and a token is thrown away unread. */

import type { Env } from "../core/env.js";
import { CancelledError, RemoteError } from "../core/errors.js";
import type { Secret } from "../core/secret.js";
import { createHttp, type HttpAnswer, type HttpCall, type HttpLimits, type Repeat } from "./http.js";
import type { Reach } from "./privateNetwork.js";

/** An address that a probe asks. */
export interface Endpoint {
  url: string;
  /** Where the program or a server's metadata named it; a vendor's own needs none. */
  reach?: Reach;
}

/** How a client names itself (RFC 6749, section 2.3.1): in the body, which Odeus does too, or in the Basic header. */
export type Authentication = "post" | "basic";

interface Asking {
  endpoint: Endpoint;
  clientId: string;
  env: Env;
  limits: HttpLimits;
}

export interface ClientRequest extends Asking {
  clientSecret: Secret;
  authentication: Authentication;
  /** Without client authentication, which is added. */
  parameters: Record<string, string>;
  repeat: Repeat;
}

/** What an endpoint said to a client: enough to compare two answers. */
export type ClientAnswer =
  | { kind: "answer"; status: number /** A token, or a place for the pushed request. */; granted: boolean; error: string | undefined; codes: number[] }
  /** No OAuth answer at all: network trouble, a redirect, a page. */
  | { kind: "none"; why: string };

/** A request to the token endpoint, or a pushed authorization request (RFC 9126). */
export async function askAsClient({ clientId, clientSecret, authentication, parameters, repeat, ...asking }: ClientRequest): Promise<ClientAnswer> {
  const inBody = authentication === "post";
  const answer = await ask(asking, {
    operation: "token",
    method: "POST",
    form: { ...parameters, client_id: clientId, ...(inBody ? { client_secret: clientSecret.open() } : {}) },
    ...(inBody ? {} : { headers: { Authorization: basic(clientId, clientSecret) } }),
    repeat,
  });
  if ("why" in answer) return answer;
  const body = objectOf(answer.json);
  const codes = Array.isArray(body["error_codes"]) ? body["error_codes"].filter((code) => typeof code === "number") : [];
  const granted = answer.status < 300 && (typeof body["access_token"] === "string" || typeof body["request_uri"] === "string");
  return { kind: "answer", status: answer.status, granted, error: errorName(body["error"], clientSecret), codes };
}

export interface AuthorizeRequest extends Asking {
  redirectUrl: string;
  scopes: readonly string[];
}

export type AuthorizeAnswer =
  /** Sent back to the redirect URL, with this error. */
  | { kind: "returned"; error: string | undefined }
  /** A page, or a redirect to somewhere else. */
  | { kind: "kept"; status: number /** The name by which the page says that the redirect URL is the reason. */; mismatch: string | undefined }
  | { kind: "none"; why: string };

/** Names of the error: Google's and that of RFC 7591, which a page of help may hold too, and the number on Microsoft's page, whose status is in no document. */
const MISMATCH = /\b(redirect_uri_mismatch|invalid_redirect_uri)\b/;
const MICROSOFT_MISMATCH = /\bAADSTS50011\b/;

/** What the browser of a person who is not signed in would be answered, if nobody may be asked anything (prompt=none). */
export async function askAuthorize({ redirectUrl, scopes, clientId, ...asking }: AuthorizeRequest): Promise<AuthorizeAnswer> {
  const answer = await ask(asking, {
    operation: "authorize",
    method: "GET",
    page: true,
    query: { client_id: clientId, ...authorizationParameters(redirectUrl, scopes, asking.env), prompt: "none" },
    repeat: "throttled",
  });
  if ("why" in answer) return answer;
  const location = answer.headers["location"] ?? "";
  // Google and others add to the URL; a longer path or host would be another one.
  if (answer.status >= 300 && answer.status < 400 && location.startsWith(redirectUrl) && /^($|[?&#])/.test(location.slice(redirectUrl.length))) {
    const { searchParams, hash } = new URL(location);
    return { kind: "returned", error: errorName(searchParams.get("error") ?? new URLSearchParams(hash.slice(1)).get("error")) };
  }
  const page = answer.text ?? "";
  const named = MISMATCH.exec(answer.status >= 400 ? page : authErrorIn(location)) ?? MICROSOFT_MISMATCH.exec(page);
  return { kind: "kept", status: answer.status, mismatch: named?.[0] };
}

/** Google redirects to a page of its own and encodes there what that page will say. Nobody goes there. */
function authErrorIn(location: string): string {
  const [, query = ""] = /\?([^#]*)/.exec(location) ?? [];
  return Buffer.from(new URLSearchParams(query).get("authError") ?? "", "base64url").toString("latin1");
}

/** An authorization request as Odeus makes it; some servers insist on a code challenge, and the others ignore it. */
export function authorizationParameters(redirectUrl: string, scopes: readonly string[], env: Env): Record<string, string> {
  return {
    response_type: "code",
    redirect_uri: redirectUrl,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
    state: env.randomHex(16),
    code_challenge: env.randomHex(43),
    code_challenge_method: "S256",
  };
}

async function ask({ endpoint, env, limits }: Omit<Asking, "clientId">, call: Omit<HttpCall, "path">): Promise<HttpAnswer | { kind: "none"; why: string }> {
  const url = new URL(endpoint.url);
  const http = createHttp({
    service: `the server at ${url.host}`,
    baseUrl: url.origin,
    env,
    limits,
    reach: endpoint.reach,
    // Behind one name stand many servers, and a new secret reaches them one by one.
    freshConnections: true,
  });
  try {
    return await http({ ...call, path: url.pathname + url.search });
  } catch (error) {
    if (error instanceof CancelledError || !(error instanceof RemoteError)) throw error;
    return { kind: "none", why: `it ${error.failure.said}` };
  }
}

/** Both halves are form-encoded first (RFC 6749, section 2.3.1). */
function basic(clientId: string, clientSecret: Secret): string {
  const encoded = (text: string): string => new URLSearchParams({ "": text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encoded(clientId)}:${encoded(clientSecret.open())}`).toString("base64")}`;
}

/** GitHub and Slack report errors inside 200, so the name counts whatever the status is. A text that is no name may repeat what was sent. */
function errorName(error: unknown, sent?: Secret): string | undefined {
  const named = typeof error === "string" && /^[a-z][a-z0-9_.-]{0,59}$/i.test(error) && (sent === undefined || !error.includes(sent.open()));
  return named ? error : undefined;
}

export function objectOf(json: unknown): Record<string, unknown> {
  return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
}
