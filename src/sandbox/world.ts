/** A world: one Odeus workspace, its Entra tenants, a ServiceNow instance, a Snowflake account and other vendors, on ports of their own and with their own record. */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type CallRecord, createCallRecord } from "./calls.js";
import type { Certificates } from "./certificates.js";
import type { Counterpart } from "./counterpart.js";
import { addDeployer, createDirectory, type Deployer, type Directory, type Lag, type Tenant } from "./entra/directory.js";
import { createEntraCounterpart, type EntraCounterpart } from "./entra/entraCounterpart.js";
import { createFaultPlan, type FaultPlan } from "./faults.js";
import { type Listener, startListener } from "./listener.js";
import { createOdeusWorkspace, type OdeusWorkspace } from "./odeus/workspaceCounterpart.js";
import { type ApiUser, addApiUser } from "./serviceNow/instance.js";
import { createServiceNowCounterpart, type ServiceNowCounterpart } from "./serviceNow/serviceNowCounterpart.js";
import { accessOf, environmentOf, type SnowflakeAccess } from "./snowflake/access.js";
import { createSnowflakeCounterpart, type SnowflakeCounterpart } from "./snowflake/snowflakeCounterpart.js";
import { createVendorServer, type VendorName, type VendorServer } from "./vendors/vendorServer.js";
import { createWatch, type Watch } from "./watch.js";

/** What registering, consenting and finding deleted apps takes; the last one only for listing what is deleted. */
const DEFAULT_PERMISSIONS = ["Application.ReadWrite.OwnedBy", "DelegatedPermissionGrant.ReadWrite.All", "Application.Read.All"];
const VENDOR_USERS = [
  { id: "ada", name: "Ada Lovelace" },
  { id: "grace", name: "Grace Hopper" },
];

export interface WorldOptions {
  /** Application permissions of the default deploying identity. */
  permissions?: string[];
  lag?: Partial<Lag>;
  /** Delay before every answer. */
  latencyMilliseconds?: number;
  /** Name of the workspace (Contoso); the ids of its integrations follow from it. */
  workspace?: string;
}

export interface WorldDescription {
  id: string;
  /** Everything a program needs in its environment. */
  environment: Record<string, string>;
  origins: Record<"odeus" | "entra" | "serviceNow" | "snowflake" | VendorName, string>;
  /** The first tenant, of the default identity's ARM_TENANT_ID. */
  tenantId: string;
  secondTenantId: string;
  deployer: Deployer;
  apiKeys: { full: string; withoutScope: string };
  workspaceId: string;
  /** The instance, which people enter when they connect, and a user with the role oauth_admin. */
  serviceNow: { instance: string; username: string; password: string; token: string };
  snowflake: SnowflakeAccess;
  /** Ids of the built-in integrations by slug. */
  integrations: Record<string, string>;
}

export type TenantName = "first" | "second";

/** Servers that can be asked whether they take a client now. */
export type AcceptingServer = "entra" | "serviceNow" | "snowflake" | VendorName;

/** Remotes whose objects a program's state refers to; each with what it gives as its state. */
export type SavedWorld = {
  odeus?: Parameters<OdeusWorkspace["restore"]>[0];
  entra?: Parameters<EntraCounterpart["restore"]>[0];
  serviceNow?: Parameters<ServiceNowCounterpart["restore"]>[0];
  snowflake?: Parameters<SnowflakeCounterpart["restore"]>[0];
} & {
  [vendor in VendorName]?: Parameters<VendorServer["restore"]>[0];
};

export interface World {
  description: WorldDescription;
  calls: CallRecord;
  faults: FaultPlan;
  directory: Directory;
  vendors: Record<VendorName, VendorServer>;
  serviceNow: ServiceNowCounterpart;
  snowflake: SnowflakeCounterpart;
  setLatency(milliseconds: number): void;
  /** Moves the clock of the remotes; the OAuth server's own expiries stay on real time. */
  setClockOffset(milliseconds: number): void;
  addIdentity(permissions: string[], tenants: TenantName[]): Deployer;
  /** A user of the ServiceNow instance's API. */
  addServiceNowUser(roles: string[], given: Partial<ApiUser>): ApiUser;
  accepted(server: AcceptingServer, clientId: string, secret: string): Promise<boolean>;
  /** Asks these servers after every call whether they take what the slots hold; none: no more. */
  watch(servers: readonly AcceptingServer[]): void;
  seen: Watch["seen"];
  state(): Record<string, unknown>;
  /** Puts back what `state` gave of the workspace, the Entra tenants and the vendors, in this or another world. */
  restore(saved: SavedWorld): void;
  close(): Promise<void>;
}

export async function createWorld(certificates: Certificates, options: WorldOptions = {}): Promise<World> {
  const calls = createCallRecord();
  const faults = createFaultPlan();
  let latency = options.latencyMilliseconds ?? 0;
  let clockOffset = 0;
  const now = () => new Date(Date.now() + clockOffset);
  // Counterparts are made before their listeners and ask for their origins only when called.
  const listeners: Partial<Record<keyof WorldDescription["origins"], Listener>> = {};
  const originOf = (name: keyof WorldDescription["origins"]) => () => listeners[name]?.origin ?? "";

  const directory = createDirectory(now);
  Object.assign(directory.lag, options.lag);
  const [first, second] = directory.tenants as [Tenant, Tenant];
  const deployer = addDeployer(directory, options.permissions ?? DEFAULT_PERMISSIONS, [first, second]);
  const entra = createEntraCounterpart(directory, originOf("entra"));
  const vendors = {
    atlassian: createVendorServer({ name: "atlassian", origin: originOf("atlassian"), users: VENDOR_USERS }),
    google: createVendorServer({ name: "google", origin: originOf("google"), users: VENDOR_USERS }),
    openid: createVendorServer({ name: "openid", origin: originOf("openid"), users: VENDOR_USERS }),
  };
  const serviceNow = createServiceNowCounterpart({ name: "contoso", origin: originOf("serviceNow"), now });
  // The least role that is documented for managing clients.
  const deployingUser = addApiUser(serviceNow.instance, ["oauth_admin"]);
  const snowflake = createSnowflakeCounterpart({ origin: originOf("snowflake"), now });
  const workspace = createOdeusWorkspace({
    origin: originOf("odeus"),
    now,
    name: options.workspace ?? "Contoso",
    ca: () => readFileSync(certificates.caFile, "utf8"),
    servers: {
      entra: () => ({ authority: originOf("entra")() }),
      atlassian: () => ({ authorizationUrl: `${originOf("atlassian")()}/authorize`, tokenUrl: `${originOf("atlassian")()}/oauth/token` }),
      google: () => ({ authorizationUrl: `${originOf("google")()}/o/oauth2/v2/auth`, tokenUrl: `${originOf("google")()}/token` }),
      serviceNow(name) {
        const origin = originOf("serviceNow")();
        return name === serviceNow.instance.name ? { authorizationUrl: `${origin}/oauth_auth.do`, tokenUrl: `${origin}/oauth_token.do` } : undefined;
      },
    },
  });

  const accepting = { entra, serviceNow, snowflake, ...vendors };
  const watch = createWatch(workspace.heldClients);
  const counterparts: Record<keyof WorldDescription["origins"], Counterpart> = { odeus: workspace.counterpart, entra, serviceNow, snowflake, ...vendors };
  for (const [name, counterpart] of Object.entries(counterparts) as [keyof WorldDescription["origins"], Counterpart][]) {
    // Entra alone is served over https: its client library refuses a plain sign-in host.
    const tls = name === "entra" ? { tls: { key: certificates.key, cert: certificates.cert } } : {};
    listeners[name] = await startListener({ counterpart, calls, faults, latency: () => latency, afterEffect: watch.look, ...tls });
  }

  const origins = Object.fromEntries(Object.entries(listeners).map(([name, { origin }]) => [name, origin])) as WorldDescription["origins"];
  const description: WorldDescription = {
    id: randomUUID(),
    environment: {
      ODEUS_BASE_URL: origins.odeus,
      ODEUS_API_KEY: workspace.apiKeys.full,
      ARM_TENANT_ID: first.id,
      ARM_CLIENT_ID: deployer.clientId,
      ARM_CLIENT_SECRET: deployer.clientSecret,
      AZURE_AUTHORITY_HOST: origins.entra,
      ODEUS_GRAPH_ENDPOINT: `${origins.entra}/v1.0`,
      ODEUS_ENDPOINT_ATLASSIAN: origins.atlassian,
      ODEUS_ENDPOINT_GOOGLE: origins.google,
      ODEUS_ENDPOINT_SERVICENOW: origins.serviceNow,
      ODEUS_PRIVATE_HOSTS: "localhost",
      SERVICENOW_INSTANCE: serviceNow.instance.name,
      SERVICENOW_USERNAME: deployingUser.username,
      SERVICENOW_PASSWORD: deployingUser.password,
      ...environmentOf(snowflake.account),
      NODE_EXTRA_CA_CERTS: certificates.caFile,
    },
    origins,
    tenantId: first.id,
    secondTenantId: second.id,
    deployer,
    apiKeys: workspace.apiKeys,
    workspaceId: workspace.workspaceId,
    serviceNow: { instance: serviceNow.instance.name, username: deployingUser.username, password: deployingUser.password, token: deployingUser.token },
    snowflake: accessOf(snowflake.account),
    integrations: workspace.integrations,
  };

  return {
    description,
    calls,
    faults,
    directory,
    vendors,
    serviceNow,
    snowflake,
    setLatency: (milliseconds) => {
      latency = milliseconds;
    },
    setClockOffset: (milliseconds) => {
      clockOffset = milliseconds;
    },
    addIdentity: (permissions, tenants) =>
      addDeployer(
        directory,
        permissions,
        tenants.map((name) => (name === "first" ? first : second)),
      ),
    addServiceNowUser: (roles, given) => addApiUser(serviceNow.instance, roles, given),
    accepted: async (server, clientId, secret) => accepting[server].accepts(clientId, secret),
    watch: (servers) => watch.start(servers.map((name) => accepting[name].accepts)),
    seen: watch.seen,
    state: () => Object.fromEntries(Object.entries(counterparts).map(([name, counterpart]) => [name, counterpart.state()])),
    restore(saved) {
      if (saved.odeus !== undefined) workspace.restore(saved.odeus);
      if (saved.entra !== undefined) entra.restore(saved.entra);
      if (saved.serviceNow !== undefined) serviceNow.restore(saved.serviceNow);
      if (saved.snowflake !== undefined) snowflake.restore(saved.snowflake);
      for (const [name, vendor] of Object.entries(vendors) as [VendorName, VendorServer][]) {
        const held = saved[name];
        if (held !== undefined) vendor.restore(held);
      }
    },
    close: async () => {
      await Promise.all(Object.values(listeners).map((listener) => listener.close()));
    },
  };
}
