/**
 * The one exception to "whatever the workspace holds, the server accepts": a server with one secret at a time (ServiceNow). Its
 * slots may be refused from the call that sets a secret until that secret is entered, which follows at once: nothing but the entering
 * itself, and looks after an answer that told nothing. A slot that is declared no more is given back in the end. Where the run ended in between, they may be until the next run has entered
 * another, which the engine must know of unless the process died. What a process took with it, a run that sets no secret cannot know
 * either: the server shows nobody a secret. It is still to be rotated, and the next run does.
 */

import type { Properties } from "../src/core/value.js";
import type { RecordedCall } from "../src/sandbox/calls.js";
import type { Command } from "./evidence.js";

/** `declared`: slugs of the slots that the program declares. */
export function gapsOf(commands: readonly Command[], declared: readonly string[]): string[] {
  const found: string[] = [];
  let open = new Set<string>();
  /** Of a process that died. */
  let excused = new Set<string>();
  for (const { what, calls, refusals, outcome, killed } of commands) {
    for (const slug of new Set([...open, ...refusals.map((one) => one.slug)])) {
      let refused = open.has(slug);
      let setting = false;
      let lost = false;
      calls.forEach((call, index) => {
        const now = refusals.some((one) => one.call === index && one.slug === slug);
        if (now && !refused && !setsSecret(call))
          found.push(`after ${call.operation} (call ${index}) of the ${what}, the server did not take what ${slug} held, and no secret was being set`);
        if (now && setting && declared.includes(slug) && !setsSecret(call) && !(call.counterpart === "odeus" && (call.changes || lost)))
          found.push(`${call.operation} (call ${index}) of the ${what} comes between setting a secret and entering it in ${slug}`);
        refused = now;
        setting = setsSecret(call) || (setting && now);
        lost = call.fault !== undefined || (lost && !setsSecret(call));
      });
      if (refused) open.add(slug);
      else open.delete(slug);
    }
    if (killed) excused = new Set(open);
    else if (outcome.failure === undefined || calls.some((call) => setsSecret(call) && (call.status ?? 0) < 400)) excused = new Set();
    const unknown = [...open].filter((slug) => !excused.has(slug));
    const { drift = [], rollout } = (outcome.failure === undefined ? {} : (outcome.kept?.state ?? {})) as Partial<Record<"drift", string[]>> & Properties;
    const owed = drift.filter((sentence) => sentence.startsWith("a new secret is owed to "));
    // One that is to be given back is owed nothing; it is still recorded, and the next run is told to go on.
    const isLeft = (slug: string): boolean => !declared.includes(slug) && drift.length > 0 && JSON.stringify(rollout).includes(`"integration":"${slug}"`);
    const untold = unknown.filter((slug) => !isLeft(slug) && !owed.some((sentence) => sentence.includes(slug)));
    if (untold.length > 0) found.push(`the ${what} is over, ${untold.join(", ")} holds a secret that the server does not take, and nothing records it`);
    if (outcome.failure === undefined) open = new Set();
  }
  return found;
}

const setsSecret = ({ operation, requestBody }: RecordedCall): boolean => operation === "updateRecord" && requestBody.includes('"client_secret"');
