/**
 * `make faults`: every fault at every remote call of every operation, and ten invariants. Prints violations and a table, and
 * writes faults/results.json.
 *
 *   npx tsx faults/main.ts [--server S] [--operation O] [--host H] [--only PART] [--lanes N] [--list]
 *
 * --only    cases whose name holds this, and no search for planted leaks; may be given several times, like the three before it
 * --list    names the cases and plays none but the clean runs that they are made from
 */

import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { startSandbox } from "../bench/sandbox.js";
import { table } from "../tools/table.js";
import { HOST_NAMES, OPERATIONS } from "./cases.js";
import type { Violation } from "./invariants.js";
import { allCases, playAll, type Result } from "./matrix.js";
import { blindSpots } from "./planted.js";
import { SERVERS } from "./subjects.js";

interface Count {
  cases: number;
  violations: number;
}

const several = { type: "string", multiple: true } as const;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      server: several,
      operation: several,
      host: several,
      only: several,
      lanes: { type: "string", default: "2" },
      list: { type: "boolean", default: false },
    },
  });
  const startedAt = performance.now();
  const servers = chosen(SERVERS, values.server);
  const operations = chosen(OPERATIONS, values.operation);
  const hosts = chosen(HOST_NAMES, values.host);
  const named = (name: string): boolean => values.only === undefined || values.only.some((part) => name.includes(part));

  const violations: Violation[] = [];
  const byServer: Record<string, Count> = {};
  const byOperation: Record<string, Count> = {};
  let cases = 0;
  const count = ({ played, violations: found }: Result): void => {
    cases += 1;
    for (const [counts, key] of [
      [byServer, played.server],
      [byOperation, played.operation],
    ] as const) {
      counts[key] ??= { cases: 0, violations: 0 };
      counts[key].cases += 1;
      counts[key].violations += found.length;
    }
    violations.push(...found);
    for (const { invariant, case: name, sentence } of found) say(`  ${invariant}  ${name}: ${sentence}`);
    if (cases % 250 === 0) say(`${cases} cases, ${Math.round((performance.now() - startedAt) / 1000)} s`);
  };

  if (values.only === undefined && !values.list) {
    const { planted, unseen } = await blindSpots();
    violations.push(...unseen.map((sentence) => ({ invariant: "I7", case: "planted leaks", sentence })));
    for (const sentence of unseen) say(`  I7  planted leaks: ${sentence}`);
    say(`${planted} planted leaks, ${planted - unseen.length} seen`);
  }
  const sandbox = await startSandbox();
  try {
    const all = (await allCases({ servers, operations, hosts }, count)).filter(({ name }) => named(name));
    if (values.list) {
      for (const { name } of all) say(name);
      say(`${all.length} cases beside the ${cases} clean ones`);
      return;
    }
    await playAll(all, Number(values.lanes), count);
  } finally {
    sandbox.close();
  }

  writeFileSync(path.join(__dirname, "results.json"), `${JSON.stringify({ cases, violations: violations.length, byServer, byOperation }, undefined, 2)}\n`);
  const rows = [byServer, byOperation].flatMap((counts) => Object.entries(counts).map(([key, one]) => [key, String(one.cases), String(one.violations)]));
  say(`\n${table([["", "Cases", "Violations"], ...rows])}\n`);
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
