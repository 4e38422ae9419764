/** The client slot of a built-in integration: read, compared, filled, changed in parts, and given back. */

import type { OdeusApi } from "../clients/odeus.js";
import { doing, isRemote, mayHaveHappened, RemoteError } from "../core/errors.js";
import type { Secret } from "../core/secret.js";
import { sameSet } from "../core/sets.js";
import type { OAuthClient, OAuthClientChange, OAuthClientEntry } from "../generated/odeusApi.js";

/** What a slot has to hold. */
export interface SlotWish {
  clientId: string;
  tenantId: string | undefined;
  /** Undefined: the workspace keeps the list (scope sync). */
  scopes: string[] | undefined;
}

export type Slot = OAuthClient;

/** The scopes that the workspace will ask for once the wish is entered. */
export function effectiveScopes(slot: Slot, scopes: readonly string[] | undefined): string[] {
  return scopes === undefined ? [...slot.defaultScopes] : [...scopes];
}

/** Whether the slot differs from the wish, the secret aside, which nobody can read. */
export function differences(slot: Slot, wish: SlotWish): string[] {
  const found: string[] = [];
  if (slot.mode !== "CUSTOM") found.push(slot.mode === "ODEUS" ? "uses Odeus's own client" : "has no client");
  else if (slot.clientId !== wish.clientId) found.push(`holds another client (${slot.clientId})`);
  else if (!slot.hasClientSecret && slot.clientSecretRequired) found.push("has no secret");
  return found.length > 0 ? found : partDifferences(slot, wish).map(([, sentence]) => sentence);
}

/** Parts that can be changed without the secret. */
function partDifferences(slot: Slot, wish: SlotWish): [OAuthClientChange, string][] {
  const found: [OAuthClientChange, string][] = [];
  const tenantId = slot.tenantIdSupported ? (wish.tenantId ?? null) : null;
  if (slot.tenantIdSupported && slot.tenantId !== tenantId)
    found.push([{ tenantId }, `has the tenant ${slot.tenantId ?? "none"} in place of ${tenantId ?? "none"}`]);
  if (wish.scopes === undefined) {
    if (!slot.scopeSync) found.push([{ scopeSync: true }, "no longer keeps its scopes in sync"]);
  } else if (slot.scopeSync || !sameSet(slot.scopes, wish.scopes)) {
    found.push([{ scopeSync: false, scopes: wish.scopes }, slot.scopeSync ? "keeps its scopes by itself" : "has other scopes"]);
  }
  return found;
}

export function partChange(slot: Slot, wish: SlotWish): OAuthClientChange | undefined {
  const parts = partDifferences(slot, wish);
  return parts.length === 0 ? undefined : Object.assign({}, ...parts.map(([change]) => change));
}

/** Enters the client whole. A lost answer is followed by a read: what counts is what the workspace holds. */
export async function enter(odeus: OdeusApi, before: Slot, wish: SlotWish, secret: Secret | undefined): Promise<Slot> {
  const entry: OAuthClientEntry = {
    clientId: wish.clientId,
    ...(secret === undefined ? {} : { clientSecret: secret.open() }),
    ...(before.tenantIdSupported ? { tenantId: wish.tenantId ?? null } : {}),
    ...(wish.scopes === undefined ? { scopeSync: true } : { scopeSync: false, scopes: wish.scopes }),
  };
  const id = before.integrationId;
  try {
    return await odeus.putOAuthClient(id, entry);
  } catch (error) {
    if (!mayHaveHappened(error) || !(error instanceof RemoteError)) throw advised(error);
    const now = await odeus.getOAuthClient(id);
    const secretLanded = secret === undefined || (now.clientSecretUpdatedAt ?? "") > (before.clientSecretUpdatedAt ?? "");
    if (secretLanded && differences(now, wish).length === 0) return now;
    throw error;
  }
}

export async function changeParts(odeus: OdeusApi, slot: Slot, change: OAuthClientChange): Promise<Slot> {
  return odeus.patchOAuthClient(slot.integrationId, change);
}

/** The parts as they are now, to be written back. */
export function partsOf(slot: Slot): OAuthClientChange {
  return {
    ...(slot.tenantIdSupported ? { tenantId: slot.tenantId } : {}),
    ...(slot.scopeSync ? { scopeSync: true } : { scopeSync: false, scopes: slot.scopes }),
  };
}

/** Gives the slot back to Odeus's own client (or to none), if it still holds this client. Answers what it found. */
export async function revert(
  odeus: OdeusApi,
  integrationId: string,
  clientId: string,
): Promise<"reverted" | "empty" | "held by another" | "unknown integration"> {
  try {
    const slot = await odeus.getOAuthClient(integrationId);
    if (slot.mode !== "CUSTOM") return "empty";
    if (slot.clientId !== clientId) return "held by another";
    await odeus.deleteOAuthClient(integrationId);
    return "reverted";
  } catch (error) {
    if (isRemote(error, 404)) return "unknown integration";
    throw advised(error);
  }
}

/** The slot after a revert, in words. */
export function afterRevert(slot: Pick<Slot, "odeusClientAvailable">): string {
  return slot.odeusClientAvailable ? "is back on Odeus's own client" : "has no client any more (Odeus has none of its own)";
}

export const readSlot = (odeus: OdeusApi, name: string, integrationId: string): Promise<Slot> =>
  doing(`reading the client slot of ${name}`, () =>
    odeus.getOAuthClient(integrationId).catch((error: unknown) => {
      throw advised(error);
    }),
  );

function advised(error: unknown): unknown {
  return isRemote(error, 409) ? error.advise("Enable the integration in the workspace (Workspace settings > Integrations) and run again.") : error;
}
