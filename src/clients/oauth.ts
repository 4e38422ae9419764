/** Token requests of OAuth 2.0 (RFC 6749) as probes: the answer is read for its error only, a token is thrown away unread. */

import type { Env } from "../core/env.js";
import { CancelledError, ConfigError, RemoteError } from "../core/errors.js";
import type { Secret } from "../core/secret.js";
import { createHttp, type HttpLimits, requireSafeUrl } from "./http.js";

/** What a token endpoint said: enough to compare two answers. */
export type TokenAnswer =
  | { kind: "answer"; status: number; issued: boolean; error: string | undefined; codes: number[] }
  /** No OAuth answer at all: network trouble, a redirect, a page. */
  | { kind: "none"; why: string };

export interface TokenRequest {
  tokenUrl: string;
  clientId: string;
  clientSecret: Secret;
  /** Grant and its parameters; client authentication is added (client_secret_post). */
  grant: Record<string, string>;
  env: Env;
  limits: HttpLimits;
}

export async function requestToken(request: TokenRequest): Promise<TokenAnswer> {
  const url = new URL(request.tokenUrl);
  const http = createHttp({
    service: `the token endpoint at ${url.host}`,
    baseUrl: url.origin,
    env: request.env,
    limits: request.limits,
    // Behind one name stand many servers, and a new secret reaches them one by one.
    freshConnections: true,
  });
  try {
    const answer = await http({
      operation: "token",
      method: "POST",
      path: url.pathname + url.search,
      form: { ...request.grant, client_id: request.clientId, client_secret: request.clientSecret.open() },
      // Each wrong attempt stands in somebody's sign-in log.
      repeat: "throttled",
    });
    const body = (answer.json ?? {}) as { error?: unknown; ok?: unknown; access_token?: unknown; error_codes?: unknown };
    // GitHub and Slack report errors inside 200.
    const error = typeof body.error === "string" ? body.error : undefined;
    const codes = Array.isArray(body.error_codes) ? body.error_codes.filter((code) => typeof code === "number") : [];
    return { kind: "answer", status: answer.status, issued: answer.status < 300 && typeof body.access_token === "string", error, codes };
  } catch (error) {
    if (error instanceof CancelledError || !(error instanceof RemoteError)) throw error;
    return { kind: "none", why: `it ${error.failure.said}` };
  }
}

/** The token endpoint that the server's own metadata names (OpenID discovery, then RFC 8414). */
export async function discoverTokenUrl(issuer: string, env: Env, limits: HttpLimits): Promise<string> {
  const { origin, pathname } = requireSafeUrl(issuer, "existing.issuer");
  const path = pathname.replace(/\/$/, "");
  const http = createHttp({ service: `the authorization server ${issuer}`, baseUrl: origin, env, limits });
  for (const place of [`${path}/.well-known/openid-configuration`, `/.well-known/oauth-authorization-server${path}`]) {
    const answer = await http({ operation: "discovery", method: "GET", path: place, repeat: "repeatable" });
    const metadata = (answer.json ?? {}) as { issuer?: unknown; token_endpoint?: unknown };
    if (answer.status !== 200 || typeof metadata.token_endpoint !== "string") continue;
    // RFC 8414, section 3.3: a document for another issuer must not be used.
    if (metadata.issuer !== issuer) throw new ConfigError(`its metadata is for the issuer ${String(metadata.issuer)}.`);
    requireSafeUrl(metadata.token_endpoint, "the token endpoint in the metadata");
    return metadata.token_endpoint;
  }
  throw new ConfigError("it publishes no metadata with a token endpoint; set existing.tokenUrl.");
}
