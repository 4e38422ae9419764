/** The OpenAPI document as text. In a bundle, tools/bundle.ts puts the text itself in the place of this file. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Three levels above dist/sandbox/odeus and src/sandbox/odeus alike. */
export function contractText(): string {
  return readFileSync(join(__dirname, "..", "..", "..", "api", "odeus.openapi.yaml"), "utf8");
}
