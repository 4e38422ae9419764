/** A resource as the engine drives it, OAuthClientConfig unless told otherwise, against a world of the sandbox: check, diff, then create, update, read, delete. */

import { readFileSync } from "node:fs";
import type { Properties } from "../../src/core/value.js";
import type { RecordedCall } from "../../src/sandbox/calls.js";
import type { AcceptingServer, WorldOptions } from "../../src/sandbox/world.js";
import { type Connected, connectUser } from "./browser.js";
import { startDynamicProcess } from "./dynamicProcess.js";
import { startPluginProcess } from "./pluginProcess.js";
import { HostFailure, type HostOptions, type Inputs, type LogLine, type ProviderHost } from "./providerHost.js";
import { type EntraApplication, startWorld, type World } from "./sandbox.js";

export type HostStarter = (options?: HostOptions) => Promise<ProviderHost>;

export const HOSTS: [string, HostStarter][] = [
  ["plugin", startPluginProcess],
  ["dynamic", startDynamicProcess],
];

/** Budgets short enough for tests: what is tried again fails within two seconds. */
const BUDGETS = { ODEUS_RETRY_SECONDS: "1", ODEUS_VERIFY_SECONDS: "3", ODEUS_CALL_TIMEOUT_SECONDS: "2", ODEUS_REQUESTS_PER_MINUTE: "0" };
/** A whole file of tests is no minute of one program. */
const NO_LIMIT = 1_000_000;

/** What the engine keeps of a resource. */
export interface Made {
  id: string;
  state: Properties;
  inputs: Properties;
}

export interface Up extends Made {
  /** False: diff found nothing, so nothing was called. */
  changed: boolean;
}

export interface Slot {
  id: string;
  slug: string;
  redirectUrl: string;
  defaultScopes: string[];
  client?: {
    clientId: string;
    clientSecret?: string;
    clientSecretUpdatedAt: string | null;
    tenantId: string | null;
    scopeSync: boolean;
    scopes: string[];
  };
}

/** Which resource a stage plays. */
export interface Played {
  kind: string;
  /** Its name in the program, where a test gives none. */
  name: string;
  /** Inputs that speak for nothing that a test is about. */
  nothing: (urn: string) => Inputs;
  /** Where the client in a slot has to work. */
  server: AcceptingServer;
}

const OAUTH_CLIENT_CONFIG: Played = {
  kind: "OAuthClientConfig",
  name: "mail",
  nothing: (urn) => ({ integrations: [{ integration: "nothing-at-all" }], existing: { clientId: urn } }),
  server: "entra",
};

export interface Stage {
  world: World;
  host: ProviderHost;
  played: Played;
  urn(name?: string): string;
  /** One `up` of one resource: create without `before`, else an update where diff asks for it. */
  up(inputs: Inputs, before?: Made, name?: string): Promise<Up>;
  /** An `up` that has to fail. */
  failingUp(inputs: Inputs, before?: Made, name?: string): Promise<HostFailure>;
  /** The update alone, whatever diff says: what the engine does after a failure that it remembers. */
  update(made: Made, inputs?: Inputs, name?: string): Promise<Made>;
  refresh(made: Made, name?: string): Promise<Made | undefined>;
  /** What the next `up` of the same program would say: whether it changes anything, and the lines of the preview. */
  plan(made: Made, inputs?: Inputs, name?: string): Promise<{ changes: boolean; said: string[] }>;
  destroy(made: Made, name?: string): Promise<void>;
  slot(slug: string): Promise<Slot>;
  slotPath(slug: string): string;
  /** All apps of the tenant, deleted ones too. */
  apps(tenantId?: string): Promise<EntraApplication[]>;
  /** The one app of the tenant that is not deleted. */
  app(tenantId?: string): Promise<EntraApplication>;
  /** Scopes of the tenant-wide consent for the one app, sorted. */
  grantedScopes(): Promise<string[]>;
  /** Whether the authorization server takes the client and the secret that the slot holds. */
  works(slug: string): Promise<boolean>;
  connect(slug: string): Promise<Connected>;
  changingCalls(): Promise<RecordedCall[]>;
  /** Lines that stay, since the last `clear`. */
  said(severity?: LogLine["severity"]): string[];
  /** Empties the workspace's slots and both tenants by hand, and forgets calls, faults and lines. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export interface StageOptions {
  played?: Played;
  world?: WorldOptions;
  environment?: Record<string, string>;
}

export async function startStage(start: HostStarter, options: StageOptions = {}): Promise<Stage> {
  const world = await startWorld(options.world);
  const environment = { ...world.environment, ...BUDGETS, ...options.environment };
  return stageOn(world, await start({ environment }), options.played ?? OAUTH_CLIENT_CONFIG);
}

/** Another process on the same world, as the next run of the engine has it. */
export async function startAgain(stage: Stage, start: HostStarter, environment: Record<string, string> = {}): Promise<Stage> {
  return stageOn(stage.world, await start({ environment: { ...stage.world.environment, ...BUDGETS, ...environment } }), stage.played);
}

async function stageOn(world: World, host: ProviderHost, played: Played): Promise<Stage> {
  await host.configure({});
  await world.odeus("PATCH", "/settings", { requestsPerMinute: NO_LIMIT });
  const urns = new Set<string>();
  let linesBefore = 0;
  const urn = (name = played.name): string => {
    const full = host.urn(played.kind, name);
    urns.add(full);
    return full;
  };
  const checked = async (name: string | undefined, inputs: Inputs, before?: Made): Promise<Properties> => {
    const answer = await host.check(urn(name), inputs, before?.inputs);
    if (answer.failures.length > 0) throw new Error(`check failed: ${answer.failures.join("; ")}`);
    return answer.inputs;
  };
  /** As in a run whose program does not have this resource: the process forgets which slots it names and what it stands for. */
  const undeclare = (each: string) => host.check(each, played.nothing(each));
  const slots = async (): Promise<Slot[]> => (await world.state<{ odeus: { integrations: Slot[] } }>()).odeus.integrations;
  const defaults = new Map((await slots()).map(({ id, defaultScopes, redirectUrl }) => [id, { defaultScopes, redirectUrl }]));

  const stage: Stage = {
    world,
    host,
    played,
    urn,
    async up(inputs, before, name) {
      const news = await checked(name, inputs, before);
      if (before === undefined) return { ...(await host.create(urn(name), news)), inputs: news, changed: true };
      if (!(await host.diff(urn(name), before.id, before.state, news)).changes) return { ...before, changed: false };
      return { id: before.id, ...(await host.update(urn(name), before.id, before.state, news)), inputs: news, changed: true };
    },
    failingUp: (inputs, before, name) => failureOf(stage.up(inputs, before, name)),
    async update(made, inputs = made.inputs, name = undefined) {
      const news = await checked(name, inputs, made);
      return { id: made.id, ...(await host.update(urn(name), made.id, made.state, news)), inputs: news };
    },
    refresh: (made, name) => host.read(urn(name), made.id, made.state, made.inputs),
    async plan(made, inputs = made.inputs, name = undefined) {
      const lines = host.lines.length;
      const news = await checked(name, inputs, made);
      const { changes, replaces } = await host.diff(urn(name), made.id, made.state, news);
      if (replaces.length > 0) throw new Error(`diff asks for a replacement by ${replaces.join(", ")}`);
      return { changes, said: host.lines.slice(lines).map(({ message }) => message) };
    },
    async destroy(made, name) {
      await undeclare(urn(name));
      await host.delete(urn(name), made.id, made.state);
    },
    async slot(slug) {
      const found = (await slots()).find((slot) => slot.slug === slug);
      if (found === undefined) throw new Error(`no integration ${slug}`);
      return found;
    },
    slotPath: (slug) => `/integrations/v1/${world.integrations[slug]}/oauth-client`,
    async apps(tenantId = world.tenantId) {
      return (await world.state()).entra.tenants.find(({ id }) => id === tenantId)?.applications ?? [];
    },
    async app(tenantId) {
      const [app, ...more] = (await stage.apps(tenantId)).filter(({ deletedDateTime }) => deletedDateTime === null);
      if (app === undefined || more.length > 0) throw new Error(`${more.length + (app === undefined ? 0 : 1)} apps in place of one`);
      return app;
    },
    async grantedScopes() {
      const { appId } = await stage.app();
      const { servicePrincipals = [], grants = [] } = (await world.state()).entra.tenants.find(({ id }) => id === world.tenantId) ?? {};
      const principal = servicePrincipals.find((each) => each.appId === appId);
      const ours = grants.filter(({ clientId, consentType }) => clientId === principal?.id && consentType === "AllPrincipals");
      return ours.flatMap(({ scope }) => scope.split(" ")).sort();
    },
    async works(slug) {
      const { client } = await stage.slot(slug);
      return client?.clientSecret !== undefined && world.accepted(played.server, client.clientId, client.clientSecret);
    },
    async connect(slug) {
      const ca = readFileSync(process.env["SANDBOX_CA"] ?? "", "utf8");
      return connectUser({ startUrl: `${world.origins.odeus}/integrations/${(await stage.slot(slug)).id}/connect?user=ada`, user: "ada", ca });
    },
    changingCalls: async () => (await world.calls()).filter(({ changes }) => changes),
    said: (severity) =>
      host.lines
        .slice(linesBefore)
        .filter((line) => !line.ephemeral && (severity === undefined || line.severity === severity))
        .map(({ message }) => message),
    async clear() {
      await world.clearFaults();
      // No resource of an earlier test speaks for a slot any more.
      for (const each of urns) await undeclare(each);
      for (const { id, client } of await slots()) {
        if (client !== undefined) await world.odeus("DELETE", `/integrations/v1/${id}/oauth-client`);
        await world.odeus("PATCH", `/settings/integrations/${id}`, defaults.get(id) ?? {});
      }
      for (const tenantId of [world.tenantId, world.secondTenantId]) {
        for (const { id, deletedDateTime } of await stage.apps(tenantId)) {
          if (deletedDateTime === null) await world.graph("DELETE", `/applications/${id}`, undefined, tenantId);
          await world.graph("DELETE", `/directory/deletedItems/${id}`, undefined, tenantId);
        }
      }
      await world.behaviour("atlassian", "clientFirst");
      await world.clearCalls();
      linesBefore = host.lines.length;
    },
    async stop() {
      await host.stop();
      // Another process may still use the world.
      await world.close().catch(() => undefined);
    },
  };
  return stage;
}

export async function failureOf(work: Promise<unknown>): Promise<HostFailure> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof HostFailure) return failure;
  throw failure ?? new Error("it succeeded, and should have failed");
}

/** What the engine keeps after a failure that left something: the new inputs after a create, the old ones after an update. */
export function keptOf({ partial, message }: HostFailure, inputs: Properties): Made {
  if (partial === undefined) throw new Error(`the failure recorded nothing: ${message}`);
  return { id: partial.id, state: partial.state, inputs };
}

export const entra = (more: Inputs = {}): Inputs => ({ displayName: "Odeus mail", ...more });
export const uses = (...slugs: string[]): Inputs[] => slugs.map((integration) => ({ integration }));
