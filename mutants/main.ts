/**
 * `make mutants`: breaks the sources on purpose, one text at a time, in a copy of the tree, and runs the tests that should see it.
 * First the same tests pass in the copy as it is; otherwise "caught" would mean nothing. Fails when one mutant lives.
 *
 *   npx tsx mutants/main.ts [--only PART]
 *
 * --only    mutants whose name holds this; may be given several times
 */

import { parseArgs } from "node:util";
import { MUTANTS, type Mutant, SUITES, type Suite } from "./mutants.js";
import { run } from "./suite.js";
import { Tree } from "./tree.js";

/** Side by side, each in a copy of its own. */
const LANES = 2;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const trees: Tree[] = [];
const removeTrees = (): void => {
  for (const tree of trees.splice(0)) tree.remove();
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
  const chosen = MUTANTS.filter(({ name }) => values.only === undefined || values.only.some((part) => name.includes(part)));
  const startedAt = performance.now();
  trees.push(...Array.from({ length: LANES }, () => new Tree()));

  const suites = [...new Set(chosen.map(({ suite }) => suite))];
  await sideBySide(suites, async (tree, name) => {
    const suite: Suite = SUITES[name];
    const { passed, failed } = await run(tree, suite);
    if (failed.length > 0 || passed === 0)
      throw new Error(`${suite.files.join(", ")}: not broken, and ${passed} passed, failed: ${failed.join("; ") || "none"}`);
    say(`not broken: ${passed} tests pass in ${suite.files.join(", ")}`);
  });

  let caught = 0;
  await sideBySide(chosen, async (tree, mutant) => {
    const by = await catcher(tree, mutant);
    if (by !== undefined) caught += 1;
    say(by === undefined ? `LIVES: ${mutant.name} (${mutant.file})` : `caught: ${mutant.name}\n    by: ${by}`);
  });
  say(`\n${Math.round((performance.now() - startedAt) / 1000)} s`);
  say(`${chosen.length} mutants, ${caught} caught`);
  if (caught !== chosen.length || chosen.length === 0) process.exitCode = 1;
}

/** The first test that fails, and how many more do. */
async function catcher(tree: Tree, { file, from, to, suite }: Mutant): Promise<string | undefined> {
  const mend = tree.replace(file, from, to);
  try {
    const { failed } = await run(tree, SUITES[suite]);
    return failed.length > 1 ? `${failed[0]} (and ${failed.length - 1} more)` : failed[0];
  } finally {
    mend();
  }
}

async function sideBySide<T>(items: readonly T[], work: (tree: Tree, item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const lane = async (tree: Tree): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(tree, item);
  };
  await Promise.all(trees.map(lane));
}

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    removeTrees();
    process.exit(1);
  });

main()
  .catch((error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  })
  .finally(removeTrees);
