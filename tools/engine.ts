/** The real Pulumi engine for the demo and the tests: its own home, a file backend in a temporary folder, no network of its own. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { LocalWorkspace, type ProjectSettings, PulumiCommand, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { transformSync } from "esbuild";
import { ensurePulumiCli } from "./pulumiCli";

export interface Engine {
  /** Environment for the CLI: what was given, and what keeps it to itself. */
  environment: Record<string, string>;
  /** A stack of an inline program, or of the project in `folder`. */
  stack(options: { project: string; name?: string; program: PulumiFn } | { folder: string; name?: string }): Promise<Stack>;
  /** Where the state lies. */
  backend: string;
  close(): void;
}

const ROOT = path.join(__dirname, "..");

export async function startEngine(environment: Record<string, string>): Promise<Engine> {
  const cli = ensurePulumiCli();
  const home = mkdtempSync(path.join(tmpdir(), "odeus-engine-"));
  const backend = path.join(home, "state");
  mkdirSync(backend);
  // Both the engine's launcher and our constant provider text look packages up from the folder the program runs in.
  mkdirSync(path.join(ROOT, ".tools"), { recursive: true });
  const work = mkdtempSync(path.join(ROOT, ".tools", "work-"));
  const full = {
    ...environment,
    PATH: [...cli.path, process.env["PATH"] ?? ""].join(path.delimiter),
    // The host of dynamic resources lies beside the CLI; one found on PATH would be used with a warning.
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
    PULUMI_HOME: path.join(home, "home"),
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: "sandbox",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
  const pulumiCommand = await PulumiCommand.get(cli.root === undefined ? {} : { root: cli.root });
  const workspace = { envVars: full, pulumiHome: full.PULUMI_HOME, pulumiCommand };
  const settings = (name: string): ProjectSettings & { plugins: object } => ({
    name,
    runtime: "nodejs",
    backend: { url: full.PULUMI_BACKEND_URL },
    // An inline program may name the plugin's resources by their tokens.
    plugins: { providers: [{ name: "odeus", path: path.join(ROOT, "bin") }] },
  });
  return {
    environment: full,
    backend,
    stack: (options) =>
      "program" in options
        ? LocalWorkspace.createOrSelectStack(
            { stackName: options.name ?? "dev", projectName: options.project, program: options.program },
            { ...workspace, workDir: work, projectSettings: settings(options.project) },
          )
        : LocalWorkspace.createOrSelectStack({ stackName: options.name ?? "dev", workDir: options.folder }, workspace),
    close: () => {
      for (const folder of [home, work]) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Modules in place of packages that are not installed here. */
export type StandIns = Readonly<Record<string, unknown>>;

/** An ordinary TypeScript program (one file) as an inline program: evaluated anew on every run, its exports are the outputs. */
export function programOf(file: string, standIns: StandIns = {}): PulumiFn {
  return programOfText(readFileSync(file, "utf8"), file, standIns);
}

/** The same of a text; packages are looked up from where `file` lies. */
export function programOfText(text: string, file: string, standIns: StandIns = {}): PulumiFn {
  const { code } = transformSync(text, { loader: "ts", format: "cjs", target: "node20" });
  const requireFrom = createRequire(file);
  const load = (name: string): unknown => standIns[name] ?? requireFrom(name);
  return async () => {
    const program = { exports: {} as Record<string, unknown> };
    new Function("require", "module", "exports", code)(load, program, program.exports);
    return program.exports;
  };
}
