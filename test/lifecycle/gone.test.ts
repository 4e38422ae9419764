/** When a refresh may say "gone", and when it must not: a server that refuses, fails or is silent proves nothing. */

import type { Fault } from "../../src/sandbox/faults.js";
import { entra, failureOf, HOSTS, type Made, type Stage, startStage, uses } from "../support/oauthClientConfig.js";

const FAULTS: [string, Omit<Fault, "counterpart">][] = [
  ["refuses (401)", { fault: "unauthorized" }],
  ["refuses (403)", { fault: "forbidden" }],
  ["fails (503)", { fault: "serverError" }],
  ["throttles (429)", { fault: "throttled" }],
  ["says nothing", { fault: "hang" }],
  ["shows a page", { fault: "html" }],
  ["is hidden by a proxy that does not find it (404)", { fault: "html", status: 404 }],
  ["sends elsewhere", { fault: "redirect", location: "https://login.example/" }],
];

describe.each(HOSTS)("a refresh through the %s host", (_name, start) => {
  let stage: Stage;
  let made: Made;
  beforeAll(async () => {
    stage = await startStage(start, { environment: { ODEUS_RETRY_SECONDS: "0", ODEUS_CALL_TIMEOUT_SECONDS: "1" } });
  });
  const inputs = { integrations: uses("outlook-email"), entra: entra() };
  beforeEach(async () => {
    await stage.clear();
    made = await stage.up(inputs);
  });
  afterAll(() => stage.stop());

  const purge = async (): Promise<void> => {
    const { id } = await stage.app();
    await stage.world.graph("DELETE", `/applications/${id}`);
    await stage.world.graph("DELETE", `/directory/deletedItems/${id}`);
  };

  describe.each(["entra", "odeus"])("when %s", (counterpart) => {
    it.each(FAULTS)("%s fails, and changes nothing", async (_how, fault) => {
      const operation = counterpart === "odeus" ? "getOAuthClient" : "getApplication";
      await stage.world.fault({ ...fault, operation, counterpart, times: "always" });
      await stage.world.clearCalls();
      await expect(stage.refresh(made)).rejects.toThrow(/reading/);
      expect(await stage.changingCalls()).toEqual([]);
      await stage.world.clearFaults();
      expect((await stage.refresh(made))?.state["drift"]).toEqual([]);
    });
  });

  const deleteIntegration = (slug: string) => stage.world.odeus("DELETE", `/settings/integrations/${stage.world.integrations[slug]}`);

  it("answers gone when the app is gone for good and the slot does not hold it", async () => {
    await purge();
    await stage.world.odeus("DELETE", stage.slotPath("outlook-email"));
    expect(await stage.refresh(made)).toBeUndefined();
  });

  it("does not answer gone while a slot holds the client, or while the app can be restored", async () => {
    await purge();
    expect((await stage.refresh(made))?.state["drift"]).toEqual([expect.stringMatching(/is gone from Entra/)]);
    await stage.clear();
    made = await stage.up(inputs);
    await stage.world.odeus("DELETE", stage.slotPath("outlook-email"));
    await stage.world.graph("DELETE", `/applications/${(await stage.app()).id}`);
    expect((await stage.refresh(made))?.state["drift"]).toHaveLength(2);
  });

  it("does not answer gone for a hand-made client that was taken out of its slot: the next up enters it again", async () => {
    const { redirectUrl, defaultScopes } = await stage.slot("jira");
    const client = await stage.world.vendorClient("atlassian", { redirectUris: [redirectUrl], scopes: defaultScopes });
    const byHand = await stage.up({ integrations: uses("jira"), existing: client });
    expect(await stage.refresh(byHand)).toEqual({ id: byHand.id, state: byHand.state, inputs: byHand.inputs });
    await stage.world.odeus("DELETE", stage.slotPath("jira"));
    const seen = await stage.refresh(byHand);
    expect(seen?.state["drift"]).toEqual(["jira was switched back to Odeus's own client"]);
    await stage.up({ integrations: uses("jira"), existing: client }, seen);
    expect((await stage.slot("jira")).client).toMatchObject(client);
  });

  it("refuses a key for another workspace: nothing counts as gone", async () => {
    const rollout = made.state["rollout"] as { slots: Record<string, never> };
    const elsewhere = Object.fromEntries(Object.values(rollout.slots).map((record, index) => [`00000000-0000-4000-8000-00000000000${index}`, record]));
    await purge();
    await expect(stage.refresh({ ...made, state: { ...made.state, rollout: { ...rollout, slots: elsewhere } } })).rejects.toThrow(/another workspace/);
  });

  it("refuses credentials for another tenant than the state's", async () => {
    const state = { ...made.state, tenantId: stage.world.secondTenantId };
    await expect(stage.refresh({ ...made, state })).rejects.toThrow(/this state belongs to tenant .*, the credentials are for tenant/);
  });

  // Last: an integration that is deleted stays so.
  it("tells which integration people deleted, and an up without it is quiet afterwards", async () => {
    const both = await stage.up({ integrations: uses("outlook-email", "sharepoint"), entra: entra() });
    await deleteIntegration("sharepoint");
    const seen = (await stage.refresh(both)) as Made;
    expect(seen.state["drift"]).toEqual(["integration sharepoint is gone from the workspace"]);
    expect((await stage.failingUp(both.inputs as never, seen)).message).toContain('the workspace has no integration "sharepoint"');
    const mended = await stage.up(inputs, { ...both, state: seen.state });
    expect(mended.state["drift"]).toEqual([]);
    expect((await stage.plan(mended)).changes).toBe(false);
  });

  it("cannot tell the end of its only integration from another workspace, and names the way out, which leads back to the client", async () => {
    const only = await stage.up({ integrations: uses("excel"), entra: entra() });
    await deleteIntegration("excel");
    const { message } = await failureOf(stage.refresh(only));
    expect(message).toContain("If the key is right and people deleted all of them, `pulumi state delete` forgets this resource");
    // Forgotten, and declared with another integration.
    expect((await stage.up(inputs)).state["clientId"]).toBe(only.state["clientId"]);
    expect(await stage.works("outlook-email")).toBe(true);
  });
});
