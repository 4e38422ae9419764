/** The tarball that `npm publish` would send, packed once for a whole test run. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import * as path from "node:path";
import { REPOSITORY } from "./hostProcess.js";

const BUNDLED = ["index.js", "lifecycle.js", "provider/plugin.js", "provider/pluginMain.js", "sandbox/main.js"];

export function packedPackage(): string {
  // The folder of this run's sandbox: it goes when the run ends.
  const run = path.dirname(process.env["SANDBOX_CA"] ?? "");
  const shared = path.join(run, "package.tgz");
  if (!existsSync(shared)) {
    bundleAfterTsc();
    const own = mkdtempSync(path.join(run, "pack-"));
    const answer = execFileSync("npm", ["pack", "--json", "--pack-destination", own], {
      cwd: REPOSITORY,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [{ filename }] = JSON.parse(answer) as [{ filename: string }];
    renameSync(path.join(own, filename), shared);
    rmSync(own, { recursive: true });
  }
  return shared;
}

/** A plain tsc puts modules in the place of the bundles. */
function bundleAfterTsc(): void {
  const time = (file: string): number => (existsSync(file) ? statSync(file).mtimeMs : 0);
  const dist = path.join(REPOSITORY, "dist");
  const bundledAt = time(path.join(dist, "THIRD_PARTY_NOTICES.txt"));
  if (BUNDLED.every((file) => time(path.join(dist, file)) <= bundledAt)) return;
  execFileSync(path.join(REPOSITORY, "node_modules/.bin/tsx"), ["tools/bundle.ts"], { cwd: REPOSITORY });
}

export function filesIn(archive: string): string[] {
  const names = execFileSync("tar", ["-tzf", archive], { encoding: "utf8" }).trim().split("\n");
  return names.filter((name) => !name.endsWith("/")).sort();
}

/** Puts the package where a program in `folder` finds it; what it depends on is found further up. */
export function unpackPackage(folder: string): string {
  const target = path.join(folder, "node_modules/@odeus/pulumi");
  execFileSync("mkdir", ["-p", target]);
  execFileSync("tar", ["-xzf", packedPackage(), "-C", target, "--strip-components=1"]);
  return target;
}
