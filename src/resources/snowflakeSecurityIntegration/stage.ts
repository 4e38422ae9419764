/** From inputs, state and configuration to the stage of a rollout: the account, the workspace where one is declared, what is wished. */

import { createSnowflakeServer } from "../../authorizationServers/snowflake.js";
import { SETTING_NAMES, type SnowflakeSettings } from "../../authorizationServers/snowflakeIntegration.js";
import { storedName } from "../../clients/snowflakeNames.js";
import { markOf } from "../../core/mark.js";
import type { Properties } from "../../core/value.js";
import type { Recorded, Wish } from "../../rollout/record.js";
import type { Stage } from "../../rollout/stage.js";
import { list } from "../differences.js";
import type { Context } from "../resource.js";
import { rotationPolicy } from "../rolloutDiff.js";
import { limitsOf, odeusOf } from "../workspaceApi.js";
import type { SnowflakeInputs } from "./definition.js";
import { secretReason } from "./diff.js";
import { scopesOf } from "./rules.js";

export function stageOf(context: Context, inputs: Properties, state: Properties | undefined, recorded: Recorded | undefined): Stage {
  const { config, env, claims, urn } = context;
  const { name, adopt } = inputs as unknown as SnowflakeInputs;
  const generation = recorded === undefined ? env.randomHex(8) : recorded.generation;
  const mark = { ...markOf(urn, config.text("owner")), ...(generation === undefined ? {} : { generation }) };
  const server = createSnowflakeServer({
    name: storedName(name),
    settings: settingsOf(inputs),
    formerly: state === undefined ? {} : { ...settingsOf(state), ...recorded?.attempted },
    declaresAlternates: [inputs, state ?? {}, (recorded?.attempted ?? {}) as Properties].some(
      (declared) => list(declared["oauthAlternateRedirectUris"]).length > 0,
    ),
    adopt: adopt === true,
    recorded: recorded?.client,
    mark,
    config,
    env,
    limits: limitsOf(config),
  });
  return {
    // A stand-alone integration needs no API key.
    get odeus() {
      return odeusOf(context);
    },
    server,
    continues: recorded?.client !== undefined,
    serverOf: () => server,
    abandoned: config.list("abandonClientIds"),
    formerSecret: undefined,
    givenTenant: undefined,
    mark,
    urn,
    claims,
    env,
    verifyMs: config.seconds("verifySeconds", 300) * 1000,
  };
}

export function settingsOf(properties: Properties): SnowflakeSettings {
  return Object.fromEntries(SETTING_NAMES.flatMap((name) => (properties[name] === undefined ? [] : [[name, properties[name]]])));
}

/** What an update writes at the integration beside its redirect URI. */
export function writtenSettings(inputs: Properties): object {
  const { oauthAlternateRedirectUris } = inputs;
  return { ...settingsOf(inputs), ...(oauthAlternateRedirectUris === undefined ? {} : { oauthAlternateRedirectUris }) };
}

export function wishOf(inputs: Properties, state: Properties | undefined, recorded: Recorded | undefined, now: Date): Wish {
  const declared = inputs as unknown as SnowflakeInputs;
  const { integration, oauthRedirectUri, oauthAlternateRedirectUris = [] } = declared;
  return {
    uses: integration === undefined ? [] : [{ written: integration, scopes: scopesOf(inputs) }],
    additionalRedirectUrls: [...(oauthRedirectUri === undefined ? [] : [oauthRedirectUri]), ...oauthAlternateRedirectUris],
    verify: declared.verify,
    overlapMs: rotationPolicy(inputs, 0).overlapMs,
    renewSecret: state !== undefined && recorded !== undefined && secretReason(state, inputs, recorded, now) !== undefined,
    exportSecret: declared.exportClientSecret,
    replaceClientIds: declared.replaceClientIds ?? [],
    adoptClientId: undefined,
    givenSecret: undefined,
    givenChanged: false,
  };
}
