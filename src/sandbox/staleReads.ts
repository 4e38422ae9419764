/**
 * What a lagging replica would say: the answer that a read got before the last change at its counterpart. Known only for what
 * was read before that change; of anything else the replica knows nothing.
 */

import type { SandboxReply } from "./counterpart.js";

interface Remembered {
  reply: SandboxReply;
  /** How many changes the counterpart had seen when this was answered. */
  changes: number;
}

export interface StaleReads {
  /** A changing call took effect. */
  changed(): void;
  /** `read` tells one read from another. */
  remember(read: string, reply: SandboxReply): void;
  /** The answer of before the last change, if it was ever asked for. */
  before(read: string): SandboxReply | undefined;
}

export function createStaleReads(): StaleReads {
  let changes = 0;
  const current = new Map<string, Remembered>();
  const earlier = new Map<string, Remembered>();
  return {
    changed: () => {
      changes += 1;
    },
    remember(read, reply) {
      const previous = current.get(read);
      if (previous !== undefined && previous.changes < changes) earlier.set(read, previous);
      // Bodies are copied: a counterpart may go on changing the object it answered with.
      current.set(read, { reply: structuredClone(reply), changes });
    },
    before(read) {
      const last = current.get(read);
      return (last !== undefined && last.changes < changes ? last : earlier.get(read))?.reply;
    },
  };
}
