/** A world of the sandbox as tests use it: what to put into the environment, faults, the record, and hand edits. */

import { readFileSync } from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import type { RecordedCall } from "../../src/sandbox/calls.js";
import type { Fault } from "../../src/sandbox/faults.js";
import type { ApiUser, Row } from "../../src/sandbox/serviceNow/instance.js";
import type { ServiceNowChange } from "../../src/sandbox/serviceNow/serviceNowCounterpart.js";
import type { AccountSettings, ForeignIntegration, Integration, Role, User } from "../../src/sandbox/snowflake/account.js";
import type { Ending } from "../../src/sandbox/snowflake/sessions.js";
import type { Behaviour, VendorName } from "../../src/sandbox/vendors/vendorServer.js";
import type { Watch } from "../../src/sandbox/watch.js";
import type { AcceptingServer, WorldDescription, WorldOptions } from "../../src/sandbox/world.js";

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body read as JSON; undefined where it is none. */
  body: unknown;
}

export interface Sent {
  method?: string;
  headers?: Record<string, string>;
  /** Sent as it is. */
  body?: string | Buffer;
}

export interface World extends WorldDescription {
  calls(): Promise<RecordedCall[]>;
  clearCalls(): Promise<void>;
  fault(...faults: Fault[]): Promise<void>;
  clearFaults(): Promise<void>;
  latency(milliseconds: number): Promise<void>;
  lag(lag: { replicationReads?: number; secretActivationAttempts?: number }): Promise<void>;
  /** Moves the remotes' clock away from the real one. */
  clock(offsetMilliseconds: number): Promise<void>;
  /** Whether ordinary users may consent to apps in the Entra tenants. */
  consent(usersMayConsent: boolean): Promise<void>;
  /** App management policy of the Entra tenants; none when left out. */
  policy(maxSecretLifetimeDays?: number): Promise<void>;
  /** What every counterpart holds, secrets included. */
  state<T = WorldState>(): Promise<T>;
  /** Takes over what another world held: integrations and clients. */
  restore(saved: object): Promise<void>;
  /** Another deploying identity, in both tenants unless one is named. */
  identity(permissions: string[], tenant?: "first" | "second"): Promise<{ clientId: string; clientSecret: string; assertion: string }>;
  vendorClient(vendor: VendorName, client: { name?: string; redirectUris?: string[]; scopes?: string[] }): Promise<{ clientId: string; clientSecret: string }>;
  changeVendorClient(vendor: VendorName, clientId: string, change: { redirectUris?: string[]; scopes?: string[]; secrets?: string[] }): Promise<void>;
  behaviour(vendor: VendorName, behaviour: Behaviour): Promise<void>;
  /** Switches, properties and roles of the ServiceNow instance. */
  changeServiceNow(change: ServiceNowChange): Promise<void>;
  /** Another user of the instance's API. */
  serviceNowUser(roles: string[], given?: Partial<ApiUser>): Promise<ApiUser>;
  accepted(server: AcceptingServer, clientId: string, clientSecret: string): Promise<boolean>;
  /** From now on these servers are asked after every call whether one of them takes what the slots hold. */
  watch(...servers: AcceptingServer[]): Promise<void>;
  watched(): Promise<ReturnType<Watch["seen"]>>;
  /** A person's hand at Graph: not recorded, no faults, no lag, no permissions. `path` starts behind /v1.0. */
  graph<T = Record<string, unknown>>(method: string, path: string, body?: unknown, tenantId?: string): Promise<{ status: number; body: T }>;
  /** A person's hand at the workspace. */
  odeus<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }>;
  /** A person's hand at the ServiceNow instance: no access rules. `path` starts behind /api/now/table. */
  atServiceNow<T = Row>(method: string, path: string, body?: unknown): Promise<{ status: number; body: { result: T } }>;
  /** A person's hand at the Snowflake account: no session, no record, no faults. */
  atSnowflake: SnowflakeByHand;
  close(): Promise<void>;
}

export interface SnowflakeByHand {
  /** As ACCOUNTADMIN unless a role is named. Throws what the account refuses. */
  run(sql: string, role?: string): Promise<{ columns: string[]; rows: (string | null)[][] }>;
  settings(change: Partial<AccountSettings>): Promise<void>;
  /** Ends the sessions that are open now. */
  endSessions(ending: Ending): Promise<void>;
  user(name: string, change: Partial<Omit<User, "name">>): Promise<void>;
  /** A new key of the user, its only one: the private half in PEM. */
  keyPair(user: string): Promise<string>;
  /** Another programmatic access token. */
  programmaticAccessToken(user: string): Promise<string>;
  /** An OAuth access token that was not issued here. */
  accessToken(user: string, options?: { role?: string; expired?: boolean }): Promise<string>;
  role(name: string, change?: Partial<Omit<Role, "name">>): Promise<void>;
  removeRole(name: string): Promise<void>;
  networkPolicy(name: string): Promise<void>;
  removeNetworkPolicy(name: string): Promise<void>;
  /** Of an integration that is there, the named parts; otherwise a new one of another type. */
  integration(name: string, change?: Partial<Omit<ForeignIntegration, "kind" | "name">>): Promise<void>;
}

/** The parts of the state that tests look at most. */
export interface WorldState {
  odeus: Record<string, unknown>;
  entra: {
    tenants: {
      id: string;
      applications: EntraApplication[];
      servicePrincipals: { id: string; appId: string; deletedDateTime: string | null; displayName: string }[];
      grants: { id: string; clientId: string; consentType: string; resourceId: string; scope: string }[];
    }[];
  };
  atlassian: { clients: { clientId: string; secrets: string[] }[] };
  google: { clients: { clientId: string; secrets: string[] }[] };
  openid: { clients: { clientId: string; secrets: string[] }[] };
  serviceNow: { tables: { oauth_entity: Row[]; sys_properties: Row[] } };
  snowflake: { integrations: Integration[]; locator: string; settings: AccountSettings; users: User[]; roles: Role[] };
}

export interface EntraApplication {
  id: string;
  appId: string;
  uniqueName: string | null;
  deletedDateTime: string | null;
  properties: Record<string, unknown>;
  passwordCredentials: { keyId: string; displayName: string | null; secretText: string; endDateTime: string; refusals: number }[];
  owners: string[];
  logo: { contentType: string; bytes: number } | null;
}

/** One HTTP exchange with anything of the sandbox, over a connection of its own. */
export function send(url: string, { method = "GET", headers = {}, body }: Sent = {}): Promise<Reply> {
  const secure = url.startsWith("https:");
  return new Promise((resolve, reject) => {
    const options = { method, headers: { connection: "close", ...headers }, ...(secure ? { ca: readFileSync(setting("SANDBOX_CA")) } : {}) };
    const outgoing = (secure ? httpsRequest : httpRequest)(url, options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.once("error", reject);
      incoming.once("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, body: parsed(text) });
      });
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: the tests need the globalSetup of jest.config.js`);
  return value;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const worlds = `${setting("SANDBOX_CONTROL")}/__sandbox/worlds`;
  const created = await send(worlds, { method: "POST", body: JSON.stringify(options) });
  const description = created.body as WorldDescription;
  const root = `${worlds}/${description.id}`;

  const control = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const reply = await send(root + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (reply.status >= 300) throw new Error(`the sandbox refused ${method} ${path}: ${reply.text}`);
    return reply.body as T;
  };
  const byHand = async <T>(origin: string, method: string, path: string, body: unknown, headers: Record<string, string> = {}) => {
    const content = Buffer.isBuffer(body) ? body : body === undefined ? undefined : JSON.stringify(body);
    const reply = await send(origin + path, {
      method,
      headers: { "content-type": "application/json", ...headers, "x-sandbox-by-hand": "1" },
      ...(content === undefined ? {} : { body: content }),
    });
    return { status: reply.status, body: reply.body as T };
  };

  return {
    ...description,
    calls: () => control("GET", "/calls"),
    clearCalls: () => control("DELETE", "/calls"),
    fault: (...faults) => control("POST", "/faults", faults),
    clearFaults: () => control("DELETE", "/faults"),
    latency: (milliseconds) => control("PUT", "/latency", { milliseconds }),
    lag: (lag) => control("PUT", "/lag", lag),
    clock: (offsetMilliseconds) => control("PUT", "/clock", { offsetMilliseconds }),
    consent: (usersMayConsent) => control("PUT", "/consent", { usersMayConsent }),
    policy: (maxSecretLifetimeDays) => control("PUT", "/policy", maxSecretLifetimeDays === undefined ? {} : { maxSecretLifetimeDays }),
    state: () => control("GET", "/state"),
    restore: (saved) => control("PUT", "/state", saved),
    identity: (permissions, tenant) => control("POST", "/identities", { permissions, ...(tenant === undefined ? {} : { tenant }) }),
    vendorClient: (vendor, client) => control("POST", `/vendors/${vendor}/clients`, client),
    changeVendorClient: (vendor, clientId, change) => control("PATCH", `/vendors/${vendor}/clients/${encodeURIComponent(clientId)}`, change),
    behaviour: (vendor, behaviour) => control("PUT", `/vendors/${vendor}/behaviour`, { behaviour }),
    changeServiceNow: (change) => control("PUT", "/serviceNow", change),
    serviceNowUser: (roles, given = {}) => control("POST", "/serviceNow/users", { ...given, roles }),
    accepted: async (server, clientId, clientSecret) =>
      (await control<{ accepted: boolean }>("GET", `/accepted?${new URLSearchParams({ server, clientId, clientSecret })}`)).accepted,
    watch: (...servers) => control("PUT", "/watch", { servers }),
    watched: () => control("GET", "/watch"),
    graph: (method, path, body, tenantId) =>
      byHand(`${description.origins.entra}/v1.0`, method, path, body, tenantId === undefined ? {} : { "x-sandbox-tenant": tenantId }),
    odeus: (method, path, body) => byHand(description.origins.odeus, method, path, body),
    atServiceNow: (method, path, body) => byHand(`${description.origins.serviceNow}/api/now/table`, method, path, body),
    atSnowflake: snowflakeByHand((method, path, body) => control(method, `/snowflake/${path}`, body)),
    close: () => control("DELETE", ""),
  };
}

function snowflakeByHand(control: <T>(method: string, path: string, body?: unknown) => Promise<T>): SnowflakeByHand {
  const named = (kind: string, name: string) => `${kind}/${encodeURIComponent(name)}`;
  return {
    run: (sql, role) => control("POST", "statements", { sql, ...(role === undefined ? {} : { role }) }),
    settings: (change) => control("PUT", "settings", change),
    endSessions: (ending) => control("POST", "sessions", { ending }),
    user: (name, change) => control("PUT", named("users", name), change),
    keyPair: async (user) => (await control<{ privateKey: string }>("POST", `${named("users", user)}/keyPair`)).privateKey,
    programmaticAccessToken: async (user) => (await control<{ token: string }>("POST", `${named("users", user)}/programmaticAccessToken`)).token,
    accessToken: async (user, options = {}) => (await control<{ token: string }>("POST", `${named("users", user)}/accessToken`, options)).token,
    role: (name, change = {}) => control("PUT", named("roles", name), change),
    removeRole: (name) => control("DELETE", named("roles", name)),
    networkPolicy: (name) => control("PUT", named("networkPolicies", name)),
    removeNetworkPolicy: (name) => control("DELETE", named("networkPolicies", name)),
    integration: (name, change = {}) => control("PUT", named("integrations", name), change),
  };
}
