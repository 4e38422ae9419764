/** What an authorization server says about itself: OpenID discovery, or RFC 8414. */

import type { Env } from "../core/env.js";
import { ConfigError, RemoteError } from "../core/errors.js";
import { createHttp, type Http, type HttpAnswer, type HttpLimits, requireSafeUrl } from "./http.js";
import { type Authentication, type Endpoint, objectOf } from "./oauth.js";

export interface ServerMetadata {
  token: Endpoint;
  authorization?: Endpoint;
  /** Where requests can be pushed (RFC 9126). */
  pushed?: Endpoint;
  authentication: Authentication;
}

/** The metadata is a stranger's text: its addresses have to be as public as the issuer's own, and its issuer the one that was asked. */
export async function readMetadata(issuer: string, privateHosts: readonly string[], env: Env, limits: HttpLimits): Promise<ServerMetadata> {
  const { origin, pathname } = requireSafeUrl(issuer, "existing.issuer");
  const path = pathname.replace(/\/$/, "");
  const reach = { what: "existing.issuer", privateHosts };
  const http = createHttp({ service: `the authorization server ${issuer}`, baseUrl: origin, env, limits, reach });
  // RFC 8414 puts its path between host and issuer's path, OpenID behind both.
  for (const place of [`${path}/.well-known/openid-configuration`, `/.well-known/oauth-authorization-server${path}`]) {
    const answer = await documentAt(http, place);
    const metadata = objectOf(answer?.json);
    const token = endpoint(metadata, "token_endpoint", issuer, privateHosts);
    if (answer?.status !== 200 || token === undefined) continue;
    // RFC 8414, section 3.3: a document for another issuer must not be used.
    if (metadata["issuer"] !== issuer) throw new ConfigError(`its metadata is for the issuer ${String(metadata["issuer"]).slice(0, 200)}.`);
    const authorization = endpoint(metadata, "authorization_endpoint", issuer, privateHosts);
    const pushed = endpoint(metadata, "pushed_authorization_request_endpoint", issuer, privateHosts);
    return {
      token,
      ...(authorization === undefined ? {} : { authorization }),
      ...(pushed === undefined ? {} : { pushed }),
      authentication: authenticationOf(metadata["token_endpoint_auth_methods_supported"]),
    };
  }
  throw new ConfigError("it publishes no metadata with a token endpoint; set existing.tokenUrl.");
}

/** Undefined: a page or a redirect, as many servers answer where they have nothing. */
async function documentAt(http: Http, path: string): Promise<HttpAnswer | undefined> {
  try {
    return await http({ operation: "discovery", method: "GET", path, repeat: "repeatable" });
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const { page, status = 0 } = error.failure;
    if (page === true || (status >= 300 && status < 400)) return undefined;
    throw error;
  }
}

function endpoint(metadata: Record<string, unknown>, name: string, issuer: string, privateHosts: readonly string[]): Endpoint | undefined {
  const url = metadata[name];
  if (typeof url !== "string") return undefined;
  const what = `the ${name} in the metadata of ${issuer}`;
  return { url: requireSafeUrl(url, what).href, reach: { what, privateHosts } };
}

/** Left out, it means Basic (RFC 8414), and nearly every server takes both. */
function authenticationOf(methods: unknown): Authentication {
  return Array.isArray(methods) && methods.includes("client_secret_basic") && !methods.includes("client_secret_post") ? "basic" : "post";
}
