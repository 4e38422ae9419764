/** Giving back the slots that are no longer declared, except those that another resource is about to take over. */

import type { RegisteredClient } from "../authorizationServers/contract.js";
import { doing } from "../core/errors.js";
import { revert } from "../workspace/slot.js";
import type { Place } from "./places.js";
import { namesOf, type Recorded } from "./record.js";
import type { Stage } from "./stage.js";

export interface Leaving {
  stage: Stage;
  draft: Recorded;
  /** What is declared now. */
  places: readonly Place[];
  client: RegisteredClient;
  /** Client ids that are this resource's own, earlier ones too. */
  own: readonly string[];
}

export interface Kept {
  /** Redirect URLs that the client still needs. */
  redirectUrls: string[];
  /** Clients that a slot still holds. */
  clientIds: string[];
}

export async function leaveSlots({ stage, draft, places, client, own }: Leaving): Promise<Kept> {
  const declaredIds = new Set(places.map(({ integration }) => integration.id));
  const kept: Kept = { redirectUrls: [], clientIds: [] };
  for (const [id, slot] of Object.entries(draft.slots).filter(([slotId]) => !declaredIds.has(slotId))) {
    const claimant = stage.claims.claimedByOther(stage.urn, namesOf(id, slot));
    if (claimant === undefined) {
      const result = await doing(`giving back ${slot.written}`, () => revertOwn(stage, id, own));
      if (result === "held by another") stage.env.say.info(`${slot.written} holds another client by now and is left alone.`);
    } else {
      const { clientId } = await stage.odeus.getOAuthClient(id);
      if (clientId !== null && own.includes(clientId)) {
        // The other resource has not taken it over yet; until it has, users of this slot sign in with this client.
        kept.clientIds.push(clientId);
        if (clientId === client.clientId) kept.redirectUrls.push(slot.redirectUrl);
        const left = clientId === client.clientId ? "takes its redirect URL away" : "takes that client away";
        draft.unfinished.push(`${slot.written} still held this client when it moved to ${claimant.split("::").pop()}; the next up ${left}`);
        continue;
      }
    }
    delete draft.slots[id];
  }
  return kept;
}

/** Whichever of these clients the slot holds: a move that ended half-way may have left an earlier one there. */
export async function revertOwn(stage: Stage, id: string, own: readonly string[]): Promise<Awaited<ReturnType<typeof revert>>> {
  for (const clientId of own) {
    const result = await revert(stage.odeus, id, clientId);
    if (result !== "held by another") return result;
  }
  return "held by another";
}
