/** Which secret a run enters: a new one, the one that the server shows, or none. What was issued stands in the draft at once. */

import type { IssuedSecret, RegisteredClient, Undoable } from "../authorizationServers/contract.js";
import { isRemote, mayHaveHappened } from "../core/errors.js";
import type { Secret } from "../core/secret.js";
import { minus } from "../core/sets.js";
import { readSlot } from "../workspace/slot.js";
import type { Place } from "./places.js";
import { knownSecrets, PLANNED, type Recorded, type SlotRecord, type Wish } from "./record.js";
import { overlapOver, removeEndedEarly, removeRetired, retireCurrent } from "./retire.js";
import type { Stage } from "./stage.js";

export interface Issuing {
  stage: Stage;
  wish: Wish;
  before: Recorded | undefined;
  /** What would be recorded if the run ended now. */
  draft: Recorded;
  places: readonly Place[];
  client: RegisteredClient;
  /** A slot can only be written together with the secret. */
  needed: boolean;
  /** Called before a secret is set in place of the only one: what may still refuse the run does so while the old one works. */
  beforeReplacing: () => Promise<void>;
  /** Called when a secret is about to be set in place of the only one, and with false where that was refused. */
  onReplacing: (replacing: boolean) => void;
  undoable: Undoable;
}

/** Undefined where nothing asks for a secret. */
export async function secretToEnter(issuing: Issuing): Promise<Secret | undefined> {
  const { stage, wish, before, draft, client, needed } = issuing;
  const { server, mark } = stage;
  if (server.secrets === "two") return shownOrRefreshed(issuing);
  if (server.secrets === "one") return needed || wish.renewSecret ? replaced(issuing) : undefined;
  const current = draft.secret?.keyId;
  let marked = await server.markedSecrets(client, mark, knownSecrets(draft));
  // A replica that lags may not show it; taken for lost, the secret that users sign in with would be forgotten.
  if (current !== undefined && !marked.includes(current)) marked = await server.markedSecrets(client, mark, knownSecrets(draft));
  const lost = current !== undefined && !marked.includes(current);
  const issues = needed || wish.renewSecret || lost;
  // Also where the program has taken back what a run that died had issued one for.
  await dropStrays(issuing, marked, issues);
  if (!issues) return undefined;
  await removeEndedEarly(stage, client, before, draft);
  return added(issuing, marked, lost);
}

/** Servers with two secrets that can be read again: only a renewal changes anything there. */
async function shownOrRefreshed(issuing: Issuing): Promise<Secret | undefined> {
  const { stage, wish, draft, client, needed, undoable } = issuing;
  const { server, mark, env } = stage;
  const known = knownSecrets(draft);
  const renewing = wish.renewSecret && draft.secret !== undefined;
  // A value that somebody renewed by hand shows only by reading it.
  const shown = renewing ? undefined : await server.readSecret?.(client, known);
  if (shown !== undefined) {
    const asRecorded = shown.digest !== undefined && shown.digest === draft.secret?.digest;
    if (wish.exportSecret) draft.value = shown.value;
    if (asRecorded && !needed) return undefined;
    keep(issuing, asRecorded && draft.secret !== undefined ? { ...shown, createdAt: draft.secret.createdAt } : shown);
    return shown.value;
  }
  env.say.progress("renewing the idle client secret");
  const issued = await server.addSecret(client, mark, { ...known, idleMayBeInUse: await writtenSince(issuing) }, undoable);
  retireCurrent(stage, wish, issuing.before, draft, issued.keyId);
  keep(issuing, issued);
  return issued.value;
}

/** Whether a slot was written after what the record knows of it: by a run that died, or by hand. */
async function writtenSince({ stage, before, draft, places, client }: Issuing): Promise<boolean> {
  // Slots that are declared no more are given back at the end, so until then they count.
  const leaving = Object.entries(draft.slots).filter(([id]) => places.every(({ integration }) => integration.id !== id));
  const left = await Promise.all(leaving.map(([id, { written }]) => readSlot(stage.odeus, written, id, false).catch(denied)));
  return [...places.map(({ slot }) => slot), ...left].some(
    (slot) =>
      slot === "denied" ||
      (slot.clientId === client.clientId && (slot.clientSecretUpdatedAt ?? "") > (before?.slots[slot.integrationId]?.secretUpdatedAt ?? "")),
  );
}

/** One answer that there is no such slot is no proof of it. */
function denied(error: unknown): "denied" {
  if (isRemote(error, 404)) return "denied";
  throw error;
}

/** One secret at a time: the old one ends with the call, so the slots get the new one before anything else happens. */
async function replaced(issuing: Issuing): Promise<Secret> {
  const { stage, draft, client, undoable } = issuing;
  const { server, mark, env } = stage;
  await issuing.beforeReplacing();
  env.say.progress("setting a client secret");
  issuing.onReplacing(true);
  try {
    const issued = await server.addSecret(client, mark, knownSecrets(draft), undoable);
    keep(issuing, issued);
    return issued.value;
  } catch (error) {
    // Nobody knows the value that may stand there now, so the next run owes another one.
    if (mayHaveHappened(error)) owe(draft);
    else issuing.onReplacing(false);
    throw error;
  }
}

async function added(issuing: Issuing, marked: string[], lost: boolean): Promise<Secret> {
  const { stage, wish, draft, client, undoable } = issuing;
  const { server, mark, env } = stage;
  env.say.progress("issuing a client secret");
  const known = knownSecrets(draft);
  const issue = () => server.addSecret(client, mark, { ...known, keyIds: [...known.keyIds, ...minus(marked, known.keyIds)] }, undoable);
  const issued = await issue().catch(async (error: unknown) => {
    // Kept while a slot might hold one of them; but with none ended, no run could ever add another.
    const over = overlapOver(stage, wish, draft);
    if (server.isFull?.(error) !== true || over.length === 0) throw error;
    env.say.warning(
      `${server.title} takes no further secret, so one whose overlap is over is ended first: an integration that still holds it works again once the new one is entered.`,
    );
    await removeRetired(stage, client, draft, over);
    return issue();
  });
  if (lost) delete draft.secret;
  retireCurrent(stage, wish, issuing.before, draft, issued.keyId);
  keep(issuing, issued);
  return issued.value;
}

function keep({ wish, draft }: Issuing, { keyId, createdAt, expiresAt, digest, idleDigest, value }: IssuedSecret): void {
  draft.secret = {
    keyId,
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(digest === undefined ? {} : { digest }),
    ...(idleDigest === undefined ? {} : { idleDigest }),
  };
  owe(draft);
  if (wish.exportSecret) draft.value = value;
  else delete draft.value;
}

/** Recorded like this, a run that ends here tells the next one that no slot holds the current secret. */
function owe(draft: Recorded): void {
  const owing = ({ secretUpdatedAt, ...slot }: SlotRecord): SlotRecord => (secretUpdatedAt === PLANNED ? { ...slot, secretUpdatedAt } : slot);
  draft.slots = Object.fromEntries(Object.entries(draft.slots).map(([id, slot]) => [id, owing(slot)]));
}

/** Secrets with our mark that no record knows: an earlier run died with them. */
async function dropStrays(issuing: Issuing, marked: string[], issues: boolean): Promise<void> {
  const { stage, wish, draft, client } = issuing;
  const strays = minus(marked, knownSecrets(draft).keyIds);
  if (strays.length === 0) return;
  // One of them may be what a slot holds; then it goes only after a new one is entered, and its overlap.
  const inUse = await writtenSince(issuing);
  if (inUse && !issues) return;
  for (const keyId of strays) {
    if (inUse) draft.retiring.push({ keyId, removableFrom: new Date(stage.env.now().getTime() + wish.overlapMs).toISOString() });
    else await stage.server.removeSecret(client, keyId);
  }
}
