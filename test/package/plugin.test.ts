/** `make plugin`'s archive in the plugin cache: a YAML program finds it by name and version, and needs nothing else. */

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { type Engine, startEngine } from "../../tools/engine.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { filesIn, packedPackage } from "../support/packedPackage.js";
import { startWorld, type World } from "../support/sandbox.js";

const { version } = JSON.parse(readFileSync(path.join(REPOSITORY, "package.json"), "utf8")) as { version: string };
const ARCHITECTURE = process.arch === "x64" ? "amd64" : process.arch;

let folder: string;
let archive: string;
let world: World;
let engine: Engine;
const pulumi = (...args: string[]): string =>
  execFileSync("pulumi", args, { cwd: folder, encoding: "utf8", env: { HOME: process.env["HOME"], ...engine.environment }, stdio: ["ignore", "pipe", "pipe"] });

beforeAll(async () => {
  // It bundles, where that is still to be done.
  packedPackage();
  folder = mkdtempSync(path.join(tmpdir(), "odeus-archive-"));
  execFileSync(path.join(REPOSITORY, "node_modules/.bin/tsx"), [path.join(REPOSITORY, "tools/pluginArchive.ts"), folder]);
  archive = path.join(folder, `pulumi-resource-odeus-v${version}-${process.platform}-${ARCHITECTURE}.tar.gz`);
  world = await startWorld();
  engine = await startEngine(world.environment);
}, 60_000);
afterAll(async () => {
  engine?.close();
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});

it("holds the executable at its root, and signing in to Entra as one file", () => {
  expect(filesIn(archive)).toEqual([
    "LICENSE",
    "NOTICE",
    "THIRD_PARTY_NOTICES.txt",
    "azureIdentity.js",
    "httpClient.js",
    "plugin.js",
    "pluginMain.js",
    "pulumi-resource-odeus",
  ]);
});

it("installs, and runs the quickstart in YAML without a path", async () => {
  pulumi("plugin", "install", "resource", "odeus", version, "-f", archive);
  expect(JSON.parse(pulumi("plugin", "ls", "--json"))).toMatchObject([{ name: "odeus", kind: "resource", version }]);

  const project = path.join(folder, "project");
  cpSync(path.join(REPOSITORY, "examples/quickstart-yaml"), project, { recursive: true });
  const file = path.join(project, "Pulumi.yaml");
  const text = readFileSync(file, "utf8");
  const withoutPath = text.replace(/^(?:#.*\n)?plugins:\n(?: .*\n)+/m, "");
  expect(withoutPath.length).toBeLessThan(text.length);
  writeFileSync(file, withoutPath);

  const stack: Stack = await engine.stack({ folder: project });
  const slot = await world.odeus<{ oauthClient: { redirectUrl: string; defaultScopes: string[] } }>(
    "GET",
    `/integrations/v1/${world.integrations["jira"]}/oauth-client`,
  );
  const jira = await world.vendorClient("atlassian", { redirectUris: [slot.body.oauthClient.redirectUrl], scopes: slot.body.oauthClient.defaultScopes });
  await stack.setAllConfig({ jiraClientId: { value: jira.clientId }, jiraClientSecret: { value: jira.clientSecret, secret: true } });
  expect((await stack.up()).summary.resourceChanges).toEqual({ create: 3 });
  expect((await stack.up()).summary.resourceChanges).toEqual({ same: 3 });
  await stack.destroy();
}, 60_000);

it("gives a schema that the CLI accepts, and the CLI generates from it what it can here", () => {
  const schema = pulumi(
    "package",
    "get-schema",
    path.join(engine.environment["PULUMI_HOME"] ?? "", `plugins/resource-odeus-v${version}/pulumi-resource-odeus`),
  );
  expect(JSON.parse(schema)).toMatchObject({ name: "odeus", version });
  const file = path.join(REPOSITORY, "schema.json");
  expect(pulumi("schema", "check", file)).toBe("");
  pulumi("package", "gen-sdk", file, "--language", "yaml", "--out", path.join(folder, "sdk"));
  // The generators of the other languages are programs of their own, which come with an ordinary Pulumi installation.
  expect(readFileSync(path.join(folder, `sdk/yaml/odeus-${version}.yaml`), "utf8")).toContain("name: odeus");
});
