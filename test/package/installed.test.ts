/** The tarball in an empty folder, with nothing of this repository but the CLI: its sandbox, its program's side, its plugin. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { type Engine, startEngine } from "../../tools/engine.js";
import { findPulumiCli } from "../../tools/pulumiCli.js";
import { connectUser } from "../support/browser.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { packedPackage } from "../support/packedPackage.js";
import { startPluginProcess } from "../support/pluginProcess.js";
import { startWorld, type World } from "../support/sandbox.js";

const INSTALL = ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];

let folder: string;
let sandbox: ChildProcess;
let world: World;
let engine: Engine;
let jira: { clientId: string; clientSecret: string };

/** What was installed, as its owner calls it. */
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd: folder, encoding: "utf8", env: { PATH: process.env["PATH"], HOME: process.env["HOME"] } });

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "odeus-installed-"));
  writeFileSync(path.join(folder, "package.json"), '{ "private": true }\n');
  run("npm", ...INSTALL, packedPackage());

  // A process group of its own: npx does not hand signals on.
  sandbox = spawn("npx", ["odeus-sandbox", "--json", "--parent", String(process.pid)], { cwd: folder, stdio: ["ignore", "pipe", "inherit"], detached: true });
  const [line] = (await new Promise((resolve, reject) => {
    createInterface({ input: sandbox.stdout ?? process.stdin }).once("line", (text) => resolve([text]));
    sandbox.once("exit", (code) => reject(new Error(`the installed sandbox ended with ${code}`)));
  })) as [string];
  const { control, caFile } = JSON.parse(line) as { control: string; caFile: string };
  // This file's worlds are in the installed sandbox.
  process.env["SANDBOX_CONTROL"] = control;
  process.env["SANDBOX_CA"] = caFile;
  world = await startWorld();
  engine = await startEngine(world.environment);
  jira = await jiraClient();
}, 120_000);

afterAll(async () => {
  engine?.close();
  await world?.close();
  if (sandbox?.pid !== undefined) process.kill(-sandbox.pid, "SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

async function jiraClient(): Promise<{ clientId: string; clientSecret: string }> {
  const { body } = await world.odeus<{ oauthClient: { redirectUrl: string; defaultScopes: string[] } }>("GET", slotPath("jira"));
  return world.vendorClient("atlassian", { redirectUris: [body.oauthClient.redirectUrl], scopes: body.oauthClient.defaultScopes });
}

const slotPath = (slug: string): string => `/integrations/v1/${world.integrations[slug]}/oauth-client`;
const modeOf = async (slug: string): Promise<string> => (await world.odeus<{ oauthClient: { mode: string } }>("GET", slotPath(slug))).body.oauthClient.mode;

interface Step {
  step: string;
  changes?: Record<string, number>;
  outputs?: Record<string, unknown>;
  error?: string;
  output: string;
}

/** Steps of a program of the folder, by a process of the folder. */
function steps(file: string, ...names: string[]): Step[] {
  const config = JSON.stringify({ jiraClientId: { value: jira.clientId }, jiraClientSecret: { value: jira.clientSecret, secret: true } });
  const root = findPulumiCli()?.root;
  const text = execFileSync(process.execPath, [path.join(__dirname, "program.cjs"), file, config, ...names], {
    cwd: folder,
    encoding: "utf8",
    env: { HOME: process.env["HOME"], ...engine.environment, ...(root === undefined ? {} : { PULUMI_CLI_ROOT: root }) },
  });
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Step);
}

const HEAD = 'const odeus = require("@odeus/pulumi");\nconst pulumi = require("@pulumi/pulumi");\nconst config = new pulumi.Config();\n';

describe("without the optional peers", () => {
  it("is what npm installs by itself", () => {
    expect(existsSync(path.join(folder, "node_modules/@azure"))).toBe(false);
    expect(run(process.execPath, "-p", "Object.keys(require('@odeus/pulumi'))").trim()).toContain("OAuthClientConfig");
  });

  it("runs a program with clients made by hand", () => {
    const existing = "{ clientId: config.require('jiraClientId'), clientSecret: config.requireSecret('jiraClientSecret') }";
    writeFileSync(
      path.join(folder, "existing.js"),
      `${HEAD}new odeus.OAuthClientConfig("jira", { integrations: [{ integration: "jira" }], existing: ${existing} });\n`,
    );
    const [up, destroy] = steps("existing.js", "up", "destroy");
    expect(up).toMatchObject({ changes: { create: 2 } });
    expect(destroy).toMatchObject({ changes: { delete: 2 } });
  }, 60_000);

  it("says what to install for Entra", () => {
    writeFileSync(
      path.join(folder, "entra.js"),
      `${HEAD}new odeus.OAuthClientConfig("mail", { integrations: [{ integration: "outlook-email" }], entra: { displayName: "Mail" } });\n`,
    );
    const [up, destroy] = steps("entra.js", "up", "destroy");
    expect(up?.error).toContain("npm install @azure/identity@4.13");
    expect(destroy?.error).toBeUndefined();
  }, 60_000);

  it("says what to install for Snowflake, too", () => {
    const inputs = '{ name: "odeus", oauthRedirectUri: "https://app.example/callback" }';
    writeFileSync(path.join(folder, "snowflake.js"), `${HEAD}new odeus.SnowflakeSecurityIntegration("tables", ${inputs});\n`);
    const [up, destroy] = steps("snowflake.js", "up", "destroy");
    expect(up?.error).toContain('connecting to Snowflake needs the package snowflake-sdk: run `npm install "snowflake-sdk@>=3.3"` in the project');
    expect(destroy?.error).toBeUndefined();
  }, 60_000);

  it("has a plugin that brings it along", async () => {
    const host = await startPluginProcess({
      command: [path.join(folder, "node_modules/.bin/pulumi-resource-odeus")],
      cwd: folder,
      environment: world.environment,
    });
    try {
      await host.configure({});
      const urn = host.urn("OAuthClientConfig", "mail");
      const { inputs } = await host.check(urn, { integrations: [{ integration: "outlook-email" }], entra: { displayName: "Mail" } });
      const { id, state } = await host.create(urn, inputs);
      // The run that destroys it declares it no more.
      await host.check(urn, inputs);
      await host.delete(urn, id, state);
    } finally {
      await host.stop();
    }
  });
});

describe("with @azure/identity", () => {
  beforeAll(() => void run("npm", ...INSTALL, "@azure/identity@4.13"), 60_000);

  it("compiles the quickstart and runs it from nothing to nothing", async () => {
    cpSync(path.join(REPOSITORY, "examples/quickstart/index.ts"), path.join(folder, "index.ts"));
    const tsc = path.join(REPOSITORY, "node_modules/typescript/bin/tsc");
    run(
      process.execPath,
      tsc,
      "--strict",
      "--exactOptionalPropertyTypes",
      "--skipLibCheck",
      "--module",
      "node20",
      "--target",
      "es2022",
      "--types",
      "node",
      "--rootDir",
      ".",
      "index.ts",
    );

    const [up, again] = steps("index.js", "up", "up");
    expect(up).toMatchObject({ changes: { create: 3 }, outputs: { clientIds: { jira: jira.clientId } } });
    expect(again).toMatchObject({ changes: { same: 3 } });
    const startUrl = `${world.environment["ODEUS_BASE_URL"]}/integrations/${world.integrations["outlook-email"]}/connect?user=ada`;
    const ca = readFileSync(process.env["SANDBOX_CA"] ?? "", "utf8");
    expect(await connectUser({ startUrl, user: "ada", ca })).toMatchObject({ connected: true });

    const [destroy] = steps("index.js", "destroy");
    expect(destroy).toMatchObject({ changes: { delete: 3 } });
    expect(await Promise.all(["outlook-email", "sharepoint", "jira"].map(modeOf))).toEqual(["ODEUS", "ODEUS", "ODEUS"]);
  }, 90_000);
});
