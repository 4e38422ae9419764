/**
 * The plugin process: opens its port first and loads everything else afterwards, because every command waits for the port,
 * twice with a YAML program.
 */

import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type { RunningService, Service } from "./service.js";

/** The engine's own limit; a schema or a state may exceed gRPC's default of 4 MB. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;
const PARENT_WATCH_MILLISECONDS = 1_000;

const RPCS: readonly (keyof Service)[] = [
  "handshake",
  "attach",
  "getPluginInfo",
  "getSchema",
  "checkConfig",
  "diffConfig",
  "configure",
  "check",
  "diff",
  "create",
  "read",
  "update",
  "delete",
  "invoke",
  "cancel",
];

/** Serves until the engine ends the process. `load` brings the service; its modules are loaded after the port is open. */
export function startPlugin(load: () => Promise<RunningService>): void {
  // The stack's configuration, decrypted: what the provider needs comes with Configure, and children must not inherit it.
  delete process.env["PULUMI_CONFIG"];
  let loading: Promise<RunningService> | undefined;
  const loaded = (): Promise<RunningService> => (loading ??= load());

  const server = new grpc.Server({ "grpc.max_receive_message_length": MAX_MESSAGE_BYTES, "grpc.max_send_message_length": MAX_MESSAGE_BYTES });
  server.addService(ResourceProviderService, Object.fromEntries(RPCS.map((rpc) => [rpc, handler(rpc, loaded)])));
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error !== null) {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    }
    // The engine reads the port from here; nothing else may ever be written to stdout.
    process.stdout.write(`${port}\n`);
    setImmediate(() => void loaded().catch(endProcess));
  });

  // A stray error must not take the other resources' operations with it.
  const crashed = (error: unknown): void => void loaded().then((running) => running.crashed(error), endProcess);
  process.on("uncaughtException", crashed);
  process.on("unhandledRejection", crashed);
  stopWithParent(loaded);
}

function handler(rpc: keyof Service, loaded: () => Promise<RunningService>): grpc.UntypedHandleCall {
  return async (call: grpc.ServerUnaryCall<unknown, unknown>, callback: grpc.sendUnaryData<unknown>) => {
    let running: RunningService | undefined;
    try {
      running = await loaded();
      callback(null, await running.service[rpc](call.request as never));
    } catch (error) {
      callback(running === undefined ? { code: grpc.status.INTERNAL, details: startFailure(error) } : running.failure(error));
    }
  };
}

function startFailure(error: unknown): string {
  return `the Odeus provider could not start: ${error instanceof Error ? error.message : String(error)}`;
}

function endProcess(error: unknown): void {
  process.stderr.write(`${startFailure(error)}\n`);
  process.exit(1);
}

/** An engine that was killed leaves its plugins running, unseen, for hours: another parent means that it is gone. */
function stopWithParent(loaded: () => Promise<RunningService>): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    void loaded()
      .then((running) => running.stop())
      .finally(() => process.exit(0));
  }, PARENT_WATCH_MILLISECONDS);
  watch.unref();
}
