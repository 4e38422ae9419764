/**
 * How much memory V8 lets a plugin process have before it looks for garbage, and how hot code must be before it is optimized. A
 * plugin lives for one command: by V8's own measure it would end with three times what it needs, and would spend on optimizing
 * code what the code never gives back. The third setting, the size of the young generation, can only be given at the start: bin/.
 */

import { setFlagsFromString } from "node:v8";

/** The heap may grow by half of what was alive at the last collection. */
const HEAP_GROWING_PERCENT = 50;
/** Six times V8's own: a stack of hundreds of resources still gets there. */
const INTERRUPT_BUDGET = 400_000;

export function setV8Flags(nodeVersion: string): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  // Newer ones have a compiler between the two and no such flag; V8 would complain on stderr.
  if (Number(nodeVersion.split(".")[0]) < 22) setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
}
