/** A rollout that failed: undone, carried forward, or recorded as it stands; and the sentence that says which. */

import type { IssuedSecret, RegisteredClient } from "../authorizationServers/contract.js";
import type { Env } from "../core/env.js";
import { messageOf, OdeusError } from "../core/errors.js";
import { PartialRollout, type Recorded } from "./record.js";
import type { UndoLog } from "./undo.js";

export interface Progress {
  before: Recorded | undefined;
  /** What would be recorded if the run ended now. */
  draft: Recorded;
  /** A new client that is not yet whole: recorded only where it cannot be taken back and nothing else is known of it. */
  registered?: RegisteredClient;
  /** A slot of this very client may hold the new secret: its former one is kept nowhere, so the way is forward. */
  forward: boolean;
  /** The secret is the program's: slots that this run has not brought it to. The one before it is nobody's here to keep, and may have ended. */
  given?: {
    lacking: string[];
    /** Those of them that hold this client with what was entered before. */
    outdated: string[];
  };
  /** The server has one secret at a time, and the one that users signed in with may be gone. */
  replacing?: boolean;
  /** Every slot has been written and read back. */
  entered?: boolean;
  /** A secret that had to be issued for the former client, to put it back. */
  formerSecret?: IssuedSecret;
}

const GOES_ON = "What is left is recorded; the next up goes on from there.";

/** The error to throw in place of `error`. */
export async function settle(error: unknown, progress: Progress, undo: UndoLog, env: Env, uses: string[]): Promise<unknown> {
  const { before, draft } = progress;
  // A fault of this program is undone like any other: what it has made must not stay behind.
  const reason = error instanceof OdeusError ? messageOf(error) : `a fault of this provider, please report it: ${messageOf(error)}`;

  if (env.signal.aborted) {
    if (draft.client === undefined) return error;
    return partial(
      draft,
      [`${reason}. What exists is recorded (client ${draft.client.clientId}); the next up finishes.`],
      "stopped before it was finished; the next up finishes",
    );
  }
  if (progress.entered) {
    return partial(
      draft,
      [reason, "The client works in every declared integration; what is left to take away is recorded, and the next up takes it away."],
      `not everything was taken away: ${reason}`,
    );
  }
  if (progress.forward && progress.given !== undefined) {
    const { lacking, outdated } = progress.given;
    return partial(
      draft,
      [
        reason,
        outdated.length === 0
          ? GOES_ON
          : `${outdated.join(", ")} may still hold the secret entered before; if it has ended at the server, users there cannot sign in. Run again now.`,
      ],
      lacking.length === 0 ? `left half done: ${reason}` : `the program's secret is not yet in ${lacking.join(", ")}`,
    );
  }
  if (progress.forward) {
    const owing = Object.values(draft.slots)
      .filter((slot) => slot.secretUpdatedAt === undefined && uses.includes(slot.written))
      .map(({ written }) => written);
    return partial(
      draft,
      [
        reason,
        progress.replacing
          ? `The server has one secret at a time, and the former one may have ended: until the next up sets and enters another one, users of ${owing.join(", ") || uses.join(", ")} may be unable to sign in, and so may whoever else uses client ${draft.client?.clientId}. Run again now.`
          : `The previous secret stays valid, so ${owing.length === 0 ? "every integration" : owing.join(", ")} keeps working. The next up enters a secret everywhere and removes the others.`,
      ],
      `a new secret is owed to ${owing.length === 0 ? "no slot, but the run did not end well" : owing.join(", ")}`,
    );
  }

  env.say.progress("undoing");
  const { undone, left } = await undo.rollBack();
  const told = undone.length === 0 ? (left.length === 0 ? "Nothing was changed." : "Nothing could be undone.") : `Undone: ${undone.join("; ")}.`;
  if (left.length === 0) {
    if (progress.formerSecret !== undefined && before !== undefined)
      return partial(
        withFormerSecret(before, progress.formerSecret),
        [reason, told],
        progress.formerSecret.keyId === before.secret?.keyId
          ? "the former client got a new secret in place of its only one when a change was undone"
          : "the former client got a new secret when a change was undone; the one before it is removed after its overlap",
      );
    return new OdeusError(`${reason}\n  ${told}${undone.length === 0 ? "" : " Nothing is left behind."}`);
  }
  // Without a new client the former one is still this resource's; what is left of the new one is found by its mark.
  const recorded = draft.client !== undefined ? draft : (before ?? (progress.registered && { ...draft, client: progress.registered }));
  if (recorded === undefined) return new OdeusError([reason, told, ...left].join("\n  "));
  return partial(recorded, [reason, told, ...left, GOES_ON], `left half done: ${left[0] ?? reason}`);
}

function partial(recorded: Recorded, reasons: string[], unfinished: string): PartialRollout {
  return new PartialRollout({ ...recorded, unfinished: [...recorded.unfinished, unfinished.replace(/\s*\n\s*/g, " ")] }, reasons);
}

/** The former client with the secret it was put back with; its earlier one is retired at once. */
function withFormerSecret(before: Recorded, issued: IssuedSecret): Recorded {
  return {
    ...before,
    slots: Object.fromEntries(Object.entries(before.slots).map(([id, { secretUpdatedAt: _earlier, ...slot }]) => [id, slot])),
    retiring: [
      ...before.retiring,
      ...(before.secret?.keyId === undefined || before.secret.keyId === issued.keyId ? [] : [{ keyId: before.secret.keyId, removableFrom: issued.createdAt }]),
    ],
    secret: { keyId: issued.keyId, createdAt: issued.createdAt, ...(issued.expiresAt === undefined ? {} : { expiresAt: issued.expiresAt }) },
  };
}
