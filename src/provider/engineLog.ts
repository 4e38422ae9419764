/** Lines on a resource's row, sent to the engine. Both hosts get its address as an argument of their process. */

import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb.js";
import type { Say } from "../core/env.js";
import { scrub } from "../core/secret.js";

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

/** A line is worth this long, not more: the work must not wait for a terminal. */
const LINE_TIMEOUT_MILLISECONDS = 5_000;
/** A status that is replaced sooner than this could not be read: it is not sent. */
const STATUS_MILLISECONDS = 200;

export function createEngineLog(address?: string): EngineLog {
  let client = address === undefined ? undefined : connection(address);

  /** Resolves whatever happens: a lost line never fails the work. */
  function send(urn: string, severity: LogSeverity, text: string, ephemeral: boolean): Promise<void> {
    const engine = client;
    if (engine === undefined) return Promise.resolve();
    const request = new LogRequest().setUrn(urn).setSeverity(severity).setMessage(scrub(text)).setEphemeral(ephemeral);
    const deadline = new Date(Date.now() + LINE_TIMEOUT_MILLISECONDS);
    return new Promise((done) => engine.log(request, new grpc.Metadata(), { deadline }, () => done()));
  }

  return {
    connect(newAddress) {
      client?.close();
      client = connection(newAddress);
    },
    voice(urn) {
      // One after the other: calls of their own could overtake each other.
      let sent = Promise.resolve();
      let status = "";
      let shown = "";
      let waiting: NodeJS.Timeout | undefined;
      const queue = (severity: LogSeverity, text: string, ephemeral = false): void => {
        sent = sent.then(() => send(urn, severity, text, ephemeral));
      };
      const show = (): void => {
        waiting = undefined;
        if (status === shown) return;
        shown = status;
        queue(LogSeverity.INFO, status, true);
      };
      return {
        progress(text) {
          status = text;
          waiting ??= setTimeout(show, STATUS_MILLISECONDS);
        },
        info: (text) => queue(LogSeverity.INFO, text),
        // Never ERROR: it marks the row as failed while the operation succeeds.
        warning: (text) => queue(LogSeverity.WARNING, text),
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

function connection(address: string): EngineClient {
  return new EngineClient(address, grpc.credentials.createInsecure());
}

/** The engine's address among the process's arguments: the last one, after any logging flags. */
export function engineAddress(args: readonly string[]): string | undefined {
  return args.findLast((arg) => /^[\w.[\]:-]+:\d+$/.test(arg));
}
