/** The Snowflake counterpart under the vendor's own driver: statements, what they answer, and what they are refused for. */

import { createHash, generateKeyPairSync } from "node:crypto";
import { startWorld, type World } from "../support/sandbox.js";
import { failureOf, logIn, type Row, type Session } from "../support/snowflakeDriver.js";

const REDIRECT = "https://odeus.example/api/integrations/1/callback";
const CREATE = `CREATE SECURITY INTEGRATION odeus TYPE = OAUTH ENABLED = TRUE OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'CONFIDENTIAL'
  OAUTH_REDIRECT_URI = '${REDIRECT}'`;

let world: World;
let session: Session;
beforeEach(async () => {
  world = await startWorld();
  session = await logIn(world);
});
afterEach(async () => {
  await session.close().catch(() => undefined);
  await world.close();
});

const refusal = async (sql: string, by = session) => {
  const { code, sqlState } = await failureOf(by.run(sql));
  return [code, sqlState];
};

/** DESC as property and value. */
async function described(name: string, by = session): Promise<Record<string, string>> {
  const rows = await by.run(`DESC SECURITY INTEGRATION ${name}`);
  return Object.fromEntries(rows.map(({ property, property_value }) => [property, property_value]));
}

interface Secrets {
  OAUTH_CLIENT_ID: string;
  OAUTH_CLIENT_SECRET: string;
  OAUTH_CLIENT_SECRET_2: string;
}

async function secretsOf(name: string, by = session): Promise<Secrets> {
  const [row] = await by.run(`SELECT SYSTEM$SHOW_OAUTH_CLIENT_SECRETS('${name}')`);
  return JSON.parse(String(Object.values(row as Row)[0])) as Secrets;
}

describe("an integration's life", () => {
  it("is created, described, changed, and dropped", async () => {
    expect(await session.run(CREATE)).toEqual([{ status: "Integration ODEUS successfully created." }]);
    expect(await described("odeus")).toMatchObject({ ENABLED: "true", OAUTH_REDIRECT_URI: REDIRECT, OAUTH_CLIENT_TYPE: "CONFIDENTIAL", COMMENT: "" });
    await session.run("ALTER SECURITY INTEGRATION odeus SET ENABLED = FALSE, COMMENT = 'it''s\\tours'");
    expect(await described('"ODEUS"')).toMatchObject({ ENABLED: "false", COMMENT: "it's\tours" });
    await session.run("ALTER INTEGRATION odeus UNSET ENABLED, COMMENT");
    expect(await described("Odeus")).toMatchObject({ ENABLED: "true", COMMENT: "" });
    expect(await session.run("DROP INTEGRATION odeus;")).toEqual([{ status: "ODEUS successfully dropped." }]);
    expect(await refusal("DESC INTEGRATION odeus")).toEqual(["002003", "02000"]);
  });

  it("has an id and two secrets, of which REFRESH renews exactly one", async () => {
    await session.run(CREATE);
    const first = await secretsOf("ODEUS");
    expect(Object.keys(first)).toEqual(["OAUTH_CLIENT_SECRET_2", "OAUTH_CLIENT_SECRET", "OAUTH_CLIENT_ID"]);
    expect(first.OAUTH_CLIENT_ID).toMatch(/^[A-Za-z0-9+/]{27}=$/);
    expect(first.OAUTH_CLIENT_SECRET).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect((await described("odeus"))["OAUTH_CLIENT_ID"]).toBe(first.OAUTH_CLIENT_ID);
    await session.run("ALTER SECURITY INTEGRATION odeus REFRESH OAUTH_CLIENT_SECRET_2");
    const second = await secretsOf("ODEUS");
    expect(second).toEqual({ ...first, OAUTH_CLIENT_SECRET_2: expect.not.stringMatching(first.OAUTH_CLIENT_SECRET_2.replace(/[+/]/g, ".")) });
    await session.run("ALTER SECURITY INTEGRATION odeus REFRESH OAUTH_CLIENT_SECRET");
    const third = await secretsOf("ODEUS");
    expect([third.OAUTH_CLIENT_SECRET === second.OAUTH_CLIENT_SECRET, third.OAUTH_CLIENT_SECRET_2]).toEqual([false, second.OAUTH_CLIENT_SECRET_2]);
  });
});

describe("creating", () => {
  it("refuses a name that is taken, in any spelling, whoever made it", async () => {
    await session.run(CREATE);
    for (const name of ["odeus", "ODEUS", '"ODEUS"']) expect(await refusal(CREATE.replace("odeus", name))).toEqual(["002002", "42710"]);
    expect(await session.run(CREATE.replace("odeus", '"odeus"'))).toEqual([{ status: "Integration odeus successfully created." }]);
    await world.atSnowflake.integration("SSO", { type: "SAML2", comment: "somebody's" });
    expect(await refusal(CREATE.replace("odeus", "sso"))).toEqual(["002002", "42710"]);
  });

  it("with IF NOT EXISTS keeps what is there; with OR REPLACE makes all three values anew", async () => {
    await session.run(CREATE);
    const before = await secretsOf("ODEUS");
    expect(await session.run(CREATE.replace("INTEGRATION", "INTEGRATION IF NOT EXISTS"))).toEqual([{ status: "ODEUS already exists, statement succeeded." }]);
    expect(await secretsOf("ODEUS")).toEqual(before);
    await session.run(CREATE.replace("CREATE", "CREATE OR REPLACE"));
    const after = await secretsOf("ODEUS");
    for (const key of Object.keys(before) as (keyof Secrets)[]) expect(after[key]).not.toBe(before[key]);
  });

  it("wants TLS, unless the integration allows to go without", async () => {
    const plain = CREATE.replace("https:", "http:");
    expect(await refusal(plain)).toEqual(["390316", "22023"]);
    expect(await refusal(`${CREATE} OAUTH_ALTERNATE_REDIRECT_URIS = ('${REDIRECT}', 'http://odeus.example/')`)).toEqual(["390316", "22023"]);
    await session.run(`${plain} OAUTH_ALLOW_NON_TLS_REDIRECT_URI = TRUE`);
    expect(await refusal("ALTER INTEGRATION odeus SET OAUTH_ALLOW_NON_TLS_REDIRECT_URI = FALSE")).toEqual(["390316", "22023"]);
    expect((await described("odeus"))["OAUTH_ALLOW_NON_TLS_REDIRECT_URI"]).toBe("true");
  });

  it.each([
    ["002029", "TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'CONFIDENTIAL'"],
    ["001008", `TYPE = SAML2 OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'CONFIDENTIAL' OAUTH_REDIRECT_URI = '${REDIRECT}'`],
    ["001008", `TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'SECRET' OAUTH_REDIRECT_URI = '${REDIRECT}'`],
    ["001008", "TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'PUBLIC' OAUTH_REDIRECT_URI = 'nowhere'"],
  ])("refuses with %s: %s", async (code, properties) => {
    expect((await refusal(`CREATE SECURITY INTEGRATION odeus ${properties}`))[0]).toBe(code);
  });

  it.each([
    ["001008", "OAUTH_ENFORCE_PKCE = MAYBE"],
    ["001003", "OAUTH_ENFORCE_PKCE = 'true'"],
    ["001008", "OAUTH_ACCESS_TOKEN_VALIDITY = 59"],
    ["001008", "OAUTH_ACCESS_TOKEN_VALIDITY = 3601"],
    ["001008", "OAUTH_REFRESH_TOKEN_VALIDITY = 0"],
    ["001008", "OAUTH_REFRESH_TOKEN_VALIDITY = 1.5"],
    ["001008", "OAUTH_CLIENT_RSA_PUBLIC_KEY = 'bm8ga2V5'"],
    ["001008", "OAUTH_USE_SECONDARY_ROLES = IMPLICIT ALLOWED_ROLES_LIST = (ANALYST)"],
    ["001003", "OAUTH_USE_SECONDARY_ROLES = 'IMPLICIT'"],
    ["001003", "OAUTH_CLIENT_SECRET = 'mine'"],
    ["002003", 'BLOCKED_ROLES_LIST = ("analyst")'],
    ["002003", "PRE_AUTHORIZED_ROLES_LIST = ('NOBODY')"],
    ["003629", "PRE_AUTHORIZED_ROLES_LIST = (ACCOUNTADMIN)"],
    ["003629", "ALLOWED_ROLES_LIST = (ANALYST) BLOCKED_ROLES_LIST = (ANALYST)"],
    ["002003", "NETWORK_POLICY = 'no_such_policy'"],
    ["002003", "NETWORK_POLICY = '\"odeus_egress\"'"],
    ["001003", "NETWORK_POLICY = odeus_egress"],
  ])("refuses with %s: %s", async (code, property) => {
    expect((await refusal(`${CREATE} ${property}`))[0]).toBe(code);
    expect(await session.run("SHOW INTEGRATIONS")).toEqual([]);
  });
});

describe("DESC", () => {
  it("has the columns, types and defaults of the real one", async () => {
    await session.run(`${CREATE} OAUTH_ACCESS_TOKEN_VALIDITY = 300 OAUTH_ALTERNATE_REDIRECT_URIS = ('${REDIRECT}2')`);
    const rows = await session.run("DESCRIBE SECURITY INTEGRATION odeus");
    expect(Object.keys(rows[0] ?? {})).toEqual(["property", "property_type", "property_value", "property_default"]);
    const row = (name: string) => Object.values(rows.find(({ property }) => property === name) ?? {}).slice(1);
    expect(row("ENABLED")).toEqual(["Boolean", "true", "true"]);
    expect(row("OAUTH_REFRESH_TOKEN_VALIDITY")).toEqual(["Long", "7776000", "7776000"]);
    expect(row("PRE_AUTHORIZED_ROLES_LIST")).toEqual(["List", "", "[]"]);
    expect(row("OAUTH_AUTHORIZATION_ENDPOINT")).toEqual(["String", `${world.origins.snowflake}/oauth/authorize`, ""]);
    expect(row("OAUTH_ALLOWED_TOKEN_ENDPOINTS")[1]).toContain(`${world.origins.snowflake}/oauth/token-request,`);
    for (const unseen of ["OAUTH_ALTERNATE_REDIRECT_URIS", "OAUTH_ACCESS_TOKEN_VALIDITY", "IS_AGENTIC", "OAUTH_ENABLE_ROLE_SELECTION"])
      expect(row(unseen)).toEqual([]);
  });

  it("shows keys by their fingerprints, and policies and roles by their stored names", async () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const der = publicKey.export({ type: "spki", format: "der" });
    await world.atSnowflake.role("data team");
    await session.run(`${CREATE} NETWORK_POLICY = 'odeus_egress' OAUTH_CLIENT_RSA_PUBLIC_KEY_2 = '${der.toString("base64")}'
      PRE_AUTHORIZED_ROLES_LIST = ("data team", 'analyst', analyst)`);
    expect(await described("odeus")).toMatchObject({
      NETWORK_POLICY: "ODEUS_EGRESS",
      OAUTH_CLIENT_RSA_PUBLIC_KEY_FP: "",
      OAUTH_CLIENT_RSA_PUBLIC_KEY_2_FP: `SHA256:${createHash("sha256").update(der).digest("base64")}`,
      PRE_AUTHORIZED_ROLES_LIST: 'ANALYST,"data team"',
    });
    await expect(world.atSnowflake.removeNetworkPolicy("ODEUS_EGRESS")).rejects.toThrow("attached to INTEGRATION 'ODEUS'");
    await session.run("ALTER INTEGRATION odeus UNSET NETWORK_POLICY, OAUTH_CLIENT_RSA_PUBLIC_KEY_2");
    expect(await described("odeus")).toMatchObject({ NETWORK_POLICY: "", OAUTH_CLIENT_RSA_PUBLIC_KEY_2_FP: "" });
    await world.atSnowflake.removeNetworkPolicy("ODEUS_EGRESS");
  });

  it("lacks what an old account does not know, which refuses the words too", async () => {
    await world.atSnowflake.settings({ missingProperties: ["ALLOWED_ROLES_LIST", "IS_AGENTIC"], enabledByDefault: false });
    await session.run(CREATE.replace("ENABLED = TRUE", ""));
    const shown = await described("odeus");
    expect([shown["ALLOWED_ROLES_LIST"], shown["ENABLED"]]).toEqual([undefined, "false"]);
    expect(await refusal("ALTER INTEGRATION odeus SET ALLOWED_ROLES_LIST = (ANALYST)")).toEqual(["001003", "42000"]);
    expect(await refusal("ALTER INTEGRATION odeus UNSET IS_AGENTIC")).toEqual(["001003", "42000"]);
  });
});

describe("privileged roles", () => {
  const blocked = async () => (await described("odeus"))["BLOCKED_ROLES_LIST"];

  it("are added to the blocked ones by the server", async () => {
    await session.run(`${CREATE} BLOCKED_ROLES_LIST = ('SYSADMIN')`);
    expect(await blocked()).toBe("ACCOUNTADMIN,SECURITYADMIN,SYSADMIN");
    await session.run("ALTER INTEGRATION odeus SET BLOCKED_ROLES_LIST = ()");
    expect(await blocked()).toBe("ACCOUNTADMIN,SECURITYADMIN");
  });

  it("are not where the account's parameter says so", async () => {
    const parameter = "SHOW PARAMETERS LIKE 'oauth_add_privileged_roles_to_blocked_list' IN ACCOUNT";
    expect(await session.run(parameter)).toMatchObject([{ key: "OAUTH_ADD_PRIVILEGED_ROLES_TO_BLOCKED_LIST", value: "true", default: "true", level: "" }]);
    await world.atSnowflake.settings({ addPrivilegedRoles: false });
    expect(await session.run(parameter)).toMatchObject([{ value: "false", default: "true", level: "ACCOUNT" }]);
    await session.run(`${CREATE} BLOCKED_ROLES_LIST = (SYSADMIN)`);
    expect(await blocked()).toBe("SYSADMIN");
    await world.atSnowflake.settings({ addPrivilegedRoles: true });
    await session.run("ALTER INTEGRATION odeus SET COMMENT = 'the list is not touched'");
    expect(await blocked()).toBe("SYSADMIN");
  });

  it("must all be in an explicit list on the account of an organisation", async () => {
    await world.atSnowflake.role("ORGADMIN");
    expect(await refusal(`${CREATE} BLOCKED_ROLES_LIST = (ACCOUNTADMIN, SECURITYADMIN)`)).toEqual(["003629", "42501"]);
    await session.run(`${CREATE} BLOCKED_ROLES_LIST = (ACCOUNTADMIN, ORGADMIN, SECURITYADMIN)`);
    await session.run(CREATE.replace("odeus", "other"));
    expect((await described("other"))["BLOCKED_ROLES_LIST"]).toBe("ACCOUNTADMIN,ORGADMIN,SECURITYADMIN");
  });
});

describe("SHOW INTEGRATIONS", () => {
  it("has the columns of the real one, and finds by a pattern without regard to case", async () => {
    await session.run(`${CREATE} COMMENT = 'for Odeus'`);
    await session.run(CREATE.replace("odeus", '"odeus 100%"'));
    const names = async (pattern: string) => (await session.run(`SHOW SECURITY INTEGRATIONS LIKE '${pattern}'`)).map(({ name }) => name);
    const rows = await session.run("SHOW SECURITY INTEGRATIONS LIKE 'oDEUS'");
    expect(rows).toEqual([
      { name: "ODEUS", type: "OAUTH - CUSTOM", category: "SECURITY", enabled: "true", comment: "for Odeus", created_on: expect.any(Date) },
    ]);
    expect(Math.abs(Number(rows[0]?.["created_on"]) - Date.now())).toBeLessThan(60_000);
    expect(await names("od%")).toEqual(["ODEUS", "odeus 100%"]);
    expect(await names("O_EUS")).toEqual(["ODEUS"]);
    expect(await names("odeus 100\\\\%")).toEqual(["odeus 100%"]);
    expect(await names("")).toEqual([]);
    expect((await session.run("SHOW INTEGRATIONS LIKE 'odeus 1%'"))[0]).toMatchObject({ comment: null });
  });

  it("lists other types where it is not asked for security alone", async () => {
    await world.atSnowflake.integration("SSO", { owner: "ODEUS_DEPLOYER" });
    await world.atSnowflake.integration("LAKE", { owner: "ODEUS_DEPLOYER", type: "EXTERNAL_STAGE", category: "STORAGE" });
    expect((await session.run("SHOW INTEGRATIONS")).map(({ name, type }) => [name, type])).toEqual([
      ["SSO", "SAML2"],
      ["LAKE", "EXTERNAL_STAGE"],
    ]);
    expect(await session.run("SHOW SECURITY INTEGRATIONS")).toHaveLength(1);
    expect(await refusal("ALTER INTEGRATION sso REFRESH OAUTH_CLIENT_SECRET")).toEqual(["001008", "22023"]);
    expect(await refusal("SELECT SYSTEM$SHOW_OAUTH_CLIENT_SECRETS('SSO')")).toEqual(["001008", "22023"]);
    await session.run("DROP SECURITY INTEGRATION sso");
  });
});

describe("what a role may", () => {
  it("create: with CREATE INTEGRATION, or as ACCOUNTADMIN", async () => {
    const analyst = await logIn(world, { role: "ANALYST" });
    expect(await refusal(CREATE, analyst)).toEqual(["003001", "42501"]);
    await world.atSnowflake.role("ANALYST", { createIntegration: true });
    await analyst.run(CREATE);
    await analyst.close();
    expect((await world.state()).snowflake.integrations).toMatchObject([{ name: "ODEUS", owner: "ANALYST" }]);
  });

  it("see and change: what it owns; with USAGE it sees", async () => {
    await session.run(CREATE);
    const admin = await logIn(world, { role: "ACCOUNTADMIN" });
    const analyst = await logIn(world, { role: "ANALYST" });
    const secrets = "SELECT SYSTEM$SHOW_OAUTH_CLIENT_SECRETS('ODEUS')";
    const changes = ["ALTER INTEGRATION odeus SET ENABLED = FALSE", "ALTER INTEGRATION odeus REFRESH OAUTH_CLIENT_SECRET", "DROP INTEGRATION odeus"];
    expect(await analyst.run("SHOW INTEGRATIONS")).toEqual([]);
    for (const sql of ["DESC INTEGRATION odeus", ...changes]) expect(await refusal(sql, analyst)).toEqual(["002003", "02000"]);
    expect(await refusal(secrets, analyst)).toEqual(["001008", "22023"]);
    expect(await analyst.run("DROP INTEGRATION IF EXISTS odeus")).toEqual([{ status: "Drop statement executed successfully (ODEUS already dropped)." }]);
    await world.atSnowflake.role("ANALYST", { usage: ["ODEUS"] });
    expect(await described("odeus", analyst)).toMatchObject({ ENABLED: "true" });
    for (const sql of [...changes, secrets, "DROP INTEGRATION IF EXISTS odeus"]) expect(await refusal(sql, analyst)).toEqual(["003001", "42501"]);
    await world.atSnowflake.role("ANALYST", { createIntegration: true });
    expect(await refusal(CREATE.replace("CREATE", "CREATE OR REPLACE"), analyst)).toEqual(["003001", "42501"]);
    for (const sql of [secrets, ...changes]) await admin.run(sql);
    await session.run(CREATE);
    expect(await refusal("DESC INTEGRATION odeus", analyst)).toEqual(["002003", "02000"]);
    await Promise.all([admin.close(), analyst.close()]);
  });

  it("read secrets: by ownership, or as ACCOUNTADMIN alone", async () => {
    await session.run(CREATE);
    await world.atSnowflake.settings({ secretsNeed: "ACCOUNTADMIN" });
    expect(await refusal("SELECT SYSTEM$SHOW_OAUTH_CLIENT_SECRETS('ODEUS')")).toEqual(["003001", "42501"]);
    const admin = await logIn(world, { role: "ACCOUNTADMIN" });
    expect(await secretsOf("ODEUS", admin)).toHaveProperty("OAUTH_CLIENT_SECRET");
    await admin.close();
  });

  it("lose: an integration that went to another role looks dropped, and its name stays taken", async () => {
    await session.run(CREATE);
    await world.atSnowflake.integration("ODEUS", { owner: "SYSADMIN" });
    expect(await refusal("DESC INTEGRATION odeus")).toEqual(["002003", "02000"]);
    expect(await refusal(CREATE)).toEqual(["002002", "42710"]);
  });
});

describe("SYSTEM$SHOW_OAUTH_CLIENT_SECRETS", () => {
  it("takes the stored name as it is", async () => {
    await session.run(CREATE.replace("odeus", '"Odeus for ""Contoso"""'));
    expect(await secretsOf('Odeus for "Contoso"')).toHaveProperty("OAUTH_CLIENT_ID");
    await session.run(CREATE);
    for (const name of ["odeus", '"ODEUS"', ""]) expect(await refusal(`SELECT SYSTEM$SHOW_OAUTH_CLIENT_SECRETS('${name}')`)).toEqual(["001008", "22023"]);
  });

  it("spells its keys in lower case where the account does", async () => {
    await session.run(CREATE);
    await world.atSnowflake.settings({ secretKeyCase: "lower" });
    expect(Object.keys(await secretsOf("ODEUS")).sort()).toEqual(["oauth_client_id", "oauth_client_secret", "oauth_client_secret_2"]);
  });
});

describe("other statements", () => {
  it("tell who and where", async () => {
    const [row] = await session.run('SELECT CURRENT_ACCOUNT_NAME(), CURRENT_ORGANIZATION_NAME() AS org, CURRENT_WAREHOUSE() AS "none", 1');
    expect(row).toEqual({ "CURRENT_ACCOUNT_NAME()": "SANDBOX", ORG: "CONTOSO", none: null, "1": 1 });
    expect(await refusal("SELECT SYSTEM$DROP_EVERYTHING('x')")).toEqual(["002140", "42601"]);
  });

  it("take no binds, and come alone", async () => {
    const { code } = await failureOf(session.run("DESC INTEGRATION ?", { binds: ["ODEUS"] }));
    expect(code).toBe("001003");
    expect(await refusal(`${CREATE}; DROP INTEGRATION odeus`)).toEqual(["000008", "0A000"]);
    expect((await world.state()).snowflake.integrations).toEqual([]);
  });

  it("ALTER of what is not there", async () => {
    expect(await refusal("ALTER INTEGRATION nothing SET ENABLED = TRUE")).toEqual(["002003", "02000"]);
    expect(await session.run("ALTER INTEGRATION IF EXISTS nothing SET ENABLED = TRUE")).toEqual([{ status: "Statement executed successfully." }]);
  });

  it("are refused as a whole: nothing of a wrong SET is kept", async () => {
    await session.run(CREATE);
    expect(await refusal("ALTER INTEGRATION odeus SET COMMENT = 'new', BLOCKED_ROLES_LIST = (NOBODY)")).toEqual(["002003", "02000"]);
    expect((await described("odeus"))["COMMENT"]).toBe("");
  });
});
