/** Two workspaces and two tenants in one YAML program, each with a provider of its own: every resource lands where its provider says. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import { startEngine } from "../../tools/engine.js";
import { type EngineStack, engineStackOf } from "../support/engineStack.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { startWorld, type World } from "../support/sandbox.js";

const PROJECT = "two-worlds";
const provider = (name: string, { environment: from }: World, tenantId: string) => ({
  type: "pulumi:providers:odeus",
  properties: {
    apiKey: `\${${name}Key}`,
    baseUrl: from["ODEUS_BASE_URL"],
    entra: {
      tenantId,
      clientId: from["ARM_CLIENT_ID"],
      clientSecret: `\${${name}Secret}`,
      authorityHost: from["AZURE_AUTHORITY_HOST"],
      graphEndpoint: from["ODEUS_GRAPH_ENDPOINT"],
    },
  },
});
const client = (of: string) => ({
  type: "odeus:OAuthClientConfig",
  properties: { integrations: [{ integration: "outlook-email" }], entra: { displayName: `Odeus ${of}` } },
  options: { provider: `\${${of}}` },
});

const lookUp = (of: string) => ({
  "fn::invoke": { function: "odeus:getIntegration", arguments: { integration: "outlook-email" }, options: { provider: `\${${of}}` }, return: "redirectUrl" },
});

let east: World;
let west: World;
let folder: string;
let inEast: EngineStack;
let inWest: EngineStack;
beforeAll(async () => {
  [east, west] = await Promise.all([startWorld(), startWorld()]);
  folder = mkdtempSync(path.join(tmpdir(), "odeus-e2e-"));
  const secretConfig = { type: "string", secret: true };
  const program = {
    name: PROJECT,
    runtime: "yaml",
    plugins: { providers: [{ name: "odeus", path: path.join(REPOSITORY, "bin") }] },
    config: { eastKey: secretConfig, eastSecret: secretConfig, westKey: secretConfig, westSecret: secretConfig },
    resources: {
      east: provider("east", east, east.tenantId),
      west: provider("west", west, west.secondTenantId),
      eastMail: client("east"),
      westMail: client("west"),
    },
    outputs: { east: lookUp("east"), west: lookUp("west") },
  };
  writeFileSync(path.join(folder, "Pulumi.yaml"), stringify(program, { aliasDuplicateObjects: false }));
  // Nothing that says where: what a provider lacked would be missing.
  const engine = await startEngine({ NODE_EXTRA_CA_CERTS: east.environment["NODE_EXTRA_CA_CERTS"] ?? "" });
  const stack = await engine.stack({ folder });
  const config = Object.entries({ east, west }).flatMap(([name, { environment }]) => [
    [`${name}Key`, { value: environment["ODEUS_API_KEY"] ?? "", secret: true }],
    [`${name}Secret`, { value: environment["ARM_CLIENT_SECRET"] ?? "", secret: true }],
  ]);
  await stack.setAllConfig(Object.fromEntries(config));
  inEast = engineStackOf(stack, PROJECT, engine, east);
  inWest = engineStackOf(stack, PROJECT, engine, west);
}, 60_000);
afterAll(async () => {
  inEast?.engine.close();
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([east?.close(), west?.close()]);
});

const activeApps = async (world: World) =>
  (await world.state()).entra.tenants.map(({ id, applications }) => ({ id, apps: applications.filter(({ deletedDateTime }) => deletedDateTime === null) }));

it("each resource lands in its own workspace and tenant", async () => {
  // A status that is replaced within 200 ms is not shown.
  for (const world of [east, west]) await world.latency(300);
  const made = await inEast.up();
  for (const world of [east, west]) await world.latency(0);
  expect(made).toMatchObject({ failure: undefined, changes: { create: 5 } });
  // The secret in it makes all of the provider's `entra` a secret, which the tenant is not.
  for (const tenantId of [east.tenantId, west.secondTenantId]) expect(made.output).toContain(`in tenant ${tenantId}`);
  for (const [name, world, stage, tenantId] of [
    ["east", east, inEast, east.tenantId],
    ["west", west, inWest, west.secondTenantId],
  ] as const) {
    const { id, outputs } = inEast.resource(`${name}Mail`);
    const apps = (await activeApps(world)).flatMap((tenant) => tenant.apps.map(({ appId, properties }) => [tenant.id, appId, properties["displayName"]]));
    expect(apps).toEqual([[tenantId, outputs["clientId"], `Odeus ${name}`]]);
    expect(id).toBe(`entra/${outputs["clientId"]}`);
    expect((await stage.slot("outlook-email")).client).toMatchObject({ clientId: outputs["clientId"], tenantId });
  }
}, 60_000);

it("a function asks the workspace of the provider it is given", async () => {
  const { east: first, west: second } = await inEast.stack.outputs();
  expect([first?.value, second?.value]).toEqual([(await inEast.slot("outlook-email")).redirectUrl, (await inWest.slot("outlook-email")).redirectUrl]);
  expect(first?.value).not.toEqual(second?.value);
});

it("a refresh reads each from its own, and finds no change", async () => {
  expect(await inEast.refresh({ expectNoChanges: true })).toMatchObject({ failure: undefined, changes: { same: 5 }, changing: [] });
}, 60_000);

it("a second up is quiet in both, and no state holds a credential", async () => {
  await west.clearCalls();
  const again = await inEast.up();
  expect(again).toMatchObject({ failure: undefined, changes: { same: 5 } });
  // What the program asks by itself, and nothing else.
  const asked = ["listIntegrations", "getOAuthClient"];
  expect([again.calls, await west.calls()].map((calls) => calls.map(({ operation }) => operation))).toEqual([asked, asked]);
  const files = readdirSync(inEast.engine.backend, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const state = files.map(({ parentPath, name }) => readFileSync(path.join(parentPath, name), "utf8")).join("\n");
  // The search sees: what is no secret is found.
  for (const { environment } of [east, west]) {
    const found = ["ODEUS_BASE_URL", "ODEUS_API_KEY", "ARM_CLIENT_SECRET"].filter((name) => state.includes(environment[name] ?? ""));
    expect(found).toEqual(["ODEUS_BASE_URL"]);
  }
}, 60_000);

it("a destroy takes back from each what is its own", async () => {
  expect(await inEast.destroy()).toMatchObject({ failure: undefined });
  for (const [world, stage] of [
    [east, inEast],
    [west, inWest],
  ] as const) {
    expect((await activeApps(world)).flatMap(({ apps }) => apps)).toEqual([]);
    expect((await stage.slot("outlook-email")).client).toBeUndefined();
  }
}, 60_000);
