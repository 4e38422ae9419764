/** The way back: every effect registers here, before it happens, how it is undone. */

import type { Undo } from "../authorizationServers/contract.js";
import { messageOf } from "../core/errors.js";

export interface RollBack {
  /** What has been undone, in words. */
  undone: string[];
  /** What could not be undone and therefore everything that was done before it, in words, with the reason in front. */
  left: string[];
}

export interface UndoLog {
  push(undo: Undo): void;
  /** Undoes in reverse. An undo that fails ends it: what came earlier may still be relied on by what could not be undone. */
  rollBack(): Promise<RollBack>;
}

export function createUndoLog(): UndoLog {
  const log: Undo[] = [];
  return {
    push: (undo) => void log.push(undo),
    async rollBack() {
      const undone: string[] = [];
      for (let undo = log.pop(); undo !== undefined; undo = log.pop()) {
        try {
          if ((await undo.run()) !== "nothing") undone.push(undo.what);
        } catch (error) {
          return {
            undone,
            left: [`could not undo so that ${undo.what}: ${messageOf(error)}`, ...log.reverse().map(({ what }) => `not undone for that reason: ${what}`)],
          };
        }
      }
      return { undone, left: [] };
    },
  };
}
