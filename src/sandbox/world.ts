/** A world: one Odeus workspace, its Entra tenants and its other vendors, on ports of their own and with their own record. */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type CallRecord, createCallRecord } from "./calls.js";
import type { Certificates } from "./certificates.js";
import type { Counterpart } from "./counterpart.js";
import { addDeployer, createDirectory, type Deployer, type Directory, type Lag, type Tenant } from "./entra/directory.js";
import { createEntraCounterpart } from "./entra/entraCounterpart.js";
import { createFaultPlan, type FaultPlan } from "./faults.js";
import { type Listener, startListener } from "./listener.js";
import { createOdeusWorkspace } from "./odeus/workspaceCounterpart.js";
import { createVendorServer, type VendorServer } from "./vendors/vendorServer.js";

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
}

export interface WorldDescription {
  id: string;
  /** Everything a program needs in its environment. */
  environment: Record<string, string>;
  origins: { odeus: string; entra: string; atlassian: string; google: string };
  /** The first tenant, of the default identity's ARM_TENANT_ID. */
  tenantId: string;
  secondTenantId: string;
  deployer: Deployer;
  apiKeys: { full: string; withoutScope: string };
  workspaceId: string;
  /** Ids of the built-in integrations by slug. */
  integrations: Record<string, string>;
}

export type TenantName = "first" | "second";

export interface World {
  description: WorldDescription;
  calls: CallRecord;
  faults: FaultPlan;
  directory: Directory;
  vendors: { atlassian: VendorServer; google: VendorServer };
  setLatency(milliseconds: number): void;
  /** Moves the clock of the remotes; the OAuth server's own expiries stay on real time. */
  setClockOffset(milliseconds: number): void;
  addIdentity(permissions: string[], tenants: TenantName[]): Deployer;
  accepted(server: "entra" | "atlassian" | "google", clientId: string, secret: string): Promise<boolean>;
  state(): Record<string, unknown>;
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
  };
  const workspace = createOdeusWorkspace({
    origin: originOf("odeus"),
    now,
    name: "Contoso",
    ca: () => readFileSync(certificates.caFile, "utf8"),
    servers: {
      entra: () => ({ authority: originOf("entra")() }),
      atlassian: () => ({ authorizationUrl: `${originOf("atlassian")()}/authorize`, tokenUrl: `${originOf("atlassian")()}/oauth/token` }),
      google: () => ({ authorizationUrl: `${originOf("google")()}/o/oauth2/v2/auth`, tokenUrl: `${originOf("google")()}/token` }),
    },
  });

  const counterparts: Record<keyof WorldDescription["origins"], Counterpart> = { odeus: workspace.counterpart, entra, ...vendors };
  for (const [name, counterpart] of Object.entries(counterparts) as [keyof WorldDescription["origins"], Counterpart][]) {
    // Entra alone is served over https: its client library refuses a plain sign-in host.
    const tls = name === "entra" ? { tls: { key: certificates.key, cert: certificates.cert } } : {};
    listeners[name] = await startListener({ counterpart, calls, faults, latency: () => latency, ...tls });
  }

  const origins = { odeus: originOf("odeus")(), entra: originOf("entra")(), atlassian: originOf("atlassian")(), google: originOf("google")() };
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
      NODE_EXTRA_CA_CERTS: certificates.caFile,
    },
    origins,
    tenantId: first.id,
    secondTenantId: second.id,
    deployer,
    apiKeys: workspace.apiKeys,
    workspaceId: workspace.workspaceId,
    integrations: workspace.integrations,
  };

  return {
    description,
    calls,
    faults,
    directory,
    vendors,
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
    accepted: async (server, clientId, secret) => (server === "entra" ? entra.accepts(clientId, secret) : vendors[server].accepts(clientId, secret)),
    state: () => Object.fromEntries(Object.entries(counterparts).map(([name, counterpart]) => [name, counterpart.state()])),
    close: async () => {
      await Promise.all(Object.values(listeners).map((listener) => listener.close()));
    },
  };
}
