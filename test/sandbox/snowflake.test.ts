/** The Snowflake counterpart under the vendor's own driver: statements, what they answer, and what they are refused for. */

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
