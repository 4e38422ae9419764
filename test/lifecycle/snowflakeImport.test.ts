/** Taking a security integration that exists into a program, by import or adoption, and letting it go. */

import { markOf, withMark } from "../../src/core/mark.js";
import { DEPLOYER_ROLE } from "../../src/sandbox/snowflake/account.js";
import { failureOf, HOSTS, type Made } from "../support/oauthClientConfig.js";
import { startPluginProcess } from "../support/pluginProcess.js";
import { type SnowflakeStage, standAlone, startSnowflakeStage } from "../support/snowflakeIntegration.js";

const BARE = "TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'CONFIDENTIAL' OAUTH_ALLOW_NON_TLS_REDIRECT_URI = TRUE";

/** As a person follows the guide: made by SQL, and entered in the workspace with its second secret. */
async function madeByHand(stage: SnowflakeStage, name = "HAND_MADE", more = ""): Promise<void> {
  const quoted = `"${name.replaceAll('"', '""')}"`;
  const sql = `CREATE SECURITY INTEGRATION ${quoted} ${BARE} OAUTH_REDIRECT_URI = '${stage.place.redirectUrl}' ${more}`;
  await stage.world.atSnowflake.run(sql, DEPLOYER_ROLE);
  const { clientId, secrets } = await stage.integration();
  const origin = stage.world.origins.snowflake;
  const urls = { authUrl: `${origin}/oauth/authorize`, tokenUrl: `${origin}/oauth/token-request` };
  const oauthClient = { clientId, clientSecret: secrets[1], scopes: "refresh_token session:role:ANALYST", ...urls };
  await stage.world.odeus("PATCH", `/integrations/v1/${stage.place.id}/auth`, { authType: "OAUTH", oauthClient });
  await stage.world.clearCalls();
}

// The dynamic host has no import: the engine does not offer it one.
describe("an import through the plugin", () => {
  let stage: SnowflakeStage;
  beforeAll(async () => {
    stage = await startSnowflakeStage(startPluginProcess);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  async function imported(id: string): Promise<Made> {
    const found = await stage.host.read(stage.urn(), id);
    if (found === undefined) throw new Error(`${id} was answered as gone`);
    return found;
  }
  const refusal = async (id: string): Promise<string> => (await failureOf(stage.host.read(stage.urn(), id))).message;

  it("of one that is in use reads what it has, changes nothing, and the next up is quiet", async () => {
    await madeByHand(stage, "HAND_MADE", "NETWORK_POLICY = 'ODEUS_EGRESS' PRE_AUTHORIZED_ROLES_LIST = (ANALYST) COMMENT = 'for the data team'");
    const made = await imported("hand_made");
    expect(made.id).toBe("HAND_MADE");
    expect(made.inputs).toEqual({
      name: "HAND_MADE",
      integration: "warehouse",
      enabled: true,
      oauthClientType: "CONFIDENTIAL",
      oauthAllowNonTlsRedirectUri: true,
      preAuthorizedRoles: ["ANALYST"],
      networkPolicy: "ODEUS_EGRESS",
      comment: "for the data team",
      scopes: ["refresh_token", "session:role:ANALYST"],
      verify: true,
      exportClientSecret: false,
    });
    const { clientId } = await stage.integration();
    expect(made.state).toMatchObject({ clientId, redirectUrl: stage.place.redirectUrl, drift: [] });
    expect(await stage.plan(made, made.inputs)).toEqual({ changes: false, said: [] });
    expect(await stage.changingCalls()).toEqual([]);
    expect(await stage.refresh(made)).toEqual(made);
  });

  it("is followed by updates that write our mark, enter a secret that is there, and break nothing", async () => {
    await madeByHand(stage);
    expect(await stage.connect(stage.place.slug)).toMatchObject({ connected: true });
    const { clientId, secrets } = await stage.integration();
    const made = await imported("HAND_MADE");
    const next = await stage.up({ ...made.inputs, oauthEnforcePkce: false, comment: "ours" }, made);
    expect(next.state).toMatchObject({ clientId, activeSecretSlot: 1, drift: [] });
    expect(await stage.integration()).toMatchObject({ clientId, secrets });
    expect((await stage.integration()).properties.COMMENT).toMatch(/^ours \[odeus-key:/);
    expect(await stage.login()).toBe(true);
    expect((await stage.plan(next)).changes).toBe(false);
    await stage.destroy(next);
    expect(await stage.integrations()).toEqual({});
    expect((await stage.slot(stage.place.slug)).client).toBeUndefined();
  });

  it("of one that no workspace integration holds stands alone", async () => {
    await madeByHand(stage);
    await stage.world.odeus("DELETE", `/integrations/v1/${stage.place.id}/oauth-client`);
    const made = await imported("HAND_MADE");
    expect(made.inputs).toMatchObject({ name: "HAND_MADE", oauthRedirectUri: stage.place.redirectUrl });
    expect(made.inputs["integration"]).toBeUndefined();
    expect(await stage.plan(made, made.inputs)).toEqual({ changes: false, said: [] });
    await stage.up({ ...made.inputs, oauthEnforcePkce: true }, made);
    expect((await stage.integration()).properties).toMatchObject({ OAUTH_ENFORCE_PKCE: true, OAUTH_REDIRECT_URI: stage.place.redirectUrl });
  });

  it("of one that none holds but perhaps an integration that is not enabled says which it could not look at", async () => {
    await madeByHand(stage);
    const { clientId } = await stage.integration();
    await stage.world.odeus("DELETE", `/integrations/v1/${stage.place.id}/oauth-client`);
    await stage.world.odeus("PUT", stage.slotPath("jira"), { clientId, clientSecret: "x", scopeSync: true });
    const settings = `/settings/integrations/${stage.world.integrations["jira"]}`;
    await stage.world.odeus("PATCH", settings, { enabled: false });
    const made = await imported("HAND_MADE").finally(() => stage.world.odeus("PATCH", settings, { enabled: true }));
    expect(made.inputs["integration"]).toBeUndefined();
    expect(stage.said("INFO")).toEqual([expect.stringMatching(/^imported as stand-alone; not looked at: jira \(not enabled/)]);
  });

  it.each([
    ['"small letters"', "small letters", '"small letters"'],
    ["small letters", "small letters", '"small letters"'],
    ['"odeus"', "odeus", '"odeus"'],
    ["ODEUS", "ODEUS", "ODEUS"],
    ['"say ""hi"""', 'say "hi"', '"say ""hi"""'],
  ])("takes the name as %s", async (id, stored, written) => {
    await madeByHand(stage, stored);
    const made = await imported(id);
    expect([made.id, made.inputs["name"]]).toEqual([stored, written]);
    expect((await stage.plan(made, made.inputs)).changes).toBe(false);
  });

  it("of one that this stack made finds what was declared", async () => {
    const declared = stage.declared({ blockedRoles: ["sysadmin"], oauthRefreshTokenValiditySeconds: 86_400 });
    const made = await stage.up(declared);
    const again = await imported("ODEUS");
    expect(again.state["clientId"]).toBe(made.state["clientId"]);
    expect((await stage.plan(again, declared)).changes).toBe(false);
  });

  it("shows what is wrong with it as drift, which the next up mends", async () => {
    await madeByHand(stage);
    await stage.byHand("ALTER SECURITY INTEGRATION HAND_MADE SET OAUTH_REDIRECT_URI = 'https://other.example/'");
    const made = await imported("HAND_MADE");
    expect(made.state["drift"]).toEqual([expect.stringContaining("lacks the redirect URI")]);
    const next = await stage.up(made.inputs, made);
    expect(next.state["drift"]).toEqual([]);
    expect(await stage.connect(stage.place.slug)).toMatchObject({ connected: true });
  });

  it("tells what people cannot do with it, although the program will not say otherwise", async () => {
    await madeByHand(stage, "HAND_MADE", "BLOCKED_ROLES_LIST = (ANALYST)");
    expect((await imported("HAND_MADE")).state["drift"]).toEqual([]);
    expect(stage.said("INFO")).toEqual([expect.stringContaining("blocks the role ANALYST that the scopes ask for")]);
  });

  it("of one that another stack has marked says whose it is, and the mark is no comment", async () => {
    const theirs = withMark("theirs", markOf("urn:pulumi:prod::shop::odeus:index:SnowflakeSecurityIntegration::snow", undefined));
    await madeByHand(stage, "HAND_MADE", `COMMENT = '${theirs}'`);
    expect((await imported("HAND_MADE")).inputs["comment"]).toBe("theirs");
    expect(stage.said("WARNING")).toEqual([expect.stringContaining("carries the mark of SnowflakeSecurityIntegration snow of stack shop/prod")]);
  });

  describe("is refused", () => {
    it("for a name that does not exist, or that this role may not see", async () => {
      expect(await refusal("nothing")).toMatch(/shows no integration of this name: it does not exist, or the role has no rights on it/);
      await stage.byHand(`CREATE SECURITY INTEGRATION ODEUS ${BARE} OAUTH_REDIRECT_URI = 'https://app.example/'`);
      expect(await refusal("odeus")).toMatch(/account CONTOSO-SANDBOX shows no integration of this name/);
    });

    it("for another kind of integration", async () => {
      await stage.world.atSnowflake.integration("SSO", { owner: DEPLOYER_ROLE });
      expect(await refusal("sso")).toContain("it is no OAuth integration for a custom client, so there is nothing to import");
    });

    it("for one that two workspace integrations hold", async () => {
      await madeByHand(stage);
      const { clientId } = await stage.integration();
      await stage.world.odeus("PUT", stage.slotPath("jira"), { clientId, clientSecret: "x", scopeSync: true });
      expect(await refusal("hand_made")).toMatch(/jira.*hold this client; a SnowflakeSecurityIntegration serves one of them/);
    });

    it.each(['""', "a\0b", `"${"x".repeat(256)}"`, '"open', "x".repeat(256)])("for %j, which is no name", async (id) => {
      expect(await refusal(id)).toMatch(/is no name of a security integration: it must /);
      expect(await stage.statements()).toEqual([]);
    });

    it("while Snowflake does not answer, without calling anything gone", async () => {
      await madeByHand(stage);
      await stage.world.fault({ operation: "statement:DESC", fault: "serverError", times: "always" });
      expect(await refusal("hand_made")).toMatch(/answered 503/);
    });
  });
});

describe.each(HOSTS)("an adoption through the %s host", (_name, start) => {
  let stage: SnowflakeStage;
  beforeAll(async () => {
    stage = await startSnowflakeStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const inputs = () => stage.declared({ name: "hand_made", oauthEnforcePkce: false });

  it("keeps client id and secrets, sets what is declared and leaves the rest, and is this resource's from then on", async () => {
    await madeByHand(stage, "HAND_MADE", "OAUTH_USE_SECONDARY_ROLES = IMPLICIT OAUTH_ENFORCE_PKCE = TRUE COMMENT = 'theirs'");
    const { clientId, secrets } = await stage.integration();
    const made = await stage.up({ ...inputs(), adopt: true });
    const { properties } = await stage.integration();
    expect(await stage.integration()).toMatchObject({ clientId, secrets });
    expect(properties).toMatchObject({ OAUTH_USE_SECONDARY_ROLES: "IMPLICIT", OAUTH_ENFORCE_PKCE: false });
    expect(properties.COMMENT).toMatch(/^theirs \[odeus-key:/);
    expect(stage.said("INFO").join()).toContain("is taken over: it gets our mark in its comment and what is declared here");
    expect(await stage.slotInUse()).toBe(1);
    const next = await stage.up(inputs(), made);
    expect((await stage.refreshed(next)).state["drift"]).toEqual([]);
    expect(await stage.connect(stage.place.slug)).toMatchObject({ connected: true });
    await stage.destroy(next);
    expect(await stage.integrations()).toEqual({});
  });

  it("names the redirect URI that it pushes out, in the plan too, and what declared alternate ones replace", async () => {
    await madeByHand(stage);
    await stage.byHand("ALTER SECURITY INTEGRATION HAND_MADE SET OAUTH_REDIRECT_URI = 'https://dbt.example/callback'");
    await stage.world.odeus("DELETE", `/integrations/v1/${stage.place.id}/oauth-client`);
    const warningsOf = async (work: Promise<unknown>): Promise<string> => {
      const before = stage.said("WARNING").length;
      await work;
      return stage.said("WARNING").slice(before).join("\n");
    };
    const pushedOut = "HAND_MADE is taken over, and its redirect URI https://dbt.example/callback is pushed out";
    const replaced = "HAND_MADE is taken over, and its alternate redirect URIs, which Snowflake does not show, are replaced";
    const adopting = { ...inputs(), adopt: true };
    if (stage.host.name === "plugin") {
      const { inputs: checked } = await stage.host.check(stage.urn(), adopting);
      expect(await warningsOf(stage.host.create(stage.urn(), checked, { preview: true }))).toContain(pushedOut);
    }
    await stage.world.fault({ operation: "updateIntegrationAuth", fault: "forbidden", times: "always" });
    const kept = await warningsOf(stage.failingUp({ ...adopting, oauthAlternateRedirectUris: ["https://dbt.example/callback"] }));
    expect(kept).toContain(replaced);
    expect(kept).not.toContain(pushedOut);
    await stage.world.clearFaults();
    const told = await warningsOf(stage.up(adopting));
    expect(told).toContain(pushedOut);
    expect(told).not.toContain(replaced);
  });

  it("that fails is undone: the integration is as it was, without our mark", async () => {
    await madeByHand(stage, "HAND_MADE", "OAUTH_ENFORCE_PKCE = TRUE COMMENT = 'theirs'");
    const before = await stage.integration();
    const slot = await stage.slot(stage.place.slug);
    await stage.world.fault({ operation: "updateIntegrationAuth", fault: "forbidden", times: "always" });
    const failure = await stage.failingUp({ ...inputs(), adopt: true });
    expect(failure.partial).toBeUndefined();
    expect(failure.message).toContain("Undone: security integration HAND_MADE is as it was");
    expect(await stage.integration()).toEqual(before);
    expect(await stage.slot(stage.place.slug)).toEqual(slot);
  });

  it("pushes another client out of the place only where that client is named, and drops the old one never", async () => {
    await madeByHand(stage);
    const { clientId } = await stage.integration();
    expect((await stage.failingUp(stage.declared())).message).toContain(`warehouse already holds client ${clientId}`);
    await stage.up(stage.declared({ replaceClientIds: [clientId] }));
    expect(stage.said("WARNING").join()).toContain(`client ${clientId} is pushed out, as replaceClientIds asks; it cannot be put back`);
    expect(Object.keys(await stage.integrations()).sort()).toEqual(["HAND_MADE", "ODEUS"]);
    expect(await stage.login()).toBe(true);
  });

  it("is not needed for what an earlier run of this stack left", async () => {
    await stage.up(standAlone());
    const { clientId } = await stage.integration();
    expect((await stage.up(standAlone())).state["clientId"]).toBe(clientId);
  });
});
