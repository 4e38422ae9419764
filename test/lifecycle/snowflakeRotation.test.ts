/** The two secrets of a security integration: which one is renewed when, and that what the workspace holds is always taken. */

import { HOSTS, keptOf, type Made } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";
import { aged, inDays, type SnowflakeStage, standAlone, startSnowflakeStage } from "../support/snowflakeIntegration.js";

describe.each(HOSTS)("rotation at Snowflake through the %s host", (_name, start) => {
  let stage: SnowflakeStage;
  beforeAll(async () => {
    stage = await startSnowflakeStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const rotated = (round: string, more: Inputs = {}): Inputs => stage.declared({ rotation: { triggers: { round }, ...more } });
  const secrets = async () => (await stage.integration()).secrets;
  const refreshConnection = async () =>
    (await stage.world.odeus<{ refreshed: boolean }>("POST", `/integrations/${stage.place.id}/connections/refresh?user=ada`)).body.refreshed;

  it("renews the idle secret and enters it, and the other one stays as it is", async () => {
    const made = await stage.up(stage.declared());
    const [first, second] = await secrets();
    expect(await stage.connect(stage.place.slug)).toMatchObject({ connected: true });
    await stage.world.clearCalls();
    const next = await stage.up(rotated("1"), made);
    expect((await stage.statements()).sort()).toEqual(["DESC", "REFRESH", "SECRETS", "SECRETS"]);
    expect(await stage.sql()).toEqual(['ALTER SECURITY INTEGRATION "ODEUS" REFRESH OAUTH_CLIENT_SECRET_2']);
    const [still, renewed] = await secrets();
    expect([still === first, renewed === second]).toEqual([true, false]);
    expect(await stage.slotInUse()).toBe(2);
    expect(next.state).toMatchObject({ activeSecretSlot: 2, retiring: [{ keyId: "1", removableFrom: expect.any(String) }], drift: [] });
    expect(stage.said("WARNING").join()).toContain("rotation.triggers changed: the idle secret is renewed, read back and entered");
    expect(await stage.world.accepted("snowflake", String(made.state["clientId"]), first)).toBe(true);
    expect(await stage.connect(stage.place.slug)).toMatchObject({ connected: true });
    expect((await stage.plan(next, rotated("1"))).changes).toBe(false);
    expect((await stage.refreshed(next)).state).toEqual(next.state);
  });

  it("keeps who is connected connected, over a whole round of both secrets", async () => {
    let made: Made = await stage.up(stage.declared());
    expect(await stage.connect(stage.place.slug)).toMatchObject({ connected: true });
    expect(await refreshConnection()).toBe(true);
    for (const [round, slot] of [
      ["1", 2],
      ["2", 1],
      ["3", 2],
    ] as const) {
      made = await stage.up(rotated(round, { overlapHours: 0 }), made);
      expect([made.state["activeSecretSlot"], await stage.slotInUse()]).toEqual([slot, slot]);
      expect(await refreshConnection()).toBe(true);
    }
  });

  it.each<[string, Inputs | undefined, number, string | undefined]>([
    ["after everyDays", { everyDays: 30 }, -30, "the client secret is 30 days old (rotation every 30 days)"],
    ["not before everyDays", { everyDays: 30 }, -29, undefined],
    ["never by itself, since the secrets have no end", undefined, -3000, undefined],
  ])("is due %s", async (_when, rotation, days, why) => {
    const inputs = stage.declared(rotation === undefined ? {} : { rotation });
    const made = aged(await stage.up(inputs), { secretCreatedAt: inDays(days) });
    const plan = await stage.plan(made, inputs);
    expect(plan).toEqual(why === undefined ? { changes: false, said: [] } : { changes: true, said: [expect.stringContaining(why)] });
    if (why === undefined) return;
    const next = await stage.up(inputs, made);
    expect(await stage.slotInUse()).toBe(2);
    expect(await stage.plan(next, inputs)).toEqual({ changes: false, said: [] });
  });

  it("ends the previous secret when its overlap is over, which the plan says, and touches nothing else", async () => {
    const made = await stage.up(rotated("0", { overlapHours: 48 }));
    const next = await stage.up(rotated("1", { overlapHours: 48 }), made);
    const [{ removableFrom } = { removableFrom: "" }] = next.state["retiring"] as { removableFrom: string }[];
    expect(Math.round((Date.parse(removableFrom) - Date.now()) / 3_600_000)).toBe(48);
    expect((await stage.plan(next, rotated("1", { overlapHours: 48 }))).changes).toBe(false);
    const later = aged(next, { retiring: [{ keyId: "1", removableFrom: inDays(-1) }] });
    expect(await stage.plan(later, rotated("1"))).toEqual({ changes: true, said: ["the overlap is over: the previous client secret is removed"] });
    const before = await secrets();
    await stage.world.clearCalls();
    const last = await stage.up(rotated("1"), later);
    expect(await stage.sql()).toEqual(['ALTER SECURITY INTEGRATION "ODEUS" REFRESH OAUTH_CLIENT_SECRET']);
    const after = await secrets();
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([false, true]);
    expect(last.state).toMatchObject({ retiring: [], activeSecretSlot: 2, drift: [] });
    expect(await stage.login()).toBe(true);
    expect((await stage.refreshed(last)).state["drift"]).toEqual([]);
  });

  it("ends it in the same up with no overlap", async () => {
    const made = await stage.up(rotated("0", { overlapHours: 0 }));
    const before = await secrets();
    const next = await stage.up(rotated("1", { overlapHours: 0 }), made);
    const after = await secrets();
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([false, false]);
    expect(next.state).toMatchObject({ retiring: [], activeSecretSlot: 2 });
    expect(await stage.login()).toBe(true);
    expect((await stage.refreshed(next)).state["drift"]).toEqual([]);
  });

  // A secret that has stood there since the last overlap, or was renewed by somebody, may be known to somebody.
  it.each([
    ["ended with an overlap", async () => undefined],
    ["was renewed by hand", async () => stage.byHand("ALTER SECURITY INTEGRATION ODEUS REFRESH OAUTH_CLIENT_SECRET")],
    [
      "ended with an overlap, and a secret pasted into the workspace,",
      async () => stage.world.odeus("PATCH", `/integrations/v1/${stage.place.id}/auth`, { authType: "OAUTH", oauthClient: { clientSecret: "by-hand" } }),
    ],
  ])("renews an idle secret that %s, too", async (_how, change) => {
    const made = await stage.up(rotated("0", { overlapHours: 0 }));
    const next = await stage.up(rotated("1", { overlapHours: 0 }), made);
    await change();
    const [stands] = await secrets();
    await stage.up(rotated("2", { overlapHours: 24 }), next);
    expect(await stage.slotInUse()).toBe(1);
    expect((await secrets())[0]).not.toBe(stands);
  });

  it("within the overlap of another says that it ends the secret before the previous one", async () => {
    const made = await stage.up(rotated("0"));
    const next = await stage.up(rotated("1"), made);
    expect((await stage.plan(next, rotated("2"))).said.join("\n")).toContain("the secret before it, whose overlap is not over, ends now");
    const last = await stage.up(rotated("2"), next);
    expect(last.state).toMatchObject({ activeSecretSlot: 1, retiring: [{ keyId: "2" }] });
    expect(await stage.slotInUse()).toBe(1);
  });

  it("of an exported secret gives the new one", async () => {
    const made = await stage.up(standAlone({ exportClientSecret: true }));
    const next = await stage.up(standAlone({ exportClientSecret: true, rotation: { triggers: { now: "1" } } }), made);
    expect(next.state["clientSecret"]).toBe((await secrets())[1]);
    expect(next.state["clientSecret"]).not.toBe(made.state["clientSecret"]);
  });

  describe("when an answer is lost", () => {
    it.each(["CREATE", "SECRETS", "DESC"])("at %s of a create, what is really there is entered", async (statement) => {
      await stage.world.fault({ operation: `statement:${statement}`, fault: "answerLost" });
      await stage.up(stage.declared());
      expect(await stage.slotInUse()).toBe(1);
      expect(await stage.login()).toBe(true);
    });

    it.each(["REFRESH", "SECRETS"])("at %s of a rotation, what is really there is entered", async (statement) => {
      const made = await stage.up(stage.declared());
      await stage.world.fault({ operation: `statement:${statement}`, fault: "answerLost" });
      const next = await stage.up(rotated("1"), made);
      expect(await stage.slotInUse()).toBe(2);
      expect((await stage.refreshed(next)).state["drift"]).toEqual([]);
    });
  });

  describe("that fails", () => {
    it.each<[string, "serverError" | "forbidden"]>([
      ["does not answer", "serverError"],
      ["refuses", "forbidden"],
    ])("where the workspace %s: what it holds is taken all the while, and the next up finishes", async (_how, fault) => {
      const made = await stage.up(rotated("0"));
      const inUse = await stage.slotInUse();
      await stage.world.fault({ operation: "updateIntegrationAuth", fault, times: "always" });
      const failure = await stage.failingUp(rotated("1"), made);
      await stage.world.clearFaults();
      expect(await stage.slotInUse()).toBe(inUse);
      const kept = failure.partial === undefined ? made : keptOf(failure, made.inputs);
      await stage.world.clearCalls();
      // Before the secret is entered, the one that the workspace holds must not end.
      await stage.world.fault({ operation: "updateIntegrationAuth", fault: "forbidden" });
      const second = await stage.failingUp(rotated("1"), kept);
      expect(await stage.slotInUse()).toBe(inUse);
      const next = await stage.up(rotated("1"), second.partial === undefined ? kept : keptOf(second, made.inputs));
      expect(next.state).toMatchObject({ activeSecretSlot: 2, retiring: [{ keyId: "1" }], drift: [] });
      expect(await stage.slotInUse()).toBe(2);
      expect((await stage.plan(next, rotated("1"))).changes).toBe(false);
    });

    it("at the secret before, with no overlap, leaves it to the next up", async () => {
      const made = await stage.up(rotated("0", { overlapHours: 0 }));
      const before = await secrets();
      await stage.world.fault({ operation: "statement:REFRESH", fault: "forbidden", call: 1 });
      const failure = await stage.failingUp(rotated("1", { overlapHours: 0 }), made);
      expect(failure.message).toContain("what is left to take away is recorded");
      expect((await secrets())[0]).toBe(before[0]);
      const next = await stage.up(rotated("1", { overlapHours: 0 }), keptOf(failure, made.inputs));
      expect(next.state).toMatchObject({ retiring: [], drift: [] });
      expect((await secrets())[0]).not.toBe(before[0]);
      expect(await stage.login()).toBe(true);
    });

    it("where the account shows the former secret for a moment longer, enters the new one", async () => {
      const made = await stage.up(stage.declared());
      await stage.world.fault({ operation: "statement:SECRETS", fault: "staleRead", call: 1 });
      expect((await stage.up(rotated("1"), made)).state).toMatchObject({ activeSecretSlot: 2, drift: [] });
      expect(await stage.slotInUse()).toBe(2);
      expect(await stage.sql("REFRESH")).toHaveLength(1);
    });

    it("where the account still shows the former secret, enters nothing", async () => {
      const made = await stage.up(stage.declared());
      await stage.world.fault({ operation: "statement:SECRETS", fault: "staleRead", call: 1, times: "always" });
      const failure = await stage.failingUp(rotated("1"), made);
      await stage.world.clearFaults();
      expect(failure.message).toContain("still shows the former secret");
      expect(await stage.slotInUse()).toBe(1);
      await stage.up(rotated("1"), made);
      expect(await stage.slotInUse()).toBe(2);
    });
  });

  it("after an import, where nobody knows which secret is in use, ends neither before the other is entered", async () => {
    if (stage.host.name === "dynamic") return;
    const made = await stage.up(rotated("0"));
    await stage.up(rotated("1"), made);
    const before = await secrets();
    const imported = await stage.host.read(stage.urn(), "ODEUS");
    if (imported === undefined) throw new Error("not imported");
    expect(imported.state["activeSecretSlot"]).toBeUndefined();
    await stage.world.clearCalls();
    const next = await stage.up(rotated("2"), imported);
    const order = (await stage.changingCalls()).map(({ operation }) => operation).filter((operation) => operation !== "statement:ALTER");
    expect(order).toEqual(["updateIntegrationAuth", "statement:REFRESH", "updateIntegrationAuth"]);
    const after = await secrets();
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([true, false]);
    expect(await stage.slotInUse()).toBe(2);
    expect(next.state).toMatchObject({ drift: [], retiring: [{ keyId: "1" }] });
    expect((await stage.plan(next, rotated("2"))).changes).toBe(false);
  });
});
