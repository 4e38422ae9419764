/** The kinds of faults that the matrix plays, each with the calls it is played at. */

import type { RecordedCall } from "../src/sandbox/calls.js";
import type { Fault } from "../src/sandbox/faults.js";
import type { World } from "../test/support/sandbox.js";

export interface Kind {
  name: string;
  /** Calls that change something, calls that read, or both. */
  at: "changes" | "reads" | "all";
  /** Reads meet each of these in its turn only, a few a call. */
  byTurns?: true;
  /** The process that calls dies. */
  kills?: true;
  fault: Omit<Fault, "counterpart" | "operation" | "call" | "pid">;
  /** From this call on the whole counterpart is like that, until the operation has failed. */
  lasting?: true;
}

export const KINDS: readonly Kind[] = [
  { name: "killBefore", at: "all", kills: true, fault: { fault: "killBefore" } },
  { name: "killAfter", at: "changes", kills: true, fault: { fault: "killAfter" } },
  { name: "answerLost", at: "all", byTurns: true, fault: { fault: "answerLost" } },
  { name: "reset", at: "all", byTurns: true, fault: { fault: "reset" } },
  { name: "bodyTruncated", at: "all", byTurns: true, fault: { fault: "bodyTruncated" } },
  { name: "hang", at: "all", byTurns: true, fault: { fault: "hang" } },
  { name: "hangAfterEffect", at: "changes", fault: { fault: "hang", effect: true } },
  { name: "throttled", at: "all", byTurns: true, fault: { fault: "throttled" } },
  { name: "throttledForNow", at: "all", byTurns: true, fault: { fault: "throttled", retryAfter: "0" } },
  { name: "throttledUntilADate", at: "all", byTurns: true, fault: { fault: "throttled", retryAfter: "Wed, 21 Oct 2015 07:28:00 GMT" } },
  { name: "throttledForADay", at: "all", byTurns: true, fault: { fault: "throttled", retryAfter: "86400" } },
  { name: "serverError", at: "all", byTurns: true, fault: { fault: "serverError", status: 500 } },
  { name: "serverErrorAfterEffect", at: "changes", fault: { fault: "serverError", status: 500, effect: true } },
  { name: "unauthorized", at: "all", fault: { fault: "unauthorized" } },
  { name: "forbidden", at: "all", fault: { fault: "forbidden" } },
  { name: "notFound", at: "all", fault: { fault: "notFound" } },
  { name: "conflict", at: "all", byTurns: true, fault: { fault: "conflict" } },
  { name: "html", at: "all", byTurns: true, fault: { fault: "html" } },
  { name: "brokenJson", at: "all", byTurns: true, fault: { fault: "brokenJson" } },
  { name: "brokenJsonAfterEffect", at: "changes", fault: { fault: "brokenJson", effect: true } },
  { name: "redirect", at: "all", byTurns: true, fault: { fault: "redirect", location: "http://127.0.0.1:1/" } },
  { name: "huge", at: "changes", fault: { fault: "huge" } },
  { name: "staleRead", at: "reads", fault: { fault: "staleRead" } },
  { name: "outage", at: "changes", lasting: true, fault: { fault: "serverError", times: "always" } },
];

/** Of the faults of a rotation that fails and is repeated: one that leaves nothing, one that leaves the effect, and the death of the process. */
export const OF_PAIRS: readonly string[] = ["killAfter", "forbidden", "hangAfterEffect"];

/** How late a server knows what it has just been told; met by an operation as a whole. */
export interface Lag {
  name: string;
  /** Only where new objects are made, not just a new secret. */
  ofObjects: boolean;
  /** Whether a call has met it. */
  met(call: RecordedCall): boolean;
  begin(world: World): Promise<void>;
  end(world: World): Promise<void>;
}

const entraLag = (name: string, met: Lag["met"], lag: Parameters<World["lag"]>[0]): Lag => ({
  name,
  ofObjects: (lag.replicationReads ?? 0) > 0,
  met,
  begin: (world) => world.lag(lag),
  end: (world) => world.lag({ replicationReads: 0, secretActivationAttempts: 0 }),
});

const refused: Lag["met"] = ({ operation, status = 0 }) => operation === "token" && status >= 400;
const unseen: Lag["met"] = ({ counterpart, changes, status }) => counterpart === "entra" && !changes && status === 404;

/** Only what a server is known to be late with. */
export const LAGS: Readonly<Partial<Record<string, readonly Lag[]>>> = {
  entra: [
    entraLag("lateActivation", refused, { secretActivationAttempts: 2 }),
    entraLag("activationTooLate", refused, { secretActivationAttempts: 1000 }),
    entraLag("lateReplication", unseen, { replicationReads: 2 }),
  ],
};
