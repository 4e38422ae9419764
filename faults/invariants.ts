/** The ten invariants, held against what was seen in one case. Each answers sentences; none is what is wanted. */

import type { Properties } from "../src/core/value.js";
import type { RecordedCall } from "../src/sandbox/calls.js";
import type { Command, Evidence } from "./evidence.js";
import { gapsOf } from "./gap.js";
import { LONGEST_MS } from "./run.js";
import { living, secretsKnown, secretsWhenStable, stableOf, thirdSecrets } from "./secrets.js";
import type { Picture } from "./subjects.js";

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

  /** Every secret of ours is known to the state, or the process had no way to tell; what is to end has ended when all is done. */
  I2: (evidence) => [...secretsKnown(evidence), ...secretsWhenStable(evidence), ...thirdSecrets(evidence)],

  /** Whatever the workspace holds, the server accepts, after every call. */
  I3(evidence) {
    const unwatched = [...everything(evidence), ...evidence.previews].flatMap(({ what, calls, looks }) =>
      looks < calls.length ? [`only ${looks} looks at ${calls.length} calls of the ${what}`] : [],
    );
    if (evidence.subject.server === "serviceNow") return [...unwatched, ...gapsOf(everything(evidence), evidence.subject.slotsOf(evidence.declared))];
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
  I4({ attempts, afterwards, played, subject }) {
    // ServiceNow has one secret at a time; with no overlap the secret before ends with the operation. One that is retired is not the one in the slots.
    if (subject.server === "serviceNow" || ["delete", "rotateAtOnce"].includes(played.operation)) return [];
    return [...attempts, ...afterwards]
      .filter(({ what, previousAccepted }) => what !== "delete" && previousAccepted === false)
      .map(({ what }) => `the secret before was not accepted any more after the ${what}`);
  },

  /** A destroy leaves nothing of ours, and nothing touches what is not ours. */
  I5(evidence) {
    const { before, attempts, afterwards } = evidence;
    const last = afterwards.at(-1) ?? attempts.at(-1);
    const theirs = ({ ours }: Picture): string => JSON.stringify(ours.map((client) => client.theirs));
    const touched = [...everything(evidence), ...evidence.previews].flatMap(({ what, picture }) => [
      ...(picture.others === before.others ? [] : [`the ${what} touched what is not ours`]),
      ...(before.ours.length > 0 && living(picture).length > 0 && theirs(picture) !== theirs(before) ? [`the ${what} took away what others had added`] : []),
    ]);
    if (last === undefined || last.outcome.kept !== undefined || last.outcome.failure !== undefined) return [...touched.slice(0, 1), "it could not be deleted"];
    return [
      ...touched.slice(0, 1),
      ...living(last.picture).map(({ clientId }) => `client ${clientId} is still there after the delete`),
      ...last.picture.slots.map(({ slug }) => `${slug} still holds a client after the delete`),
      ...(last.previousAccepted === true && evidence.subject.server !== "existing" ? ["the secret of before is still accepted after the delete"] : []),
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
  I8: ({ attempts, afterwards, previews, played, deployer }) =>
    [...previews, ...afterwards.filter(({ what }) => what === "refresh"), ...(played.operation === "read" ? attempts : [])].flatMap(({ what, calls }) =>
      calls.filter((call) => call.changes || isProbe(call, deployer)).map((call) => `a ${what} calls ${shown(call)}`),
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
      ...evidence.previews.flatMap(({ outcome: { failure } }) => (failure === undefined ? [] : [`a preview fails: ${told(wordsOf(failure))}`])),
      ...everything(evidence).flatMap(({ killed, outcome: { failure } }) => (failure === undefined || killed ? [] : wordless(wordsOf(failure)))),
    ];
  },
};

export function violationsOf(evidence: Evidence): Violation[] {
  return Object.entries(INVARIANTS).flatMap(([invariant, hold]) => hold(evidence).map((sentence) => ({ invariant, case: evidence.played.name, sentence })));
}

const everything = ({ attempts, afterwards }: Evidence): Command[] => [...attempts, ...afterwards];
const shown = (call: RecordedCall | undefined): string =>
  call === undefined ? "a call" : `${call.operation} (call ${call.index}${call.fault === undefined ? "" : `, ${call.fault}`})`;
const told = (text: string): string => text.replace(/\s+/g, " ").slice(0, 300);
const wordsOf = ({ message, partial }: NonNullable<Command["outcome"]["failure"]>): string => [message, ...(partial?.reasons ?? [])].join("\n");

function driftIn(state: Properties | undefined): string | undefined {
  const drift = state?.["drift"];
  return Array.isArray(drift) && drift.length > 0 ? drift.join("; ") : undefined;
}

function isProbe({ operation, requestBody }: RecordedCall, deployer: string): boolean {
  if (operation === "authorize" || operation === "pushAuthorization") return true;
  return operation === "token" && new URLSearchParams(requestBody).get("client_id") !== deployer;
}

/** Each arrival makes one thing more. */
const MAKES_MORE = new Set(["addPassword", "createRecord", "statement:CREATE", "statement:REFRESH", "restoreDeletedItem"]);
/** Signing in tells nothing of what has become of the call. */
const NO_READ = new Set(["token", "login", "discovery"]);
/** After these nobody knows whether the call has arrived. */
const UNCERTAIN = new Set(["answerLost", "bodyTruncated", "hang", "serverError", "html", "brokenJson", "huge", "reset"]);

function blindRepetitions(calls: readonly RecordedCall[]): string[] {
  return calls.flatMap((call, index) => {
    if (!MAKES_MORE.has(call.operation) || !UNCERTAIN.has(call.fault ?? "")) return [];
    const next = calls.findIndex((one, place) => place > index && one.operation === call.operation && one.counterpart === call.counterpart);
    if (next < 0 || sameRequest(call, calls[next])) return [];
    const read = calls.slice(index + 1, next).some((one) => one.counterpart === call.counterpart && !one.changes && !NO_READ.has(one.operation));
    return read ? [] : [`${shown(call)} is repeated without a read between`];
  });
}

/** The driver sends a statement again under its own id, by which the account knows it. */
function sameRequest(one: RecordedCall, other: RecordedCall | undefined): boolean {
  const id = new URLSearchParams(one.query).get("requestId");
  return id !== null && other !== undefined && id === new URLSearchParams(other.query).get("requestId");
}

/** An advice at the beginning of a sentence, what a right is missing, or what the next run does by itself. */
const NEXT_STEP =
  /(?:^|[.:;)] |\n\s*)(?:Run again|Check |Set |Use |Grant |Choose |Enable |Take |Wait )|the next up (?:finishes|enters|goes on|takes|sets)|needs (?:the (?:scope|application permission|role) |USAGE)/i;
/** The remote's words are no advice of ours. */
const SAID = /It said: .*?\. /g;

function wordless(words: string): string[] {
  if (/fault of this provider|defect of|undefined|\[object|\bat .*\(.*:\d+:\d+\)/.test(words)) return [`an error that is no word to people: ${told(words)}`];
  return NEXT_STEP.test(words.replace(SAID, "")) ? [] : [`an error that names no next step: ${told(words)}`];
}
