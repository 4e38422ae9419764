/** Our client against the sandbox's account: each way to log in, each call, and who shares a session. */

import type { SnowflakeApi } from "../../src/clients/snowflake.js";
import { createConnections } from "../../src/clients/snowflakeConnection.js";
import type { IntegrationParameters } from "../../src/clients/snowflakeSql.js";
import { listOf } from "../../src/clients/snowflakeValues.js";
import { startWorld, type World } from "../support/sandbox.js";
import { arrived, failing, snowflakeApi } from "../support/snowflakeApi.js";

const REDIRECT = "https://app.example/callback";
const PARAMETERS: IntegrationParameters = { ENABLED: true, OAUTH_CLIENT_TYPE: "CONFIDENTIAL", OAUTH_REDIRECT_URI: REDIRECT };

let world: World;
let api: SnowflakeApi;
beforeEach(async () => {
  world = await startWorld();
  api = snowflakeApi(world);
});
afterEach(() => world.close());

/** Polls instead of waiting a fixed time. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((done) => setTimeout(done, 10));
}

describe("logging in", () => {
  const works = async (environment: Record<string, string>) => {
    await snowflakeApi(world, { environment }).show("NONE");
    const [login] = (await world.calls()).filter(({ operation }) => operation === "login");
    return JSON.parse(login?.requestBody ?? "{}") as { data: Record<string, unknown> };
  };
  const user = () => world.snowflake.deployer.user;

  it("works with a password, and says who calls and nothing else of us", async () => {
    const { data } = await works({});
    expect(data).toMatchObject({ ACCOUNT_NAME: "CONTOSO-SANDBOX", LOGIN_NAME: user(), AUTHENTICATOR: "SNOWFLAKE" });
    expect(data["SESSION_PARAMETERS"]).toMatchObject({ CLIENT_SESSION_KEEP_ALIVE: false, QUERY_TAG: expect.stringMatching(/^odeus-pulumi\/\d+\.\d+\.\d+$/) });
    expect(data["CLIENT_ENVIRONMENT"]).toMatchObject({ PLATFORM: ["disabled"], CORE_VERSION: null });
  });

  it("works with a key pair", async () => {
    const { data } = await works({ SNOWFLAKE_PRIVATE_KEY: await world.atSnowflake.keyPair(user()) });
    expect(data).toMatchObject({ AUTHENTICATOR: "SNOWFLAKE_JWT", LOGIN_NAME: user() });
    expect(data["PASSWORD"]).toBeUndefined();
  });

  it("works with a programmatic access token, also without the user's name", async () => {
    const { data } = await works({ SNOWFLAKE_TOKEN: world.snowflake.deployer.programmaticAccessToken, SNOWFLAKE_USER: "" });
    expect(data).toMatchObject({ AUTHENTICATOR: "PROGRAMMATIC_ACCESS_TOKEN" });
  });

  it("works with an OAuth token", async () => {
    const token = await world.atSnowflake.accessToken(user(), { role: world.snowflake.roles.deployer });
    expect((await works({ SNOWFLAKE_TOKEN: token, SNOWFLAKE_AUTHENTICATOR: "oauth" })).data).toMatchObject({ AUTHENTICATOR: "OAUTH" });
  });

  // The sandbox takes none of them: what is looked at is what would be sent.
  it("with a workload's identity sends the identity's own token, and nothing else that is configured", async () => {
    const token = ["eyJhbGciOiJSUzI1NiJ9", Buffer.from(JSON.stringify({ iss: "https://ci.example", sub: "deployer" })).toString("base64url"), "c2ln"].join(".");
    const environment = { SNOWFLAKE_AUTHENTICATOR: "WORKLOAD_IDENTITY", SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER: "OIDC", SNOWFLAKE_TOKEN: token };
    process.env["SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES"] = new URL(world.origins.snowflake).hostname;
    try {
      const { failure } = await failing(snowflakeApi(world, { environment }).show("NONE"));
      expect(failure).toMatchObject({ code: "390139", outcome: "refused" });
    } finally {
      delete process.env["SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES"];
    }
    const [login] = (await world.calls()).filter(({ operation }) => operation === "login");
    const { data } = JSON.parse(login?.requestBody ?? "{}") as { data: Record<string, unknown> };
    expect(data).toMatchObject({ AUTHENTICATOR: "WORKLOAD_IDENTITY", PROVIDER: "OIDC", TOKEN: token });
    expect(data["PASSWORD"]).toBeUndefined();
    // Elsewhere than at Snowflake's own addresses, the driver keeps such a token to itself.
    await world.clearCalls();
    expect((await failing(snowflakeApi(world, { environment }).show("NONE"))).message).toMatch(/was not asked: the driver could not prepare the call/);
    expect(await arrived(world)).toEqual({});
  });

  it("acts in the role that is configured, or in the user's own", async () => {
    await api.create("OURS", PARAMETERS);
    await snowflakeApi(world, { environment: { SNOWFLAKE_ROLE: "" } }).create("DEFAULT", PARAMETERS);
    await snowflakeApi(world, { environment: { SNOWFLAKE_ROLE: world.snowflake.roles.admin } }).create("ADMINS", PARAMETERS);
    const { integrations } = (await world.state()).snowflake;
    expect(Object.fromEntries(integrations.map(({ name, owner }) => [name, owner]))).toEqual({
      OURS: world.snowflake.roles.deployer,
      DEFAULT: world.snowflake.roles.deployer,
      ADMINS: world.snowflake.roles.admin,
    });
  });

  it("reaches the sandbox past any proxy", async () => {
    process.env["HTTP_PROXY"] = "http://127.0.0.1:1";
    try {
      expect(await api.show("NONE")).toBeUndefined();
    } finally {
      delete process.env["HTTP_PROXY"];
    }
  });
});

describe("the calls", () => {
  it("create, describe, change, and drop an integration of any name", async () => {
    const name = 'Ode\'us "1" \\ 100%;--';
    await world.atSnowflake.role("low er");
    await api.create(name, { ...PARAMETERS, COMMENT: 'it\'s\n"ours"\\', BLOCKED_ROLES_LIST: ["ANALYST", "low er"], NETWORK_POLICY: "ODEUS_EGRESS" });
    const before = await api.describe(name);
    expect(Object.fromEntries(before)).toMatchObject({
      ENABLED: "true",
      OAUTH_CLIENT_TYPE: "CONFIDENTIAL",
      OAUTH_REDIRECT_URI: REDIRECT,
      COMMENT: 'it\'s\n"ours"\\',
      NETWORK_POLICY: "ODEUS_EGRESS",
      OAUTH_REFRESH_TOKEN_VALIDITY: "7776000",
    });
    expect(listOf(before.get("BLOCKED_ROLES_LIST") ?? "")).toEqual(expect.arrayContaining(["ANALYST", "low er", "ACCOUNTADMIN", "SECURITYADMIN"]));

    await api.alterSet(name, { ENABLED: false, OAUTH_REFRESH_TOKEN_VALIDITY: 86_400, OAUTH_ALTERNATE_REDIRECT_URIS: ["https://a.example/x"] });
    await api.alterUnset(name, ["COMMENT", "NETWORK_POLICY"]);
    expect(Object.fromEntries(await api.describe(name))).toMatchObject({
      ENABLED: "false",
      OAUTH_REFRESH_TOKEN_VALIDITY: "86400",
      COMMENT: "",
      NETWORK_POLICY: "",
    });

    await api.drop(name);
    expect((await world.state()).snowflake.integrations).toEqual([]);
    expect((await failing(api.describe(name))).failure).toMatchObject({ code: "002003", outcome: "refused" });
  });

  it("show one integration, and not those that a pattern would match too", async () => {
    for (const name of ["A_B", "AXB", "a_b", "A%"]) await api.create(name, { ...PARAMETERS, COMMENT: name });
    expect(await api.show("A_B")).toEqual({ name: "A_B", type: "OAUTH - CUSTOM", enabled: "true", comment: "A_B" });
    expect(await api.show("a_b")).toMatchObject({ comment: "a_b" });
    expect(await api.show("A_b")).toBeUndefined();
    expect(await api.show("A%")).toMatchObject({ comment: "A%" });
    expect(await api.show("%")).toBeUndefined();
  });

  it.each(["upper", "lower"] as const)("read id and both secrets, whose keys are in %s case, and renew one of them", async (secretKeyCase) => {
    await world.atSnowflake.settings({ secretKeyCase });
    await api.create("X", PARAMETERS);
    const before = await api.clientSecrets("X");
    expect(before.clientId).toBe((await api.describe("X")).get("OAUTH_CLIENT_ID"));
    expect(`${before.secrets}${JSON.stringify(before)}`).not.toContain(before.secrets[0].open());
    await api.refreshSecret("X", 2);
    const after = await api.clientSecrets("X");
    expect(after.clientId).toBe(before.clientId);
    expect(after.secrets[0].open()).toBe(before.secrets[0].open());
    expect(after.secrets[1].open()).not.toBe(before.secrets[1].open());
    await api.refreshSecret("X", 1);
    expect((await api.clientSecrets("X")).secrets.map((secret) => secret.open())).toEqual([
      expect.not.stringContaining(before.secrets[0].open()),
      after.secrets[1].open(),
    ]);
  });
});

describe("sessions", () => {
  it("are shared: statements side by side log in once", async () => {
    const connections = createConnections(60_000);
    const [first, second] = [snowflakeApi(world, { connections }), snowflakeApi(world, { connections })];
    await Promise.all([first.show("A"), second.show("B"), first.show("C"), second.show("D")]);
    await first.show("E");
    expect(await arrived(world)).toEqual({ login: 1, "statement:SHOW": 5 });
  });

  it.each<[string, (world: World) => Promise<Record<string, string>>]>([
    ["role", async ({ snowflake }) => ({ SNOWFLAKE_ROLE: snowflake.roles.withoutRights })],
    ["way to log in", async ({ snowflake }) => ({ SNOWFLAKE_TOKEN: snowflake.deployer.programmaticAccessToken })],
    ["password", async () => ({ SNOWFLAKE_PASSWORD: "another password" })],
  ])("are not shared with another %s", async (_what, environmentOf) => {
    const connections = createConnections(60_000);
    const other = snowflakeApi(world, { connections, environment: await environmentOf(world) });
    await api.create("OURS", PARAMETERS);
    await snowflakeApi(world, { connections }).show("OURS");
    await world.clearCalls();
    await other.show("OURS").catch(() => undefined);
    expect(await arrived(world)).toMatchObject({ login: 1 });
  });

  it("are closed when nobody needs them, and another one is opened then", async () => {
    const brief = snowflakeApi(world, { connections: createConnections(0) });
    await brief.show("A");
    await until(async () => (await arrived(world))["close"] === 1);
    await brief.show("B");
    expect(await arrived(world)).toMatchObject({ login: 2 });
  });

  it.each(["session", "master", "invalid", "gone"] as const)("that end (%s) are renewed or opened again, and the statement is run", async (ending) => {
    await api.create("A", PARAMETERS);
    await world.atSnowflake.endSessions(ending);
    await api.create("B", PARAMETERS);
    const { login, renew = 0 } = await arrived(world);
    expect([login, renew > 0]).toEqual(ending === "session" ? [1, true] : ending === "master" ? [2, true] : [2, false]);
    expect((await world.state()).snowflake.integrations.map(({ name }) => name)).toEqual(["A", "B"]);
  });
});
