/** What is said of a security integration before it takes effect, and what the plugin looks at in a preview: everything that reads can tell, without a change. */

import { UNKNOWN } from "../../src/core/value.js";
import { failureOf, HOSTS } from "../support/oauthClientConfig.js";
import { startPluginProcess } from "../support/pluginProcess.js";
import type { Inputs } from "../support/providerHost.js";
import { type SnowflakeStage, standAlone, startSnowflakeStage } from "../support/snowflakeIntegration.js";

const DAY = 86_400;
/** What is declared, and what is said of it. */
const ANNOUNCED: [string, Inputs, RegExp[]][] = [
  ["a validity of a day", { oauthRefreshTokenValiditySeconds: DAY }, [/^refresh tokens are valid for 1 day: users sign in again that often/]],
  ["a validity of almost a week", { oauthRefreshTokenValiditySeconds: 6 * DAY }, [/^refresh tokens are valid for 6 days: users sign in again that often/]],
  [
    "a validity below what most accounts take",
    { oauthRefreshTokenValiditySeconds: 12_345 },
    [
      /^refresh tokens are valid for 3 h/,
      /^oauthRefreshTokenValiditySeconds: 12345 is outside of 86400 to 7776000; .*only where the account's bounds were changed/,
    ],
  ],
  ["a validity above it", { oauthRefreshTokenValiditySeconds: 90 * DAY + 1 }, [/^oauthRefreshTokenValiditySeconds: 7776001 is outside of 86400 to 7776000/]],
  [
    "no refresh_token among the scopes",
    { scopes: ["session:role:ANALYST"] },
    [/^the scope refresh_token is not asked for: users sign in again every ten minutes/],
  ],
  [
    "a role in small letters",
    { scopes: ["refresh_token", "session:role:analyst"] },
    [/^the scope session:role:analyst means a role that was created in quotes and small letters; for ANALYST, write it in capitals/],
  ],
  ["no refresh tokens at all", { oauthIssueRefreshTokens: false }, [/^the scope refresh_token is not asked for: users sign in again every ten minutes/]],
  ["a network policy", { networkPolicy: "odeus_egress" }, [/^networkPolicy: token requests come from Odeus's addresses, which must be allowed in it/]],
  ["redirect URIs without TLS", { oauthAllowNonTlsRedirectUri: true }, [/^oauthAllowNonTlsRedirectUri: codes travel without encryption/]],
  ["an integration that is off", { enabled: false }, [/^enabled is off: nobody can sign in with this client/]],
];
const UNSAID: [string, Inputs][] = [
  ["nothing beside the name", {}],
  ["a validity of a week", { oauthRefreshTokenValiditySeconds: 7 * DAY }],
  ["the longest validity", { oauthRefreshTokenValiditySeconds: 90 * DAY }],
  ["scopes with refresh_token", { scopes: ["refresh_token", "session:role:ANALYST"] }],
  ["roles that are pre-authorised and not privileged", { preAuthorizedRoles: ["analyst"] }],
  ["roles that are blocked", { blockedRoles: ["accountadmin"] }],
];

describe.each(HOSTS)("an announcement through the %s host", (_name, start) => {
  let stage: SnowflakeStage;
  beforeAll(async () => {
    stage = await startSnowflakeStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  it.each(ANNOUNCED)("of %s is made with the create, or with the plan that brings it, once", async (_what, inputs, expected) => {
    const made = await stage.up(standAlone(inputs));
    expect(stage.said("WARNING")).toEqual(expected.map((words) => expect.stringMatching(words)));
    expect(await stage.plan(made)).toEqual({ changes: false, said: [] });
    expect((await stage.plan(made, standAlone({ ...inputs, comment: "more" }))).said).toEqual([]);
    await stage.clear();
    const plain = await stage.up(standAlone());
    expect(stage.said("WARNING")).toEqual([]);
    const { changes, said } = await stage.plan(plain, standAlone(inputs));
    expect(changes).toBe(true);
    expect(said.filter((line) => !/^scope refresh_token is dropped/.test(line))).toEqual(expected.map((words) => expect.stringMatching(words)));
  });

  it.each(UNSAID)("is not made of %s", async (_what, inputs) => {
    await stage.up(standAlone(inputs));
    expect(stage.said("WARNING")).toEqual([]);
  });

  it("of a privileged role that is pre-authorised is made, and the account has the last word", async () => {
    const inputs = standAlone({ preAuthorizedRoles: ["analyst", "AccountAdmin"] });
    const failure = await stage.failingUp(inputs);
    const warning = /^preAuthorizedRoles: AccountAdmin is a privileged role; Snowflake's documentation forbids it, and blocks such roles by default/;
    expect(stage.said("WARNING")).toEqual([expect.stringMatching(warning)]);
    expect(failure.message).toMatch(/Roles \[ACCOUNTADMIN\] are blocked[\s\S]*take them out there[\s\S]*Nothing was changed\./);
    expect(await stage.integrations()).toEqual({});
    await stage.world.atSnowflake.settings({ addPrivilegedRoles: false });
    await stage.up(inputs);
    expect((await stage.integration()).properties.PRE_AUTHORIZED_ROLES_LIST).toEqual(["ACCOUNTADMIN", "ANALYST"]);
    // In quotes and small letters it is somebody's own role.
    await stage.clear();
    await stage.world.atSnowflake.role("accountadmin");
    await stage.up(standAlone({ preAuthorizedRoles: ['"accountadmin"'] }));
    expect(stage.said("WARNING")).toEqual([]);
  });

  it("of a place that loses its client, and of a scope that is dropped, is made in the plan", async () => {
    const made = await stage.up(stage.declared({ scopes: ["refresh_token", "session:role:ANALYST"] }));
    expect((await stage.plan(made, standAlone({ oauthAllowNonTlsRedirectUri: true }))).said.join("\n")).toMatch(
      /warehouse no longer uses this client: it has none afterwards, and its users cannot sign in/,
    );
    expect((await stage.plan(made, stage.declared())).said).toEqual(["scope session:role:ANALYST is dropped; connections made before keep it until they end"]);
  });
});

describe("a preview through the plugin", () => {
  let stage: SnowflakeStage;
  beforeAll(async () => {
    stage = await startSnowflakeStage(startPluginProcess);
  });
  beforeEach(() => stage.clear());
  afterEach(async () => expect(await stage.changingCalls()).toEqual([]));
  afterAll(() => stage.stop());

  const preview = async (inputs: Inputs, on = stage) => {
    const { inputs: news, failures } = await on.host.check(on.urn(), inputs);
    expect(failures).toEqual([]);
    return (await on.host.create(on.urn(), news, { preview: true })).state;
  };
  const refusal = async (inputs: Inputs): Promise<string> => (await failureOf(preview(inputs))).message;

  it.each(ANNOUNCED)("announces %s", async (_what, inputs, expected) => {
    await preview(standAlone(inputs));
    expect(stage.said("WARNING")).toEqual(expected.map((words) => expect.stringMatching(words)));
  });

  it("tells the redirect URL, and leaves open what only `up` can know", async () => {
    expect(await preview(stage.declared())).toMatchObject({ redirectUrl: stage.place.redirectUrl });
    expect(await preview(standAlone())).toMatchObject({ redirectUrl: "https://app.example/callback" });
    expect(stage.said("INFO")).toEqual([]);
  });

  it("of an update is refused where somebody has replaced the integration, and with adopt says once what that ends", async () => {
    const made = await stage.up(stage.declared());
    const sql = "SECURITY INTEGRATION ODEUS TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'CONFIDENTIAL' OAUTH_REDIRECT_URI";
    await stage.world.atSnowflake.run(`CREATE OR REPLACE ${sql} = 'https://dbt.example/callback'`, stage.world.snowflake.roles.deployer);
    await stage.world.clearCalls();
    const from = stage.host.lines.length;
    const plan = (more: Inputs) => stage.host.update(stage.urn(), made.id, made.state, { ...made.inputs, comment: "after", ...more }, { preview: true });
    expect((await failureOf(plan({}))).message).toMatch(/somebody has replaced it: its client id is .* Set adopt to take it over, or choose another name/);
    expect(await stage.statements()).toEqual(["DESC"]);
    await plan({ adopt: true });
    expect(stage.host.lines.slice(from).map(({ message }) => message)).toEqual([
      expect.stringContaining("is taken over: it gets our mark"),
      expect.stringContaining("its redirect URI https://dbt.example/callback is pushed out"),
    ]);
  });

  it("of an update keeps what stays, and opens what a run may change", async () => {
    const made = await stage.up(stage.declared({ exportClientSecret: true }));
    await stage.world.clearCalls();
    const news = { ...made.inputs, rotation: { overlapHours: 1, triggers: { now: "1" } } };
    const { state } = await stage.host.update(stage.urn(), made.id, made.state, news, { preview: true });
    expect(state).toMatchObject({
      clientId: made.state["clientId"],
      redirectUrl: stage.place.redirectUrl,
      clientSecret: UNKNOWN,
      activeSecretSlot: UNKNOWN,
      secretCreatedAt: UNKNOWN,
      drift: UNKNOWN,
    });
  });

  it.each<[string, Inputs]>([
    ["the workspace integration", { name: "odeus", integration: UNKNOWN }],
    ["the redirect URI", { name: "odeus", oauthRedirectUri: UNKNOWN }],
  ])("asks the account although %s is not known yet", async (_what, inputs) => {
    expect(await preview(inputs)).toMatchObject({ redirectUrl: UNKNOWN });
    expect(await stage.statements()).toEqual(["DESC"]);
    expect(stage.said()).toEqual([]);
  });

  it("says which value it waits for where the name is not known yet", async () => {
    await preview({ name: UNKNOWN, oauthRedirectUri: "https://app.example/callback" });
    expect(stage.said()).toEqual(["not checked against the Snowflake account: name is not known before `up`"]);
    expect(await stage.statements()).toEqual([]);
  });

  it("without credentials says in one line that nothing was checked", async () => {
    const bare = await stage.again({ SNOWFLAKE_PASSWORD: "" });
    await preview(stage.declared(), bare);
    await bare.host.stop();
    expect(bare.said("INFO")).toEqual([
      expect.stringMatching(/^not checked against the workspace and the Snowflake account: .*no credentials for Snowflake: set SNOWFLAKE_PRIVATE_KEY/),
    ]);
  });

  it("is refused for a name that others have, a place that others have or that is not there, and a redirect URL without TLS", async () => {
    expect(await refusal(stage.declared({ integration: "warehuose" }))).toContain('no integration "warehuose". Did you mean "warehouse"?');
    expect(await refusal({ name: "odeus", integration: "warehouse" })).toContain("Snowflake refuses a redirect URI without TLS (390316)");
    await stage.world.odeus("PUT", `/integrations/v1/${stage.place.id}/oauth-client`, { clientId: "somebody-elses", clientSecret: "their-secret" });
    expect(await refusal(stage.declared())).toContain("warehouse already holds client somebody-elses");
    const sql = "CREATE SECURITY INTEGRATION ODEUS TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'PUBLIC' OAUTH_REDIRECT_URI = 'https://a.example/'";
    await stage.world.atSnowflake.run(sql, stage.world.snowflake.roles.deployer);
    expect(await refusal(standAlone())).toContain("this stack did not make it");
    expect(await refusal(standAlone({ adopt: true }))).toContain("it cannot be adopted: it is no custom OAuth client of the type CONFIDENTIAL");
  });

  it("is refused for credentials that the account does not take", async () => {
    const other = await stage.again({ SNOWFLAKE_PASSWORD: "wrong-password-of-the-test" });
    const { message } = await failureOf(preview(standAlone(), other));
    await other.host.stop();
    expect(message).toMatch(/did not let DEPLOYER log in to account CONTOSO-SANDBOX \(390100\)/);
  });
});
