/** A stack that was made by the TypeScript package goes on in YAML on the plugin: the same resources under the same names, and nothing happens. */

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { CustomIntegration, OAuthClientConfig, SnowflakeSecurityIntegration } from "@odeus/pulumi";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { type EngineStack, engineStackOf, type InState, startEngineStack } from "../support/engineStack.js";
import { REPOSITORY } from "../support/hostProcess.js";

const PROJECT = "moving";
const mail = (displayName: string) => ({
  integrations: [{ integration: "outlook-email" }, { integration: "sharepoint" }],
  entra: { displayName, grantAdminConsent: true },
});
const desk = { integrations: [{ integration: "servicenow" }], serviceNow: { name: "Odeus desk" } };
const tables = { name: "ODEUS", oauthAllowNonTlsRedirectUri: true, rotation: { everyDays: 90 } };
const yamlProgram = (displayName: string) => ({
  name: PROJECT,
  runtime: "yaml",
  plugins: { providers: [{ name: "odeus", path: path.join(REPOSITORY, "bin") }] },
  config: { clientId: { type: "string" }, clientSecret: { type: "string", secret: true } },
  resources: {
    mail: { type: "odeus:OAuthClientConfig", properties: mail(displayName) },
    jira: {
      type: "odeus:OAuthClientConfig",
      properties: { integrations: [{ integration: "jira" }], existing: { clientId: `\${clientId}`, clientSecret: `\${clientSecret}` } },
    },
    desk: { type: "odeus:OAuthClientConfig", properties: desk },
    warehouse: { type: "odeus:CustomIntegration", properties: { name: "Warehouse" } },
    tables: { type: "odeus:SnowflakeSecurityIntegration", properties: { ...tables, integration: `\${warehouse.slug}` } },
  },
});

let stack: EngineStack;
let inYaml: EngineStack;
let folder: string;
let before: InState[];
beforeAll(async () => {
  stack = await startEngineStack({ project: PROJECT });
  const { redirectUrl, defaultScopes } = await stack.slot("jira");
  const jira = await stack.world.vendorClient("atlassian", { redirectUris: [redirectUrl], scopes: defaultScopes });
  await stack.stack.setAllConfig({ clientId: { value: jira.clientId }, clientSecret: { value: jira.clientSecret, secret: true } });
  const made = await stack.up(async () => {
    const config = new pulumi.Config();
    new OAuthClientConfig("mail", mail("Odeus mail"));
    new OAuthClientConfig("jira", {
      integrations: [{ integration: "jira" }],
      existing: { clientId: config.require("clientId"), clientSecret: config.requireSecret("clientSecret") },
    });
    new OAuthClientConfig("desk", desk);
    const warehouse = new CustomIntegration("warehouse", { name: "Warehouse" });
    new SnowflakeSecurityIntegration("tables", { ...tables, integration: warehouse.slug });
  });
  expect(made).toMatchObject({ failure: undefined, changes: { create: 6 } });
  before = stack.resources();

  folder = mkdtempSync(path.join(tmpdir(), "odeus-e2e-"));
  const settings = "Pulumi.dev.yaml";
  copyFileSync(path.join(stack.stack.workspace.workDir, settings), path.join(folder, settings));
  writeProgram("Odeus mail");
  inYaml = engineStackOf(await stack.engine.stack({ folder }), PROJECT, stack.engine, stack.world);
}, 60_000);
afterAll(async () => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  await stack?.close();
});

const writeProgram = (displayName: string) => writeFileSync(path.join(folder, "Pulumi.yaml"), stringify(yamlProgram(displayName)));
const nameOf = ({ urn }: InState): string => urn.split("::").at(-1) ?? "";

it("the preview shows no replacement and no update", async () => {
  const preview = await inYaml.preview(undefined, { diff: true });
  expect(preview).toMatchObject({ failure: undefined, changes: { same: 6 }, changing: [] });
}, 60_000);

it("the first up calls nobody, and takes every resource over as it is", async () => {
  const moved = await inYaml.up();
  expect(moved).toMatchObject({ failure: undefined, changes: { same: 6 }, calls: [] });
  const after = inYaml.resources();
  const types = (resources: InState[]) => resources.map(({ type }) => type.split(/[:/]/).at(-1)).sort();
  expect(types(after)).toEqual(types(before));
  expect(new Set(after.map(({ type }) => type.slice(0, type.lastIndexOf(":"))))).toEqual(new Set(["odeus:index"]));
  const ids = (resources: InState[]) => Object.fromEntries(resources.map((one) => [nameOf(one), one.id]));
  expect(ids(after)).toEqual(ids(before));
}, 60_000);

it("a second up is quiet, and so is a refresh", async () => {
  expect(await inYaml.up()).toMatchObject({ failure: undefined, changes: { same: 6 }, calls: [] });
  expect(await inYaml.refresh({ expectNoChanges: true })).toMatchObject({ failure: undefined, changing: [] });
}, 60_000);

it("a later change is made in place, without a new secret, and a destroy gives everything back", async () => {
  writeProgram("Odeus post");
  expect(await inYaml.up()).toMatchObject({ failure: undefined, changes: { same: 5, update: 1 }, changing: ["patchApplication"] });
  expect((await inYaml.destroy()).failure).toBeUndefined();
  expect(await inYaml.apps()).toEqual([]);
  for (const slug of ["outlook-email", "sharepoint", "jira", "servicenow", "warehouse"]) expect((await inYaml.slot(slug)).client).toBeUndefined();
}, 60_000);
