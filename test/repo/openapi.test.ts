/** The API document that client and sandbox are held to: whole in itself, and the same calls that the client makes. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parse } from "yaml";
import { REPOSITORY } from "../support/hostProcess.js";

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { operationId?: string; responses?: Record<string, unknown> }>>;
  components: { schemas: Record<string, object> };
}
const text = readFileSync(join(REPOSITORY, "api", "odeus.openapi.yaml"), "utf8");
const api = parse(text) as Document;
const METHODS = ["get", "post", "put", "patch", "delete"];
const operations = Object.entries(api.paths).flatMap(([path, item]) =>
  METHODS.flatMap((method) => (item[method] === undefined ? [] : [{ path, method, ...item[method] }])),
);

/** Every value of a key, at any depth. */
function valuesOf(key: string, value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => (name === key ? [each] : valuesOf(key, each)));
}

it("refers only to what is there", () => {
  const missing = valuesOf("$ref", api).filter((ref) => {
    const path = String(ref).split("/").slice(1);
    return path.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], api) === undefined;
  });
  expect(api.openapi).toMatch(/^3\.1\./);
  expect(missing).toEqual([]);
});

it("has schemas that a validator takes", () => {
  const ajv = new Ajv2020({ strict: false });
  addFormats(ajv);
  ajv.addSchema({ $id: "api", ...(api as object) });
  for (const name of Object.keys(api.components.schemas)) expect(() => ajv.compile({ $ref: `api#/components/schemas/${name}` })).not.toThrow();
});

it("names every operation once, and says what it answers when it fails", () => {
  const names = operations.map(({ operationId }) => operationId);
  expect(new Set(names).size).toBe(names.length);
  expect(names).not.toContain(undefined);
  expect(operations.filter(({ responses }) => responses?.["default"] === undefined).map(({ operationId }) => operationId)).toEqual([]);
});

it("holds every call that the client makes, by its method", () => {
  const client = readFileSync(join(REPOSITORY, "src", "clients", "odeus.ts"), "utf8");
  const made = [...client.matchAll(/operation: "(\w+)",\s*method: "(\w+)"/g)].map(([, operation, method]) => `${method?.toLowerCase()} ${operation}`);
  expect(made.length).toBeGreaterThan(4);
  const declared = operations.map(({ method, operationId }) => `${method} ${operationId}`);
  expect(made.filter((call) => !declared.includes(call))).toEqual([]);
});

it("never shows a client secret in an answer", () => {
  const seen = new Set<string>();
  const shown = (value: unknown): string[] => {
    const properties = valuesOf("properties", value).flatMap((each) => Object.keys(each as object));
    const refs = valuesOf("$ref", value)
      .map(String)
      .filter((ref) => !seen.has(ref));
    for (const ref of refs) seen.add(ref);
    const targets = refs.map((ref) =>
      ref
        .split("/")
        .slice(1)
        .reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], api),
    );
    return [...properties, ...targets.flatMap(shown)];
  };
  const names = new Set(operations.flatMap(({ responses }) => shown(responses)));
  expect(names).toContain("hasClientSecret");
  expect(names).not.toContain("clientSecret");
});
