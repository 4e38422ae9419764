/** Taking a security integration that exists into a program, by its name: as it stands in the account and in the workspace. Reads only. */

import { settingsFound } from "../../authorizationServers/snowflakeIntegration.js";
import { createSnowflake } from "../../clients/snowflake.js";
import { SNOWFLAKE_CODES } from "../../clients/snowflakeErrors.js";
import { asWritten, integrationNameProblem, storedName } from "../../clients/snowflakeNames.js";
import { withDefaults } from "../../core/check.js";
import { ConfigError, doing, isRemote, NotConfiguredError } from "../../core/errors.js";
import { nameOfMark, readComment } from "../../core/mark.js";
import type { Properties } from "../../core/value.js";
import { observe } from "../../rollout/observe.js";
import type { Recorded } from "../../rollout/record.js";
import { type Holder, type Holders, notLookedAt, slotsHolding } from "../../workspace/integrations.js";
import type { Context, ReadResult } from "../resource.js";
import { limitsOf, odeusOf } from "../workspaceApi.js";
import { inputs as inputDefinition } from "./definition.js";
import { stageOf } from "./stage.js";
import { toState } from "./state.js";

/** By name as Snowflake's own tools write it: `odeus`, or `"Odeus"` in quotes. A stored name with small letters may also come bare. */
export async function importIntegration(context: Context, id: string): Promise<ReadResult> {
  const name = nameIn(id);
  return doing(`importing security integration ${asWritten(name)}`, async () => {
    const snowflake = createSnowflake({ config: context.config, env: context.env, limits: limitsOf(context.config) });
    const described = await snowflake.describe(name).catch((error: unknown) => {
      if (!isRemote(error, undefined, SNOWFLAKE_CODES.gone)) throw error;
      throw new ConfigError(
        `account ${snowflake.account} shows no integration of this name: it does not exist, or the role has no rights on it. A name with small letters stands in double quotes.`,
      );
    });
    const clientId = described.get("OAUTH_CLIENT_ID");
    if (clientId === undefined || clientId === "") throw new ConfigError("it is no OAuth integration for a custom client, so there is nothing to import.");
    const { holding, unseen } = await holders(context, clientId);
    if (holding.length > 1)
      throw new ConfigError(
        `${holding.map(({ slug }) => slug).join(", ")} hold this client; a SnowflakeSecurityIntegration serves one of them. Take the others out first.`,
      );
    const [held] = holding;
    if (unseen.length > 0) context.env.say.info(`${held === undefined ? "imported as stand-alone; " : ""}${notLookedAt(unseen)}.`);
    const declared = withDefaults(inputDefinition, {
      name: asWritten(name),
      ...(settingsFound(described) as Properties),
      ...(held === undefined ? { oauthRedirectUri: described.get("OAUTH_REDIRECT_URI") ?? "" } : { integration: held.slug, scopes: held.slot.scopes }),
    });
    const stage = stageOf(context, declared, undefined, undefined);
    const { mark } = readComment(described.get("COMMENT") ?? "");
    if (mark !== undefined && mark.stack !== stage.mark.stack)
      context.env.say.warning(`it carries the mark of ${nameOfMark(mark)}: take it out of that stack, so that it has one owner.`);
    const client = await stage.server.recall({ clientId, objects: {} }, () => undefined);
    const recorded: Recorded = {
      ...(held === undefined ? {} : { workspace: stage.odeus.baseUrl }),
      kind: stage.server.kind,
      ...(client === undefined ? {} : { client }),
      // Which of the two secrets is in use, nobody can tell: the next change enters the first, and both stay valid.
      retiring: [],
      replaced: [],
      slots: held === undefined ? {} : { [held.slot.integrationId]: slotRecord(held) },
      additionalRedirectUrls: held === undefined ? [String(declared["oauthRedirectUri"])] : [],
      unfinished: [],
      drift: [],
    };
    const seen = await observe(stage, recorded);
    for (const note of seen.notes) context.env.say.info(note);
    return { id: name, inputs: declared, state: toState(declared, seen.recorded, stage.server) };
  });
}

function nameIn(id: string): string {
  const problem = integrationNameProblem(id);
  if (problem === undefined) return storedName(id);
  if (integrationNameProblem(asWritten(id)) === undefined) return id;
  throw new ConfigError(`importing: ${JSON.stringify(id)} is no name of a security integration: it ${problem}.`);
}

async function holders(context: Context, clientId: string): Promise<Holders> {
  try {
    return await slotsHolding(odeusOf(context), clientId);
  } catch (error) {
    if (!(error instanceof NotConfiguredError)) throw error;
    context.env.say.info(`imported as stand-alone, for the workspace could not be asked: ${error.message}`);
    return { holding: [], unseen: [] };
  }
}

function slotRecord({ slug, slot }: Holder): Recorded["slots"][string] {
  return {
    written: slug,
    slug,
    redirectUrl: slot.redirectUrl,
    scopes: slot.scopes,
    scopeSync: false,
    custom: slot.custom !== undefined,
    ...(slot.clientSecretUpdatedAt === null ? {} : { secretUpdatedAt: slot.clientSecretUpdatedAt }),
  };
}
