/** A first `up` that fails at any of its changing calls, in three ways: afterwards nothing is left, and the error says so. */

import type { Fault } from "../../src/sandbox/faults.js";
import { entra, HOSTS, type Stage, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

/** Every changing call of a clean create; held against the record of one below. */
const CALLS = ["upsertApplication", "upsertServicePrincipal", "createGrant", "putLogo", "addPassword", "putOAuthClient"];
const FAULTS: [string, Pick<Fault, "fault" | "effect">][] = [
  ["fails", { fault: "serverError" }],
  ["is refused", { fault: "forbidden" }],
  ["has its effect and no answer", { fault: "answerLost" }],
];

const INPUTS: Inputs = {
  integrations: uses("outlook-email", "sharepoint"),
  entra: entra({ grantAdminConsent: true, logo: { kind: "asset", hash: "one", text: "GIF89a-a-small-picture" } }),
};

describe.each(HOSTS)("a create that fails through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start, { environment: { ODEUS_RETRY_SECONDS: "0" } });
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  it("has a place in this table for each of its changing calls", async () => {
    await stage.up(INPUTS);
    expect([...new Set((await stage.changingCalls()).map(({ operation }) => operation))].sort()).toEqual([...CALLS].sort());
  });

  describe.each(FAULTS)("when a call %s for as long as it is tried", (_how, fault) => {
    // A lost answer of the workspace is followed by a read, and is no failure: see below.
    const calls = CALLS.filter((operation) => !(fault.fault === "answerLost" && operation === "putOAuthClient"));
    it.each(calls)("at %s: nothing is left", async (operation) => {
      await stage.world.fault({ ...fault, operation, times: "always" });
      const failure = await stage.failingUp(INPUTS);
      await stage.world.clearFaults();
      expect(failure.partial).toBeUndefined();
      // Where the registration itself had no effect, there is nothing to undo, and nothing is claimed to be undone.
      const nothingMade = operation === "upsertApplication" && fault.fault !== "answerLost";
      expect(failure.message).toMatch(
        nothingMade ? /Nothing was changed\./ : /Undone: .*app registration "Odeus mail" and its secrets are removed.* Nothing is left behind\./,
      );
      expect(await stage.apps()).toEqual([]);
      expect((await stage.slot("outlook-email")).client).toBeUndefined();
      expect((await stage.slot("sharepoint")).client).toBeUndefined();
    });
  });

  it("is none where only the workspace's answers are lost: what it holds counts", async () => {
    await stage.world.fault({ operation: "putOAuthClient", fault: "answerLost", times: "always" });
    const made = await stage.up(INPUTS);
    await stage.world.clearFaults();
    expect(await Promise.all([stage.works("outlook-email"), stage.works("sharepoint")])).toEqual([true, true]);
    expect(await stage.plan(made)).toEqual({ changes: false, said: [] });
    expect((await stage.refresh(made))?.state["drift"]).toEqual([]);
  });

  it("at one of two slots: both are back, and the create after it works", async () => {
    await stage.world.fault({ operation: "putOAuthClient", fault: "forbidden", call: 1 });
    const failure = await stage.failingUp(INPUTS);
    expect(failure.message).toMatch(/Undone: .*is back on Odeus's own client/);
    expect(await stage.apps()).toEqual([]);
    expect((await stage.slot("outlook-email")).client).toBeUndefined();
    expect((await stage.slot("sharepoint")).client).toBeUndefined();
    await stage.up(INPUTS);
    expect(await Promise.all([stage.works("outlook-email"), stage.works("sharepoint")])).toEqual([true, true]);
  });

  it("at a secret that Entra never takes: nothing is left", async () => {
    await stage.world.lag({ secretActivationAttempts: 1000 });
    const failure = await stage.failingUp(INPUTS).finally(() => stage.world.lag({ secretActivationAttempts: 0 }));
    expect(failure.message).toMatch(/rejected for 3 s[\s\S]*Nothing is left behind/);
    expect(await stage.apps()).toEqual([]);
    expect((await stage.slot("outlook-email")).client).toBeUndefined();
  });

  it("after it restored the app of an earlier destroy: the app is back in the recycle bin", async () => {
    const made = await stage.up(INPUTS);
    await stage.destroy(made);
    await stage.world.fault({ operation: "putOAuthClient", fault: "forbidden", times: "always" });
    await stage.failingUp(INPUTS);
    expect(await stage.apps()).toEqual([expect.objectContaining({ appId: made.state["clientId"], deletedDateTime: expect.any(String) })]);
  });
});
