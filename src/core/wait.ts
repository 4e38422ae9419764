/** Waiting for a remote that says "not yet" to an object it has just made: another thing than repeating a failed call. */

import type { Env } from "./env.js";
import { cancellation } from "./errors.js";

export interface Patience {
  env: Env;
  /** How long to wait in all, in milliseconds. */
  budgetMs: number;
  /** The longest pause between two tries, in milliseconds. */
  longestPauseMs?: number;
}

/** Pause before try number `tries` + 1: half a second, doubling. */
function pauseMs(tries: number, longest: number): number {
  return Math.min(longest, 500 * 2 ** (tries - 1));
}

/** Runs `work` until it succeeds, as long as `notYet` says that its error means "wait". */
export async function untilReady<T>(patience: Patience, notYet: (error: unknown) => boolean, work: () => Promise<T>): Promise<T> {
  const { env, budgetMs, longestPauseMs = 8000 } = patience;
  const startedAt = env.now().getTime();
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      const pause = pauseMs(tries, longestPauseMs);
      if (!notYet(error) || env.now().getTime() - startedAt + pause > budgetMs) throw error;
      await env.sleep(pause);
    }
  }
}

/** Asks until the answer satisfies, or the time is over; answers the last answer either way. */
export async function askUntil<T>(patience: Patience, satisfied: (answer: T) => boolean, ask: () => Promise<T>): Promise<T> {
  const { env, budgetMs, longestPauseMs = 8000 } = patience;
  const startedAt = env.now().getTime();
  for (let tries = 1; ; tries += 1) {
    const answer = await ask();
    const pause = pauseMs(tries, longestPauseMs);
    if (satisfied(answer) || env.now().getTime() - startedAt + pause > budgetMs) return answer;
    await env.sleep(pause);
  }
}

/** Waits for work that others wait for too: stopping one of them must not end it. */
export function untilStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(cancellation(signal));
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(cancellation(signal));
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** Two works side by side; fails only when both have ended, so that what is undone afterwards is all there is. */
export async function bothEnded<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [one, other] = await Promise.allSettled([first, second]);
  if (one.status === "rejected") throw one.reason;
  if (other.status === "rejected") throw other.reason;
  return [one.value, other.value];
}
