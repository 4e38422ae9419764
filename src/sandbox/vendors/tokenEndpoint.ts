/** The token endpoints verification meets in the wild, as switches of one server. */

import type { ServerResponse } from "node:http";
import type { SandboxReply, SandboxRequest } from "../counterpart.js";

export type Behaviour =
  /** The client is checked before the code: right and wrong secret get different answers. */
  | "clientFirst"
  /** Glewlwyd's way: client and redirect URI are looked at together, and one refusal is for both. */
  | "clientWithRedirect"
  /** The code is checked first, so a junk code gets the same answer with any secret. */
  | "codeFirst"
  | "alwaysInvalidGrant"
  /** A token for anything, as mock servers do. */
  | "acceptAll"
  /** GitHub's way: HTTP 200, and the error in the body. */
  | "errorsInside200"
  | "redirectToLogin"
  /** Asks for the request, secret included, at another address of this machine. */
  | "redirectInward"
  | "html"
  /** 10 MB in place of an answer. */
  | "huge"
  | "hang"
  /** An answer that begins, and drips on without an end. */
  | "slow"
  /** Says the whole request in its error, secret included. */
  | "reflect";

/** These two are the real server's; the others answer in its place. */
export const isPlayedByServer = (behaviour: Behaviour): boolean => behaviour === "clientFirst" || behaviour === "codeFirst";

/** A blank at a time: it would still be JSON. */
export function drip(outgoing: ServerResponse): void {
  outgoing.writeHead(400, { "content-type": "application/json" });
  const dripping = setInterval(() => outgoing.write(" "), 50);
  outgoing.once("close", () => clearInterval(dripping));
}

/** Where `redirectInward` sends to; a client that follows is seen there in the record. */
export const INWARD = "/inward";

export interface ClientCredentials {
  clientId: string;
  clientSecret: string;
}

export async function answerOddly(
  behaviour: Behaviour,
  request: SandboxRequest,
  accepts: (credentials: ClientCredentials) => Promise<boolean>,
  redirectUris: (clientId: string) => readonly string[],
): Promise<SandboxReply> {
  switch (behaviour) {
    case "clientWithRedirect": {
      const credentials = credentialsOf(request);
      const registered = redirectUris(credentials.clientId).includes(new URLSearchParams(request.body).get("redirect_uri") ?? "");
      return { status: 403, body: { error: registered && (await accepts(credentials)) ? "invalid_code" : "unauthorized_client" } };
    }
    case "acceptAll":
      return { status: 200, body: { access_token: "accepted-whatever-was-sent", token_type: "Bearer", expires_in: 3600 } };
    case "errorsInside200":
      return (await accepts(credentialsOf(request)))
        ? { status: 200, body: { error: "bad_verification_code", error_description: "The code passed is incorrect or expired." } }
        : { status: 200, body: { error: "incorrect_client_credentials", error_description: "The client_id and/or client_secret passed are incorrect." } };
    case "redirectToLogin":
      return { status: 301, headers: { location: "/login" }, body: "" };
    case "redirectInward":
      return { status: 307, headers: { location: request.origin.replace("localhost", "127.0.0.1") + INWARD }, body: "" };
    case "huge":
      return { status: 400, headers: { "content-type": "application/json" }, body: `{"error":"${"x".repeat(10 * 1024 * 1024)}"}` };
    case "html":
      return { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: "<!doctype html><title>Sign in</title><p>Please sign in." };
    case "hang":
      return new Promise(() => undefined);
    case "reflect": {
      const error = (await accepts(credentialsOf(request))) ? "invalid_grant" : "invalid_client";
      return {
        status: error === "invalid_grant" ? 400 : 401,
        body: { error, error_description: `cannot process ${request.headers["authorization"] ?? ""} ${request.body}` },
      };
    }
    default:
      return { status: 400, body: { error: "invalid_grant", error_description: "The authorization code is invalid or has expired." } };
  }
}

/** From the form, or from Basic, whose halves are form-encoded (RFC 6749 section 2.3.1). */
export function credentialsOf({ headers, body }: SandboxRequest): ClientCredentials {
  const basic = /^Basic (.+)$/i.exec(headers["authorization"] ?? "")?.[1];
  if (basic !== undefined) {
    const [id = "", secret = ""] = Buffer.from(basic, "base64").toString("utf8").split(":");
    const decode = (text: string) => new URLSearchParams(`value=${text}`).get("value") ?? "";
    return { clientId: decode(id), clientSecret: decode(secret) };
  }
  const form = new URLSearchParams(body);
  return { clientId: form.get("client_id") ?? "", clientSecret: form.get("client_secret") ?? "" };
}
