/** What every resource with a client does alike: a rollout that left something is recorded, and a plan says what it will change. */

import { type Properties, UNKNOWN } from "../core/value.js";
import { PartialRollout, type Recorded } from "../rollout/record.js";
import { PartialFailure } from "./resource.js";

/** Runs a rollout; what a failed one left becomes the state that the engine keeps. */
export async function recording(
  id: (recorded: Recorded) => string,
  state: (recorded: Recorded) => Properties,
  work: () => Promise<Recorded>,
): Promise<Recorded> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PartialRollout) throw new PartialFailure(id(error.recorded), state(error.recorded), error.reasons);
    throw error;
  }
}

/**
 * The engine keeps the old inputs of an update that failed. What it wrote and could not take back counts as declared before, or it would
 * stay for ever once the program no longer names it.
 */
export function withAttempted(left: Recorded, before: Recorded, settings: object): Recorded {
  if (left.client === undefined || left.client.clientId !== before.client?.clientId || Object.keys(settings).length === 0) return left;
  return { ...left, attempted: { ...before.attempted, ...settings } };
}

/**
 * The policy that has been carried out, beside the old inputs that the engine keeps of an update that failed: once a secret has been
 * issued, what is left to do stands in the record, and the same trigger must not ask for another one.
 */
export function withRotation(old: Properties, inputs: Properties, before: Recorded, left: Recorded): Properties {
  if (left.secret === undefined || (left.secret.keyId === before.secret?.keyId && left.secret.createdAt === before.secret?.createdAt)) return old;
  const { rotation: _former, ...rest } = old;
  return { ...rest, ...(inputs["rotation"] === undefined ? {} : { rotation: inputs["rotation"] }) };
}

/** What changes with every rollout is not known before it. */
export function whatChanges(known: Properties): Properties {
  return {
    ...known,
    ...("verification" in known
      ? { verification: UNKNOWN, drift: UNKNOWN, rollout: UNKNOWN, retiring: UNKNOWN, secretCreatedAt: UNKNOWN, secretExpiresAt: UNKNOWN }
      : {}),
    // An update may issue a new one, and what depends on the old value would be missing from the plan.
    ...("clientSecret" in known ? { clientSecret: UNKNOWN } : {}),
  };
}
