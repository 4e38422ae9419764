/**
 * Whether the authorization servers take what the workspace's slots hold, asked after every recorded call, before it is
 * answered: a look from outside after each call would be slow, and would miss what stands between two calls of a client.
 */

import type { RecordedCall } from "./calls.js";

/** What a slot held that no server took. */
export interface Refusal {
  /** The call after which it was so, by its place in the record. */
  call: number;
  slug: string;
  clientId: string;
}

export interface Held {
  slug: string;
  clientId: string;
  clientSecret: string | undefined;
}

type Accepts = (clientId: string, secret: string) => boolean | Promise<boolean>;

export interface Watch {
  /** Asks these servers from now on, no more where there are none, and forgets what was seen before. */
  start(servers: readonly Accepts[]): void;
  look(call: RecordedCall): Promise<void>;
  /** How often it looked, and what it saw. */
  seen(): { looks: number; refusals: Refusal[] };
}

export function createWatch(slots: () => Held[]): Watch {
  let servers: readonly Accepts[] = [];
  let looks = 0;
  let refusals: Refusal[] = [];
  return {
    start(asked) {
      servers = asked;
      looks = 0;
      refusals = [];
    },
    async look({ index }) {
      if (servers.length === 0) return;
      looks += 1;
      for (const { slug, clientId, clientSecret } of slots()) {
        const answers = await Promise.all(servers.map((accepts) => accepts(clientId, clientSecret ?? "")));
        if (!answers.includes(true)) refusals.push({ call: index, slug, clientId });
      }
    },
    seen: () => ({ looks, refusals }),
  };
}
