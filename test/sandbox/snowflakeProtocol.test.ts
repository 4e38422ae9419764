/** The driver protocol of the Snowflake counterpart: forms of login, sessions and their end, repeated requests, shapes, faults. */

import { generateKeyPairSync } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type Reply, send, startWorld, type World } from "../support/sandbox.js";
import { failureOf, logIn } from "../support/snowflakeDriver.js";
import shapes from "./data/snowflake-replies.json";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const WHO = "SELECT CURRENT_USER() AS who, CURRENT_ROLE() AS role";
const CREATE = `CREATE SECURITY INTEGRATION odeus TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'CONFIDENTIAL'
  OAUTH_REDIRECT_URI = 'https://odeus.example/callback'`;
const operations = async () => (await world.calls()).filter(({ counterpart }) => counterpart === "snowflake").map(({ operation }) => operation);

/** Logs in, asks who that is, and logs out. */
async function whoIs(options: Parameters<typeof logIn>[1]): Promise<unknown> {
  const session = await logIn(world, options);
  const [row] = await session.run(WHO);
  await session.close();
  return row;
}

/** One call of the protocol by hand. */
const post = (path: string, body: unknown, token?: string): Promise<Reply> =>
  send(world.origins.snowflake + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token === undefined ? {} : { authorization: `Snowflake Token="${token}"` }) },
    body: typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });

const loginBody = (change: Record<string, string> = {}) => ({
  data: { ACCOUNT_NAME: world.snowflake.account, LOGIN_NAME: "DEPLOYER", PASSWORD: world.snowflake.deployer.password, ...change },
});

interface Opened {
  token: string;
  masterToken: string;
}

async function openSession(): Promise<Opened> {
  const { body } = await post("/session/v1/login-request", loginBody());
  return (body as { data: Opened }).data;
}

const query = (token: string, sqlText: string, requestId = "") => post(`/queries/v1/query-request?requestId=${requestId}`, { sqlText }, token);
const codeOf = ({ status, body }: Reply) => [status, (body as { code?: string | null }).code];

describe("logging in", () => {
  it("with a password, as the default role or one that is named", async () => {
    expect(await whoIs({})).toEqual({ WHO: "DEPLOYER", ROLE: "ODEUS_DEPLOYER" });
    expect(await whoIs({ username: "deployer", role: "ACCOUNTADMIN", account: world.snowflake.account.toLowerCase() })).toEqual({
      WHO: "DEPLOYER",
      ROLE: "ACCOUNTADMIN",
    });
    expect(await operations()).toEqual(["login", "statement:SELECT", "close", "login", "statement:SELECT", "close"]);
  });

  it("with what the world's environment says", async () => {
    const { environment } = world;
    const [account, username, password] = [environment["SNOWFLAKE_ACCOUNT"], environment["SNOWFLAKE_USER"], environment["SNOWFLAKE_PASSWORD"]];
    const [role, host, protocol] = [environment["SNOWFLAKE_ROLE"], environment["SNOWFLAKE_HOST"], environment["SNOWFLAKE_PROTOCOL"]];
    const given = { account, username, password, role, host, protocol, port: Number(environment["SNOWFLAKE_PORT"]) };
    expect(await whoIs(given as Parameters<typeof logIn>[1])).toEqual({ WHO: "DEPLOYER", ROLE: "ODEUS_DEPLOYER" });
  });

  it("with a programmatic access token", async () => {
    const token = await world.atSnowflake.programmaticAccessToken("DEPLOYER");
    for (const each of [token, world.snowflake.deployer.programmaticAccessToken])
      expect(await whoIs({ authenticator: "PROGRAMMATIC_ACCESS_TOKEN", token: each })).toEqual({ WHO: "DEPLOYER", ROLE: "ODEUS_DEPLOYER" });
  });

  it("with an OAuth token of another server, bound to its role", async () => {
    const token = await world.atSnowflake.accessToken("GRACE", { role: "ANALYST" });
    expect(await whoIs({ authenticator: "OAUTH", token })).toEqual({ WHO: "GRACE", ROLE: "ANALYST" });
    expect((await failureOf(whoIs({ authenticator: "OAUTH", token, role: "PUBLIC" }))).code).toBe("390189");
    const expired = await world.atSnowflake.accessToken("GRACE", { expired: true });
    expect((await failureOf(whoIs({ authenticator: "OAUTH", token: expired }))).code).toBe("390318");
  });

  describe("with a key pair", () => {
    const withKey = (privateKey: string, username = "DEPLOYER") => whoIs({ authenticator: "SNOWFLAKE_JWT", username, privateKey });

    it("whose public half is registered, and no other", async () => {
      const first = await world.atSnowflake.keyPair("DEPLOYER");
      expect(await withKey(first)).toEqual({ WHO: "DEPLOYER", ROLE: "ODEUS_DEPLOYER" });
      const second = await world.atSnowflake.keyPair("DEPLOYER");
      expect(await withKey(second)).toEqual({ WHO: "DEPLOYER", ROLE: "ODEUS_DEPLOYER" });
      expect((await failureOf(withKey(first))).code).toBe("390144");
      expect((await failureOf(withKey(second, "ADA"))).code).toBe("390144");
      const publicKeys = (await world.state()).snowflake.users.find(({ name }) => name === "DEPLOYER")?.publicKeys ?? [];
      await world.atSnowflake.user("ADA", { publicKeys });
      expect(await withKey(second, "ADA")).toEqual({ WHO: "ADA", ROLE: "ANALYST" });
    });

    it("whose signature is right", async () => {
      const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const registered = await world.atSnowflake.keyPair("DEPLOYER");
      expect(await withKey(registered)).toBeTruthy();
      const sent = JSON.parse((await world.calls()).find(({ operation }) => operation === "login")?.requestBody ?? "") as { data: { TOKEN: string } };
      const [header, payload, signature = ""] = sent.data.TOKEN.split(".");
      const login = (token: string) => post("/session/v1/login-request", loginBody({ AUTHENTICATOR: "SNOWFLAKE_JWT", TOKEN: token }));
      expect(codeOf(await login(`${header}.${payload}.${signature}`))).toEqual([200, null]);
      const asAda = { AUTHENTICATOR: "SNOWFLAKE_JWT", LOGIN_NAME: "ADA", TOKEN: sent.data.TOKEN };
      await world.atSnowflake.user("ADA", { publicKeys: (await world.state()).snowflake.users[0]?.publicKeys ?? [] });
      expect(codeOf(await post("/session/v1/login-request", loginBody(asAda)))).toEqual([200, "390144"]);
      expect(codeOf(await login(`${header}.${payload}.${signature.replace(/^./, (first) => (first === "A" ? "B" : "A"))}`))).toEqual([200, "390144"]);
      // The fingerprint of a key that is registered by now, under a signature of another.
      await world.atSnowflake.user("DEPLOYER", { publicKeys: [publicKey.export({ type: "spki", format: "der" }).toString("base64")] });
      expect(codeOf(await login(`${header}.${payload}.${signature}`))).toEqual([200, "390144"]);
    });
  });

  it.each([
    ["390100", { password: "wrong" }],
    ["390100", { username: "nobody" }],
    ["390100", { account: "contoso-elsewhere" }],
    ["390189", { role: "NO_SUCH_ROLE" }],
    ["390189", { role: "SECURITYADMIN" }],
    ["394400", { authenticator: "PROGRAMMATIC_ACCESS_TOKEN", token: "unknown" }],
    ["390303", { authenticator: "OAUTH", token: "unknown" }],
  ])("is refused with %s for %p", async (code, options) => {
    expect((await failureOf(logIn(world, options))).code).toBe(code);
  });

  it("is refused to a disabled user, and with what the account does not offer", async () => {
    await world.atSnowflake.user("ADA", { disabled: true, password: "ada's own" });
    expect((await failureOf(logIn(world, { username: "ADA", password: "ada's own" }))).code).toBe("390101");
    expect(codeOf(await post("/session/v1/login-request", loginBody({ AUTHENTICATOR: "WORKLOAD_IDENTITY" })))).toEqual([200, "390139"]);
  });
});

describe("a session", () => {
  it("is renewed once when its token has expired", async () => {
    const session = await logIn(world);
    await world.atSnowflake.endSessions("session");
    expect(await session.run(WHO)).toHaveLength(1);
    expect(await operations()).toEqual(["login", "statement:SELECT", "renew", "statement:SELECT"]);
    await session.close();
  });

  it("needs a new login when it cannot be renewed, is invalid, or is gone", async () => {
    for (const [ending, code] of [
      ["master", "390112"],
      ["invalid", "390104"],
      ["gone", "390111"],
    ] as const) {
      const [session, { token, masterToken }] = [await logIn(world), await openSession()];
      await world.atSnowflake.endSessions(ending);
      expect(codeOf(await query(token, WHO))).toEqual([200, code]);
      const renewal = await post("/session/token-request", { requestType: "RENEW", oldSessionToken: token }, masterToken);
      expect(codeOf(renewal)).toEqual([200, ending === "master" ? "390114" : code]);
      // The driver keeps none of these codes.
      expect(await failureOf(session.run(WHO))).toMatchObject({ code: 407002 });
      expect(await whoIs({})).toBeTruthy();
    }
  });

  it("ends when it is closed, and its old token when it is renewed", async () => {
    const { token, masterToken } = await openSession();
    const renewal = await post("/session/token-request", { requestType: "RENEW", oldSessionToken: token }, masterToken);
    const { sessionToken } = (renewal.body as { data: { sessionToken: string } }).data;
    expect(codeOf(await query(token, WHO))).toEqual([200, "390104"]);
    expect(codeOf(await query(sessionToken, WHO))).toEqual([200, null]);
    for (const path of ["/session/heartbeat", "/queries/v1/abort-request", "/telemetry/send"])
      expect(codeOf(await post(path, {}, sessionToken))).toEqual([200, null]);
    expect(codeOf(await post("/session?delete=true", "", sessionToken))).toEqual([200, null]);
    expect(codeOf(await query(sessionToken, WHO))).toEqual([200, "390104"]);
  });
});

describe("a request that comes again", () => {
  it("gets the same answer and has no second effect", async () => {
    const { token } = await openSession();
    await query(token, CREATE, "create");
    const secrets = async () => (await world.atSnowflake.run("SELECT SYSTEM$SHOW_OAUTH_CLIENT_SECRETS('ODEUS')")).rows;
    const answers = [await query(token, CREATE, "create"), await query(token, CREATE, "create")];
    expect(answers.map(codeOf)).toEqual([
      [200, null],
      [200, null],
    ]);
    expect(answers[0]?.text).toBe(answers[1]?.text);
    const before = await secrets();
    const refresh = "ALTER SECURITY INTEGRATION odeus REFRESH OAUTH_CLIENT_SECRET";
    await query(token, refresh, "refresh");
    const once = await secrets();
    await query(token, refresh, "refresh");
    expect([await secrets(), once]).toEqual([once, expect.not.arrayContaining(before)]);
    expect(codeOf(await query(token, CREATE, "another"))).toEqual([200, "002002"]);
  });

  it("is not answered from memory before it ran", async () => {
    const { token, masterToken } = await openSession();
    await world.atSnowflake.endSessions("session");
    expect(codeOf(await query(token, CREATE, "create"))).toEqual([200, "390112"]);
    const renewal = await post("/session/token-request", { requestType: "RENEW", oldSessionToken: token }, masterToken);
    const { sessionToken } = (renewal.body as { data: { sessionToken: string } }).data;
    expect(codeOf(await query(sessionToken, CREATE, "create"))).toEqual([200, null]);
  });

  it("is what the driver sends when the answer was lost: one integration, one success", async () => {
    const session = await logIn(world);
    await world.fault({ fault: "serverError", effect: true, operation: "statement:CREATE" });
    expect(await session.run(CREATE)).toEqual([{ status: "Integration ODEUS successfully created." }]);
    expect((await operations()).filter((operation) => operation === "statement:CREATE")).toHaveLength(2);
    await session.close();
  });
});

describe("shapes of the replies", () => {
  type Shape = string | Shape[] | { $anyOf: Shape[] } | { [key: string]: Shape };
  /** Only large results have these. */
  const OF_CHUNKS = ["chunks", "chunkHeaders", "qrmk"];

  const typeOf = (value: unknown): string => (value === null ? "null" : Number.isInteger(value) ? "integer" : typeof value);

  function mismatches(value: unknown, shape: Shape | undefined, path = ""): string[] {
    if (typeof shape === "string") return shape.split("|").includes(typeOf(value)) ? [] : [`${path}: ${typeOf(value)}, not ${shape}`];
    if (Array.isArray(shape))
      return Array.isArray(value) ? value.flatMap((item, index) => mismatches(item, shape[0], `${path}/${index}`)) : [`${path}: no array`];
    if (shape === undefined) return [`${path}: was empty in every sample`];
    if ("$anyOf" in shape) {
      const tried = (shape.$anyOf as Shape[]).map((each) => mismatches(value, each, path));
      return tried.some((found) => found.length === 0) ? [] : tried.flat();
    }
    if (typeof value !== "object" || value === null) return [`${path}: no object`];
    const wanted = Object.keys(shape).filter((key) => !OF_CHUNKS.includes(key));
    const keys = [...wanted.filter((key) => !(key in value)), ...Object.keys(value).filter((key) => !(key in shape))].map(
      (key) => `${path}/${key}: one side only`,
    );
    return [...keys, ...wanted.flatMap((key) => (key in value ? mismatches((value as Record<string, unknown>)[key], shape[key], `${path}/${key}`) : []))];
  }

  it.each([
    ["login-ok", () => post("/session/v1/login-request?warehouse=W", loginBody())],
    ["login-failure", () => post("/session/v1/login-request", loginBody({ PASSWORD: "wrong" }))],
    ["login-failure", () => post("/session/v1/login-request", loginBody({ AUTHENTICATOR: "SNOWFLAKE_JWT", TOKEN: "x" }))],
    ["query-ok", async () => query((await openSession()).token, "SHOW PARAMETERS LIKE 'OAUTH%' IN ACCOUNT")],
    ["query-ok", async () => query((await openSession()).token, CREATE)],
    ["query-error", async () => query((await openSession()).token, "DROP INTEGRATION nothing")],
    ["query-session-expired", () => query("unknown", WHO)],
    ["session-delete", async () => post("/session?delete=true", "", (await openSession()).token)],
    ["token-renew", async () => post("/session/token-request", { requestType: "RENEW" }, (await openSession()).masterToken)],
  ] as [keyof typeof shapes.replies, () => Promise<Reply>][])("%s", async (name, ask) => {
    const { status, body } = await ask();
    expect([status, mismatches(body, shapes.replies[name].shape as unknown as Shape)]).toEqual([200, []]);
  });

  it("the comparison sees a wrong type, a missing and an extra key", () => {
    const shape = { code: "null", data: [{ id: "integer" }] };
    expect(mismatches({ code: "1", data: [{ id: "2" }, { name: 1 }] }, shape)).toHaveLength(4);
  });
});

describe("bodies", () => {
  it("may be packed", async () => {
    const reply = await send(`${world.origins.snowflake}/session/v1/login-request`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
      body: gzipSync(JSON.stringify(loginBody())),
    });
    expect(codeOf(reply)).toEqual([200, null]);
    expect((await world.calls())[0]).toMatchObject({ operation: "login", requestBody: expect.stringContaining("LOGIN_NAME") });
  });

  it("that are no JSON are an empty statement or login", async () => {
    expect(codeOf(await post("/session/v1/login-request", "{"))).toEqual([200, "390100"]);
    expect(codeOf(await post("/queries/v1/query-request", "{", (await openSession()).token))).toEqual([200, "001003"]);
  });
});

describe("the record and faults", () => {
  it("know statements by what they do", async () => {
    const session = await logIn(world);
    const statements = [
      CREATE,
      "/* what it is */ desc integration odeus",
      "SHOW INTEGRATIONS",
      "SELECT SYSTEM$SHOW_OAUTH_CLIENT_SECRETS('ODEUS')",
      "ALTER INTEGRATION odeus SET ENABLED = FALSE",
      "ALTER INTEGRATION odeus REFRESH OAUTH_CLIENT_SECRET",
      "SHOW PARAMETERS LIKE 'x' IN ACCOUNT",
      "DROP INTEGRATION odeus",
    ];
    for (const sql of statements) await session.run(sql);
    await session.close();
    const names = ["CREATE", "DESC", "SHOW", "SECRETS", "ALTER", "REFRESH", "PARAMETERS", "DROP"].map((name) => `statement:${name}`);
    const calls = (await world.calls()).slice(1, -1);
    expect(calls.map(({ operation }) => operation)).toEqual(names);
    expect(calls.filter(({ changes }) => changes).map(({ operation }) => operation.slice(10))).toEqual(["CREATE", "ALTER", "REFRESH", "DROP"]);
  });

  it.each([
    ["forbidden", "003001", "42501"],
    ["notFound", "002003", "02000"],
    ["conflict", "002002", "42710"],
  ] as const)("%s is said in the protocol", async (fault, code, sqlState) => {
    const session = await logIn(world);
    await world.fault({ fault, operation: "statement:DESC" });
    expect(await failureOf(session.run("DESC INTEGRATION odeus"))).toMatchObject({ code, sqlState });
    await session.close();
  });

  it("an HTTP error has a body of the protocol", async () => {
    const { token } = await openSession();
    await world.fault({ fault: "unauthorized" }, { fault: "throttled", retryAfter: "7" });
    expect(codeOf(await query(token, WHO))).toEqual([401, "390104"]);
    const throttled = await query(token, WHO);
    expect([throttled.status, throttled.headers["retry-after"], throttled.body]).toEqual([429, "7", expect.objectContaining({ success: false })]);
    await world.fault({ fault: "unauthorized", operation: "login" });
    expect((await failureOf(logIn(world))).code).toBe("390100");
  });

  it("a stale read is the answer of before the last change, or finds nothing", async () => {
    const session = await logIn(world);
    await session.run(CREATE);
    const desc = "DESC INTEGRATION odeus";
    await world.fault({ fault: "staleRead", operation: "statement:DESC" });
    expect(await failureOf(session.run(desc))).toMatchObject({ code: "002003" });
    const before = await session.run(desc);
    await session.run("ALTER INTEGRATION odeus SET ENABLED = FALSE");
    await world.fault({ fault: "staleRead", operation: "statement:DESC" });
    expect(await session.run(desc)).toEqual(before);
    expect(await session.run(desc)).not.toEqual(before);
    await session.close();
  });
});
