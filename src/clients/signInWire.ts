/**
 * What went over the wire while @azure/identity signed in. The library keeps it to itself: it waits for any Retry-After, knows
 * no deadline, and tells of a lost connection and of a tenant that does not exist in the same words.
 */

import type { TokenCredentialOptions } from "@azure/identity";
import type { RemoteFailure } from "../core/errors.js";
import { type HttpLimits, isLoopback, neverSent, untrusted } from "./http.js";
import { runAgainAfter } from "./retryAfter.js";

/** The last exchange of one sign-in. */
export interface Wire {
  status?: number;
  retryAfter?: string;
  /** Microsoft's own number and words, also from answers that the library drops. */
  number?: string;
  words?: string;
  /** No answer: the connection's own code, or that the time was over. */
  lost?: string;
}

const TIMED_OUT = "timed out";
type Policy = NonNullable<TokenCredentialOptions["additionalPolicies"]>[number]["policy"];

/** Options for a credential: one try a request, each with a deadline, a loopback host never through a proxy, all of it noted. */
export function watched(wire: Wire, limits: HttpLimits): Pick<TokenCredentialOptions, "retryOptions" | "redirectOptions" | "additionalPolicies"> {
  const policy: Policy = {
    name: "odeusSignIn",
    async sendRequest(request, next) {
      request.timeout = limits.callTimeoutMs;
      // The library's own proxy policy has run before and has put its agent here.
      if (isLoopback(new URL(request.url))) delete request.agent;
      for (const name of Object.keys(wire) as (keyof Wire)[]) delete wire[name];
      try {
        const response = await next(request);
        note(wire, response.status, response.headers.get("retry-after"), response.bodyAsText ?? "");
        return response;
      } catch (error) {
        const { name, code } = error as { name?: string; code?: string };
        wire.lost = name === "AbortError" ? TIMED_OUT : (code ?? "no code");
        throw error;
      }
    },
  };
  return { retryOptions: { maxRetries: 0 }, redirectOptions: { maxRetries: 0 }, additionalPolicies: [{ policy, position: "perRetry" }] };
}

function note(wire: Wire, status: number, retryAfter: string | undefined, body: string): void {
  wire.status = status;
  if (retryAfter !== undefined) wire.retryAfter = retryAfter;
  const told = /"error_description"\s*:\s*"(AADSTS(\d+)[^"\\]*)/.exec(body.slice(0, 20_000));
  if (told?.[1] === undefined || told[2] === undefined) return;
  wire.words = told[1].split("Trace ID")[0] ?? "";
  wire.number = told[2];
}

/** Whether the same request may well succeed a little later. */
export function passing({ status = 0, lost }: Wire): boolean {
  return status === 429 || status >= 500 || (lost !== undefined && !neverSent(lost) && !untrusted(lost));
}

/** What the exchange itself says about the failure; undefined where the server's own refusal says more. */
export function lostOn(wire: Wire, host: string, limits: HttpLimits, tries: number, now: Date): Pick<RemoteFailure, "said" | "remedy" | "status"> | undefined {
  const { status, lost } = wire;
  const again = tries > 1 ? `, ${tries} tries` : "";
  if (lost === TIMED_OUT) return { said: `gave no answer within ${Math.round(limits.callTimeoutMs / 1000)} s${again}`, remedy: "Run again." };
  if (lost !== undefined) {
    if (neverSent(lost)) {
      return { said: `cannot be reached at ${host} (${lost})`, remedy: "Check the address and the network of the machine that runs Pulumi." };
    }
    if (untrusted(lost)) {
      return {
        said: `answers at ${host} with a certificate that is not trusted (${lost})`,
        remedy: "Name your certificate authority in NODE_EXTRA_CA_CERTS; there is no way to skip the check.",
      };
    }
    return { said: `closed the connection without an answer (${lost}${again})`, remedy: "Run again." };
  }
  if (status === undefined) return undefined;
  if (status === 429) {
    return { status, said: `throttles: still too many requests after ${tries} ${tries === 1 ? "try" : "tries"}`, remedy: runAgainAfter(wire.retryAfter, now) };
  }
  if (status >= 500) return { status, said: `answered ${status}${again}`, remedy: "Run again when Microsoft Entra answers." };
  if (status >= 300 && status < 400) {
    return {
      status,
      said: "sent us elsewhere, and credentials are never sent on",
      remedy: "Set entra.authorityHost to where the sign-in host really is.",
    };
  }
  if (status < 300) {
    return {
      status,
      said: "answered with something that is not a token",
      remedy: `Check that ${host} is the sign-in host itself and not a proxy or a sign-in page.`,
    };
  }
  return undefined;
}
