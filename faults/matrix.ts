/** Plays cases side by side, each lane in a world of its own, and records the clean runs that they are made from. */

import { addressesOf, type Case, casesOf, type HostName, OPERATIONS, type OperationName, type Recording } from "./cases.js";
import { type Violation, violationsOf } from "./invariants.js";
import { type Lane, startLane } from "./lane.js";
import { secondUnmet, unmet } from "./met.js";
import { runCase } from "./run.js";
import { SERVERS, type ServerName } from "./subjects.js";

export interface Result {
  played: Case;
  violations: Violation[];
  /** False: the second fault of a pair met no call, so it counts for nothing but its violations. */
  counts: boolean;
}

/** On a busy machine a call may run out of time before the one that the fault was planned for: that is a case too, but another one. */
const TRIES = 4;

/** A world keeps a record of everything that ever was in it, and is slow once that is long. */
const CASES_A_WORLD = 60;

export interface Selection {
  servers: readonly ServerName[];
  operations: readonly OperationName[];
  hosts: readonly HostName[];
  /** Every fault at every call in every host, in place of the sampling that cases.ts names. */
  full: boolean;
}

/** Only servers with two secrets beside each other have an overlap that can be left out, or come to its end. */
const OVERLAPPING: readonly OperationName[] = ["rotateAtOnce", "retire"];

const isPlayed = (server: ServerName, operation: OperationName): boolean => !OVERLAPPING.includes(operation) || server === "entra" || server === "snowflake";

/** The clean run of every operation, which is a case too, and all cases with faults that follow from it. */
export async function allCases({ servers, operations, hosts, full }: Selection, onResult: (result: Result) => void): Promise<Case[]> {
  const lane = await startLane();
  const cases: Case[] = [];
  try {
    for (const server of SERVERS.filter((one) => servers.includes(one)))
      for (const operation of OPERATIONS.filter((one) => operations.includes(one) && isPlayed(server, one))) {
        const recordings: Recording[] = [];
        for (const host of hosts) {
          const recording: Recording = { server, operation, host, cold: [], warm: [] };
          recordings.push(recording);
          for (const how of ["cold", "warm"] as const) {
            const name = `${server} ${operation} clean ${how} ${host}`;
            const played: Case = { name, server, operation, host, cold: how === "cold", kills: false, faults: [] };
            const evidence = await runCase(lane, played);
            onResult({ played, violations: violationsOf(evidence), counts: true });
            recording[how] = addressesOf(evidence.attempts[0]?.calls ?? []);
          }
        }
        cases.push(...casesOf(recordings, full));
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
    const { broken, ...result } = await outcome;
    onResult({ played, ...result });
    if (broken) {
      await lane.close();
      [lane, playedHere] = [undefined, 0];
    }
  }
  await lane?.close();
}

async function playUntilMet(lane: Lane, played: Case): Promise<Omit<Result, "played"> & { broken: boolean }> {
  const violations: Violation[] = [];
  const none = (sentence: string): Violation => ({ invariant: "none", case: played.name, sentence });
  let why: string[] = [];
  for (let time = 0; time < TRIES; time += 1) {
    try {
      const evidence = await runCase(lane, played);
      violations.push(...violationsOf(evidence));
      why = unmet(evidence);
      if (why.length === 0) return { violations, counts: !secondUnmet(evidence), broken: false };
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      return { violations: [...violations, none(`the case could not be played: ${said}`)], counts: true, broken: true };
    }
  }
  return { violations: [...violations, ...why.map(none)], counts: true, broken: false };
}
