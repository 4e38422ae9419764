/**
 * How many calls a remote takes in a minute, shared by everything in this process that calls it. Nobody tells whether its minute
 * slides or begins anew, so a place is taken from a call's start until a minute after its answer: however the minute is cut,
 * no more calls than there are places can have arrived in it. A burst of that many goes out at once.
 */

import { setTimeout as wait } from "node:timers/promises";
import PQueue from "p-queue";
import { untilStopped } from "../core/wait.js";

export interface CallLimit {
  /** For the calls of one operation: those of the one that began first go first, so that its way back does not wait for new work. */
  turns(signal: AbortSignal): Turns;
}

export interface Turns {
  /** Runs the call when there is a place for it; a stopped operation does not wait. */
  take<T>(call: () => Promise<T>): Promise<T>;
  /** The remote has refused a call, which waits so long before it goes again: all others wait with it, as long as it does. */
  hold(milliseconds: number): void;
  /** Reads from an answer whether the remote has a place left: others may be calling it too. */
  heed(headers: Readonly<Record<string, string>>, now: Date): void;
}

const MINUTE_MS = 60_000;

export function createCallLimit(callsPerMinute: number, minuteMs = MINUTE_MS): CallLimit {
  const queue = new PQueue({ concurrency: callsPerMinute });
  let operations = 0;
  let holds = 0;

  async function hold(milliseconds: number, signal?: AbortSignal): Promise<void> {
    holds += 1;
    queue.pause();
    await wait(milliseconds, undefined, { ref: false, ...(signal === undefined ? {} : { signal }) }).catch(() => undefined);
    holds -= 1;
    if (holds === 0) queue.start();
  }

  return {
    turns(signal) {
      operations += 1;
      const priority = -operations;
      return {
        take<T>(call: () => Promise<T>) {
          const taken = new Promise<T>((resolve, reject) => {
            void queue.add(
              async () => {
                if (signal.aborted) return;
                await call().then(resolve, reject);
                await wait(minuteMs, undefined, { ref: false });
              },
              { priority },
            );
          });
          return untilStopped(taken, signal);
        },
        hold: (milliseconds) => void hold(milliseconds, signal),
        heed(headers, now) {
          const resetMs = noneLeftFor(headers, now);
          if (resetMs !== undefined) void hold(Math.min(resetMs, minuteMs));
        },
      };
    },
  };
}

/** One limit for all who call this remote as the same customer. */
const limits = new Map<string, CallLimit>();

export function sharedCallLimit(customer: string, callsPerMinute: number): CallLimit {
  const key = `${callsPerMinute} ${customer}`;
  const known = limits.get(key) ?? createCallLimit(callsPerMinute);
  limits.set(key, known);
  return known;
}

/** Milliseconds until there are places again, where the answer says that it took the last one (RateLimit-* of the IETF drafts, X-RateLimit-*). */
export function noneLeftFor(headers: Readonly<Record<string, string>>, now: Date): number | undefined {
  for (const prefix of ["ratelimit", "x-ratelimit"]) {
    const [remaining, reset] = [headers[`${prefix}-remaining`], headers[`${prefix}-reset`]].map(Number);
    if (remaining !== 0 || reset === undefined || !Number.isFinite(reset)) continue;
    // Seconds from now, or since the epoch: the second is far beyond any minute.
    return Math.max(0, reset > 1e9 ? reset * 1000 - now.getTime() : reset * 1000);
  }
  return undefined;
}
