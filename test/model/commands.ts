/** The steps of a history: the program changes, people edit by hand on either side, time passes, the engine runs, and anything fails. */

import * as fc from "fast-check";
import { CHANGES, type Change, KINDS, type Kind } from "./declarations.js";
import { FAULTS, type Fault } from "./world.js";

export const HAND_EDITS = [
  "slotGivenBack",
  "slotToAnotherClient",
  "secretInSlotReplaced",
  "scopesInSlotChanged",
  "redirectUrlOfIntegrationMoved",
  "integrationNeedsMoreScopes",
  "redirectUrlRemoved",
  "scopeRemoved",
  "settingChanged",
  "clientDeleted",
  "clientPurged",
  "secretRemoved",
  "secretRenewed",
  "secretAdded",
  "redirectUrlAdded",
  "clientReplaced",
  "signInMadeImpossible",
] as const;

export interface HandEdit {
  do: "hand";
  what: (typeof HAND_EDITS)[number];
  /** Which of the slots, clients or secrets. */
  at: number;
}

export type Step =
  | { do: "declare"; changes: Change[] }
  | HandEdit
  | { do: "wait"; hours: number }
  | { do: "up"; refresh: boolean; backwards: boolean; faults: Fault[] }
  | { do: "refresh"; faults: Fault[] }
  | { do: "destroy"; faults: Fault[] };

export interface History {
  kinds: [Kind, Kind | undefined];
  /** How late new secrets are accepted. */
  lag: number;
  flickers: boolean;
  turns: number[];
  steps: Step[];
}

const change: fc.Arbitrary<Change> = fc.record({ who: fc.nat(1), what: fc.constantFrom(...CHANGES), to: fc.nat(15) });
const declare: fc.Arbitrary<Step> = fc.record({ do: fc.constant("declare" as const), changes: fc.array(change, { minLength: 1, maxLength: 3 }) });
const hand: fc.Arbitrary<Step> = fc.record({ do: fc.constant("hand" as const), what: fc.constantFrom(...HAND_EDITS), at: fc.nat(7) });
const wait: fc.Arbitrary<Step> = fc.record({ do: fc.constant("wait" as const), hours: fc.constantFrom(1, 12, 24, 30, 200, 1500) });

/** A run of the engine makes some 20 to 80 calls. */
const fault: fc.Arbitrary<Fault> = fc.record({ at: fc.nat(60), kind: fc.constantFrom(...FAULTS), times: fc.constantFrom(1, 1, 1, 2, 1000) });
const faults: fc.Arbitrary<Fault[]> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Fault[]>([]) },
  { weight: 3, arbitrary: fc.array(fault, { minLength: 1, maxLength: 2 }) },
);
const up: fc.Arbitrary<Step> = fc.record({ do: fc.constant("up" as const), refresh: fc.boolean(), backwards: fc.boolean(), faults });
const refresh: fc.Arbitrary<Step> = fc.record({ do: fc.constant("refresh" as const), faults });
const destroy: fc.Arbitrary<Step> = fc.record({ do: fc.constant("destroy" as const), faults });

const step = fc.oneof(
  { weight: 5, arbitrary: declare },
  { weight: 3, arbitrary: hand },
  { weight: 2, arbitrary: wait },
  { weight: 7, arbitrary: up },
  { weight: 1, arbitrary: refresh },
  { weight: 1, arbitrary: destroy },
);

export const history: fc.Arbitrary<History> = fc.record({
  kinds: fc.tuple(fc.constantFrom(...KINDS), fc.option(fc.constantFrom(...KINDS), { nil: undefined })),
  lag: fc.constantFrom(0, 0, 0, 1, 3, 1000),
  flickers: fc.boolean(),
  turns: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  steps: fc.array(step, { minLength: 1, maxLength: 14 }),
});
