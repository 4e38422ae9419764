/** The processes that this one has started, and those that they have started: for tests that end one of them, by its id. */

import { execFileSync } from "node:child_process";

export interface Descendant {
  pid: number;
  command: string;
}

export function descendants(of = process.pid): Descendant[] {
  const lines = execFileSync("ps", ["-e", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  const all = lines.flatMap((line) => {
    const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
  const below = (parent: number): Descendant[] => all.filter((one) => one.parent === parent).flatMap(({ pid, command }) => [{ pid, command }, ...below(pid)]);
  return below(of);
}

export function isAlive(pid: number): boolean {
  try {
    // Signal 0 asks whether the process is there, and sends nothing.
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
