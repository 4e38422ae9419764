/** Ways to ask an authorization server whether it takes a client's secret, without a user; what the answers prove and what they do not. */

import type { HttpLimits } from "../clients/http.js";
import { type Authentication, askAsClient, authorizationParameters, type ClientAnswer, type Endpoint } from "../clients/oauth.js";
import type { Env } from "../core/env.js";
import { Secret } from "../core/secret.js";
import type { ProbeAnswer } from "./contract.js";

export interface Probe {
  endpoint: Endpoint;
  clientId: string;
  clientSecret: Secret;
  /** Undefined: nobody knows how the server wants it. */
  authentication?: Authentication | undefined;
  env: Env;
  limits: HttpLimits;
}

/** What a pushed request asks for. */
export interface Pushed {
  redirectUrl: string;
  scopes: readonly string[];
}

export const BY_HAND = "Connect one user to be sure.";

/** For servers that issue a token to a client alone (Entra). The token is thrown away unread. */
export async function clientCredentialsProbe(probe: Probe, scope: string): Promise<ProbeAnswer> {
  const method = "client credentials";
  const host = hostOf(probe);
  const answer = await asked(probe, { grant_type: "client_credentials", scope });
  if (answer.kind === "none") return { verdict: "unavailable", method, detail: `${host} gave no usable answer: ${answer.why}.` };
  if (answer.granted) return { verdict: "accepted", method, detail: `${host} issued a token for the id and the secret.` };
  const said = `${answer.status} ${answer.error ?? "no error name"}${answer.codes.length === 0 ? "" : `, AADSTS${answer.codes[0]}`}`;
  // Decided by the standard error name alone; Microsoft says that nobody may depend on its numbers.
  if (answer.error === "invalid_client" || answer.error === "unauthorized_client")
    return { verdict: "rejected", method, detail: `${host} does not accept the client (${said}).` };
  return { verdict: "inconclusive", method, detail: `${host} answered neither with a token nor with a refusal of the client (${said}). ${BY_HAND}` };
}

/** The same token request with the real secret and with a random one: only a difference proves anything. */
export async function pairedProbe(probe: Probe): Promise<ProbeAnswer> {
  const { env } = probe;
  // No server can have issued this code: the answer tells about the client only.
  const grant = { grant_type: "authorization_code", code: env.randomHex(48), redirect_uri: "https://localhost/", code_verifier: env.randomHex(48) };
  const method = "paired token request";
  const answer = await paired(probe, method, grant);
  if (typeof answer === "string") return unusable(probe, method, answer);
  if (answer.verdict !== "rejected" || probe.authentication !== undefined) return answer;
  // A server that takes the secret in the header alone refuses every secret in the body.
  const inHeader = await asked({ ...probe, authentication: "basic" }, grant);
  if (inHeader.kind === "answer" && refusesClient(inHeader)) return answer;
  const detail = `${hostOf(probe)} refuses every secret in the body of the request, and this one in the Basic header otherwise. ${BY_HAND}`;
  return { ...answer, verdict: "inconclusive", detail };
}

/**
 * A pushed authorization request (RFC 9126), for which the client has to name itself, in the same way. Undefined: there was no
 * usable answer to the real secret, so no random one was sent and another way is free.
 */
export async function pushedProbe(probe: Probe, { redirectUrl, scopes }: Pushed): Promise<ProbeAnswer | undefined> {
  const answer = await paired(probe, "pushed authorization request", authorizationParameters(redirectUrl, scopes, probe.env));
  return typeof answer === "string" ? undefined : answer;
}

/** Why there was no usable answer to the real secret, as text. */
async function paired(probe: Probe, method: string, parameters: Record<string, string>): Promise<ProbeAnswer | string> {
  const real = await asked(probe, parameters);
  if (real.kind === "none") return real.why;
  const wrong = new Secret(probe.env.randomHex(Math.max(16, probe.clientSecret.open().length)));
  const random = await asked({ ...probe, clientSecret: wrong }, parameters);
  if (random.kind === "none") return unusable(probe, method, random.why);
  return { method, ...compared(real, random, hostOf(probe)) };
}

function unusable(probe: Probe, method: string, why: string): ProbeAnswer {
  return { verdict: "unavailable", method, detail: `${hostOf(probe)} gave no usable answer: ${why}. ${BY_HAND}` };
}

export function asked({ authentication = "post", ...probe }: Probe, parameters: Record<string, string>): Promise<ClientAnswer> {
  return askAsClient({ ...probe, authentication, parameters });
}

export type Answered = Extract<ClientAnswer, { kind: "answer" }>;

/** Words in which servers refuse a client; they only tell which of two answers is the refusal, and are never proof alone. */
const REFUSALS = ["invalid_client", "incorrect_client_credentials", "bad_client_secret", "invalid_client_id", "invalid_client_secret"];

function refusesClient(answer: Answered): boolean {
  return answer.status === 401 || REFUSALS.includes(answer.error ?? "");
}

export function sameAnswer(one: Answered, other: Answered): boolean {
  return one.status === other.status && one.error === other.error && one.granted === other.granted;
}

export function compared(real: Answered, random: Answered, host: string): Pick<ProbeAnswer, "verdict" | "detail"> {
  const same = sameAnswer(real, random);
  const said = `${real.status} ${real.error ?? (real.granted ? "granted" : "no error name")}`;
  if (!same && !refusesClient(real)) return { verdict: "accepted", detail: `${host} tells this secret from a random one, and takes it.` };
  if (same && refusesClient(real) && !real.granted)
    return { verdict: "rejected", detail: `${host} refuses the client id or the secret (${said}), just as it refuses a random one.` };
  if (same)
    return {
      verdict: "inconclusive",
      detail: `${host} gives the same answer (${said}) to this secret and to a random one, so the secret is not proven. ${BY_HAND}`,
    };
  return { verdict: "inconclusive", detail: `${host} refuses this secret (${said}) and answers a random one otherwise, which proves nothing. ${BY_HAND}` };
}

export const hostOf = ({ endpoint }: Pick<Probe, "endpoint">): string => new URL(endpoint.url).host;
