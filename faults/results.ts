/** How many cases of which server and operation were played, and how many violations they had: counted, and shown as a table. */

import { table } from "../tools/table.js";
import type { Result } from "./matrix.js";

interface Count {
  cases: number;
  violations: number;
}

export type Results = Count & { byServer: Record<string, Count & { byOperation: Record<string, Count> }>; byOperation: Record<string, Count> };

/** One server's one operation. */
type Part = [server: string, operation: string, Count];

export interface Tally {
  add(result: Result): void;
  results(): Results;
}

export function createTally(): Tally {
  const parts = new Map<string, Part>();
  return {
    add({ played: { server, operation }, violations, counts }) {
      const key = `${server} ${operation}`;
      const [, , count] = parts.get(key) ?? [server, operation, { cases: 0, violations: 0 }];
      if (counts) count.cases += 1;
      count.violations += violations.length;
      parts.set(key, [server, operation, count]);
    },
    results: () => summed([...parts.values()]),
  };
}

export function shown({ byServer, byOperation }: Results): string {
  const row = ([name, { cases, violations }]: [string, Count]): string[] => [name, String(cases), String(violations)];
  return table([["", "Cases", "Violations"], ...[byServer, byOperation].flatMap((counts) => Object.entries(counts).map(row))]);
}

function summed(parts: readonly Part[]): Results {
  const by = (place: 0 | 1, among: readonly Part[]): [string, Part[]][] =>
    [...new Set(among.map((part) => part[place]))].map((name) => [name, among.filter((part) => part[place] === name)]);
  const operations = (among: readonly Part[]): Record<string, Count> => Object.fromEntries(by(1, among).map(([name, own]) => [name, sum(own)]));
  const byServer = by(0, parts).map(([name, own]) => [name, { ...sum(own), byOperation: operations(own) }]);
  return { ...sum(parts), byServer: Object.fromEntries(byServer), byOperation: operations(parts) };
}

function sum(parts: readonly Part[]): Count {
  const total = (of: keyof Count): number => parts.reduce((sofar, [, , count]) => sofar + count[of], 0);
  return { cases: total("cases"), violations: total("violations") };
}
