/** What was seen in one case: everything that the invariants are held against. */

import type { RecordedCall } from "../src/sandbox/calls.js";
import type { Refusal } from "../src/sandbox/watch.js";
import type { Inputs } from "../test/support/providerHost.js";
import type { Case } from "./cases.js";
import type { Kept, Outcome } from "./engine.js";
import type { Picture, Subject } from "./subjects.js";

/** One command of the engine. */
export interface Command {
  what: "operation" | "repetition" | "mending up" | "up" | "refresh" | "preview" | "delete";
  before: Kept | undefined;
  outcome: Outcome;
  /** The process died in it. */
  killed: boolean;
  calls: RecordedCall[];
  refusals: Refusal[];
  looks: number;
  milliseconds: number;
  /** What stood at the remotes afterwards. */
  picture: Picture;
  /** Whether the server still took the secret that the slots held before the case. */
  previousAccepted: boolean | undefined;
  /** Whether it still took the one that the operation is to end, where it is to end one. */
  endingAccepted: boolean | undefined;
}

export interface Evidence {
  played: Case;
  subject: Subject;
  /** What stood there before the case. */
  before: Picture;
  /** The operation and its repetitions; the last one has succeeded, or there were too many. */
  attempts: Command[];
  /** Afterwards: `up`, refresh, `up`, and in the end the delete. */
  afterwards: Command[];
  /** In the plugin: of a clean operation before it, of each repetition, and of the `up` afterwards. */
  previews: Command[];
  /** What the program declares in the end. */
  declared: Inputs;
  /** The deploying identity, whose own sign-in is no probe of a client. */
  deployer: string;
  /** Where which secret was seen that must not be there. */
  leaks: string[];
}
