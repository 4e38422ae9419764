/** The provider, or the engine itself, dies by SIGKILL inside a command, right after a call took effect: the next command picks the work up. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import { type Descendant, descendants, isAlive } from "../support/descendants.js";
import { type Args, type Command, DECLARE, type EngineStack, startEngineStack } from "../support/engineStack.js";
import { REPOSITORY } from "../support/hostProcess.js";

const SLUGS = ["outlook-email", "sharepoint"];
const PROVIDER = /dist\/provider\/plugin\.js|cmd\/dynamic-provider/;
const ENGINE = /(^|\/)pulumi (up|refresh|destroy) /;

const PROJECT = "killed";
/** One OAuthClientConfig. */
interface Program {
  name: string;
  args: Args;
}
const program = (when: string): Program => {
  const integrations = SLUGS.map((integration) => ({ integration }));
  return { name: "mail", args: { integrations, entra: { displayName: "Odeus mail", grantAdminConsent: true }, rotation: { triggers: { when } } } };
};
/** One secret at a time. */
const registryEntry = (when: string): Program => ({
  name: "entry",
  args: { integrations: [{ integration: "servicenow" }], serviceNow: { name: "Odeus" }, rotation: { triggers: { when } } },
});

describe.each(DECLARE)("in the %s host", (host, declare) => {
  // An inline program runs in this very process, where one that has lost its engine would disturb the next: the engine dies under YAML alone.
  const inYaml = host === "plugin";
  let folder: string;
  let stack: EngineStack;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "odeus-e2e-"));
    writeYaml({});
    stack = await startEngineStack({ project: PROJECT, environment: { ODEUS_CALL_TIMEOUT_SECONDS: "60" }, ...(inYaml ? { folder } : {}) });
  }, 120_000);
  afterEach(() => stack.world.clearFaults());
  afterAll(async () => {
    await stack?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function writeYaml(resources: Record<string, object>): void {
    const plugins = { providers: [{ name: "odeus", path: path.join(REPOSITORY, "bin") }] };
    writeFileSync(path.join(folder, "Pulumi.yaml"), stringify({ name: PROJECT, runtime: "yaml", plugins, resources }));
  }

  function up({ name, args }: Program): Promise<Command> {
    if (!inYaml) return stack.up(async () => void declare("OAuthClientConfig", name, args));
    writeYaml({ [name]: { type: "odeus:OAuthClientConfig", properties: args } });
    return stack.up();
  }

  /** The call takes effect and is not answered; then the process dies. Answers what the command said. */
  async function killedAfter(operation: string, call: number, victim: RegExp, command: () => Promise<Command>): Promise<string> {
    // The call that hung in an earlier command is not waited for again.
    await stack.world.clearCalls();
    await stack.world.fault({ operation, call, fault: "hang", effect: true });
    const running = command();
    while (!(await stack.world.calls()).some(({ fault }) => fault === "hang")) await new Promise((done) => setTimeout(done, 50));
    // A YAML program has one more, which has told its schema and does nothing.
    const providers = alive(PROVIDER);
    for (const { pid } of alive(victim)) process.kill(pid, "SIGKILL");
    const { failure } = await running;
    await stack.world.clearFaults();
    // The plugin ends with its engine.
    for (const { pid } of providers) while (isAlive(pid)) await new Promise((done) => setTimeout(done, 50));
    if (victim === ENGINE) await stack.stack.cancel();
    if (failure === undefined) throw new Error("the command succeeded although a process was killed in it");
    return failure;
  }

  function alive(command: RegExp): Descendant[] {
    const found = descendants().filter((each) => command.test(each.command));
    if (found.length === 0) throw new Error(`no process is like ${command}`);
    return found;
  }

  /** One app, one secret in all slots that Entra takes, every secret of ours accounted for, and nothing left to do. */
  async function whole(declared: Program): Promise<void> {
    const app = await stack.app();
    const { outputs } = stack.resource("mail");
    const { rollout, retiring } = outputs as { rollout: { client: Record<string, string> }; retiring: { keyId: string }[] };
    const known = [rollout.client["secretKeyId"], ...retiring.map(({ keyId }) => keyId)];
    expect(app.passwordCredentials.map(({ keyId }) => keyId).sort()).toEqual(known.sort());
    const current = app.passwordCredentials.find(({ keyId }) => keyId === rollout.client["secretKeyId"])?.secretText;
    for (const slug of SLUGS) expect((await stack.slot(slug)).client).toMatchObject({ clientId: app.appId, clientSecret: current });
    for (const slug of SLUGS) expect(await stack.works(slug)).toBe(true);
    expect(await stack.refresh({ expectNoChanges: true })).toMatchObject({ failure: undefined, changing: [] });
    expect(await up(declared)).toMatchObject({ failure: undefined, changes: { same: 2 }, changing: [] });
  }

  async function destroyed(): Promise<void> {
    expect(await stack.destroy()).toMatchObject({ failure: undefined });
    for (const slug of SLUGS) expect((await stack.slot(slug)).client).toBeUndefined();
    expect(await stack.apps()).toEqual([]);
    expect(stack.resources()).toEqual([]);
  }

  const mortal = ([, , , victim]: [string, string, number, RegExp, ...string[]]): boolean => inYaml || victim === PROVIDER;

  it.each(
    (
      [
        ["the provider", "upsertApplication", 0, PROVIDER],
        ["the provider", "addPassword", 0, PROVIDER],
        ["the engine", "putOAuthClient", 0, ENGINE],
      ] as [string, string, number, RegExp][]
    ).filter(mortal),
  )(
    "%s dies in a first up, after %s %i",
    async (_who, operation, call, victim) => {
      await killedAfter(operation, call, victim, () => up(program("first")));
      expect(stack.resources()).toEqual([]);
      expect(await up(program("first"))).toMatchObject({ failure: undefined, changes: { create: 1 } });
      await whole(program("first"));
      await destroyed();
    },
    120_000,
  );

  it.each(
    (
      [
        ["the provider", "putOAuthClient", 0, PROVIDER, "refreshed"],
        ["the engine", "addPassword", 0, ENGINE, "run again"],
      ] as [string, string, number, RegExp, string][]
    ).filter(mortal),
  )(
    "%s dies in a rotation, after %s %i",
    async (_who, operation, call, victim, next) => {
      expect(await up(program("first"))).toMatchObject({ failure: undefined });
      const before = stack.resource("mail").outputs["secretCreatedAt"];
      await killedAfter(operation, call, victim, () => up(program("second")));
      for (const slug of SLUGS) expect(await stack.works(slug)).toBe(true);
      if (next === "refreshed") expect(await stack.refresh()).toMatchObject({ failure: undefined, changing: [] });
      expect(await up(program("second"))).toMatchObject({ failure: undefined });
      expect(stack.resource("mail").outputs["secretCreatedAt"]).not.toBe(before);
      await whole(program("second"));
      await destroyed();
    },
    120_000,
  );

  it("a rotation that dies half-way, and is destroyed in place of being finished, leaves nothing", async () => {
    expect(await up(program("first"))).toMatchObject({ failure: undefined });
    await killedAfter("putOAuthClient", 0, PROVIDER, () => up(program("second")));
    await destroyed();
  }, 120_000);

  it("each dies in a refresh or a destroy, which is simply run again", async () => {
    expect(await up(program("first"))).toMatchObject({ failure: undefined });
    await killedAfter("getApplication", 0, PROVIDER, () => stack.refresh());
    await whole(program("first"));
    if (inYaml) await killedAfter("deleteOAuthClient", 0, ENGINE, () => stack.destroy());
    await killedAfter("deleteApplication", 0, PROVIDER, () => stack.destroy());
    await destroyed();
  }, 120_000);

  it("the provider dies between setting ServiceNow's only secret and entering it: the next up sets and enters another", async () => {
    expect(await up(registryEntry("first"))).toMatchObject({ failure: undefined });
    await killedAfter("updateRecord", 0, PROVIDER, () => up(registryEntry("second")));
    expect(await accepted()).toBe(false);
    expect(await up(registryEntry("second"))).toMatchObject({ failure: undefined });
    expect(await accepted()).toBe(true);
    expect(await stack.destroy()).toMatchObject({ failure: undefined });
    expect((await stack.world.state()).serviceNow.tables.oauth_entity.filter(({ name }) => name === "Odeus")).toEqual([]);
  }, 120_000);

  async function accepted(): Promise<boolean> {
    const { client } = await stack.slot("servicenow");
    return client !== undefined && stack.world.accepted("serviceNow", client.clientId, client.clientSecret);
  }
});
