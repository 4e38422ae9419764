/** A ServiceNow client moved to another instance: the slots follow, the former entry goes, and what happens where it cannot. */

import type { Row } from "../../src/sandbox/serviceNow/instance.js";
import { HOSTS, keptOf, type Made } from "../support/oauthClientConfig.js";
import { startWorld, type World } from "../support/sandbox.js";
import { type ServiceNowStage, startServiceNowStage } from "../support/serviceNowRegistry.js";

describe.each(HOSTS)("a ServiceNow client that moves, through the %s host", (_name, start) => {
  let stage: ServiceNowStage;
  /** Its instance is the former one. */
  let former: World;
  /** Instances are named by their whole address here. */
  const byAddress = { ODEUS_ENDPOINT_SERVICENOW: "", ODEUS_PRIVATE_HOSTS: "localhost", ODEUS_RETRY_SECONDS: "0" };
  beforeAll(async () => {
    stage = await startServiceNowStage(start, byAddress);
  });
  beforeEach(async () => {
    await stage.clear();
    former = await startWorld();
    // One and the same user deploys at both.
    await former.serviceNowUser(["oauth_admin"], stage.world.serviceNow);
  });
  afterEach(() => former.close());
  afterAll(() => stage.stop());

  const atFormer = () => stage.declared({ instance: former.origins.serviceNow });
  const atNew = () => stage.declared({ instance: stage.world.origins.serviceNow });
  const left = async (): Promise<Row[]> => (await former.state()).serviceNow.tables.oauth_entity.filter(({ name }) => name === "Odeus");
  const worksAtFormer = async (slug = "servicenow") => {
    const { client } = await stage.slot(slug);
    return former.accepted("serviceNow", client?.clientId ?? "", client?.clientSecret ?? "");
  };
  async function quiet(made: Made, inputs = atNew()): Promise<void> {
    expect(made.state["drift"]).toEqual([]);
    expect(await stage.plan(await stage.refreshed(made), inputs)).toEqual({ changes: false, said: [] });
  }

  it("is made at the new instance, entered, and then removed at the former one; the plan says that people sign in again", async () => {
    const made = await stage.up(atFormer());
    expect([await worksAtFormer(), await stage.records()]).toEqual([true, []]);
    expect((await stage.plan(made, atNew())).said).toEqual(["another client id: users of servicenow sign in again when their access token ends"]);
    const next = await stage.up(atNew(), made);
    expect(next.id).toBe(made.id);
    expect(next.state).toMatchObject({
      clientId: (await stage.record())["client_id"],
      rollout: { client: { instance: stage.world.origins.serviceNow } },
    });
    expect(await stage.works()).toBe(true);
    expect(await left()).toEqual([]);
    await quiet(next);
    expect(await stage.signIn()).toMatchObject({ connected: true });
  });

  it("and that one of two slots refuses stays at the former instance, with one secret that works", async () => {
    const both = (world: World) => stage.forBoth({ instance: world.origins.serviceNow });
    const made = await stage.up(both(former));
    await stage.world.fault({ operation: "putOAuthClient", fault: "forbidden" });
    const failure = await stage.failingUp(both(stage.world), made);
    expect(failure.message).toMatch(/Undone: .*hr-portal holds the former client again.*application registry "Odeus" on \S+ is removed/);
    expect(await stage.records()).toEqual([]);
    expect([await worksAtFormer(), await worksAtFormer(stage.hr)]).toEqual([true, true]);
    const kept = failure.partial === undefined ? made : keptOf(failure, made.inputs);
    expect(kept.state["clientId"]).toBe(made.state["clientId"]);
    const next = await stage.up(both(stage.world), kept);
    expect([await stage.works(), await stage.works(stage.hr), await left()]).toEqual([true, true, []]);
    await quiet(next, both(stage.world));
  });

  it("and whose slot refuses is undone: nothing is left at the new instance", async () => {
    const made = await stage.up(atFormer());
    await stage.world.fault({ operation: "putOAuthClient", fault: "forbidden" });
    const failure = await stage.failingUp(atNew(), made);
    expect(failure.partial).toBeUndefined();
    expect(failure.message).toMatch(
      /Undone: servicenow holds the former client again; application registry "Odeus" on \S+ is removed\. Nothing is left behind\./,
    );
    expect([await stage.records(), await worksAtFormer()]).toEqual([[], true]);
  });

  describe.each<[string, () => Promise<ServiceNowStage>, RegExp]>([
    [
      "refuses the user of the new one",
      async () => {
        const user = await stage.world.serviceNowUser(["oauth_admin"]);
        return stage.again({ ...byAddress, SERVICENOW_USERNAME: user.username, SERVICENOW_PASSWORD: user.password });
      },
      /ServiceNow refused it \(401\)/,
    ],
    [
      "is there no more",
      async () => {
        await former.close();
        former = await startWorld();
        return stage;
      },
      /cannot be reached at localhost/,
    ],
  ])("where the former instance %s", (_what, arrange, reason) => {
    it("works at the new one; each up tells of the former entry and the way out, and neither up nor destroy is barred by it", async () => {
      const made = await stage.up(atFormer());
      const { clientId } = made.state;
      const deployer = await arrange();
      const failure = await deployer.failingUp(atNew(), made);
      expect(failure.message).toMatch(reason);
      const wayOut = `Where nobody can remove the former client ${String(clientId)} from here any more, remove it by hand and name it in odeus:abandonClientIds`;
      expect(failure.message).toContain(wayOut);
      expect(failure.message).toContain("The client works in every declared integration");
      expect(await stage.works()).toBe(true);
      const kept = keptOf(failure, made.inputs);
      expect(kept.state["clientId"]).toBe((await stage.record())["client_id"]);
      expect((await deployer.plan(await deployer.refreshed(kept), atNew())).said.join()).toContain(wayOut);
      expect((await deployer.failingUp(atNew(), kept)).message).toContain(wayOut);
      expect(await stage.works()).toBe(true);

      const environment = { ...byAddress, ODEUS_ABANDON_CLIENT_IDS: String(clientId) };
      const next = await (await stage.again(environment)).up(atNew(), kept);
      await quiet(next);
      // A destroy that comes first takes its own away, and needs the same word.
      await expect(deployer.destroy(kept)).rejects.toThrow(wayOut);
      expect(await stage.records()).toEqual([]);
      expect((await stage.slot("servicenow")).client).toBeUndefined();
      const last = await stage.again(environment);
      await last.destroy(kept);
      expect(last.said("WARNING").join()).toMatch(/application registry "Odeus" on \S+ \(client [0-9a-f]{32}\) is left where it is, and forgotten/);
    });
  });
});
