/** Names and texts that would be something else in SQL, and what check or the account refuses: nothing is made, and nothing beside it is touched. */

import { DEPLOYER_ROLE } from "../../src/sandbox/snowflake/account.js";
import { HOSTS } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";
import { type SnowflakeStage, standAlone, startSnowflakeStage } from "../support/snowflakeIntegration.js";

const quoted = (stored: string): string => `"${stored.replaceAll('"', '""')}"`;
/** Stored names, all written in quotes. */
const NAMES = [
  'say "hi"',
  'x" TYPE = SAML2 --',
  "schnee 雪花 ❄ ё",
  "a; DROP INTEGRATION BYSTANDER; --",
  "a -- b",
  "a /* b */ // c",
  "it's \\' \\",
  "all 100% _of_ %",
  "two\nlines\tand a tab",
  "SYSTEM$NAME",
  "ä".repeat(255),
];
const BYSTANDER =
  "CREATE SECURITY INTEGRATION BYSTANDER TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = PUBLIC OAUTH_REDIRECT_URI = 'https://a.example/'";

describe.each(HOSTS)("bad input for Snowflake through the %s host", (_name, start) => {
  let stage: SnowflakeStage;
  beforeAll(async () => {
    stage = await startSnowflakeStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const check = async (inputs: Inputs): Promise<string[]> => (await stage.host.check(stage.urn(), inputs)).failures;

  it.each(NAMES)("the name %j is a name: made, found, renewed, changed and dropped, and nobody else's", async (stored) => {
    await stage.world.atSnowflake.run(BYSTANDER, DEPLOYER_ROLE);
    const bystander = (await stage.integrations())["BYSTANDER"];
    const inputs = stage.declared({ name: quoted(stored) });
    const made = await stage.up(inputs);
    expect([made.id, Object.keys(await stage.integrations()).sort()]).toEqual([stored, ["BYSTANDER", stored].sort()]);
    expect(await stage.refreshed(made)).toEqual({ id: made.id, state: made.state, inputs: made.inputs });
    const next = await stage.up({ ...inputs, comment: "after", rotation: { triggers: { now: "1" } } }, made);
    expect(next.state).toMatchObject({ clientId: made.state["clientId"], activeSecretSlot: 2, drift: [] });
    expect(await stage.slotInUse()).toBe(2);
    await stage.destroy(next);
    expect(await stage.integrations()).toEqual({ BYSTANDER: bystander });
  });

  it("the longest name without quotes is one, too", async () => {
    const made = await stage.up(standAlone({ name: "x".repeat(255) }));
    expect(made.id).toBe("X".repeat(255));
    expect((await stage.refreshed(made)).state["drift"]).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ["of 256 characters", "x".repeat(256), /^name: must have 255 characters at most$/],
    ["of 256 characters in quotes", quoted("雪".repeat(256)), /^name: must have 255 characters at most$/],
    ["with NUL", '"a\0b"', /^name: must not hold the character NUL$/],
    ["of nothing", '""', /^name: must end in the double quote it begins with, have something in between/],
    ["with an open quote", '"odeus', /^name: must end in the double quote/],
    ["with a quote that is not doubled", '"a"b"', /^name: must end in the double quote/],
    ["with a second statement behind it", "odeus; DROP INTEGRATION BYSTANDER", /^name: must consist of letters, digits, _ and \$/],
    ["with a comment behind it", "odeus--", /^name: must consist of letters, digits, _ and \$/],
    ["with a blank", "my odeus", /any other name stands in double quotes \("my odeus"\)$/],
    ["that begins with a digit", "1odeus", /^name: must consist of letters/],
    ["that begins with no letter, in quotes", '"1odeus"', /^name: must begin with a letter$/],
    ["that begins with no letter", "_odeus", /^name: must begin with a letter$/],
  ])("a name %s is none, which check says", async (_what, name, expected) => {
    expect(await check(standAlone({ name }))).toEqual([expect.stringMatching(expected)]);
    expect(await stage.world.calls()).toEqual([]);
  });

  it("texts, roles, a policy and addresses come through as they are written, whatever is in them", async () => {
    const strange = "it's \\'; DROP INTEGRATION ODEUS; -- /* \"x\" */ $$ 雪花\n\tend\\";
    const name = 'o\'ne; "two", three';
    await stage.world.atSnowflake.role(name);
    await stage.world.atSnowflake.networkPolicy(name);
    const uri = "https://app.example/it's;--/%27/%5C/(a,b)";
    const inputs = standAlone({
      comment: strange,
      preAuthorizedRoles: [quoted(name), "analyst"],
      networkPolicy: quoted(name),
      oauthRedirectUri: uri,
      oauthAlternateRedirectUris: [`${uri}/more`, "https://雪花.example/"],
    });
    const made = await stage.up(inputs);
    const { properties } = await stage.integration();
    expect(properties).toMatchObject({
      OAUTH_REDIRECT_URI: uri,
      OAUTH_ALTERNATE_REDIRECT_URIS: [`${uri}/more`, "https://雪花.example/"],
      NETWORK_POLICY: name,
    });
    expect(properties.PRE_AUTHORIZED_ROLES_LIST.sort()).toEqual(["ANALYST", name]);
    expect(properties.COMMENT.startsWith(`${strange} [odeus-key:`)).toBe(true);
    expect(await stage.refreshed(made)).toEqual({ id: made.id, state: made.state, inputs: made.inputs });
    expect((await stage.plan(made, inputs)).changes).toBe(false);
  });

  it.each<[string, Inputs, string[]]>([
    [
      "a redirect URI without TLS",
      { oauthRedirectUri: "http://app.example/" },
      ["oauthRedirectUri: must start with https://, or Snowflake refuses it (390316); for a test on this machine, set oauthAllowNonTlsRedirectUri"],
    ],
    ["another one without TLS", { oauthAlternateRedirectUris: ["http://app.example/"] }, ["oauthAlternateRedirectUris[0]: must start with https://"]],
    ["a redirect URI with a query", { oauthRedirectUri: "https://app.example/?a=b" }, ["oauthRedirectUri: must have no query and no fragment"]],
    ["NUL in it", { oauthRedirectUri: "https://app.example/\0" }, ["oauthRedirectUri: must not hold the character NUL"]],
    ["NUL in the comment", { comment: "a\0b" }, ["comment: must not hold the character NUL"]],
    ["NUL in a policy", { networkPolicy: '"a\0"' }, ["networkPolicy: must not hold the character NUL"]],
    [
      "roles that are no names, and one twice",
      { preAuthorizedRoles: ["a b", "analyst", "ANALYST"] },
      ["preAuthorizedRoles[0]: must consist of letters", "preAuthorizedRoles[2]: is named twice (Snowflake stores ANALYST)"],
    ],
    [
      "allowed roles beside secondary ones",
      { allowedRoles: ["analyst"], oauthUseSecondaryRoles: "IMPLICIT" },
      ["allowedRoles: are not possible with oauthUseSecondaryRoles IMPLICIT"],
    ],
    ["two scopes in one text", { scopes: ["refresh_token session:role:ANALYST"] }, ["scopes[0]: must not hold a blank; one scope an element"]],
    [
      "refresh tokens that are turned off and asked for",
      { oauthIssueRefreshTokens: false, scopes: ["refresh_token"] },
      ["scopes[0]: asks for refresh tokens, which oauthIssueRefreshTokens turns off"],
    ],
    ["a validity below nothing", { oauthRefreshTokenValiditySeconds: -1 }, ["oauthRefreshTokenValiditySeconds"]],
    ["a validity in parts of seconds", { oauthRefreshTokenValiditySeconds: 86_400.5 }, ["oauthRefreshTokenValiditySeconds"]],
    ["another client type than there are", { oauthClientType: "BOTH" }, ["oauthClientType"]],
    ["Snowflake's own spelling of a property", { blocked_roles_list: ["analyst"] }, ["blocked_roles_list: is not a known property"]],
  ])("%s: check says so", async (_what, inputs, expected) => {
    expect(await check(standAlone(inputs))).toEqual(expected.map((words) => expect.stringContaining(words)));
    expect(await stage.world.calls()).toEqual([]);
  });

  it("the workspace's own redirect URL without TLS is refused before anything is made", async () => {
    const failure = await stage.failingUp({ name: "odeus", integration: stage.place.slug });
    expect(failure.message).toContain(`Snowflake refuses a redirect URI without TLS (390316): ${stage.place.redirectUrl}. Use https, or set oauthAllowNonTls`);
    expect(failure.message).toContain("Nothing was changed.");
    expect(await stage.sql()).toEqual([]);
  });

  describe("what the account alone can know", () => {
    it.each<[string, Inputs, RegExp]>([
      ["a role that does not exist", { blockedRoles: ["nobody"] }, /\(002003[\s\S]*Role 'NOBODY' does not exist or not authorized/],
      ["a role in another case", { allowedRoles: ['"analyst"'] }, /\(002003[\s\S]*Role 'analyst' does not exist or not authorized/],
      ["a network policy that does not exist", { networkPolicy: "nothing" }, /\(002003[\s\S]*Network policy 'NOTHING' does not exist/],
      ["a validity that no account takes", { oauthRefreshTokenValiditySeconds: 0 }, /\(001008[\s\S]*invalid value \[0\]/],
      ["a role that is blocked and allowed", { allowedRoles: ["analyst"], blockedRoles: ["analyst"] }, /\(003629[\s\S]*Roles \[ANALYST\] are blocked/],
    ])("%s: neither a create nor an update leaves anything, and nothing counts as gone", async (_what, inputs, expected) => {
      const failure = await stage.failingUp(stage.declared(inputs));
      expect([failure.partial, await stage.integrations()]).toEqual([undefined, {}]);
      expect(failure.message).toMatch(expected);
      expect(failure.message).toContain("Nothing was changed.");
      const made = await stage.up(stage.declared());
      const [before, slot] = [await stage.integration(), await stage.slot(stage.place.slug)];
      const second = await stage.failingUp(stage.declared({ ...inputs, comment: "after" }), made);
      expect(second.partial).toBeUndefined();
      expect(second.message).toMatch(expected);
      expect([await stage.integration(), await stage.slot(stage.place.slug)]).toEqual([before, slot]);
      expect((await stage.refreshed(made)).state).toEqual(made.state);
    });

    it("a validity that only some accounts take is tried: warned of, and taken here", async () => {
      const made = await stage.up(standAlone({ oauthRefreshTokenValiditySeconds: 12_345 }));
      expect(stage.said("WARNING").join()).toContain("12345 is outside of 86400 to 7776000");
      expect((await stage.integration()).properties.OAUTH_REFRESH_TOKEN_VALIDITY).toBe(12_345);
      expect((await stage.refreshed(made)).inputs).toEqual(made.inputs);
    });

    it("a parameter that this account is too old for is needed by nobody who does not declare it", async () => {
      await stage.world.atSnowflake.settings({
        missingProperties: ["ALLOWED_ROLES_LIST", "OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED", "OAUTH_ALTERNATE_REDIRECT_URIS"],
      });
      const made = await stage.up(stage.declared());
      expect((await stage.refreshed(made)).state).toEqual(made.state);
      const failure = await stage.failingUp(stage.declared({ allowedRoles: ["analyst"] }), made);
      expect(failure.message).toMatch(/\(001003[\s\S]*ALLOWED_ROLES_LIST[\s\S]*This account may not know a parameter yet/);
      expect((await stage.refreshed(made)).state).toEqual(made.state);
      const { place, world } = stage;
      await world.odeus("PATCH", `/settings/integrations/${place.id}`, { redirectUrl: `${place.redirectUrl}/moved` });
      const seen = await stage.refreshed(made);
      expect(seen.state["drift"]).toEqual([`the redirect URL of warehouse is now ${place.redirectUrl}/moved`]);
      const moved = await stage.up(stage.declared(), seen);
      expect(moved.state).toMatchObject({ clientId: made.state["clientId"], redirectUrl: `${place.redirectUrl}/moved`, drift: [] });
      expect((await stage.refreshed(moved)).state).toEqual(moved.state);
      const alone = await stage.up(standAlone({ name: "alone" }), undefined, "alone");
      const next = await stage.up(standAlone({ name: "alone", oauthRedirectUri: "https://new.example/callback" }), alone, "alone");
      expect(next.state).toMatchObject({ clientId: alone.state["clientId"], redirectUrl: "https://new.example/callback", drift: [] });
    });
  });
});
