/** Ways to ask an authorization server whether it takes a client's secret, without a user; what the answers prove and what they do not. */

import type { HttpLimits, Repeat } from "../clients/http.js";
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

/**
 * The same token request with the real secret and with a random one: only a difference proves anything. `redirectUrl` is one that
 * should be registered, because some servers look at it together with the client.
 */
export async function pairedProbe(probe: Probe, redirectUrl: string): Promise<ProbeAnswer> {
  const { env } = probe;
  // No server can have issued this code: the answer tells about the client only.
  const grant = { grant_type: "authorization_code", code: env.randomHex(48), redirect_uri: redirectUrl, code_verifier: env.randomHex(48) };
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
  // Once, whatever the answer: it stands in somebody's sign-in log, and a limit may be there to stop guesses.
  const random = await asked({ ...probe, clientSecret: wrong }, parameters, "never");
  if (random.kind === "none") return unusable(probe, method, random.why);
  return { method, ...compared(real, random, hostOf(probe)) };
}

function unusable(probe: Probe, method: string, why: string): ProbeAnswer {
  return { verdict: "unavailable", method, detail: `${hostOf(probe)} gave no usable answer: ${why}. ${BY_HAND}` };
}

export function asked({ authentication = "post", ...probe }: Probe, parameters: Record<string, string>, repeat: Repeat = "throttled"): Promise<ClientAnswer> {
  return askAsClient({ ...probe, authentication, parameters, repeat });
}

export type Answered = Extract<ClientAnswer, { kind: "answer" }>;

/** Words in which servers refuse a client; they only tell which of two answers is the refusal, and are never proof alone. */
const REFUSALS = ["invalid_client", "incorrect_client_credentials", "bad_client_secret", "invalid_client_id", "invalid_client_secret"];

function refusesClient(answer: Answered): boolean {
  return answer.status === 401 || REFUSALS.includes(answer.error ?? "");
}

/** Names of trouble that passes: they tell about the moment of a request, not about what it holds. */
const PASSING = /unavailable|server_error|internal|timeout|rate_?limit|too_?many|slow_down|throttl|forbidden|blocked/i;

/** Whether an answer is a judgement; a block by something in between has another form, or no name. */
function judges({ granted, error, status }: Answered): boolean {
  return granted || (error === undefined ? status === 401 : !PASSING.test(error));
}

function sameAnswer(one: Answered, other: Answered): boolean {
  return one.status === other.status && one.error === other.error && one.granted === other.granted;
}

/** Whether the server takes the first request as it is, and answers the other one otherwise for what it holds. */
export function toldApart(real: Answered, other: Answered): boolean {
  if (sameAnswer(real, other) || !judges(real)) return false;
  // Beside a request that is granted, a refusal without a name is one; some servers have no more words.
  return judges(other) || (real.granted && other.error === undefined);
}

export function compared(real: Answered, random: Answered, host: string): Pick<ProbeAnswer, "verdict" | "detail"> {
  const same = sameAnswer(real, random);
  const said = saidBy(real);
  if (!refusesClient(real) && toldApart(real, random)) return { verdict: "accepted", detail: `${host} tells this secret from a random one, and takes it.` };
  if (same && refusesClient(real) && !real.granted)
    return { verdict: "rejected", detail: `${host} refuses the client id or the secret (${said}), just as it refuses a random one.` };
  if (same)
    return {
      verdict: "inconclusive",
      detail: `${host} gives the same answer (${said}) to this secret and to a random one, so the secret is not proven. ${BY_HAND}`,
    };
  if (refusesClient(real))
    return { verdict: "inconclusive", detail: `${host} refuses this secret (${said}) and answers a random one otherwise, which proves nothing. ${BY_HAND}` };
  const detail = `${host} answers this secret (${said}) and a random one (${saidBy(random)}) otherwise, in a way that may pass, so the secret is not proven. ${BY_HAND}`;
  return { verdict: "inconclusive", detail };
}

/** For people. */
export const saidBy = ({ status, error, granted }: Answered): string => `${status} ${error ?? (granted ? "granted" : "no error name")}`;

export const hostOf = ({ endpoint }: Pick<Probe, "endpoint">): string => new URL(endpoint.url).host;
