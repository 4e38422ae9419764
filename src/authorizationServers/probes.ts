/** Two ways to ask a token endpoint whether it takes a client, without a user; what the answers prove and what they do not. */

import type { HttpLimits } from "../clients/http.js";
import { requestToken, type TokenAnswer } from "../clients/oauth.js";
import type { Env } from "../core/env.js";
import { Secret } from "../core/secret.js";
import type { ProbeAnswer } from "./contract.js";

export interface Probe {
  tokenUrl: string;
  clientId: string;
  clientSecret: Secret;
  env: Env;
  limits: HttpLimits;
}

export const BY_HAND = "Connect one user to be sure.";

/** For servers that issue a token to a client alone (Entra). The token is thrown away unread. */
export async function clientCredentialsProbe(probe: Probe, scope: string): Promise<ProbeAnswer> {
  const method = "client credentials";
  const host = new URL(probe.tokenUrl).host;
  const answer = await requestToken({ ...probe, grant: { grant_type: "client_credentials", scope } });
  if (answer.kind === "none") return { verdict: "unavailable", method, detail: `${host} gave no usable answer: ${answer.why}.` };
  if (answer.issued) return { verdict: "accepted", method, detail: `${host} issued a token for the id and the secret.` };
  const said = `${answer.status} ${answer.error ?? "no error name"}${answer.codes.length === 0 ? "" : `, AADSTS${answer.codes[0]}`}`;
  // Decided by the standard error name alone; Microsoft says that nobody may depend on its numbers.
  if (answer.error === "invalid_client" || answer.error === "unauthorized_client")
    return { verdict: "rejected", method, detail: `${host} does not accept the client (${said}).` };
  return { verdict: "inconclusive", method, detail: `${host} answered neither with a token nor with a refusal of the client (${said}). ${BY_HAND}` };
}

/** The same request with the real secret and with a random one: only a difference proves anything. */
export async function pairedProbe(probe: Probe): Promise<ProbeAnswer> {
  const method = "paired token request";
  const { env } = probe;
  const host = new URL(probe.tokenUrl).host;
  // No server can have issued this code: the answer tells about the client only.
  const grant = { grant_type: "authorization_code", code: env.randomHex(48), redirect_uri: "https://localhost/", code_verifier: env.randomHex(48) };
  const real = await requestToken({ ...probe, grant });
  const random =
    real.kind === "none"
      ? real
      : await requestToken({ ...probe, clientSecret: new Secret(env.randomHex(Math.max(16, probe.clientSecret.open().length))), grant });
  if (real.kind === "none" || random.kind === "none")
    return {
      verdict: "unavailable",
      method,
      detail: `${host} gave no usable answer: ${(real.kind === "none" ? real : (random as { why: string })).why}. ${BY_HAND}`,
    };
  return { method, ...compared(real, random, host) };
}

type Answered = Extract<TokenAnswer, { kind: "answer" }>;

/** Words in which servers refuse a client; they only tell which of two answers is the refusal, and are never proof alone. */
const REFUSALS = ["invalid_client", "incorrect_client_credentials", "bad_client_secret", "invalid_client_id", "invalid_client_secret"];

function refusesClient(answer: Answered): boolean {
  return answer.status === 401 || REFUSALS.includes(answer.error ?? "");
}

export function compared(real: Answered, random: Answered, host: string): Pick<ProbeAnswer, "verdict" | "detail"> {
  const same = real.status === random.status && real.error === random.error && real.issued === random.issued;
  const said = `${real.status} ${real.error ?? (real.issued ? "a token" : "no error name")}`;
  if (!same && !refusesClient(real)) return { verdict: "accepted", detail: `${host} tells this secret from a random one, and takes it.` };
  if (same && refusesClient(real) && !real.issued)
    return { verdict: "rejected", detail: `${host} refuses the client id or the secret (${said}), just as it refuses a random one.` };
  if (same)
    return {
      verdict: "inconclusive",
      detail: `${host} gives the same answer (${said}) to this secret and to a random one, so the secret is not proven. ${BY_HAND}`,
    };
  return { verdict: "inconclusive", detail: `${host} refuses this secret (${said}) and answers a random one otherwise, which proves nothing. ${BY_HAND}` };
}
