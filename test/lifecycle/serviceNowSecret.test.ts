/** The one secret of a ServiceNow client: set in place and entered at once, announced with its gap, and owed where a run ended between the two. */

import { HOSTS, keptOf, type Made } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";
import { aged, type ServiceNowStage, startServiceNowStage } from "../support/serviceNowRegistry.js";

const GAP = "a new client secret is set and entered at once; ServiceNow has one at a time, so sign-ins in the moment between the two fail";

/** So that a slot that was read at the beginning was read too long ago when the secret is set. */
const SLOW_MS = 1_500;

describe.each(HOSTS)("the secret of a ServiceNow client through the %s host", (_name, start) => {
  let stage: ServiceNowStage;
  beforeAll(async () => {
    stage = await startServiceNowStage(start, { ODEUS_RETRY_SECONDS: "0" });
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const triggered = (run: string, more: Inputs = {}) => stage.declared({}, { rotation: { triggers: { run } }, ...more });
  /** One record, whose secret the slot holds, and quiet. */
  async function whole(made: Made, inputs: Inputs): Promise<void> {
    const { client_id, client_secret } = await stage.record();
    expect((await stage.slot("servicenow")).client).toMatchObject({ clientId: client_id, clientSecret: client_secret });
    expect(made.state).toMatchObject({ clientId: client_id, drift: [], retiring: [] });
    expect(await stage.plan(made, inputs)).toEqual({ changes: false, said: [] });
    expect(await stage.plan(await stage.refreshed(made), inputs)).toEqual({ changes: false, said: [] });
    expect(await stage.signIn()).toMatchObject({ connected: true });
  }

  it("is replaced at the instance first and in the workspace with the very next call, which the plan announces", async () => {
    const made = await stage.up(triggered("1"));
    const secret = await stage.secret();
    expect(await stage.plan(made, triggered("2"))).toEqual({ changes: true, said: [`rotation.triggers changed: ${GAP}`] });
    await stage.world.clearCalls();
    await stage.world.watch("serviceNow");
    const next = await stage.up(triggered("2"), made);
    const { refusals, looks } = await stage.world.watched();
    expect(await stage.operations()).toEqual(["updateRecord", "putOAuthClient"]);
    const calls = (await stage.world.calls()).map(({ operation }) => operation);
    expect(calls[calls.indexOf("updateRecord") + 1]).toBe("putOAuthClient");
    // People who sign in between these two calls are refused, and nobody else is.
    expect(refusals.map(({ call }) => calls[call])).toEqual(["updateRecord"]);
    expect(looks).toBe(calls.length);
    expect(Object.keys((await stage.written())[0] ?? {})).toEqual(["client_secret"]);
    expect(await stage.secret()).not.toBe(secret);
    expect(await stage.secret()).toMatch(/^[A-Za-z0-9]{48}$/);
    await whole(next, triggered("2"));
  });

  it("is entered with the very next call also where everything takes long: the slot is looked at once more before, and not in between", async () => {
    const made = await stage.up(triggered("1"));
    await stage.world.clearCalls();
    await stage.world.latency(SLOW_MS);
    const next = await stage.up(triggered("2"), made).finally(() => stage.world.latency(0));
    const calls = (await stage.world.calls()).map(({ operation }) => operation);
    const set = calls.indexOf("updateRecord");
    expect(calls.slice(set - 1, set + 2)).toEqual(["getOAuthClient", "updateRecord", "putOAuthClient"]);
    await whole(next, triggered("2"));
  });

  it.each<[string, Inputs, number, string | undefined]>([
    ["after everyDays", { everyDays: 30 }, 30, "the client secret is 30 days old (rotation every 30 days)"],
    ["not a day before", { everyDays: 30 }, 29, undefined],
    ["never by itself: it has no end", {}, 1000, undefined],
  ])("is due %s", async (_when, rotation, days, why) => {
    const inputs = stage.declared({}, { rotation });
    const made = aged(await stage.up(inputs), days);
    const plan = await stage.plan(made, inputs);
    expect(plan).toEqual(why === undefined ? { changes: false, said: [] } : { changes: true, said: [`${why}: ${GAP}`] });
    if (why !== undefined) await whole(await stage.up(inputs, made), inputs);
  });

  it("is nothing that people notice who connected before it was replaced", async () => {
    const made = await stage.up(triggered("1"));
    expect(await stage.signIn("grace")).toMatchObject({ connected: true });
    await stage.up(triggered("2"), made);
    expect(await stage.staysConnected("grace")).toBe(true);
    // The question can be answered with no.
    await stage.edit({ client_secret: "another0ne" });
    expect(await stage.staysConnected("grace")).toBe(false);
  });

  describe("when the run ends between the two", () => {
    it("because it is killed: the next up of the same declaration sets and enters another one", async () => {
      const made = await stage.up(triggered("1"));
      const victim = await stage.again();
      await stage.world.fault({ fault: "killAfter", operation: "updateRecord", pid: victim.host.pid });
      await expect(victim.up(triggered("2"), made)).rejects.toThrow();
      expect(await victim.host.exited).toBe("SIGKILL");
      await victim.host.stop();
      const lost = (await stage.record())["client_secret"];
      expect(await stage.works()).toBe(false);
      const next = await stage.up(triggered("2"), made);
      expect((await stage.record())["client_secret"]).not.toBe(lost);
      await whole(next, triggered("2"));
    });

    it.each([
      ["refuses it", "forbidden"],
      ["does not answer", "serverError"],
    ] as const)("because the workspace %s: it is owed, the next up sets another, and nothing of it is in state", async (_how, fault) => {
      const made = await stage.up(triggered("1"));
      await stage.world.fault({ operation: "putOAuthClient", fault });
      const failure = await stage.failingUp(triggered("2"), made);
      const kept = keptOf(failure, made.inputs);
      expect(failure.partial?.reasons.join("\n")).toMatch(
        /The server has one secret at a time, and the former one may have ended: until the next up sets and enters another one, users of servicenow may be unable to sign in, and so may whoever else uses client [0-9a-f]{32}\. Run again now\./,
      );
      const lost = (await stage.record())["client_secret"] ?? "";
      expect(lost).not.toBe(await stage.secret());
      expect(JSON.stringify([kept, stage.host.lines, failure.message])).not.toContain(lost);
      expect(kept.state["drift"]).toEqual(["a new secret is owed to servicenow"]);
      // A refresh wipes the engine's own note of it.
      const seen = await stage.refreshed(kept);
      expect(seen.state["drift"]).toEqual(["a new secret is owed to servicenow"]);
      expect((await stage.plan(seen, triggered("1"))).said.join()).toContain("a new secret is owed to servicenow");
      for (const one of [kept, seen]) expect((await stage.plan(one, triggered("1"))).said.join()).toContain(GAP);
      // Once, whatever asks for it.
      expect((await stage.plan(seen, triggered("2"))).said.filter((line) => line.includes(GAP))).toHaveLength(1);
      // Also for who gives up the rotation again.
      const next = await stage.up(triggered("1"), seen);
      expect((await stage.record())["client_secret"]).not.toBe(lost);
      await whole(next, triggered("1"));
    });

    it.each([
      ["had its effect", true],
      ["had none", false],
    ])("because the instance never said whether the change %s: it counts as owed", async (_what, effect) => {
      const made = await stage.up(triggered("1"));
      const secret = await stage.secret();
      await stage.world.fault({ operation: "updateRecord", fault: "serverError", status: 500, effect });
      const kept = keptOf(await stage.failingUp(triggered("2"), made), made.inputs);
      expect(await stage.works()).toBe(!effect);
      expect(kept.state["drift"]).toEqual(["a new secret is owed to servicenow"]);
      const next = await stage.up(triggered("1"), kept);
      expect(await stage.secret()).not.toBe(secret);
      await whole(next, triggered("1"));
    });

    // The dynamic host cannot be asked to stop.
    it("because it is stopped: recorded, and the next up finishes", async () => {
      if (stage.host.name === "dynamic") return;
      const made = await stage.up(triggered("1"));
      await stage.world.clearCalls();
      await stage.world.fault({ operation: "putOAuthClient", fault: "hang" });
      const working = stage.failingUp(triggered("2"), made);
      while (!(await stage.operations()).includes("putOAuthClient")) await stage.world.calls();
      await stage.host.cancel();
      const failure = await working;
      expect(failure.partial?.reasons.join("\n")).toContain("the next up finishes");
      const next = await stage.up(triggered("1"), keptOf(failure, made.inputs));
      await whole(next, triggered("1"));
    });

    it("at the second of two slots: the first works, both are owed, and the next up enters one secret in both", async () => {
      const inputs = (run: string) => stage.forBoth({}, { rotation: { triggers: { run } } });
      const made = await stage.up(inputs("1"));
      await stage.world.fault({ operation: "updateIntegrationAuth", fault: "forbidden" });
      const kept = keptOf(await stage.failingUp(inputs("2"), made), made.inputs);
      expect([await stage.works(), await stage.works(stage.hr)]).toEqual([true, false]);
      expect(kept.state["drift"]).toEqual([`a new secret is owed to ${stage.hr}`]);
      const next = await stage.up(inputs("2"), kept);
      expect([await stage.works(), await stage.works(stage.hr)]).toEqual([true, true]);
      await whole(next, inputs("2"));
    });
  });

  describe("as an output for a vault", () => {
    it("switched on later is a new one, announced; switched off it is gone from state and stays in use", async () => {
      const made = await stage.up(stage.declared());
      const exporting = stage.declared({}, { exportClientSecret: true });
      expect((await stage.plan(made, exporting)).said).toEqual([`exportClientSecret was switched on, and the current secret is kept nowhere: ${GAP}`]);
      const next = await stage.up(exporting, made);
      expect(next.state["clientSecret"]).toBe((await stage.record())["client_secret"]);
      await whole(next, exporting);
      const secret = await stage.secret();
      const last = await stage.up(stage.declared(), next);
      expect(last.state).not.toHaveProperty("clientSecret");
      expect(await stage.secret()).toBe(secret);
      await whole(last, stage.declared());
    });

    it("follows a rotation", async () => {
      const made = await stage.up(triggered("1", { exportClientSecret: true }));
      const next = await stage.up(triggered("2", { exportClientSecret: true }), made);
      expect(next.state["clientSecret"]).not.toBe(made.state["clientSecret"]);
      expect(next.state["clientSecret"]).toBe(await stage.secret());
    });
  });
});
