/** Changes of a ServiceNow client: of each input and back, of its integrations, of its resource's name, and from and to a client made by hand. */

import { HOSTS, keptOf, type Made } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";
import { type ServiceNowStage, startServiceNowStage } from "../support/serviceNowRegistry.js";

/** The input, what is written for it, and what once it is left out again. */
const SETTINGS: [string, Inputs, Record<string, string>, Record<string, string>][] = [
  ["the name", { name: "Odeus (EU)" }, { name: "Odeus (EU)" }, { name: "Odeus" }],
  ["inactive", { active: false }, { active: "false" }, { active: "true" }],
  ["the life of access tokens", { accessTokenLifespanSeconds: 900 }, { access_token_lifespan: "900" }, { access_token_lifespan: "1800" }],
  ["the life of refresh tokens", { refreshTokenLifespanSeconds: 86_400 }, { refresh_token_lifespan: "86400" }, { refresh_token_lifespan: "8640000" }],
  [
    "the comments",
    { comments: "for the helpdesk" },
    { comments: expect.stringMatching(/^for the helpdesk \[odeus-key:/) },
    { comments: expect.stringMatching(/^\[odeus-key:/) },
  ],
];

describe.each(HOSTS)("a ServiceNow client changed through the %s host", (_name, start) => {
  let stage: ServiceNowStage;
  beforeAll(async () => {
    stage = await startServiceNowStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  /** The update, what it wrote at the instance, and the quiet after it. */
  async function updated(made: Made, inputs: Inputs): Promise<{ next: Made; written: Record<string, string>[] }> {
    await stage.world.clearCalls();
    const next = await stage.up(inputs, made);
    const written = await stage.written();
    expect(next.state["drift"]).toEqual([]);
    expect(await stage.plan(next, inputs)).toEqual({ changes: false, said: [] });
    expect(await stage.plan(await stage.refreshed(next), inputs)).toEqual({ changes: false, said: [] });
    return { next, written };
  }

  it.each(SETTINGS)("in %s alone is a PATCH of that column, and back to the standard another", async (_what, settings, forward, back) => {
    const made = await stage.up(stage.declared());
    const secret = await stage.secret();
    const { next, written } = await updated(made, stage.declared(settings));
    expect(written).toEqual([forward]);
    expect(await stage.operations()).toEqual(["updateRecord"]);
    expect(await stage.record()).toMatchObject(forward);
    const returned = await updated(next, stage.declared());
    expect(returned.written).toEqual([back]);
    expect(await stage.record()).toMatchObject(back);
    expect(await stage.secret()).toBe(secret);
    expect(await stage.signIn()).toMatchObject({ connected: true });
  });

  it("leaves what the program never named as somebody has set it", async () => {
    const made = await stage.up(stage.declared());
    await stage.edit({ access_token_lifespan: "600", comments: `read me ${(await stage.record())["comments"]}` });
    expect((await stage.refreshed(made)).state["drift"]).toEqual([]);
    const { written } = await updated(made, stage.declared({ refreshTokenLifespanSeconds: 3600 }));
    expect(written).toEqual([{ refresh_token_lifespan: "3600" }]);
    expect(await stage.record()).toMatchObject({ access_token_lifespan: "600", comments: expect.stringMatching(/^read me \[odeus-key:/) });
  });

  it("in the scopes of an integration is the workspace's business alone", async () => {
    const made = await stage.up(stage.declared());
    const integrations = [{ integration: "servicenow", scopes: ["useraccount"] }];
    expect((await updated(made, { ...stage.declared(), integrations })).written).toEqual([]);
    expect(await stage.operations()).toEqual(["patchOAuthClient"]);
  });

  it("by an integration more gets its redirect URL behind ours and a new secret, which the plan announces with the gap", async () => {
    const made = await stage.up(stage.declared());
    const secret = await stage.secret();
    expect((await stage.plan(made, stage.forBoth())).said).toEqual([
      `${stage.hr} is added, and the current client secret is kept nowhere: a new client secret is set and entered at once; ServiceNow has one at a time, so sign-ins in the moment between the two fail`,
    ]);
    const { next, written } = await updated(made, stage.forBoth());
    const [one, two] = [await stage.slot("servicenow"), await stage.slot(stage.hr)];
    expect(written).toEqual([{ redirect_url: `${one.redirectUrl},${two.redirectUrl}` }, { client_secret: one.client?.clientSecret }]);
    expect(two.client?.clientSecret).toBe(one.client?.clientSecret);
    expect(one.client?.clientSecret).not.toBe(secret);
    expect([await stage.works(), await stage.works(stage.hr)]).toEqual([true, true]);

    const fewer = await updated(next, stage.declared());
    expect(fewer.written).toEqual([{ redirect_url: one.redirectUrl }]);
    expect(await stage.secret()).toBe(one.client?.clientSecret);
    expect((await stage.slot(stage.hr)).client).toBeUndefined();
  });

  it("keeps redirect URLs that others have added, behind ours, and takes only ours away", async () => {
    const made = await stage.up(stage.forBoth());
    const [one, two] = [await stage.slot("servicenow"), await stage.slot(stage.hr)];
    // As the form writes them: with a blank behind the comma.
    await stage.edit({ redirect_url: `${two.redirectUrl}, https://theirs.example/callback, ${one.redirectUrl}` });
    expect((await stage.refreshed(made)).state["drift"]).toEqual([]);
    await updated(made, stage.declared());
    expect((await stage.record())["redirect_url"]).toBe(`${one.redirectUrl},https://theirs.example/callback`);
    expect(stage.said("INFO").join()).toContain("also has redirect URLs that are not ours; they stay: https://theirs.example/callback");
  });

  it("in the name of its resource keeps the entry, with a new secret and the mark of the new name", async () => {
    const old = await stage.up(stage.declared(), undefined, "old-name");
    const { client_id } = await stage.record();
    const next = await stage.again();
    const renamed = await next.up(stage.declared(), undefined, "new-name");
    await next.destroy(old, "old-name");
    expect(next.said("INFO").join()).toContain("is by now that of");
    await next.host.stop();
    expect(await stage.record()).toMatchObject({ client_id, comments: expect.stringContaining("OAuthClientConfig%2Fnew-name") });
    expect(renamed.state["clientId"]).toBe(client_id);
    expect(await stage.works()).toBe(true);
    expect((await stage.refreshed(renamed, "new-name")).state["drift"]).toEqual([]);
  });

  describe("of a client made by hand", () => {
    const byHand = async (): Promise<Inputs> => {
      const { redirectUrl } = await stage.slot("servicenow");
      const { client_id, client_secret } = await stage.foreign({ name: "By hand", redirect_url: redirectUrl, client_secret: "theirSecretIsLongEnough" });
      expect(client_secret).not.toBe("theirSecretIsLongEnough");
      return {
        integrations: [{ integration: "servicenow" }],
        existing: { clientId: client_id, clientSecret: "theirSecretIsLongEnough" },
      };
    };
    const names = async () => (await stage.records()).map(({ name }) => name).sort();

    it("to one of our own, and back: the slot follows, ours comes and goes, theirs stays as it is", async () => {
      const theirs = await byHand();
      const made = await stage.up(theirs);
      const untouched = await stage.record();
      expect((await stage.plan(made, stage.declared())).said).toEqual([expect.stringContaining("another client id: users of servicenow sign in again")]);
      const { next } = await updated(made, stage.declared());
      expect(next.id).toBe(made.id);
      expect(await names()).toEqual(["By hand", "Odeus"]);
      expect(await stage.works()).toBe(true);
      expect(await stage.signIn()).toMatchObject({ connected: true, consentShows: "Odeus" });
      const { next: back } = await updated(next, theirs);
      expect(back.state["clientId"]).toBe(untouched["client_id"]);
      expect(back.state).not.toHaveProperty("retiring.0");
      expect(await stage.record()).toEqual(untouched);
      expect(await stage.signIn()).toMatchObject({ connected: true, consentShows: "By hand" });
    });

    it("to one of our own, which the slot refuses: nothing of it is left", async () => {
      const theirs = await byHand();
      const made = await stage.up(theirs);
      await stage.world.fault({ operation: "putOAuthClient", fault: "forbidden", times: "always" });
      const failure = await stage.failingUp(stage.declared(), made);
      expect(failure.partial).toBeUndefined();
      expect(failure.message).toMatch(/Undone: .*application registry "Odeus" on \S+ is removed.* Nothing is left behind\./);
      expect(await names()).toEqual(["By hand"]);
      expect(await stage.works()).toBe(true);
    });

    it("from one of our own, which cannot be removed: the next up removes it", async () => {
      const made = await stage.up(stage.declared());
      const theirs = await byHand();
      await stage.world.fault({ operation: "deleteRecord", fault: "forbidden" });
      const failure = await stage.failingUp(theirs, made);
      expect(failure.message).toContain("what is left to take away is recorded");
      expect(await stage.works()).toBe(true);
      await updated(keptOf(failure, made.inputs), theirs);
      expect(await names()).toEqual(["By hand"]);
    });

    it("from one of our own, which one of two slots refuses: both hold ours again, with one secret that works", async () => {
      const made = await stage.up(stage.forBoth());
      const secret = await stage.secret();
      const { serviceNow: _ours, ...both } = stage.forBoth();
      const endpoints = { authorizationUrl: "https://theirs.example/", tokenUrl: "https://theirs.example/token" };
      const theirs = { ...both, existing: { ...((await byHand())["existing"] as Inputs), ...endpoints }, verify: false };
      await stage.world.fault({ operation: "putOAuthClient", fault: "forbidden" });
      const failure = await stage.failingUp(theirs, made);
      expect(failure.message).toMatch(/Undone: .*hr-portal holds the former client again.*; the other integrations of the former client have its new secret/);
      for (const slug of ["servicenow", stage.hr]) expect((await stage.slot(slug)).client?.clientId).toBe(made.state["clientId"]);
      expect([await stage.works(), await stage.works(stage.hr)]).toEqual([true, true]);
      // Its one secret was kept nowhere, so it is another one by now.
      expect(await stage.secret()).not.toBe(secret);
      const kept = keptOf(failure, made.inputs);
      expect(kept.state).toMatchObject({ retiring: [], drift: ["the former client got a new secret in place of its only one when a change was undone"] });
      await updated(kept, stage.forBoth());
      expect([await stage.works(), await stage.works(stage.hr)]).toEqual([true, true]);
    });
  });

  describe("with another instance", () => {
    it("in the configuration is refused: the state belongs to the first", async () => {
      const made = await stage.up(stage.declared());
      const elsewhere = await stage.again({ ODEUS_ENDPOINT_SERVICENOW: "http://127.0.0.1:1" });
      const { message } = await elsewhere.failingUp(stage.declared({ comments: "x" }), made);
      await elsewhere.host.stop();
      expect(message).toContain(`this state belongs to the ServiceNow instance ${stage.world.origins.serviceNow}, the configuration names http://127.0.0.1:1`);
      expect(message).toContain("set serviceNow.instance to move the client on purpose. Nothing was changed.");
    });

    it("is none where the one in use is only written down, and announced where it is another", async () => {
      const made = await stage.up(stage.declared());
      const written = stage.declared({ instance: stage.world.origins.serviceNow });
      expect((await stage.plan(made, written)).said).toEqual([]);
      const { next, written: sent } = await updated(made, written);
      expect(sent).toEqual([]);
      expect((await stage.plan(next, stage.declared({ instance: "fabrikam" }))).said).toEqual([expect.stringContaining("another client id")]);
      expect((await stage.plan(next, stage.declared())).said).toEqual([]);
    });
  });
});
