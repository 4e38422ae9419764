/** The engine's side of the log: collects the lines that a provider sends. */

import * as grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import type { LogLine } from "./providerHost.js";

const SEVERITIES = ["DEBUG", "INFO", "WARNING", "ERROR"] as const;

export interface EngineServer {
  address: string;
  lines: LogLine[];
  stop(): void;
}

export async function startEngineServer(): Promise<EngineServer> {
  const lines: LogLine[] = [];
  const server = new grpc.Server();
  server.addService(EngineService, {
    log(call: grpc.ServerUnaryCall<LogRequest, Empty>, callback: grpc.sendUnaryData<Empty>) {
      const { request } = call;
      lines.push({
        urn: request.getUrn(),
        severity: SEVERITIES[request.getSeverity()] ?? "ERROR",
        message: request.getMessage(),
        ephemeral: request.getEphemeral(),
      });
      callback(null, new Empty());
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error))),
  );
  return { address: `127.0.0.1:${port}`, lines, stop: () => server.forceShutdown() };
}
