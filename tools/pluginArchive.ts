/** `make plugin`: the archives that `pulumi plugin install resource odeus <version> -f <file>` takes. Prints their names. */

import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { NOTICES, PLUGIN_FILES } from "./bundle";

const ROOT = path.join(__dirname, "..");
/** The content is JavaScript and one shell script: the same for all. */
const PLATFORMS = ["linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"];

const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");

/** Writes what the plugin cache has to hold, and answers the names at its root. */
function fill(folder: string): string[] {
  const starter = read("bin/pulumi-resource-odeus");
  const flat = starter.replace("/../dist/provider/plugin.js", "/plugin.js");
  if (flat === starter) throw new Error("bin/pulumi-resource-odeus starts another file than dist/provider/plugin.js");
  writeFileSync(path.join(folder, "pulumi-resource-odeus"), flat);
  chmodSync(path.join(folder, "pulumi-resource-odeus"), 0o755);
  for (const file of PLUGIN_FILES) copyFileSync(path.join(ROOT, "dist/provider", file), path.join(folder, file));
  copyFileSync(path.join(ROOT, "dist", NOTICES), path.join(folder, NOTICES));
  for (const file of ["LICENSE", "NOTICE"]) copyFileSync(path.join(ROOT, file), path.join(folder, file));
  return ["pulumi-resource-odeus", ...PLUGIN_FILES, NOTICES, "LICENSE", "NOTICE"];
}

async function main(): Promise<void> {
  const { version } = JSON.parse(read("package.json")) as { version: string };
  const target = path.resolve(process.argv[2] ?? path.join(ROOT, "build"));
  mkdirSync(target, { recursive: true });
  const folder = mkdtempSync(path.join(tmpdir(), "odeus-plugin-"));
  try {
    const content = fill(folder);
    for (const platform of PLATFORMS) {
      const file = path.join(target, `pulumi-resource-odeus-v${version}-${platform}.tar.gz`);
      execFileSync("tar", ["-czf", file, "-C", folder, ...content]);
      process.stdout.write(`${path.relative(process.cwd(), file)}\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
