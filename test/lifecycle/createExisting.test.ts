/** A first `up` with a client that somebody made by hand: proven by a paired token request, entered, and never changed. */

import { appByHand } from "../support/entraByHand.js";
import { entra, HOSTS, type Stage, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

describe.each(HOSTS)("a create with a hand-made client through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const handMade = async () => {
    const { redirectUrl, defaultScopes } = await stage.slot("jira");
    return stage.world.vendorClient("atlassian", { name: "Contoso Jira", redirectUris: [redirectUrl], scopes: defaultScopes });
  };
  const jira = (existing: Inputs, more: Inputs = {}): Inputs => ({ integrations: uses("jira"), existing, ...more });
  const tokenCalls = async () => (await stage.world.calls()).filter(({ operation }) => operation === "token");

  it("proves it with the real secret and a random one, enters it, and a user can connect", async () => {
    const client = await handMade();
    const made = await stage.up(jira(client));
    expect(made.id).toBe(`existing/${client.clientId}`);
    expect(made.state).toMatchObject({
      clientId: client.clientId,
      verification: { verdict: "accepted", method: "paired token request", proven: ["secret", "redirectUrl"], unproven: ["scopes", "consent"] },
      drift: [],
    });
    expect(await tokenCalls()).toHaveLength(2);
    expect((await stage.slot("jira")).client).toMatchObject({ ...client, tenantId: null, scopeSync: true });
    expect((await stage.changingCalls()).map(({ operation }) => operation)).toEqual(["putOAuthClient"]);
    expect(stage.said("WARNING")).toEqual([]);
    expect(await stage.connect("jira")).toMatchObject({ connected: true, consentShows: "Contoso Jira" });
  });

  it.each([
    ["secret", async () => ({ ...(await handMade()), clientSecret: "not-the-secret" })],
    ["client id", async () => ({ ...(await handMade()), clientId: "nobody-knows-this" })],
  ])("refuses a wrong %s before anything is changed", async (_what, client) => {
    const failure = await stage.failingUp(jira(await client()));
    expect(failure.message).toMatch(/rejected/);
    expect(failure.message).toContain("Nothing was changed.");
    expect(failure.message).not.toContain("not-the-secret");
    expect(failure.partial).toBeUndefined();
    expect((await stage.slot("jira")).client).toBeUndefined();
    expect(await stage.changingCalls()).toEqual([]);
  });

  it.each([
    ["alwaysInvalidGrant", "inconclusive", "the same answer"],
    ["codeFirst", "inconclusive", "the same answer"],
    ["acceptAll", "inconclusive", "the same answer"],
    ["hang", "unavailable", "gave no answer"],
    ["html", "unavailable", "not JSON"],
    ["slow", "unavailable", "gave no answer"],
    ["huge", "unavailable", "sent far too much"],
    ["redirectToLogin", "unavailable", "sent us elsewhere"],
    ["redirectInward", "unavailable", "sent us elsewhere"],
  ] as const)("enters it with a warning where the server is of the kind %s: %s", async (behaviour, verdict, why) => {
    const client = await handMade();
    await stage.world.behaviour("atlassian", behaviour);
    const made = await stage.up(jira(client));
    expect(made.state["verification"]).toMatchObject({ verdict, proven: ["redirectUrl"], unproven: ["secret", "scopes", "consent"] });
    expect(stage.said("WARNING")).toEqual([expect.stringMatching(new RegExp(`not proven \\(${verdict}\\).*${why}`))]);
    expect((await stage.slot("jira")).client).toMatchObject(client);
    // Nobody followed, and the secret was sent to the token endpoint and the workspace alone.
    const calls = await stage.world.calls();
    expect(calls.map(({ operation }) => operation)).not.toContain("inward");
    const secretSeen = calls.filter(({ requestBody }) => requestBody.includes(client.clientSecret)).map(({ operation }) => operation);
    expect(secretSeen.filter((operation) => operation !== "token")).toEqual(["putOAuthClient"]);
  });

  it.each(["errorsInside200", "reflect"] as const)("tells right from wrong where the server is of the kind %s, and repeats no secret", async (behaviour) => {
    const client = await handMade();
    await stage.world.behaviour("atlassian", behaviour);
    const wrong = await stage.failingUp(jira({ ...client, clientSecret: "surely-not-the-secret" }));
    expect(wrong.message).toMatch(/rejected/);
    const made = await stage.up(jira(client));
    expect(made.state["verification"]).toMatchObject({ verdict: "accepted" });
    expect(JSON.stringify(stage.host.lines) + stage.host.stderr + wrong.message).not.toContain("surely-not-the-secret");
  });

  it("tells right from wrong where the server looks at client and redirect URL together, and proves nothing of a wrong one", async () => {
    const client = await handMade();
    await stage.world.behaviour("atlassian", "clientWithRedirect");
    const wrong = await stage.up(jira({ ...client, clientSecret: "surely-not-the-secret" }));
    expect(wrong.state["verification"]).toMatchObject({ verdict: "inconclusive" });
    const made = await stage.up(jira(client), wrong);
    expect(made.state["verification"]).toMatchObject({ verdict: "accepted", method: "paired token request" });
  });

  it("asks no token endpoint with verify off, and says so", async () => {
    const client = await handMade();
    const made = await stage.up(jira(client, { verify: false }));
    expect(await tokenCalls()).toEqual([]);
    expect(made.state["verification"]).toMatchObject({ verdict: "skipped", proven: [] });
    expect((await stage.slot("jira")).client).toMatchObject(client);
  });

  it("writes exactly the scopes that the program keeps", async () => {
    const client = await handMade();
    await stage.up({ integrations: [{ integration: "jira", scopes: ["read:jira-work", "offline_access"] }], existing: client });
    expect((await stage.slot("jira")).client).toMatchObject({ scopeSync: false, scopes: ["read:jira-work", "offline_access"] });
    expect(await stage.connect("jira")).toMatchObject({ connected: true, scopes: ["read:jira-work", "offline_access"] });
  });

  it("proves an Entra app made by hand with client credentials in its tenant", async () => {
    const { redirectUrl } = await stage.slot("outlook-email");
    const { appId, secret } = await appByHand(stage.world, { web: { redirectUris: [redirectUrl] } });
    const existing = { clientId: appId, clientSecret: secret, tenantId: stage.world.tenantId };
    const made = await stage.up({ integrations: uses("outlook-email"), existing });
    expect(made.state["verification"]).toMatchObject({ verdict: "accepted", method: "client credentials", proven: ["secret", "redirectUrl"] });
    expect((await stage.slot("outlook-email")).client).toMatchObject(existing);
  });

  it("refuses a slot that somebody else's client holds, unless it is named, and then says what is lost", async () => {
    const client = await handMade();
    await stage.world.odeus("PUT", stage.slotPath("jira"), { clientId: "somebody-elses", clientSecret: "their-secret" });
    const refused = await stage.failingUp(jira(client));
    expect(refused.message).toContain("jira already holds client somebody-elses");
    expect((await stage.slot("jira")).client?.clientSecret).toBe("their-secret");
    await stage.up(jira(client, { replaceClientIds: ["somebody-elses"] }));
    expect(stage.said("WARNING")).toEqual([expect.stringContaining("client somebody-elses is pushed out")]);
    expect((await stage.slot("jira")).client).toMatchObject(client);
  });

  it("refuses everything that cannot be, all at once, before anything is made", async () => {
    const refused = await stage.failingUp({ integrations: uses("outlook-emial", "notion-api", "gmail"), entra: entra() });
    expect(refused.message).toContain('the workspace has no integration "outlook-emial". Did you mean "outlook-email"?');
    expect(refused.message).toContain("does not use OAuth");
    expect(await stage.changingCalls()).toEqual([]);
  });
});
