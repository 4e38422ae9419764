/** The ten invariants, held against what was seen in one case. Each answers sentences; none is what is wanted. */

import type { Properties } from "../src/core/value.js";
import type { RecordedCall } from "../src/sandbox/calls.js";
import type { Command, Evidence } from "./evidence.js";
import { gapsOf } from "./gap.js";
import { LONGEST_MS } from "./run.js";
import type { OurClient, Picture } from "./subjects.js";

export interface Violation {
  invariant: string;
  case: string;
  sentence: string;
}

type Invariant = (evidence: Evidence) => string[];

const INVARIANTS: Readonly<Record<string, Invariant>> = {
  /** Per declared client at most one of ours at the server, exactly one when stable. */
  I1(evidence) {
    const { attempts, afterwards, subject } = evidence;
    const makes = subject.server !== "existing";
    const tooMany = everything(evidence).flatMap(({ what, picture }) =>
      picture.ours.length > 1 ? [`${picture.ours.length} clients of ours after the ${what}`] : [],
    );
    const stable = stableOf(evidence);
    const none =
      stable !== undefined && makes && living(stable.picture).length !== 1 ? [`${living(stable.picture).length} clients of ours in place of one`] : [];
    const gone = [...attempts, ...afterwards].flatMap(({ what, outcome, picture }) =>
      (what === "refresh" || (evidence.played.operation === "read" && what !== "delete")) &&
      outcome.changed &&
      outcome.kept === undefined &&
      picture.slots.length > 0
        ? ["a refresh says that it is gone, and it is there"]
        : [],
    );
    return [...tooMany, ...none, ...gone];
  },

  /** Every secret of ours is known to the state, or the process had no way to tell; stable, the slots hold the current one and nothing is left over. */
  I2(evidence) {
    const { attempts, played, subject, before } = evidence;
    /** Left by a process that died: found by their mark, and in a state as soon as a run gets that far. */
    let ofTheDead: string[] = [];
    const unknown = attempts.flatMap(({ what, outcome: { kept, failure }, killed, picture }) => {
      if (killed) {
        ofTheDead = keysOf(picture);
        return [];
      }
      if (kept === undefined && failure !== undefined)
        return [
          ...picture.ours.map(({ clientId }) => `the failed ${what} left client ${clientId}, and the engine keeps nothing of it`),
          ...picture.slots
            .filter(({ slug }) => !before.slots.some((slot) => slot.slug === slug))
            .map(({ slug }) => `the failed ${what} left ${slug} filled, and the engine keeps nothing of it`),
        ];
      if (kept === undefined) return [];
      const known = subject.known(kept.state);
      return known === undefined
        ? []
        : keysOf(picture)
            .filter((key) => !known.includes(key) && !(failure !== undefined && ofTheDead.includes(key)))
            .map((key) => `secret ${key} is in no state after the ${what}`);
    });
    const stable = stableOf(evidence);
    const { kept } = stable?.outcome ?? {};
    if (stable === undefined || kept === undefined) return unknown;
    const known = subject.known(kept.state);
    const left =
      known === undefined
        ? []
        : keysOf(stable.picture)
            .filter((key) => !known.includes(key))
            .map((key) => `secret ${key} is left over`);
    const lost = known?.filter((key) => !keysOf(stable.picture).includes(key)).map((key) => `secret ${key} of the state is nowhere`) ?? [];
    const current = subject.current(stable.picture, kept.state);
    const declared = subject.slotsOf(playedInputs(evidence));
    const slots = declared.flatMap((slug) => {
      const held = stable.picture.slots.find((slot) => slot.slug === slug);
      if (held === undefined) return [`${slug} holds no client`];
      if (held.clientId !== kept.state["clientId"]) return [`${slug} holds another client`];
      return held.clientSecret === current ? [] : [`${slug} holds another secret than the current one`];
    });
    const undeclared = stable.picture.slots.filter(({ slug }) => !declared.includes(slug)).map(({ slug }) => `${slug} is not declared and holds our client`);
    // Nothing was asked for but a look.
    const changed =
      played.operation === "read" && known !== undefined && JSON.stringify(keysOf(before)) !== JSON.stringify(keysOf(stable.picture))
        ? ["another secret than before"]
        : [];
    return [
      ...unknown,
      ...left,
      ...lost,
      ...slots,
      ...undeclared,
      ...(attempts.some(({ outcome }) => outcome.changed && outcome.kept === undefined) ? [] : changed),
    ];
  },

  /** Whatever the workspace holds, the server accepts, after every call. */
  I3(evidence) {
    if (evidence.subject.server === "serviceNow") return gapsOf(everything(evidence));
    const unwatched = everything(evidence).flatMap(({ what, calls, looks }) =>
      looks < calls.length ? [`only ${looks} looks at ${calls.length} calls of the ${what}`] : [],
    );
    return [
      ...unwatched,
      ...everything(evidence).flatMap(({ what, calls, refusals }) =>
        refusals
          .slice(0, 1)
          .map(({ call, slug }) => `after ${shown(calls[call])} of the ${what}, the server did not take what ${slug} held (${refusals.length} such moments)`),
      ),
    ];
  },

  /** The secret before stays accepted until the new one stands in the slots, and through its overlap. */
  I4({ attempts, played, subject }) {
    // ServiceNow has one secret at a time; what ends at once, or has had its overlap, ends with the operation.
    if (subject.server === "serviceNow" || ["delete", "rotateAtOnce", "retire"].includes(played.operation)) return [];
    return attempts
      .filter(({ previousAccepted }) => previousAccepted === false)
      .map(({ what }) => `the secret before was not accepted any more after the ${what}`);
  },

  /** A destroy leaves nothing of ours, and nothing touches what is not ours. */
  I5(evidence) {
    const { before, attempts, afterwards } = evidence;
    const last = afterwards.at(-1) ?? attempts.at(-1);
    const touched = everything(evidence).flatMap(({ what, picture }) => (picture.others === before.others ? [] : [`the ${what} touched what is not ours`]));
    if (last === undefined || last.outcome.kept !== undefined || last.outcome.failure !== undefined) return [...touched.slice(0, 1), "it could not be deleted"];
    return [
      ...touched.slice(0, 1),
      ...living(last.picture).map(({ clientId }) => `client ${clientId} is still there after the delete`),
      ...last.picture.slots.map(({ slug }) => `${slug} still holds a client after the delete`),
    ];
  },

  /** A repeated `up` with unchanged inputs changes nothing. */
  I6: ({ afterwards }) =>
    afterwards
      .filter(({ what }) => what === "up")
      .flatMap(({ outcome, calls }) => [
        ...(outcome.changed || outcome.failure !== undefined
          ? [`a second up is not quiet: ${told(outcome.failure?.message ?? driftIn(outcome.kept?.state) ?? "diff finds a change")}`]
          : []),
        ...calls.filter(({ changes }) => changes).map((call) => `a second up calls ${shown(call)}`),
      ]),

  /** No secret in anything that a person or a log can read. */
  I7: ({ leaks }) => [...new Set(leaks)],

  /** Preview and refresh change nothing, and try no client out. */
  I8: ({ attempts, afterwards, played, deployer }) =>
    [...afterwards.filter(({ what }) => what === "refresh" || what === "preview"), ...(played.operation === "read" ? attempts : [])].flatMap(
      ({ what, calls }) => calls.filter((call) => call.changes || isProbe(call, deployer)).map((call) => `a ${what} calls ${shown(call)}`),
    ),

  /** What is not idempotent is repeated only after a read. */
  I9: (evidence) => everything(evidence).flatMap(({ calls }) => blindRepetitions(calls)),

  /** Every operation ends in time, succeeds when nothing stands against it, and says what to do when it fails. */
  I10(evidence) {
    const { attempts } = evidence;
    const last = attempts.at(-1);
    return [
      ...(last?.outcome.failure === undefined ? [] : [`does not succeed in ${attempts.length - 1} repetitions: ${told(last.outcome.failure.message)}`]),
      ...everything(evidence).flatMap(({ what, milliseconds }) => (milliseconds > LONGEST_MS ? [`the ${what} took ${Math.round(milliseconds / 1000)} s`] : [])),
      ...everything(evidence).flatMap(({ killed, outcome: { failure } }) => (failure === undefined || killed ? [] : wordless(wordsOf(failure)))),
    ];
  },
};

export function violationsOf(evidence: Evidence): Violation[] {
  return Object.entries(INVARIANTS).flatMap(([invariant, hold]) => hold(evidence).map((sentence) => ({ invariant, case: evidence.played.name, sentence })));
}

const everything = ({ attempts, afterwards }: Evidence): Command[] => [...attempts, ...afterwards];
const living = ({ ours }: Picture): OurClient[] => ours.filter(({ deleted }) => !deleted);
const keysOf = (picture: Picture): string[] => living(picture).flatMap(({ secrets }) => Object.keys(secrets));
/** The first quiet `up`, when everything has been done. */
const stableOf = ({ afterwards }: Evidence): Command | undefined => afterwards.find(({ what }) => what === "up");
const shown = (call: RecordedCall | undefined): string =>
  call === undefined ? "a call" : `${call.operation} (call ${call.index}${call.fault === undefined ? "" : `, ${call.fault}`})`;
const told = (text: string): string => text.replace(/\s+/g, " ").slice(0, 300);
const wordsOf = ({ message, partial }: NonNullable<Command["outcome"]["failure"]>): string => [message, ...(partial?.reasons ?? [])].join("\n");

/** A fault that no call met proves nothing. One at a repetition may find that there is nothing left to do. */
export function unmet({ attempts: [first], played: { faults } }: Evidence): string[] {
  return faults.length > 0 && first?.calls.every(({ fault }) => fault === undefined)
    ? [`the planned fault met no call: ${told(first.outcome.failure?.message ?? "it succeeded")}`]
    : [];
}

function driftIn(state: Properties | undefined): string | undefined {
  const drift = state?.["drift"];
  return Array.isArray(drift) && drift.length > 0 ? drift.join("; ") : undefined;
}

const playedInputs = ({ subject, played: { operation } }: Evidence): Parameters<Evidence["subject"]["slotsOf"]>[0] =>
  operation === "update" ? subject.changed : subject.first;

function isProbe({ operation, requestBody }: RecordedCall, deployer: string): boolean {
  if (operation === "authorize" || operation === "pushAuthorization") return true;
  return operation === "token" && new URLSearchParams(requestBody).get("client_id") !== deployer;
}

/** Each arrival makes one thing more. */
const MAKES_MORE = new Set(["addPassword", "createRecord", "statement:CREATE", "statement:REFRESH", "restoreDeletedItem"]);
/** After these nobody knows whether the call has arrived. */
const UNCERTAIN = new Set(["answerLost", "bodyTruncated", "hang", "serverError", "html", "brokenJson", "huge", "reset"]);

function blindRepetitions(calls: readonly RecordedCall[]): string[] {
  return calls.flatMap((call, index) => {
    if (!MAKES_MORE.has(call.operation) || !UNCERTAIN.has(call.fault ?? "")) return [];
    const next = calls.findIndex((one, place) => place > index && one.operation === call.operation && one.counterpart === call.counterpart);
    if (next < 0 || sameRequest(call, calls[next])) return [];
    const read = calls.slice(index + 1, next).some(({ counterpart, changes }) => counterpart === call.counterpart && !changes);
    return read ? [] : [`${shown(call)} is repeated without a read between`];
  });
}

/** The driver sends a statement again under its own id, by which the account knows it. */
function sameRequest(one: RecordedCall, other: RecordedCall | undefined): boolean {
  const id = new URLSearchParams(one.query).get("requestId");
  return id !== null && other !== undefined && id === new URLSearchParams(other.query).get("requestId");
}

const NEXT_STEP = /\b(run again|next up|needs|set|check|use|give|grant|wait|choose|enable|delete|take|woken|admit|later)\b/i;

function wordless(words: string): string[] {
  if (/fault of this provider|defect of|undefined|\[object|\bat .*\(.*:\d+:\d+\)/.test(words)) return [`an error that is no word to people: ${told(words)}`];
  return NEXT_STEP.test(words) ? [] : [`an error that names no next step: ${told(words)}`];
}
