/** The version of this package. In a bundle, tools/bundle.ts puts it in the place of this file. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

export function packageVersion(): string {
  // Two levels above dist/core and src/core alike.
  return (JSON.parse(readFileSync(join(__dirname, "..", "..", "package.json"), "utf8")) as { version: string }).version;
}
