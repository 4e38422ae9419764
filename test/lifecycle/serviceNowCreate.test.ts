/** A first `up` of a ServiceNow client: the entry of the application registry, the slot, a person who connects, and what is already there. */

import { markOf, withMark } from "../../src/core/mark.js";
import { HOSTS } from "../support/oauthClientConfig.js";
import { type ServiceNowStage, startServiceNowStage } from "../support/serviceNowRegistry.js";

describe.each(HOSTS)("a ServiceNow client made through the %s host", (_name, start) => {
  let stage: ServiceNowStage;
  beforeAll(async () => {
    stage = await startServiceNowStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  it("is one record with our redirect URL alone, id and secret of our making, and our mark beside people's comment", async () => {
    const made = await stage.up(stage.declared({ comments: "for the helpdesk", accessTokenLifespanSeconds: 900, refreshTokenLifespanSeconds: 86_400 }));
    const record = await stage.record();
    expect(record).toMatchObject({
      name: "Odeus",
      type: "client",
      active: "true",
      redirect_url: (await stage.slot("servicenow")).redirectUrl,
      client_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      client_secret: expect.stringMatching(/^[A-Za-z0-9]{48}$/),
      access_token_lifespan: "900",
      refresh_token_lifespan: "86400",
      comments: expect.stringMatching(
        /^for the helpdesk \[odeus-key:odeus-[0-9a-f]{32} odeus-stack:demo%2Fdev odeus-resource:OAuthClientConfig%2Fmail odeus-generation:[0-9a-f]{8}\]$/,
      ),
    });
    expect(made.id).toBe(`serviceNow/${record["client_id"]}`);
    expect((await stage.slot("servicenow")).client).toMatchObject({ clientId: record["client_id"], clientSecret: record["client_secret"], scopeSync: true });
    expect(await stage.operations()).toEqual(["createRecord", "putOAuthClient"]);
  });

  it("is read back by its id after it was written, and the secret is asked for in no call", async () => {
    await stage.up(stage.declared());
    const calls = (await stage.world.calls()).filter(({ counterpart }) => counterpart === "serviceNow");
    const { sys_id } = await stage.record();
    expect(calls.map(({ operation }) => operation).slice(-2)).toEqual(["createRecord", "retrieveRecord"]);
    expect(calls.at(-1)?.path).toBe(`/api/now/table/oauth_entity/${sys_id}`);
    for (const { query, path } of calls) expect(`${path}?${query}`).not.toContain("client_secret");
    // The answer to the POST, too, is asked for without it.
    for (const { query } of calls) expect(query).toContain("sysparm_fields=");
  });

  it("lets a person connect who has the role, and nobody else", async () => {
    await stage.up(stage.declared());
    expect(await stage.signIn()).toMatchObject({ connected: true, consentShows: "Odeus" });
    // The sign that people see is that of a wrong secret, so the output and the README name the role.
    expect(await stage.signIn("norole")).toMatchObject({ connected: false, error: "invalid_client" });
  });

  it("answers every output, says what nobody can prove, and holds no secret", async () => {
    const made = await stage.up(stage.declared());
    const { client_id, client_secret, sys_id } = await stage.record();
    expect(made.state).toMatchObject({
      clientId: client_id,
      redirectUrls: { servicenow: (await stage.slot("servicenow")).redirectUrl },
      effectiveScopes: { servicenow: ["useraccount"] },
      retiring: [],
      drift: [],
      verification: {
        ...{ verdict: "inconclusive", proven: ["redirectUrl"], unproven: ["secret", "scopes", "consent"] },
        detail: expect.stringMatching(/scopes: .*connect one user.* consent: .*one without the role oauth_user is told "invalid client"\.$/),
      },
      rollout: { kind: "serviceNow", client: { sysId: sys_id, instance: stage.world.origins.serviceNow } },
    });
    for (const absent of ["tenantId", "secretExpiresAt", "clientSecret"]) expect(made.state).not.toHaveProperty(absent);
    expect(stage.said("WARNING")).toEqual([
      expect.stringMatching(/the client secret is not proven \(inconclusive\): ServiceNow shows nobody a secret.* Connect one user to be sure/),
    ]);
    expect(JSON.stringify([made, stage.host.answers, stage.host.lines])).not.toContain(client_secret);
  });

  it("serves an integration made from scratch beside the one of the product", async () => {
    await stage.up(stage.forBoth());
    const [one, two] = [await stage.slot("servicenow"), await stage.slot(stage.hr)];
    expect((await stage.record())["redirect_url"]).toBe(`${one.redirectUrl},${two.redirectUrl}`);
    expect(one.client?.clientSecret).toBe(two.client?.clientSecret);
    expect(await stage.signIn()).toMatchObject({ connected: true });
    expect(await stage.signIn("ada", stage.hr)).toMatchObject({ connected: true });
  });

  it("changes nothing and calls nobody in a second up", async () => {
    const inputs = stage.declared({ comments: "two\nlines\n", active: true });
    const made = await stage.up(inputs);
    await stage.world.clearCalls();
    expect(await stage.up(inputs, made)).toMatchObject({ changed: false });
    expect(await stage.world.calls()).toEqual([]);
    const seen = await stage.refreshed(made);
    expect(await stage.plan(seen, inputs)).toEqual({ changes: false, said: [] });
  });

  it("gives the secret to a vault where asked, as a secret", async () => {
    const made = await stage.up(stage.declared({}, { exportClientSecret: true }));
    expect(made.state["clientSecret"]).toBe((await stage.record())["client_secret"]);
    expect(JSON.stringify(stage.host.lines)).not.toContain(made.state["clientSecret"]);
  });

  it("after an answer that was lost is found by the id that we chose: no second record", async () => {
    await stage.world.fault({ operation: "createRecord", fault: "answerLost" });
    await stage.up(stage.declared());
    expect(await stage.operations()).toEqual(["createRecord", "putOAuthClient"]);
    expect(await stage.works()).toBe(true);
    expect((await stage.record())["client_id"]).toMatch(/^[0-9a-f]{32}$/);
    expect(await stage.signIn()).toMatchObject({ connected: true });
  });

  it("after an answer that was lost is looked for again: the record of a slow POST shows late", async () => {
    await stage.switches({ lateRecords: 1 });
    await stage.world.fault({ operation: "createRecord", fault: "answerLost" });
    await stage.up(stage.declared());
    expect(await stage.operations()).toEqual(["createRecord", "putOAuthClient"]);
    expect(await stage.works()).toBe(true);
    expect(await stage.records()).toHaveLength(1);
  });

  it("after an answer that was lost, and no record for as long as is waited: up says that it may still appear, and the next one goes on with it", async () => {
    await stage.switches({ lateRecords: 3 });
    await stage.world.fault({ operation: "createRecord", fault: "answerLost" });
    const failure = await stage.failingUp(stage.declared());
    expect(failure.message).toMatch(
      /registering application registry "Odeus" on \S+: ServiceNow .*\n {2}The instance shows no such record\. Should it still appear, it is ours by its mark, and the next up goes on with it\./,
    );
    const { client_id } = await stage.record();
    const made = await stage.up(stage.declared());
    expect(made.state["clientId"]).toBe(client_id);
    expect((await stage.record())["client_id"]).toBe(client_id);
    expect(await stage.works()).toBe(true);
  });

  describe("beside an entry of the same name", () => {
    it("that others made is refused, and says how to take it over", async () => {
      const { client_id } = await stage.foreign();
      const before = await stage.record();
      const failure = await stage.failingUp(stage.declared());
      expect(failure.message).toMatch(
        new RegExp(
          `it exists \\(client ${client_id}\\), and this stack did not make it\\. Choose another serviceNow\\.name, or take it over with adoptClientId`,
        ),
      );
      expect(failure.partial).toBeUndefined();
      expect(await stage.operations()).toEqual([]);
      expect(await stage.record()).toEqual(before);
    });

    it("that another stack made is refused with its owner, and offers no adoption", async () => {
      const theirs = markOf("urn:pulumi:prod::shop::odeus:index:OAuthClientConfig::desk", undefined);
      await stage.foreign({ comments: withMark("theirs", theirs) });
      const { message } = await stage.failingUp(stage.declared());
      expect(message).toContain("is that of OAuthClientConfig desk of stack shop/prod. Choose another serviceNow.name.");
      expect(await stage.operations()).toEqual([]);
    });

    it("that another resource of this stack made, for another slot, is refused: the two would share one secret", async () => {
      const first = await stage.up(stage.declared(), undefined, "desk");
      const other = { ...stage.declared(), integrations: [{ integration: stage.hr }] };
      await stage.world.clearCalls();
      const { message } = await stage.failingUp(other, undefined, "hr");
      expect(message).toContain("is that of OAuthClientConfig desk of stack demo/dev. Choose another serviceNow.name");
      expect(await stage.operations()).toEqual([]);
      expect(await stage.works()).toBe(true);
      expect((await stage.refreshed(first, "desk")).state["drift"]).toEqual([]);
    });

    it("in another spelling is another entry", async () => {
      await stage.foreign({ name: "odeus" });
      await stage.up(stage.declared());
      expect((await stage.records()).map(({ name }) => name).sort()).toEqual(["Odeus", "odeus"]);
    });
  });

  it("is refused in a slot that holds a stranger's client, unless replaceClientIds names it", async () => {
    await stage.world.odeus("PUT", stage.slotPath("servicenow"), { clientId: "somebody-elses", clientSecret: "their-secret" });
    const { message } = await stage.failingUp(stage.declared());
    expect(message).toMatch(/servicenow already holds client somebody-elses[\s\S]*replaceClientIds/);
    expect(await stage.records()).toEqual([]);
    await stage.up(stage.declared({}, { replaceClientIds: ["somebody-elses"] }));
    expect(stage.said("WARNING").join()).toContain("client somebody-elses is pushed out");
    expect(await stage.works()).toBe(true);
  });
});
