/**
 * Ways to ask an authorization server, without a user, whether people could sign in as the integrations send them: to each
 * redirect URL, with these scopes. A redirect URL is proven by a difference to one that nobody can have registered.
 */

import { type AuthorizeAnswer, askAuthorize, authorizationParameters, type Endpoint } from "../clients/oauth.js";
import { union } from "../core/sets.js";
import type { Check, ClientWish, Verdict } from "./contract.js";
import { type Answered, asked, BY_HAND, hostOf, type Probe, saidBy, toldApart } from "./probes.js";

export interface UseProbe extends Pick<Probe, "clientId" | "env" | "limits"> {
  /** Where people sign in. */
  authorization: Endpoint | undefined;
  /** Where a client that names itself can push a request. */
  pushed: Probe | undefined;
}

/** What was found for one redirect URL. */
interface Found {
  verdict: Verdict;
  method: string;
  detail: string;
  /** The server refuses the scopes by name. */
  scopesRefused: boolean;
}

export async function useProbes(probe: UseProbe, wish: ClientWish): Promise<Check[]> {
  const { authorization, pushed } = probe;
  const first = pushed?.endpoint ?? authorization;
  if (first === undefined || wish.redirectUrls.length === 0) return [];
  const found = await Promise.all(wish.redirectUrls.map((redirectUrl) => ofRedirectUrl(probe, redirectUrl, wish.scopes)));
  const host = new URL(first.url).host;
  const method = union(found.map((one) => one.method)).join(", ");
  const worst = found.find(({ verdict }) => verdict === "rejected") ?? found.find(({ verdict }) => verdict !== "accepted");
  const told = found.filter(({ verdict }) => verdict === worst?.verdict).map(({ detail }) => detail);
  const redirect: Check =
    worst === undefined
      ? { property: "redirectUrl", verdict: "accepted", method, detail: `${host} tells ${these(found.length)} from one that nobody registered.` }
      : { property: "redirectUrl", verdict: worst.verdict, method, detail: union(told).join(" ") };
  if (!found.some(({ scopesRefused }) => scopesRefused)) return [redirect];
  const detail = `${host} refuses the scopes that the integrations ask for (invalid_scope). Register every one of them at the app, upper and lower case as shown: ${wish.scopes.join(" ")}.`;
  return [redirect, { property: "scopes", verdict: "rejected", method, detail }];
}

const these = (count: number): string => (count === 1 ? "the redirect URL" : `the ${count} redirect URLs`);

async function ofRedirectUrl(probe: UseProbe, redirectUrl: string, scopes: readonly string[]): Promise<Found> {
  const { authorization, pushed, env } = probe;
  // On the same host, for some servers look at no more than the host.
  const unregistered = `${new URL(redirectUrl).origin}/${env.randomHex(32)}`;
  const byPush = pushed === undefined ? undefined : await pushes(pushed, redirectUrl, unregistered, scopes);
  if (authorization === undefined || (byPush !== undefined && byPush.verdict !== "inconclusive" && byPush.verdict !== "unavailable")) return byPush as Found;
  const byPage = await pages(probe, authorization, redirectUrl, unregistered, scopes);
  return byPush === undefined ? byPage : { ...byPage, scopesRefused: byPush.scopesRefused || byPage.scopesRefused };
}

/** Both with the real secret. */
async function pushes(pushed: Probe, redirectUrl: string, unregistered: string, scopes: readonly string[]): Promise<Found> {
  const method = "pushed authorization request";
  const host = hostOf(pushed);
  const ours = await asked(pushed, authorizationParameters(redirectUrl, scopes, pushed.env));
  const other = ours.kind === "none" ? ours : await asked(pushed, authorizationParameters(unregistered, scopes, pushed.env));
  const silent = [ours, other].find((answer) => answer.kind === "none");
  if (silent?.kind === "none") return { method, scopesRefused: false, ...unavailable(host, silent.why) };
  const [real, random] = [ours as Answered, other as Answered];
  const scopesRefused = real.error === "invalid_scope";
  if ((real.granted || scopesRefused) && toldApart(real, random)) return { method, scopesRefused, verdict: "accepted", detail: "" };
  if (!real.granted && real.error === "invalid_redirect_uri") return { method, scopesRefused, ...refused(host, redirectUrl, real.error) };
  return { method, scopesRefused, ...undecided(host, redirectUrl, saidBy(real), saidBy(random)) };
}

/** One after the other: nobody is signed in, so neither leaves anything behind. */
async function pages(probe: UseProbe, endpoint: Endpoint, redirectUrl: string, unregistered: string, scopes: readonly string[]): Promise<Found> {
  const method = "paired authorization request";
  const { host } = new URL(endpoint.url);
  const { clientId, env, limits } = probe;
  const ask = (url: string): Promise<AuthorizeAnswer> => askAuthorize({ endpoint, clientId, env, limits, redirectUrl: url, scopes });
  const ours = await ask(redirectUrl);
  const other = ours.kind === "none" ? ours : await ask(unregistered);
  const scopesRefused = ours.kind === "returned" && ours.error === "invalid_scope";
  const silent = [ours, other].find(({ kind }) => kind === "none");
  if (silent?.kind === "none") return { method, scopesRefused, ...unavailable(host, silent.why) };
  const accepted = { method, scopesRefused, verdict: "accepted", detail: "" } as const;
  if (ours.kind === "returned" && other.kind === "kept") return accepted;
  if (ours.kind === "kept" && other.kind === "kept") {
    const { status, mismatch } = ours;
    // Google asks people to sign in, and names a mismatch before that.
    if (status < 400 && mismatch === undefined && other.mismatch !== undefined) return accepted;
    if (mismatch !== undefined && mismatch === other.mismatch) return { method, scopesRefused, ...refused(host, redirectUrl, mismatch) };
  }
  return { method, scopesRefused, ...undecided(host, redirectUrl, told(ours), told(other)) };
}

function told(answer: AuthorizeAnswer): string {
  if (answer.kind === "returned") return "a redirect to it";
  return answer.kind === "none" ? answer.why : `${answer.status}${answer.mismatch === undefined ? "" : ` ${answer.mismatch}`}`;
}

type Judged = Pick<Found, "verdict" | "detail">;

function unavailable(host: string, why: string): Judged {
  return { verdict: "unavailable", detail: `${host} gave no usable answer about the redirect URL: ${why}. ${BY_HAND}` };
}

function undecided(host: string, redirectUrl: string, ours: string, other: string): Judged {
  const answers =
    ours === other
      ? `gives the same answer (${ours}) to ${redirectUrl} and to a URL that nobody registered`
      : `answers ${redirectUrl} (${ours}) and a URL that nobody registered (${other}) in a way that proves nothing`;
  return { verdict: "inconclusive", detail: `${host} ${answers}, so the redirect URL is not proven. ${BY_HAND}` };
}

/** By the server's own name of the error: an equal answer alone would prove nothing. */
function refused(host: string, redirectUrl: string, name: string): Judged {
  return {
    verdict: "rejected",
    detail: `${host} does not know the redirect URL ${redirectUrl} for this client (${name}). Register it at the app, to the letter; a change there may take some minutes.`,
  };
}
