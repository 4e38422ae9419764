/** Entering the client in its slots, all side by side, each with its way back where there is one. */

import type { Endpoints, IssuedSecret, RegisteredClient, Undoable } from "../authorizationServers/contract.js";
import { ConfigError, doing, OdeusError } from "../core/errors.js";
import type { Secret } from "../core/secret.js";
import { afterRevert, changeParts, differences, enter, partDifferences, readSlot, restoreParts, revert, type Slot, type SlotWish } from "../workspace/slot.js";
import type { Place } from "./places.js";
import type { FormerClient, Recorded } from "./record.js";
import { proveSecret } from "./secret.js";
import type { Stage } from "./stage.js";

/** What is written: the client whole, with its secret where it has one, or only the parts that differ. */
export type Entry =
  | { whole: false }
  | {
      whole: true;
      secret?: Secret;
      /** The old one has ended: entered at once, into slots that were looked at before, and proven second. */
      proveAfter?: true;
    };

export interface Entering {
  stage: Stage;
  /** When the slots of the places were read, in milliseconds. */
  seenAt: number;
  client: RegisteredClient;
  entry: Entry;
  /** The former client of this resource, which can be put back where a secret for it can be had. */
  former: FormerClient | undefined;
  /** A new secret for the former client that an undo had to issue. */
  onFormerSecret: (secret: IssuedSecret) => void;
  undoable: Undoable;
}

/** No write of the workspace's API takes a condition, so a look at a slot counts for so long, and what is older is looked at again. */
const FRESH_MS = 5_000;

export function slotWish(stage: Stage, client: RegisteredClient, place: Place): SlotWish {
  return {
    clientId: client.clientId,
    tenantId: place.slot.tenantIdSupported ? (stage.server.slotTenant(client) ?? place.tenantId) : undefined,
    scopes: place.use.scopes,
    endpoints: place.slot.custom === undefined ? undefined : stage.server.endpoints(client),
  };
}

/** Whether this slot can only be written together with the secret. */
export function needsSecret(client: RegisteredClient, { slot }: Pick<Place, "slot">, record: Recorded | undefined): boolean {
  if (slot.mode !== "CUSTOM" || slot.clientId !== client.clientId || (!slot.hasClientSecret && slot.clientSecretRequired)) return true;
  const entered = record?.slots[slot.integrationId]?.secretUpdatedAt;
  // Without a time of ours the current secret was never entered here; a later time is somebody else's hand.
  return entered === undefined || (slot.clientSecretUpdatedAt ?? "") > entered;
}

/** Writes all slots that need it. Answers the slots that were written, and the failures beside them. */
export async function enterPlaces(entering: Entering, places: readonly Place[]): Promise<{ written: Map<string, Slot>; failures: unknown[] }> {
  const written = new Map<string, Slot>();
  // Undone last, after every slot that was written has gone back.
  if (entering.former !== undefined && entering.entry.whole)
    entering.undoable({ what: "the other integrations of the former client have its new secret", run: () => catchUp(entering, places) });
  const results = await Promise.allSettled(
    places.map(async (place) => {
      const slot = await enterPlace(entering, place);
      if (slot !== undefined) written.set(slot.integrationId, slot);
    }),
  );
  return { written, failures: results.flatMap((result) => (result.status === "rejected" ? [result.reason] : [])) };
}

async function enterPlace(entering: Entering, place: Place): Promise<Slot | undefined> {
  const { stage, client, entry, undoable } = entering;
  const { integration } = place;
  const wish = slotWish(stage, client, place);
  const slot = entry.whole && entry.proveAfter ? place.slot : await slotNow(entering, place);
  if (entry.whole) {
    const undo = wayBack(entering, { ...place, slot });
    if (undo !== undefined) undoable(undo);
    return doing(`entering the client in ${integration.written}`, () => enter(stage.odeus, slot, wish, entry.secret));
  }
  if (partDifferences(slot, wish).length === 0) return undefined;
  undoable({ what: `${integration.written} has its former settings`, run: () => restoreParts(stage.odeus, slot) });
  return doing(`changing the client settings of ${integration.written}`, () => changeParts(stage.odeus, slot, wish));
}

/** The places with their slots as they are by now, where they were looked at long ago. */
export function placesNow(seen: Pick<Entering, "stage" | "seenAt">, places: readonly Place[]): Promise<Place[]> {
  return Promise.all(places.map(async (place) => ({ ...place, slot: await slotNow(seen, place) })));
}

/** Waiting for a secret takes minutes at times, in which a person or another stack may have entered a client of theirs. */
async function slotNow({ stage, seenAt }: Pick<Entering, "stage" | "seenAt">, { slot, integration }: Place): Promise<Slot> {
  if (stage.env.now().getTime() - seenAt <= FRESH_MS) return slot;
  const now = await readAgain(stage, slot);
  if (now.mode === slot.mode && now.clientId === slot.clientId) return now;
  const holds = now.clientId === null ? "no client of its own" : `client ${now.clientId}`;
  throw new ConfigError(`${integration.written} holds ${holds} by now: somebody else has changed it since this run began, and it is left alone. Run again.`);
}

/** How this slot gets back what it held. None where it held the same client: its former secret is kept nowhere. */
function wayBack(entering: Entering, { slot, integration }: Place): { what: string; run: () => Promise<void> } | undefined {
  const { stage, client, former } = entering;
  if (slot.mode !== "CUSTOM") {
    return {
      what: `${integration.written} ${afterRevert(slot)}`,
      run: async () => {
        // Without its client, a custom integration keeps the endpoints and scopes that were entered with it.
        const written = (await revert(stage.odeus, slot.integrationId, client.clientId)) === "reverted";
        if (written && slot.custom !== undefined) await restoreParts(stage.odeus, slot);
      },
    };
  }
  if (slot.clientId === client.clientId) return undefined;
  if (former !== undefined && slot.clientId === former.clientId) {
    return { what: `${integration.written} holds the former client again`, run: () => putBack(entering, slot, former) };
  }
  return {
    what: `${integration.written} gets back client ${slot.clientId}`,
    run: async () => {
      if ((await readSlot(stage.odeus, integration.written, slot.integrationId, false)).clientId === slot.clientId) return;
      throw new OdeusError(`the secret of client ${slot.clientId} is known to nobody here, so it cannot be put back`);
    },
  };
}

/** Where a custom integration sends its users, as it was read. */
function endpointsIn({ custom }: Slot): Endpoints | undefined {
  const { authUrl, tokenUrl } = custom?.oauthClient ?? {};
  return authUrl === undefined || tokenUrl === undefined ? undefined : { authorizationUrl: authUrl, tokenUrl };
}

/** One secret for the former client, for all slots that go back. */
const formerSecrets = new WeakMap<Entering, Promise<Secret>>();

const readAgain = (stage: Stage, slot: Slot): Promise<Slot> => readSlot(stage.odeus, slot.integrationId, slot.integrationId, slot.custom !== undefined);

/** Where the server has one secret at a time, a new one for the former client has ended what the slots hold that were never written. */
async function catchUp(entering: Entering, places: readonly Place[]): Promise<unknown> {
  const { stage, former } = entering;
  const secret = formerSecrets.get(entering);
  if (former === undefined || secret === undefined || stage.formerSecret !== undefined || stage.serverOf(former).secrets !== "one") return "nothing";
  const theirs = places.filter(({ slot }) => slot.mode === "CUSTOM" && slot.clientId === former.clientId);
  return Promise.all(
    theirs.map(async ({ slot }) => {
      const now = await readAgain(stage, slot);
      return now.clientId === former.clientId ? enterFormer(stage, slot, now, former, await secret) : undefined;
    }),
  );
}

function enterFormer(stage: Stage, slot: Slot, now: Slot, former: FormerClient, secret: Secret): Promise<Slot> {
  const { clientId } = former;
  const scopes = slot.scopeSync ? undefined : slot.scopes;
  return enter(stage.odeus, now, { clientId, tenantId: slot.tenantId ?? undefined, scopes, endpoints: endpointsIn(slot) }, secret);
}

async function putBack(entering: Entering, slot: Slot, former: FormerClient): Promise<void> {
  const { stage, onFormerSecret } = entering;
  const server = stage.serverOf(former);
  const now = await readAgain(stage, slot);
  if (now.clientId === former.clientId) return;
  if (now.mode === "CUSTOM" && now.clientId !== entering.client.clientId)
    throw new OdeusError(`somebody has entered client ${now.clientId} there meanwhile, which stays`);
  const secret = formerSecrets.get(entering) ?? secretForFormer();
  formerSecrets.set(entering, secret);
  await enterFormer(stage, slot, now, former, await secret);

  async function secretForFormer(): Promise<Secret> {
    if (stage.formerSecret !== undefined) return stage.formerSecret;
    if (server.secrets === "given") throw new OdeusError("no secret for the former client can be had");
    const issued = await server.addSecret(former, stage.mark, { keyIds: [] }, () => undefined);
    onFormerSecret(issued);
    await proveSecret(server, former, issued.value, { redirectUrls: [], scopes: [], builtIn: [] }, stage.env, stage.verifyMs);
    return issued.value;
  }
}

/** Reads every slot back. What the workspace holds counts, not what it answered. `written`: the slots that got a secret, as it told them. */
export async function readBack(
  stage: Stage,
  client: RegisteredClient,
  places: readonly Place[],
  written: ReadonlyMap<string, Slot>,
): Promise<Map<string, Slot>> {
  const slots = await Promise.all(
    places.map(async (place) => {
      const look = (): Promise<Slot> => readSlot(stage.odeus, place.integration.written, place.integration.id, place.integration.custom);
      const first = await look();
      // Where the write told no time, an answer from before it would make our own secret look like one entered by hand.
      const early =
        written.get(first.integrationId)?.clientSecretUpdatedAt === null && (first.clientSecretUpdatedAt ?? "") <= (place.slot.clientSecretUpdatedAt ?? "");
      const slot = early ? await look() : first;
      const wrong = differences(slot, slotWish(stage, client, place));
      if (wrong.length > 0)
        throw new OdeusError(
          `reading back ${place.integration.written}: it took the client and now ${wrong.join(", ")}. Somebody else may be changing it; run again.`,
        );
      return slot;
    }),
  );
  return new Map(slots.map((slot) => [slot.integrationId, slot]));
}
