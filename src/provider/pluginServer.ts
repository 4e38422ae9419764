/**
 * The plugin process: opens its port first, because every command waits for it, and loads the rest when something asks for it.
 * A YAML program has the plugin started twice, and the first process is asked for nothing but the schema.
 */

import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { createEngineLog, type EngineLog, engineAddress } from "./engineLog.js";
import { createIntroduction } from "./introduction.js";
import type { RpcFailure } from "./rpcErrors.js";
import type { RunningService, Service } from "./service.js";

/** The engine's own limit; a schema or a state may exceed gRPC's default of 4 MB. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;
const PARENT_WATCH_MILLISECONDS = 1_000;

const AROUND: readonly (keyof Service)[] = ["checkConfig", "diffConfig", "configure", "cancel"];
const WORK: readonly (keyof Service)[] = ["check", "diff", "create", "read", "update", "delete", "invoke"];

/**
 * Serves until the engine ends the process. `load` brings the service, with the first call that is no introduction; `worked` is
 * called after each answer about a resource or a function.
 */
export function startPlugin(load: (log: EngineLog) => Promise<RunningService>, worked?: () => void): void {
  // The stack's configuration, decrypted: what the provider needs comes with Configure, and children must not inherit it.
  delete process.env["PULUMI_CONFIG"];
  const log = createEngineLog(engineAddress(process.argv.slice(2)));
  let running: RunningService | undefined;
  let loading: Promise<RunningService> | undefined;
  const loaded = (): Promise<RunningService> => (loading ??= load(log).then((service) => (running = service)));
  const failure = (error: unknown): RpcFailure => running?.failure(error) ?? { code: grpc.status.INTERNAL, details: startFailure(error) };

  const serviceAnswer =
    (rpc: keyof Service): Answer =>
    async (request) =>
      (await loaded()).service[rpc](request);

  const server = new grpc.Server({ "grpc.max_receive_message_length": MAX_MESSAGE_BYTES, "grpc.max_send_message_length": MAX_MESSAGE_BYTES });
  server.addService(
    ResourceProviderService,
    Object.fromEntries([
      ...Object.entries<Answer>({ ...createIntroduction(log) }).map(([rpc, answer]) => [rpc, handler(answer, failure)]),
      ...AROUND.map((rpc) => [rpc, handler(serviceAnswer(rpc), failure)]),
      ...WORK.map((rpc) => [rpc, handler(serviceAnswer(rpc), failure, worked)]),
    ]),
  );
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error !== null) {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    }
    // The engine reads the port from here; nothing else may ever be written to stdout.
    process.stdout.write(`${port}\n`);
  });

  // A stray error must not take the other resources' operations with it.
  const crashed = (error: unknown): void => void loaded().then((service) => service.crashed(error), endProcess);
  process.on("uncaughtException", crashed);
  process.on("unhandledRejection", crashed);
  stopWithParent(() => running?.stop());
}

type Answer = (request: never) => Promise<unknown>;

function handler(answer: Answer, failure: (error: unknown) => RpcFailure, afterwards?: () => void): grpc.UntypedHandleCall {
  return (call: grpc.ServerUnaryCall<unknown, unknown>, callback: grpc.sendUnaryData<unknown>) =>
    void answer(call.request as never)
      .then(
        (message) => callback(null, message),
        (error: unknown) => callback(failure(error)),
      )
      .then(afterwards);
}

function startFailure(error: unknown): string {
  return `the Odeus provider could not start: ${error instanceof Error ? error.message : String(error)}`;
}

function endProcess(error: unknown): void {
  process.stderr.write(`${startFailure(error)}\n`);
  process.exit(1);
}

/** An engine that was killed leaves its plugins running, unseen, for hours: another parent means that it is gone. */
function stopWithParent(stop: () => Promise<void> | undefined): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    void (stop() ?? Promise.resolve()).finally(() => process.exit(0));
  }, PARENT_WATCH_MILLISECONDS);
  watch.unref();
}
