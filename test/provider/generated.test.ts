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

it("everything in schema.json has a text for editors to show", () => {
  type Described = { description?: string; [name: string]: unknown };
  const schema = json("schema.json") as Record<"resources" | "functions" | "types", Record<string, Described>> & Record<"config" | "provider", Described>;
  /** Whatever names properties, at any depth: resources, functions, types and configuration. */
  const bare = (where: string, value: unknown): string[] => {
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([name, inner]) => {
      const named = /^(properties|inputProperties|variables)$/.test(name) ? Object.entries(inner as Record<string, Described>) : [];
      const here = named.flatMap(([property, { description = "" }]) => (description.trim() === "" ? [`${where}.${property}`] : []));
      return [...here, ...bare(`${where}.${name}`, inner)];
    });
  };
  const { resources, functions, types } = schema;
  const tokens = Object.entries({ ...resources, ...functions, ...types }).flatMap(([token, { description = "" }]) =>
    description.trim() === "" ? [token] : [],
  );
  expect([...tokens, ...bare("schema", schema)]).toEqual([]);
});

it("no configuration value is copied from the environment by a generated SDK", () => {
  expect(readFileSync(join(ROOT, "schema.json"), "utf8")).not.toContain("defaultInfo");
});
