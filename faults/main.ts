/**
 * `make faults`: every fault at every remote call of every operation, and ten invariants. Prints violations and a table. A whole
 * run, and nothing less, writes faults/results.json.
 *
 *   npx tsx faults/main.ts [--full] [--server S] [--operation O] [--host H] [--only PART] [--sample N] [--lanes N] [--list]
 *
 * --full    every fault at every call in both hosts, in place of the sampling that the first lines name
 * --only    cases whose name holds this, no search for planted leaks; may be given several times, like those before it but the first
 * --sample  every Nth case alone, and the clean ones
 * --list    names the cases and plays none but the clean runs that they are made from
 */

import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { startSandbox } from "../bench/sandbox.js";
import { HOST_NAMES, OPERATIONS, SAMPLING } from "./cases.js";
import type { Violation } from "./invariants.js";
import { allCases, playAll, type Result } from "./matrix.js";
import { blindSpots } from "./planted.js";
import { createTally, shown } from "./results.js";
import { SERVERS } from "./subjects.js";

const several = { type: "string", multiple: true } as const;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      full: { type: "boolean", default: false },
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
  const isWhole = [values.server, values.operation, values.host, values.only].every((part) => part === undefined) && values.sample === "1" && !values.list;
  say(values.full ? "Every fault at every call, in both hosts." : SAMPLING);
  const servers = chosen(SERVERS, values.server);
  const operations = chosen(OPERATIONS, values.operation);
  const hosts = chosen(HOST_NAMES, values.host);
  const named = (name: string): boolean => values.only === undefined || values.only.some((part) => name.includes(part));

  const violations: Violation[] = [];
  const tally = createTally();
  let cases = 0;
  let halves = 0;
  const count = (result: Result): void => {
    const { violations: found } = result;
    if (result.counts) cases += 1;
    else halves += 1;
    tally.add(result);
    violations.push(...found);
    for (const { invariant, case: name, sentence } of found) say(`  ${invariant}  ${name}: ${sentence}`);
    if ((cases + halves) % 250 === 0) say(`${cases} cases, ${Math.round((performance.now() - startedAt) / 1000)} s`);
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
    const all = (await allCases({ servers, operations, hosts, full: values.full }, count)).filter(({ name }) => named(name)).filter(sampled);
    if (values.list) {
      for (const { name } of all) say(name);
      say(`${all.length} cases beside the ${cases} clean ones`);
      return;
    }
    await playAll(all, Number(values.lanes), count);
  } finally {
    sandbox.close();
  }

  if (isWhole && !blind) writeFileSync(path.join(__dirname, "results.json"), `${JSON.stringify(tally.results(), undefined, 2)}\n`);
  say(`\n${shown(tally.results())}\n`);
  if (halves > 0) say(`${halves} pairs more, whose second fault met no call: they are no cases`);
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
