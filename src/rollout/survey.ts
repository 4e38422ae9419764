/** Everything that reads can tell before anything is made: the slots, whose they are, the client of an earlier run, names and rights. */

import type { ClientWish, RegisteredClient } from "../authorizationServers/contract.js";
import { ConfigError } from "../core/errors.js";
import { nameOfMark } from "../core/mark.js";
import { slotsHolding } from "../workspace/integrations.js";
import { needsSecret } from "./enter.js";
import { claimPlaces, clientWish, lookUp, type Place, requireEnterable } from "./places.js";
import type { Recorded, SlotRecord, Wish } from "./record.js";
import type { Stage } from "./stage.js";

export interface Survey {
  places: Place[];
  wished: ClientWish;
  /** Our own client of an earlier run that left no state, or the one to adopt. */
  found: RegisteredClient | undefined;
  /** The client, where the program names it. */
  declared: RegisteredClient | undefined;
  /** Client ids that are this resource's own. */
  own: string[];
  /** Slots in no declaration and no state that hold our own client of an earlier run, which died after it had entered it there. */
  orphans: Record<string, SlotRecord>;
}

/** Fails with everything that would make the rollout fail, as far as reads can tell. */
export async function survey(stage: Stage, wish: Wish, before: Recorded | undefined): Promise<Survey> {
  const { server, mark } = stage;
  const looking = wish.uses.length === 0 ? Promise.resolve([]) : lookUp(stage.odeus, wish, Object.keys(before?.slots ?? {}));
  const held = async (): Promise<string[]> => (await looking).flatMap(({ slot }) => (slot.mode === "CUSTOM" ? (slot.clientId ?? []) : []));
  const [places, found] = await Promise.all([looking, stage.continues ? undefined : theFound(stage, wish, held)]);
  claimPlaces(stage.claims, stage.urn, places);
  const wished = clientWish(places, wish);
  // A client that the program names needs no registration: this only says which one it is.
  const declared = server.secrets === "given" ? await server.register(mark, wished, () => undefined) : undefined;
  const own = [before?.client, ...(before?.replaced ?? []), found, declared].flatMap((client) => client?.clientId ?? []);
  const [prepared, , orphans] = await Promise.all([
    server.prepare(wished),
    requireEnterable(server, mark, places, wish, own, stage.givenTenant),
    found === undefined || wish.adoptClientId !== undefined || places.length === 0
      ? {}
      : orphansOf(stage, found, [...ids(places), ...Object.keys(before?.slots ?? {})]),
  ]);
  for (const warning of prepared.warnings) stage.env.say.warning(warning);
  for (const { use, slot } of places)
    if (slot.clientId !== null && wish.replaceClientIds.includes(slot.clientId) && !own.includes(slot.clientId))
      stage.env.say.warning(`${use.written}: client ${slot.clientId} is pushed out, as replaceClientIds asks; it cannot be put back.`);
  if (server.secrets === "one" && endsTheOnlySecret(places, stage.continues ? before : undefined, found, wish))
    stage.env.say.warning(
      `${server.title} gets a new client secret in place of its only one, which nobody can read: sign-ins fail in the moment until it is entered.`,
    );
  return { places, wished, found, declared, own, orphans };
}

/** Whether a secret in use ends for a reason that only the slots show; what program and state show, the diff has told. */
function endsTheOnlySecret(places: readonly Place[], before: Recorded | undefined, found: RegisteredClient | undefined, wish: Wish): boolean {
  const client = before?.client ?? found;
  if (client === undefined) return false;
  if (before === undefined) return wish.adoptClientId === undefined && places.some(({ slot }) => slot.clientId === client.clientId);
  const told = wish.renewSecret || before.replacesSecret === true || places.some(({ integration }) => !before.slots[integration.id]?.secretUpdatedAt);
  return !told && places.some((place) => needsSecret(client, place, before));
}

const ids = (places: readonly Place[]): string[] => places.map(({ integration }) => integration.id);

async function orphansOf({ odeus }: Stage, { clientId }: RegisteredClient, known: readonly string[]): Promise<Record<string, SlotRecord>> {
  const others = (await slotsHolding(odeus, clientId)).holding.filter(({ slot }) => !known.includes(slot.integrationId));
  return Object.fromEntries(
    others.map(({ slug, slot: { integrationId, redirectUrl, scopes, scopeSync, custom } }) => [
      integrationId,
      { written: slug, slug, redirectUrl, scopes, scopeSync, custom: custom !== undefined },
    ]),
  );
}

/** What to go on from where no state leads to a client: the one that the program names for adoption, else our own of an earlier run. */
async function theFound({ server, mark, env }: Stage, { adoptClientId }: Wish, held: () => Promise<string[]>): Promise<RegisteredClient | undefined> {
  if (adoptClientId === undefined) return server.find(mark, held);
  const sighting = await server.lookUp(adoptClientId);
  if (sighting === undefined)
    throw new ConfigError(
      `adoptClientId: nothing with the client id ${adoptClientId} can be seen where ${server.title} belongs. Check the id, and that the credentials are for the right place.`,
    );
  const { mark: theirs, client, overwrites = [] } = sighting;
  if (theirs !== undefined && theirs.stack !== mark.stack)
    throw new ConfigError(
      `adoptClientId: client ${adoptClientId} is that of ${nameOfMark(theirs)}, and a client has one owner. Take it out of that stack (pulumi state delete) and remove its mark (${server.markPlace}), then run again.`,
    );
  if (theirs?.key !== mark.key)
    env.say.info(
      server.secrets === "one"
        ? `client ${adoptClientId} is taken over: it gets our mark, what is declared here, and a new secret in place of its only one; redirect URLs of others stay.`
        : `client ${adoptClientId} is taken over: it gets our mark and what is declared here${overwrites.length === 0 ? "" : `, in place of ${overwrites.join(", ")}`}; secrets, redirect URLs and scopes of others stay.`,
    );
  return client;
}
