/** The cases of the matrix, made from recorded clean runs: a new call gets its faults without new code. */

import type { RecordedCall } from "../src/sandbox/calls.js";
import type { Fault } from "../src/sandbox/faults.js";
import { KINDS, type Kind, LAGS, type Lag, OF_PAIRS } from "./kinds.js";
import type { ServerName } from "./subjects.js";

export const OPERATIONS = ["create", "update", "rotate", "rotateAtOnce", "retire", "read", "delete"] as const;
export type OperationName = (typeof OPERATIONS)[number];
export const HOST_NAMES = ["plugin", "dynamic"] as const;
export type HostName = (typeof HOST_NAMES)[number];

/** A call as every run of the operation makes it. */
export interface Address {
  counterpart: string;
  operation: string;
  /** Which of its kind, from 0. */
  ordinal: number;
  changes: boolean;
  /** Place among all calls of the recorded run. */
  index: number;
}

/** One clean run of an operation, in one host. */
export interface Recording {
  server: ServerName;
  operation: OperationName;
  host: HostName;
  /** By a process that does nothing else, which signs in first. */
  cold: Address[];
  /** By a process that has worked before. */
  warm: Address[];
}

export type PlannedFault = Omit<Fault, "pid">;

export interface Case {
  name: string;
  server: ServerName;
  operation: OperationName;
  host: HostName;
  /** The process of this operation is a new one. */
  cold: boolean;
  kills: boolean;
  faults: PlannedFault[];
  /** At the repetition, if there is one. */
  second?: { kills: boolean; fault: PlannedFault };
  lag?: Lag;
  /** The program is another one when the operation is repeated. */
  changed?: true;
}

export const isClean = ({ faults, lag }: Case): boolean => faults.length === 0 && lag === undefined;

export function addressesOf(calls: readonly RecordedCall[]): Address[] {
  const seen = new Map<string, number>();
  // A session of Snowflake's is closed beside everything else, and nobody waits for it: an operation may see that of the one before.
  return calls
    .filter(({ operation }) => operation !== "close")
    .map(({ counterpart, operation, changes, index }) => {
      const key = `${counterpart} ${operation}`;
      const ordinal = seen.get(key) ?? 0;
      seen.set(key, ordinal + 1);
      return { counterpart, operation, ordinal, changes, index };
    });
}

/** How many of the faults that reads meet by turns each of them meets. */
const TURNS = 3;
const TURNING = KINDS.filter(({ byTurns }) => byTurns);

/** What the sampling is, for people. */
export const SAMPLING = [
  "A death of the process alone is played at every call, in both hosts. Everything else is played in one of the hosts, by turns:",
  `at a changing call every other fault, at a read ${TURNS} of the ${TURNING.length} that reads meet by turns (${TURNING.map(({ name }) => name).join(", ")})`,
  "and all others; pairs of faults, deaths at a server that is late, and deaths before the program changes. --full: every fault at every call, in both hosts.",
].join("\n");

type Draft = Omit<Case, "name" | "server" | "operation" | "host"> & { what: string /** In both hosts. */; twice: boolean };

/** All cases of one operation, from its recordings in one host or both. */
export function casesOf(recordings: readonly Recording[], full: boolean): Case[] {
  const drafts = recordings.map((recording) => ({ recording, drafts: draftsOf(recording, full) }));
  const names = [...new Set(drafts.flatMap((each) => each.drafts.map(({ what }) => what)))];
  let turn = 0;
  return names.flatMap((what) => {
    const found = drafts.flatMap(({ recording, drafts: own }) => own.filter((one) => one.what === what).map((draft) => ({ recording, draft })));
    const chosen = full || found.some(({ draft }) => draft.twice) ? found : found.slice(turn % found.length).slice(0, 1);
    if (found.length > 1 && chosen.length === 1) turn += 1;
    return chosen.map(({ recording: { server, operation, host }, draft: { what: _what, twice: _twice, ...rest } }): Case => {
      return { name: `${server} ${operation} ${what} ${host}`, server, operation, host, ...rest };
    });
  });
}

function draftsOf(recording: Recording, full: boolean): Draft[] {
  const { server, operation, cold, warm } = recording;
  const killing = KINDS.filter(({ kills }) => kills);
  const deaths = killing.flatMap((kind) =>
    cold.filter((one) => meets(kind, one)).map((address): Draft => ({ what: `${shown(address)} ${kind.name}`, twice: true, ...death(kind, address) })),
  );

  const once = KINDS.filter(({ kills }) => !kills);
  let start = 0;
  const answered = [...onlyCold(cold, warm).map((address) => ({ address, isCold: true })), ...warm.map((address) => ({ address, isCold: false }))].flatMap(
    ({ address, isCold }) => {
      const turns = new Set(Array.from({ length: TURNS }, () => TURNING[start++ % TURNING.length]));
      return once
        .filter((one) => meets(one, address) && (full || address.changes || !one.byTurns || turns.has(one)))
        .map((kind): Draft => {
          const what = `${isCold ? "first " : ""}${shown(address)} ${kind.name}`;
          return { what, twice: false, cold: isCold, kills: false, faults: [planned(kind, address)] };
        });
    },
  );

  const enters = operation !== "read" && operation !== "delete" && operation !== "retire";
  const lags = enters ? (LAGS[server] ?? []).filter(({ ofObjects }) => !ofObjects || operation === "create") : [];
  const late = lags.map((lag): Draft => ({ what: lag.name, twice: false, cold: false, kills: false, faults: [], lag }));
  return [...deaths, ...answered, ...late, ...(enters ? afterDeaths(recording, lags) : []), ...(isRotation(operation) ? pairsOf(recording) : [])];
}

const isRotation = (operation: OperationName): boolean => operation === "rotate" || operation === "rotateAtOnce";
const death = (kind: Kind, address: Address) => ({ cold: true, kills: true, faults: [planned(kind, address)] });

/** What may come together with a death: a server that accepts the new secret late, and another program before the next run. */
function afterDeaths({ operation, cold }: Recording, lags: readonly Lag[]): Draft[] {
  const killAfter = KINDS.find(({ name }) => name === "killAfter") as Kind;
  const late = lags.filter(({ name }) => name === "lateActivation");
  return cold
    .filter(({ changes }) => changes)
    .flatMap((address): Draft[] => {
      const dead = { twice: false, ...death(killAfter, address) };
      const what = `${shown(address)} killAfter`;
      return [
        ...late.map((lag): Draft => ({ ...dead, what: `${what} with ${lag.name}`, lag })),
        ...(operation === "update" ? [] : [{ ...dead, what: `${what} changed`, changed: true } satisfies Draft]),
      ];
    });
}

/** A case by its name, without a recording: for those that are played again and again. An outage needs the place of its call, so it has no such name. */
export function caseNamed(name: string): Case {
  const words = name.split(" ");
  const [server, operation, call = "", kindName = "", joint, ...more] = words as [ServerName, OperationName, ...string[]];
  const host = words.at(-1) as HostName;
  if (!HOST_NAMES.includes(host)) throw new Error(`no case is named like ${name}`);
  const lagNamed = (lagName: string | undefined): Lag | undefined => LAGS[server]?.find((one) => one.name === lagName);
  const lag = lagNamed(call);
  if (lag !== undefined) return { name, server, operation, host, cold: false, kills: false, faults: [], lag };
  const { kills, fault } = faultNamed(call, kindName);
  const alone: Case = { name, server, operation, host, cold: kills, kills, faults: [fault] };
  if (joint === "then") return { ...alone, second: faultNamed(more[0] ?? "", more[1] ?? "") };
  if (joint === "and") return { ...alone, faults: [fault, faultNamed(more[0] ?? "", more[1] ?? "").fault] };
  if (joint === "changed") return { ...alone, changed: true };
  const late = joint === "with" ? lagNamed(more[0]) : undefined;
  return late === undefined ? alone : { ...alone, lag: late };
}

function faultNamed(call: string, kindName: string): { kills: boolean; fault: PlannedFault } {
  const kind = KINDS.find((one) => one.name === kindName && !one.lasting);
  const [, operation = "", ordinal] = /^(.+)#(\d+)$/.exec(call) ?? [];
  if (kind === undefined || ordinal === undefined) throw new Error(`no fault is named like ${call} ${kindName}`);
  return { kills: kind.kills === true, fault: { ...kind.fault, operation, call: Number(ordinal) } };
}

function pairsOf(recording: Recording): Draft[] {
  const { cold, warm } = recording;
  const kinds = KINDS.filter(({ name }) => OF_PAIRS.includes(name));
  const at = (kind: Kind): Address[] => (kind.kills ? cold : warm).filter((one) => one.changes);
  const steps = kinds.flatMap((kind) => at(kind).map((address) => ({ kind, address })));
  const inTwoRuns = steps.flatMap((first) =>
    steps.map((second): Draft => {
      const kills = first.kind.kills === true;
      return {
        what: `${shown(first.address)} ${first.kind.name} then ${shown(second.address)} ${second.kind.name}`,
        ...{ twice: false, cold: kills, kills },
        faults: [planned(first.kind, first.address)],
        second: { kills: second.kind.kills === true, fault: planned(second.kind, second.address) },
      };
    }),
  );
  return [...inTwoRuns, ...lostAndStale(recording)];
}

/** In one run: the answer of a change is lost, and the read that is to show what became of it comes from before it. */
function lostAndStale({ warm }: Recording): Draft[] {
  const [lost, stale] = ["answerLost", "staleRead"].map((wanted) => KINDS.find(({ name }) => name === wanted)) as [Kind, Kind];
  return warm
    .filter(({ changes }) => changes)
    .flatMap((change) => {
      const reads = warm.filter((one) => one.counterpart === change.counterpart && meets(stale, one));
      return [...new Set(reads.map(({ operation }) => operation))].map((operation): Draft => {
        const before = reads.filter((one) => one.operation === operation && one.index < change.index).length;
        const next: Address = { ...change, operation, ordinal: before, changes: false };
        const faults = [planned(lost, change), planned(stale, next)];
        return { what: `${shown(change)} answerLost and ${shown(next)} staleRead`, twice: false, cold: false, kills: false, faults };
      });
    });
}

const shown = ({ operation, ordinal }: Address): string => `${operation}#${ordinal}`;

function meets({ at, fault }: Kind, { changes, counterpart, operation }: Address): boolean {
  // Endpoints that are no reads of an object have nothing older to tell.
  if (fault.fault === "staleRead" && (changes || /^(token|authorize|login|discovery)$/.test(operation))) return false;
  if (fault.fault === "staleRead" && counterpart === "snowflake" && !operation.startsWith("statement:")) return false;
  return at === "all" || changes === (at === "changes");
}

function planned({ fault, lasting }: Kind, { counterpart, operation, ordinal, index }: Address): PlannedFault {
  // A counterpart that is down is down for every call.
  if (lasting) return { ...fault, counterpart, call: index };
  return { ...fault, counterpart, operation, call: ordinal };
}

/** Calls that a process makes only once: signing in. */
function onlyCold(cold: readonly Address[], warm: readonly Address[]): Address[] {
  const count = (list: readonly Address[], { counterpart, operation }: Address): number =>
    list.filter((one) => one.counterpart === counterpart && one.operation === operation).length;
  return cold.filter((one) => one.ordinal < count(cold, one) - count(warm, one));
}
