/**
 * CustomIntegration: a workspace integration made from scratch, as a place for an OAuth 2.0 client. It makes the integration
 * and keeps its name and description; actions, triggers and fields are built by people. What happens if the process dies
 * between two lines: the next create finds the integration by its exact name, and takes it over while it is untouched.
 */

import * as z from "zod";
import type { OdeusApi } from "../clients/odeus.js";
import { ConfigError, doing, isRemote, mayHaveHappened, messageOf, NotConfiguredError } from "../core/errors.js";
import { type Properties, UNKNOWN, type Value } from "../core/value.js";
import type { Integration, IntegrationSummary } from "../generated/odeusApi.js";
import { findIntegration, requireSameWorkspace } from "../workspace/integrations.js";
import type { Context, Difference, ReadResult, Resource, Result } from "./resource.js";
import { refuseNewer } from "./stateVersion.js";
import { odeusOf } from "./workspaceApi.js";

const AUTH_TYPE = "OAUTH";
/** Shape of the state. A newer one is refused: a refresh would drop what it does not know. */
const STATE_VERSION = 1;

const inputs = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(40)
    .refine((text) => text === text.trim(), { message: "must not start or end with a blank" })
    .describe("Name shown to people, at most 40 characters. A create takes over an untouched integration of exactly this name."),
  description: z.string().max(90).optional().describe("Description shown to people, at most 90 characters."),
});

const outputs = z.object({
  stateVersion: z.int().optional().describe("Shape of this state."),
  slug: z.string().optional().describe("Short name, as `integrations[].integration` takes it."),
  redirectUrl: z.string().optional().describe("Redirect URL to register at the authorization server, to the letter."),
  neighbours: z
    .array(z.string())
    .optional()
    .describe("Ids of a few integrations that stood beside it: where none of them is known, the API key is for another workspace, and nothing counts as gone."),
});

interface Inputs {
  name: string;
  description?: string;
}

export const customIntegration: Resource = {
  kind: "CustomIntegration",
  description: 'A workspace integration made "from scratch" with OAuth 2.0: the place where a client that Odeus has no integration for is entered.',
  inputs,
  outputs,
  check: () => [],
  slots: ({ name }) => (typeof name === "string" ? [`the integration named ${name}`] : []),

  diff(state, news) {
    requireKnown(state);
    const differences = ["name", "description"].flatMap((name): Difference[] => {
      if (news[name] === UNKNOWN || state[name] !== news[name]) {
        return [{ path: name, kind: state[name] === undefined ? "add" : news[name] === undefined ? "delete" : "update", input: true }];
      }
      return [];
    });
    return { differences, announcements: [] };
  },

  async create(context, news) {
    const declared = news as unknown as Inputs;
    return doing(`making the integration "${declared.name}"`, async () => {
      const odeus = odeusOf(context);
      const all = await odeus.listIntegrations();
      const found = await findUntouched(odeus, declared.name, all);
      const integration = found ?? (await create(odeus, declared));
      if (found !== undefined) context.env.say.info(`took over the integration "${declared.name}" (${found.id}): it has no client, actions or triggers`);
      return result(odeus, await converge(odeus, integration, declared), news, neighboursIn(all));
    });
  },

  async preview(context, { name }, state) {
    const unchecked = (why: string): void => context.env.say.info(`not checked against the workspace: ${why}`);
    const known: Properties = state === undefined ? {} : { slug: state["slug"], redirectUrl: state["redirectUrl"], neighbours: state["neighbours"] };
    if (typeof name !== "string") unchecked("name is not known before `up`");
    else if (name !== state?.["name"]) {
      try {
        const odeus = odeusOf(context);
        const all = await odeus.listIntegrations();
        if (state === undefined) await findUntouched(odeus, name, all);
        else requireFree(name, all);
      } catch (error) {
        if (!(error instanceof NotConfiguredError)) throw error;
        unchecked(messageOf(error));
      }
    }
    return { stateVersion: STATE_VERSION, ...known };
  },

  async import(context, id) {
    const odeus = odeusOf(context);
    const { id: found } = await findIntegration(odeus, id);
    const imported = await read(context, found, { neighbours: neighboursIn(await odeus.listIntegrations()) }, {});
    if (imported === undefined) throw new ConfigError(`integration ${id} is gone from the workspace.`);
    return imported;
  },

  read,

  async update(context, id, state, news) {
    const declared = news as unknown as Inputs;
    return doing(`changing the integration "${declared.name}"`, async () => {
      const odeus = odeusOf(context);
      const integration = await find(odeus, id, state);
      if (integration === undefined)
        throw new ConfigError(`integration ${id} is gone from the workspace. Run \`pulumi refresh\`, then \`pulumi up\`: a new one is made.`);
      if (integration.name !== declared.name) requireFree(declared.name, await odeus.listIntegrations());
      return result(odeus, await converge(odeus, integration, declared), news, state["neighbours"]);
    });
  },

  async delete(context, id, state) {
    // The workspace documents no call that deletes an integration, so it stays, for a later create to take over.
    if ((await find(odeusOf(context), id, state)) === undefined) return;
    context.env.say.warning(
      `the integration "${String(state["name"])}" stays in the workspace, which has no call to delete it; delete it by hand, or let a later create take it over.`,
    );
  },
};

async function read(context: Context, id: string, state: Properties, declared: Properties): Promise<ReadResult | undefined> {
  const odeus = odeusOf(context);
  const integration = await find(odeus, id, state);
  if (integration === undefined) return undefined;
  if (integration.buildByOdeus)
    throw new ConfigError(`integration ${id} (${integration.name}) is built by Odeus; CustomIntegration is for those made from scratch.`);
  const description = integration.description === "" && declared["description"] === undefined ? {} : { description: integration.description };
  const now = { name: integration.name, ...description };
  return { ...(await result(odeus, integration, now, state["neighbours"])), inputs: now };
}

function requireKnown({ stateVersion }: Properties): void {
  if (typeof stateVersion === "number") refuseNewer(stateVersion, STATE_VERSION);
}

/** Enough of them that no one integration's end matters. */
function neighboursIn(all: readonly IntegrationSummary[]): string[] {
  return all
    .filter(({ buildByOdeus }) => buildByOdeus)
    .map(({ id }) => id)
    .slice(0, 3);
}

/** The integration of this state; undefined where it is gone, which a key for another workspace does not prove. */
async function find(odeus: OdeusApi, id: string, state: Properties): Promise<Integration | undefined> {
  requireKnown(state);
  try {
    return await odeus.getIntegration(id);
  } catch (error) {
    if (!isRemote(error, 404)) throw error;
    const { neighbours } = state;
    if (Array.isArray(neighbours)) await requireSameWorkspace(odeus, neighbours.map(String));
    return undefined;
  }
}

/** Another integration with this name could not be told from it. */
function requireFree(name: string, all: readonly IntegrationSummary[]): void {
  if (all.some((one) => one.name === name)) throw taken(name, "another integration has it");
}

/** Ours of an earlier run, or one that nobody has used yet; any other of this name is refused. */
async function findUntouched(odeus: OdeusApi, name: string, all: readonly IntegrationSummary[]): Promise<Integration | undefined> {
  const named = all.filter((one) => one.name === name);
  if (named.length === 0) return undefined;
  const [only] = named;
  if (named.length > 1 || only === undefined) throw taken(name, `${named.length} integrations have it`);
  if (only.buildByOdeus) throw taken(name, "an integration built by Odeus has it");
  if (only.authType !== AUTH_TYPE) throw taken(name, `the one that has it does not use OAuth 2.0 (${only.authType})`);
  const [integration, slot] = await Promise.all([odeus.getIntegration(only.id), odeus.getOAuthClient(only.id)]);
  if (slot.mode === "CUSTOM") throw taken(name, "the one that has it already holds a client");
  if (integration.actions.length + integration.triggers.length > 0) throw taken(name, "the one that has it already has actions or triggers");
  return integration;
}

function taken(name: string, why: string): ConfigError {
  return new ConfigError(`the name "${name}" is taken: ${why}. Choose another name, or import that integration by its id.`);
}

async function create(odeus: OdeusApi, declared: Inputs): Promise<Integration> {
  try {
    return await odeus.createIntegration({ ...declared, authType: AUTH_TYPE });
  } catch (error) {
    if (!mayHaveHappened(error)) throw error;
    // The answer was lost: look before making a second one.
    const found = await findUntouched(odeus, declared.name, await odeus.listIntegrations());
    if (found === undefined) throw error;
    return found;
  }
}

async function converge(odeus: OdeusApi, integration: Integration, { name, description = "" }: Inputs): Promise<Integration> {
  if (integration.name === name && integration.description === description) return integration;
  return odeus.updateIntegration(integration.id, { name, description });
}

async function result(odeus: OdeusApi, integration: Integration, declared: Properties, neighbours: Value): Promise<Result> {
  const { redirectUrl } = await odeus.getOAuthClient(integration.id);
  return {
    id: integration.id,
    state: { ...declared, stateVersion: STATE_VERSION, slug: integration.slug, redirectUrl, ...(neighbours === undefined ? {} : { neighbours }) },
  };
}
