/** Processes as the bench sees them: what they use. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Resident memory in MB. */
export function memoryOf(pid: number): number {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) / 1024;
}

/** Processor time in milliseconds since the process began; undefined where the system does not say. */
export function processorTimeOf(pid: number): number | undefined {
  try {
    // Behind the name in brackets: the fields from "state" on; user and system time are the 12th and 13th, in hundredths of a second.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (lower + upper) / 2;
}
