/** Secrets that another one has replaced: recorded with the end of their overlap, and removed after it. */

import type { RegisteredClient } from "../authorizationServers/contract.js";
import { removalsDue } from "./due.js";
import { mayLackSecret, type Recorded, type Retiring, type Wish } from "./record.js";
import type { Stage } from "./stage.js";

/** The secret in use, which `newKeyId` replaces, is from now on in its overlap. */
export function retireCurrent({ env }: Stage, { overlapMs }: Wish, before: Recorded | undefined, draft: Recorded, newKeyId: string): void {
  const removableFrom = new Date(env.now().getTime() + overlapMs).toISOString();
  // An earlier run may have died half-way: then a slot still holds one of the retiring secrets until it is entered.
  if (mayLackSecret(before)) draft.retiring = draft.retiring.map(({ keyId }) => ({ keyId, removableFrom }));
  const keyId = draft.secret?.keyId;
  if (keyId !== undefined) draft.retiring.push({ keyId, removableFrom });
  draft.retiring = draft.retiring.filter((one) => one.keyId !== newKeyId);
}

/**
 * Before another secret is added, because some servers keep two at most; not while a slot may still hold what is retiring: one that
 * is owed the current secret, or that a run meant to enter and nobody knows whether it did.
 */
export async function removeEndedEarly(stage: Stage, client: RegisteredClient, before: Recorded | undefined, draft: Recorded): Promise<void> {
  if (!mayLackSecret(before)) await removeRetired(stage, client, draft, removalsDue(draft.retiring, stage.env.now()));
}

/** Those that need not wait any longer: with an overlap of 0, none waits. */
export function overlapOver({ env }: Stage, { overlapMs }: Wish, { retiring }: Recorded): Retiring[] {
  return overlapMs === 0 ? retiring : removalsDue(retiring, env.now());
}

export async function removeRetired({ env, server }: Stage, client: RegisteredClient, draft: Recorded, which: readonly Retiring[]): Promise<void> {
  for (const { keyId } of which) {
    env.say.progress("removing the previous secret");
    const inItsPlace = await server.removeSecret(client, keyId);
    // Unrecorded, it would look as if a run that died had renewed it, and entered it.
    if (inItsPlace !== undefined && draft.secret !== undefined) draft.secret.idleDigest = inItsPlace;
    draft.retiring = draft.retiring.filter((retiring) => retiring.keyId !== keyId);
  }
}
