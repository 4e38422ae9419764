/** A ServiceNow client that cannot be made, changed or removed as asked: what is undone at each step, what is left, and that nothing foreign is touched. */

import { markOf, withMark } from "../../src/core/mark.js";
import type { Fault } from "../../src/sandbox/faults.js";
import { HOSTS, keptOf, type Made } from "../support/oauthClientConfig.js";
import { type ServiceNowStage, startServiceNowStage } from "../support/serviceNowRegistry.js";

const FAULTS: [string, Pick<Fault, "fault" | "effect" | "status">][] = [
  ["fails", { fault: "serverError" }],
  ["is refused", { fault: "forbidden" }],
  ["has its effect and an error for an answer", { fault: "serverError", status: 500, effect: true }],
  ["has its effect and no answer", { fault: "answerLost" }],
];

/** The integration made from scratch is entered by its own call. */
const CREATE = ["createRecord", "putOAuthClient", "updateIntegrationAuth"];

describe.each(HOSTS)("a ServiceNow client through the %s host", (_name, start) => {
  let stage: ServiceNowStage;
  beforeAll(async () => {
    // Nothing is tried again by itself: each fault is met by one call, and the way back may use the same one.
    stage = await startServiceNowStage(start, { ODEUS_RETRY_SECONDS: "0" });
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const slots = async () => Promise.all(["servicenow", stage.hr].map(async (slug) => (await stage.slot(slug)).client?.clientId));
  /** What stands everywhere, without the times and counters of the writes. */
  async function picture(): Promise<unknown> {
    const { sys_updated_on: _on, sys_mod_count: _count, ...record } = await stage.record();
    const clients = await Promise.all(["servicenow", stage.hr].map(async (slug) => (await stage.slot(slug)).client));
    return [record, clients.map((client) => client && { ...client, updatedAt: "" })];
  }

  it("whose create fails has a place below for each of its changing calls", async () => {
    await stage.up(stage.forBoth());
    expect((await stage.operations()).sort()).toEqual([...CREATE].sort());
  });

  describe.each(FAULTS)("whose create meets a call that %s", (how, fault) => {
    it.each(CREATE)("at %s: nothing is left, or what was lost is found", async (operation) => {
      await stage.world.fault({ ...fault, operation });
      const outcome = await stage.up(stage.forBoth()).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        expect(outcome).not.toHaveProperty("partial.id");
        expect(outcome.message).toMatch(
          operation === "createRecord" ? /Nothing was changed\./ : /Undone: .*application registry "Odeus" on \S+ is removed\. Nothing/,
        );
        expect(await stage.records()).toEqual([]);
        expect(await slots()).toEqual([undefined, undefined]);
      } else expect(how).toContain("its effect");
      const next = outcome instanceof Error ? await stage.up(stage.forBoth()) : (outcome as Made);
      expect((await stage.records()).length).toBe(1);
      expect([await stage.works(), await stage.works(stage.hr)]).toEqual([true, true]);
      expect((await stage.plan(next)).changes).toBe(false);
    });
  });

  it.each<[string, string, Pick<Fault, "fault">]>([
    ["cannot be removed again", "deleteRecord", { fault: "forbidden" }],
    ["is removed again without an answer", "deleteRecord", { fault: "answerLost" }],
  ])("whose new entry %s: the next up of the same declaration finds it by its mark, or needs none", async (_what, operation, fault) => {
    await stage.world.fault({ operation: "putOAuthClient", fault: "forbidden" }, { operation, ...fault });
    const failure = await stage.failingUp(stage.declared());
    expect(failure.message).toMatch(/could not undo so that application registry "Odeus" on \S+ is removed/);
    const kept = failure.partial === undefined ? undefined : keptOf(failure, (await stage.host.check(stage.urn(), stage.declared())).inputs);
    const next = await stage.up(stage.declared(), kept);
    expect((await stage.record())["client_id"]).toBe(next.state["clientId"]);
    expect(await stage.works()).toBe(true);
    expect((await stage.plan(next)).changes).toBe(false);
  });

  it("whose rotation failed beside settings that the program takes back has its standards again", async () => {
    const made = await stage.up(stage.declared());
    const standards = await stage.record();
    const tried = stage.declared({ comments: "tried", accessTokenLifespanSeconds: 600 }, { rotation: { triggers: { when: "now" } } });
    await stage.world.fault({ operation: "putOAuthClient", fault: "serverError" });
    const kept = keptOf(await stage.failingUp(tried, made), made.inputs);
    await stage.world.clearFaults();
    expect(await stage.record()).toMatchObject({ access_token_lifespan: "600", comments: expect.stringContaining("tried") });
    const next = await stage.up(stage.declared(), kept);
    const { access_token_lifespan, comments } = standards;
    expect(await stage.record()).toMatchObject({ access_token_lifespan, comments });
    expect(await stage.works()).toBe(true);
    expect((await stage.plan(next)).changes).toBe(false);
  });

  describe.each(FAULTS)("whose change meets a call that %s", (how, fault) => {
    it.each([
      ["updateRecord", 0],
      ["patchOAuthClient", 0],
    ] as const)("at %s %i: all is as it was, and the next up does it", async (operation, call) => {
      const made = await stage.up(stage.declared({ comments: "before" }));
      const inputs = { ...stage.declared({ name: "After", comments: "after" }), integrations: [{ integration: "servicenow", scopes: ["useraccount"] }] };
      const was = await picture();
      await stage.world.fault({ ...fault, operation, call });
      const outcome = await stage.up(inputs, made).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        expect(outcome).not.toHaveProperty("partial.id");
        expect(outcome.message).toMatch(/Undone: .*Nothing is left behind|Nothing was changed/);
        expect(await picture()).toEqual(was);
        expect((await stage.refreshed(made)).state["drift"]).toEqual([]);
      } else expect([how, operation]).toEqual([expect.stringContaining("its effect"), "patchOAuthClient"]);
      const next = outcome instanceof Error ? await stage.up(inputs, made) : (outcome as Made);
      expect(await stage.record()).toMatchObject({ name: "After" });
      expect(next.state["drift"]).toEqual([]);
      expect(await stage.works()).toBe(true);
    });
  });

  it("whose change cannot be taken back, since a rule ignores the way back: what is left is named, and the next up ends it", async () => {
    const made = await stage.up(stage.declared());
    const { redirectUrl } = await stage.slot("servicenow");
    // As the form writes it: taken back to the letter, the blank is no difference.
    await stage.edit({ redirect_url: `https://theirs.example/callback, ${redirectUrl}` });
    const inputs = { ...stage.declared({ name: "After" }), integrations: [{ integration: "servicenow", scopes: ["useraccount"] }] };
    await stage.world.fault({ operation: "patchOAuthClient", fault: "hang" });
    const working = stage.failingUp(inputs, made);
    while (!(await stage.operations()).includes("patchOAuthClient")) await stage.world.calls();
    await stage.switches({ ignoredColumns: ["name"] });
    const failure = await working;
    expect(failure.message).toMatch(
      /could not undo so that application registry "After" on \S+ is as it was: ServiceNow took the change of .* and ignored name: a business rule/,
    );
    expect(await stage.record()).toMatchObject({ name: "After", redirect_url: `https://theirs.example/callback, ${redirectUrl}` });
    await stage.switches({ ignoredColumns: [] });
    const next = await stage.up(inputs, keptOf(failure, made.inputs));
    expect(next.state["drift"]).toEqual([]);
    expect(await stage.works()).toBe(true);
  });

  it("whose new secret is refused by the instance: nothing happened, and the columns are as they were", async () => {
    const made = await stage.up(stage.declared({ comments: "before" }));
    const was = await picture();
    await stage.world.fault({ operation: "updateRecord", call: 1, fault: "forbidden" });
    const failure = await stage.failingUp(stage.declared({ comments: "after" }, { rotation: { triggers: { now: "1" } } }), made);
    expect(failure.partial).toBeUndefined();
    expect(failure.message).toMatch(
      /setting the secret of application registry "Odeus"[\s\S]*oauth_admin[\s\S]*Undone: .*is as it was\. Nothing is left behind/,
    );
    expect(await picture()).toEqual(was);
    expect(await stage.works()).toBe(true);
  });

  describe("when it is destroyed", () => {
    it("gives the slot back first and is gone; a second time there is nothing to do", async () => {
      const made = await stage.up(stage.declared());
      await stage.world.clearCalls();
      await stage.destroy(made);
      expect(await stage.operations()).toEqual(["deleteOAuthClient", "deleteRecord"]);
      expect(await stage.records()).toEqual([]);
      expect(await slots()).toEqual([undefined, undefined]);
      await stage.world.clearCalls();
      await stage.destroy(made);
      expect((await stage.operations()).filter((operation) => operation !== "deleteRecord")).toEqual([]);
    });

    it("is done where somebody has deleted the record, also while it was being removed", async () => {
      const made = await stage.up(stage.declared());
      await stage.world.atServiceNow("DELETE", `/oauth_entity/${(await stage.record())["sys_id"]}`);
      await stage.destroy(made);
      expect(await slots()).toEqual([undefined, undefined]);
      const again = await stage.up(stage.declared());
      await stage.world.fault({ operation: "deleteRecord", fault: "notFound", effect: true });
      await stage.destroy(again);
      expect(await stage.records()).toEqual([]);
    });

    it("is left alone where another stack has put its mark on it", async () => {
      const made = await stage.up(stage.declared());
      const theirs = { ...markOf("urn:pulumi:prod::shop::odeus:index:OAuthClientConfig::desk", undefined), generation: "0badcafe" };
      await stage.edit({ comments: withMark("", theirs) });
      const before = await stage.record();
      await stage.world.clearCalls();
      // A destroy declares nothing, in a process of its own.
      const next = await stage.again();
      await next.host.delete(next.urn(), made.id, made.state);
      expect(await stage.operations()).toEqual([]);
      expect(await stage.record()).toEqual(before);
      expect(next.said("INFO").join()).toContain("is by now that of OAuthClientConfig desk of stack shop/prod, and is left alone with the slots that use it");
    });

    it("is removed where somebody has only taken the mark away: the recorded id is the proof", async () => {
      const made = await stage.up(stage.declared());
      await stage.edit({ comments: "nothing to see here" });
      await stage.destroy(made);
      expect(await stage.records()).toEqual([]);
    });

    it("is kept, and told so, while the slot cannot be given back", async () => {
      const made = await stage.up(stage.declared());
      await stage.world.fault({ operation: "deleteOAuthClient", fault: "forbidden" });
      await expect(stage.destroy(made)).rejects.toThrow(/The client is kept until its slots are given back\. Run again/);
      expect(await stage.works()).toBe(true);
      await stage.destroy(made);
      expect(await stage.records()).toEqual([]);
    });
  });
});
