/** The Odeus API of the sandbox against the assumed contract (docs/assumptions.md), read from outside as any client would. */

import { loadContract } from "../../src/sandbox/odeus/contract.js";
import { type Reply, send, startWorld, type World } from "../support/sandbox.js";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const SECRET = "canary-7d1f0c55e2aa4b9d";
/** Every answer of this file, to look for the secret in. */
const replies: string[] = [];

async function api(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const content = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  const authorization = `Bearer ${world.apiKeys.full}`;
  const reply = await send(world.origins.odeus + path, { method, headers: { authorization, "content-type": "application/json", ...headers }, ...content });
  replies.push(reply.text);
  return reply;
}

interface Slot {
  mode: string;
  clientId: string | null;
  hasClientSecret: boolean;
  clientSecretUpdatedAt: string | null;
  tenantId: string | null;
  redirectUrl: string;
  scopes: string[];
  defaultScopes: string[];
  scopeSync: boolean;
  createdAt: string | null;
  updatedAt: string | null;
}

const slotPath = (slug: string): string => `/integrations/v1/${world.integrations[slug]}/oauth-client`;
const slotOf = ({ body }: Reply): Slot => (body as { oauthClient: Slot }).oauthClient;
const errorOf = ({ body }: Reply) => (body as { error: { type: string; message: string } }).error;

describe("reading integrations", () => {
  it("lists them with slug and slot state", async () => {
    const { integrations } = (await api("GET", "/integrations/v1/get")).body as { integrations: { slug: string; oauth: unknown }[] };
    const oauth = Object.fromEntries(integrations.map((integration) => [integration.slug, integration.oauth]));
    expect(oauth).toMatchObject({
      "outlook-email": { mode: "ODEUS", odeusClientAvailable: true },
      "entra-directory": { mode: "NONE", odeusClientAvailable: false },
      servicenow: { mode: "NONE", odeusClientAvailable: false },
      "notion-api": null,
    });
  });

  it("shows an empty slot with the redirect URL to register and the default scopes", async () => {
    const slot = slotOf(await api("GET", slotPath("planner")));
    expect(slot).toMatchObject({ mode: "ODEUS", clientId: null, hasClientSecret: false, clientSecretUpdatedAt: null, scopeSync: true, createdAt: null });
    expect(slot.redirectUrl).toBe(`${world.origins.odeus}/api/integrations/${world.integrations["planner"]}/callback`);
    expect(slot.scopes).toEqual(slot.defaultScopes);
  });
});

describe("who may call", () => {
  it.each([
    ["no key", {}, 401, "authentication_error"],
    ["a wrong key", { authorization: "Bearer sk-od-nobody" }, 401, "authentication_error"],
    ["a key for something else", () => ({ authorization: `Bearer ${world.apiKeys.withoutScope}` }), 403, "permission_error"],
    ["a browser", () => ({ authorization: `Bearer ${world.apiKeys.full}`, origin: "https://example.com" }), 403, "permission_error"],
  ])("refuses %s", async (_who, headers, status, type) => {
    const reply = await send(`${world.origins.odeus}/integrations/v1/get`, { headers: typeof headers === "function" ? headers() : headers });
    expect([reply.status, errorOf(reply).type]).toEqual([status, type]);
  });

  it("counts calls per workspace, not per key", async () => {
    const small = await startWorld();
    await small.odeus("PATCH", "/settings", { requestsPerMinute: 2 });
    const list = (key: string) => send(`${small.origins.odeus}/integrations/v1/get`, { headers: { authorization: `Bearer ${key}` } });
    expect([(await list(small.apiKeys.full)).status, (await list(small.apiKeys.withoutScope)).status]).toEqual([200, 403]);
    const third = await list(small.apiKeys.full);
    expect([third.status, errorOf(third).type]).toEqual([429, "rate_limit_error"]);
    await small.clock(61_000);
    expect((await list(small.apiKeys.full)).status).toBe(200);
    await small.close();
  });
});

describe("what is refused", () => {
  const long = "x".repeat(501);
  it.each<[string, string, string, unknown, number]>([
    ["an empty client id", "PUT", "jira", { clientId: "", clientSecret: SECRET }, 400],
    ["a padded client id", "PUT", "jira", { clientId: "app ", clientSecret: SECRET }, 400],
    ["a padded secret", "PUT", "jira", { clientId: "app", clientSecret: ` ${SECRET}` }, 400],
    ["a long client id", "PUT", "jira", { clientId: long, clientSecret: SECRET }, 400],
    ["a long secret", "PUT", "jira", { clientId: "app", clientSecret: SECRET + long }, 400],
    ["an unknown property", "PUT", "jira", { clientId: "app", clientSecret: SECRET, redirectUrl: "https://example.com" }, 400],
    ["a tenant where none is supported", "PUT", "jira", { clientId: "app", clientSecret: SECRET, tenantId: "contoso" }, 400],
    ["scopes beside the sync", "PUT", "jira", { clientId: "app", clientSecret: SECRET, scopes: ["read:jira-work"] }, 400],
    [
      "scopes of 2,001 characters",
      "PUT",
      "jira",
      { clientId: "app", clientSecret: SECRET, scopeSync: false, scopes: ["a", "b", "c"].map((letter) => letter.repeat(500)).concat("d".repeat(498)) },
      400,
    ],
    ["a missing secret", "PUT", "jira", { clientId: "app" }, 400],
    ["no body", "PUT", "jira", undefined, 400],
    ["a body that is no JSON", "PUT", "jira", "{", 400],
    ["a change of an empty slot", "PATCH", "jira", { clientSecret: SECRET }, 404],
    ["a delete of an empty slot", "DELETE", "jira", undefined, 404],
    ["a slot of an integration without OAuth", "PUT", "notion-api", { clientId: "app", clientSecret: SECRET }, 409],
  ])("%s", async (_what, method, slug, body, status) => {
    const reply = await api(method, slotPath(slug), body);
    expect([reply.status, errorOf(reply).type]).toEqual([status, status === 404 ? "not_found_error" : "invalid_request_error"]);
    expect((await world.odeus<{ oauthClient: Slot }>("GET", slotPath("jira"))).body.oauthClient.mode).toBe("ODEUS");
  });

  it("an id that is no UUID, an unknown integration, an unknown route", async () => {
    const statuses = await Promise.all(
      ["/integrations/v1/jira", "/integrations/v1/6ba7b810-9dad-41d1-80b4-00c04fd430c8/oauth-client", "/integrations/v2/get"].map(
        async (path) => (await api("GET", path)).status,
      ),
    );
    expect(statuses).toEqual([400, 404, 404]);
  });

  it("any call on an integration that is not enabled", async () => {
    await world.odeus("PATCH", `/settings/integrations/${world.integrations["excel"]}`, { enabled: false });
    expect((await api("PUT", slotPath("excel"), { clientId: "app", clientSecret: SECRET })).status).toBe(409);
  });
});

describe("the contract", () => {
  it("holds answers too: a field more, a field less, or another status breaks it", () => {
    const contract = loadContract();
    const call = contract.match("DELETE", slotPath("jira"));
    if (call === undefined) throw new Error("the contract lost a route");
    expect(contract.replyProblem(call, 200, { success: true })).toBeUndefined();
    expect(contract.replyProblem(call, 200, { success: true, more: 1 })).toContain("more");
    expect(contract.replyProblem(call, 200, {})).toContain("success");
    expect(contract.replyProblem(call, 204, undefined)).toContain("204");
  });
});

describe("the life of a client in a slot", () => {
  it("201 first, 200 after, and the dates of the secret move only with the secret", async () => {
    const path = slotPath("outlook-email");
    const first = await api("PUT", path, { clientId: "app-1", clientSecret: SECRET, tenantId: "contoso.example" });
    expect(first.status).toBe(201);
    expect(slotOf(first)).toMatchObject({ mode: "CUSTOM", clientId: "app-1", hasClientSecret: true, tenantId: "contoso.example", scopeSync: true });

    const without = await api("PUT", path, { clientId: "app-1" });
    expect(without.status).toBe(200);
    expect(slotOf(without)).toMatchObject({
      hasClientSecret: true,
      tenantId: null,
      createdAt: slotOf(first).createdAt,
      clientSecretUpdatedAt: slotOf(first).clientSecretUpdatedAt,
    });
    expect((await api("PUT", path, { clientId: "app-2" })).status).toBe(400);

    const dates = [slotOf(first).clientSecretUpdatedAt ?? ""];
    for (let turn = 0; turn < 5; turn += 1) dates.push(slotOf(await api("PATCH", path, { clientSecret: SECRET })).clientSecretUpdatedAt ?? "");
    expect(dates).toEqual([...new Set(dates)].sort());
    await world.clock(-3_600_000);
    dates.push(slotOf(await api("PATCH", path, { clientSecret: SECRET })).clientSecretUpdatedAt ?? "");
    await world.clock(0);
    expect(dates).toEqual([...new Set(dates)].sort());

    expect((await api("DELETE", path)).body).toEqual({ success: true });
    expect(slotOf(await api("GET", path))).toMatchObject({ mode: "ODEUS", clientId: null, hasClientSecret: false, updatedAt: null });
    expect((await api("DELETE", path)).status).toBe(404);
  });

  it("keeps its own scopes while the sync is off, the workspace's while it is on", async () => {
    const path = slotPath("sharepoint");
    await api("PUT", path, { clientId: "app", clientSecret: SECRET, scopeSync: false, scopes: ["Sites.Read.All"] });
    expect((await api("PATCH", path, { scopes: ["Files.Read.All"] })).status).toBe(200);
    expect(slotOf(await api("GET", path))).toMatchObject({ scopeSync: false, scopes: ["Files.Read.All"] });
    expect((await api("PATCH", path, { scopeSync: true, scopes: ["Files.Read.All"] })).status).toBe(400);
    const synced = slotOf(await api("PATCH", path, { scopeSync: true }));
    expect(synced.scopes).toEqual(synced.defaultScopes);
    expect((await api("PATCH", path, { scopes: ["Files.Read.All"] })).status).toBe(400);
    expect((await api("PATCH", path, {})).status).toBe(400);
  });

  it("falls back to nothing where Odeus has no client", async () => {
    await api("PUT", slotPath("servicenow"), { clientId: "app", clientSecret: SECRET });
    await api("DELETE", slotPath("servicenow"));
    expect(slotOf(await api("GET", slotPath("servicenow"))).mode).toBe("NONE");
  });

  it("takes a hand edit without a key and logs it as a person's", async () => {
    await world.odeus("PUT", slotPath("onedrive"), { clientId: "by-hand", clientSecret: SECRET });
    const log = (await api("GET", `/audit-logs/${world.workspaceId}`)).body as { data: { actor_type: string; entity_id: string; action: string }[] };
    expect(log.data.at(-1)).toMatchObject({ actor_type: "USER", entity_id: world.integrations["onedrive"], action: "integration_oauth_client.created" });
  });
});

describe("a custom integration", () => {
  it("has its redirect URL from the start and takes the OAuth part later", async () => {
    const created = await api("POST", "/integrations/v1/create", { name: "Snowflake prod", authType: "OAUTH" });
    expect(created.status).toBe(201);
    const { id, slug } = (created.body as { integration: { id: string; slug: string } }).integration;
    expect(slug).toBe("snowflake-prod");
    const path = `/integrations/v1/${id}`;
    expect(slotOf(await api("GET", `${path}/oauth-client`))).toMatchObject({
      mode: "NONE",
      redirectUrl: `${world.origins.odeus}/api/integrations/${id}/callback`,
    });

    const oauthClient = {
      clientId: "app",
      clientSecret: SECRET,
      authUrl: "https://a.example/authorize",
      tokenUrl: "https://a.example/token",
      scopes: "refresh_token session:role:R",
    };
    const changed = await api("PATCH", `${path}/auth`, { authType: "OAUTH", oauthClient });
    expect((changed.body as { integration: unknown }).integration).toMatchObject({ oauthClient: { authUrl: oauthClient.authUrl, scopes: oauthClient.scopes } });
    expect(slotOf(await api("GET", `${path}/oauth-client`))).toMatchObject({
      mode: "CUSTOM",
      clientId: "app",
      hasClientSecret: true,
      scopes: ["refresh_token", "session:role:R"],
    });

    expect((await api("PATCH", `${path}/auth`, { oauthClient })).status).toBe(400);
    expect((await api("PATCH", `${path}/auth`, { authType: "API_KEY", oauthClient })).status).toBe(400);
    await api("PATCH", `${path}/auth`, { authType: "NONE" });
    expect((await api("GET", `${path}/oauth-client`)).status).toBe(409);
  });

  it("is the only kind that can be changed this way", async () => {
    const path = `/integrations/v1/${world.integrations["jira"]}`;
    expect((await api("PATCH", path, { name: "Mine" })).status).toBe(400);
    expect((await api("PATCH", `${path}/auth`, { authType: "OAUTH" })).status).toBe(400);
    expect((await api("POST", "/integrations/v1/create", { name: "x".repeat(41) })).status).toBe(400);
  });
});

describe("what is seen afterwards", () => {
  it("the audit log names the key and the caller, filters, and belongs to this workspace", async () => {
    await api("PUT", slotPath("gmail"), { clientId: "app", clientSecret: SECRET }, { "user-agent": "test-agent/1" });
    const log = (await api("GET", `/audit-logs/${world.workspaceId}?entity_type=IntegrationOAuthClient`)).body as { data: Record<string, unknown>[] };
    expect(log.data.at(-1)).toMatchObject({
      actor_type: "API_KEY",
      user_agent: "test-agent/1",
      entity_type: "IntegrationOAuthClient",
      changes: { before: null, after: { clientId: "app" } },
    });
    expect((await api("GET", "/audit-logs/6ba7b810-9dad-41d1-80b4-00c04fd430c8")).status).toBe(403);
  });

  it("no answer ever held the secret", () => {
    expect(replies.length).toBeGreaterThan(40);
    expect(replies.filter((text) => text.includes("canary"))).toEqual([]);
  });
});
