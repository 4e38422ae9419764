/** Plays one case: the operation with its fault, the repetitions until it succeeds, and what comes after it in the life of a resource. */

import type { Properties } from "../src/core/value.js";
import type { Fault } from "../src/sandbox/faults.js";
import { leaks, secretsOnTheWire } from "../test/support/leakSearch.js";
import type { Inputs } from "../test/support/providerHost.js";
import { type Case, isClean, type OperationName } from "./cases.js";
import { type Driven, destroy, type Kept, type Outcome, preview, refresh, up } from "./engine.js";
import type { Command, Evidence } from "./evidence.js";
import type { Lane, Process } from "./lane.js";
import { type Picture, retiringOf, type SlotHeld, type Subject } from "./subjects.js";

/** The engine's user gives up after so many. */
const REPETITIONS = 4;
/** No operation may take longer than this, with the budgets of the matrix. */
export const LONGEST_MS = 30_000;

type Act = (driven: Driven, kept: Kept | undefined) => Promise<Outcome>;

/** What the operation is, and what is there before it. */
export interface Played {
  prepare(driven: Driven): Promise<Kept | undefined>;
  act: Act;
  /** What the program declares from the operation on. */
  declared: Inputs;
}

export function playOf(subject: Subject, operation: OperationName): Played {
  const make = async (driven: Driven): Promise<Kept | undefined> => {
    const made = succeeded(await up(driven, undefined, subject.first));
    await subject.addTheirs();
    // No replica is as late as all that.
    return made && succeeded(await refresh(driven, made));
  };
  const declaring = (declared: Inputs, prepare: Played["prepare"] = make): Played => ({ prepare, act: (driven, kept) => up(driven, kept, declared), declared });
  switch (operation) {
    case "create":
      return declaring(subject.first, async () => undefined);
    case "update":
      return declaring(subject.changed);
    case "rotate":
      return declaring(subject.rotated(1));
    case "rotateAtOnce":
      return declaring(subject.rotated(0));
    case "retire": {
      // As if the overlap had ended: the provider decides by the recorded time alone.
      const prepare = async (driven: Driven): Promise<Kept | undefined> => ended(succeeded(await up(driven, await make(driven), subject.rotated(1))));
      return declaring(subject.rotated(1), prepare);
    }
    case "read":
      return { prepare: make, act: async (driven, kept) => (kept === undefined ? { kept, changed: false } : refresh(driven, kept)), declared: subject.first };
    case "delete":
      return {
        prepare: make,
        act: async (driven, kept) => (kept === undefined ? { kept, changed: false } : destroy(driven, kept, subject.nothing)),
        declared: subject.first,
      };
  }
}

function succeeded({ kept, failure }: Outcome): Kept | undefined {
  if (failure !== undefined) throw new Error(`what comes before the case failed: ${failure.message}`);
  return kept;
}

function ended(kept: Kept | undefined): Kept | undefined {
  const retiring = ((kept?.state["retiring"] ?? []) as Properties[]).map((one) => ({ ...one, removableFrom: "2020-01-01T00:00:00.000Z" }));
  return kept && { ...kept, state: { ...kept.state, retiring } };
}

export async function runCase(lane: Lane, played: Case): Promise<Evidence> {
  const { world, surroundings } = lane;
  const subject = lane.subjects[played.server];
  const { prepare, act: first, declared: declaredFirst } = playOf(subject, played.operation);
  const declared = played.changed ? changedOf(subject, played.operation) : declaredFirst;
  const actAt = (time: number): Act => (time > 0 && played.changed ? (one, now) => up(one, now, declared) : first);
  const warm = await lane.warm(played.host);
  const driven = (process: Process): Driven => ({ host: process.host, urn: process.host.urn(subject.resource, "it") });
  const canaries = createCanaries();
  for (const [name, value] of configured(lane)) canaries.add(name, value);
  const processes = new Set([warm]);
  warm.news();
  surroundings.news();

  const start = await prepare(driven(warm));
  const before = await subject.look();
  const previous = before.slots[0];
  const ending = endingOf(played, before, start);
  learn(before);

  const evidence: Evidence = { played, subject, before, attempts: [], afterwards: [], previews: [], declared, deployer: world.deployer.clientId, leaks: [] };
  let kept = start;
  const isUp = played.operation !== "read" && played.operation !== "delete";
  /** As the engine does before it asks whether to go on; the dynamic host is asked nothing. */
  const lookAhead = async (inputs: Inputs): Promise<void> => {
    if (played.host === "plugin") evidence.previews.push(await run("preview", warm, (one, now) => preview(one, now, inputs), []));
  };
  if (isUp && isClean(played)) await lookAhead(declaredFirst);

  for (let time = 0; time <= REPETITIONS; time += 1) {
    const fault =
      time === 0
        ? { kills: played.kills, faults: played.faults }
        : time === 1 && played.second !== undefined
          ? { kills: played.second.kills, faults: [played.second.fault] }
          : undefined;
    const process = fault?.kills || (time === 0 && played.cold) ? await lane.fresh(played.host) : warm;
    processes.add(process);
    if (time > 0 && isUp) await lookAhead(declared);
    if (time === 0) await played.lag?.begin(world);
    const command = await run(time === 0 ? "operation" : "repetition", process, actAt(time), fault?.faults ?? []);
    if (time === 0) await played.lag?.end(world);
    evidence.attempts.push(command);
    kept = command.outcome.kept;
    if (command.outcome.failure === undefined) break;
  }

  const after = async (what: Command["what"], work: Act): Promise<Command> => {
    const command = await run(what, warm, work, []);
    evidence.afterwards.push(command);
    kept = command.outcome.kept;
    return command;
  };
  if (evidence.attempts.at(-1)?.outcome.failure === undefined && played.operation !== "delete") {
    // What a refresh was told wrongly, the next `up` finds to be right; it must do no harm.
    if (played.operation === "read") await after("mending up", (one, now) => up(one, now, declared));
    await after("up", (one, now) => up(one, now, declared));
    await after("refresh", (one, now) => (now === undefined ? Promise.resolve({ kept: now, changed: false }) : refresh(one, now)));
    await after("up", (one, now) => up(one, now, declared));
    await lookAhead(declared);
  }
  if (kept !== undefined)
    await after("delete", (one, now) => (now === undefined ? Promise.resolve({ kept: now, changed: false }) : destroy(one, now, subject.nothing)));

  const channels = [...processes].map((process) => process.news());
  evidence.leaks = [...channels, surroundings.news()].flatMap((each) => leaks(canaries.all(), each));
  for (const process of processes) if (process !== warm) await lane.end(process);
  await subject.clear(await subject.look());
  return evidence;

  async function run(what: Command["what"], process: Process, work: Act, faults: readonly Omit<Fault, "pid">[]): Promise<Command> {
    // In this order: a call of before that ends late is looked at once too often rather than not at all.
    await world.watch(...subject.accepting);
    await world.clearCalls();
    if (faults.length > 0) await world.fault(...faults.map((fault) => (fault.fault.startsWith("kill") ? { ...fault, pid: process.host.pid } : fault)));
    const startedAt = performance.now();
    const wasKept = kept;
    const outcome = await inTime(process, work(driven(process), kept));
    const milliseconds = performance.now() - startedAt;
    await world.clearFaults();
    const [calls, { looks, refusals }, picture] = [await world.calls(), await world.watched(), await subject.look()];
    const [previousAccepted, endingAccepted] = [await isAccepted(previous), await isAccepted(ending)];
    learn(picture);
    for (const value of Object.values(secretsOnTheWire(calls))) canaries.add("sent", value);
    const killed = calls.some(({ fault }) => fault?.startsWith("kill") === true);
    return { what, before: wasKept, outcome, killed, calls, refusals, looks, milliseconds, picture, previousAccepted, endingAccepted };
  }

  async function isAccepted(held: Held | undefined): Promise<boolean | undefined> {
    return held && world.accepted(subject.accepting[0] ?? "entra", held.clientId, held.clientSecret);
  }

  function learn({ ours, slots }: Picture): void {
    for (const { secrets } of ours) for (const value of Object.values(secrets)) canaries.add("at the server", value);
    for (const { clientSecret } of slots) canaries.add("in a slot", clientSecret);
  }

  /** A process that hangs for ever is ended, and its operation fails like that of one that dies. */
  async function inTime(process: Process, work: Promise<Outcome>): Promise<Outcome> {
    const end = setTimeout(() => process.host.kill(), 2 * LONGEST_MS);
    return work.finally(() => clearTimeout(end));
  }
}

/** Which slots a killed create has entered, no state says, and a client made by hand has no mark to find it by: so the program still declares them. */
function changedOf({ server, first, changed }: Subject, operation: OperationName): Inputs {
  const places = Object.fromEntries(Object.entries(first).filter(([name]) => name.startsWith("integration")));
  return operation === "create" && server === "existing" ? { ...changed, ...places } : changed;
}

type Held = Omit<SlotHeld, "slug">;

/** The secret that the operation is to end: where there is no overlap, or none any more. */
function endingOf({ server, operation, changed }: Case, { ours, slots }: Picture, start: Kept | undefined): Held | undefined {
  // The other program has an overlap.
  if (changed) return undefined;
  if (operation === "rotateAtOnce" || (operation === "rotate" && server === "serviceNow")) return slots[0];
  const keyId = operation === "retire" ? retiringOf(start?.state ?? {})[0] : undefined;
  const [client] = ours;
  const clientSecret = client?.secrets[keyId ?? ""];
  return client && clientSecret !== undefined ? { clientId: client.clientId, clientSecret } : undefined;
}

/** Every secret of the case under a name that tells nothing of it. */
function createCanaries(): { add(name: string, value: string): void; all(): Record<string, string> } {
  const names = new Map<string, string>();
  return {
    add: (name, value) => void (value === "" || names.has(value) || names.set(value, `${name} ${names.size}`)),
    all: () => Object.fromEntries([...names].map(([value, name]) => [name, value])),
  };
}

/** What the processes are given to sign in with. */
function configured({ world }: Lane): [string, string][] {
  return Object.entries(world.environment).filter(([name]) => /KEY$|SECRET$|PASSWORD$/.test(name));
}
