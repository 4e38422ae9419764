/** Integrations made from scratch where a name is taken, people deleted one, the key is another workspace's, or the state is a newer one; both hosts. */

import { UNKNOWN } from "../../src/core/value.js";
import { failureOf, HOSTS, type Played, type Stage, startAgain, startStage } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

const PLAYED: Played = { kind: "CustomIntegration", name: "lake", nothing: (urn) => ({ name: urn.slice(-40) }), server: "atlassian" };

describe.each(HOSTS)("a custom integration through the %s host", (host, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start, { played: PLAYED });
  });
  afterAll(() => stage.stop());
  beforeEach(() => stage.clear());

  const elsewhere = (count: number): string => `00000000-0000-4000-8000-00000000000${count}`;
  const byHand = (name: string) => stage.world.odeus("POST", "/integrations/v1/create", { name, authType: "OAUTH" });
  const refused = async (inputs: Inputs): Promise<string> => (await failureOf(stage.up(inputs))).message;
  const delete_ = (id: string) => stage.world.odeus("DELETE", `/settings/integrations/${id}`);

  it.each<[string, Inputs, string]>([
    ["a name of 41 characters", { name: "n".repeat(41) }, "name: "],
    ["a description of 91 characters", { name: "Long", description: "d".repeat(91) }, "description: "],
    ["a name with a blank at its end", { name: "Lake " }, "name: must not start or end with a blank"],
  ])("is refused %s", async (_what, inputs, property) => {
    expect((await stage.host.check(stage.urn(), inputs)).failures).toEqual([expect.stringContaining(property)]);
  });

  it("may have the longest name and description", async () => {
    await stage.up({ name: "n".repeat(40), description: "d".repeat(90) });
  });

  it("shares its name with no other of the program", async () => {
    await stage.host.check(stage.urn("one"), { name: "Shared" });
    const { failures } = await stage.host.check(stage.urn("two"), { name: "Shared" });
    expect(failures).toEqual([expect.stringMatching(/the integration named Shared.* is also claimed by CustomIntegration "one"/)]);
  });

  it("is refused a name that two have, or one whose slot is filled", async () => {
    for (const _ of [1, 2]) await byHand("Twin");
    expect(await refused({ name: "Twin" })).toContain('the name "Twin" is taken: 2 integrations have it');
    const { id } = await stage.up({ name: "Filled" });
    await stage.world.odeus("PUT", `/integrations/v1/${id}/oauth-client`, { clientId: "by-hand", clientSecret: "of-no-interest" });
    expect(await refused({ name: "Filled" })).toContain("already holds a client");
  });

  it("is not renamed to a name that another one has", async () => {
    const made = await stage.up({ name: "Before" });
    await byHand("Occupied");
    const expected = 'the name "Occupied" is taken: another integration has it';
    expect((await failureOf(stage.up({ name: "Occupied" }, made))).message).toContain(expected);
    if (host === "plugin") {
      const preview = stage.host.update(stage.urn(), made.id, made.state, { name: "Occupied" }, { preview: true });
      expect((await failureOf(preview)).message).toContain(expected);
    }
    expect(await stage.refresh(made)).toMatchObject({ inputs: { name: "Before" } });
  });

  it("that people deleted is gone, and made anew", async () => {
    const made = await stage.up({ name: "Short-lived" });
    await delete_(made.id);
    expect(await stage.refresh(made)).toBeUndefined();
    expect((await failureOf(stage.update(made, { name: "Short-lived", description: "Changed" }))).message).toContain(
      `integration ${made.id} is gone from the workspace. Run \`pulumi refresh\`, then \`pulumi up\`: a new one is made.`,
    );
    await stage.destroy(made);
    expect(stage.said("WARNING")).toEqual([]);
    const anew = await stage.up({ name: "Short-lived" });
    expect(anew.id).not.toBe(made.id);
    expect((await stage.plan(anew)).changes).toBe(false);
  });

  it("does not count as gone for a key of another workspace", async () => {
    const made = await stage.up({ name: "Kept" });
    const state = { ...made.state, neighbours: [elsewhere(1), elsewhere(2)] };
    const foreign = { ...made, id: elsewhere(3), state };
    for (const work of [() => stage.refresh(foreign), () => stage.update(foreign, { name: "Renamed" }), () => stage.destroy(foreign)])
      expect((await failureOf(work())).message).toContain("this API key is for another workspace than this state");
  });

  it("of a state in a newer shape is refused in every operation, and nothing is changed", async () => {
    const made = await stage.up({ name: "Newer" });
    expect(made.state["stateVersion"]).toBe(1);
    const newer = { ...made, state: { ...made.state, stateVersion: 2 } };
    await stage.world.clearCalls();
    for (const work of [() => stage.plan(newer), () => stage.refresh(newer), () => stage.update(newer), () => stage.destroy(newer)])
      expect((await failureOf(work())).message).toContain("written by a newer version of the odeus provider (record 2, this version knows 1)");
    expect(await stage.world.calls()).toEqual([]);
  });

  // The engine does not ask the dynamic host in a preview.
  if (host === "plugin")
    it("says in a preview that nothing was checked: without a key, or while its name is not known", async () => {
      const bare = await startAgain(stage, start, { ODEUS_API_KEY: "" });
      await bare.host.create(bare.urn(), { name: "Unseen" }, { preview: true });
      await bare.host.stop();
      expect(bare.said()).toEqual([expect.stringMatching(/^not checked against the workspace: no Odeus API key/)]);
      await stage.host.create(stage.urn(), { name: UNKNOWN }, { preview: true });
      expect(stage.said()).toEqual(["not checked against the workspace: name is not known before `up`"]);
    });
});
