/** What runs just now: each operation with its own time limit, voice and way to stop. */

import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Env } from "../core/env.js";
import { CancelledError, messageOf } from "../core/errors.js";
import type { EngineLog } from "./engineLog.js";

const DEFAULT_TIMEOUT_SECONDS = 15 * 60;
/** An operation that was asked to stop undoes its work first; after this long it is given up. */
const GRACE_SECONDS = 5 * 60;
/** After a stray error the operation it belonged to may never end; the others have this long to record what they made. */
const CRASH_GRACE_SECONDS = 30;
/** randomInt draws at most 48 bits. */
const RANDOM_STEPS = 2 ** 47;

export interface Operations {
  run<T>(operation: { urn: string; timeoutSeconds?: number | undefined }, work: (env: Env) => Promise<T>): Promise<T>;
  cancel(): void;
  crashed(error: unknown): boolean;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

interface Running {
  controller: AbortController;
  /** Stops waiting for the operation's own end. */
  giveUp(afterSeconds: number, reason: Error): void;
}

export function createOperations({ now, log }: { now: () => Date; log: EngineLog }): Operations {
  const running = new Set<Running>();
  const waitingForIdle: (() => void)[] = [];
  let sideBySide = {};

  function stopAll(reason: Error, graceSeconds: number): boolean {
    for (const { controller, giveUp } of running) {
      giveUp(graceSeconds, reason);
      controller.abort(reason);
    }
    return running.size > 0;
  }

  return {
    async run({ urn, timeoutSeconds }, work) {
      const controller = new AbortController();
      const voice = log.voice(urn);
      const timers = new Set<NodeJS.Timeout>();
      let abandon: (reason: Error) => void = () => {};
      const abandoned = new Promise<never>((_, reject) => {
        abandon = reject;
      });
      const current: Running = {
        controller,
        giveUp: (afterSeconds, reason) => void timers.add(setTimeout(() => abandon(reason), afterSeconds * 1000)),
      };
      const seconds = timeoutSeconds !== undefined && timeoutSeconds > 0 ? timeoutSeconds : DEFAULT_TIMEOUT_SECONDS;
      timers.add(setTimeout(() => stopLate(current, seconds), seconds * 1000));
      if (running.size === 0) sideBySide = {};
      running.add(current);
      try {
        const env = { now, ...waiting(controller.signal), ...chance, sideBySide, signal: controller.signal, say: voice };
        return await Promise.race([work(env), abandoned]);
      } finally {
        running.delete(current);
        for (const timer of timers) clearTimeout(timer);
        await voice.finish();
        if (running.size === 0) for (const done of waitingForIdle.splice(0)) done();
      }
    },
    idle: () => (running.size === 0 ? Promise.resolve() : new Promise((done) => waitingForIdle.push(done))),
    cancel: () => void stopAll(new CancelledError(), GRACE_SECONDS),
    crashed: (error) => stopAll(new CancelledError(`stopped by an error that the provider did not expect: ${messageOf(error)}`), CRASH_GRACE_SECONDS),
  };
}

function stopLate({ controller, giveUp }: Running, seconds: number): void {
  const reason = new CancelledError(`stopped: it took longer than ${duration(seconds)}. Give it more time with the resource option customTimeouts`);
  giveUp(GRACE_SECONDS, reason);
  controller.abort(reason);
}

function duration(seconds: number): string {
  return seconds >= 60 && seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

function waiting(signal: AbortSignal): Pick<Env, "sleep"> {
  return {
    async sleep(milliseconds) {
      try {
        await wait(milliseconds, undefined, { signal });
      } catch (error) {
        // Node wraps the reason in an AbortError; people want the reason.
        throw signal.aborted ? signal.reason : error;
      }
    },
  };
}

const chance: Pick<Env, "random" | "randomHex"> = {
  random: () => randomInt(RANDOM_STEPS) / RANDOM_STEPS,
  randomHex: (characters) =>
    randomBytes(Math.ceil(characters / 2))
      .toString("hex")
      .slice(0, characters),
};
