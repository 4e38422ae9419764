/** Taking a client that is in use into a program: by `<kind>/<client id>`, quiet afterwards, and refused where nothing is to be imported. */

import { markOf, tagsOf } from "../../src/core/mark.js";
import { type AppByHand, appByHand, endedSecret, graphPermissions } from "../support/entraByHand.js";
import { entra, failureOf, type Made, type Stage, startStage, uses } from "../support/oauthClientConfig.js";
import { startPluginProcess } from "../support/pluginProcess.js";
import type { Inputs } from "../support/providerHost.js";

/** The right for one's own apps does not reach those of others. */
const PERMISSIONS = ["Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"];

// The dynamic host has no import: the engine does not offer it one.
describe("an import through the plugin", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(startPluginProcess, { world: { permissions: PERMISSIONS } });
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  async function imported(id: string): Promise<Made> {
    const found = await stage.host.read(stage.urn(), id);
    if (found === undefined) throw new Error(`${id} was answered as gone`);
    return found;
  }

  /** An app as a person makes it, entered in outlook-email by hand. */
  async function madeByHand(): Promise<AppByHand> {
    const { odeus, tenantId } = stage.world;
    const { redirectUrl, defaultScopes } = await stage.slot("outlook-email");
    const app = await appByHand(stage.world, {
      displayName: "Mail by hand",
      notes: "made in the admin centre",
      web: { redirectUris: [redirectUrl, "https://other.example/callback"] },
      requiredResourceAccess: await graphPermissions(stage.world, defaultScopes),
    });
    await odeus("PUT", stage.slotPath("outlook-email"), {
      clientId: app.appId,
      clientSecret: app.secret,
      tenantId,
      scopeSync: true,
    });
    await stage.world.clearCalls();
    return app;
  }

  const NOT_LOOKED_AT = "not looked at: jira (not enabled, so the workspace does not show what it holds)";

  /** Beside a client of somebody's in jira, which is not enabled. */
  async function besideDisabled<T>(work: () => Promise<T>): Promise<T> {
    await stage.world.odeus("PUT", stage.slotPath("jira"), { clientId: "somebody-elses", clientSecret: "theirs", scopeSync: true });
    const settings = `/settings/integrations/${stage.world.integrations["jira"]}`;
    await stage.world.odeus("PATCH", settings, { enabled: false });
    return work().finally(() => stage.world.odeus("PATCH", settings, { enabled: true }));
  }

  it("passes over integrations that are not enabled, and says so, and takes the id in any spelling", async () => {
    const { appId } = await madeByHand();
    const made = await besideDisabled(() => imported(`entra/${appId.toUpperCase()}`));
    expect(made).toMatchObject({ id: `entra/${appId}`, state: { clientId: appId, drift: [] } });
    expect(stage.said("INFO")).toContain(`${NOT_LOOKED_AT}.`);
    expect(await stage.plan(made, made.inputs)).toEqual({ changes: false, said: [] });
  });

  it("of an app made by hand reads its settings and slots, changes nothing, and the next up is quiet", async () => {
    const { appId } = await madeByHand();
    const made = await imported(`entra/${appId}`);
    expect(made.id).toBe(`entra/${appId}`);
    expect(made.inputs).toMatchObject({
      integrations: [{ integration: "outlook-email" }],
      entra: {
        displayName: "Mail by hand",
        notes: "made in the admin centre",
        signInAudience: "AzureADMyOrg",
        grantAdminConsent: false,
        secretLifetimeDays: 180,
      },
      verify: true,
      exportClientSecret: false,
    });
    expect(made.state).toMatchObject({ clientId: appId, tenantId: stage.world.tenantId, drift: [], secretExpiresAt: expect.any(String) });
    expect(made.state["verification"]).toMatchObject({ verdict: "unavailable", proven: ["redirectUrl", "scopes"], unproven: ["secret", "consent"] });
    expect(stage.said("INFO").join(" ")).toContain("https://other.example/callback");
    // The program that people keep has no more than what the engine wrote down for them.
    expect(await stage.plan(made, made.inputs)).toEqual({ changes: false, said: [] });
    expect(await stage.changingCalls()).toEqual([]);
    const refreshed = await stage.refresh(made);
    expect(refreshed).toEqual(made);
  });

  it("of an app with a secret that has ended passes it over, and the next up issues none", async () => {
    const app = await madeByHand();
    await endedSecret(stage.world, app);
    const made = await imported(`entra/${app.appId}`);
    const [inUse] = (await stage.app()).passwordCredentials;
    expect(made.state["secretExpiresAt"]).toBe(inUse?.endDateTime);
    expect(await stage.plan(made, made.inputs)).toEqual({ changes: false, said: [] });
  });

  it("is followed by updates that keep the secret in use, and by a rotation that leaves the secret of others alone", async () => {
    const { appId, secret } = await madeByHand();
    const made = await imported(`entra/${appId}`);
    const renamed = await stage.up({ ...made.inputs, entra: { ...(made.inputs["entra"] as object), displayName: "Odeus mail" } }, made);
    expect((await stage.changingCalls()).map(({ operation }) => operation)).toEqual(["patchApplication"]);
    expect((await stage.slot("outlook-email")).client?.clientSecret).toBe(secret);
    const app = (await stage.app()).properties as { tags: string[]; web: { redirectUris: string[] } };
    expect(app.tags.filter((tag) => tag.startsWith("odeus-"))).toHaveLength(3);
    expect(app.web.redirectUris).toContain("https://other.example/callback");

    const rotated = await stage.up({ ...renamed.inputs, rotation: { overlapHours: 0, triggers: { by: "hand" } } }, renamed);
    expect((await stage.slot("outlook-email")).client?.clientSecret).not.toBe(secret);
    expect(await stage.works("outlook-email")).toBe(true);
    expect(rotated.state["retiring"]).toEqual([]);
    expect(await stage.world.accepted("entra", appId, secret)).toBe(true);
    await stage.destroy(rotated);
    expect((await stage.slot("outlook-email")).client).toBeUndefined();
  });

  it("of an app for people of all tenants reads its audience, which stays when the program names it no more", async () => {
    const { id, appId } = await madeByHand();
    await stage.world.graph("PATCH", `/applications/${id}`, { signInAudience: "AzureADMultipleOrgs" });
    await stage.world.odeus("PATCH", stage.slotPath("outlook-email"), { tenantId: null });
    const made = await imported(`entra/${appId}`);
    expect(made.inputs["entra"]).toMatchObject({ signInAudience: "AzureADMultipleOrgs" });
    expect(await stage.plan(made, made.inputs)).toEqual({ changes: false, said: [] });
    const { signInAudience: _kept, ...rest } = made.inputs["entra"] as Inputs;
    expect(await stage.plan(made, { ...made.inputs, entra: rest })).toEqual({ changes: false, said: [] });
    await stage.up({ ...made.inputs, entra: { ...rest, displayName: "Odeus mail" } }, made);
    expect((await stage.app()).properties).toMatchObject({ signInAudience: "AzureADMultipleOrgs", displayName: "Odeus mail" });
    expect((await stage.slot("outlook-email")).client?.tenantId).toBeNull();
  });

  it("of an app for people of all tenants leaves the tenant that somebody entered in a slot, until the app needs it", async () => {
    const { id, appId } = await madeByHand();
    await stage.world.graph("PATCH", `/applications/${id}`, { signInAudience: "AzureADMultipleOrgs" });
    const made = await imported(`entra/${appId}`);
    expect(made.state["drift"]).toEqual([]);
    expect(await stage.plan(made, made.inputs)).toEqual({ changes: false, said: [] });
    const tenant = async () => (await stage.slot("outlook-email")).client?.tenantId;
    const declared = (more: Inputs): Inputs => ({ ...made.inputs, entra: { ...(made.inputs["entra"] as Inputs), ...more } });
    const renamed = await stage.up(declared({ displayName: "Odeus mail" }), made);
    expect([renamed.state["drift"], await tenant()]).toEqual([[], stage.world.tenantId]);
    const rotated = await stage.up({ ...declared({ displayName: "Odeus mail" }), rotation: { triggers: { by: "hand" } } }, renamed);
    expect(await tenant()).toBe(stage.world.tenantId);

    await stage.world.odeus("PATCH", stage.slotPath("outlook-email"), { tenantId: stage.world.secondTenantId });
    const seen = (await stage.refresh(rotated)) as Made;
    expect(seen.state["drift"]).toEqual([`outlook-email has the tenant ${stage.world.secondTenantId} in place of ${stage.world.tenantId}`]);
    const one = await stage.up(declared({ signInAudience: "AzureADMyOrg" }), seen);
    expect(await tenant()).toBe(stage.world.tenantId);
    await stage.up(made.inputs, one);
    expect(await tenant()).toBeNull();
  });

  it("of an app that this stack made finds what was declared", async () => {
    const made = await stage.up({
      integrations: [{ integration: "outlook-email", scopes: ["Mail.Read", "offline_access"] }, ...uses("sharepoint")],
      entra: entra(),
    });
    const again = await imported(made.id);
    expect(again.inputs["integrations"]).toEqual(
      expect.arrayContaining([{ integration: "outlook-email", scopes: ["Mail.Read", "offline_access"] }, { integration: "sharepoint" }]),
    );
    expect((await stage.plan(again, made.inputs)).changes).toBe(false);
  });

  it("of a client made by hand at Atlassian has no secret; the program's own is then proven and entered", async () => {
    const { redirectUrl, defaultScopes } = await stage.slot("jira");
    const client = await stage.world.vendorClient("atlassian", { name: "Contoso Jira", redirectUris: [redirectUrl], scopes: defaultScopes });
    await stage.world.odeus("PUT", stage.slotPath("jira"), { ...client, scopeSync: true });
    const made = await imported(`existing/${client.clientId}`);
    expect(made.inputs).toMatchObject({ integrations: [{ integration: "jira" }], existing: { clientId: client.clientId } });
    expect(made.state["verification"]).toMatchObject({ verdict: "unavailable", proven: [], detail: expect.stringMatching(/^No client secret is given/) });
    expect((await stage.plan(made, made.inputs)).changes).toBe(false);
    const next = await stage.up({ ...made.inputs, existing: client }, made);
    expect(next.state["verification"]).toMatchObject({ verdict: "accepted" });
    expect((await stage.plan(next, next.inputs)).changes).toBe(false);
    expect(await stage.connect("jira")).toMatchObject({ connected: true });
  });

  it("shows what is wrong with the client as drift, which the next up mends", async () => {
    const { id, appId } = await madeByHand();
    await stage.world.graph("PATCH", `/applications/${id}`, { web: { redirectUris: [] } });
    const made = await imported(`entra/${appId}`);
    expect(made.state["drift"]).toEqual([expect.stringContaining("lacks the redirect URL")]);
    const next = await stage.up(made.inputs, made);
    expect(next.state["drift"]).toEqual([]);
    expect((await stage.plan(next, next.inputs)).changes).toBe(false);
  });

  it("of a client that another stack has marked says whose it is", async () => {
    const { id, appId } = await madeByHand();
    const theirs = marked("other", "prod");
    await stage.world.graph("PATCH", `/applications/${id}`, { tags: theirs });
    await imported(`entra/${appId}`);
    expect(stage.said("WARNING")).toEqual([expect.stringMatching(/carries the mark of OAuthClientConfig mail of stack other\/prod/)]);
  });

  describe("is refused", () => {
    const refusal = async (id: string): Promise<string> => (await failureOf(stage.host.read(stage.urn(), id))).message;

    it("for an id that does not exist", async () => {
      expect(await refusal("entra/11111111-2222-3333-4444-555555555555")).toMatch(
        /no app registration with this client id can be seen.*Check the id and the tenant/,
      );
    });

    it("for a client that is in no slot", async () => {
      const { appId } = await madeByHand();
      await stage.world.odeus("DELETE", stage.slotPath("outlook-email"));
      expect(await refusal(`entra/${appId}`)).toMatch(/no integration of the workspace at .* holds this client.*adoptClientId/);
      expect(await refusal("existing/nobody")).toMatch(/no integration of the workspace/);
      expect(await refusal("existing/nobody")).not.toContain("not looked at");
      expect(await besideDisabled(() => refusal("existing/somebody-elses"))).toContain(`there is nothing to import (${NOT_LOOKED_AT}).`);
    });

    it.each(["snowflake/ODEUS", "entra/", "entra", "", "11111111-2222-3333-4444-555555555555"])("for %j, which is no id of this resource", async (id) => {
      expect(await refusal(id)).toMatch(/is no id of an OAuthClientConfig: write entra\/<client id>/);
    });

    it("for the id of another kind's client", async () => {
      await stage.world.odeus("PUT", stage.slotPath("jira"), { clientId: "made-by-hand", clientSecret: "of-no-interest", scopeSync: true });
      expect(await refusal("entra/made-by-hand")).toMatch(/a client of another vendor is imported as existing\/<client id>/);
    });

    it("while the workspace does not answer, without calling anything gone", async () => {
      const { appId } = await madeByHand();
      await stage.world.fault({ counterpart: "odeus", operation: "listIntegrations", fault: "serverError", times: "always" });
      expect(await refusal(`entra/${appId}`)).toMatch(/answered 503/);
    });
  });

  /** The tags of a resource "mail" of another stack, as its own `up` writes them. */
  function marked(project: string, stackName: string): string[] {
    return tagsOf(markOf(`urn:pulumi:${stackName}::${project}::odeus:index:OAuthClientConfig::mail`, undefined));
  }
});
