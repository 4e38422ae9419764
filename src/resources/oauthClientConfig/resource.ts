/** OAuthClientConfig: the slots are the resource, the client is their content. It never asks the engine for a replacement. */

import { messageOf, NotConfiguredError } from "../../core/errors.js";
import { holdsUnknown, type Properties, UNKNOWN } from "../../core/value.js";
import { observe } from "../../rollout/observe.js";
import type { Recorded } from "../../rollout/record.js";
import { handOver, remove } from "../../rollout/remove.js";
import { rollOut } from "../../rollout/rollOut.js";
import type { Stage } from "../../rollout/stage.js";
import { survey } from "../../rollout/survey.js";
import type { Resource } from "../resource.js";
import { recording, whatChanges, withAttempted, withRotation } from "../rolloutResource.js";
import { description, inputs as inputDefinition, outputs as outputDefinition } from "./definition.js";
import { anotherClient, diffOf } from "./diff.js";
import { importClient } from "./import.js";
import { knownInputs } from "./knownInputs.js";
import { claimsOf, KINDS, problemsOf, sharedOf } from "./rules.js";
import { stageOf, wishOf, writtenSettings } from "./stage.js";
import { fromState, inputsOf, readBackInputs, toState } from "./state.js";

export const oauthClientConfig: Resource = {
  kind: "OAuthClientConfig",
  description,
  inputs: inputDefinition,
  outputs: outputDefinition,
  check: problemsOf,
  slots: claimsOf,
  shared: sharedOf,

  diff: (state, inputs, now) => diffOf(state, inputs, fromState(state), now),

  async create(context, inputs) {
    const stage = stageOf(context, inputs, undefined, undefined);
    const recorded = await recording(
      (left) => idOf(stage, left),
      (left) => toState(inputs, left, stage.server),
      () => rollOut(stage, wishOf(inputs, undefined, undefined, context.env.now()), undefined),
    );
    return { id: idOf(stage, recorded), state: toState(inputs, recorded, stage.server) };
  },

  async update(context, id, state, inputs) {
    const before = fromState(state);
    const stage = stageOf(context, inputs, state, before);
    const recorded = await recording(
      () => id,
      (left) =>
        toState(
          withRotation(copiesAfter(state, inputs, before, left), inputs, before, left),
          withAttempted(left, before, writtenSettings(inputs)),
          stage.server,
        ),
      () => rollOut(stage, wishOf(inputs, state, before, context.env.now()), before),
    );
    return { id, state: toState(inputs, recorded, stage.server) };
  },

  async preview(context, inputs, state) {
    const before = state === undefined ? undefined : fromState(state);
    const known = state === undefined || before === undefined || anotherClient(state, inputs) ? {} : { ...state };
    for (const name of Object.keys(inputDefinition.shape)) delete known[name];
    const told = knownInputs(inputs);
    if (told.inputs === undefined) {
      context.env.say.info(`not checked against the workspace and the authorization server: ${told.unknown} is not known before \`up\``);
      return { ...whatChanges(known), redirectUrls: UNKNOWN, effectiveScopes: UNKNOWN };
    }
    try {
      const stage = stageOf(context, told.inputs, state, before);
      const { places, declared } = await survey(stage, wishOf(told.inputs, state, before, context.env.now()), before);
      const all = !holdsUnknown(inputs["integrations"]);
      return {
        ...whatChanges(known),
        redirectUrls: all ? Object.fromEntries(places.map(({ use, slot }) => [use.written, slot.redirectUrl])) : UNKNOWN,
        effectiveScopes: all ? Object.fromEntries(places.map(({ use, scopes }) => [use.written, scopes])) : UNKNOWN,
        ...(declared === undefined ? {} : { clientId: declared.clientId }),
      };
    } catch (error) {
      if (!(error instanceof NotConfiguredError)) throw error;
      context.env.say.info(`not checked against the workspace and the authorization server: ${messageOf(error)}`);
      return whatChanges(known);
    }
  },

  import: importClient,

  async read(context, id, state, inputs) {
    const before = fromState(state);
    // After a failed change of client the engine still has the inputs of the former one.
    const declared = Object.keys(inputs).length > 0 && !anotherClient(state, inputs) ? inputsOf(inputs) : inputsOf(state);
    const stage = stageOf(context, inputsOf(state), state, before);
    const seen = await observe(stage, before);
    if (!seen.exists) return undefined;
    for (const note of seen.notes) context.env.say.info(note);
    const scopesOf = (written: string): string[] | undefined => {
      const slot = Object.entries(before.slots).find(([, record]) => record.written === written)?.[0];
      return slot === undefined ? undefined : seen.scopes[slot];
    };
    const readBack = readBackInputs(declared, seen.settings, scopesOf);
    return { id, inputs: readBack, state: toState(readBackInputs(inputsOf(state), seen.settings, scopesOf), seen.recorded, stage.server) };
  },

  async delete(context, _id, state) {
    const before = fromState(state);
    await remove(stageOf(context, inputsOf(state), state, before), before);
  },

  async handOver(context, state) {
    const before = fromState(state);
    await handOver(stageOf(context, inputsOf(state), state, before), before);
  },
};

/** `<kind>/<client id>` of the first client. Opaque; it never changes, while the output clientId does. */
function idOf(stage: Stage, recorded: Recorded): string {
  return `${stage.server.kind}/${recorded.client?.clientId ?? "unknown"}`;
}

/**
 * The engine keeps the old inputs of an update that failed, and the copies in our state stay old with them. Only the kind of
 * client follows the client that is recorded: with the old one beside it, nobody could find it again.
 */
function copiesAfter(state: Properties, inputs: Properties, before: Recorded, left: Recorded): Properties {
  const old = inputsOf(state);
  if (left.client === undefined || (left.kind === before.kind && left.client.clientId === before.client?.clientId)) return old;
  return { ...old, ...Object.fromEntries(KINDS.map((kind) => [kind, inputs[kind]])) };
}
