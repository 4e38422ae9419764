/** The workspace of the model: the sandbox's own rules for slots, called in process. */

import type { OdeusApi } from "../../src/clients/odeus.js";
import type { IntegrationSummary, OAuthClient, Integration as Shown } from "../../src/generated/odeusApi.js";
import { ApiError } from "../../src/sandbox/odeus/apiError.js";
import { changeAuth, showOAuth } from "../../src/sandbox/odeus/customIntegration.js";
import { changeClient, enterClient, showSlot } from "../../src/sandbox/odeus/oauthClientSlot.js";
import { type Integration, modeOf, type Workspace } from "../../src/sandbox/odeus/workspace.js";
import { failure, type World } from "./world.js";

type Custom = Parameters<typeof changeAuth>[1];

/** [slug, scopes, has Odeus's own client, takes a tenant, made from scratch] */
const INTEGRATIONS: [string, string[], boolean, boolean, boolean][] = [
  ["mail", ["Mail.Read", "Mail.Send"], true, true, false],
  ["files", ["Files.Read"], true, true, false],
  ["issues", ["Issues.Read"], false, false, false],
  ["warehouse", ["refresh_token"], false, false, true],
];
export const SLUGS = INTEGRATIONS.map(([slug]) => slug);

export function idOfSlug(slug: string): string {
  return `00000000-0000-4000-8000-${String(SLUGS.indexOf(slug) + 1).padStart(12, "0")}`;
}

export function fillWorkspace(world: World): void {
  for (const [slug, defaultScopes, odeusClientAvailable, tenantIdSupported, custom] of INTEGRATIONS) {
    const id = idOfSlug(slug);
    world.slots.set(id, {
      id,
      slug,
      name: slug,
      description: "",
      authType: "OAUTH",
      buildByOdeus: !custom,
      vendor: undefined,
      enabled: true,
      odeusClientAvailable,
      tenantIdSupported,
      clientSecretRequired: true,
      defaultScopes: [...defaultScopes],
      redirectUrl: `https://odeus.example/${slug}/callback`,
      client: undefined,
      custom: custom ? { authFields: [] } : undefined,
      actions: [],
      triggers: [],
    });
  }
}

export function createModelWorkspace(world: World): OdeusApi {
  const stamp = () => world.stamp();
  const workspace = { connections: [], stamp } as unknown as Workspace;
  const of = (id: string): Integration => {
    const found = world.slots.get(id);
    if (found === undefined) throw new ApiError(404, "no such integration");
    return found;
  };
  /** A call whose refusals are those of the API. */
  const call = <T>(name: string, changes: boolean, effect: () => T): Promise<T> =>
    world.call(`workspace.${name}`, changes, () => {
      try {
        return structuredClone(effect());
      } catch (error) {
        if (error instanceof ApiError) throw failure(name, "refused", `refused it: ${error.message}`, error.status);
        throw error;
      }
    });
  const slot = (integration: Integration) => showSlot(integration) as unknown as OAuthClient;
  const shown = (integration: Integration): Shown =>
    ({ ...integration, client: undefined, authFields: integration.custom?.authFields ?? [], oauthClient: showOAuth(integration) }) as unknown as Shown;
  const summary = ({ id, slug, name, description, authType, buildByOdeus, odeusClientAvailable, client }: Integration): IntegrationSummary => ({
    id,
    slug,
    name,
    description,
    authType,
    buildByOdeus,
    oauth: { mode: modeOf({ client, odeusClientAvailable } as Integration), odeusClientAvailable },
    actions: [],
  });
  const listIntegrations = () => call("list", false, () => [...world.slots.values()].map(summary));
  const unused = (): never => {
    throw new Error("not part of a rollout");
  };

  return {
    baseUrl: "https://odeus.example",
    listIntegrations,
    recentIntegrations: async () => ({ all: await listIntegrations(), new: true }),
    createIntegration: unused,
    updateIntegration: unused,
    getIntegration: (id) => call("getIntegration", false, () => shown(of(id))),
    updateIntegrationAuth: (id, change) =>
      call("updateAuth", true, () => {
        changeAuth(workspace, of(id) as Custom, change as unknown as Parameters<typeof changeAuth>[2]);
        return shown(of(id));
      }),
    getOAuthClient: (id) => call("get", false, () => slot(of(id))),
    putOAuthClient: (id, entry) =>
      call("put", true, () => {
        enterClient(of(id), entry, stamp);
        return slot(of(id));
      }),
    patchOAuthClient: (id, change) =>
      call("patch", true, () => {
        changeClient(of(id), change, stamp);
        return slot(of(id));
      }),
    deleteOAuthClient: (id) =>
      call("delete", true, () => {
        of(id).client = undefined;
      }),
  };
}
