/** Finds a Pulumi CLI, or builds the pinned one with its YAML host from tools/cli/go.mod. Prints what it found. */

import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";

const ROOT = path.join(__dirname, "..");
const BUILT = path.join(ROOT, ".tools");
const OLDEST = [3, 248] as const;
const OLDEST_GO = [1, 25] as const;

export interface PulumiCli {
  /** The folder that holds bin/pulumi, as the Automation API wants it; undefined: the one on PATH. */
  root: string | undefined;
  /** Folders to put in front of PATH. */
  path: string[];
  version: string;
}

function versionOf(command: string, args: string[]): number[] | undefined {
  const answer = spawnSync(command, args, { encoding: "utf8", env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } });
  const found = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(answer.stdout ?? "");
  return answer.status === 0 && found !== null ? found.slice(1).map((part) => Number(part ?? 0)) : undefined;
}

function atLeast(version: number[], oldest: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version;
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

/** A CLI that is there already; undefined when there is none. */
export function findPulumiCli(): PulumiCli | undefined {
  const bin = path.join(BUILT, "bin");
  if (existsSync(path.join(bin, "pulumi")) && existsSync(path.join(bin, "pulumi-language-yaml"))) {
    return { root: BUILT, path: [bin], version: pinned() };
  }
  const onPath = versionOf("pulumi", ["version"]);
  const yamlHost = spawnSync("sh", ["-c", "command -v pulumi-language-yaml"]).status === 0;
  if (onPath !== undefined && atLeast(onPath, OLDEST) && yamlHost) return { root: undefined, path: [], version: onPath.join(".") };
  return undefined;
}

function pinned(): string {
  return /pulumi\/pkg\/v3 v([\d.]+)/.exec(readFileSync(path.join(ROOT, "tools/cli/go.mod"), "utf8"))?.[1] ?? "";
}

/** Finds one, or builds it: about 4 minutes, once. */
export function ensurePulumiCli(): PulumiCli {
  const found = findPulumiCli();
  if (found !== undefined) return found;
  const go = versionOf("go", ["version"]);
  if (go === undefined || !atLeast(go, OLDEST_GO)) {
    throw new Error(
      `No Pulumi CLI (${OLDEST.join(".")} or newer, with its YAML host) and no Go (${OLDEST_GO.join(".")} or newer) to build one: install Pulumi (pulumi.com/docs/install) or Go (go.dev/dl).`,
    );
  }
  process.stdout.write(`Building the Pulumi CLI ${pinned()} and its YAML host from Go modules: about 4 minutes, once.\n`);
  mkdirSync(path.join(BUILT, "bin"), { recursive: true });
  const build = (output: string, module: string, ldflags: string) =>
    execFileSync("go", ["build", "-trimpath", "-ldflags", ldflags, "-o", path.join(BUILT, "bin", output), module], {
      cwd: path.join(ROOT, "tools/cli"),
      stdio: ["ignore", "inherit", "inherit"],
    });
  build("pulumi-language-yaml", "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml", "-s -w");
  build("pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${pinned()}`);
  // The host of dynamic resources comes with the SDK; a CLI expects it beside itself.
  copyFileSync(path.join(ROOT, "node_modules/@pulumi/pulumi/pulumi-resource-pulumi-nodejs"), path.join(BUILT, "bin/pulumi-resource-pulumi-nodejs"));
  return { root: BUILT, path: [path.join(BUILT, "bin")], version: pinned() };
}

if (require.main === module) {
  try {
    process.stdout.write(`Pulumi CLI ${ensurePulumiCli().version}\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
