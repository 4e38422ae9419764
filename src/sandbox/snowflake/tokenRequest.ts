/** The token endpoint's client authentication and errors, in the vendor's forms. */

import type { SandboxReply, SandboxRequest } from "../counterpart.js";

export interface ClientCredentials {
  clientId: string;
  clientSecret: string;
}

const MESSAGES: Record<string, string> = {
  invalid_client: "This is an invalid client.",
  invalid_grant: "The supplied authorization grant or refresh token is invalid.",
  unsupported_grant_type: "The grant type is not supported.",
  invalid_request: "The request is invalid.",
};

/** Documented: always 400, the word in `error`, and no error_description. What the endpoint has no word for is invalid_grant. */
export function tokenError(error: string): SandboxReply & { body: unknown } {
  const word = error in MESSAGES ? error : "invalid_grant";
  const body = { data: null, message: MESSAGES[word], code: null, success: false, error: word };
  return { status: 400, headers: { "content-type": "application/json" }, body };
}

/**
 * From the form, or from Basic. Its halves are form-encoded by the documentation, but plain ones are reported to work too; of the
 * two readings the one that fits a client counts.
 */
export async function credentialsIn(
  { headers, body }: SandboxRequest,
  accepts: (clientId: string, secret: string) => Promise<boolean>,
): Promise<ClientCredentials> {
  const basic = /^Basic (.+)$/i.exec(headers["authorization"] ?? "")?.[1];
  const form = new URLSearchParams(body);
  if (basic === undefined) return { clientId: form.get("client_id") ?? "", clientSecret: form.get("client_secret") ?? "" };
  const text = Buffer.from(basic, "base64").toString("utf8");
  const plain = { clientId: text.slice(0, text.indexOf(":")), clientSecret: text.slice(text.indexOf(":") + 1) };
  if (await accepts(plain.clientId, plain.clientSecret)) return plain;
  const decoded = (value: string) => new URLSearchParams(`value=${value}`).get("value") ?? "";
  return { clientId: decoded(plain.clientId), clientSecret: decoded(plain.clientSecret) };
}
