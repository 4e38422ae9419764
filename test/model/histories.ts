/** Histories in which the rollout, or a version of it that was broken on purpose, once went wrong: shrunk, and played in every run. */

import type { HandEdit, History, Step } from "./commands.js";
import type { Change, Kind } from "./declarations.js";
import type { Fault } from "./world.js";

const up = (...faults: Fault[]): Step => ({ do: "up", refresh: false, backwards: false, faults });
const backwards = (...faults: Fault[]): Step => ({ do: "up", refresh: false, backwards: true, faults });
const refreshed = (...faults: Fault[]): Step => ({ do: "up", refresh: true, backwards: false, faults });
const destroy = (...faults: Fault[]): Step => ({ do: "destroy", faults });
const hand = (what: HandEdit["what"], at = 0): Step => ({ do: "hand", what, at });
const wait = (hours: number): Step => ({ do: "wait", hours });
const at = (index: number, kind: Fault["kind"], times = 1): Fault => ({ at: index, kind, times });
const declare = (who: number, ...changes: [Change["what"], number?][]): Step => ({
  do: "declare",
  changes: changes.map(([what, to = 0]) => ({ who, what, to })),
});

function history(kinds: [Kind, Kind?], ...steps: Step[]): History {
  const [first, second] = kinds;
  return { kinds: [first, second], lag: 0, flickers: false, turns: [1], steps };
}

/** One history, or the same one interrupted at each of its calls: a call more or less must not make it another. */
type Played = [string, History[]];
const once = (what: string, played: History): Played => [what, [played]];
const atEachCall = (what: string, played: (call: number) => History): Played => [what, Array.from({ length: 30 }, (_, call) => played(call))];

export const HISTORIES: Played[] = [
  once(
    "two resources that adopt one client are refused, in place of taking it from each other in every up",
    history(["entra", "entra"], declare(1, ["adopts"]), declare(0, ["adopts"])),
  ),
  once(
    "a slot that a killed run entered, after a create that was recorded half done, is given back by a destroy",
    history(["entra", "entra"], backwards(at(5, "failed", 1000)), backwards(at(12, "killAfter")), destroy(at(2, "killBefore")), hand("slotGivenBack")),
  ),
  once(
    "a client that a killed run made and entered, after the recorded one had been purged by hand, is not undone by the next run that fails",
    history(["entra"], up(), hand("clientPurged"), refreshed(at(17, "killAfter")), refreshed(at(9, "failed"))),
  ),
  once(
    "what a create that was recorded half done has planned is no sign that its secret was renewed",
    history(
      ["entra", "snowflake"],
      backwards(at(7, "unreachable", 1000)),
      declare(1, ["everyDays", 13]),
      declare(0, ["present"]),
      wait(1500),
      up(at(0, "killBefore")),
    ),
  ),
  once(
    "two kills in a row leave no secret that the next up does not know",
    history(["entra", "existing"], backwards(at(18, "killLanding")), up(at(10, "killBefore")), up(at(0, "killBefore"))),
  ),
  once(
    "an earlier client stays while a slot holds it that another resource is about to take over",
    history(["entra", "entra"], up(), declare(0, ["kind", 1], ["uses", 1]), declare(1, ["uses", 1]), up()),
  ),
  once(
    "a secret stays while a slot holds it that another resource is about to take over, overlap or not",
    history(["entra", "existing"], up(), declare(1, ["uses"]), declare(0, ["overlapHours", 1], ["uses"], ["uses", 7]), up()),
  ),
  [
    "a secret that a killed first run has entered has its overlap from when its slot leaves it, also where the run in between failed",
    [24, 26, 28, 30].flatMap((killed) =>
      [10, 11, 12, 13, 14].map((failed) => ({
        ...history(
          ["serviceNowAway", "entra"],
          ...[up(at(killed, "killAfter")), up(at(failed, "notFound", 1000)), wait(200), declare(0, ["present"]), refreshed()],
        ),
        flickers: true,
      })),
    ),
  ],
  once(
    "a client that another resource has adopted is not removed with the resource that had it",
    history(["entra", "entra"], declare(0, ["adopts"]), up(), declare(0, ["present"]), declare(1, ["adopts"]), up()),
  ),
  once(
    "a client that another resource has adopted keeps what the one that had it had registered, and people are told",
    history(["entra", "entra"], declare(1, ["adopts"]), up(), declare(0, ["adopts"]), declare(1, ["kind", 1]), refreshed()),
  ),
  [
    "verify that is switched on later says something of every client, be its secret at hand or not",
    [
      history(["entra", "existing"], declare(0, ["verified"]), declare(1, ["verified"]), up(), declare(0, ["verified"]), declare(1, ["verified"]), up()),
      history(["serviceNow", "snowflake"], declare(0, ["verified"]), declare(1, ["verified"]), up(), declare(0, ["verified"]), declare(1, ["verified"]), up()),
    ],
  ],
  once(
    "an overlap of two days is not over after thirty hours",
    history(["entra"], up(), declare(0, ["overlapHours", 3], ["trigger"]), up(), wait(30), declare(0, ["notes", 1]), up(), wait(30), up()),
  ),
  atEachCall("a rotation that is stopped by hand", (call) => history(["entra"], up(), declare(0, ["trigger"]), up(at(call, "stopped")), up())),
  atEachCall("a first up that is stopped by hand", (call) => history(["entra", "serviceNow"], up(at(call, "stopped")), up())),
  atEachCall("what an earlier declaration needed is taken away, also by a later run", (call) =>
    history(["entra"], up(), declare(0, ["uses", 1]), up(at(call, "refused")), up()),
  ),
  atEachCall("a secret that was issued and entered nowhere is not the one in use", (call) =>
    history(["entra"], up(), declare(0, ["trigger"]), up(at(call, "failed", 1000)), wait(30), up()),
  ),
  atEachCall("of two secrets, the one that a killed run has entered is not renewed", (call) =>
    history(["snowflake"], up(), declare(0, ["trigger"]), up(at(call, "killAfter")), up()),
  ),
  atEachCall("a rotation that one call refuses takes no secret back that a slot holds by then", (call) =>
    history(["entra"], up(), declare(0, ["trigger"]), up(at(call, "refused")), up()),
  ),
  atEachCall("a rotation that is killed twice", (call) =>
    history(["entra"], up(), declare(0, ["trigger"]), up(at(call, "killLanding")), up(at(call, "killAfter")), up()),
  ),
  atEachCall("a secret that a killed run has entered in a slot that is declared no more", (call) =>
    history(["entra"], up(), declare(0, ["trigger"]), up(at(call, "killAfter")), declare(0, ["uses", 0]), up()),
  ),
  atEachCall("of two secrets, the one that a killed run has entered in a slot that is declared no more", (call) =>
    history(["snowflake"], up(), declare(0, ["trigger"]), up(at(call, "killAfter")), declare(0, ["uses", 0]), up()),
  ),
  atEachCall("a secret that has to be set again and is killed on its way", (call) =>
    history(["serviceNow"], up(), declare(0, ["trigger"]), up(at(call, "killAfter")), up()),
  ),
];
