/** The engine's own service, which takes the lines of a resource's row. */

import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb.js";

export interface EngineConnection {
  /** Resolves whatever happens: a lost line never fails the work. */
  log(urn: string, severity: "INFO" | "WARNING", text: string, ephemeral: boolean): Promise<void>;
  close(): void;
}

/** A line is worth this long, not more: the work must not wait for a terminal. */
const LINE_TIMEOUT_MILLISECONDS = 5_000;

export function connect(address: string): EngineConnection {
  const client = new EngineClient(address, grpc.credentials.createInsecure());
  return {
    log(urn, severity, text, ephemeral) {
      const request = new LogRequest().setUrn(urn).setSeverity(LogSeverity[severity]).setMessage(text).setEphemeral(ephemeral);
      const deadline = new Date(Date.now() + LINE_TIMEOUT_MILLISECONDS);
      return new Promise((done) => client.log(request, new grpc.Metadata(), { deadline }, () => done()));
    },
    close: () => client.close(),
  };
}
