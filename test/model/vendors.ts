/** What stands in the place of the vendors' files and of the workspace's client: each finds the world of its run by its Env. */

import type { AuthorizationServer } from "../../src/authorizationServers/contract.js";
import type { EntraOptions } from "../../src/authorizationServers/entra.js";
import type { ExistingOptions } from "../../src/authorizationServers/existing.js";
import type { ServiceNowOptions } from "../../src/authorizationServers/serviceNow.js";
import type { SnowflakeServerOptions } from "../../src/authorizationServers/snowflake.js";
import type { OdeusApi } from "../../src/clients/odeus.js";
import type { Env } from "../../src/core/env.js";
import { OdeusError } from "../../src/core/errors.js";
import { createModelServer } from "./server.js";
import { createModelWorkspace } from "./workspace.js";
import type { World } from "./world.js";

export const HOME = "aaaaaaaa-0000-4000-8000-000000000001";
export const AWAY = "aaaaaaaa-0000-4000-8000-000000000002";
export const INSTANCE = "contoso";
export const ACCOUNT = "ACME";

const worlds = new WeakMap<Env, World>();

export function inWorld(world: World, env: Env): Env {
  worlds.set(env, world);
  return env;
}

function worldOf(env: Env): World {
  const world = worlds.get(env);
  if (world === undefined) throw new Error("an Env of no world");
  return world;
}

export function createEntraServer({ settings, tenantId, env }: EntraOptions): AuthorizationServer {
  return createModelServer({
    world: worldOf(env),
    env,
    kind: "entra",
    secrets: "many",
    place: (tenantId ?? HOME).toLowerCase(),
    name: settings.displayName,
    settings: { ...settings },
    lifetimeDays: settings.secretLifetimeDays,
    purge: settings.purgeOnDestroy,
  });
}

export function createServiceNowServer({ settings, instance, env }: ServiceNowOptions): AuthorizationServer {
  const named = instance ?? INSTANCE;
  const place = named.startsWith("https://") ? named : `https://${named}.service-now.com`;
  return createModelServer({
    world: worldOf(env),
    env,
    kind: "serviceNow",
    secrets: "one",
    place,
    name: settings.name,
    settings: { ...settings },
    objects: { instance: place },
  });
}

export function createSnowflakeServer({ name, settings, adopt, env }: SnowflakeServerOptions): AuthorizationServer {
  return createModelServer({
    world: worldOf(env),
    env,
    kind: "snowflake",
    secrets: "two",
    place: ACCOUNT,
    name,
    settings: { ...settings },
    adopt,
    objects: { account: ACCOUNT },
  });
}

/** A client that its owner made, with the secrets that its owner gives it. */
export function createExistingServer({ clientId, tenantId, env }: ExistingOptions): AuthorizationServer {
  const world = worldOf(env);
  const client = { clientId, objects: {}, ...(tenantId === undefined ? {} : { tenantId }) };
  return {
    kind: "existing",
    secrets: "given",
    title: `client ${clientId}`,
    acceptances: 1,
    markPlace: "none",
    hasEndpoints: true,
    endpoints: () => ({ authorizationUrl: "https://theirs.example/authorize", tokenUrl: "https://theirs.example/token" }),
    slotTenant: () => tenantId,
    outputs: () => ({}),
    prepare: async () => ({ warnings: [] }),
    find: async () => undefined,
    lookUp: async () => undefined,
    recall: async () => client,
    register: async () => client,
    complete: async () => client,
    converge: async () => client,
    addSecret: async () => {
      throw new OdeusError("nobody but its owner can issue a secret for it");
    },
    removeSecret: async () => undefined,
    markedSecrets: async () => [],
    async probe(_client, secret) {
      const accepted = await world.call("existing.probe", false, () => world.answersSignIn(clientId, secret.open()));
      return { verdict: accepted ? "accepted" : "rejected", method: "sign-in", detail: accepted ? "It was accepted." : "It was refused." };
    },
    observe: async () => ({ exists: true, drift: [], notes: [], findings: [], settings: {} }),
    successor: async () => undefined,
    delete: async () => undefined,
  };
}

export const limitsOf = () => ({ callTimeoutMs: 30_000, retryMs: 0 });

export function odeusOf({ env }: { env: Env }): OdeusApi {
  return createModelWorkspace(worldOf(env));
}
