/** A resource that changes its name, and an integration that moves from one resource to another: slots keep working. */

import { entra, HOSTS, keptOf, type Stage, startAgain, startStage, uses } from "../support/oauthClientConfig.js";

describe.each(HOSTS)("moving through the %s host", (_name, start) => {
  let stage: Stage;
  beforeEach(async () => {
    // A process of its own for each: what the resources claim is the process's.
    stage = await startStage(start);
  });
  afterEach(() => stage.stop());

  const mail = { integrations: uses("outlook-email", "sharepoint"), entra: entra() };
  const active = async () => (await stage.apps()).filter(({ deletedDateTime }) => deletedDateTime === null);
  const allWork = async (...slugs: string[]) => Promise.all(slugs.map((slug) => stage.works(slug)));

  it("to a new name in the next run: one create, one delete, and every slot works all the while", async () => {
    const old = await stage.up(mail, undefined, "old-name");
    const next = await startNext();
    const renamed = await next.up(mail, undefined, "new-name");
    expect(renamed.state["clientId"]).not.toBe(old.state["clientId"]);
    expect(await allWork("outlook-email", "sharepoint")).toEqual([true, true]);
    await next.destroy(old, "old-name");
    await next.host.stop();
    expect(await allWork("outlook-email", "sharepoint")).toEqual([true, true]);
    expect((await active()).map(({ appId }) => appId)).toEqual([renamed.state["clientId"]]);
    for (const slug of ["outlook-email", "sharepoint"]) expect((await stage.slot(slug)).client?.clientId).toBe(renamed.state["clientId"]);
    expect(await stage.connect("outlook-email")).toMatchObject({ connected: true });
  });

  it("to a new name, when one of two slots refuses: both work, and the next run finishes", async () => {
    const old = await stage.up(mail, undefined, "old-name");
    const next = await startNext();
    await stage.world.fault({ operation: "putOAuthClient", fault: "conflict", call: 0, times: 1 });
    const failure = await next.failingUp(mail, undefined, "new-name");
    await stage.world.clearFaults();
    expect(await allWork("outlook-email", "sharepoint")).toEqual([true, true]);
    const repeated = await next.up(mail, keptOf(failure, {}), "new-name");
    await next.destroy(old, "old-name");
    await next.host.stop();
    expect(await allWork("outlook-email", "sharepoint")).toEqual([true, true]);
    expect((await active()).map(({ appId }) => appId)).toEqual([repeated.state["clientId"]]);
  });

  it.each([
    ["gives it up first", ["from", "to"], "slug"],
    ["gives it up first, having named it by its id", ["from", "to"], "id"],
    ["takes it first", ["to", "from"], "slug"],
  ])("of an integration, when the resource that %s", async (_which, order, named) => {
    const sharepoint = named === "id" ? (stage.world.integrations["sharepoint"] ?? "") : "sharepoint";
    const from = await stage.up({ ...mail, integrations: uses("outlook-email", sharepoint) }, undefined, "from");
    const to = await stage.up({ integrations: uses("excel"), entra: entra({ displayName: "Odeus files" }) }, undefined, "to");
    const next = await startNext();
    const wishes = {
      from: { integrations: uses("outlook-email"), entra: entra() },
      to: { integrations: uses("excel", "sharepoint"), entra: entra({ displayName: "Odeus files" }) },
    };
    // The engine checks and diffs as the program registers, in the order of the program.
    const made = { from, to };
    for (const name of ["from", "to"] as const) await next.host.check(next.urn(name), wishes[name], made[name].inputs);
    for (const name of order as ("from" | "to")[]) {
      Object.assign(made, { [name]: await next.up(wishes[name], made[name], name) });
      expect(await allWork("outlook-email", "sharepoint", "excel")).toEqual([true, true, true]);
    }
    expect((await stage.slot("sharepoint")).client?.clientId).toBe(to.state["clientId"]);

    // What one left for the next up, because it went first, is taken away by then.
    for (const name of ["from", "to"] as const) Object.assign(made, { [name]: await next.up(wishes[name], made[name], name) });
    for (const name of ["from", "to"] as const) {
      expect(made[name].state["drift"]).toEqual([]);
      expect((await next.plan(made[name], wishes[name], name)).changes).toBe(false);
      expect((await next.refresh(made[name], name))?.state["drift"]).toEqual([]);
    }
    await next.host.stop();
    const { redirectUrl } = await stage.slot("sharepoint");
    const urls = new Map((await active()).map(({ appId, properties }) => [appId, (properties["web"] as { redirectUris: string[] }).redirectUris]));
    expect(urls.get(String(from.state["clientId"]))).not.toContain(redirectUrl);
    expect(urls.get(String(to.state["clientId"]))).toContain(redirectUrl);
    expect(await stage.connect("sharepoint")).toMatchObject({ connected: true, consentShows: "Odeus files" });
  });

  it("of all integrations to another resource that exists: the delete of the first leaves them", async () => {
    const from = await stage.up(mail, undefined, "from");
    const to = await stage.up({ integrations: uses("excel"), entra: entra() }, undefined, "to");
    const next = await startNext();
    const moved = await next.up({ integrations: uses("excel", "outlook-email", "sharepoint"), entra: entra() }, to, "to");
    await next.destroy(from, "from");
    await next.host.stop();
    expect(await allWork("outlook-email", "sharepoint", "excel")).toEqual([true, true, true]);
    expect((await active()).map(({ appId }) => appId)).toEqual([moved.state["clientId"]]);
  });

  it("is refused between two stacks: the slot is named with its owner", async () => {
    await stage.up(mail, undefined, "old-name");
    const next = await startNext();
    const foreign = next.host.urn("OAuthClientConfig", "mail").replace("urn:pulumi:dev::demo::", "urn:pulumi:prod::other::");
    const { inputs } = await next.host.check(foreign, mail);
    await expect(next.host.create(foreign, inputs)).rejects.toThrow(/outlook-email already holds the client of OAuthClientConfig old-name of stack demo\/dev/);
    await next.host.stop();
    expect(await active()).toHaveLength(1);
    expect(await allWork("outlook-email", "sharepoint")).toEqual([true, true]);
  });

  it("is refused within one program: two resources never share a slot", async () => {
    await stage.up(mail, undefined, "one");
    const { failures } = await stage.host.check(stage.urn("two"), { integrations: uses("sharepoint"), entra: entra() });
    expect(failures).toEqual(['integrations: the slot "sharepoint" is also claimed by OAuthClientConfig "one"; one slot, one resource']);
    const byId = { integrations: uses(stage.world.integrations["sharepoint"] ?? ""), entra: entra() };
    await expect(stage.up(byId, undefined, "two")).rejects.toThrow(/is also claimed by/);
  });

  const startNext = () => startAgain(stage, start);
});
