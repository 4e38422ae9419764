/** The token endpoint as Odeus's server calls it: a form post with the stored credentials, no redirects followed. */

import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";

const TIMEOUT_MILLISECONDS = 10_000;

export interface Tokens {
  accessToken: string;
  expiresInSeconds: number;
  refreshToken: string | undefined;
  /** Undefined where the server does not say, which means: as requested (RFC 6749 section 5.1). */
  scopes: string[] | undefined;
}

export interface TokenRefusal {
  status: number;
  error: string;
  description: string;
}

export async function requestTokens(tokenUrl: string, form: Record<string, string>, ca: string | undefined): Promise<Tokens | TokenRefusal> {
  const { status, text } = await post(new URL(tokenUrl), new URLSearchParams(form).toString(), ca);
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { status, error: "no_answer", description: `the token endpoint answered ${status} without JSON` };
  }
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn, scope } = body as Record<string, unknown>;
  if (status !== 200 || typeof accessToken !== "string") {
    return {
      status,
      error: String(body["error"] ?? "no_token"),
      description: String(body["error_description"] ?? body["message"] ?? `the token endpoint answered ${status}`),
    };
  }
  return {
    accessToken,
    expiresInSeconds: typeof expiresIn === "number" ? expiresIn : 3600,
    refreshToken: typeof refreshToken === "string" ? refreshToken : undefined,
    scopes: typeof scope === "string" ? scope.split(" ").filter((word) => word !== "") : undefined,
  };
}

function post(url: URL, body: string, ca: string | undefined): Promise<{ status: number; text: string }> {
  const send = url.protocol === "https:" ? requestTls : requestPlain;
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json", "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const outgoing = send(url, { method: "POST", headers, timeout: TIMEOUT_MILLISECONDS, ...(ca === undefined ? {} : { ca }) }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }));
      incoming.on("error", reject);
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("the token endpoint did not answer in time")));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
