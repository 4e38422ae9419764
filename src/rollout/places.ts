/** The slots of a rollout: looked up, claimed, and found free, ours, or somebody else's. */

import type { AuthorizationServer, ClientWish } from "../authorizationServers/contract.js";
import type { OdeusApi } from "../clients/odeus.js";
import type { Claims } from "../core/claims.js";
import { ConfigError } from "../core/errors.js";
import { type Mark, nameOfMark } from "../core/mark.js";
import { union } from "../core/sets.js";
import { type ResolvedIntegration, resolveIntegrations } from "../workspace/integrations.js";
import { effectiveScopes, readSlot, type Slot } from "../workspace/slot.js";
import type { Use, Wish } from "./record.js";

/** One declared integration with its slot as it was found. */
export interface Place {
  use: Use;
  integration: ResolvedIntegration;
  slot: Slot;
  scopes: string[];
  /** What the slot keeps where the client needs no tenant: one that others had entered with this client before it was ours. */
  tenantId?: string | undefined;
}

/** `recordedIds`: the slots that state knows; a workspace that knows none of them is another workspace. */
export async function lookUp(odeus: OdeusApi, wish: Wish, recordedIds: readonly string[]): Promise<Place[]> {
  const integrations = await resolveIntegrations(
    odeus,
    wish.uses.map(({ written }) => written),
    recordedIds,
  );
  return Promise.all(
    integrations.map(async (integration, index) => {
      const use = wish.uses[index] as Use;
      const slot = await readSlot(odeus, integration.written, integration.id, integration.custom);
      return { use, integration, slot, scopes: effectiveScopes(slot, use.scopes) };
    }),
  );
}

/** What the client must have registered for these places. */
export function clientWish(places: readonly Place[], wish: Wish): ClientWish {
  return {
    redirectUrls: union(
      places.map(({ slot }) => slot.redirectUrl),
      wish.additionalRedirectUrls,
    ),
    scopes: union(...places.map(({ scopes }) => scopes)),
    builtIn: places.flatMap(({ integration: { slug, custom } }) => (custom ? [] : [slug])),
  };
}

/** Speaks for the resolved ids; two resources of one run never share a slot, however each of them wrote it. */
export function claimPlaces(claims: Claims, urn: string, places: readonly Place[]): void {
  const conflict = claims.add(
    urn,
    places.flatMap(({ integration }) => [integration.id, integration.slug]),
  )[0];
  if (conflict === undefined) return;
  const place = places.find(({ integration }) => integration.id === conflict.slot || integration.slug === conflict.slot);
  throw new ConfigError(
    `integrations: "${place?.use.written ?? conflict.slot}" is also claimed by ${conflict.urn.split("::").pop()}; one slot takes one client, so write it in one resource only.`,
  );
}

/** Everything that can be said against entering this client, before anything is made; all of it at once. */
export async function requireEnterable(
  server: AuthorizationServer,
  mark: Mark,
  places: readonly Place[],
  wish: Wish,
  /** Client ids that are this resource's own. */
  own: readonly string[],
  givenTenant: string | undefined,
): Promise<void> {
  const problems = await Promise.all(
    places.map(async ({ use, slot }) => {
      const found: string[] = [];
      if (givenTenant !== undefined && !slot.tenantIdSupported) {
        const instead = slot.custom === undefined ? "" : ": where its server has tenants, existing.authorizationUrl and existing.tokenUrl name one";
        found.push(`existing.tenantId: ${use.written} takes no tenant id. Take it out${instead}.`);
      }
      if (server.secrets === "given" && wish.givenSecret === undefined && slot.clientSecretRequired)
        found.push(`existing.clientSecret: is required by ${use.written}.`);
      if (slot.custom !== undefined && !server.hasEndpoints) {
        found.push(
          `existing.authorizationUrl and existing.tokenUrl: are required by ${use.written}, which was made from scratch and knows no authorization server by itself.`,
        );
      }
      const refused = await occupied(server, mark, use.written, slot, wish.replaceClientIds, own);
      return refused === undefined ? found : [...found, refused];
    }),
  );
  const all = problems.flat();
  if (all.length > 0) throw new ConfigError(all.join("\n  "));
}

async function occupied(
  server: AuthorizationServer,
  mark: Mark,
  written: string,
  slot: Slot,
  replaceable: readonly string[],
  own: readonly string[],
): Promise<string | undefined> {
  const { clientId } = slot;
  if (slot.mode !== "CUSTOM" || clientId === null || own.includes(clientId) || replaceable.includes(clientId)) return undefined;
  const owner = (await server.lookUp(clientId))?.mark;
  // A rename, or a move between resources of one stack: the client there is this stack's own.
  if (owner?.stack === mark.stack) return undefined;
  const whose =
    owner === undefined ? `client ${clientId}, entered ${slot.createdAt?.slice(0, 10) ?? "by somebody"}` : `the client of ${nameOfMark(owner)} (${clientId})`;
  return `${written} already holds ${whose}, which is not this resource's. ${server.secrets === "given" || server.adoptsByName ? "Take" : "Take it over with adoptClientId, take"} it out in the workspace, or name it in replaceClientIds (it cannot be put back).`;
}
