/** Between the engine's state and what a rollout records: the only place that knows both shapes. */

import type { AuthorizationServer } from "../../authorizationServers/contract.js";
import type { Properties, Value } from "../../core/value.js";
import type { Recorded } from "../../rollout/record.js";
import { recordedIn, stateOf } from "../rolloutState.js";
import { inputs as inputDefinition, type OAuthClientConfigState } from "./definition.js";
import { KINDS } from "./rules.js";

/** Inputs and outputs as one state. The input copies are what was really rolled out. */
export function toState(inputs: Properties, recorded: Recorded, server: AuthorizationServer): Properties {
  const slots = Object.values(recorded.slots);
  const state: Record<string, unknown> = {
    ...inputsOf(inputs),
    ...stateOf(recorded, server),
    redirectUrls: Object.fromEntries(slots.map((slot) => [slot.written, slot.redirectUrl])),
    effectiveScopes: Object.fromEntries(slots.map((slot) => [slot.written, slot.scopes])),
  };
  return Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined)) as Properties;
}

/** The input part of a state (the hosts add hidden properties, and the outputs stand beside). */
export function inputsOf(state: Properties): Properties {
  const names = Object.keys(inputDefinition.shape);
  return Object.fromEntries(Object.entries(state).filter(([name]) => names.includes(name)));
}

export function fromState(state: Properties): Recorded {
  const { redirectUrls, effectiveScopes, entra } = state as unknown as OAuthClientConfigState;
  const slotFacts = (written: string) => ({ redirectUrl: redirectUrls?.[written] ?? "", scopes: effectiveScopes?.[written] ?? [] });
  return recordedIn(state, slotFacts, entra?.additionalRedirectUrls ?? []);
}

/** Read back into the inputs, so that the engine shows the difference: settings of the client, and scopes that the program keeps. */
export function readBackInputs(inputs: Properties, settings: Record<string, unknown>, scopesOf: (written: string) => string[] | undefined): Properties {
  const kind = KINDS.find((one) => inputs[one] !== undefined) ?? "existing";
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
