/** Taking what is in use into a program with the real engine: `pulumi import`, and the resource option `import`. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { startEngine } from "../../tools/engine.js";
import { type Args, declareInPlugin, type EngineStack, engineStackOf, type Kind, startEngineStack } from "../support/engineStack.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { madeByHand, WORLD } from "../support/madeByHand.js";
import { startWorld, type World } from "../support/sandbox.js";

describe("pulumi import", () => {
  let world: World;
  let stack: EngineStack;
  let folder: string;
  let hand: Awaited<ReturnType<typeof madeByHand>>;
  const program = (resources: Args = {}) => {
    const base = { name: "taken", runtime: "yaml", plugins: { providers: [{ name: "odeus", path: path.join(REPOSITORY, "bin") }] } };
    writeFileSync(path.join(folder, "Pulumi.yaml"), stringify({ ...base, resources }));
  };
  beforeAll(async () => {
    world = await startWorld(WORLD);
    const engine = await startEngine({ ...world.environment, ODEUS_RETRY_SECONDS: "1" });
    folder = mkdtempSync(path.join(tmpdir(), "odeus-e2e-"));
    program();
    stack = engineStackOf(await engine.stack({ folder }), "taken", engine, world);
    hand = await madeByHand(stack);
  }, 60_000);
  afterAll(async () => {
    await stack?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  it("takes every kind over as it stands, and up on the program that it wrote is quiet", async () => {
    const client = (name: string, id: string) => ({ type: "odeus:index:OAuthClientConfig", name, id });
    const taken = await stack.import([
      client("mail", `entra/${hand.app.appId}`),
      client("jira", `existing/${hand.jira.clientId}`),
      client("desk", `serviceNow/${hand.deskId}`),
      { type: "odeus:index:CustomIntegration", name: "warehouse", id: hand.warehouseId },
      { type: "odeus:index:SnowflakeSecurityIntegration", name: "tables", id: "BY_HAND" },
    ]);
    expect(taken).toMatchObject({ failure: undefined, changing: [] });
    expect(taken.changes).toEqual({ create: 1, import: 5 });
    const { resources } = parse(taken.code) as { resources: Args };
    program(resources);
    expect(await stack.up()).toMatchObject({ failure: undefined, changes: { same: 6 }, calls: [] });
    expect(await stack.refresh({ expectNoChanges: true })).toMatchObject({ failure: undefined, changing: [] });
  }, 60_000);

  it.each([
    ["that does not exist", () => "entra/11111111-2222-3333-4444-555555555555", /no app registration with this client id can be seen/],
    ["of another kind's client", () => `entra/${hand.jira.clientId}`, /a client of another vendor is imported as existing/],
    ["of a client in no slot", () => `entra/${hand.spare.appId}`, /no integration of the workspace at .* holds this client.*adoptClientId/],
  ])(
    "refuses the id %s, and records nothing",
    async (_what, id, expected) => {
      const before = stack.resources();
      const { failure, changing } = await stack.import([{ type: "odeus:index:OAuthClientConfig", name: "other", id: id() }]);
      expect(failure).toMatch(expected);
      expect(changing).toEqual([]);
      expect(stack.resources()).toEqual(before);
    },
    60_000,
  );
});

describe("the resource option import", () => {
  let stack: EngineStack;
  let hand: Awaited<ReturnType<typeof madeByHand>>;
  beforeAll(async () => {
    stack = await startEngineStack({ project: "taking", world: WORLD });
    hand = await madeByHand(stack);
  }, 60_000);
  afterAll(() => stack?.close());

  const mail = { integrations: [{ integration: "outlook-email" }], entra: { displayName: "Mail by hand" } };
  const declared: [kind: Kind, name: string, args: () => Args, id: () => string][] = [
    ["OAuthClientConfig", "mail", () => mail, () => `entra/${hand.app.appId}`],
    ["OAuthClientConfig", "jira", () => ({ integrations: [{ integration: "jira" }], existing: hand.jira }), () => `existing/${hand.jira.clientId}`],
    ["OAuthClientConfig", "desk", () => ({ integrations: [{ integration: "servicenow" }], serviceNow: { name: "Ours" } }), () => `serviceNow/${hand.deskId}`],
  ];
  /** The first so many of them, with the option on the last, as a program grows. */
  const program =
    (count: number, last = true) =>
    async () => {
      for (const [index, [kind, name, args, id]] of declared.slice(0, count).entries())
        declareInPlugin(kind, name, args(), last && index === count - 1 ? { import: id() } : {});
    };
  const quiet = async (count: number) => {
    for (const last of [true, false])
      expect(await stack.up(program(count, last))).toMatchObject({ failure: undefined, changes: { same: count + 1 }, calls: [] });
  };

  it("takes a resource that is as the program declares it", async () => {
    const preview = await stack.preview(program(1));
    expect(preview).toMatchObject({ failure: undefined, changes: { create: 1, import: 1 }, changing: [] });
    expect(await stack.up(program(1))).toMatchObject({ failure: undefined, changes: { create: 1, import: 1 }, changing: [] });
    await quiet(1);
  }, 60_000);

  it("takes a hand-made client, and proves and enters the secret of the program, which nobody can read", async () => {
    const taken = await stack.up(program(2));
    expect(taken).toMatchObject({ failure: undefined, changing: ["putOAuthClient"] });
    expect(stack.resource("jira").outputs).toMatchObject({ verification: { verdict: "accepted" }, drift: [] });
    await quiet(2);
  }, 60_000);

  it("takes one with drift and another name, says so, and mends both at once", async () => {
    await stack.world.atServiceNow("PATCH", `/oauth_entity/${hand.deskEntry}`, { redirect_url: "https://theirs.example/callback" });
    const planned = await stack.preview(program(3));
    const said = /not as declared, and mended by this update: .*redirect URL/;
    expect(planned).toMatchObject({ failure: undefined, output: expect.stringMatching(said), changing: [] });
    const taken = await stack.up(program(3));
    expect(taken).toMatchObject({ failure: undefined, output: expect.stringMatching(said), changing: ["updateRecord"] });
    expect(stack.resource("desk").outputs).toMatchObject({ clientId: hand.deskId, drift: [] });
    expect((await stack.slot("servicenow")).client).toMatchObject({ clientId: hand.deskId, clientSecret: hand.deskSecret });
    await quiet(3);
  }, 60_000);
});
