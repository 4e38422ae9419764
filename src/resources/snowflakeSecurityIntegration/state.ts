/** Between the engine's state of a security integration and what a rollout records. */

import type { AuthorizationServer } from "../../authorizationServers/contract.js";
import type { Properties } from "../../core/value.js";
import type { Recorded } from "../../rollout/record.js";
import { recordedIn, stateOf } from "../rolloutState.js";
import { inputs as inputDefinition, type SnowflakeState } from "./definition.js";
import { scopesOf } from "./rules.js";

/** Inputs and outputs as one state. The input copies are what was really rolled out. */
export function toState(inputs: Properties, recorded: Recorded, server: AuthorizationServer): Properties {
  const [slot] = Object.values(recorded.slots);
  const keyId = recorded.secret?.keyId;
  const state: Record<string, unknown> = {
    ...inputsOf(inputs),
    ...stateOf(recorded, server),
    redirectUrl: slot?.redirectUrl ?? inputs["oauthRedirectUri"],
    ...(keyId === undefined ? {} : { activeSecretSlot: Number(keyId) }),
  };
  return Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined)) as Properties;
}

/** The input part of a state (the hosts add hidden properties, and the outputs stand beside). */
export function inputsOf(state: Properties): Properties {
  const names = Object.keys(inputDefinition.shape);
  return Object.fromEntries(Object.entries(state).filter(([name]) => names.includes(name)));
}

export function fromState(state: Properties): Recorded {
  const { redirectUrl = "", oauthAlternateRedirectUris = [], oauthRedirectUri } = state as unknown as SnowflakeState;
  const own = oauthRedirectUri === undefined ? [] : [oauthRedirectUri];
  return recordedIn(state, () => ({ redirectUrl, scopes: scopesOf(state) }), [...own, ...oauthAlternateRedirectUris]);
}
