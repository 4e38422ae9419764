/** Which secret a run enters: a new one, the one that the server shows, or none. What was issued stands in the draft at once. */

import type { IssuedSecret, RegisteredClient, Undoable } from "../authorizationServers/contract.js";
import { mayHaveHappened } from "../core/errors.js";
import type { Secret } from "../core/secret.js";
import { minus } from "../core/sets.js";
import type { Place } from "./places.js";
import { knownSecrets, PLANNED, type Recorded, type SlotRecord, type Wish } from "./record.js";
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
  /** Called before a secret is set in place of the only one, and with false where that was refused. */
  onReplacing: (replacing: boolean) => void;
  undoable: Undoable;
}

/** Undefined where nothing asks for a secret. */
export async function secretToEnter(issuing: Issuing): Promise<Secret | undefined> {
  const { stage, wish, draft, client, needed } = issuing;
  const { server, mark } = stage;
  if (server.secrets === "two") return shownOrRefreshed(issuing);
  if (server.secrets === "one") return needed || wish.renewSecret ? replaced(issuing) : undefined;
  const current = draft.secret?.keyId;
  let marked = await server.markedSecrets(client, mark, knownSecrets(draft));
  // A replica that lags may not show it; taken for lost, the secret that users sign in with would be forgotten.
  if (current !== undefined && !marked.includes(current)) marked = await server.markedSecrets(client, mark, knownSecrets(draft));
  const lost = current !== undefined && !marked.includes(current);
  if (!needed && !wish.renewSecret && !lost) return undefined;
  await dropStrays(issuing, marked);
  return added(issuing, marked, lost);
}

/** Servers with two secrets that can be read again: only a renewal changes anything there. */
async function shownOrRefreshed(issuing: Issuing): Promise<Secret | undefined> {
  const { stage, wish, draft, client, needed, undoable } = issuing;
  const { server, mark, env } = stage;
  const known = knownSecrets(draft);
  const renewing = wish.renewSecret && draft.secret !== undefined && !renewedAlready(issuing);
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
  const issued = await server.addSecret(client, mark, { ...known, idleMayBeInUse: writtenSince(issuing) }, undoable);
  retire(issuing, issued.keyId);
  keep(issuing, issued);
  return issued.value;
}

/** A run that failed has renewed, and a slot may still hold the other secret, which must not end before this one is entered. */
function renewedAlready({ before, places }: Issuing): boolean {
  if (before === undefined || before.unfinished.length === 0) return false;
  return places.some(({ integration }) => {
    const slot = before.slots[integration.id];
    return slot !== undefined && slot.secretUpdatedAt === undefined;
  });
}

/** Whether a slot was written after what the record knows of it: by a run that died, or by hand. */
function writtenSince({ before, places, client }: Issuing): boolean {
  return places.some(
    ({ slot }) => slot.clientId === client.clientId && (slot.clientSecretUpdatedAt ?? "") > (before?.slots[slot.integrationId]?.secretUpdatedAt ?? ""),
  );
}

/** One secret at a time: the old one ends with the call, so the slots get the new one before anything else happens. */
async function replaced(issuing: Issuing): Promise<Secret> {
  const { stage, draft, client, undoable } = issuing;
  const { server, mark, env } = stage;
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
  const { stage, draft, client, undoable } = issuing;
  const { server, mark, env } = stage;
  env.say.progress("issuing a client secret");
  const known = knownSecrets(draft);
  const issued = await server.addSecret(client, mark, { ...known, keyIds: [...known.keyIds, ...minus(marked, known.keyIds)] }, undoable);
  if (lost) delete draft.secret;
  retire(issuing, issued.keyId);
  keep(issuing, issued);
  return issued.value;
}

/** The secret before, from now on in its overlap. */
function retire({ stage, wish, draft }: Issuing, newKeyId: string): void {
  const removableFrom = new Date(stage.env.now().getTime() + wish.overlapMs).toISOString();
  // An earlier run may have died half-way: then a slot still holds one of the retiring secrets until it is entered.
  const owed = Object.values(draft.slots).some(({ secretUpdatedAt }) => secretUpdatedAt === undefined);
  if (owed) draft.retiring = draft.retiring.map(({ keyId }) => ({ keyId, removableFrom }));
  const keyId = draft.secret?.keyId;
  if (keyId !== undefined) draft.retiring.push({ keyId, removableFrom });
  draft.retiring = draft.retiring.filter((one) => one.keyId !== newKeyId);
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
async function dropStrays(issuing: Issuing, marked: string[]): Promise<void> {
  const { stage, wish, draft, client } = issuing;
  // One of them may be what a slot holds; then it goes only after the new one is entered, and its overlap.
  const inUse = writtenSince(issuing);
  for (const keyId of minus(marked, knownSecrets(draft).keyIds)) {
    if (inUse) draft.retiring.push({ keyId, removableFrom: new Date(stage.env.now().getTime() + wish.overlapMs).toISOString() });
    else await stage.server.removeSecret(client, keyId);
  }
}
