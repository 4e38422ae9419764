/**
 * Faults on request: what can go wrong between a client and a remote, each told apart by whether the remote's effect
 * happened. A fault is planned beforehand for a call and taken by the listener when that call arrives.
 */

export const FAULT_NAMES = [
  "killBefore",
  "killAfter",
  "answerLost",
  "reset",
  "bodyTruncated",
  "hang",
  "throttled",
  "serverError",
  "unauthorized",
  "forbidden",
  "notFound",
  "conflict",
  "html",
  "brokenJson",
  "redirect",
  "huge",
  "staleRead",
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

export interface Fault {
  fault: FaultName;
  /** Only calls of this counterpart; all when left out. */
  counterpart?: string;
  /** Only calls of this operation. */
  operation?: string;
  /**
   * The first call it meets, counted from 0 since the fault was planned: among the calls of this operation, or, without an
   * operation, among all recorded calls of the world.
   */
  call?: number;
  /** How many calls it meets from then on; 1 when left out. */
  times?: number | "always";
  /** killBefore, killAfter: the process that dies. */
  pid?: number;
  /** serverError: 503 when left out; html: 200. */
  status?: number;
  /** throttled: the Retry-After header, as it is; no header when left out. */
  retryAfter?: string;
  /** redirect: where to. */
  location?: string;
  /** hang and every fault that answers: whether the call takes effect before; false when left out. */
  effect?: boolean;
}

/** Statuses of the faults that answer with the vendor's own error. */
export const FAULT_STATUS: Partial<Record<FaultName, number>> = {
  throttled: 429,
  serverError: 503,
  unauthorized: 401,
  forbidden: 403,
  notFound: 404,
  conflict: 409,
};

/** Whether the remote acts before the fault strikes. */
export function takesEffect(fault: Fault): boolean {
  if (fault.fault === "killAfter" || fault.fault === "answerLost" || fault.fault === "bodyTruncated") return true;
  if (fault.fault === "killBefore" || fault.fault === "reset" || fault.fault === "staleRead") return false;
  return fault.effect === true;
}

interface PlannedFault {
  fault: Fault;
  seen: number;
  met: number;
}

export interface FaultPlan {
  add(faults: Fault[]): void;
  clear(): void;
  /** Counts the call and gives the fault it meets, if any; the fault planned first wins. */
  take(counterpart: string, operation: string): Fault | undefined;
}

export function createFaultPlan(): FaultPlan {
  let planned: PlannedFault[] = [];
  return {
    add: (faults) => planned.push(...faults.map((fault) => ({ fault, seen: 0, met: 0 }))),
    clear: () => {
      planned = [];
    },
    take(counterpart, operation) {
      // Every plan counts every call, also one that meets an earlier fault: "call 3" means the same whatever else is planned.
      const due = planned.filter((entry) => counts(entry, counterpart, operation));
      const taken = due[0];
      if (taken !== undefined) taken.met += 1;
      return taken?.fault;
    },
  };
}

function counts(entry: PlannedFault, counterpart: string, operation: string): boolean {
  const { fault } = entry;
  const ofCounterpart = fault.counterpart === undefined || fault.counterpart === counterpart;
  if (fault.operation !== undefined && !(ofCounterpart && fault.operation === operation)) return false;
  const position = entry.seen;
  entry.seen += 1;
  if (!ofCounterpart || position < (fault.call ?? 0)) return false;
  return fault.times === "always" || entry.met < (fault.times ?? 1);
}

/** Reads what a test planned; throws a text that says what is wrong with it. */
export function readFaults(given: unknown): Fault[] {
  const list = Array.isArray(given) ? given : [given];
  return list.map((entry: unknown) => {
    if (typeof entry !== "object" || entry === null) throw new Error("a fault is an object");
    const fault = entry as Fault;
    if (!FAULT_NAMES.includes(fault.fault)) throw new Error(`unknown fault ${String(fault.fault)}; known: ${FAULT_NAMES.join(", ")}`);
    const unknown = Object.keys(entry).filter((key) => !KEYS.includes(key));
    if (unknown.length > 0) throw new Error(`unknown properties of a fault: ${unknown.join(", ")}`);
    if (fault.fault === "killBefore" || fault.fault === "killAfter") {
      // 0 and negative numbers would address whole process groups.
      if (!Number.isInteger(fault.pid) || (fault.pid as number) <= 1) throw new Error(`${fault.fault} needs the pid of the process that dies`);
    }
    if (fault.fault === "redirect" && typeof fault.location !== "string") throw new Error("redirect needs a location");
    return fault;
  });
}

const KEYS = ["fault", "counterpart", "operation", "call", "times", "pid", "status", "retryAfter", "location", "effect"];
