/** adoptClientId: a client that others made is taken over, at Entra and in the slots that hold it, and given back whole on failure. */

import { markOf, tagsOf } from "../../src/core/mark.js";
import { type AppByHand, appByHand } from "../support/entraByHand.js";
import { entra, HOSTS, type Made, type Stage, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

/** The right for one's own apps does not reach those of others. */
const PERMISSIONS = ["Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"];

describe.each(HOSTS)("an adoption through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start, { world: { permissions: PERMISSIONS } });
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  /** An app of others with a secret of theirs, entered in outlook-email by hand. */
  async function theirs(more: object = {}): Promise<AppByHand> {
    const { odeus, tenantId } = stage.world;
    const app = await appByHand(stage.world, {
      displayName: "Mail by hand",
      web: { redirectUris: ["https://other.example/callback"], homePageUrl: "https://theirs.example/" },
      ...more,
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
  const adopting = (adoptClientId: string, more: Inputs = {}): Inputs => ({
    integrations: uses("outlook-email", "sharepoint"),
    entra: entra(more),
    adoptClientId,
  });
  const written = async () => (await stage.app()).properties as { displayName: string; tags?: string[]; web: { redirectUris: string[] } };
  /** Whose accounts may sign in, and what administrators wrote down. */
  const THEIRS = { signInAudience: "AzureADMultipleOrgs", notes: "theirs", info: { privacyStatementUrl: "https://theirs.example/privacy" } };

  it("marks the app by tags alone, gives it what is declared, enters it everywhere, and leaves what others added", async () => {
    const { appId, secret } = await theirs();
    const made = await stage.up(adopting(appId));
    expect(made.id).toBe(`entra/${appId}`);
    const app = await written();
    expect(await stage.app()).toMatchObject({ appId, uniqueName: null });
    expect(app.displayName).toBe("Odeus mail");
    expect(app.tags?.filter((tag) => tag.startsWith("odeus-"))).toHaveLength(4);
    expect(app.web.redirectUris).toEqual(expect.arrayContaining(["https://other.example/callback", (await stage.slot("sharepoint")).redirectUrl]));
    for (const slug of ["outlook-email", "sharepoint"]) {
      expect((await stage.slot(slug)).client?.clientId).toBe(appId);
      expect(await stage.works(slug)).toBe(true);
    }
    expect(await stage.world.accepted("entra", appId, secret)).toBe(true);
    expect(stage.said("INFO").join(" ")).toContain("is taken over");
    expect(await stage.connect("sharepoint")).toMatchObject({ connected: true });
    expect((await stage.plan(made, made.inputs)).changes).toBe(false);
  });

  it("leaves what the program does not declare, its audience too, and says what it writes over", async () => {
    const { appId } = await theirs(THEIRS);
    const declared = adopting(appId);
    const made = await stage.up(declared);
    const kept = { ...THEIRS, web: { homePageUrl: "https://theirs.example/" } };
    expect((await stage.app()).properties).toMatchObject(kept);
    expect(stage.said("INFO").join(" ")).toContain('what is declared here, in place of displayName "Mail by hand"; secrets');
    // Its people come from everywhere, but where somebody has entered a tenant.
    const tenants = async () => [(await stage.slot("outlook-email")).client?.tenantId, (await stage.slot("sharepoint")).client?.tenantId];
    expect(await tenants()).toEqual([stage.world.tenantId, null]);
    expect(await stage.connect("sharepoint")).toMatchObject({ connected: true });
    expect(await stage.refresh(made)).toEqual({ id: made.id, state: made.state, inputs: made.inputs });
    const { adoptClientId: _adopted, ...rest } = declared;
    expect((await stage.plan(made, { ...rest, entra: entra({ signInAudience: THEIRS.signInAudience }) })).said).toEqual([]);
    await stage.up({ ...rest, entra: entra({ displayName: "Renamed" }), rotation: { triggers: { by: "hand" } } } as Inputs, made);
    expect((await stage.app()).properties).toMatchObject({ ...kept, displayName: "Renamed" });
    expect(await tenants()).toEqual([stage.world.tenantId, null]);
  });

  it("takes the id in any spelling, in which it is no other client later on", async () => {
    const { id, appId } = await theirs(THEIRS);
    const made = await stage.up(adopting(appId.toUpperCase()));
    expect(made).toMatchObject({ id: `entra/${appId}`, state: { clientId: appId } });
    // What stood in the slot of this client stays, as with its id as Entra shows it.
    expect((await stage.slot("outlook-email")).client).toMatchObject({ clientId: appId, tenantId: stage.world.tenantId });
    const { adoptClientId: _adopted, ...rest } = made.inputs;
    const { adoptClientId: _before, ...state } = made.state;
    const named = adopting(appId.toUpperCase(), { displayName: "Renamed" });
    const said = (await stage.plan({ ...made, inputs: rest, state }, named)).said;
    expect(said).toEqual([]);
    const next = await stage.up(named, { ...made, inputs: rest, state });
    expect(next).toMatchObject({ id: `entra/${appId}`, state: { clientId: appId, retiring: [] } });
    expect((await stage.changingCalls()).map(({ operation }) => operation)).not.toContain("deleteApplication");
    expect(await stage.app()).toMatchObject({ id, appId });
  });

  it("gives it the audience that the program names, and says which one it had", async () => {
    const { appId } = await theirs(THEIRS);
    const declared = adopting(appId, { signInAudience: "AzureADMyOrg" });
    await stage.up(declared);
    expect((await stage.app()).properties).toMatchObject({ ...THEIRS, signInAudience: "AzureADMyOrg" });
    expect(stage.said("INFO").join(" ")).toContain('in place of displayName "Mail by hand", signInAudience "AzureADMultipleOrgs"');
    expect((await stage.slot("sharepoint")).client?.tenantId).toBe(stage.world.tenantId);
  });

  it("tells that the audience of the app was changed by hand, and the slots follow", async () => {
    const { id, appId } = await theirs(THEIRS);
    const made = await stage.up(adopting(appId));
    await stage.world.graph("PATCH", `/applications/${id}`, { signInAudience: "AzureADMyOrg" });
    const seen = (await stage.refresh(made)) as Made;
    expect(seen.state["drift"]).toEqual([expect.stringMatching(/has the audience AzureADMyOrg by now, and had AzureADMultipleOrgs/)]);
    const next = await stage.up(adopting(appId), seen);
    expect(next.state["drift"]).toEqual([]);
    expect((await stage.slot("sharepoint")).client?.tenantId).toBe(stage.world.tenantId);
    expect((await stage.app()).properties).toMatchObject({ signInAudience: "AzureADMyOrg" });
    expect(await stage.refresh(next)).toEqual({ id: next.id, state: next.state, inputs: next.inputs });
  });

  it("may be dropped from the program afterwards without a changing call", async () => {
    const { appId } = await theirs();
    const made = await stage.up(adopting(appId));
    await stage.world.clearCalls();
    const { adoptClientId: _adopted, ...rest } = made.inputs;
    const next = await stage.up(rest as Inputs, made);
    expect(await stage.changingCalls()).toEqual([]);
    expect(next.state["clientId"]).toBe(appId);
  });

  it("that fails is undone: tags, name and slots are as they were, and the secret of others works", async () => {
    const { appId, secret } = await theirs();
    const before = await written();
    await stage.world.fault({ operation: "putOAuthClient", fault: "conflict", times: "always" });
    const failure = await stage.failingUp(adopting(appId));
    expect(failure.partial).toBeUndefined();
    const after = await written();
    expect([after.tags ?? [], after.displayName, after.web.redirectUris]).toEqual([before.tags ?? [], before.displayName, before.web.redirectUris]);
    expect((await stage.app()).passwordCredentials).toHaveLength(1);
    expect((await stage.slot("outlook-email")).client).toMatchObject({ clientId: appId, clientSecret: secret });
  });

  it("is picked up again where a first one died, and after a destroy the app is restored", async () => {
    const { appId } = await theirs();
    const first = await stage.up(adopting(appId));
    // The state of the first is lost.
    const second = await stage.up(adopting(appId), undefined);
    expect(second.id).toBe(first.id);
    expect((await stage.app()).passwordCredentials.filter(({ displayName }) => displayName?.startsWith("odeus-"))).toHaveLength(
      1 + (second.state["retiring"] as unknown[]).length,
    );
    await stage.destroy(second);
    expect((await stage.apps()).map(({ deletedDateTime }) => deletedDateTime)).toEqual([expect.any(String)]);
    const third = await stage.up(adopting(appId));
    expect(third.state["clientId"]).toBe(appId);
    expect(await stage.works("sharepoint")).toBe(true);
  });

  it("of another client than the one in use is a change of client, announced, with the former one retired", async () => {
    const made = await stage.up({ integrations: uses("sharepoint"), entra: entra() });
    const own = made.state["clientId"];
    const { appId } = await theirs();
    const inputs: Inputs = { integrations: uses("sharepoint"), entra: entra(), adoptClientId: appId };
    expect((await stage.plan(made, inputs)).said).toContainEqual(expect.stringContaining("another client id"));
    const next = await stage.up(inputs, made);
    expect(next.state["clientId"]).toBe(appId);
    expect((await stage.slot("sharepoint")).client?.clientId).toBe(appId);
    expect((await stage.apps()).find((app) => app.appId === own)?.deletedDateTime).toEqual(expect.any(String));
    expect((await stage.plan(next, inputs)).changes).toBe(false);
  });

  it.each([
    ["another stack has marked", "other", /is that of OAuthClientConfig mail of stack prod\/dev.*one owner.*pulumi state delete.*tags of the app registration/],
  ])("of an app that %s is refused with the owner's name", async (_what, _project, expected) => {
    const { id, appId } = await theirs();
    const tags = tagsOf(markOf("urn:pulumi:dev::prod::odeus:index:OAuthClientConfig::mail", undefined));
    await stage.world.graph("PATCH", `/applications/${id}`, { tags });
    await stage.world.clearCalls();
    const failure = await stage.failingUp(adopting(appId));
    expect(failure.message).toMatch(expected);
    expect(await stage.changingCalls()).toEqual([]);
  });

  it("of an id that nobody has is refused before anything is made", async () => {
    const failure = await stage.failingUp(adopting("11111111-2222-3333-4444-555555555555"));
    expect(failure.message).toMatch(/adoptClientId: nothing with the client id .* can be seen.*Check the id/);
    expect(await stage.changingCalls()).toEqual([]);
  });

  it("beside existing is refused by check", async () => {
    const { failures } = await stage.host.check(stage.urn(), { integrations: uses("jira"), existing: { clientId: "a" }, adoptClientId: "b" });
    expect(failures).toEqual([expect.stringContaining("adoptClientId: is not for existing")]);
  });

  it("is what a slot held by a stranger's client asks for", async () => {
    await theirs();
    expect((await stage.failingUp({ integrations: uses("outlook-email"), entra: entra() })).message).toContain("adoptClientId");
    expect((await stage.app()).uniqueName).toBeNull();
  });
});
