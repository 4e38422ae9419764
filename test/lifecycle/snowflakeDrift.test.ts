/** What people change behind our back at Snowflake and in the workspace: a refresh tells it, the update mends it, and then all is quiet. */

import { DEPLOYER_ROLE } from "../../src/sandbox/snowflake/account.js";
import { failureOf, HOSTS, type Made } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";
import { type SnowflakeStage, standAlone, startSnowflakeStage } from "../support/snowflakeIntegration.js";

interface HandEdit {
  edit: (stage: SnowflakeStage) => Promise<unknown>;
  /** In `drift`; or the input that it is read back into. */
  drift?: RegExp;
  input?: Inputs;
  /** Where the client is another one afterwards. */
  newClient?: true;
  /** Where what is there now is nobody's that we know, and the program has to ask for it. */
  adopt?: true;
}

const BARE = "TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'CONFIDENTIAL' OAUTH_ALLOW_NON_TLS_REDIRECT_URI = TRUE";
const alter = (what: string) => (stage: SnowflakeStage) => stage.byHand(`ALTER SECURITY INTEGRATION ODEUS ${what}`);
const slotPath = ({ place }: SnowflakeStage): string => `/integrations/v1/${place.id}/oauth-client`;
const enterByHand = (oauthClient: object) => (stage: SnowflakeStage) =>
  stage.world.odeus("PATCH", `/integrations/v1/${stage.place.id}/auth`, { authType: "OAUTH", oauthClient });

const EDITS: [string, HandEdit][] = [
  [
    "the redirect URI is another one",
    { edit: alter("SET OAUTH_REDIRECT_URI = 'https://other.example/'"), drift: /lacks the redirect URI http.*it has https:\/\/other/ },
  ],
  ["the secret in use was renewed", { edit: alter("REFRESH OAUTH_CLIENT_SECRET"), drift: /the client secret in use of .*"?ODEUS"? was renewed by hand/ }],
  [
    "it was replaced, with another client id and other secrets",
    {
      edit: ({ world, place }) =>
        world.atSnowflake.run(`CREATE OR REPLACE SECURITY INTEGRATION ODEUS ${BARE} OAUTH_REDIRECT_URI = '${place.redirectUrl}'`, DEPLOYER_ROLE),
      drift: /was replaced by hand: its client id is now/,
      input: { preAuthorizedRoles: [], blockedRoles: [], networkPolicy: undefined, comment: "" },
      newClient: true,
      adopt: true,
    },
  ],
  [
    "it was dropped",
    { edit: (stage) => stage.byHand("DROP INTEGRATION ODEUS"), drift: /is gone from account .*, or this role has lost its rights/, newClient: true },
  ],
  ["it was disabled", { edit: alter("SET ENABLED = FALSE"), input: { enabled: false } }],
  ["a role was pre-authorised", { edit: alter("SET PRE_AUTHORIZED_ROLES_LIST = (ANALYST, PUBLIC)"), input: { preAuthorizedRoles: ["analyst", "PUBLIC"] } }],
  ["a role was blocked", { edit: alter("SET BLOCKED_ROLES_LIST = (SYSADMIN, USERADMIN)"), input: { blockedRoles: ["sysadmin", "USERADMIN"] } }],
  ["the network policy was taken out", { edit: alter("UNSET NETWORK_POLICY"), input: { networkPolicy: undefined } }],
  ["the validity is another one", { edit: alter("SET OAUTH_REFRESH_TOKEN_VALIDITY = 86400"), input: { oauthRefreshTokenValiditySeconds: 86_400 } }],
  ["the comment is another one", { edit: alter("SET COMMENT = 'theirs'"), input: { comment: "theirs" } }],
  ["the workspace holds no client", { edit: (stage) => stage.world.odeus("DELETE", slotPath(stage)), drift: /warehouse has no client any more/ }],
  ["another secret is in the workspace", { edit: enterByHand({ clientSecret: "by-hand" }), drift: /the client secret in warehouse was replaced by hand/ }],
  ["another token URL is in the workspace", { edit: enterByHand({ tokenUrl: "https://other.example/token" }), drift: /warehouse has another token URL/ }],
  ["other scopes are in the workspace", { edit: enterByHand({ scopes: "session:role:ANALYST" }), input: { scopes: ["session:role:ANALYST"] } }],
  [
    "the workspace has another redirect URL",
    {
      edit: (stage) => stage.world.odeus("PATCH", `/settings/integrations/${stage.place.id}`, { redirectUrl: `${stage.place.redirectUrl}?region=eu` }),
      drift: /the redirect URL of warehouse is now http.*region=eu/,
    },
  ],
];

describe.each(HOSTS)("drift at Snowflake through the %s host", (_name, start) => {
  let stage: SnowflakeStage;
  beforeAll(async () => {
    stage = await startSnowflakeStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const inputs = (): Inputs =>
    stage.declared({
      preAuthorizedRoles: ["analyst"],
      blockedRoles: ["sysadmin"],
      networkPolicy: "odeus_egress",
      oauthRefreshTokenValiditySeconds: 7_776_000,
      comment: "ours",
    });
  /** The update that the next `up` makes, and the quiet after it. */
  async function mended(seen: Made, declared: Inputs = inputs()): Promise<Made> {
    const next = await stage.up(declared, seen);
    expect(next.changed).toBe(true);
    expect(next.state["drift"]).toEqual([]);
    const quiet = await stage.refreshed(next);
    expect(quiet.state).toEqual(next.state);
    expect(quiet.inputs).toEqual(next.inputs);
    expect((await stage.plan(quiet, declared)).changes).toBe(false);
    expect(await stage.login()).toBe(true);
    expect(await stage.connect(stage.place.slug)).toMatchObject({ connected: true });
    return next;
  }

  it("is none where nothing was touched: the same inputs, the same outputs, no changing call", async () => {
    const made = await stage.up(inputs());
    await stage.world.clearCalls();
    expect(await stage.refreshed(made)).toEqual({ id: made.id, state: made.state, inputs: made.inputs });
    expect((await stage.statements()).sort()).toEqual(["DESC", "SECRETS"]);
    expect(await stage.changingCalls()).toEqual([]);
    expect(stage.said("INFO")).toEqual([]);
  });

  it.each(EDITS)("tells that %s, and the update mends it", async (_what, { edit, drift, input, newClient, adopt }) => {
    const made = await stage.up(inputs());
    await edit(stage);
    const secrets = (await stage.integrations())["ODEUS"]?.secrets;
    const seen = await stage.refreshed(made);
    if (drift === undefined) expect(seen.state["drift"]).toEqual([]);
    else expect((seen.state["drift"] as string[]).join("\n")).toMatch(drift);
    const readBack = Object.entries({ ...made.inputs, ...input }).filter(([, value]) => value !== undefined);
    expect(seen.inputs).toEqual(Object.fromEntries(readBack));
    expect((await stage.plan(seen, inputs())).changes).toBe(true);
    if (adopt) {
      const before = await stage.integration();
      expect((await stage.failingUp(inputs(), seen)).message).toMatch(/somebody has replaced it: its client id is .* Set adopt to take it over/);
      expect(await stage.integration()).toEqual(before);
    }
    const next = await mended(seen, { ...inputs(), ...(adopt ? { adopt } : {}) });
    expect(next.state["clientId"] === made.state["clientId"]).toBe(newClient !== true);
    // What is there is entered; nothing is renewed for it.
    if (secrets !== undefined) expect((await stage.integration()).secrets).toEqual(secrets);
    expect(stage.said("INFO")).toEqual(adopt ? [expect.stringContaining("is taken over")] : []);
  });

  it("is no leave to overwrite one of others that has taken the name, and a destroy leaves it alone", async () => {
    const made = await stage.up(inputs());
    await stage.byHand("DROP INTEGRATION ODEUS");
    await stage.world.atSnowflake.run(
      `CREATE SECURITY INTEGRATION ODEUS ${BARE} OAUTH_REDIRECT_URI = 'https://dbt.example/callback' COMMENT = 'dbt Cloud, team data'`,
      DEPLOYER_ROLE,
    );
    const theirs = await stage.integration();
    const { message, partial } = await stage.failingUp({ ...inputs(), comment: "after" }, made);
    expect(message).toMatch(
      /somebody has replaced it: its client id is .*this stack did not make that one\. Set adopt to take it over, or choose another name/,
    );
    expect(partial).toBeUndefined();
    expect(await stage.integration()).toEqual(theirs);
    await stage.destroy(made);
    expect(await stage.integration()).toEqual(theirs);
  });

  it("is not what the account adds by itself, another order, an idle secret renewed, or a comment beside our mark", async () => {
    const declared = stage.declared({ blockedRoles: ["sysadmin"], allowedRoles: ["PUBLIC", "analyst"] });
    const made = await stage.up(declared);
    const { COMMENT } = (await stage.integration()).properties;
    await alter("SET BLOCKED_ROLES_LIST = (SYSADMIN, SECURITYADMIN, ACCOUNTADMIN) ALLOWED_ROLES_LIST = (ANALYST, PUBLIC)")(stage);
    await alter("REFRESH OAUTH_CLIENT_SECRET_2")(stage);
    await stage.byHand(`ALTER SECURITY INTEGRATION ODEUS SET COMMENT = 'theirs ${COMMENT}'`);
    const seen = await stage.refreshed(made);
    expect(seen.state).toEqual(made.state);
    expect(seen.inputs).toEqual(made.inputs);
    await stage.world.clearCalls();
    const next = await stage.up({ ...declared, oauthEnforcePkce: true }, seen);
    expect(await stage.sql()).toEqual(['ALTER SECURITY INTEGRATION "ODEUS" SET OAUTH_ENFORCE_PKCE = TRUE']);
    expect((await stage.integration()).properties.COMMENT).toBe(`theirs ${COMMENT}`);
    expect(next.state["drift"]).toEqual([]);
  });

  it("is not an alternate redirect URI of others, and it stays when the redirect URL of the workspace changes", async () => {
    const made = await stage.up(stage.declared());
    await alter("SET OAUTH_ALTERNATE_REDIRECT_URIS = ('https://dbt.example/callback')")(stage);
    // The same place of the sandbox, by its other name.
    const redirectUrl = stage.place.redirectUrl.includes("localhost")
      ? stage.place.redirectUrl.replace("localhost", "127.0.0.1")
      : stage.place.redirectUrl.replace("127.0.0.1", "localhost");
    await stage.world.odeus("PATCH", `/settings/integrations/${stage.place.id}`, { redirectUrl });
    await mended(await stage.refreshed(made), stage.declared());
    expect((await stage.integration()).properties).toMatchObject({
      OAUTH_REDIRECT_URI: redirectUrl,
      OAUTH_ALTERNATE_REDIRECT_URIS: ["https://dbt.example/callback"],
    });
  });

  it("taken over from others, in place of ours that was dropped, names the redirect URI that is pushed out", async () => {
    const made = await stage.up(inputs());
    await stage.byHand("DROP INTEGRATION ODEUS");
    await stage.world.atSnowflake.run(`CREATE SECURITY INTEGRATION ODEUS ${BARE} OAUTH_REDIRECT_URI = 'https://dbt.example/callback'`, DEPLOYER_ROLE);
    await stage.up({ ...inputs(), comment: "after", adopt: true }, made);
    expect(stage.said("WARNING")).toContainEqual(expect.stringContaining("its redirect URI https://dbt.example/callback is pushed out"));
  });

  it("is none, either, once a privileged role is no longer to be blocked, where the account does not add it by itself", async () => {
    await stage.world.atSnowflake.settings({ addPrivilegedRoles: false });
    const made = await stage.up(stage.declared({ blockedRoles: ["sysadmin", "accountadmin"] }));
    const next = await stage.up(stage.declared({ blockedRoles: ["sysadmin"] }), made);
    expect((await stage.integration()).properties.BLOCKED_ROLES_LIST).toEqual(["SYSADMIN"]);
    expect((await stage.plan(await stage.refreshed(next))).changes).toBe(false);
  });

  it("that was not refreshed is no reason for an update, and the next one mends it all the same", async () => {
    const made = await stage.up(inputs());
    await alter("REFRESH OAUTH_CLIENT_SECRET")(stage);
    expect((await stage.plan(made, inputs())).changes).toBe(false);
    await stage.up({ ...inputs(), comment: "more" }, made);
    expect(await stage.slotInUse()).toBe(1);
    expect(await stage.login()).toBe(true);
  });

  it("tells another client in the workspace; the update takes the place back only where that client is named", async () => {
    const made = await stage.up(inputs());
    await stage.world.odeus("PUT", slotPath(stage), { clientId: "somebody-elses", clientSecret: "their-secret" });
    const seen = await stage.refreshed(made);
    expect(seen.state["drift"]).toEqual(["warehouse holds another client (somebody-elses)"]);
    const refusal = (await stage.failingUp(inputs(), seen)).message;
    expect(refusal).toContain("warehouse already holds client somebody-elses");
    expect(refusal).not.toContain("adoptClientId");
    expect((await stage.slot(stage.place.slug)).client?.clientSecret).toBe("their-secret");
    await mended(seen, { ...inputs(), replaceClientIds: ["somebody-elses"] });
  });

  it("tells what people cannot do with it any more, although the program does not say otherwise", async () => {
    const made = await stage.up(stage.declared({ scopes: ["refresh_token", "session:role:ANALYST"] }));
    await alter("SET OAUTH_ISSUE_REFRESH_TOKENS = FALSE, BLOCKED_ROLES_LIST = (ANALYST)")(stage);
    expect((await stage.refreshed(made)).state["drift"]).toEqual([]);
    expect(stage.said("INFO").join("\n")).toMatch(/blocks the role ANALYST that the scopes ask for[\s\S]*issues no refresh tokens/);
  });

  it("calls an integration gone only as ACCOUNTADMIN, and where no workspace holds its client", async () => {
    const alone = await stage.up(standAlone());
    await stage.byHand("DROP INTEGRATION ODEUS");
    expect((await stage.refreshed(alone)).state["drift"]).toEqual([expect.stringContaining("Snowflake does not tell which")]);
    const admin = await stage.again({ SNOWFLAKE_ROLE: "ACCOUNTADMIN" });
    expect(await admin.refresh(alone)).toBeUndefined();
    await admin.host.stop();
  });

  it("goes by the role that the session really has, where none is configured", async () => {
    const alone = await stage.up(standAlone());
    await stage.byHand("DROP INTEGRATION ODEUS");
    const byDefault = async <T>(defaultRole: string, work: (run: SnowflakeStage) => Promise<T>): Promise<T> => {
      await stage.world.atSnowflake.user("DEPLOYER", { defaultRole });
      const run = await stage.again({ SNOWFLAKE_ROLE: "" });
      return work(run).finally(() => run.host.stop());
    };
    const refused = await byDefault(DEPLOYER_ROLE, async (deployer) => {
      expect((await deployer.refreshed(alone)).state["drift"]).toEqual([expect.stringContaining("Snowflake does not tell which")]);
      return failureOf(deployer.destroy(alone));
    });
    expect(refused.message).toMatch(/Snowflake shows role ODEUS_DEPLOYER no security integration ODEUS[\s\S]*Use the role that owns it, or ACCOUNTADMIN/);
    await byDefault("ACCOUNTADMIN", async (admin) => {
      expect(await admin.refresh(alone)).toBeUndefined();
      await admin.destroy(alone);
    });
  });
});
