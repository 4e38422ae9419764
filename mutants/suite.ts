/** Runs a part of the test suite in a tree, and reads which tests failed. */

import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import * as path from "node:path";
import type { Suite } from "./mutants.js";
import type { Tree } from "./tree.js";

export interface Verdict {
  passed: number;
  /** Names of the tests that failed. */
  failed: string[];
}

interface JestResults {
  numPassedTests: number;
  testResults: { name: string; message: string; assertionResults: { status: string; fullName: string }[] }[];
}

/** The same histories for every mutant, and for the tree that is not broken. */
const SEED = "1";
const HISTORIES = "400";

export async function run(tree: Tree, { files, named, built }: Suite): Promise<Verdict> {
  if (built === true) await build(tree);
  const results = path.join(tree.root, "results.json");
  const cache = path.join(tree.root, ".jest-cache");
  const args = ["--ci", "--runInBand", "--json", `--outputFile=${results}`, `--cacheDirectory=${cache}`, ...files];
  if (named !== undefined) args.push("--testNamePattern", named);
  const said = await node(tree, "jest/bin/jest.js", args);
  const { numPassedTests, testResults } = resultsIn(results, said);
  const failed = testResults.flatMap(({ name, message, assertionResults }) => {
    const names = assertionResults.filter(({ status }) => status === "failed").map(({ fullName }) => fullName);
    // A file that could not even run tells nothing about its subject.
    if (assertionResults.length === 0 && message !== "") throw new Error(`${path.relative(tree.root, name)} did not run: ${message}`);
    return names;
  });
  return { passed: numPassedTests, failed };
}

/** The plugin runs from dist. */
export async function build(tree: Tree): Promise<void> {
  // The sandbox in dist serves this run of jest only, and the types of a mutant are nobody's concern.
  await node(tree, "typescript/bin/tsc", ["-p", "tsconfig.json", "--noEmitOnError", "false"]);
  const said = await node(tree, "tsx/dist/cli.mjs", ["tools/bundle.ts"]);
  if (said.code !== 0) throw new Error(`the broken tree cannot be bundled: ${said.text}`);
}

function resultsIn(file: string, said: { text: string }): JestResults {
  try {
    const results = JSON.parse(readFileSync(file, "utf8")) as JestResults;
    rmSync(file);
    return results;
  } catch {
    throw new Error(`jest has left no results: ${said.text}`);
  }
}

function node(tree: Tree, script: string, args: string[]): Promise<{ code: number | null; text: string }> {
  const environment = { ...process.env, ODEUS_MODEL_SEED: SEED, ODEUS_MODEL_RUNS: HISTORIES };
  const child = spawn(process.execPath, [path.join(tree.root, "node_modules", script), ...args], { cwd: tree.root, env: environment });
  let text = "";
  const keep = (part: string): void => {
    text += part;
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", keep);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, text: text.slice(-4000) }));
  });
}
