/** The process dies by SIGKILL right after a statement or an entry took effect: what the workspace holds is taken, and the next `up` finishes. */

import { HOSTS, type Made, type Stage } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";
import { type SnowflakeStage, startSnowflakeStage } from "../support/snowflakeIntegration.js";

/** A call, and which of its kind. */
type At = [operation: string, call: number];
const CREATE: At[] = [
  ["statement:CREATE", 0],
  ["updateIntegrationAuth", 0],
];
/** A rotation that ends the former secret in the same up, beside a SET and an UNSET. */
const ROTATION: At[] = [
  ["statement:ALTER", 0],
  ["statement:ALTER", 1],
  ["statement:REFRESH", 0],
  ["updateIntegrationAuth", 0],
  ["statement:REFRESH", 1],
];
const DELETE: At[] = [
  ["deleteOAuthClient", 0],
  ["statement:DROP", 0],
];

describe.each(HOSTS)("a killed %s process at Snowflake", (_name, start) => {
  let stage: SnowflakeStage;
  beforeAll(async () => {
    stage = await startSnowflakeStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const plain = (): Inputs => stage.declared({ networkPolicy: "odeus_egress" });
  const rotated = (): Inputs => stage.declared({ oauthEnforcePkce: false, comment: "after", rotation: { overlapHours: 0, triggers: { round: "1" } } });

  /** Another process on the same world does this work and is killed at that call. */
  async function killedAt([operation, call]: At, work: (victim: SnowflakeStage) => Promise<unknown>): Promise<void> {
    const victim = await stage.again();
    await stage.world.fault({ fault: "killAfter", operation, call, pid: victim.host.pid });
    await expect(work(victim)).rejects.toThrow();
    expect(await victim.host.exited).toBe("SIGKILL");
    await victim.host.stop();
    await stage.world.clearFaults();
  }

  async function operations(work: () => Promise<unknown>): Promise<string[]> {
    await stage.world.clearCalls();
    await work();
    return (await stage.changingCalls()).map(({ operation }) => operation).sort();
  }

  /** One integration, whose secret the workspace holds: the one that state calls the one in use. */
  async function whole(made: Made): Promise<void> {
    const { clientId } = await stage.integration();
    expect(made.state).toMatchObject({ clientId, drift: [], activeSecretSlot: await stage.slotInUse() });
    expect(await stage.login()).toBe(true);
    expect((await stage.refreshed(made)).state["drift"]).toEqual([]);
    expect((await stage.plan(made)).changes).toBe(false);
    expect(await stage.connect(stage.place.slug)).toMatchObject({ connected: true });
  }

  const names = (table: At[]): string[] => table.map(([operation]) => operation).sort();

  it("has a place in these tables for each changing call", async () => {
    let made = {} as Made;
    const create = async () => {
      made = await stage.up(plain());
    };
    const update = async () => {
      made = await stage.up(rotated(), made);
    };
    expect(await operations(create)).toEqual(names(CREATE));
    expect(await operations(update)).toEqual(names(ROTATION));
    expect(await operations(() => stage.destroy(made))).toEqual(names(DELETE));
  });

  it.each(CREATE)("in a create, after %s %i, is followed by a create that makes one of it", async (...at) => {
    await killedAt(at, (victim) => victim.up(plain()));
    await whole(await stage.up(plain()));
  });

  it.each(ROTATION)("in a rotation, after %s %i, has ended no secret that is in use, and is followed by the same rotation", async (...at) => {
    const made = await stage.up(plain());
    const [first] = (await stage.integration()).secrets;
    await stage.world.clearCalls();
    await stage.world.watch("snowflake");
    await killedAt(at, (victim) => victim.up(rotated(), made));
    const next = await stage.up(rotated(), made);
    // After each call of both runs, whether what the workspace holds is taken.
    const { looks, refusals } = await stage.world.watched();
    await stage.world.watch();
    expect(refusals).toEqual([]);
    expect(looks).toBe((await stage.world.calls()).length);
    await whole(next);
    expect(next.state).toMatchObject({ activeSecretSlot: 2, retiring: [] });
    expect((await stage.integration()).secrets).not.toContain(first);
  });

  it.each(ROTATION.slice(2))("in a rotation, after %s %i, is followed by a refresh and an up without it", async (...at) => {
    const made = await stage.up(plain());
    await killedAt(at, (victim) => victim.up(rotated(), made));
    const seen = await stage.refreshed(made);
    const next = await stage.up(plain(), seen);
    expect(await stage.login()).toBe(true);
    await whole(next);
  });

  it.each(DELETE)("in a delete, after %s %i, is followed by the same delete", async (...at) => {
    const made = await stage.up(plain());
    await killedAt(at, (victim) => victim.destroy(made));
    await stage.destroy(made);
    expect(await stage.integrations()).toEqual({});
    expect((await stage.slot(stage.place.slug)).client).toBeUndefined();
  });

  it.each(CREATE)("in a replacement by another name, after %s %i, is followed by the same replacement", async (...at) => {
    const original = await stage.up(plain());
    const renamed = { ...plain(), name: "another" };
    await killedAt(at, (victim) => victim.up(renamed));
    expect(await stage.login()).toBe(true);
    const run: Stage = await stage.again();
    const made = await run.up(renamed);
    await run.host.delete(run.urn(), original.id, original.state);
    await run.host.stop();
    expect(Object.keys(await stage.integrations())).toEqual(["ANOTHER"]);
    await whole(made);
  });
});
