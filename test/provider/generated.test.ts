/** Everything that is generated is committed as its source says, and the engine's own description of a schema accepts it. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const ROOT = join(__dirname, "..", "..");
const json = (...path: string[]): object => JSON.parse(readFileSync(join(ROOT, ...path), "utf8")) as object;

it("generated files are not stale", () => {
  execFileSync(process.execPath, ["--require", "tsx/cjs", join(ROOT, "tools", "generate.ts"), "--check"], { cwd: ROOT });
});

it("schema.json meets Pulumi's meta-schema", () => {
  const ajv = new Ajv2020({ strict: false });
  addFormats(ajv);
  const valid = ajv.validate(json("test", "provider", "data", "pulumi-package-schema.json"), json("schema.json"));
  expect(ajv.errors ?? []).toEqual([]);
  expect(valid).toBe(true);
});

it("no configuration value is copied from the environment by a generated SDK", () => {
  expect(readFileSync(join(ROOT, "schema.json"), "utf8")).not.toContain("defaultInfo");
});
