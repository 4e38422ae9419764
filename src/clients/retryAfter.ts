/** When a call that was throttled may be tried again: as the remote says, or by our own pauses. */

/** Later than this, a Retry-After is no time that a person could be told. */
const FARTHEST_MS = 10 * 365 * 86_400_000;

/** Milliseconds that the remote asked us to wait. Retry-After is a number of seconds or an HTTP date (RFC 9110 10.2.3). */
export function retryAfterMs(header: unknown, now: Date): number | undefined {
  if (typeof header !== "string" || header.trim() === "") return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}

/** When to run again, for people, after throttling. */
export function runAgainAfter(retryAfter: unknown, now: Date): string {
  const wait = retryAfterMs(retryAfter, now);
  return wait === undefined || wait > FARTHEST_MS ? "Run again later." : `Run again after ${new Date(now.getTime() + wait).toISOString()}.`;
}

/** Milliseconds before the next try: what the remote asked for, else exponential with full jitter, at most 30 s. */
export function nextDelay(tries: number, retryAfter: unknown, now: Date, random: number): number {
  return retryAfterMs(retryAfter, now) ?? Math.round(random * Math.min(30_000, 500 * 2 ** (tries - 1)));
}

/** A Unix time at which a used-up limit begins anew, in place of a Retry-After; one that is over says nothing. */
export function retryAtReset(unixTime: unknown, now: Date): string | undefined {
  const moment = new Date(Number(unixTime) * 1000);
  return moment > now ? moment.toUTCString() : undefined;
}
