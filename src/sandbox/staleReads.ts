/**
 * What a lagging replica would say: the answer that a GET got before the last change at its counterpart. Known only for what
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
  remember(method: string, url: URL, reply: SandboxReply): void;
  /** The answer of before the last change, if it was ever asked for. */
  before(method: string, url: URL): SandboxReply | undefined;
}

export function createStaleReads(): StaleReads {
  let changes = 0;
  const current = new Map<string, Remembered>();
  const earlier = new Map<string, Remembered>();
  const keyOf = (method: string, url: URL) => `${method} ${url.pathname}${url.search}`;
  return {
    changed: () => {
      changes += 1;
    },
    remember(method, url, reply) {
      const key = keyOf(method, url);
      const previous = current.get(key);
      if (previous !== undefined && previous.changes < changes) earlier.set(key, previous);
      // Bodies are copied: a counterpart may go on changing the object it answered with.
      current.set(key, { reply: structuredClone(reply), changes });
    },
    before(method, url) {
      const key = keyOf(method, url);
      const last = current.get(key);
      return (last !== undefined && last.changes < changes ? last : earlier.get(key))?.reply;
    },
  };
}
