/** From inputs, state and configuration to the stage of a rollout: which servers, which workspace, what is wished. */

import type { AuthorizationServer } from "../../authorizationServers/contract.js";
import { createEntraServer } from "../../authorizationServers/entra.js";
import type { EntraSettings } from "../../authorizationServers/entraApplication.js";
import { createExistingServer } from "../../authorizationServers/existing.js";
import { createServiceNowServer, type ServiceNowOptions } from "../../authorizationServers/serviceNow.js";
import type { ServiceNowSettings } from "../../authorizationServers/serviceNowRegistry.js";
import { instanceUrl } from "../../clients/serviceNowSignIn.js";
import { readAsset } from "../../core/asset.js";
import type { Config } from "../../core/config.js";
import { ConfigError } from "../../core/errors.js";
import { type Mark, markOf } from "../../core/mark.js";
import { Secret } from "../../core/secret.js";
import type { Properties } from "../../core/value.js";
import type { FormerClient, Recorded, Wish } from "../../rollout/record.js";
import type { Stage } from "../../rollout/stage.js";
import type { Context } from "../resource.js";
import { limitsOf, odeusOf } from "../workspaceApi.js";
import type { EntraInputs, OAuthClientConfigInputs, ServiceNowInputs } from "./definition.js";
import { adoptsAnother, anotherClient, rotationOf, secretReason } from "./diff.js";

/** The server of the client that these properties (inputs, or the inputs in a state) describe. `before`: those of the same client so far. */
export function serverOf(
  context: Context,
  properties: Properties,
  recordedTenant: string | undefined,
  before?: { state: Properties; attempted: Recorded["attempted"] },
): AuthorizationServer {
  const { config, env } = context;
  const { entra, serviceNow, existing } = properties as unknown as OAuthClientConfigInputs;
  const common = { config, env, limits: limitsOf(config) };
  if (entra !== undefined) {
    const formerly = (before?.state as unknown as OAuthClientConfigInputs | undefined)?.entra;
    return createEntraServer({
      ...common,
      settings: entraSettings(entra),
      formerly: formerly === undefined ? {} : { ...entraSettings(formerly), ...before?.attempted },
      tenantId: tenantOf(config, entra.tenantId, recordedTenant),
    });
  }
  if (serviceNow !== undefined) {
    const formerly = (before?.state as unknown as OAuthClientConfigInputs | undefined)?.serviceNow;
    return createServiceNowServer({
      ...common,
      ...serviceNowOptions(serviceNow),
      formerly: formerly === undefined ? {} : { ...serviceNowOptions(formerly).settings, ...before?.attempted },
    });
  }
  if (existing === undefined) throw new ConfigError("this state names no kind of client that this version knows.");
  const { clientId, tenantId, issuer, authorizationUrl, tokenUrl } = existing;
  // In a preview it may be a value that is not known yet.
  const clientSecret = typeof existing.clientSecret === "string" ? existing.clientSecret : undefined;
  return createExistingServer({ ...common, clientId, clientSecret, tenantId, issuer, authorizationUrl, tokenUrl, sharer: sharerIn(context) });
}

/** Asked in a create, an update and their previews: this resource acts. */
function sharerIn({ claims, urn }: Context): (clientId: string) => string | undefined {
  return (clientId) => claims.sharer(urn, clientId, true);
}

/** The tenant: the program's word, else the credentials'. Credentials for another tenant than the state's are refused, not followed. */
function tenantOf(config: Config, declared: string | undefined, recorded: string | undefined): string | undefined {
  if (declared !== undefined) return declared;
  const configured = config.text("entraTenantId");
  const guid = /^[0-9a-f-]{36}$/i;
  if (recorded !== undefined && configured !== undefined && guid.test(configured) && configured.toLowerCase() !== recorded.toLowerCase()) {
    throw new ConfigError(
      `this state belongs to tenant ${recorded}, the credentials are for tenant ${configured}. Use credentials for the first, or set entra.tenantId to move the client on purpose. Nothing was changed.`,
    );
  }
  return recorded ?? configured;
}

function serviceNowOptions({ instance, ...rest }: ServiceNowInputs): Pick<ServiceNowOptions, "settings" | "instance"> {
  return { settings: Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as unknown as ServiceNowSettings, instance };
}

/** The instance of the state and that of the configuration have to be one; only the program moves a client. */
function requireSameInstance({ config }: Context, inputs: Properties, recorded: Recorded | undefined): void {
  const { serviceNow } = inputs as unknown as OAuthClientConfigInputs;
  const before = recorded?.kind === "serviceNow" ? recorded.client?.objects["instance"] : undefined;
  if (serviceNow === undefined || serviceNow.instance !== undefined || before === undefined) return;
  const configured = instanceUrl(config, undefined);
  if (configured !== before)
    throw new ConfigError(
      `this state belongs to the ServiceNow instance ${before}, the configuration names ${configured}. Use the first, or set serviceNow.instance to move the client on purpose. Nothing was changed.`,
    );
}

function entraSettings({ tenantId: _tenant, additionalRedirectUrls: _urls, logo, ...rest }: EntraInputs): EntraSettings {
  const settings = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as unknown as EntraSettings;
  return logo === undefined ? settings : { ...settings, logo: { hash: logo.hash, content: () => readAsset(logo) } };
}

export function stageOf(context: Context, inputs: Properties, state: Properties | undefined, recorded: Recorded | undefined): Stage {
  const { config, env, claims, urn } = context;
  requireSameInstance(context, inputs, recorded);
  const continues = recorded?.client !== undefined && state !== undefined && continuing(context, recorded, inputs, state);
  return {
    odeus: odeusOf(context),
    server: serverOf(context, inputs, continues ? recorded?.client?.tenantId : undefined, continues ? { state, attempted: recorded?.attempted } : undefined),
    continues,
    serverOf: (former) => formerServer(context, inputs, state, former),
    abandoned: config.list("abandonClientIds"),
    formerSecret: formerSecret(state, recorded),
    givenTenant: (inputs as unknown as OAuthClientConfigInputs).existing?.tenantId,
    mark: markIn(context, recorded),
    urn,
    claims,
    env,
    verifyMs: config.seconds("verifySeconds", 300) * 1000,
  };
}

/** What an update writes at the client, as far as it can be recorded. A logo is put last, after everything that can fail. */
export function writtenSettings(inputs: Properties): object {
  const { entra, serviceNow } = inputs as unknown as OAuthClientConfigInputs;
  if (entra === undefined) return serviceNow === undefined ? {} : serviceNowOptions(serviceNow).settings;
  const { logo: _last, ...settings } = entraSettings(entra);
  return settings;
}

/** Without state this is a making of its own; nothing but the generation tells it from the resource that it replaces. */
function markIn({ config, env, urn }: Context, recorded: Recorded | undefined): Mark {
  const generation = recorded === undefined ? env.randomHex(8) : recorded.generation;
  return { ...markOf(urn, config.text("owner")), ...(generation === undefined ? {} : { generation }) };
}

/** Whether the recorded client is the one that the inputs declare. */
function continuing({ config }: Context, recorded: Recorded, inputs: Properties, state: Properties): boolean {
  const { entra, serviceNow, existing } = inputs as unknown as OAuthClientConfigInputs;
  if (adoptsAnother(state, inputs)) return false;
  if (entra !== undefined)
    return recorded.kind === "entra" && (entra.tenantId === undefined || entra.tenantId.toLowerCase() === recorded.client?.tenantId?.toLowerCase());
  if (serviceNow !== undefined)
    return (
      recorded.kind === "serviceNow" && (serviceNow.instance === undefined || instanceUrl(config, serviceNow.instance) === recorded.client?.objects["instance"])
    );
  return recorded.kind === "existing" && existing?.clientId === recorded.client?.clientId;
}

function formerServer(context: Context, inputs: Properties, state: Properties | undefined, former: FormerClient): AuthorizationServer {
  if (former.kind === "existing")
    return createExistingServer({
      clientId: former.clientId,
      clientSecret: undefined,
      tenantId: former.tenantId,
      issuer: undefined,
      authorizationUrl: undefined,
      tokenUrl: undefined,
      config: context.config,
      env: context.env,
      limits: limitsOf(context.config),
      sharer: sharerIn(context),
    });
  if (former.kind === "serviceNow") {
    const serviceNow = ((state?.["serviceNow"] ?? inputs["serviceNow"]) as unknown as ServiceNowInputs | undefined) ?? { name: former.clientId };
    const { settings } = serviceNowOptions(serviceNow);
    return createServiceNowServer({
      settings,
      formerly: {},
      instance: former.objects["instance"],
      config: context.config,
      env: context.env,
      limits: limitsOf(context.config),
    });
  }
  // Its settings matter no more, but for its name in messages and whether it is purged.
  const entra =
    ((state?.["entra"] ?? inputs["entra"]) as unknown as EntraInputs | undefined) ??
    ({ displayName: former.clientId, grantAdminConsent: false, secretLifetimeDays: 180, purgeOnDestroy: false } as EntraInputs);
  return createEntraServer({
    config: context.config,
    env: context.env,
    limits: limitsOf(context.config),
    settings: entraSettings(entra),
    formerly: {},
    tenantId: former.tenantId,
  });
}

function formerSecret(state: Properties | undefined, recorded: Recorded | undefined): Secret | undefined {
  const existing = (state as unknown as OAuthClientConfigInputs | undefined)?.existing;
  return recorded?.kind === "existing" && existing?.clientSecret !== undefined && existing.clientId === recorded.client?.clientId
    ? new Secret(existing.clientSecret)
    : undefined;
}

export function wishOf(inputs: Properties, state: Properties | undefined, recorded: Recorded | undefined, now: Date): Wish {
  const declared = inputs as unknown as OAuthClientConfigInputs;
  const before = state as unknown as OAuthClientConfigInputs | undefined;
  const { existing } = declared;
  const proof = (client: OAuthClientConfigInputs["existing"]) =>
    JSON.stringify([client?.clientId, client?.clientSecret, client?.tenantId, client?.issuer, client?.authorizationUrl, client?.tokenUrl]);
  return {
    uses: declared.integrations.map(({ integration, scopes }) => ({ written: integration, scopes })),
    additionalRedirectUrls: declared.entra?.additionalRedirectUrls ?? [],
    verify: declared.verify,
    overlapMs: rotationOf(inputs).overlapMs,
    renewSecret: state !== undefined && recorded !== undefined && !anotherClient(state, inputs) && secretReason(state, inputs, recorded, now) !== undefined,
    exportSecret: declared.exportClientSecret,
    replaceClientIds: declared.replaceClientIds ?? [],
    adoptClientId: declared.adoptClientId,
    givenSecret: existing?.clientSecret === undefined ? undefined : new Secret(existing.clientSecret),
    givenChanged: existing !== undefined && (before === undefined || proof(existing) !== proof(before.existing)),
  };
}
