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

/** One clean run of an operation. */
export interface Recording {
  server: ServerName;
  operation: OperationName;
  /** By a process that does nothing else, which signs in first. */
  cold: Address[];
  /** By a process that has worked before. */
  warm: Address[];
}

export interface Case {
  name: string;
  server: ServerName;
  operation: OperationName;
  host: HostName;
  /** The process of this operation is a new one. */
  cold: boolean;
  kills: boolean;
  faults: Omit<Fault, "pid">[];
  /** At the repetition, if there is one. */
  second?: { kills: boolean; fault: Omit<Fault, "pid"> };
  lag?: Lag;
}

export function addressesOf(calls: readonly RecordedCall[]): Address[] {
  const seen = new Map<string, number>();
  return calls.map(({ counterpart, operation, changes, index }) => {
    const key = `${counterpart} ${operation}`;
    const ordinal = seen.get(key) ?? 0;
    seen.set(key, ordinal + 1);
    return { counterpart, operation, ordinal, changes, index };
  });
}

/** How many of the faults that reads meet by turns each of them meets. */
const TURNS = 3;
const TURNING = KINDS.filter(({ byTurns }) => byTurns);

/** All cases of a recording. Where `hosts` has both, each case is played in one of them, in turns; a death of the process that changes something in both. */
export function casesOf(recording: Recording, hosts: readonly HostName[]): Case[] {
  const { server, operation, cold, warm } = recording;
  const cases: Case[] = [];
  let turn = 0;
  const add = (what: string, host: HostName, rest: Omit<Case, "name" | "server" | "operation" | "host">): void => {
    cases.push({ name: `${server} ${operation} ${what} ${host}`, server, operation, host, ...rest });
  };
  const inTurn = (): HostName => hosts[turn++ % hosts.length] as HostName;

  // A new process of the dynamic host takes longer; where nothing was done yet, the two die alike.
  for (const kind of KINDS.filter(({ kills }) => kills))
    for (const address of cold.filter((one) => meets(kind, one)))
      for (const host of address.changes ? hosts : hosts.slice(0, 1))
        add(`${shown(address)} ${kind.name}`, host, { cold: true, kills: true, faults: [planned(kind, address)] });

  const once = KINDS.filter(({ kills }) => !kills);
  let start = 0;
  for (const { address, isCold } of [
    ...onlyCold(cold, warm).map((one) => ({ address: one, isCold: true })),
    ...warm.map((one) => ({ address: one, isCold: false })),
  ]) {
    const turns = new Set(Array.from({ length: TURNS }, () => TURNING[start++ % TURNING.length]));
    for (const kind of once.filter((one) => meets(one, address) && (address.changes || !one.byTurns || turns.has(one))))
      add(`${isCold ? "first " : ""}${shown(address)} ${kind.name}`, inTurn(), { cold: isCold, kills: false, faults: [planned(kind, address)] });
  }

  if (["create", "update", "rotate", "rotateAtOnce"].includes(operation))
    for (const lag of LAGS[server] ?? []) add(lag.name, inTurn(), { cold: false, kills: false, faults: [], lag });
  if (operation === "rotate" || operation === "rotateAtOnce") cases.push(...pairsOf(recording, hosts));
  return cases;
}

/** A case by its name, without a recording: for those that are played again and again. An outage needs the place of its call, so it has no such name. */
export function caseNamed(name: string): Case {
  const words = name.split(" ");
  const [server, operation, call = "", kindName = ""] = words as [ServerName, OperationName, string, string];
  const host = words.at(-1) as HostName;
  if (!HOST_NAMES.includes(host)) throw new Error(`no case is named like ${name}`);
  const lag = LAGS[server]?.find((one) => one.name === call);
  if (lag !== undefined) return { name, server, operation, host, cold: false, kills: false, faults: [], lag };
  const { kills, fault } = faultNamed(call, kindName);
  const second = words[4] === "then" ? { second: faultNamed(words[5] ?? "", words[6] ?? "") } : {};
  return { name, server, operation, host, cold: kills, kills, faults: [fault], ...second };
}

function faultNamed(call: string, kindName: string): { kills: boolean; fault: Omit<Fault, "pid"> } {
  const kind = KINDS.find((one) => one.name === kindName && !one.lasting);
  const [, operation = "", ordinal] = /^(.+)#(\d+)$/.exec(call) ?? [];
  if (kind === undefined || ordinal === undefined) throw new Error(`no fault is named like ${call} ${kindName}`);
  return { kills: kind.kills === true, fault: { ...kind.fault, operation, call: Number(ordinal) } };
}

function pairsOf({ server, operation, cold, warm }: Recording, hosts: readonly HostName[]): Case[] {
  const kinds = KINDS.filter(({ name }) => OF_PAIRS.includes(name));
  const at = (kind: Kind): Address[] => (kind.kills ? cold : warm).filter((one) => one.changes);
  const steps = kinds.flatMap((kind) => at(kind).map((address) => ({ kind, address })));
  return steps.flatMap((first, row) =>
    steps.map((second, column): Case => {
      // Both by turns along the rows and down the columns.
      const host = hosts[(row + column) % hosts.length] as HostName;
      return {
        name: `${server} ${operation} ${shown(first.address)} ${first.kind.name} then ${shown(second.address)} ${second.kind.name} ${host}`,
        ...{ server, operation, host },
        cold: first.kind.kills === true,
        kills: first.kind.kills === true,
        faults: [planned(first.kind, first.address)],
        second: { kills: second.kind.kills === true, fault: planned(second.kind, second.address) },
      };
    }),
  );
}

const shown = ({ operation, ordinal }: Address): string => `${operation}#${ordinal}`;

function meets({ at, fault }: Kind, { changes, counterpart, operation }: Address): boolean {
  // Endpoints that are no reads of an object have nothing older to tell.
  if (fault.fault === "staleRead" && /^(token|authorize|login|discovery)$/.test(operation)) return false;
  if (fault.fault === "staleRead" && counterpart === "snowflake" && !operation.startsWith("statement:")) return false;
  return at === "all" || changes === (at === "changes");
}

function planned({ fault, lasting }: Kind, { counterpart, operation, ordinal, index }: Address): Omit<Fault, "pid"> {
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
