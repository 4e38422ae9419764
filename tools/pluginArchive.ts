/** `make plugin`: the archives that `pulumi plugin install resource odeus <version> -f <file>` takes. Prints their names. */

import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { bundle, NOTICES, notices, packagesIn } from "./bundle";

const ROOT = path.join(__dirname, "..");
/** The content is JavaScript and one shell script: the same for all. */
const PLATFORMS = ["linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"];
const IDENTITY = "node_modules/@azure/identity";

const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");

/** Writes what the plugin cache has to hold, and answers the names at its root. */
async function fill(folder: string): Promise<string[]> {
  const starter = read("bin/pulumi-resource-odeus");
  const flat = starter.replace("/../dist/provider/plugin.js", "/plugin.js");
  if (flat === starter) throw new Error("bin/pulumi-resource-odeus starts another file than dist/provider/plugin.js");
  writeFileSync(path.join(folder, "pulumi-resource-odeus"), flat);
  chmodSync(path.join(folder, "pulumi-resource-odeus"), 0o755);
  copyFileSync(path.join(ROOT, "dist/provider/plugin.js"), path.join(folder, "plugin.js"));

  // In a cache nobody runs npm install: signing in to Entra comes along, as one file where the plugin looks for the package.
  // 46 MB of folders become 1 MB, which is read by those only who sign in.
  const identity = path.join(folder, IDENTITY);
  mkdirSync(identity, { recursive: true });
  const { metafile } = await bundle({ entryPoints: ["@azure/identity"], outfile: path.join(identity, "index.js") });
  const { name, version, license } = JSON.parse(read(`${IDENTITY}/package.json`)) as Record<string, string>;
  writeFileSync(path.join(identity, "package.json"), `${JSON.stringify({ name, version, license, main: "index.js" }, null, 2)}\n`);
  writeFileSync(path.join(identity, NOTICES), `${notices(packagesIn(metafile))}\n`);

  copyFileSync(path.join(ROOT, "dist", NOTICES), path.join(folder, NOTICES));
  for (const file of ["LICENSE", "NOTICE"]) copyFileSync(path.join(ROOT, file), path.join(folder, file));
  return ["pulumi-resource-odeus", "plugin.js", "node_modules", NOTICES, "LICENSE", "NOTICE"];
}

async function main(): Promise<void> {
  const { version } = JSON.parse(read("package.json")) as { version: string };
  const target = path.resolve(process.argv[2] ?? path.join(ROOT, "build"));
  mkdirSync(target, { recursive: true });
  const folder = mkdtempSync(path.join(tmpdir(), "odeus-plugin-"));
  try {
    const content = await fill(folder);
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
