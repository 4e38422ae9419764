/** The client slot of an integration: read, compared, filled, changed in parts, and given back. */

import type { OdeusApi } from "../clients/odeus.js";
import { doing, isRemote, mayHaveHappened, RemoteError } from "../core/errors.js";
import type { Secret } from "../core/secret.js";
import { sameSet } from "../core/sets.js";
import type { Integration, OAuthClient, OAuthClientChange, OAuthClientEntry } from "../generated/odeusApi.js";
import { customDifferences, enterCustom, restoreCustom } from "./customSlot.js";

/** What a slot has to hold. */
export interface SlotWish {
  clientId: string;
  tenantId: string | undefined;
  /** Undefined: the workspace keeps the list (scope sync). */
  scopes: string[] | undefined;
  /** For custom integrations only: where users sign in and codes are redeemed. */
  endpoints?: { authorizationUrl: string; tokenUrl: string } | undefined;
}

export interface Slot extends OAuthClient {
  /** The integration itself, where it was made from scratch: its OAuth settings are written in another way. */
  custom?: Integration;
}

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
  return found.length > 0 ? found : partDifferences(slot, wish);
}

/** What differs of the parts that can be changed without the secret, in words. */
export function partDifferences(slot: Slot, wish: SlotWish): string[] {
  return slot.custom === undefined ? builtInDifferences(slot, wish).map(([, sentence]) => sentence) : customDifferences(slot.custom, wish);
}

function builtInDifferences(slot: Slot, wish: SlotWish): [OAuthClientChange, string][] {
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

/** Enters the client whole; answers the slot as far as the workspace told it. A lost answer is followed by a read: what counts is what the workspace holds. */
export async function enter(odeus: OdeusApi, before: Slot, wish: SlotWish, secret: Secret | undefined): Promise<Slot> {
  try {
    return await write(odeus, before, wish, secret);
  } catch (error) {
    if (!mayHaveHappened(error) || !(error instanceof RemoteError)) throw advised(error);
    const now = await read(odeus, before.integrationId, before.custom !== undefined);
    const secretLanded = secret === undefined || (now.clientSecretUpdatedAt ?? "") > (before.clientSecretUpdatedAt ?? "");
    if (secretLanded && differences(now, wish).length === 0) return now;
    throw error;
  }
}

async function write(odeus: OdeusApi, before: Slot, wish: SlotWish, secret: Secret | undefined): Promise<Slot> {
  if (before.custom !== undefined) {
    const custom = await enterCustom(odeus, before.custom, wish, { secret });
    // The answer does not say when the secret was written; whoever needs that reads the slot, as everybody does in the end.
    return { ...before, mode: "CUSTOM", clientId: wish.clientId, clientSecretUpdatedAt: null, custom };
  }
  const entry: OAuthClientEntry = {
    clientId: wish.clientId,
    ...(secret === undefined ? {} : { clientSecret: secret.open() }),
    ...(before.tenantIdSupported ? { tenantId: wish.tenantId ?? null } : {}),
    ...(wish.scopes === undefined ? { scopeSync: true } : { scopeSync: false, scopes: wish.scopes }),
  };
  return odeus.putOAuthClient(before.integrationId, entry);
}

/** Makes the parts as wished, without the secret. */
export async function changeParts(odeus: OdeusApi, slot: Slot, wish: SlotWish): Promise<Slot> {
  if (slot.custom !== undefined) {
    await enterCustom(odeus, slot.custom, wish, undefined);
    return read(odeus, slot.integrationId, true);
  }
  return odeus.patchOAuthClient(slot.integrationId, Object.assign({}, ...builtInDifferences(slot, wish).map(([change]) => change)));
}

/** Writes the parts back as they were read. */
export async function restoreParts(odeus: OdeusApi, slot: Slot): Promise<void> {
  if (slot.custom !== undefined) return restoreCustom(odeus, slot.custom);
  await odeus.patchOAuthClient(slot.integrationId, {
    ...(slot.tenantIdSupported ? { tenantId: slot.tenantId } : {}),
    ...(slot.scopeSync ? { scopeSync: true } : { scopeSync: false, scopes: slot.scopes }),
  });
}

/** Gives the slot back to Odeus's own client (or to none), if it still holds this client. Answers what it found. */
export async function revert(
  odeus: OdeusApi,
  integrationId: string,
  clientId: string,
): Promise<"reverted" | "empty" | "held by another" | "unknown integration"> {
  try {
    let slot = await odeus.getOAuthClient(integrationId);
    // Whoever asks expects the client there. A replica that lags may not show it yet, and it would stay behind without its app.
    if (slot.clientId !== clientId) slot = await odeus.getOAuthClient(integrationId);
    if (slot.mode !== "CUSTOM") return "empty";
    if (slot.clientId !== clientId) return "held by another";
    await odeus.deleteOAuthClient(integrationId);
    return "reverted";
  } catch (error) {
    // Only an integration that the workspace does not list either is unknown: what one answer denies may still hold the client.
    if (isRemote(error, 404) && !(await odeus.listIntegrations()).some(({ id }) => id === integrationId)) return "unknown integration";
    throw advised(error);
  }
}

/** The slot after a revert, in words. */
export function afterRevert(slot: Pick<Slot, "odeusClientAvailable">): string {
  return slot.odeusClientAvailable ? "is back on Odeus's own client" : "has no client any more (Odeus has none of its own)";
}

/** `custom`: the integration was made from scratch. */
export const readSlot = (odeus: OdeusApi, name: string, integrationId: string, custom: boolean): Promise<Slot> =>
  doing(`reading the client slot of ${name}`, () =>
    read(odeus, integrationId, custom).catch((error: unknown) => {
      throw advised(error);
    }),
  );

async function read(odeus: OdeusApi, integrationId: string, custom: boolean): Promise<Slot> {
  const [slot, integration] = await Promise.all([odeus.getOAuthClient(integrationId), custom ? odeus.getIntegration(integrationId) : undefined]);
  return integration === undefined ? slot : { ...slot, custom: integration };
}

function advised(error: unknown): unknown {
  return isRemote(error, 409) ? error.advise("Enable the integration in the workspace (Workspace settings > Integrations) and run again.") : error;
}
