/** The engine's replacement, create before delete under one URN: the slots have one client all the while, and the delete takes nothing away. */

import { entra, HOSTS, type Made, type Stage, startAgain, startStage, uses } from "../support/oauthClientConfig.js";

describe.each(HOSTS)("a replacement through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const mail = { integrations: uses("outlook-email", "sharepoint"), entra: entra() };
  const active = async () => (await stage.apps()).filter(({ deletedDateTime }) => deletedDateTime === null).map(({ appId }) => appId);
  const deleteOriginal = (run: Stage, original: Made) => run.host.delete(run.urn(), original.id, original.state);

  it("takes over the client of the original, with a new secret", async () => {
    const original = await stage.up(mail);
    const run = await startAgain(stage, start);
    const made = await run.up(mail);
    await deleteOriginal(run, original);
    await run.host.stop();
    expect(run.said().join()).toContain("the replacement took over what the original held");
    expect(made.state["clientId"]).toBe(original.state["clientId"]);
    expect(made.state["secretCreatedAt"]).not.toBe(original.state["secretCreatedAt"]);
    expect(await active()).toEqual([made.state["clientId"]]);
    expect([await stage.works("outlook-email"), await stage.works("sharepoint")]).toEqual([true, true]);
    expect((await stage.refresh(made))?.state["drift"]).toEqual([]);
  });

  it("keeps a hand-made client in its slot", async () => {
    const jira = await stage.slot("jira");
    const existing = await stage.world.vendorClient("atlassian", { redirectUris: [jira.redirectUrl], scopes: jira.defaultScopes });
    const declared = { integrations: uses("jira"), existing };
    const original = await stage.up(declared);
    const run = await startAgain(stage, start);
    await run.up(declared);
    await deleteOriginal(run, original);
    await run.host.stop();
    expect((await stage.slot("jira")).client).toMatchObject(existing);
  });

  it("that ended before its delete is finished by the next run, which declares the resource", async () => {
    const original = await stage.up(mail);
    const run = await startAgain(stage, start);
    const made = await run.up(mail);
    await run.host.stop();
    const next = await startAgain(stage, start);
    expect((await next.up(mail, made)).changed).toBe(false);
    await deleteOriginal(next, original);
    await next.host.stop();
    expect(await active()).toEqual([made.state["clientId"]]);
    expect(await stage.works("outlook-email")).toBe(true);
  });

  it("that ended before its delete is destroyed whole", async () => {
    const original = await stage.up(mail);
    const run = await startAgain(stage, start);
    const made = await run.up(mail);
    await run.host.stop();
    const next = await startAgain(stage, start);
    for (const each of [made, original]) await deleteOriginal(next, each);
    await next.host.stop();
    expect(await active()).toEqual([]);
    expect((await stage.slot("outlook-email")).client).toBeUndefined();
  });

  it("by a client of another tenant removes the original", async () => {
    const original = await stage.up(mail);
    const run = await startAgain(stage, start);
    const moved = await run.up({ ...mail, entra: entra({ tenantId: stage.world.secondTenantId }), replaceClientIds: [String(original.state["clientId"])] });
    await deleteOriginal(run, original);
    await run.host.stop();
    expect(await active()).toEqual([]);
    expect((await stage.slot("outlook-email")).client?.clientId).toBe(moved.state["clientId"]);
  });

  it("with the delete first gives the slots back and restores the app", async () => {
    const original = await stage.up(mail);
    const run = await startAgain(stage, start);
    // The engine asks for the inputs once with the original in mind and once without.
    await run.plan(original, mail);
    await run.host.check(run.urn(), mail);
    await deleteOriginal(run, original);
    expect(await active()).toEqual([]);
    const made = await run.up(mail);
    await run.host.stop();
    expect(await active()).toEqual([made.state["clientId"]]);
    expect(await stage.works("outlook-email")).toBe(true);
  });

  // The id names the first client; the mark at the app tells that the present one is the same.
  it("takes over a client that is another one than the first", async () => {
    const first = await stage.up(mail);
    const second = { ...mail, entra: entra({ tenantId: stage.world.secondTenantId }) };
    const original = await stage.up(second, first);
    const run = await startAgain(stage, start);
    await run.up(second);
    await deleteOriginal(run, original);
    await run.host.stop();
    expect((await stage.slot("outlook-email")).client?.clientId).toBe(original.state["clientId"]);
  });

  it("gives back an integration that it no longer has", async () => {
    const original = await stage.up(mail);
    const run = await startAgain(stage, start);
    await run.up({ ...mail, integrations: uses("outlook-email") });
    await deleteOriginal(run, original);
    await run.host.stop();
    expect((await stage.slot("sharepoint")).client).toBeUndefined();
  });
});
