/** A security integration is made, its credentials read and entered, and a user connects; with and without a workspace integration. */

import { HOSTS } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";
import { type SnowflakeStage, standAlone, startSnowflakeStage } from "../support/snowflakeIntegration.js";

describe.each(HOSTS)("a security integration through the %s host", (_name, start) => {
  let stage: SnowflakeStage;
  beforeAll(async () => {
    stage = await startSnowflakeStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  it("takes four statements after the login, and a user connects with what they left in the workspace", async () => {
    const made = await stage.up(stage.declared());
    expect((await stage.statements()).sort()).toEqual(["CREATE", "DESC", "DESC", "SECRETS"]);
    const { clientId, secrets, properties } = await stage.integration();
    const { origins } = stage.world;
    expect(made.id).toBe("ODEUS");
    expect(made.state).toMatchObject({
      clientId,
      authorizationUrl: `${origins.snowflake}/oauth/authorize`,
      tokenUrl: `${origins.snowflake}/oauth/token-request`,
      redirectUrl: stage.place.redirectUrl,
      activeSecretSlot: 1,
      drift: [],
      retiring: [],
      verification: { verdict: "accepted", proven: expect.arrayContaining(["secret", "redirectUrl", "scopes"]), unproven: ["consent"] },
    });
    expect(made.state["clientSecret"]).toBeUndefined();
    expect(properties).toMatchObject({ OAUTH_REDIRECT_URI: stage.place.redirectUrl, ENABLED: true, OAUTH_CLIENT_TYPE: "CONFIDENTIAL" });
    const { client, defaultScopes } = await stage.slot(stage.place.slug);
    expect(client).toMatchObject({ clientId, clientSecret: secrets[0] });
    expect(defaultScopes).toEqual(["refresh_token"]);
    expect(await stage.connect(stage.place.slug)).toMatchObject({ connected: true, scopes: ["refresh_token"] });
  });

  it("proves the secret in use when verify is switched on later, and writes nothing", async () => {
    const made = await stage.up(stage.declared({ verify: false }));
    expect(made.state["verification"]).toMatchObject({ verdict: "skipped" });
    await stage.world.clearCalls();
    const next = await stage.up(stage.declared(), made);
    expect(next.state["verification"]).toMatchObject({ verdict: "accepted", proven: expect.arrayContaining(["secret", "redirectUrl"]) });
    expect(await stage.changingCalls()).toEqual([]);
  });

  it("names the account's own mark and the people's comment side by side, and never replaces what is there", async () => {
    await stage.up(stage.declared({ comment: "for the data team" }));
    const [create = ""] = await stage.sql("CREATE");
    expect(create).toMatch(/^CREATE SECURITY INTEGRATION "ODEUS" TYPE = OAUTH OAUTH_CLIENT = CUSTOM ENABLED = TRUE /);
    expect((await stage.integration()).properties.COMMENT).toMatch(
      /^for the data team \[odeus-key:\S+ odeus-stack:\S+ odeus-resource:\S+ odeus-generation:\S+\]$/,
    );
  });

  it("sends the workspace's other fields back as they were read, and never another kind of authentication", async () => {
    type Fields = { integration: { authType: string; authFields: { slug: string; id: string }[] } };
    const before = await stage.world.odeus<Fields>("GET", `/integrations/v1/${stage.place.id}`);
    await stage.up(stage.declared());
    const [entering] = (await stage.world.calls()).filter(({ operation }) => operation === "updateIntegrationAuth");
    const sent = JSON.parse(entering?.requestBody ?? "{}") as { authType: string; authFields: object[] };
    expect(sent.authType).toBe(before.body.integration.authType);
    expect(sent.authFields).toEqual(before.body.integration.authFields.map(({ id: _generated, ...field }) => field));
    const after = await stage.world.odeus<Fields>("GET", `/integrations/v1/${stage.place.id}`);
    expect(after.body.integration.authFields).toMatchObject(sent.authFields);
  });

  it("passes every setting on, names as the account stores them, lists as sets", async () => {
    await stage.world.atSnowflake.role("finance");
    const inputs = stage.declared({
      oauthIssueRefreshTokens: true,
      oauthRefreshTokenValiditySeconds: 2_592_000,
      oauthEnforcePkce: true,
      oauthUseSecondaryRoles: "NONE",
      oauthAlternateRedirectUris: ["https://b.example/callback", "https://a.example/callback"],
      oauthSingleUseRefreshTokensRequired: true,
      preAuthorizedRoles: ["analyst"],
      allowedRoles: ["ANALYST", '"finance"'],
      blockedRoles: ["sysadmin"],
      networkPolicy: "odeus_egress",
      scopes: ["refresh_token", "session:role:ANALYST"],
    });
    const made = await stage.up(inputs);
    expect((await stage.integration()).properties).toMatchObject({
      OAUTH_ISSUE_REFRESH_TOKENS: true,
      OAUTH_REFRESH_TOKEN_VALIDITY: 2_592_000,
      OAUTH_ENFORCE_PKCE: true,
      OAUTH_USE_SECONDARY_ROLES: "NONE",
      OAUTH_ALTERNATE_REDIRECT_URIS: ["https://b.example/callback", "https://a.example/callback"],
      OAUTH_ALLOW_NON_TLS_REDIRECT_URI: true,
      OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED: true,
      PRE_AUTHORIZED_ROLES_LIST: ["ANALYST"],
      ALLOWED_ROLES_LIST: ["ANALYST", "finance"],
      BLOCKED_ROLES_LIST: ["ACCOUNTADMIN", "SECURITYADMIN", "SYSADMIN"],
      NETWORK_POLICY: "ODEUS_EGRESS",
    });
    expect((await stage.slot(stage.place.slug)).defaultScopes).toEqual(["refresh_token", "session:role:ANALYST"]);
    const seen = await stage.refreshed(made);
    expect(seen.inputs).toEqual(made.inputs);
    expect(seen.state).toEqual(made.state);
    const otherwise = {
      ...inputs,
      name: '"ODEUS"',
      preAuthorizedRoles: ['"ANALYST"'],
      allowedRoles: ['"finance"', "analyst"],
      networkPolicy: "ODEUS_EGRESS",
      oauthAlternateRedirectUris: ["https://a.example/callback", "https://b.example/callback"],
      scopes: ["session:role:ANALYST", "refresh_token"],
    };
    await stage.world.clearCalls();
    expect((await stage.up(otherwise, made)).changed).toBe(false);
    expect(await stage.world.calls()).toEqual([]);
  });

  describe("without a workspace integration", () => {
    it("needs no API key, and calls the account alone", async () => {
      const { ODEUS_API_KEY: _key, ODEUS_BASE_URL: _url, ...environment } = stage.world.environment;
      const host = await start({ environment });
      await host.configure({});
      const urn = host.urn("SnowflakeSecurityIntegration", "alone");
      const { inputs, failures } = await host.check(urn, standAlone());
      expect(failures).toEqual([]);
      const made = await host.create(urn, inputs);
      expect(made.state).toMatchObject({ redirectUrl: "https://app.example/callback", drift: [], verification: { verdict: "accepted" } });
      expect((await stage.integration()).properties.OAUTH_REDIRECT_URI).toBe("https://app.example/callback");
      expect((await host.read(urn, made.id, made.state, inputs))?.state).toEqual(made.state);
      expect((await host.diff(urn, made.id, made.state, inputs)).changes).toBe(false);
      // The run that destroys it declares it no more.
      await host.check(urn, standAlone({ name: "another" }));
      await host.delete(urn, made.id, made.state);
      expect(await stage.integrations()).toEqual({});
      expect((await stage.world.calls()).filter(({ counterpart }) => counterpart !== "snowflake")).toEqual([]);
      await host.stop();
    });

    it("gives its secret only when asked, now or later, without a new one, and takes it back", async () => {
      const made = await stage.up(standAlone({ exportClientSecret: true }));
      const [first, second] = (await stage.integration()).secrets;
      expect(made.state["clientSecret"]).toBe(first);
      const without = await stage.up(standAlone(), made);
      expect(without.state["clientSecret"]).toBeUndefined();
      const again = await stage.up(standAlone({ exportClientSecret: true }), without);
      expect(again.state["clientSecret"]).toBe(first);
      expect((await stage.integration()).secrets).toEqual([first, second]);
      expect(again.state["secretCreatedAt"]).toBe(made.state["secretCreatedAt"]);
      expect(await stage.sql()).toHaveLength(1);
      expect((await stage.plan(again)).changes).toBe(false);
    });
  });

  it("is entered in the workspace later, moves to another place, and leaves it again", async () => {
    const alone = await stage.up(standAlone({ oauthAllowNonTlsRedirectUri: true }));
    const entered = await stage.up(stage.declared(), alone);
    expect(entered.state).toMatchObject({ clientId: alone.state["clientId"], redirectUrl: stage.place.redirectUrl, drift: [] });
    expect((await stage.integration()).properties).toMatchObject({ OAUTH_REDIRECT_URI: stage.place.redirectUrl, OAUTH_ALTERNATE_REDIRECT_URIS: [] });
    expect(await stage.connect(stage.place.slug)).toMatchObject({ connected: true });
    const left = await stage.up(standAlone({ oauthAllowNonTlsRedirectUri: true }), entered);
    expect(stage.said("WARNING").join("\n")).toContain("warehouse no longer uses this client");
    expect((await stage.slot(stage.place.slug)).client).toBeUndefined();
    expect((await stage.integration()).properties.OAUTH_REDIRECT_URI).toBe("https://app.example/callback");
    expect(left.state).toMatchObject({ clientId: alone.state["clientId"], drift: [] });
    expect((await stage.plan(left)).changes).toBe(false);
  });

  describe("by a change", () => {
    /** What stands first, what it becomes, and the one statement that says so. */
    const CHANGES: [string, Inputs, Inputs, string[]][] = [
      ["enabled", {}, { enabled: false }, ["SET ENABLED = FALSE"]],
      ["enabled, back", { enabled: false }, {}, ["SET ENABLED = TRUE"]],
      ["oauthIssueRefreshTokens", {}, { oauthIssueRefreshTokens: false }, ["SET OAUTH_ISSUE_REFRESH_TOKENS = FALSE"]],
      ["oauthIssueRefreshTokens, removed", { oauthIssueRefreshTokens: false }, {}, ["SET OAUTH_ISSUE_REFRESH_TOKENS = TRUE"]],
      ["oauthRefreshTokenValiditySeconds", {}, { oauthRefreshTokenValiditySeconds: 864_000 }, ["SET OAUTH_REFRESH_TOKEN_VALIDITY = 864000"]],
      ["oauthRefreshTokenValiditySeconds, removed", { oauthRefreshTokenValiditySeconds: 864_000 }, {}, ["SET OAUTH_REFRESH_TOKEN_VALIDITY = 7776000"]],
      ["oauthEnforcePkce", {}, { oauthEnforcePkce: true }, ["SET OAUTH_ENFORCE_PKCE = TRUE"]],
      ["oauthEnforcePkce, removed", { oauthEnforcePkce: true }, {}, ["SET OAUTH_ENFORCE_PKCE = FALSE"]],
      ["oauthUseSecondaryRoles", {}, { oauthUseSecondaryRoles: "IMPLICIT" }, ["SET OAUTH_USE_SECONDARY_ROLES = IMPLICIT"]],
      ["oauthUseSecondaryRoles, removed", { oauthUseSecondaryRoles: "IMPLICIT" }, {}, ["SET OAUTH_USE_SECONDARY_ROLES = NONE"]],
      ["oauthSingleUseRefreshTokensRequired", {}, { oauthSingleUseRefreshTokensRequired: true }, ["SET OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED = TRUE"]],
      ["preAuthorizedRoles", {}, { preAuthorizedRoles: ["analyst"] }, ['SET PRE_AUTHORIZED_ROLES_LIST = ("ANALYST")']],
      ["preAuthorizedRoles, removed", { preAuthorizedRoles: ["analyst"] }, {}, ["SET PRE_AUTHORIZED_ROLES_LIST = ()"]],
      ["allowedRoles", { allowedRoles: ["analyst"] }, { allowedRoles: ["PUBLIC"] }, ['SET ALLOWED_ROLES_LIST = ("PUBLIC")']],
      ["blockedRoles", {}, { blockedRoles: ["sysadmin"] }, ['SET BLOCKED_ROLES_LIST = ("SYSADMIN")']],
      ["networkPolicy", {}, { networkPolicy: "odeus_egress" }, ["SET NETWORK_POLICY = 'ODEUS_EGRESS'"]],
      ["networkPolicy, removed", { networkPolicy: "odeus_egress" }, {}, ["UNSET NETWORK_POLICY"]],
      ["the redirect URI", {}, { oauthRedirectUri: "https://new.example/" }, ["SET OAUTH_REDIRECT_URI = 'https://new.example/'"]],
      [
        "the redirect URI beside alternate ones, both work until the new one does",
        { oauthAlternateRedirectUris: ["https://a.example/"] },
        { oauthAlternateRedirectUris: ["https://a.example/"], oauthRedirectUri: "https://new.example/" },
        [
          "SET OAUTH_REDIRECT_URI = 'https://new.example/', OAUTH_ALTERNATE_REDIRECT_URIS = ('https://a.example/', 'https://app.example/callback')",
          "SET OAUTH_ALTERNATE_REDIRECT_URIS = ('https://a.example/')",
        ],
      ],
      ["alternate redirect URIs, removed", { oauthAlternateRedirectUris: ["https://a.example/"] }, {}, ["SET OAUTH_ALTERNATE_REDIRECT_URIS = ()"]],
      ["alternate redirect URIs", {}, { oauthAlternateRedirectUris: ["https://a.example/"] }, ["SET OAUTH_ALTERNATE_REDIRECT_URIS = ('https://a.example/')"]],
    ];

    it.each(CHANGES)("of %s, nothing else is sent", async (_what, first, then, statements) => {
      const made = await stage.up(standAlone(first));
      await stage.world.clearCalls();
      const next = await stage.up(standAlone(then), made);
      expect(next.changed).toBe(true);
      expect((await stage.sql()).map((sql) => sql.replace('ALTER SECURITY INTEGRATION "ODEUS" ', ""))).toEqual(statements);
      expect(next.state).toMatchObject({ drift: [], clientId: made.state["clientId"] });
      const seen = await stage.refreshed(next);
      expect(seen.inputs).toEqual(next.inputs);
      expect((await stage.plan(seen)).changes).toBe(false);
    });

    it("of the comment, our mark stays behind it", async () => {
      const made = await stage.up(standAlone({ comment: "one" }));
      const two = await stage.up(standAlone({ comment: "two" }), made);
      expect((await stage.integration()).properties.COMMENT).toMatch(/^two \[odeus-key:/);
      await stage.up(standAlone(), two);
      expect((await stage.integration()).properties.COMMENT).toMatch(/^\[odeus-key:/);
    });

    it("of SET and UNSET together, both are sent", async () => {
      const made = await stage.up(standAlone({ networkPolicy: "odeus_egress" }));
      await stage.world.clearCalls();
      await stage.up(standAlone({ oauthEnforcePkce: true }), made);
      expect((await stage.sql()).map((sql) => sql.replace('ALTER SECURITY INTEGRATION "ODEUS" ', ""))).toEqual([
        "SET OAUTH_ENFORCE_PKCE = TRUE",
        "UNSET NETWORK_POLICY",
      ]);
    });

    it("of scopes, the workspace alone is told", async () => {
      const made = await stage.up(stage.declared());
      await stage.world.clearCalls();
      const next = await stage.up(stage.declared({ scopes: ["refresh_token", "session:role:ANALYST"] }), made);
      expect((await stage.changingCalls()).map(({ operation }) => operation)).toEqual(["updateIntegrationAuth"]);
      expect(await stage.connect(stage.place.slug)).toMatchObject({ connected: true, scopes: expect.arrayContaining(["session:role:ANALYST"]) });
      await stage.up(stage.declared(), next);
      expect((await stage.slot(stage.place.slug)).defaultScopes).toEqual(["refresh_token"]);
    });
  });
});
