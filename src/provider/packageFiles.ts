/** What the provider says of its own package. In a bundle, tools/bundle.ts puts the texts in the place of this file. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Two levels above dist/provider and src/provider alike. */
const PACKAGE = join(__dirname, "..", "..");

export function schemaText(): string {
  return readFileSync(join(PACKAGE, "schema.json"), "utf8");
}

export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as { version: string }).version;
}
