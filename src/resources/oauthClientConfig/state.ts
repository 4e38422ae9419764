/** Between the engine's state and what a rollout records: the only place that knows both shapes. */

import type { AuthorizationServer, RegisteredClient } from "../../authorizationServers/contract.js";
import { ConfigError } from "../../core/errors.js";
import { Secret } from "../../core/secret.js";
import type { Properties, Value } from "../../core/value.js";
import type { FormerClient, Recorded, SlotRecord } from "../../rollout/record.js";
import { inputs as inputDefinition, type OAuthClientConfigState } from "./definition.js";

/** Shape of the record in state. A newer one is refused: this version could lose what it does not know. */
export const RECORD_VERSION = 1;

/** Inputs and outputs as one state. The input copies are what was really rolled out. */
export function toState(inputs: Properties, recorded: Recorded, server: AuthorizationServer): Properties {
  const { client, secret, replaced } = recorded;
  const slots = Object.entries(recorded.slots);
  const state: Record<string, unknown> = {
    ...inputsOf(inputs),
    clientId: client?.clientId,
    tenantId: client?.tenantId,
    redirectUrls: Object.fromEntries(slots.map(([, slot]) => [slot.written, slot.redirectUrl])),
    effectiveScopes: Object.fromEntries(slots.map(([, slot]) => [slot.written, slot.scopes])),
    ...(client === undefined ? {} : server.outputs(client)),
    secretCreatedAt: secret?.createdAt,
    secretExpiresAt: secret?.expiresAt,
    retiring: recorded.retiring,
    verification: recorded.verification,
    drift: [...recorded.unfinished, ...recorded.drift],
    clientSecret: recorded.value?.open(),
    rollout: {
      version: RECORD_VERSION,
      workspace: recorded.workspace,
      kind: recorded.kind,
      client: { ...client?.objects, ...(secret?.keyId === undefined ? {} : { secretKeyId: secret.keyId }) },
      slots: Object.fromEntries(
        slots.map(([id, { written, slug, secretUpdatedAt, scopeSync, custom }]) => [
          id,
          {
            integration: written,
            ...(slug === undefined ? {} : { slug }),
            scopeSync,
            ...(custom ? { custom } : {}),
            ...(secretUpdatedAt === undefined ? {} : { secretUpdatedAt }),
          },
        ]),
      ),
      ...(replaced.length === 0 ? {} : { replaced: replaced.map(replacedRecord) }),
      ...(recorded.unfinished.length === 0 ? {} : { unfinished: recorded.unfinished }),
    },
  };
  return Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined)) as Properties;
}

/** The input part of a state (the hosts add hidden properties, and the outputs stand beside). */
export function inputsOf(state: Properties): Properties {
  const names = Object.keys(inputDefinition.shape);
  return Object.fromEntries(Object.entries(state).filter(([name]) => names.includes(name)));
}

export function fromState(state: Properties): Recorded {
  const { rollout, ...rest } = state as unknown as OAuthClientConfigState;
  if (rollout === undefined) throw new ConfigError("this state has no rollout record, so it was not written by this resource.");
  if (rollout.version > RECORD_VERSION) {
    throw new ConfigError(
      `this state was written by a newer version of the odeus provider (record ${rollout.version}, this version knows ${RECORD_VERSION}). Install that version or a newer one; nothing was read or changed.`,
    );
  }
  const { secretKeyId, ...objects } = rollout.client;
  const unfinished = rollout.unfinished ?? [];
  const slots = Object.entries(rollout.slots).map(([id, slot]): [string, SlotRecord] => [
    id,
    {
      written: slot.integration,
      ...(slot.slug === undefined ? {} : { slug: slot.slug }),
      redirectUrl: rest.redirectUrls?.[slot.integration] ?? "",
      scopes: rest.effectiveScopes?.[slot.integration] ?? [],
      scopeSync: slot.scopeSync ?? true,
      custom: slot.custom ?? false,
      ...(slot.secretUpdatedAt === undefined ? {} : { secretUpdatedAt: slot.secretUpdatedAt }),
    },
  ]);
  return {
    workspace: rollout.workspace,
    kind: rollout.kind,
    ...(rest.clientId === undefined ? {} : { client: clientOf(rest.clientId, rest.tenantId, objects) }),
    replaced: [rollout.replaced ?? []].flat().map(replacedOf),
    ...(rest.secretCreatedAt === undefined
      ? {}
      : {
          secret: {
            ...(secretKeyId === undefined ? {} : { keyId: secretKeyId }),
            createdAt: rest.secretCreatedAt,
            ...(rest.secretExpiresAt === undefined ? {} : { expiresAt: rest.secretExpiresAt }),
          },
        }),
    ...(rest.clientSecret === undefined ? {} : { value: new Secret(rest.clientSecret) }),
    retiring: rest.retiring ?? [],
    slots: Object.fromEntries(slots),
    additionalRedirectUrls: rest.entra?.additionalRedirectUrls ?? [],
    ...(rest.verification === undefined ? {} : { verification: rest.verification }),
    unfinished,
    drift: (rest.drift ?? []).filter((sentence) => !unfinished.includes(sentence)),
  };
}

function clientOf(clientId: string, tenantId: string | undefined, objects: Record<string, string>): RegisteredClient {
  return { clientId, objects, ...(tenantId === undefined ? {} : { tenantId }) };
}

function replacedRecord({ objects, kind, clientId, tenantId }: FormerClient): Record<string, string> {
  return { ...objects, kind, clientId, ...(tenantId === undefined ? {} : { tenantId }) };
}

function replacedOf(record: Record<string, string>): FormerClient {
  const { kind = "", clientId = "", tenantId, ...objects } = record;
  return { kind, ...clientOf(clientId, tenantId, objects) };
}

/** Read back into the inputs, so that the engine shows the difference: settings of the client, and scopes that the program keeps. */
export function readBackInputs(inputs: Properties, settings: Record<string, unknown>, scopesOf: (written: string) => string[] | undefined): Properties {
  const kind = inputs["entra"] === undefined ? "existing" : "entra";
  const client = Object.fromEntries(Object.entries({ ...(inputs[kind] as Properties), ...settings }).filter(([, value]) => value !== undefined));
  const integrations = (inputs["integrations"] as Properties[]).map((use) => {
    const now = scopesOf(String(use["integration"]));
    return now === undefined || use["scopes"] === undefined ? use : { ...use, scopes: inOrderOf(use["scopes"] as string[], now) };
  });
  return { ...inputs, [kind]: client as Value, integrations };
}

/** The same set in the program's own order, so that order alone is never a difference. */
function inOrderOf(written: string[], now: string[]): string[] {
  return [...written.filter((scope) => now.includes(scope)), ...now.filter((scope) => !written.includes(scope))];
}
