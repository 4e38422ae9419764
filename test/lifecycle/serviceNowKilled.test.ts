/** The process dies by SIGKILL right after a call for a ServiceNow client took effect: the next run of the same declaration picks the work up. */

import { HOSTS, type Made } from "../support/oauthClientConfig.js";
import { type ServiceNowStage, startServiceNowStage } from "../support/serviceNowRegistry.js";

/** A changing call, and which of its kind. */
type At = [operation: string, call: number];
const CREATE: At[] = [
  ["createRecord", 0],
  ["putOAuthClient", 0],
  ["updateIntegrationAuth", 0],
];
/** Another name, another secret, one integration less. */
const UPDATE: At[] = [
  ["updateRecord", 0],
  ["updateRecord", 1],
  ["putOAuthClient", 0],
  ["deleteOAuthClient", 0],
  ["updateRecord", 2],
];
const DELETE: At[] = [
  ["deleteOAuthClient", 0],
  ["deleteOAuthClient", 1],
  ["deleteRecord", 0],
];

describe.each(HOSTS)("a killed %s process", (_name, start) => {
  let stage: ServiceNowStage;
  beforeAll(async () => {
    stage = await startServiceNowStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const first = () => stage.forBoth({ comments: "before" });
  const second = () => stage.declared({ name: "After" }, { rotation: { triggers: { run: "1" } } });

  /** Another process on the same world does this work and is killed at that call. */
  async function killedAt([operation, call]: At, work: (victim: ServiceNowStage) => Promise<unknown>): Promise<void> {
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
    return (await stage.operations()).sort();
  }

  /** One entry, whose secret all these slots hold, and quiet. */
  async function whole(made: Made, slugs: string[]): Promise<void> {
    const { client_id, client_secret } = await stage.record();
    expect(made.state).toMatchObject({ clientId: client_id, drift: [], retiring: [] });
    for (const slug of slugs) expect((await stage.slot(slug)).client).toMatchObject({ clientId: client_id, clientSecret: client_secret });
    expect((await stage.refreshed(made)).state["drift"]).toEqual([]);
    expect((await stage.plan(made)).changes).toBe(false);
    expect(await stage.signIn()).toMatchObject({ connected: true });
  }

  it("has a place in these tables for each changing call", async () => {
    let made = {} as Made;
    const names = (calls: At[]) => calls.map(([operation]) => operation).sort();
    const keep = async (work: Promise<Made>) => {
      made = await work;
    };
    expect(await operations(() => keep(stage.up(first())))).toEqual(names(CREATE));
    expect(await operations(() => keep(stage.up(second(), made)))).toEqual(names(UPDATE));
    made = await stage.up(first(), made);
    expect(await operations(() => stage.destroy(made))).toEqual(names(DELETE));
  });

  it.each(CREATE)("in a create, after %s %i, is followed by a create that goes on with the same entry", async (...at) => {
    await killedAt(at, (victim) => victim.up(first()));
    const { client_id } = await stage.record();
    const made = await stage.up(first());
    expect(made.state["clientId"]).toBe(client_id);
    await whole(made, ["servicenow", stage.hr]);
  });

  it.each(UPDATE)("in an update, after %s %i, is followed by the same update with the old state", async (...at) => {
    const made = await stage.up(first());
    await killedAt(at, (victim) => victim.up(second(), made));
    // The gap of a server with one secret: between the second call and the third.
    expect(await stage.works()).toBe(at.join() !== "updateRecord,1");
    await whole(await stage.up(second(), made), ["servicenow"]);
    expect((await stage.slot(stage.hr)).client).toBeUndefined();
    expect(await stage.record()).toMatchObject({
      name: "After",
      comments: expect.stringMatching(/^\[odeus-key/),
      redirect_url: (await stage.slot("servicenow")).redirectUrl,
    });
  });

  it.each(DELETE)("in a delete, after %s %i, is followed by the same delete", async (...at) => {
    const made = await stage.up(first());
    await killedAt(at, (victim) => victim.destroy(made));
    await stage.destroy(made);
    expect(await stage.records()).toEqual([]);
    for (const slug of ["servicenow", stage.hr]) expect((await stage.slot(slug)).client).toBeUndefined();
  });

  it("in a create, is followed by a create of another declaration under the same name, which makes it of the same entry", async () => {
    await killedAt(["putOAuthClient", 0], (victim) => victim.up(first()));
    const { client_id } = await stage.record();
    const made = await stage.up(stage.declared({ name: "Another" }));
    expect(await stage.record()).toMatchObject({ client_id, name: "Another" });
    await whole(made, ["servicenow"]);
  });
});
