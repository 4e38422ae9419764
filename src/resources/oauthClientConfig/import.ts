/** Taking a client that is in use into a program: its inputs as they stand at the server and in the workspace. Reads only. */

import type { RegisteredClient } from "../../authorizationServers/contract.js";
import type { OdeusApi } from "../../clients/odeus.js";
import { withDefaults } from "../../core/check.js";
import { ConfigError } from "../../core/errors.js";
import { nameOfMark } from "../../core/mark.js";
import type { Properties, Value } from "../../core/value.js";
import { observe } from "../../rollout/observe.js";
import type { Recorded } from "../../rollout/record.js";
import { unasked, withFindings } from "../../rollout/verification.js";
import { type Holder, notLookedAt, slotsHolding } from "../../workspace/integrations.js";
import { effectiveScopes } from "../../workspace/slot.js";
import type { Context, ReadResult } from "../resource.js";
import { inputs as inputDefinition } from "./definition.js";
import { KINDS, type Kind } from "./rules.js";
import { stageOf } from "./stage.js";
import { readBackInputs, toState } from "./state.js";

const UNSEEN = {
  entra: "no app registration with this client id can be seen with these credentials. Check the id and the tenant (odeus:entra.tenantId or ARM_TENANT_ID)",
  serviceNow:
    "no entry of the application registry with this client id can be seen with these credentials. Check the id, the instance (odeus:serviceNow.instance or SERVICENOW_INSTANCE) and the role oauth_admin",
};

/** `<kind>/<client id>`, of a client that at least one slot of the workspace holds. */
export async function importClient(context: Context, id: string): Promise<ReadResult> {
  const { kind, clientId } = partsOf(id);
  const bare: Properties = { [kind]: kind === "entra" ? { displayName: clientId } : kind === "serviceNow" ? { name: clientId } : { clientId } };
  const { odeus, server, mark } = stageOf(context, withDefaults(inputDefinition, bare), undefined, undefined);
  const sighting = await server.lookUp(clientId);
  // Microsoft Graph finds an id in any case of its letters; the slots hold it as the server shows it.
  const shown = sighting?.client.clientId ?? clientId;
  const { holding, unseen } = await slotsHolding(odeus, shown);
  if (sighting === undefined && kind !== "existing")
    throw new ConfigError(`${id}: ${UNSEEN[kind]}; a client of another vendor is imported as existing/<client id>.`);
  if (holding.length === 0) throw inNoSlot(odeus, id, unseen);
  if (unseen.length > 0) context.env.say.info(`${notLookedAt(unseen)}.`);
  const { stack } = sighting?.mark ?? mark;
  if (sighting?.mark !== undefined && stack !== mark.stack)
    context.env.say.warning(`client ${shown} carries the mark of ${nameOfMark(sighting.mark)}: take it out of that stack, so that it has one owner.`);
  const client = sighting?.client ?? existingClient(shown, holding);
  const declared = withDefaults(inputDefinition, {
    integrations: holding.map(useOf),
    [kind]: kind === "existing" ? existingInputs(client, holding) : (sighting?.settings as Value),
  });
  const stage = stageOf(context, declared, undefined, undefined);
  const recorded: Recorded = {
    workspace: odeus.baseUrl,
    kind,
    client,
    ...(sighting?.secret === undefined ? {} : { secret: sighting.secret }),
    retiring: [],
    replaced: [],
    slots: Object.fromEntries(holding.map((one) => [one.slot.integrationId, slotRecord(one, stage.server.slotTenant(client))])),
    additionalRedirectUrls: [],
    unfinished: [],
    drift: [],
  };
  const seen = await observe(stage, recorded);
  for (const note of seen.notes) context.env.say.info(note);
  const inputs = readBackInputs(declared, seen.settings, () => undefined);
  const verification = withFindings(unasked(stage.server, true, context.env.now()), seen.findings);
  return { id: `${kind}/${client.clientId}`, inputs, state: toState(inputs, { ...seen.recorded, verification }, stage.server) };
}

function partsOf(id: string): { kind: Kind; clientId: string } {
  const [kind, ...rest] = id.split("/");
  const clientId = rest.join("/");
  const known = KINDS.find((one) => one === kind);
  if (known === undefined || clientId === "")
    throw new ConfigError(`${JSON.stringify(id)} is no id of an OAuthClientConfig: write ${KINDS.map((one) => `${one}/<client id>`).join(" or ")}.`);
  return { kind: known, clientId };
}

function inNoSlot({ baseUrl }: OdeusApi, id: string, unseen: string[]): ConfigError {
  return new ConfigError(
    `${id}: no integration of the workspace at ${baseUrl} holds this client, so there is nothing to import${unseen.length === 0 ? "" : ` (${notLookedAt(unseen)})`}. To enter a client that exists, declare it: with adoptClientId, or as existing.`,
  );
}

function useOf({ slug, slot }: Holder): Properties {
  // A custom integration has no list of its own to keep in sync.
  const kept = !slot.scopeSync || (slot.custom !== undefined && slot.scopes.length > 0);
  return { integration: slug, ...(kept ? { scopes: slot.scopes } : {}) };
}

/** `needed`: the tenant that the client needs in its slots. */
function slotRecord({ slug, slot }: Holder, needed: string | undefined): Recorded["slots"][string] {
  const { scopes } = useOf({ slug, slot });
  return {
    written: slug,
    slug,
    redirectUrl: slot.redirectUrl,
    scopes: effectiveScopes(slot, scopes as string[] | undefined),
    scopeSync: scopes === undefined,
    custom: slot.custom !== undefined,
    ...(needed === undefined && slot.tenantId !== null ? { tenantId: slot.tenantId } : {}),
    // What stands there now counts as entered: nobody has replaced it since.
    ...(slot.clientSecretUpdatedAt === null ? {} : { secretUpdatedAt: slot.clientSecretUpdatedAt }),
  };
}

function existingClient(clientId: string, holding: Holder[]): RegisteredClient {
  const tenantId = holding.find(({ slot }) => slot.tenantId !== null)?.slot.tenantId ?? undefined;
  return { clientId, objects: {}, ...(tenantId === undefined ? {} : { tenantId }) };
}

function existingInputs({ clientId, tenantId }: RegisteredClient, holding: Holder[]): Properties {
  const { authUrl, tokenUrl } = holding.find(({ slot }) => slot.custom !== undefined)?.slot.custom?.oauthClient ?? {};
  return {
    clientId,
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(authUrl === undefined ? {} : { authorizationUrl: authUrl }),
    ...(tokenUrl === undefined ? {} : { tokenUrl }),
  };
}
