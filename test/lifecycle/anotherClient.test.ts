/** Updates that ask for another client: a new one is made, proven and entered, and then the former one is taken away. */

import { appByHand } from "../support/entraByHand.js";
import { entra, HOSTS, type Made, type Stage, startStage, type Up, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

describe.each(HOSTS)("another client through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  async function updated(made: Made, inputs: Inputs): Promise<Up> {
    const { said } = await stage.plan(made, inputs);
    expect(said.join("\n")).toContain("another client id: users of");
    const next = await stage.up(inputs, made);
    expect(next.id).toBe(made.id);
    expect(next.state["drift"]).toEqual([]);
    const calls = await stage.world.calls();
    expect(await stage.up(inputs, next)).toMatchObject({ changed: false });
    expect(await stage.world.calls()).toHaveLength(calls.length);
    expect((await stage.refresh(next))?.state["drift"]).toEqual([]);
    return next;
  }
  /** A client that somebody made in Entra by hand. */
  async function handMade(tenantId = stage.world.tenantId): Promise<{ clientId: string; clientSecret: string; tenantId: string }> {
    const redirectUris = await Promise.all(["outlook-email", "sharepoint", "excel"].map(async (slug) => (await stage.slot(slug)).redirectUrl));
    const { appId, secret } = await appByHand(stage.world, { web: { redirectUris } }, tenantId);
    return { clientId: appId, clientSecret: secret, tenantId };
  }
  const mail = (more: Inputs): Inputs => ({ integrations: uses("outlook-email", "sharepoint"), ...more });
  const clients = async () => Promise.all(["outlook-email", "sharepoint"].map(async (slug) => (await stage.slot(slug)).client));

  it("in another tenant: the new app works, the old one is in the recycle bin", async () => {
    const made = await stage.up(mail({ entra: entra() }));
    const old = await stage.app();
    const next = await updated(made, mail({ entra: entra({ tenantId: stage.world.secondTenantId }) }));
    const app = await stage.app(stage.world.secondTenantId);
    expect(next.state).toMatchObject({ clientId: app.appId, tenantId: stage.world.secondTenantId, appObjectId: app.id, retiring: [] });
    expect(await clients()).toEqual([app, app].map(({ appId }) => expect.objectContaining({ clientId: appId, tenantId: stage.world.secondTenantId })));
    expect(await Promise.all([stage.works("outlook-email"), stage.works("sharepoint")])).toEqual([true, true]);
    expect(await stage.apps()).toEqual([expect.objectContaining({ id: old.id, deletedDateTime: expect.any(String) })]);
  });

  it("is none when the tenant in use is only written down", async () => {
    const made = await stage.up(mail({ entra: entra() }));
    await stage.world.clearCalls();
    const next = await stage.up(mail({ entra: entra({ tenantId: stage.world.tenantId.toUpperCase() }) }), made);
    expect(next.state["clientId"]).toBe(made.state["clientId"]);
    expect(await stage.changingCalls()).toEqual([]);
  });

  it("from Entra to a hand-made one and back: the slots follow, our app goes and is restored", async () => {
    const client = await handMade();
    const made = await stage.up(mail({ entra: entra() }));
    const ours = made.state["clientId"];
    const byHand = await updated(made, mail({ existing: client }));
    expect(await clients()).toEqual([client, client].map((each) => expect.objectContaining(each)));
    expect(byHand.state).toMatchObject({ clientId: client.clientId, verification: { verdict: "accepted" } });
    expect(byHand.state).not.toHaveProperty("appObjectId");
    expect(byHand.state).not.toHaveProperty("secretExpiresAt");
    const active = (await stage.apps()).filter(({ deletedDateTime }) => deletedDateTime === null);
    expect(active.map(({ appId }) => appId)).toEqual([client.clientId]);

    const back = await updated(byHand, mail({ entra: entra() }));
    expect(back.state["clientId"]).toBe(ours);
    expect(await Promise.all([stage.works("outlook-email"), stage.works("sharepoint")])).toEqual([true, true]);
    // The hand-made client is its owner's.
    expect(await stage.world.accepted("entra", client.clientId, client.clientSecret)).toBe(true);
  });

  it("by another id of a hand-made one: proven, then entered; a wrong one leaves all as it was", async () => {
    const [first, second] = [await handMade(), await handMade()];
    const made = await stage.up(mail({ existing: first }));
    const refused = await stage.failingUp(mail({ existing: { ...second, clientSecret: "wrong-secret" } }), made);
    expect(refused.message).toMatch(/rejected[\s\S]*Nothing was changed/);
    expect(await clients()).toEqual([first, first].map((each) => expect.objectContaining(each)));
    const next = await updated(made, mail({ existing: second }));
    expect(await clients()).toEqual([second, second].map((each) => expect.objectContaining(each)));
    expect(next.state["clientId"]).toBe(second.clientId);
  });

  it("is none by another secret of a hand-made one: it is proven and entered everywhere", async () => {
    const client = await handMade();
    const made = await stage.up(mail({ existing: client }));
    const [app] = await stage.apps();
    const { body } = await stage.world.graph<{ secretText: string }>("POST", `/applications/${app?.id}/addPassword`, {
      passwordCredential: { displayName: "2" },
    });
    const inputs = mail({ existing: { ...client, clientSecret: body.secretText } });
    expect((await stage.plan(made, inputs)).said).toEqual([]);
    const next = await stage.up(inputs, made);
    expect((await clients()).map((each) => each?.clientSecret)).toEqual([body.secretText, body.secretText]);
    expect(await stage.up(inputs, next)).toMatchObject({ changed: false });
    const refused = await stage.failingUp(mail({ existing: { ...client, clientSecret: "wrong-secret" } }), next);
    expect(refused.message).toMatch(/rejected/);
    expect((await clients()).map((each) => each?.clientSecret)).toEqual([body.secretText, body.secretText]);
  });

  it("together with other integrations: one slot leaves, one joins, one changes its client", async () => {
    const client = await handMade();
    const made = await stage.up({ integrations: uses("outlook-email", "sharepoint"), entra: entra() });
    await updated(made, { integrations: uses("outlook-email", "excel"), existing: client });
    expect((await stage.slot("outlook-email")).client).toMatchObject(client);
    expect((await stage.slot("excel")).client).toMatchObject(client);
    expect((await stage.slot("sharepoint")).client).toBeUndefined();
  });

  it("takes an integration over from the client that replaceClientIds names, in an update too", async () => {
    const made = await stage.up({ integrations: uses("outlook-email"), entra: entra() });
    await stage.world.odeus("PUT", stage.slotPath("sharepoint"), { clientId: "somebody-elses", clientSecret: "their-secret" });
    const refused = await stage.failingUp(mail({ entra: entra() }), made);
    expect(refused.message).toMatch(/sharepoint already holds client somebody-elses[\s\S]*Nothing was changed/);
    await stage.up(mail({ entra: entra(), replaceClientIds: ["somebody-elses"] }), made);
    expect(await Promise.all([stage.works("outlook-email"), stage.works("sharepoint")])).toEqual([true, true]);
  });
});
