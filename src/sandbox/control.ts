/** The control API: makes worlds, plans faults, reads the record. For tests and people; no program under test talks to it. */

import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Certificates } from "./certificates.js";
import { readFaults } from "./faults.js";
import type { ApiUser } from "./serviceNow/instance.js";
import type { ServiceNowChange } from "./serviceNow/serviceNowCounterpart.js";
import { controlAccount } from "./snowflake/accountControl.js";
import { type Behaviour, VENDOR_NAMES, type VendorName } from "./vendors/vendorServer.js";
import { type AcceptingServer, createWorld, type SavedWorld, type TenantName, type World, type WorldOptions } from "./world.js";

const ROOT = "/__sandbox/worlds";

export interface Control {
  origin: string;
  addWorld(options?: WorldOptions): Promise<World>;
  close(): Promise<void>;
}

interface ControlRequest {
  world: World;
  /** What follows the world's id in the path. */
  rest: string[];
  query: URLSearchParams;
  body: unknown;
}

type Answer = { status: number; body?: unknown };
const done: Answer = { status: 204 };

export async function startControl(certificates: Certificates): Promise<Control> {
  const worlds = new Map<string, World>();
  const addWorld = async (options: WorldOptions = {}): Promise<World> => {
    const world = await createWorld(certificates, options);
    worlds.set(world.description.id, world);
    return world;
  };

  const answer = async (incoming: IncomingMessage): Promise<Answer> => {
    refuseBrowsers(incoming);
    const url = new URL(incoming.url ?? "/", "http://localhost");
    if (url.pathname !== ROOT && !url.pathname.startsWith(`${ROOT}/`)) return missing(`${ROOT} is the root of this API`);
    const [id, ...rest] = url.pathname
      .slice(ROOT.length + 1)
      .split("/")
      .map(decodeURIComponent);
    const body = await readJson(incoming);
    const method = incoming.method ?? "GET";
    if (!id) {
      if (method === "POST") return { status: 201, body: (await addWorld((body ?? {}) as WorldOptions)).description };
      return method === "GET" ? { status: 200, body: [...worlds.values()].map((world) => world.description) } : missing("GET or POST");
    }
    const world = worlds.get(id);
    if (world === undefined) return missing(`no world ${id}`);
    if (rest.length === 0 && method === "DELETE") {
      worlds.delete(id);
      await world.close();
      return done;
    }
    if (rest[0] === "snowflake") {
      const result = controlAccount(world.snowflake, method, rest.slice(1), body);
      return result === undefined ? missing(`${method} ${url.pathname} is no call of this API`) : { status: 200, body: result.answer ?? {} };
    }
    const handler = CALLS[`${method} ${[...rest.slice(0, 1), ...rest.slice(2, 3)].join("/")}`];
    return handler === undefined ? missing(`${method} ${url.pathname} is no call of this API`) : handler({ world, rest, query: url.searchParams, body });
  };

  const server = createServer((incoming, outgoing) => {
    answer(incoming)
      .catch((problem: unknown): Answer => ({ status: 400, body: { error: problem instanceof Error ? problem.message : String(problem) } }))
      .then(({ status, body }) =>
        outgoing.writeHead(status, { "content-type": "application/json" }).end(body === undefined ? undefined : JSON.stringify(body)),
      );
  });
  // As in listener.ts.
  server.keepAliveTimeout = 0;
  await new Promise<void>((ready, failed) => server.once("error", failed).listen(0, "127.0.0.1", ready));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    addWorld,
    async close() {
      await Promise.all([...worlds.values()].map((world) => world.close()));
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}

/** Handlers by method, first part after the world's id, and third part; the second is a name. */
const CALLS: Record<string, (request: ControlRequest) => Answer | Promise<Answer>> = {
  "GET ": ({ world }) => ({ status: 200, body: world.description }),
  "GET calls": ({ world }) => ({ status: 200, body: world.calls.list() }),
  "DELETE calls": ({ world }) => {
    world.calls.clear();
    return done;
  },
  "POST faults": ({ world, body }) => {
    world.faults.add(readFaults(body));
    return done;
  },
  "DELETE faults": ({ world }) => {
    world.faults.clear();
    return done;
  },
  "PUT latency": ({ world, body }) => {
    world.setLatency(numberOf(body, "milliseconds"));
    return done;
  },
  "PUT clock": ({ world, body }) => {
    world.setClockOffset(numberOf(body, "offsetMilliseconds"));
    return done;
  },
  "PUT lag": ({ world, body }) => {
    for (const name of ["replicationReads", "secretActivationAttempts"] as const) if (has(body, name)) world.directory.lag[name] = numberOf(body, name);
    return done;
  },
  "PUT consent": ({ world, body }) => {
    for (const tenant of world.directory.tenants) tenant.usersMayConsent = (body as { usersMayConsent?: unknown }).usersMayConsent === true;
    return done;
  },
  "PUT policy": ({ world, body }) => {
    const longest = has(body, "maxSecretLifetimeDays") ? numberOf(body, "maxSecretLifetimeDays") : undefined;
    for (const tenant of world.directory.tenants) tenant.maxSecretLifetimeDays = longest;
    return done;
  },
  "GET state": ({ world }) => ({ status: 200, body: world.state() }),
  "PUT state": ({ world, body }) => {
    world.restore((body ?? {}) as SavedWorld);
    return done;
  },
  "POST identities": ({ world, body }) => {
    const { permissions = [], tenant } = (body ?? {}) as { permissions?: string[]; tenant?: TenantName };
    const { clientId, clientSecret, assertion } = world.addIdentity(permissions, tenant === undefined ? ["first", "second"] : [tenant]);
    return { status: 201, body: { clientId, clientSecret, assertion } };
  },
  "POST vendors/clients": ({ world, rest, body }) => {
    const { name = "App", redirectUris = [], scopes = [] } = (body ?? {}) as { name?: string; redirectUris?: string[]; scopes?: string[] };
    return { status: 201, body: vendorOf(world, rest[1]).addClient({ name, redirectUris, scopes }) };
  },
  "PATCH vendors/clients": ({ world, rest, body }) => {
    const { redirectUris, scopes, secrets } = (body ?? {}) as { redirectUris?: string[]; scopes?: string[]; secrets?: string[] };
    vendorOf(world, rest[1]).changeClient(rest[3] ?? "", {
      ...(redirectUris === undefined ? {} : { redirectUris }),
      ...(scopes === undefined ? {} : { scopes }),
      ...(secrets === undefined ? {} : { secrets }),
    });
    return done;
  },
  "PUT vendors/behaviour": ({ world, rest, body }) => {
    vendorOf(world, rest[1]).setBehaviour((body as { behaviour: Behaviour }).behaviour);
    return done;
  },
  "PUT serviceNow": ({ world, body }) => {
    world.serviceNow.change((body ?? {}) as ServiceNowChange);
    return done;
  },
  // The second part of the path is "users".
  "POST serviceNow": ({ world, body }) => {
    const { roles = [], ...given } = (body ?? {}) as Partial<ApiUser>;
    return { status: 201, body: world.addServiceNowUser(roles, given) };
  },
  "PUT watch": ({ world, body }) => {
    const { servers = [] } = (body ?? {}) as { servers?: string[] };
    world.watch(servers.map((server) => nameOf(server, ACCEPTING, "servers")));
    return done;
  },
  "GET watch": ({ world }) => ({ status: 200, body: world.seen() }),
  "GET accepted": async ({ world, query }) => {
    const server = nameOf(query.get("server"), ACCEPTING, "servers");
    return { status: 200, body: { accepted: await world.accepted(server, query.get("clientId") ?? "", query.get("clientSecret") ?? "") } };
  },
};

const ACCEPTING: readonly AcceptingServer[] = ["entra", "serviceNow", "snowflake", ...VENDOR_NAMES];

function vendorOf(world: World, name: string | undefined) {
  return world.vendors[nameOf<VendorName>(name, VENDOR_NAMES, "vendors")];
}

function nameOf<T extends string>(given: string | null | undefined, known: readonly T[], what: string): T {
  const name = known.find((entry) => entry === given);
  if (name === undefined) throw new Error(`the ${what} are ${known.join(", ")}`);
  return name;
}

const has = (body: unknown, name: string): boolean => typeof body === "object" && body !== null && name in body;

function numberOf(body: unknown, name: string): number {
  const value = has(body, name) ? (body as Record<string, unknown>)[name] : undefined;
  if (typeof value !== "number" || !Number.isFinite(value)) throw new Error(`${name} must be a number`);
  return value;
}

const missing = (why: string): Answer => ({ status: 404, body: { error: why } });

/** A web page must not reach this API: no foreign Host (rebound names), no Origin. */
function refuseBrowsers({ headers }: IncomingMessage): void {
  const host = (headers.host ?? "").replace(/:\d+$/, "");
  if ((host !== "localhost" && host !== "127.0.0.1") || headers.origin !== undefined) throw new Error("this API answers programs of this machine only");
}

async function readJson(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? undefined : JSON.parse(text);
}
