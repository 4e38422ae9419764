/** Lines on a resource's row, sent to the engine. Both hosts get its address as an argument of their process. */

import type { Say } from "../core/env.js";
import { scrub } from "../core/secret.js";
import type { EngineConnection } from "./engineConnection.js";

/** What one operation says about one resource. */
export interface Voice extends Say {
  /** Clears the row's status text and resolves when every line has arrived, or was lost. */
  finish(): Promise<void>;
}

export interface EngineLog {
  /** Tells where the engine listens, when that was not known at start. */
  connect(address: string): void;
  voice(urn: string): Voice;
}

/** A status that is replaced sooner than this could not be read: it is not sent. */
const STATUS_MILLISECONDS = 200;

export function createEngineLog(address?: string): EngineLog {
  let engine = address === undefined ? undefined : connection(address);

  /** Resolves whatever happens: a lost line never fails the work. */
  const send = async (...line: Line): Promise<void> => engine?.send(...line).catch(() => undefined);

  return {
    connect(newAddress) {
      engine?.close();
      engine = connection(newAddress);
    },
    voice(urn) {
      // One after the other: calls of their own could overtake each other.
      let sent = Promise.resolve();
      let status = "";
      let shown = "";
      let waiting: NodeJS.Timeout | undefined;
      const queue = (severity: Severity, text: string, ephemeral = false): void => {
        sent = sent.then(() => send(urn, severity, text, ephemeral));
      };
      const show = (): void => {
        waiting = undefined;
        if (status === shown) return;
        shown = status;
        queue("INFO", status, true);
      };
      return {
        progress(text) {
          status = text;
          waiting ??= setTimeout(show, STATUS_MILLISECONDS);
        },
        info: (text) => queue("INFO", text),
        // Never ERROR: it marks the row as failed while the operation succeeds.
        warning: (text) => queue("WARNING", text),
        finish() {
          clearTimeout(waiting);
          // The last status text would stay on the finished row.
          status = "";
          show();
          return sent;
        },
      };
    },
  };
}

type Severity = "INFO" | "WARNING";
type Line = [urn: string, severity: Severity, text: string, ephemeral: boolean];

/** Loaded with the first line: a process waits for its port before it says anything, and some never do. */
function connection(address: string): { send(...line: Line): Promise<void>; close(): void } {
  let loading: Promise<EngineConnection> | undefined;
  return {
    async send(urn, severity, text, ephemeral) {
      loading ??= import("./engineConnection.js").then(({ connect }) => connect(address));
      return (await loading).log(urn, severity, scrub(text), ephemeral);
    },
    close: () => void loading?.then((engine) => engine.close()),
  };
}

/** The engine's address among the process's arguments: the last one, after any logging flags. */
export function engineAddress(args: readonly string[]): string | undefined {
  return args.findLast((arg) => /^[\w.[\]:-]+:\d+$/.test(arg));
}
