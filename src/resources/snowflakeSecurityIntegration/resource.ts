/** SnowflakeSecurityIntegration: the client lives in the account under its name; another name or client type is another one. */

import { storedName } from "../../clients/snowflakeNames.js";
import { messageOf, NotConfiguredError } from "../../core/errors.js";
import { sameSet } from "../../core/sets.js";
import { type Properties, UNKNOWN, withoutUnknown } from "../../core/value.js";
import { observe } from "../../rollout/observe.js";
import { owesSecret } from "../../rollout/record.js";
import { handOver, remove } from "../../rollout/remove.js";
import { rollOut } from "../../rollout/rollOut.js";
import { survey } from "../../rollout/survey.js";
import type { Context, Resource } from "../resource.js";
import { recording, whatChanges, withAttempted, withRotation } from "../rolloutResource.js";
import { description, inputs as inputDefinition, outputs as outputDefinition } from "./definition.js";
import { diffOf } from "./diff.js";
import { importIntegration } from "./import.js";
import { announcementsOf, claimsOf, problemsOf, scopesOf } from "./rules.js";
import { stageOf, wishOf, writtenSettings } from "./stage.js";
import { fromState, inputsOf, toState } from "./state.js";

export const snowflakeSecurityIntegration: Resource = {
  kind: "SnowflakeSecurityIntegration",
  description,
  inputs: inputDefinition,
  outputs: outputDefinition,
  check: problemsOf,
  slots: claimsOf,

  diff: (state, inputs, now) => diffOf(state, inputs, fromState(state), now),

  async create(context, inputs) {
    announce(context, inputs);
    const stage = stageOf(context, inputs, undefined, undefined);
    const id = idOf(inputs);
    const recorded = await recording(
      () => id,
      (left) => toState(inputs, left, stage.server),
      () => rollOut(stage, wishOf(inputs, undefined, undefined, context.env.now()), undefined),
    );
    return { id, state: toState(inputs, recorded, stage.server) };
  },

  async update(context, id, state, inputs) {
    const before = fromState(state);
    const stage = stageOf(context, inputs, state, before);
    const wish = wishOf(inputs, state, before, context.env.now());
    const recorded = await recording(
      () => id,
      // The engine keeps the old inputs of an update that failed, and the copies in our state stay old with them.
      (left) => toState(withRotation(inputsOf(state), inputs, before, left), withAttempted(left, before, writtenSettings(inputs)), stage.server),
      async () => {
        // Nobody knows which secret an imported client uses, or a slot that is owed one: what is known is entered before the other is renewed.
        const unsure = before.secret === undefined || owesSecret(before);
        const from = wish.renewSecret && unsure ? await rollOut(stage, { ...wish, renewSecret: false }, before) : before;
        return rollOut(stage, wish, from);
      },
    );
    return { id, state: toState(inputs, recorded, stage.server) };
  },

  async preview(context, inputs, state) {
    const before = state === undefined ? undefined : fromState(state);
    const known = { ...state };
    for (const name of Object.keys(inputDefinition.shape)) delete known[name];
    if (state === undefined) announce(context, inputs);
    const outputs: Properties = { ...whatChanges(known), ...("activeSecretSlot" in known ? { activeSecretSlot: UNKNOWN } : {}) };
    if (typeof inputs["name"] !== "string") {
      context.env.say.info("not checked against the Snowflake account: name is not known before `up`");
      return outputs;
    }
    try {
      // A workspace integration that does not exist yet is looked at in `up`; the account can be asked already.
      const { integration, ...rest } = withoutUnknown(inputs) as Properties;
      const told = typeof integration === "string" ? { ...rest, integration } : rest;
      const stage = stageOf(context, told, state, before);
      const { places, found } = await survey(stage, wishOf(told, state, before, context.env.now()), before);
      const [place] = places;
      return {
        ...outputs,
        redirectUrl: place?.slot.redirectUrl ?? (inputs["integration"] === undefined ? inputs["oauthRedirectUri"] : UNKNOWN),
        ...(found === undefined ? {} : { clientId: found.clientId }),
      };
    } catch (error) {
      if (!(error instanceof NotConfiguredError)) throw error;
      context.env.say.info(`not checked against the workspace and the Snowflake account: ${messageOf(error)}`);
      return outputs;
    }
  },

  import: importIntegration,

  async read(context, id, state, inputs) {
    const before = fromState(state);
    const stage = stageOf(context, inputsOf(state), state, before);
    const seen = await observe(stage, before);
    if (!seen.exists) return undefined;
    for (const note of seen.notes) context.env.say.info(note);
    const [scopes] = Object.values(seen.scopes);
    const readBack = (declared: Properties): Properties => withSettings(declared, seen.settings, scopes);
    return {
      id,
      inputs: readBack(Object.keys(inputs).length > 0 ? inputs : inputsOf(state)),
      state: toState(readBack(inputsOf(state)), seen.recorded, stage.server),
    };
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

/** The name at creation or import, as Snowflake stores it. Opaque; it never changes, for another name is another resource. */
function idOf(inputs: Properties): string {
  return storedName(String(inputs["name"]));
}

function announce({ env }: Context, inputs: Properties): void {
  for (const announcement of announcementsOf(inputs)) env.say.warning(announcement);
}

/** Settings and scopes read back into the inputs, so that the engine shows the difference; what means the same stays as it is written. */
function withSettings(declared: Properties, settings: Record<string, unknown>, scopes: string[] | undefined): Properties {
  const asked = scopesOf(declared);
  const list =
    scopes === undefined || sameSet(asked, scopes)
      ? declared["scopes"]
      : [...asked.filter((scope) => scopes.includes(scope)), ...scopes.filter((scope) => !asked.includes(scope))];
  const merged: Properties = { ...declared, ...(settings as Properties), scopes: list };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
}
