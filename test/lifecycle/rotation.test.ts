/** When a new secret is due, what happens to the one before, and that no slot ever holds a secret that Entra does not take. */

import type { Properties } from "../../src/core/value.js";
import { entra, HOSTS, keptOf, type Made, type Stage, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

const DAY = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * DAY).toISOString();
/** The same resource, as if time had passed: the provider decides by recorded times alone. */
const aged = (made: Made, times: Properties): Made => ({ ...made, state: { ...made.state, ...times } });

describe.each(HOSTS)("rotation through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const inputs = (rotation?: Inputs, more: Inputs = {}): Inputs => ({
    integrations: uses("outlook-email", "sharepoint"),
    entra: entra(more),
    ...(rotation === undefined ? {} : { rotation }),
  });
  const secrets = async () => (await stage.app()).passwordCredentials;
  const entered = async () => Promise.all(["outlook-email", "sharepoint"].map(async (slug) => (await stage.slot(slug)).client?.clientSecret));
  const allWork = async () => (await Promise.all([stage.works("outlook-email"), stage.works("sharepoint")])).every((works) => works);
  /** Both slots hold this one secret, and Entra takes it. */
  async function holdsNewSecret(before: string | undefined): Promise<void> {
    const [one, two] = await entered();
    expect(one).toBe(two);
    expect(one).not.toBe(before);
    expect(await allWork()).toBe(true);
  }

  it.each<[string, Inputs | undefined, Properties, string | undefined]>([
    [
      "after everyDays",
      { everyDays: 30 },
      { secretCreatedAt: inDays(-30), secretExpiresAt: inDays(150) },
      "the client secret is 30 days old (rotation every 30 days)",
    ],
    ["not before everyDays", { everyDays: 30 }, { secretCreatedAt: inDays(-29), secretExpiresAt: inDays(151) }, undefined],
    ["two weeks before the end, unasked", undefined, { secretCreatedAt: inDays(-166), secretExpiresAt: inDays(14) }, "the client secret expires in 14 days"],
    ["not fifteen days before the end", undefined, { secretCreatedAt: inDays(-165), secretExpiresAt: inDays(15) }, undefined],
    [
      "as early as asked",
      { renewBeforeExpiryDays: 60 },
      { secretCreatedAt: inDays(-120), secretExpiresAt: inDays(60) },
      "the client secret expires in 60 days",
    ],
    ["after the end", undefined, { secretCreatedAt: inDays(-183), secretExpiresAt: inDays(-3) }, "the client secret expired 3 days ago"],
    ["not before the end with 0 days", { renewBeforeExpiryDays: 0 }, { secretCreatedAt: inDays(-179), secretExpiresAt: inDays(1) }, undefined],
    [
      "after the end with 0 days, too: nobody can sign in",
      { renewBeforeExpiryDays: 0 },
      { secretCreatedAt: inDays(-183), secretExpiresAt: inDays(-3) },
      "the client secret expired 3 days ago",
    ],
  ])("is due %s", async (_when, rotation, times, why) => {
    const made = aged(await stage.up(inputs(rotation)), times);
    const [before] = await entered();
    const plan = await stage.plan(made, inputs(rotation));
    if (why === undefined) {
      expect(plan).toEqual({ changes: false, said: [] });
      return;
    }
    expect(plan).toEqual({ changes: true, said: [expect.stringContaining(`${why}: a new client secret is issued`)] });
    const next = await stage.up(inputs(rotation), made);
    await holdsNewSecret(before);
    expect(await stage.plan(next, inputs(rotation))).toEqual({ changes: false, said: [] });
  });

  it("is asked for by any change of the triggers, their removal too", async () => {
    const made = await stage.up(inputs({ triggers: { leak: "2026-01" } }));
    const [before] = await entered();
    const next = await stage.up(inputs({ triggers: { leak: "2026-02" } }), made);
    await holdsNewSecret(before);
    const [second] = await entered();
    const last = await stage.up(inputs(), next);
    await holdsNewSecret(second);
    expect(await secrets()).toHaveLength(3);
    expect(last.state["retiring"]).toHaveLength(2);
  });

  it("keeps the previous secret for its overlap, and then removes it, which the plan says", async () => {
    const made = await stage.up(inputs({ overlapHours: 48 }));
    const [first] = await secrets();
    const rotated = await stage.up(inputs({ overlapHours: 48, triggers: { now: "1" } }), made);
    const [retiring] = rotated.state["retiring"] as { keyId: string; removableFrom: string }[];
    expect(retiring?.keyId).toBe(first?.keyId);
    expect(Math.round((Date.parse(retiring?.removableFrom ?? "") - Date.now()) / 3_600_000)).toBe(48);
    const declared = inputs({ overlapHours: 48, triggers: { now: "1" } });
    expect(await stage.plan(rotated, declared)).toEqual({ changes: false, said: [] });

    const later = aged(rotated, { retiring: [{ keyId: first?.keyId, removableFrom: inDays(-1) }] });
    expect(await stage.plan(later, declared)).toEqual({ changes: true, said: ["the overlap is over: the previous client secret is removed"] });
    await stage.world.clearCalls();
    const next = await stage.up(declared, later);
    expect(next.state["retiring"]).toEqual([]);
    expect((await stage.changingCalls()).map(({ operation }) => operation)).toEqual(["removePassword"]);
    expect(await secrets()).toHaveLength(1);
    expect(await allWork()).toBe(true);
  });

  it("leaves no secret behind whose value was lost with the answer: there is one new one", async () => {
    const made = await stage.up(inputs());
    const [before] = await entered();
    await stage.world.fault({ operation: "addPassword", fault: "answerLost" });
    await stage.up(inputs({ triggers: { now: "1" } }), made);
    await holdsNewSecret(before);
    expect(await secrets()).toHaveLength(2);
  });

  it("nor one that a replica shows only after the other has been issued", async () => {
    const made = await stage.up(inputs());
    await stage.world.clearCalls();
    // The first look after the lost answer is at the app as it was before.
    await stage.world.fault({ operation: "addPassword", fault: "answerLost" }, { operation: "getApplication", fault: "staleRead", call: 3 });
    await stage.up(inputs({ triggers: { now: "1" } }), made);
    const calls = (await stage.world.calls()).map(({ operation, fault = "" }) => `${operation} ${fault}`.trim());
    expect(calls.slice(calls.indexOf("addPassword answerLost"))[1]).toBe("getApplication staleRead");
    expect(await secrets()).toHaveLength(2);
    expect(await allWork()).toBe(true);
  });

  it("goes on where an app takes two secrets: what has had its overlap goes first, and what has not is waited for", async () => {
    const personal = (now: string) => inputs({ triggers: { now } }, { signInAudience: "AzureADandPersonalMicrosoftAccount" });
    const first = await stage.up(personal("1"));
    const second = await stage.up(personal("2"), first);
    expect(await secrets()).toHaveLength(2);
    const { message } = await stage.failingUp(personal("3"), second);
    expect(message).toContain("two where personal accounts may sign in. Run again when the overlap of the previous one is over (output retiring)");
    expect(await allWork()).toBe(true);

    const [retiring] = second.state["retiring"] as { keyId: string }[];
    const [before] = await entered();
    const third = await stage.up(personal("3"), aged(second, { retiring: [{ keyId: retiring?.keyId, removableFrom: inDays(-1) }] }));
    await holdsNewSecret(before);
    expect(await secrets()).toHaveLength(2);
    expect(third.state["retiring"]).toHaveLength(1);
  });

  it.each([1, 0])("of an app that takes two secrets is finished after a failure in the middle, with an overlap of %i h", async (overlapHours) => {
    const personal = (now: string) => inputs({ triggers: { now }, overlapHours }, { signInAudience: "AzureADandPersonalMicrosoftAccount" });
    const made = await stage.up(personal("1"));
    await stage.world.fault({ operation: "putOAuthClient", fault: "forbidden", call: 1 });
    const kept = keptOf(await stage.failingUp(personal("2"), made), made.inputs);
    await stage.world.clearFaults();
    const [retiring] = kept.state["retiring"] as { keyId: string }[];
    const next = await stage.up(personal("2"), aged(kept, { retiring: [{ keyId: retiring?.keyId, removableFrom: inDays(-3) }] }));
    expect(next.state["drift"]).toEqual([]);
    expect(stage.said("WARNING").join()).toContain("takes no further secret, so one whose overlap is over is ended first");
    expect(await allWork()).toBe(true);
  });

  it("is not done again where only the previous secret could not be removed", async () => {
    const declared = (now: string) => inputs({ triggers: { now }, overlapHours: 0 });
    const made = await stage.up(declared("1"));
    await stage.world.fault({ operation: "removePassword", fault: "forbidden" });
    const kept = keptOf(await stage.failingUp(declared("2"), made), made.inputs);
    await stage.world.clearFaults();
    await stage.world.clearCalls();
    const next = await stage.up(declared("2"), kept);
    expect((await stage.changingCalls()).map(({ operation }) => operation)).toEqual(["removePassword"]);
    expect(next.state).toMatchObject({ retiring: [], drift: [] });
    expect(await stage.plan(next, declared("2"))).toEqual({ changes: false, said: [] });
  });

  it("that died after its secret was issued leaves none once the program takes it back", async () => {
    const made = await stage.up(inputs());
    const { id, passwordCredentials } = await stage.app();
    const mark = passwordCredentials[0]?.displayName?.split(" ")[0];
    await stage.world.graph("POST", `/applications/${id}/addPassword`, { passwordCredential: { displayName: `${mark} 0123456789abcdef` } });
    expect(await secrets()).toHaveLength(2);
    await stage.up(inputs(undefined, { notes: "after" }), made);
    expect((await secrets()).map(({ keyId }) => keyId)).toEqual(passwordCredentials.map(({ keyId }) => keyId));
    expect(await allWork()).toBe(true);
  });

  it("removes the previous secret in the same up with no overlap", async () => {
    const made = await stage.up(inputs({ overlapHours: 0 }));
    const [before] = await entered();
    const next = await stage.up(inputs({ overlapHours: 0, triggers: { now: "1" } }), made);
    await holdsNewSecret(before);
    expect(next.state["retiring"]).toEqual([]);
    expect(await secrets()).toHaveLength(1);
  });

  it("proves the new secret before any slot gets it, as often as Entra needs, and never breaks a login", async () => {
    const made = await stage.up(inputs());
    await stage.connect("outlook-email");
    await stage.world.lag({ secretActivationAttempts: 2 });
    await stage.world.clearCalls();
    const working = stage.up(inputs({ triggers: { now: "1" } }), made).finally(() => stage.world.lag({ secretActivationAttempts: 0 }));
    let done = false;
    void working.then(
      () => (done = true),
      () => (done = true),
    );
    // As fast as the world answers, all the while.
    const seen: boolean[] = [];
    while (!done) seen.push(await allWork());
    await working;
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).not.toContain(false);
    const operations = (await stage.world.calls()).map(({ operation }) => operation);
    const proofs = operations.slice(operations.indexOf("addPassword"), operations.indexOf("putOAuthClient")).filter((operation) => operation === "token");
    expect(proofs.length).toBeGreaterThanOrEqual(2 + 3);
    const { clientSecret } = (await stage.slot("outlook-email")).client ?? {};
    expect(await stage.world.accepted("entra", String(made.state["clientId"]), clientSecret ?? "")).toBe(true);
    expect(await stage.connect("outlook-email")).toMatchObject({ connected: true });
  });

  it("gives a new secret the lifetime that is declared by then", async () => {
    const made = await stage.up(inputs());
    const next = await stage.up(inputs({ triggers: { now: "1" } }, { secretLifetimeDays: 30 }), made);
    const days = (Date.parse(String(next.state["secretExpiresAt"])) - Date.parse(String(next.state["secretCreatedAt"]))) / DAY;
    expect(Math.round(days)).toBe(30);
    expect((await stage.plan(next)).changes).toBe(false);
  });

  it("is not due at once where the lifetime is as short as the usual window", async () => {
    for (const secretLifetimeDays of [1, 7, 14]) {
      const made = await stage.up(inputs(undefined, { secretLifetimeDays }));
      expect(await stage.plan(made)).toEqual({ changes: false, said: [] });
      await stage.destroy(made);
    }
  });
});
