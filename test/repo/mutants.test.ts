/** `make mutants` stays in step with the sources: each text that it replaces stands there exactly once. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MUTANTS, SUITES, type Suite } from "../../mutants/mutants.js";
import { REPOSITORY } from "../support/hostProcess.js";

it.each(MUTANTS)("$name: its text stands in $file once, and is another afterwards", ({ file, from, to }) => {
  const text = readFileSync(join(REPOSITORY, file), "utf8");
  expect(text.split(from)).toHaveLength(2);
  expect(text.replace(from, () => to)).not.toBe(text);
});

it("has a name of its own for each mutant, at least ten of them, and tests that exist", () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  expect(MUTANTS.length).toBeGreaterThanOrEqual(10);
  expect(new Set(MUTANTS.map(({ suite }) => suite))).toEqual(new Set(Object.keys(SUITES)));
  const files = Object.values<Suite>(SUITES).flatMap((suite) => suite.files);
  expect(files.filter((file) => !existsSync(join(REPOSITORY, file)))).toEqual([]);
});
