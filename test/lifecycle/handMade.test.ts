/** The life of a hand-made client after its first `up`: its secret is the program's, and its slots may change hands. */

import { appByHand } from "../support/entraByHand.js";
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

  it.each([
    ["issuer", ""],
    ["authorizationUrl", "/authorize"],
    ["tokenUrl", "/oauth/token"],
  ])("is proven again in place where its %s alone changes", async (property, place) => {
    const made = await stage.up(jira());
    await stage.world.clearCalls();
    const next = await stage.up(jira({}, { [property]: stage.world.origins.atlassian + place }), made);
    expect(next.state).toMatchObject({ clientId: client.clientId, verification: { verdict: "accepted", proven: ["secret", "redirectUrl"] } });
    const asked = (await stage.world.calls()).filter(({ counterpart }) => counterpart === "atlassian").map(({ operation }) => operation);
    expect(asked.sort()).toEqual(["authorize", "authorize", ...(property === "issuer" ? ["discovery"] : []), "token", "token"]);
    expect((await stage.plan(next)).changes).toBe(false);
  });

  it("is proven in place where its tenant is given later", async () => {
    const { redirectUrl } = await stage.slot("outlook-email");
    const { appId, secret } = await appByHand(stage.world, { web: { redirectUris: [redirectUrl] } });
    const mail = (more: Inputs = {}): Inputs => ({ integrations: uses("outlook-email"), existing: { clientId: appId, clientSecret: secret, ...more } });
    const made = await stage.up(mail());
    expect(made.state["verification"]).toMatchObject({ verdict: "inconclusive" });
    const { tenantId } = stage.world;
    const next = await stage.up(mail({ tenantId }), made);
    expect(next.state["verification"]).toMatchObject({ verdict: "accepted", method: "client credentials" });
    expect((await stage.slot("outlook-email")).client).toMatchObject({ clientId: appId, tenantId });
    expect((await stage.plan(next)).changes).toBe(false);
  });

  describe("without a secret", () => {
    const settings = (clientSecretRequired: boolean) =>
      stage.world.odeus("PATCH", `/settings/integrations/${stage.world.integrations["jira"]}`, { clientSecretRequired });
    beforeEach(() => settings(false));
    afterEach(() => settings(true));
    const bare = (more: Inputs = {}): Inputs => ({ integrations: uses("jira"), existing: { clientId: client.clientId }, ...more });

    it("is asked about its redirect URL all the same, and says that no secret was asked about", async () => {
      const made = await stage.up(bare());
      expect(made.state["verification"]).toMatchObject({
        verdict: "unavailable",
        method: "none",
        detail: expect.stringMatching(/^No client secret is given, so none was asked about\. scopes: /),
        proven: ["redirectUrl"],
        unproven: ["secret", "scopes", "consent"],
      });
      const asked = (await stage.world.calls()).filter(({ counterpart }) => counterpart === "atlassian");
      expect(asked.map(({ operation }) => operation)).toEqual(["authorize", "authorize"]);
      expect((await stage.plan(made)).changes).toBe(false);
      await stage.destroy(made);
      const skipped = await stage.up(bare({ verify: false }));
      expect(skipped.state["verification"]).toMatchObject({ verdict: "skipped" });
    });

    it("is refused where its redirect URL is not registered", async () => {
      await stage.world.changeVendorClient("atlassian", client.clientId, { redirectUris: ["http://localhost:1/elsewhere"] });
      expect((await stage.failingUp(bare())).message).toMatch(/does not know the redirect URL[\s\S]*Nothing was changed/);
    });
  });
});
