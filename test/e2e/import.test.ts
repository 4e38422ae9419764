/** Taking what is in use into a program with the real engine: `pulumi import`, and the resource option `import`. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { startEngine } from "../../tools/engine.js";
import { type Args, declareInPlugin, type EngineStack, engineStackOf, type Kind, startEngineStack } from "../support/engineStack.js";
import { appByHand } from "../support/entraByHand.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { startWorld, type World } from "../support/sandbox.js";

/** The right for one's own apps does not reach those of others. */
const WORLD = { permissions: ["Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"] };
const slotOf = (world: World, slug: string) => `/integrations/v1/${world.integrations[slug]}/oauth-client`;

/** What a person made at each remote and entered in the workspace. */
async function madeByHand(stack: Pick<EngineStack, "slot" | "world">) {
  const { world } = stack;
  const mail = await stack.slot("outlook-email");
  const app = await appByHand(world, {
    displayName: "Mail by hand",
    web: { redirectUris: [mail.redirectUrl] },
    requiredResourceAccess: [{ resourceAppId: GRAPH, resourceAccess: (await scopeIds(world, mail.defaultScopes)).map((id) => ({ id, type: "Scope" })) }],
  });
  await world.odeus("PUT", slotOf(world, "outlook-email"), { clientId: app.appId, clientSecret: app.secret, tenantId: world.tenantId, scopeSync: true });

  const { redirectUrl, defaultScopes } = await stack.slot("jira");
  const jira = await world.vendorClient("atlassian", { redirectUris: [redirectUrl], scopes: defaultScopes });
  await world.odeus("PUT", slotOf(world, "jira"), { ...jira, scopeSync: true });

  const desk = { client_secret: "theirSecretIsLongEnough", redirect_url: (await stack.slot("servicenow")).redirectUrl, name: "By hand", type: "client" };
  const { result: entry } = (await world.atServiceNow("POST", "/oauth_entity", desk)).body;
  const deskId = String(entry["client_id"]);
  await world.odeus("PUT", slotOf(world, "servicenow"), { clientId: deskId, clientSecret: desk.client_secret, scopeSync: true });

  await world.odeus("POST", "/integrations/v1/create", { name: "Warehouse", description: "Tables", authType: "OAUTH" });
  const warehouse = (await stack.slot("warehouse")) as Awaited<ReturnType<typeof stack.slot>> & { id: string };
  await world.atSnowflake.run(
    `CREATE SECURITY INTEGRATION BY_HAND TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'CONFIDENTIAL' OAUTH_ALLOW_NON_TLS_REDIRECT_URI = TRUE OAUTH_REDIRECT_URI = '${warehouse.redirectUrl}'`,
    "ODEUS_DEPLOYER",
  );
  const held = (await world.state()).snowflake.integrations.find((one) => one.kind === "oauth");
  const oauthClient = {
    ...{ clientId: held?.clientId, clientSecret: held?.secrets[1], scopes: "refresh_token" },
    ...{ authUrl: `${world.origins.snowflake}/oauth/authorize`, tokenUrl: `${world.origins.snowflake}/oauth/token-request` },
  };
  await world.odeus("PATCH", `/integrations/v1/${warehouse.id}/auth`, { authType: "OAUTH", oauthClient });
  return {
    ...{ app, jira, deskId, deskSecret: desk.client_secret, deskEntry: entry["sys_id"] },
    warehouseId: warehouse.id,
    spare: await appByHand(world, { displayName: "In no slot" }),
  };
}

const GRAPH = "00000003-0000-0000-c000-000000000000";
async function scopeIds(world: World, names: string[]): Promise<string[]> {
  const { body } = await world.graph<{ oauth2PermissionScopes: { id: string; value: string }[] }>("GET", `/servicePrincipals(appId='${GRAPH}')`);
  return names.map((name) => body.oauth2PermissionScopes.find(({ value }) => value === name)?.id ?? name);
}

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
