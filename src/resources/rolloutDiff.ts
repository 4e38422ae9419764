/** What a recorded rollout asks for by itself, whatever the program says: overlaps that are over, and what is not as declared. */

import type { Properties } from "../core/value.js";
import { type RotationPolicy, removalsDue } from "../rollout/due.js";
import type { Recorded } from "../rollout/record.js";
import { at } from "./differences.js";
import type { Diff } from "./resource.js";

export function dueByItself(recorded: Recorded, now: Date): Diff {
  const found: Diff = { differences: [], announcements: [] };
  const removable = removalsDue(recorded.retiring, now);
  if (removable.length > 0) {
    found.differences.push({ path: "retiring", kind: "update", input: false });
    found.announcements.push(
      `the overlap is over: ${removable.length === 1 ? "the previous client secret is" : `${removable.length} previous client secrets are`} removed`,
    );
  }
  const wrong = [...recorded.unfinished, ...recorded.drift];
  if (wrong.length > 0) {
    found.differences.push({ path: "drift", kind: "update", input: false });
    found.announcements.push(...wrong.map((sentence) => `not as declared, and mended by this update: ${sentence}`));
  }
  return found;
}

export function overlapHours(inputs: Properties): number {
  const hours = at(inputs, "rotation", "overlapHours");
  return typeof hours === "number" ? hours : 1;
}

/** The policy with its defaults. `byDefault`: days before the end, where the program names none. */
export function rotationPolicy(inputs: Properties, byDefault: number): RotationPolicy & { overlapMs: number } {
  const window = at(inputs, "rotation", "renewBeforeExpiryDays");
  const everyDays = at(inputs, "rotation", "everyDays");
  return {
    everyDays: typeof everyDays === "number" ? everyDays : undefined,
    renewBeforeExpiryDays: typeof window === "number" ? window : byDefault,
    overlapMs: overlapHours(inputs) * 3_600_000,
  };
}
