/** How logins and statements fail: what is known of the effect, what people read, what is repeated, and that no secret is told. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import type { SnowflakeApi } from "../../src/clients/snowflake.js";
import { createConnections } from "../../src/clients/snowflakeConnection.js";
import { openSession } from "../../src/clients/snowflakeDriver.js";
import { loginOf } from "../../src/clients/snowflakeLogin.js";
import type { IntegrationParameters } from "../../src/clients/snowflakeSql.js";
import { createConfig } from "../../src/core/config.js";
import { CancelledError, type RemoteError } from "../../src/core/errors.js";
import type { RecordedCall } from "../../src/sandbox/calls.js";
import type { Fault, FaultName } from "../../src/sandbox/faults.js";
import { startWorld, type World } from "../support/sandbox.js";
import { type ApiOptions, arrived, failing, snowflakeApi } from "../support/snowflakeApi.js";

const PARAMETERS: IntegrationParameters = { ENABLED: true, OAUTH_CLIENT_TYPE: "CONFIDENTIAL", OAUTH_REDIRECT_URI: "https://app.example/callback" };
/** For what is never answered. */
const BRIEF = { callTimeoutMs: 1_000, retryMs: 0 };
const ONCE = { callTimeoutMs: 10_000, retryMs: 0 };

let world: World;
let api: SnowflakeApi;
beforeEach(async () => {
  world = await startWorld();
  api = snowflakeApi(world);
});
afterEach(() => world.close());

const fault = (operation: string, more: Partial<Fault> & Pick<Fault, "fault">) => world.fault({ counterpart: "snowflake", operation, ...more });
const integrations = async () => (await world.state()).snowflake.integrations;

function expectNoSecret(error: Error): void {
  const { password, programmaticAccessToken } = world.snowflake.deployer;
  const all = `${error.message} ${error.stack} ${JSON.stringify(error)} ${inspect(error, { depth: null, showHidden: true })}`;
  for (const secret of [password, programmaticAccessToken]) expect(all).not.toContain(secret);
  expect(error.cause).toBeUndefined();
}

describe("a login", () => {
  const failedLogin = async (options: ApiOptions): Promise<RemoteError> => {
    const error = await failing(snowflakeApi(world, options).show("X"));
    expectNoSecret(error);
    expect((await arrived(world))["statement:SHOW"]).toBeUndefined();
    return error;
  };

  it.each<[string, string, (world: World) => Promise<Record<string, string>>, RegExp]>([
    ["a wrong password", "390100", async () => ({ SNOWFLAKE_PASSWORD: "wrong-password" }), /Check SNOWFLAKE_USER and SNOWFLAKE_PASSWORD/],
    ["a key that is not registered", "390144", keyOfBefore, /RSA_PUBLIC_KEY_FP in DESC USER is the fingerprint/],
    ["a wrong token", "394400", async () => ({ SNOWFLAKE_TOKEN: "wrong-token" }), /Check SNOWFLAKE_TOKEN: the programmatic access token is wrong/],
    ["a wrong OAuth token", "390303", async () => ({ SNOWFLAKE_TOKEN: "ver:1-hint:wrong" }), /Get a new OAuth access token into SNOWFLAKE_TOKEN/],
    ["an expired OAuth token", "390318", expiredToken, /Get a new OAuth access token into SNOWFLAKE_TOKEN/],
    ["a role that the user lacks", "390189", async () => ({ SNOWFLAKE_ROLE: "SYSADMIN" }), /Check SNOWFLAKE_ROLE: the role must exist and be granted/],
    ["another account", "390100", async () => ({ SNOWFLAKE_ACCOUNT: "contoso-other" }), /log in to account CONTOSO-OTHER/],
  ])("with %s is refused (%s)", async (_what, code, environmentOf, told) => {
    const { message, failure } = await failedLogin({ environment: await environmentOf(world) });
    expect(failure).toMatchObject({ code, outcome: "refused", operation: "logIn", service: "Snowflake" });
    expect(message).toMatch(/^Snowflake did not let \w+ log in to account CONTOSO-\w+ \(\d{6}\)\.\n {2}It said: /);
    expect(message).toMatch(told);
  });

  it("from an address that the account does not admit names the network policy", async () => {
    await fault("login", { fault: "forbidden" });
    const { message, failure } = await failedLogin({});
    expect(failure.code).toBe("390422");
    expect(message).toMatch(
      /It said: Incoming request with IP.*\n {2}Check the network policy of the account or of the user: it has to admit the address of the machine/,
    );
  });

  it("where nobody listens, or nobody is trusted, was without effect", async () => {
    const nobody = await failedLogin({ environment: { SNOWFLAKE_PORT: "1" } });
    expect(nobody.message).toMatch(/cannot be reached at localhost:1 \(ECONNREFUSED\)/);
    const { port } = new URL(world.origins.entra);
    const untrusted = await failedLogin({ environment: { SNOWFLAKE_PROTOCOL: "https", SNOWFLAKE_HOST: "localhost", SNOWFLAKE_PORT: port } });
    expect(untrusted.message).toMatch(/with a certificate that is not trusted \(\w+\)\.\n {2}Name your certificate authority in NODE_EXTRA_CA_CERTS/);
    const nowhere = await failedLogin({ environment: { SNOWFLAKE_PROTOCOL: "https", SNOWFLAKE_HOST: "no-such-account.invalid", SNOWFLAKE_PORT: "" } });
    expect(nowhere.message).toMatch(/cannot be reached.*no-such-account\.invalid/);
    expect([nobody, untrusted, nowhere].map(({ failure }) => failure.outcome)).toEqual(["unreachable", "unreachable", "unreachable"]);
  });

  it.each<[string, Partial<Fault> & Pick<Fault, "fault">, string, RegExp]>([
    [
      "an account that is not there",
      { fault: "notFound" },
      "refused",
      /knows no account at localhost:\d+ \(404\)\.\n {2}Check SNOWFLAKE_ACCOUNT: ORGANIZATION-ACCOUNT/,
    ],
    ["trouble", { fault: "serverError" }, "unreachable", /^Snowflake answered 503 \(503\)\.\n {2}Run again when Snowflake answers\.$/],
    ["throttling", { fault: "throttled", retryAfter: "3600" }, "refused", /^Snowflake throttles \(429\)\.\n {2}Run again after 20/],
    ["silence", { fault: "hang" }, "unreachable", /^Snowflake gave no answer within 1 s(, 2 tries)?\.\n {2}Run again\.$/],
    ["a lost answer", { fault: "answerLost" }, "unreachable", /^Snowflake closed the connection without an answer \(ECONNRESET\)/],
    ["a page", { fault: "html" }, "unreachable", /answered with something that is not Snowflake's\.\n {2}Check that localhost/],
    ["broken JSON", { fault: "brokenJson" }, "unreachable", /answered with something that is not Snowflake's/],
  ])("that meets %s fails without an effect", async (_what, planned, outcome, told) => {
    await fault("login", { times: "always", ...planned });
    const { message, failure } = await failedLogin({ limits: planned.fault === "hang" ? BRIEF : ONCE });
    expect(message).toMatch(told);
    expect(failure.outcome).toBe(outcome);
    expect(await arrived(world)).toEqual({ login: 1 });
  });

  it.each([302, 307])("is not sent to where a redirect (%d) points", async (status) => {
    const elsewhere: string[] = [];
    const [thief, door] = [
      createServer((request, response) => {
        elsewhere.push(request.url ?? "");
        response.end();
      }),
      createServer(),
    ];
    for (const server of [thief, door]) await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const portOf = (server: Server): string => String((server.address() as AddressInfo).port);
    door.on(
      "request",
      (_request, response) => void response.writeHead(status, { location: `http://127.0.0.1:${portOf(thief)}/session/v1/login-request` }).end(),
    );
    try {
      const { message, failure } = await failedLogin({ environment: { SNOWFLAKE_HOST: "127.0.0.1", SNOWFLAKE_PORT: portOf(door) } });
      expect(message).toMatch(/^Snowflake sent us elsewhere, and credentials are never sent on \(30\d\)\.\n {2}Set SNOWFLAKE_ACCOUNT or SNOWFLAKE_HOST/);
      expect(failure.outcome).toBe("refused");
      expect(elsewhere).toEqual([]);
    } finally {
      for (const server of [thief, door]) server.close().closeAllConnections();
    }
  });

  it("is tried again after what passes, with what the server asked for", async () => {
    await fault("login", { fault: "serverError" });
    await fault("login", { fault: "answerLost" });
    await fault("login", { fault: "throttled", retryAfter: "0" });
    expect(await api.show("X")).toBeUndefined();
    expect(await arrived(world)).toEqual({ login: 4, "statement:SHOW": 1 });
  });

  it("that the account refused is not tried again by what runs beside it, and is by what comes later", async () => {
    const connections = createConnections(60_000);
    const beside = snowflakeApi(world, { connections });
    await fault("login", { fault: "unauthorized" });
    for (let round = 0; round < 3; round += 1) expect((await failing(beside.show("X"))).failure.code).toBe("390100");
    expect(await arrived(world)).toEqual({ login: 1 });
    expect(await snowflakeApi(world, { connections }).show("X")).toBeUndefined();
    // Other credentials are another login.
    const { programmaticAccessToken } = world.snowflake.deployer;
    const sideBySide = {};
    const wrong = snowflakeApi(world, { connections, sideBySide, environment: { SNOWFLAKE_PASSWORD: "wrong-password" } });
    expect((await failing(wrong.show("X"))).failure.code).toBe("390100");
    const right = snowflakeApi(world, { connections, sideBySide, environment: { SNOWFLAKE_TOKEN: programmaticAccessToken } });
    expect(await right.show("X")).toBeUndefined();
  });

  it("that failed otherwise is not kept for the next one", async () => {
    await fault("login", { fault: "notFound" });
    expect((await failing(api.show("X"))).failure.status).toBe(404);
    expect(await api.show("X")).toBeUndefined();
  });

  it("shared by several is not ended by one that is stopped", async () => {
    await world.latency(50);
    const connections = createConnections(60_000);
    const stop = new AbortController();
    const stopped = snowflakeApi(world, { connections, signal: stop.signal }).show("X");
    const other = snowflakeApi(world, { connections }).show("X");
    stop.abort(new CancelledError("enough"));
    await expect(stopped).rejects.toThrow("enough");
    expect(await other).toBeUndefined();
    expect(await arrived(world)).toEqual({ login: 1, "statement:SHOW": 1 });
  });
});

async function keyOfBefore({ atSnowflake, snowflake }: World): Promise<Record<string, string>> {
  const key = await atSnowflake.keyPair(snowflake.deployer.user);
  await atSnowflake.keyPair(snowflake.deployer.user);
  return { SNOWFLAKE_PRIVATE_KEY: key };
}

async function expiredToken({ atSnowflake, snowflake }: World): Promise<Record<string, string>> {
  return { SNOWFLAKE_TOKEN: await atSnowflake.accessToken(snowflake.deployer.user, { expired: true }), SNOWFLAKE_AUTHENTICATOR: "OAUTH" };
}

describe("a refused statement", () => {
  const byOthers = () =>
    world.atSnowflake.run(
      "CREATE SECURITY INTEGRATION x TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = PUBLIC OAUTH_REDIRECT_URI = 'https://a.example'",
    );
  const asAnalyst = () => snowflakeApi(world, { environment: { SNOWFLAKE_ROLE: world.snowflake.roles.withoutRights } });

  it.each<[string, string, () => Promise<unknown>, RegExp]>([
    ["002002", "42710", () => api.create("X", PARAMETERS), /Object 'X' already exists\.\n {2}Choose another name, or take over the one that is there/],
    [
      "002003",
      "02000",
      () => api.describe("X"),
      /What it names is gone, or the role ODEUS_DEPLOYER may not see it: for an integration, a role needs USAGE or OWNERSHIP/,
    ],
    ["003001", "42501", () => asAnalyst().create("Y", PARAMETERS), /Grant CREATE INTEGRATION ON ACCOUNT to the role ANALYST/],
    ["001003", "42000", () => api.create("Y", { ...PARAMETERS, IS_AGENTIC: true }), /This account may not know a parameter yet/],
    [
      "001008",
      "22023",
      () => api.create("Y", { ...PARAMETERS, OAUTH_USE_SECONDARY_ROLES: "SOME" }),
      /invalid value.*\n {2}Correct the value that Snowflake names/,
    ],
    ["390316", "22023", () => api.create("Y", { ...PARAMETERS, OAUTH_REDIRECT_URI: "http://a.example" }), /Every redirect URL must begin with https:\/\//],
    ["003629", "42501", () => api.create("Y", { ...PARAMETERS, BLOCKED_ROLES_LIST: ["ANALYST"] }), /add the roles that Snowflake names/],
  ])("%s (%s) tells what to do, and has no effect", async (code, state, call, told) => {
    await byOthers();
    await world.atSnowflake.settings({ missingProperties: ["IS_AGENTIC"] });
    await world.atSnowflake.role("ORGADMIN");
    const error = await failing(call());
    expect(error.failure).toMatchObject({ code, outcome: "refused" });
    expect(error.message).toMatch(new RegExp(`^Snowflake refused it with SQL state ${state} \\(${code}, request 01[0-9a-f-]+\\)\\.\\n  It said: `));
    expect(error.message).toMatch(told);
    expectNoSecret(error);
    expect((await integrations()).map(({ name }) => name)).toEqual(["X"]);
  });

  it("names the right that is missing", async () => {
    await byOthers();
    await world.atSnowflake.role(world.snowflake.roles.deployer, { usage: ["X"] });
    expect((await failing(api.alterSet("X", { ENABLED: false }))).message).toMatch(
      /\(003001.*\n.*\n {2}Grant OWNERSHIP of the integration to the role ODEUS_DEPLOYER/,
    );
    expect((await failing(api.drop("X"))).message).toMatch(/Grant OWNERSHIP of the integration/);
    expect((await failing(api.clientSecrets("X"))).message).toMatch(/Reading client secrets needs OWNERSHIP of the integration, or ACCOUNTADMIN/);
  });
});

describe("a statement without an answer", () => {
  it.each(["answerLost", "throttled"] as const)("is repeated under its id, and runs once (%s)", async (kind) => {
    await fault("statement:CREATE", { fault: kind });
    await api.create("X", PARAMETERS);
    expect(await integrations()).toHaveLength(1);
    const sent = (await world.calls()).filter(({ operation }) => operation === "statement:CREATE");
    expect(sent).toHaveLength(2);
    expect(requestIdOf(sent[0])).toMatch(/^[0-9a-f-]{36}$/);
    expect(requestIdOf(sent[1])).toBe(requestIdOf(sent[0]));
  });

  it("makes one new secret, not two, when the answer to REFRESH is lost", async () => {
    await api.create("X", PARAMETERS);
    const before = await api.clientSecrets("X");
    await fault("statement:REFRESH", { fault: "answerLost" });
    await api.refreshSecret("X", 2);
    const known = (await integrations())[0] as { secrets?: [string, string] };
    const after = await api.clientSecrets("X");
    expect(after.secrets.map((secret) => secret.open())).toEqual(known.secrets);
    expect(after.secrets[1].open()).not.toBe(before.secrets[1].open());
  });

  it.each<[FaultName, RegExp]>([
    ["answerLost", /^Snowflake gave no answer within 1 s(, 2 tries)?\.\n {2}Run again\.$/],
    ["hang", /^Snowflake gave no answer within 1 s(, 2 tries)?\.\n {2}Run again\.$/],
    ["bodyTruncated", /^Snowflake broke off its answer or sent far too much\.\n {2}Run again\.$/],
    ["serverError", /^Snowflake answered 503 for 1 s(, 2 tries)? \(503\)\.\n {2}Run again\.$/],
    ["html", /^Snowflake answered with something that is not Snowflake's\./],
    ["brokenJson", /^Snowflake answered with something that is not Snowflake's\./],
  ])("may have had its effect (%s)", async (kind, told) => {
    await fault("statement:CREATE", { fault: kind, times: "always", ...(/answerLost|bodyTruncated/.test(kind) ? {} : { effect: true }) });
    const answered = kind === "html" || kind === "brokenJson" || kind === "bodyTruncated";
    const error = await failing(snowflakeApi(world, { limits: answered ? ONCE : BRIEF }).create("X", PARAMETERS));
    expect(error.failure.outcome).toBe("unknown");
    expect(error.message).toMatch(told);
    expectNoSecret(error);
    expect(await integrations()).toHaveLength(1);
  });

  it("is not asked for again when far too much comes", async () => {
    await fault("statement:CREATE", { fault: "huge" });
    expect((await failing(api.create("X", PARAMETERS))).message).toMatch(/^Snowflake broke off its answer or sent far too much\./);
    expect(await arrived(world)).toMatchObject({ "statement:CREATE": 1 });
  });

  it("had none when it is refused after the session was renewed, or after it was throttled", async () => {
    await api.create("X", PARAMETERS);
    await world.atSnowflake.endSessions("session");
    expect((await failing(api.create("X", PARAMETERS))).failure).toMatchObject({ code: "002002", outcome: "refused" });
    await fault("statement:CREATE", { fault: "throttled" });
    expect((await failing(api.create("X", PARAMETERS))).failure).toMatchObject({ code: "002002", outcome: "refused" });
    expect(await arrived(world)).toMatchObject({ renew: 1, "statement:CREATE": 5 });
  });

  it("may have had its effect also when the second try is refused", async () => {
    await fault("statement:CREATE", { fault: "answerLost" });
    await fault("statement:CREATE", { fault: "conflict" });
    expect((await failing(api.create("X", PARAMETERS))).failure).toMatchObject({ code: "002002", outcome: "unknown" });
  });

  it("is not sent again once it was given up", async () => {
    await fault("statement:CREATE", { fault: "serverError" });
    const config = createConfig({ setting: () => undefined, environment: world.environment });
    const session = await openSession({ login: loginOf(config), timeoutMs: 10_000, queryTag: "test" });
    const statement = session.run("CREATE SECURITY INTEGRATION x TYPE = OAUTH");
    while (statement.requests.status === undefined) await new Promise((done) => setImmediate(done));
    statement.giveUp();
    // The driver comes out of its pause only now.
    await expect(statement.rows).rejects.toMatchObject({ failure: { kind: "lost", code: "ERR_CANCELED" } });
    expect(await arrived(world)).toEqual({ login: 1, "statement:CREATE": 1, abort: 1 });
    session.close();
  });

  it("is the last one of its session", async () => {
    await fault("statement:CREATE", { fault: "hang" });
    const brief = snowflakeApi(world, { limits: BRIEF });
    await failing(brief.create("X", PARAMETERS));
    expect(await brief.show("X")).toBeUndefined();
    expect(await arrived(world)).toEqual({ login: 2, "statement:CREATE": 1, abort: 1, close: 1, "statement:SHOW": 1 });
  });

  it("ends at once when it is stopped, and the account is told", async () => {
    const stop = new AbortController();
    const stoppable = snowflakeApi(world, { signal: stop.signal });
    await stoppable.show("X");
    await fault("statement:CREATE", { fault: "hang", times: "always" });
    const created = stoppable.create("X", PARAMETERS);
    while ((await arrived(world))["statement:CREATE"] === undefined) await new Promise((done) => setImmediate(done));
    stop.abort(new CancelledError("enough"));
    await expect(created).rejects.toThrow(new CancelledError("enough"));
    while ((await arrived(world))["abort"] === undefined) await new Promise((done) => setImmediate(done));
    await expect(stoppable.drop("X")).rejects.toThrow("enough");
    expect((await arrived(world))["statement:DROP"]).toBeUndefined();
  });

  it("tells nothing of the secrets that half an answer holds", async () => {
    await api.create("X", PARAMETERS);
    const { secrets } = (await integrations())[0] as { secrets: [string, string] };
    await fault("statement:SECRETS", { fault: "bodyTruncated", times: "always" });
    const error = await failing(api.clientSecrets("X"));
    expectNoSecret(error);
    for (const secret of secrets) expect(inspect(error, { depth: null, showHidden: true })).not.toContain(secret.slice(0, 12));
  });
});

const requestIdOf = (call: RecordedCall | undefined): string => new URLSearchParams(call?.query).get("requestId") ?? "";
