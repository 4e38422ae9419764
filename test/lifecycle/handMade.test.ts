/** The life of a hand-made client after its first `up`: its secret is the program's, and its slots may change hands. */

import { HOSTS, type Stage, startAgain, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

describe.each(HOSTS)("a hand-made client through the %s host", (_name, start) => {
  let stage: Stage;
  let client: { clientId: string; clientSecret: string };
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(async () => {
    await stage.clear();
    const { redirectUrl, defaultScopes } = await stage.slot("jira");
    client = await stage.world.vendorClient("atlassian", { redirectUris: [redirectUrl], scopes: defaultScopes });
  });
  afterAll(() => stage.stop());

  const jira = (more: Inputs = {}, existing: Inputs = {}): Inputs => ({ integrations: uses("jira"), existing: { ...client, ...existing }, ...more });

  it("gives its secret as an output where that is switched on later", async () => {
    const made = await stage.up(jira());
    const exporting = await stage.up(jira({ exportClientSecret: true }), made);
    expect(exporting.state["clientSecret"]).toBe(client.clientSecret);
    expect((await stage.plan(exporting)).changes).toBe(false);
    expect((await stage.refresh(exporting))?.state["clientSecret"]).toBe(client.clientSecret);
    const { state } = await stage.up(jira(), exporting);
    expect(state).not.toHaveProperty("clientSecret");
  });

  it("is proven when verify is switched on later", async () => {
    const made = await stage.up(jira({ verify: false }));
    const proven = await stage.up(jira(), made);
    expect(proven.state["verification"]).toMatchObject({ verdict: "accepted", proven: ["secret", "redirectUrl"] });
    const wrong = { clientSecret: "surely-wrong" };
    const unproven = await stage.up(jira({ verify: false }, wrong), proven);
    expect((await stage.failingUp(jira({}, wrong), unproven)).message).toMatch(/rejected[\s\S]*Nothing was changed/);
  });

  it("is proven again, and entered again, with another secret, and the old one may end then", async () => {
    const made = await stage.up(jira());
    await stage.connect("jira");
    await stage.world.changeVendorClient("atlassian", client.clientId, { secrets: [client.clientSecret, "the-new-secret"] });
    await stage.up(jira({}, { clientSecret: "the-new-secret" }), made);
    await stage.world.changeVendorClient("atlassian", client.clientId, { secrets: ["the-new-secret"] });
    expect((await stage.slot("jira")).client?.clientSecret).toBe("the-new-secret");
    expect(await stage.connect("jira")).toMatchObject({ connected: true });
  });

  it("is entered again where somebody switched its slot back or entered another secret", async () => {
    const made = await stage.up(jira());
    await stage.world.odeus("PATCH", stage.slotPath("jira"), { clientSecret: "by-hand" });
    const seen = await stage.refresh(made);
    expect(seen?.state["drift"]).toEqual([expect.stringMatching(/the client secret in jira was replaced by hand/)]);
    const mended = await stage.up(jira(), seen);
    expect((await stage.slot("jira")).client?.clientSecret).toBe(client.clientSecret);
    expect((await stage.refresh(mended))?.state["drift"]).toEqual([]);
  });

  it("keeps its slot when its resource gets a new name: the delete of the old one leaves it", async () => {
    const old = await stage.up(jira(), undefined, "old-name");
    const next = await startAgain(stage, start);
    await next.up(jira(), undefined, "new-name");
    await next.destroy(old, "old-name");
    await next.host.stop();
    expect((await stage.slot("jira")).client).toMatchObject(client);
  });

  it("changes its tenant, and its endpoints, in place", async () => {
    const made = await stage.up(jira());
    const tokenUrl = `${stage.world.origins.atlassian}/oauth/token`;
    const next = await stage.up(jira({}, { tokenUrl }), made);
    expect(next.state).toMatchObject({ clientId: client.clientId, verification: { verdict: "accepted" } });
    expect((await stage.plan(next)).changes).toBe(false);
  });
});
