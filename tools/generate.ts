/**
 * Writes everything that follows from another file of this repository: types of the Odeus API, schema.json, the resource
 * classes. With --check it writes nothing and fails when something is stale.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { functions, resources } from "../src/resources/registry.js";
import { type PackageFacts, pulumiSchema } from "../src/resources/schema.js";
import { type OpenApiDocument, openApiTypes } from "./openapiTypes.js";
import { resourceClasses } from "./resourceClasses.js";

const root = join(__dirname, "..");
const API = "api/odeus.openapi.yaml";

function generatedFiles(): Map<string, string> {
  const api = parse(readFileSync(join(root, API), "utf8")) as OpenApiDocument;
  const facts = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as PackageFacts;
  return new Map([
    ["src/generated/odeusApi.ts", openApiTypes(api, API)],
    ["schema.json", `${JSON.stringify(pulumiSchema(resources, functions, facts), undefined, 2)}\n`],
    ...resourceClasses(resources, functions),
  ]);
}

function current(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return undefined;
  }
}

const stale = [...generatedFiles()].filter(([path, text]) => current(path) !== text);
if (process.argv.includes("--check")) {
  for (const [path] of stale) console.error(`${path} is stale: run npx tsx tools/generate.ts`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [path, text] of stale) {
    writeFileSync(join(root, path), text);
    console.log(`wrote ${path}`);
  }
}
