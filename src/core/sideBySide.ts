/** One question for all operations that run side by side: who comes while it is asked, or a moment later, gets the same answer. */

import type { Env } from "./env.js";
import { CancelledError } from "./errors.js";
import { untilStopped } from "./wait.js";

export interface SideBySide<T> {
  /** The shared answer, or a new one where there is none, it is too old, or it was forgotten. A failure is not kept. */
  ask(key: string, env: Env, question: () => Promise<T>): Promise<T>;
  /** Whoever asks from now on asks anew: what was asked about has changed. */
  forget(key: string, env: Env): void;
}

interface Asked<T> {
  answer: Promise<T>;
  at: number;
}

/** `keptMs`: how long after the question its answer may still be given to others. */
export function createSideBySide<T>(keptMs: number): SideBySide<T> {
  const asked = new WeakMap<object, Map<string, Asked<T>>>();
  const of = (env: Env): Map<string, Asked<T>> => {
    const held = asked.get(env.sideBySide) ?? new Map<string, Asked<T>>();
    asked.set(env.sideBySide, held);
    return held;
  };
  return {
    async ask(key, env, question) {
      const held = of(env);
      for (let known = held.get(key); known !== undefined && env.now().getTime() - known.at < keptMs; known = held.get(key)) {
        try {
          return await untilStopped(known.answer, env.signal);
        } catch (error) {
          // The operation that asked was stopped, this one was not.
          if (!(error instanceof CancelledError) || env.signal.aborted) throw error;
          if (held.get(key) === known) held.delete(key);
        }
      }
      const mine: Asked<T> = { answer: question(), at: env.now().getTime() };
      held.set(key, mine);
      mine.answer.catch(() => {
        if (held.get(key) === mine) held.delete(key);
      });
      return mine.answer;
    },
    forget: (key, env) => void of(env).delete(key),
  };
}
