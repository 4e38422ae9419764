/** Whether a case was the one that it was meant to be: a fault that no call met proves nothing. */

import type { RecordedCall } from "../src/sandbox/calls.js";
import type { Command, Evidence } from "./evidence.js";

/** What the first fault, or what the server is late with, has not met: the case is to be played again. */
export function unmet({ attempts: [first], played: { faults, lag } }: Evidence): string[] {
  const why = first?.outcome.failure?.message.replace(/\s+/g, " ").slice(0, 300) ?? "it succeeded";
  if (faults.length > 0 && struck(first) === 0) return [`the planned fault met no call: ${why}`];
  return faults.length === 0 && lag !== undefined && first?.calls.every((call) => !lag.met(call)) ? [`nothing was late: ${why}`] : [];
}

/** Of a pair, the second fault may find that there is nothing left to do: then it is no case of two faults. */
export function secondUnmet({ attempts: [first, second], played }: Evidence): boolean {
  if (played.second !== undefined) return struck(second) === 0;
  return struck(first) < played.faults.length;
}

/** How many different calls met a fault. */
function struck(command: Command | undefined): number {
  const met = ({ fault }: RecordedCall): boolean => fault !== undefined;
  return command?.calls.filter(met).length ?? 0;
}
