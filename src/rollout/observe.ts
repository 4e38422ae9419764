/** What is there now, compared with what was recorded: sentences for what is not as declared. Reads only. */

import type { Endpoints, Finding } from "../authorizationServers/contract.js";
import type { OdeusApi } from "../clients/odeus.js";
import { isRemote } from "../core/errors.js";
import { minus } from "../core/sets.js";
import { customDifferences } from "../workspace/customSlot.js";
import { requireSameWorkspace } from "../workspace/integrations.js";
import { readSlot, type Slot } from "../workspace/slot.js";
import { needsSecret } from "./enter.js";
import { knownSecrets, PLANNED, type Recorded, recordedWish, type SlotRecord } from "./record.js";
import type { Stage } from "./stage.js";

export interface Observed {
  /** False: client and slots are all gone; there is nothing left of this resource. */
  exists: boolean;
  recorded: Recorded;
  /** Client settings read back, in the names of the inputs. */
  settings: Record<string, unknown>;
  /** Scopes read back, by integration id, where the program keeps the list. */
  scopes: Record<string, string[]>;
  findings: Finding[];
  notes: string[];
}

/** The workspace is asked only where a slot is recorded. */
export async function observe(stage: Pick<Stage, "odeus" | "server" | "mark">, recorded: Recorded): Promise<Observed> {
  const { server, mark } = stage;
  const ids = Object.keys(recorded.slots);
  const { client } = recorded;
  if (client === undefined) return { exists: ids.length > 0, recorded, settings: {}, scopes: {}, findings: [], notes: [] };
  const wish = recordedWish(recorded);
  const [slots, atServer] = await Promise.all([
    Promise.all(ids.map((id) => findSlot(stage.odeus, recorded.slots[id]?.written ?? id, id, recorded.slots[id]?.custom ?? false))),
    server.observe(client, mark, wish, knownSecrets(recorded)),
  ]);
  if (ids.length > 0 && slots.every((slot) => slot === undefined)) await requireSameWorkspace(stage.odeus, ids);
  const drift: string[] = [];
  const scopes: Record<string, string[]> = {};
  const now: Record<string, Recorded["slots"][string]> = {};
  ids.forEach((id, index) => {
    const record = recorded.slots[id];
    if (record === undefined) return;
    const slot = slots[index];
    drift.push(
      ...slotDrift(record, slot, client.clientId, server.slotTenant(client) ?? record.tenantId),
      ...customDrift(record, slot, server.endpoints(client)),
    );
    now[id] = record;
    if (slot !== undefined && !record.scopeSync && slot.mode === "CUSTOM" && slot.clientId === client.clientId && (record.custom || !slot.scopeSync))
      scopes[id] = slot.scopes;
  });
  const { replacesSecret: _before, ...rest } = recorded;
  const replaces = ["one", "many"].includes(server.secrets) && slots.some((slot) => slot !== undefined && needsSecret(client, { slot }, recorded));
  const held = slots.some((slot) => slot?.clientId === client.clientId);
  return {
    // Earlier clients are still to be taken away, and a slot may hold one of them.
    exists: atServer.exists || held || recorded.replaced.length > 0,
    recorded: { ...rest, ...(replaces ? { replacesSecret: true } : {}), slots: now, drift: [...drift, ...atServer.drift] },
    settings: atServer.settings,
    scopes,
    findings: atServer.findings,
    notes: atServer.notes,
  };
}

/** Where a custom integration sends its users. */
function customDrift({ written }: SlotRecord, slot: Slot | undefined, endpoints: Endpoints | undefined): string[] {
  if (slot?.custom === undefined || slot.mode !== "CUSTOM") return [];
  return customDifferences(slot.custom, { endpoints, scopes: undefined }).map((difference) => `${written} ${difference}`);
}

export async function findSlot(odeus: OdeusApi, written: string, id: string, custom: boolean): Promise<Slot | undefined> {
  try {
    return await readSlot(odeus, written, id, custom);
  } catch (error) {
    if (isRemote(error, 404)) return undefined;
    throw error;
  }
}

function slotDrift(record: Recorded["slots"][string], slot: Slot | undefined, clientId: string, tenantId: string | undefined): string[] {
  const { written } = record;
  if (slot === undefined) return [`integration ${written} is gone from the workspace`];
  const planned = record.secretUpdatedAt === PLANNED;
  if (planned && slot.clientId !== clientId) return [`${written} has not got this client yet`];
  if (slot.mode === "ODEUS") return [`${written} was switched back to Odeus's own client`];
  if (slot.mode === "NONE") return [`${written} has no client any more`];
  if (slot.clientId !== clientId) return [`${written} holds another client (${slot.clientId})`];
  const found: string[] = [];
  if (record.secretUpdatedAt !== undefined && !planned && (slot.clientSecretUpdatedAt ?? "") > record.secretUpdatedAt)
    found.push(`the client secret in ${written} was replaced by hand (${slot.clientSecretUpdatedAt})`);
  if (slot.redirectUrl !== record.redirectUrl) found.push(`the redirect URL of ${written} is now ${slot.redirectUrl}`);
  if (slot.tenantIdSupported && (slot.tenantId ?? undefined) !== tenantId)
    found.push(`${written} has the tenant ${slot.tenantId ?? "none"} in place of ${tenantId ?? "none"}`);
  if (record.custom) return found;
  if (record.scopeSync && !slot.scopeSync) found.push(`${written} no longer keeps its scopes in sync`);
  if (!record.scopeSync && slot.scopeSync) found.push(`${written} keeps its scopes by itself again`);
  if (record.scopeSync) {
    const added = minus(slot.defaultScopes, record.scopes);
    const dropped = minus(record.scopes, slot.defaultScopes);
    if (added.length > 0) found.push(`${written} now needs the scopes ${added.join(", ")}`);
    if (dropped.length > 0) found.push(`${written} no longer needs the scopes ${dropped.join(", ")}`);
  }
  return found;
}
