/** The provider, or the engine itself, dies by SIGKILL inside a command, right after a call took effect: the next command picks the work up. */

import type { PulumiFn } from "@pulumi/pulumi/automation";
import { type Descendant, descendants, isAlive } from "../support/descendants.js";
import { type Command, DECLARE, type EngineStack, startEngineStack } from "../support/engineStack.js";

const SLUGS = ["outlook-email", "sharepoint"];
const PROVIDER = /dist\/provider\/plugin\.js|cmd\/dynamic-provider/;
const ENGINE = /(^|\/)pulumi (up|refresh|destroy) /;

describe.each(DECLARE)("in the %s host", (host, declare) => {
  let stack: EngineStack;
  beforeAll(async () => {
    stack = await startEngineStack({ project: "killed", environment: { ODEUS_CALL_TIMEOUT_SECONDS: "60" } });
  }, 60_000);
  afterAll(() => stack?.close());

  const program =
    (when: string): PulumiFn =>
    async () => {
      const integrations = SLUGS.map((integration) => ({ integration }));
      declare("OAuthClientConfig", "mail", { integrations, entra: { displayName: "Odeus mail", grantAdminConsent: true }, rotation: { triggers: { when } } });
    };

  /** One secret at a time. */
  const registryEntry =
    (when: string): PulumiFn =>
    async () => {
      declare("OAuthClientConfig", "entry", { integrations: [{ integration: "servicenow" }], serviceNow: { name: "Odeus" }, rotation: { triggers: { when } } });
    };

  /** The call takes effect and is not answered; then the process dies. Answers what the command said. */
  async function killedAfter(operation: string, call: number, victim: RegExp, command: () => Promise<Command>): Promise<string> {
    await stack.world.fault({ operation, call, fault: "hang", effect: true });
    const running = command();
    while (!(await stack.world.calls()).some(({ fault }) => fault === "hang")) await new Promise((done) => setTimeout(done, 50));
    const provider = one(PROVIDER);
    process.kill(one(victim).pid, "SIGKILL");
    const { failure } = await running;
    await stack.world.clearFaults();
    // The plugin ends with its engine; the SDK's own host does not, and its call would still be waiting.
    if (host === "plugin") while (isAlive(provider.pid)) await new Promise((done) => setTimeout(done, 50));
    else if (isAlive(provider.pid)) process.kill(provider.pid, "SIGKILL");
    if (victim === ENGINE) await stack.stack.cancel();
    if (failure === undefined) throw new Error("the command succeeded although a process was killed in it");
    return failure;
  }

  function one(command: RegExp): Descendant {
    const found = descendants().filter((each) => command.test(each.command));
    const [first, ...more] = found;
    if (first === undefined || more.length > 0) throw new Error(`${found.length} processes in place of one: ${JSON.stringify(found)}`);
    return first;
  }

  /** One app, one secret in all slots that Entra takes, every secret of ours accounted for, and nothing left to do. */
  async function whole(declared: PulumiFn): Promise<void> {
    const app = await stack.app();
    const { outputs } = stack.resource("mail");
    const { rollout, retiring } = outputs as { rollout: { client: Record<string, string> }; retiring: { keyId: string }[] };
    const known = [rollout.client["secretKeyId"], ...retiring.map(({ keyId }) => keyId)];
    expect(app.passwordCredentials.map(({ keyId }) => keyId).sort()).toEqual(known.sort());
    const current = app.passwordCredentials.find(({ keyId }) => keyId === rollout.client["secretKeyId"])?.secretText;
    for (const slug of SLUGS) expect((await stack.slot(slug)).client).toMatchObject({ clientId: app.appId, clientSecret: current });
    for (const slug of SLUGS) expect(await stack.works(slug)).toBe(true);
    expect(await stack.refresh({ expectNoChanges: true })).toMatchObject({ failure: undefined, changing: [] });
    expect(await stack.up(declared)).toMatchObject({ failure: undefined, changes: { same: 2 }, changing: [] });
  }

  async function destroyed(): Promise<void> {
    expect(await stack.destroy()).toMatchObject({ failure: undefined });
    for (const slug of SLUGS) expect((await stack.slot(slug)).client).toBeUndefined();
    expect(await stack.apps()).toEqual([]);
    expect(stack.resources()).toEqual([]);
  }

  it.each([
    ["the provider", "upsertApplication", 0, PROVIDER],
    ["the provider", "addPassword", 0, PROVIDER],
    ["the engine", "putOAuthClient", 0, ENGINE],
  ])(
    "%s dies in a first up, after %s %i",
    async (_who, operation, call, victim) => {
      await killedAfter(operation, call, victim, () => stack.up(program("first")));
      expect(stack.resources()).toEqual([]);
      expect(await stack.up(program("first"))).toMatchObject({ failure: undefined, changes: { create: 1 } });
      await whole(program("first"));
      await destroyed();
    },
    120_000,
  );

  it.each([
    ["the provider", "putOAuthClient", 0, PROVIDER, "refreshed"],
    ["the engine", "addPassword", 0, ENGINE, "run again"],
  ])(
    "%s dies in a rotation, after %s %i",
    async (_who, operation, call, victim, next) => {
      expect(await stack.up(program("first"))).toMatchObject({ failure: undefined });
      const before = stack.resource("mail").outputs["secretCreatedAt"];
      await killedAfter(operation, call, victim, () => stack.up(program("second")));
      for (const slug of SLUGS) expect(await stack.works(slug)).toBe(true);
      if (next === "refreshed") expect(await stack.refresh()).toMatchObject({ failure: undefined, changing: [] });
      expect(await stack.up(program("second"))).toMatchObject({ failure: undefined });
      expect(stack.resource("mail").outputs["secretCreatedAt"]).not.toBe(before);
      await whole(program("second"));
      await destroyed();
    },
    120_000,
  );

  it("a rotation that dies half-way, and is destroyed in place of being finished, leaves nothing", async () => {
    expect(await stack.up(program("first"))).toMatchObject({ failure: undefined });
    await killedAfter("putOAuthClient", 0, PROVIDER, () => stack.up(program("second")));
    await destroyed();
  }, 60_000);

  it("the provider dies in a refresh, and the engine in a destroy: each is simply run again", async () => {
    expect(await stack.up(program("first"))).toMatchObject({ failure: undefined });
    await killedAfter("getApplication", 0, PROVIDER, () => stack.refresh());
    await whole(program("first"));
    await killedAfter("deleteOAuthClient", 0, ENGINE, () => stack.destroy());
    await killedAfter("deleteApplication", 0, PROVIDER, () => stack.destroy());
    await destroyed();
  }, 120_000);

  it("the provider dies between setting ServiceNow's only secret and entering it: the next up sets and enters another", async () => {
    expect(await stack.up(registryEntry("first"))).toMatchObject({ failure: undefined });
    await killedAfter("updateRecord", 0, PROVIDER, () => stack.up(registryEntry("second")));
    expect(await accepted()).toBe(false);
    expect(await stack.up(registryEntry("second"))).toMatchObject({ failure: undefined });
    expect(await accepted()).toBe(true);
    expect(await stack.destroy()).toMatchObject({ failure: undefined });
    expect((await stack.world.state()).serviceNow.tables.oauth_entity.filter(({ name }) => name === "Odeus")).toEqual([]);
  }, 60_000);

  async function accepted(): Promise<boolean> {
    const { client } = await stack.slot("servicenow");
    return client !== undefined && stack.world.accepted("serviceNow", client.clientId, client.clientSecret);
  }
});
