/** A provider process and the gRPC client that plays the engine. Both hosts serve the same protocol. */

import { spawn } from "node:child_process";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb.js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import * as pb from "@pulumi/pulumi/proto/provider_pb.js";
import { Status } from "@pulumi/pulumi/proto/status_pb.js";
import type { Message } from "google-protobuf";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { isAsset, type Properties, UNKNOWN } from "../../src/core/value.js";
import { decode, encode, type Wire, type WireProperties } from "../../src/provider/propertyValues.js";
import { startEngineServer } from "./engineServer.js";
import { type DiffResult, HostFailure, type HostOptions, type Input, type Inputs, type ProviderHost, SecretInput } from "./providerHost.js";

export const REPOSITORY = join(__dirname, "..", "..");

/** How the two hosts differ, seen from the engine. */
export interface HostKind {
  name: ProviderHost["name"];
  /** Started with the engine's address as a last argument. */
  command: readonly string[];
  token(kind: string): string;
  /** Hidden properties of every bag. */
  hidden(urn: string): WireProperties;
  /** The bag that Configure gets. */
  configuration(config: Inputs): Inputs;
  /** The plugin: handshake, secrets wrapped on the wire, previews. */
  full: boolean;
}

export async function startHost(kind: HostKind, options: HostOptions = {}): Promise<ProviderHost> {
  const engine = await startEngineServer();
  const [file = "", ...args] = kind.command;
  const child = spawn(file, [...args, engine.address], {
    cwd: options.cwd ?? REPOSITORY,
    // Nothing else of the machine: credentials of the developer must not decide a test.
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exited = new Promise<number | string>((done) => child.once("exit", (code, signal) => done(signal ?? code ?? -1)));
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      const [line, rest] = stdout.split("\n", 2);
      if (rest !== undefined) resolve(line ?? "");
    });
    void exited.then((how) => reject(new Error(`the ${kind.name} process ended (${how}) before it served: ${stderr}`)));
  });
  const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const answers: unknown[] = [];

  /** Calls one RPC; `seen` is the plain form of its answer for `answers`. */
  function call<A extends Message>(start: (done: (error: grpc.ServiceError | null, answer: A) => void) => void, seen: (answer: A) => unknown): Promise<A> {
    return new Promise((resolve, reject) =>
      start((error, answer) => {
        if (error === null) {
          answers.push(seen(answer));
          resolve(answer);
          return;
        }
        const failure = partialOf(error);
        answers.push({ details: error.details, partial: failure });
        reject(new HostFailure(error.code, error.details, failure === undefined ? undefined : { ...failure, state: plain(failure.state) }));
      }),
    );
  }

  const bag = (urn: string, values: Inputs): Struct => Struct.fromJavaScript({ ...wire(values, kind.full), ...kind.hidden(urn) } as Record<string, never>);

  if (kind.full) {
    const handshake = new pb.ProviderHandshakeRequest().setEngineAddress(engine.address).setRootDirectory(REPOSITORY).setProgramDirectory(REPOSITORY);
    await call<pb.ProviderHandshakeResponse>(
      (done) => client.handshake(handshake, done),
      (answer) => answer.toObject(),
    );
  }

  return {
    name: kind.name,
    urn: (resourceKind, resourceName) => `urn:pulumi:dev::demo::${kind.token(resourceKind)}::${resourceName}`,

    async configure(config) {
      const struct = Struct.fromJavaScript(wire(kind.configuration(config), true) as Record<string, never>);
      if (kind.full) {
        const checked = await call<pb.CheckResponse>(
          (done) => client.checkConfig(new pb.CheckRequest().setUrn("urn:pulumi:dev::demo::pulumi:providers:odeus::default").setNews(struct), done),
          seenCheck,
        );
        const failures = checked.getFailuresList().map((failure) => failure.getReason());
        if (failures.length > 0) throw new HostFailure(grpc.status.INVALID_ARGUMENT, failures.join("\n"));
      }
      const request = new pb.ConfigureRequest().setArgs(struct).setAcceptsecrets(true).setSendsOldInputs(true).setSendsOldInputsToDelete(true);
      await call<pb.ConfigureResponse>(
        (done) => client.configure(request, done),
        (answer) => answer.toObject(),
      );
    },

    async check(urn, inputs, olds = {}) {
      const answer = await call<pb.CheckResponse>(
        (done) => client.check(new pb.CheckRequest().setUrn(urn).setNews(bag(urn, inputs)).setOlds(bag(urn, olds)), done),
        seenCheck,
      );
      for (const failure of answer.getFailuresList()) {
        if (failure.getProperty() !== "") throw new Error(`a check failure names the property ${failure.getProperty()}: the engine would print its value`);
      }
      return { inputs: plain(jsOf(answer.getInputs())), failures: answer.getFailuresList().map((failure) => failure.getReason()) };
    },

    async diff(urn, id, state, inputs, ignoreChanges = []) {
      const request = new pb.DiffRequest().setId(id).setUrn(urn).setOlds(bag(urn, state)).setNews(bag(urn, inputs)).setIgnorechangesList(ignoreChanges);
      return diffResult(
        await call<pb.DiffResponse>(
          (done) => client.diff(request, done),
          (answer) => answer.toObject(),
        ),
      );
    },

    async create(urn, inputs, { preview = false, timeoutSeconds = 0 } = {}) {
      if (preview && !kind.full) return { id: "", state: plain(wire(inputs, false)) };
      const request = new pb.CreateRequest().setUrn(urn).setProperties(bag(urn, inputs)).setPreview(preview).setTimeout(timeoutSeconds);
      const answer = await call<pb.CreateResponse>(
        (done) => client.create(request, done),
        (a) => ({ id: a.getId(), properties: jsOf(a.getProperties()) }),
      );
      return { id: answer.getId(), state: plain(jsOf(answer.getProperties())) };
    },

    async read(urn, id, state, inputs) {
      const request = new pb.ReadRequest().setId(id).setUrn(urn);
      if (state !== undefined) request.setProperties(bag(urn, state));
      if (inputs !== undefined) request.setInputs(bag(urn, inputs));
      const seen = (a: pb.ReadResponse): unknown => ({ id: a.getId(), properties: jsOf(a.getProperties()), inputs: jsOf(a.getInputs()) });
      const answer = await call<pb.ReadResponse>((done) => client.read(request, done), seen);
      if (answer.getId() === "") return undefined;
      return { id: answer.getId(), state: plain(jsOf(answer.getProperties())), inputs: plain(jsOf(answer.getInputs())) };
    },

    async update(urn, id, state, inputs, { preview = false, timeoutSeconds = 0 } = {}) {
      if (preview && !kind.full) return { state: plain(wire(inputs, false)) };
      const request = new pb.UpdateRequest()
        .setId(id)
        .setUrn(urn)
        .setOlds(bag(urn, state))
        .setNews(bag(urn, inputs))
        .setPreview(preview)
        .setTimeout(timeoutSeconds);
      const answer = await call<pb.UpdateResponse>(
        (done) => client.update(request, done),
        (a) => ({ properties: jsOf(a.getProperties()) }),
      );
      return { state: plain(jsOf(answer.getProperties())) };
    },

    async delete(urn, id, state) {
      await call<Empty>(
        (done) => client.delete(new pb.DeleteRequest().setId(id).setUrn(urn).setProperties(bag(urn, state)), done),
        () => ({}),
      );
    },

    async invoke(token, args) {
      const request = new pb.InvokeRequest().setTok(token).setArgs(Struct.fromJavaScript(wire(args, true) as Record<string, never>));
      const answer = await call<pb.InvokeResponse>(
        (done) => client.invoke(request, done),
        (a) => ({ result: jsOf(a.getReturn()) }),
      );
      return { result: plain(jsOf(answer.getReturn())), failures: answer.getFailuresList().map((failure) => failure.getReason()) };
    },

    async cancel() {
      await call<Empty>(
        (done) => client.cancel(new Empty(), done),
        () => ({}),
      );
    },

    schema: async () =>
      (
        await call<pb.GetSchemaResponse>(
          (done) => client.getSchema(new pb.GetSchemaRequest(), done),
          () => ({}),
        )
      ).getSchema(),
    version: async () =>
      (
        await call<PluginInfo>(
          (done) => client.getPluginInfo(new Empty(), done),
          (a) => a.toObject(),
        )
      ).getVersion(),

    lines: engine.lines,
    answers,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    pid: child.pid ?? -1,
    exited,
    kill: (signal = "SIGKILL") => void child.kill(signal),
    async stop() {
      client.close();
      child.kill("SIGINT");
      const end = setTimeout(() => child.kill("SIGKILL"), 2_000);
      await exited;
      clearTimeout(end);
      engine.stop();
    },
  };
}

function jsOf(struct: Struct | undefined): WireProperties {
  return struct === undefined ? {} : (struct.toJavaScript() as WireProperties);
}

/** Without wrappers and hidden properties, as a program sees it. */
function plain(values: WireProperties): Properties {
  return decode(Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith("__"))));
}

/** The dynamic server gets secrets in clear, as the engine sends them to a provider that does not accept wrapped ones. */
function wire(values: Inputs, wrapsSecrets: boolean): WireProperties {
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, wireValue(value, wrapsSecrets)]])));
}

function wireValue(value: Input, wrapsSecrets: boolean): Wire {
  if (value instanceof SecretInput) {
    const bare = wireValue(value.value, wrapsSecrets);
    return wrapsSecrets ? { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: bare } : bare;
  }
  if (Array.isArray(value)) return value.map((each) => wireValue(each, wrapsSecrets));
  if (value === UNKNOWN || isAsset(value) || typeof value !== "object" || value === null)
    return encode({ value: value as Properties[string] })["value"] ?? null;
  return wire(value as Inputs, wrapsSecrets);
}

function seenCheck(answer: pb.CheckResponse): unknown {
  return { inputs: jsOf(answer.getInputs()), failures: answer.getFailuresList().map((failure) => failure.toObject()) };
}

function diffResult(answer: pb.DiffResponse): DiffResult {
  const kinds = Object.fromEntries(Object.entries(pb.PropertyDiff.Kind).map(([name, number]) => [number, name]));
  const detailed: DiffResult["detailed"] = {};
  for (const [path, each] of answer.getDetaileddiffMap().entries() as Iterable<[string, pb.PropertyDiff]>) {
    detailed[path] = { kind: kinds[each.getKind()] ?? "", input: each.getInputdiff() };
  }
  if (answer.getChanges() === pb.DiffResponse.DiffChanges.DIFF_UNKNOWN) throw new Error("diff left the answer to the engine");
  return {
    changes: answer.getChanges() === pb.DiffResponse.DiffChanges.DIFF_SOME,
    diffs: answer.getDiffsList(),
    detailed,
    replaces: answer.getReplacesList(),
    deleteBeforeReplace: answer.getDeletebeforereplace(),
  };
}

/** What the engine records of an operation that failed after it had made something. */
function partialOf(error: grpc.ServiceError): { id: string; state: WireProperties; reasons: string[] } | undefined {
  const [packed] = error.metadata.get("grpc-status-details-bin");
  if (packed === undefined) return undefined;
  const [any] = Status.deserializeBinary(Buffer.from(packed as Buffer)).getDetailsList();
  const detail = any?.unpack((bytes) => pb.ErrorResourceInitFailed.deserializeBinary(bytes), "pulumirpc.ErrorResourceInitFailed");
  if (detail === null || detail === undefined) return undefined;
  return { id: detail.getId(), state: jsOf(detail.getProperties()), reasons: detail.getReasonsList() };
}
