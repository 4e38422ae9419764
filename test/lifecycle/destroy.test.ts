/** What destroy takes away and what it leaves; and what a create after it finds. */

import { entra, HOSTS, type Stage, startStage, uses } from "../support/oauthClientConfig.js";

describe.each(HOSTS)("a destroy through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const mail = { integrations: uses("outlook-email", "entra-directory"), entra: entra() };
  const slot = async (slug: string) => (await stage.slot(slug)).client;

  it("gives the slots back first, and then puts the app into the recycle bin", async () => {
    const made = await stage.up(mail);
    await stage.world.clearCalls();
    await stage.destroy(made);
    expect([await slot("outlook-email"), await slot("entra-directory")]).toEqual([undefined, undefined]);
    expect(await stage.apps()).toEqual([expect.objectContaining({ appId: made.state["clientId"], deletedDateTime: expect.any(String) })]);
    expect((await stage.changingCalls()).map(({ operation }) => operation)).toEqual(["deleteOAuthClient", "deleteOAuthClient", "deleteApplication"]);
  });

  it("removes the app for good with purgeOnDestroy", async () => {
    const made = await stage.up({ ...mail, entra: entra({ purgeOnDestroy: true }) });
    await stage.destroy(made);
    expect(await stage.apps()).toEqual([]);
  });

  it("leaves a slot that holds another client by then, and says so", async () => {
    const made = await stage.up(mail);
    await stage.world.odeus("PUT", stage.slotPath("outlook-email"), { clientId: "somebody-elses", clientSecret: "their-secret" });
    await stage.destroy(made);
    expect(await slot("outlook-email")).toMatchObject({ clientId: "somebody-elses", clientSecret: "their-secret" });
    expect(await slot("entra-directory")).toBeUndefined();
    expect(stage.said("INFO")).toContain("outlook-email holds another client by now and is left alone.");
  });

  it("is done when slots and app are gone already", async () => {
    const made = await stage.up(mail);
    await stage.world.odeus("DELETE", stage.slotPath("outlook-email"));
    const { id } = await stage.app();
    await stage.world.graph("DELETE", `/applications/${id}`);
    await stage.world.graph("DELETE", `/directory/deletedItems/${id}`);
    await stage.destroy(made);
    expect(await slot("entra-directory")).toBeUndefined();
  });

  it("takes one answer that a slot is not there for no proof, and finishes at the next try", async () => {
    const made = await stage.up(mail);
    await stage.world.fault({ counterpart: "odeus", operation: "deleteOAuthClient", fault: "notFound" });
    await expect(stage.destroy(made)).rejects.toThrow(/The client is kept until its slots are given back/);
    await stage.destroy(made);
    expect([await slot("outlook-email"), await slot("entra-directory")]).toEqual([undefined, undefined]);
  });

  it("keeps the client until its slots are given back, and finishes at the next try", async () => {
    const made = await stage.up(mail);
    await stage.world.fault({ counterpart: "odeus", operation: "deleteOAuthClient", fault: "forbidden", times: "always" });
    await expect(stage.destroy(made)).rejects.toThrow(/The client is kept until its slots are given back/);
    expect(await stage.works("outlook-email")).toBe(true);
    await stage.world.clearFaults();
    await stage.destroy(made);
    expect(await slot("outlook-email")).toBeUndefined();
    expect((await stage.apps()).map(({ deletedDateTime }) => deletedDateTime)).toEqual([expect.any(String)]);
  });

  it("names the integration that was disabled in the workspace, and what to do", async () => {
    const made = await stage.up(mail);
    const settings = `/settings/integrations/${stage.world.integrations["entra-directory"]}`;
    await stage.world.odeus("PATCH", settings, { enabled: false });
    const told = /giving back.*entra-directory: Odeus refused it \(409[\s\S]*Enable the integration in the workspace/;
    await expect(stage.destroy(made)).rejects.toThrow(told);
    const removal = await stage.failingUp({ ...mail, integrations: uses("outlook-email") }, made);
    expect(removal.message).toMatch(told);
    await stage.world.odeus("PATCH", settings, { enabled: true });
    await stage.destroy(made);
    expect(await slot("entra-directory")).toBeUndefined();
  });

  it("fails, and is done at the next try, where the app cannot be removed", async () => {
    const made = await stage.up(mail);
    await stage.world.fault({ counterpart: "entra", operation: "deleteApplication", fault: "forbidden", times: "always" });
    await expect(stage.destroy(made)).rejects.toThrow(/removing app registration "Odeus mail"/);
    await stage.world.clearFaults();
    await stage.destroy(made);
    expect((await stage.apps()).map(({ deletedDateTime }) => deletedDateTime)).toEqual([expect.any(String)]);
  });

  it("finishes where an answer is lost", async () => {
    const made = await stage.up(mail);
    await stage.world.fault({ operation: "deleteOAuthClient", fault: "answerLost" }, { operation: "deleteApplication", fault: "answerLost" });
    await stage.destroy(made);
    expect([await slot("outlook-email"), await slot("entra-directory")]).toEqual([undefined, undefined]);
    expect((await stage.apps()).map(({ deletedDateTime }) => deletedDateTime)).toEqual([expect.any(String)]);
  });

  it("refuses a key for another workspace: nothing counts as gone", async () => {
    const made = await stage.up(mail);
    const rollout = made.state["rollout"] as { slots: Record<string, never> };
    const elsewhere = Object.fromEntries(Object.values(rollout.slots).map((record, index) => [`00000000-0000-4000-8000-00000000000${index}`, record]));
    const foreign = { ...made, state: { ...made.state, rollout: { ...rollout, slots: elsewhere } } };
    await expect(stage.destroy(foreign)).rejects.toThrow(/this API key is for another workspace than this state/);
    expect(await stage.works("outlook-email")).toBe(true);
  });

  it("takes a hand-made client out of its slot and leaves it at its server", async () => {
    const { redirectUrl, defaultScopes } = await stage.slot("jira");
    const client = await stage.world.vendorClient("atlassian", { redirectUris: [redirectUrl], scopes: defaultScopes });
    const made = await stage.up({ integrations: uses("jira"), existing: client });
    await stage.destroy(made);
    expect(await slot("jira")).toBeUndefined();
    expect(await stage.world.accepted("atlassian", client.clientId, client.clientSecret)).toBe(true);
  });

  it("is followed by a create that restores the same app, with one new secret and none of the old ones", async () => {
    const consenting = { ...mail, entra: entra({ grantAdminConsent: true }) };
    const made = await stage.up(consenting);
    const [before] = (await stage.app()).passwordCredentials;
    await stage.destroy(made);
    const again = await stage.up(consenting);
    expect(again.state["clientId"]).toBe(made.state["clientId"]);
    expect(again.id).toBe(made.id);
    const { passwordCredentials } = await stage.app();
    expect(passwordCredentials).toHaveLength(1);
    expect(passwordCredentials[0]?.keyId).not.toBe(before?.keyId);
    expect(await stage.works("outlook-email")).toBe(true);
    expect(await stage.connect("outlook-email")).toMatchObject({ connected: true });
  });

  it("is followed by a create that does not bring back a consent which is no longer declared", async () => {
    const made = await stage.up({ ...mail, entra: entra({ grantAdminConsent: true }) });
    await stage.destroy(made);
    await stage.up(mail);
    expect(await stage.grantedScopes()).toEqual([]);
  });
});
