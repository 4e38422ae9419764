/** Plays cases side by side, each lane in a world of its own, and records the clean runs that they are made from. */

import { addressesOf, type Case, casesOf, type HostName, OPERATIONS, type OperationName, type Recording } from "./cases.js";
import { unmet, type Violation, violationsOf } from "./invariants.js";
import { type Lane, startLane } from "./lane.js";
import { runCase } from "./run.js";
import { SERVERS, type ServerName } from "./subjects.js";

export interface Result {
  played: Case;
  violations: Violation[];
}

/** On a busy machine a call may run out of time before the one that the fault was planned for: that is a case too, but another one. */
const TRIES = 4;

/** A world keeps a record of everything that ever was in it, and is slow once that is long. */
const CASES_A_WORLD = 60;

export interface Selection {
  servers: readonly ServerName[];
  operations: readonly OperationName[];
  hosts: readonly HostName[];
}

/** Only servers with two secrets beside each other have an overlap that can be left out, or come to its end. */
const OVERLAPPING: readonly OperationName[] = ["rotateAtOnce", "retire"];

const isPlayed = (server: ServerName, operation: OperationName): boolean => !OVERLAPPING.includes(operation) || server === "entra" || server === "snowflake";

/** The clean run of every operation, which is a case too, and all cases with faults that follow from it. */
export async function allCases({ servers, operations, hosts }: Selection, onResult: (result: Result) => void): Promise<Case[]> {
  const lane = await startLane();
  const cases: Case[] = [];
  try {
    for (const server of SERVERS.filter((one) => servers.includes(one)))
      for (const operation of OPERATIONS.filter((one) => operations.includes(one) && isPlayed(server, one))) {
        const recording: Recording = { server, operation, cold: [], warm: [] };
        for (const host of hosts)
          for (const how of ["cold", "warm"] as const) {
            const played: Case = {
              name: `${server} ${operation} clean ${how} ${host}`,
              server,
              operation,
              host,
              cold: how === "cold",
              kills: false,
              faults: [],
            };
            const evidence = await runCase(lane, played);
            onResult({ played, violations: violationsOf(evidence) });
            recording[how] = addressesOf(evidence.attempts[0]?.calls ?? []);
          }
        cases.push(...casesOf(recording, hosts));
      }
  } finally {
    await lane.close();
  }
  return cases;
}

export async function playAll(cases: readonly Case[], lanes: number, onResult: (result: Result) => void): Promise<void> {
  await Promise.all(
    Array.from({ length: lanes }, (_, number) =>
      playInLane(
        cases.filter((_one, index) => index % lanes === number),
        onResult,
      ),
    ),
  );
}

async function playInLane(cases: readonly Case[], onResult: (result: Result) => void): Promise<void> {
  let lane: Lane | undefined;
  let playedHere = 0;
  for (const [index, played] of cases.entries()) {
    if (playedHere >= CASES_A_WORLD) {
      await lane?.close();
      [lane, playedHere] = [undefined, 0];
    }
    lane ??= await startLane();
    playedHere += 1;
    const next = cases[index + 1];
    const outcome = playUntilMet(lane, played);
    if (next?.cold && playedHere < CASES_A_WORLD) lane.ahead(next.host);
    const { violations, broken } = await outcome;
    onResult({ played, violations });
    if (broken) {
      await lane.close();
      [lane, playedHere] = [undefined, 0];
    }
  }
  await lane?.close();
}

async function playUntilMet(lane: Lane, played: Case): Promise<{ violations: Violation[]; broken: boolean }> {
  const violations: Violation[] = [];
  let why: string[] = [];
  for (let time = 0; time < TRIES; time += 1) {
    try {
      const evidence = await runCase(lane, played);
      violations.push(...violationsOf(evidence));
      why = unmet(evidence);
      if (why.length === 0) return { violations, broken: false };
    } catch (error) {
      why = [`the case could not be played: ${error instanceof Error ? error.message : String(error)}`];
      return { violations: [...violations, { invariant: "none", case: played.name, sentence: why[0] ?? "" }], broken: true };
    }
  }
  return { violations: [...violations, ...why.map((sentence) => ({ invariant: "none", case: played.name, sentence }))], broken: false };
}
