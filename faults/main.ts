/**
 * `make faults`: every fault at every remote call of every operation, and ten invariants. Prints violations and a table, and
 * writes faults/results.json, where a run of some servers or operations replaces the figures of those alone.
 *
 *   npx tsx faults/main.ts [--server S] [--operation O] [--host H] [--only PART] [--sample N] [--lanes N] [--list]
 *
 * --host    cases of this host alone; nothing is written
 * --only    cases whose name holds this, no search for planted leaks, and nothing is written; may be given several times, like those above
 * --sample  every Nth case alone, and the clean ones
 * --list    names the cases and plays none but the clean runs that they are made from
 */

import * as path from "node:path";
import { parseArgs } from "node:util";
import { startSandbox } from "../bench/sandbox.js";
import { HOST_NAMES, OPERATIONS } from "./cases.js";
import type { Violation } from "./invariants.js";
import { allCases, playAll, type Result } from "./matrix.js";
import { blindSpots } from "./planted.js";
import { createTally, keep, shown } from "./results.js";
import { SERVERS } from "./subjects.js";

const several = { type: "string", multiple: true } as const;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      server: several,
      operation: several,
      host: several,
      only: several,
      sample: { type: "string", default: "1" },
      lanes: { type: "string", default: "3" },
      list: { type: "boolean", default: false },
    },
  });
  const startedAt = performance.now();
  const servers = chosen(SERVERS, values.server);
  const operations = chosen(OPERATIONS, values.operation);
  const hosts = chosen(HOST_NAMES, values.host);
  const named = (name: string): boolean => values.only === undefined || values.only.some((part) => name.includes(part));

  const violations: Violation[] = [];
  const tally = createTally();
  let cases = 0;
  const count = (result: Result): void => {
    const { violations: found } = result;
    cases += 1;
    tally.add(result);
    violations.push(...found);
    for (const { invariant, case: name, sentence } of found) say(`  ${invariant}  ${name}: ${sentence}`);
    if (cases % 250 === 0) say(`${cases} cases, ${Math.round((performance.now() - startedAt) / 1000)} s`);
  };

  let blind = false;
  if (values.only === undefined && !values.list) {
    const { planted, unseen } = await blindSpots();
    blind = unseen.length > 0;
    violations.push(...unseen.map((sentence) => ({ invariant: "I7", case: "planted leaks", sentence })));
    for (const sentence of unseen) say(`  I7  planted leaks: ${sentence}`);
    say(`${planted} planted leaks, ${planted - unseen.length} seen`);
  }
  const sandbox = await startSandbox();
  try {
    const sampled = (_one: unknown, index: number): boolean => index % Number(values.sample) === 0;
    const all = (await allCases({ servers, operations, hosts }, count)).filter(({ name }) => named(name)).filter(sampled);
    if (values.list) {
      for (const { name } of all) say(name);
      say(`${all.length} cases beside the ${cases} clean ones`);
      return;
    }
    await playAll(all, Number(values.lanes), count);
  } finally {
    sandbox.close();
  }

  if (values.only === undefined && values.host === undefined && !blind) keep(path.join(__dirname, "results.json"), tally.results());
  say(`\n${shown(tally.results())}\n`);
  say(`${Math.round((performance.now() - startedAt) / 1000)} s`);
  say(`${cases} cases, ${violations.length} violations`);
  if (violations.length > 0) process.exitCode = 1;
}

function chosen<T extends string>(known: readonly T[], given: readonly string[] | undefined): readonly T[] {
  const unknown = given?.filter((one) => !known.includes(one as T)) ?? [];
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(", ")}; known: ${known.join(", ")}`);
  return given === undefined ? known : known.filter((one) => given.includes(one));
}

main().catch((error: unknown) => {
  process.stderr.write(`The matrix failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
