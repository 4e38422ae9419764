/** The schema that belongs to the package. In a bundle, tools/bundle.ts puts its text in the place of this file. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Two levels above dist/provider and src/provider alike. */
const PACKAGE = join(__dirname, "..", "..");

export function schemaText(): string {
  return readFileSync(join(PACKAGE, "schema.json"), "utf8");
}
