/** Stopped in the middle: at once, with what exists recorded, and finished by the next run. */

import type { Fault } from "../../src/sandbox/faults.js";
import { entra, failureOf, HOSTS, keptOf, type Made, type Stage, startStage, uses } from "../support/oauthClientConfig.js";
import { startPluginProcess } from "../support/pluginProcess.js";
import type { HostFailure, Inputs } from "../support/providerHost.js";

const MAIL = { integrations: uses("outlook-email"), entra: entra() };
const HANG = { fault: "hang", times: "always" } as const;
/** Longer than any test: only being stopped can end a call. */
const PATIENT = { ODEUS_CALL_TIMEOUT_SECONDS: "120", ODEUS_RETRY_SECONDS: "120", ODEUS_VERIFY_SECONDS: "120" };

let stage: Stage;
beforeAll(async () => {
  stage = await startStage(startPluginProcess, { environment: PATIENT });
});
beforeEach(async () => {
  await stage.clear();
  await stage.host.configure({});
});
afterAll(() => stage.stop());

/** Waits until a call of this operation has arrived at the remote. */
async function arrived(operation: string, count = 1): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if ((await stage.world.calls()).filter((call) => call.operation === operation).length >= count) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`no call of ${operation}`);
}

/** Lets a run hang in this call, stops it there, and answers how it failed and how long that took. */
async function stoppedIn(fault: Omit<Fault, "fault">, work: () => Promise<unknown>): Promise<{ failure: HostFailure; milliseconds: number }> {
  await stage.world.clearCalls();
  await stage.world.fault({ ...HANG, ...fault });
  const running = failureOf(work());
  // A call that hangs is recorded when it arrives.
  await arrived(fault.operation ?? "", (fault.call ?? 0) + 1);
  const startedAt = Date.now();
  await stage.host.cancel();
  const failure = await running;
  await stage.world.clearFaults();
  return { failure, milliseconds: Date.now() - startedAt };
}

/** The next run, by whatever the engine has kept: an update, since it remembers the failure. */
async function finishes(failure: HostFailure, inputs: Inputs): Promise<Made> {
  const { inputs: news } = await stage.host.check(stage.urn(), inputs);
  const made = await stage.update(keptOf(failure, news), news);
  expect(made.state["drift"]).toEqual([]);
  expect(await stage.works("outlook-email")).toBe(true);
  // A secret that was already out may be in use: it is retired like any other, and known.
  const { rollout, retiring } = made.state as { rollout: { client: { secretKeyId: string } }; retiring: { keyId: string }[] };
  const known = [rollout.client.secretKeyId, ...retiring.map(({ keyId }) => keyId)];
  expect((await stage.app()).passwordCredentials.map(({ keyId }) => keyId).sort()).toEqual(known.sort());
  return made;
}

describe("Ctrl-C in a create", () => {
  it.each([
    ["addPassword", { counterpart: "entra", operation: "addPassword" }],
    ["addPassword, which arrived", { counterpart: "entra", operation: "addPassword", effect: true }],
    // The first token is the deployer's own.
    ["the proof", { counterpart: "entra", operation: "token", call: 1 }],
    ["the entry", { counterpart: "odeus", operation: "putOAuthClient" }],
    ["the entry, which arrived", { counterpart: "odeus", operation: "putOAuthClient", effect: true }],
  ])("during %s records the app, and the next run finishes with the same app and no secret unknown", async (_what, fault) => {
    const { failure, milliseconds } = await stoppedIn(fault, () => stage.up(MAIL));
    expect(milliseconds).toBeLessThan(2000);
    const app = await stage.app();
    expect(failure.partial).toMatchObject({
      id: `entra/${app.appId}`,
      reasons: [expect.stringContaining(`stopped before it was finished. What exists is recorded (client ${app.appId}); the next up finishes.`)],
      state: { clientId: app.appId, drift: ["stopped before it was finished; the next up finishes"] },
    });
    if (fault.operation !== "putOAuthClient") {
      const drift = (await stage.refresh(keptOf(failure, (await stage.host.check(stage.urn(), MAIL)).inputs)))?.state["drift"];
      expect(drift).toEqual(expect.arrayContaining(["outlook-email has not got this client yet"]));
      expect(drift).not.toEqual(expect.arrayContaining([expect.stringMatching(/by hand|switched back/)]));
    }
    await finishes(failure, MAIL);
  });

  it("before anything exists is a plain error", async () => {
    const { failure, milliseconds } = await stoppedIn({ counterpart: "odeus", operation: "listIntegrations" }, () => stage.up(MAIL));
    expect(milliseconds).toBeLessThan(2000);
    expect(failure.partial).toBeUndefined();
    expect(failure.message).toContain("stopped before it was finished");
    expect(await stage.apps()).toEqual([]);
    expect((await stage.up(MAIL)).state["drift"]).toEqual([]);
  });

  it("while signing in is a plain error too", async () => {
    const { failure, milliseconds } = await stoppedIn({ counterpart: "entra", operation: "token" }, () => stage.up(MAIL));
    expect(milliseconds).toBeLessThan(2000);
    expect(failure.partial).toBeUndefined();
  });

  it("while it waits to try again ends the wait", async () => {
    await stage.world.fault({ counterpart: "odeus", operation: "listIntegrations", fault: "throttled", retryAfter: "60", times: "always" });
    const running = failureOf(stage.up(MAIL));
    await arrived("listIntegrations");
    const startedAt = Date.now();
    await stage.host.cancel();
    expect((await running).message).toContain("stopped before it was finished");
    expect(Date.now() - startedAt).toBeLessThan(2000);
  });

  it("while it waits for a secret to be accepted ends the wait", async () => {
    await stage.world.lag({ secretActivationAttempts: 1000 });
    const running = failureOf(stage.up(MAIL));
    await arrived("addPassword");
    await new Promise((done) => setTimeout(done, 300));
    await stage.host.cancel();
    const failure = await running;
    await stage.world.lag({ secretActivationAttempts: 0 });
    expect(failure.partial).toBeDefined();
    await finishes(failure, MAIL);
  });
});

describe("Ctrl-C in an update", () => {
  it("of a rotation leaves the old secret working, and the next run finishes", async () => {
    const made = await stage.up({ ...MAIL, rotation: { triggers: { run: "1" } } });
    const news = { ...MAIL, rotation: { triggers: { run: "2" }, overlapHours: 0 } };
    const { failure } = await stoppedIn({ counterpart: "odeus", operation: "putOAuthClient" }, () => stage.up(news, made));
    expect(failure.partial?.id).toBe(made.id);
    expect(await stage.works("outlook-email")).toBe(true);
    await finishes(failure, news);
  });

  it("before it changed anything records the state as it was", async () => {
    const made = await stage.up(MAIL);
    const { failure } = await stoppedIn({ counterpart: "odeus", operation: "listIntegrations" }, () =>
      stage.up({ ...MAIL, entra: entra({ notes: "n" }) }, made),
    );
    if (failure.partial !== undefined)
      expect(failure.partial.state).toMatchObject({ clientId: made.state["clientId"], secretCreatedAt: made.state["secretCreatedAt"] });
    expect(await stage.works("outlook-email")).toBe(true);
  });

  it("in a destroy is an error, and the next destroy takes the rest away", async () => {
    const made = await stage.up(MAIL);
    const { failure } = await stoppedIn({ counterpart: "entra", operation: "deleteApplication" }, () => stage.destroy(made));
    expect(failure.message).toContain("stopped before it was finished");
    await stage.destroy(made);
    expect((await stage.apps()).filter(({ deletedDateTime }) => deletedDateTime === null)).toEqual([]);
  });

  it("in a refresh is an error that changes nothing", async () => {
    const made = await stage.up(MAIL);
    const { failure, milliseconds } = await stoppedIn({ counterpart: "odeus", operation: "getOAuthClient" }, () => stage.refresh(made));
    expect(milliseconds).toBeLessThan(2000);
    expect(failure.partial).toBeUndefined();
  });
});

it("a timeout of the program's own stops the run likewise, and names the option", async () => {
  await stage.world.fault({ ...HANG, counterpart: "entra", operation: "addPassword" });
  const { inputs } = await stage.host.check(stage.urn(), MAIL);
  const failure = await failureOf(stage.host.create(stage.urn(), inputs, { timeoutSeconds: 1 }));
  expect(failure.partial?.reasons.join()).toContain("it took longer than 1 s. Give it more time with the resource option customTimeouts");
  await stage.world.clearFaults();
  await finishes(failure, MAIL);
});

describe.each(HOSTS)("through the %s host", (_name, start) => {
  it("a call that never ends is given up after its own time", async () => {
    const short = await startStage(start, { environment: { ODEUS_CALL_TIMEOUT_SECONDS: "1" } });
    try {
      await short.world.fault({ ...HANG, counterpart: "entra", operation: "addPassword" });
      const { message } = await short.failingUp(MAIL);
      expect(message).toContain("gave no answer within 1 s");
      expect(message).toContain("Nothing is left behind");
    } finally {
      await short.stop();
    }
  });
});
