/** The plugin's answers to the engine, one function an RPC: protobuf in, plain objects to the lifecycle, protobuf out. */

import * as grpc from "@grpc/grpc-js";
import * as pb from "@pulumi/pulumi/proto/provider_pb.js";
import type { Message } from "google-protobuf";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import type { ValuePath } from "../core/check.js";
import type { Config } from "../core/config.js";
import { isInside } from "../core/propertyPath.js";
import { Secret, scrub } from "../core/secret.js";
import type { Properties } from "../core/value.js";
import { type Difference, PartialFailure, type ProviderFunction, type Resource } from "../resources/resource.js";
import { configuration, configurationProblems, secretArguments, secretTexts } from "./configuration.js";
import type { EngineLog } from "./engineLog.js";
import { createLifecycle, type Operation, UnknownToken } from "./lifecycle.js";
import { decode, encode, textsAt, type WireProperties } from "./propertyValues.js";
import { failed, initFailed, RpcError, type RpcFailure } from "./rpcErrors.js";
import { kindOf, typeOf } from "./urn.js";

export interface ServiceOptions {
  resources: readonly Resource[];
  functions?: readonly ProviderFunction[];
  now: () => Date;
  log: EngineLog;
  environment: Readonly<Record<string, string | undefined>>;
}

/** The RPCs that are served, beside those of the introduction; the engine is told UNIMPLEMENTED for all others. */
export interface Service {
  checkConfig(request: pb.CheckRequest): Promise<Message>;
  diffConfig(request: pb.DiffRequest): Promise<Message>;
  configure(request: pb.ConfigureRequest): Promise<Message>;
  check(request: pb.CheckRequest): Promise<Message>;
  diff(request: pb.DiffRequest): Promise<Message>;
  create(request: pb.CreateRequest): Promise<Message>;
  read(request: pb.ReadRequest): Promise<Message>;
  update(request: pb.UpdateRequest): Promise<Message>;
  delete(request: pb.DeleteRequest): Promise<Message>;
  invoke(request: pb.InvokeRequest): Promise<Message>;
  cancel(request: Empty): Promise<Message>;
}

export interface RunningService {
  service: Service;
  /** What a thrown error is answered with. */
  failure(error: unknown): RpcFailure;
  /** Takes an error that belongs to no call. */
  crashed(error: unknown): void;
  /** Stops what runs and resolves when it has ended. */
  stop(): Promise<void>;
}

export function createService({ resources, functions = [], now, log, environment }: ServiceOptions): RunningService {
  const lifecycle = createLifecycle({ resources, functions, now, log });
  let config: Config = configuration(() => undefined, environment);

  /** Values of one request, and the paths at which any of them was wrapped. */
  function opened(secrets: ValuePath[], struct: Struct | undefined, unsayable: typeof textsAt = textsAt): Properties {
    const wire = struct === undefined ? {} : (struct.toJavaScript() as WireProperties);
    // Keys with two underscores are the engine's and the hosts' own, and old state of the dynamic host holds them.
    const own = Object.fromEntries(Object.entries(wire).filter(([name]) => !name.startsWith("__")));
    const found: ValuePath[] = [];
    const properties = decode(own, found);
    for (const text of unsayable(properties, found)) new Secret(text);
    secrets.push(...found);
    return properties;
  }

  function subject(request: { getUrn(): string }): { kind: string; urn: string } {
    const urn = request.getUrn();
    const token = typeOf(urn);
    if (!token.startsWith("odeus:index:")) throw new UnknownToken("resource type", token);
    return { kind: kindOf(token), urn };
  }

  function operation(request: { getUrn(): string; getTimeout(): number }): Operation {
    return { ...subject(request), config, timeoutSeconds: request.getTimeout() };
  }

  /** Secrets of the definition, and what the program itself had marked as secret. */
  function sealed(kind: string, properties: Properties, secrets: readonly ValuePath[]): Struct {
    return Struct.fromJavaScript(encode(properties, [...lifecycle.secretPaths(kind), ...secrets]));
  }

  /** A partial failure leaves with its state sealed: only here is it known what is secret. */
  async function sealingFailure<T>(kind: string, secrets: readonly ValuePath[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PartialFailure)) throw error;
      throw new SealedFailure(initFailed(error, encode(error.state, [...lifecycle.secretPaths(kind), ...secrets])));
    }
  }

  const service: Service = {
    async checkConfig(request) {
      const secrets: ValuePath[] = [];
      const given = opened(secrets, request.getNews(), secretTexts);
      const problems = configurationProblems(given);
      // Exactly what was given, secrets wrapped: nothing from the environment may reach the state.
      const sealedArgs = encode(given, [...secrets, ...secretArguments(given)]);
      return new pb.CheckResponse().setInputs(Struct.fromJavaScript(sealedArgs)).setFailuresList(problems.map(checkFailure));
    },

    async diffConfig() {
      // The engine compares; never a replacement, which would replace every resource of the provider.
      return new pb.DiffResponse().setChanges(pb.DiffResponse.DiffChanges.DIFF_UNKNOWN);
    },

    async configure(request) {
      const given = opened([], request.getArgs(), secretTexts);
      config = configuration((name) => given[name], environment);
      return new pb.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    },

    async check(request) {
      const target = subject(request);
      const secrets: ValuePath[] = [];
      const { inputs, failures } = await lifecycle.check(target, opened(secrets, request.getNews()));
      return new pb.CheckResponse().setInputs(sealed(target.kind, inputs, secrets)).setFailuresList(failures.map(checkFailure));
    },

    async diff(request) {
      const [state, inputs] = [opened([], request.getOlds()), opened([], request.getNews())];
      const ignored = request.getIgnorechangesList();
      const { differences, deleteBeforeReplace } = await lifecycle.diff(subject(request), request.getId(), state, inputs);
      const kept = differences.filter(({ path, input }) => !(input && ignored.some((container) => isInside(path, container))));
      return diffAnswer(kept).setDeletebeforereplace(deleteBeforeReplace === true);
    },

    async create(request) {
      const secrets: ValuePath[] = [];
      const inputs = opened(secrets, request.getProperties());
      const { kind } = subject(request);
      if (request.getPreview()) {
        return new pb.CreateResponse().setProperties(sealed(kind, await lifecycle.preview(operation(request), inputs), secrets));
      }
      const { id, state } = await sealingFailure(kind, secrets, () => lifecycle.create(operation(request), inputs));
      return new pb.CreateResponse().setId(id).setProperties(sealed(kind, state, secrets));
    },

    async read(request) {
      const secrets: ValuePath[] = [];
      const [state, inputs] = [opened(secrets, request.getProperties()), opened(secrets, request.getInputs())];
      const { kind } = subject(request);
      const found = await sealingFailure(kind, secrets, () => lifecycle.read(operation(request), request.getId(), state, inputs));
      // An empty id means "gone".
      if (found === undefined) return new pb.ReadResponse();
      return new pb.ReadResponse()
        .setId(found.id)
        .setProperties(sealed(kind, found.state, secrets))
        .setInputs(sealed(kind, found.inputs, secrets));
    },

    async update(request) {
      const secrets: ValuePath[] = [];
      const [state, inputs] = [opened([], request.getOlds()), opened(secrets, request.getNews())];
      const { kind } = subject(request);
      if (request.getPreview()) {
        return new pb.UpdateResponse().setProperties(sealed(kind, await lifecycle.preview(operation(request), inputs, state), secrets));
      }
      const updated = await sealingFailure(kind, secrets, () => lifecycle.update(operation(request), request.getId(), state, inputs));
      return new pb.UpdateResponse().setProperties(sealed(kind, updated.state, secrets));
    },

    async delete(request) {
      const secrets: ValuePath[] = [];
      const state = opened(secrets, request.getProperties());
      await sealingFailure(subject(request).kind, secrets, () => lifecycle.delete(operation(request), request.getId(), state));
      return new Empty();
    },

    async invoke(request) {
      const token = request.getTok();
      const name = token.startsWith("odeus:index:") ? kindOf(token) : token;
      const { result, failures } = await lifecycle.invoke(name, config, opened([], request.getArgs()));
      return new pb.InvokeResponse().setReturn(Struct.fromJavaScript(encode(result, []))).setFailuresList(failures.map(checkFailure));
    },

    async cancel() {
      // It comes at the end of every command too, and means: abort what runs.
      lifecycle.cancel();
      return new Empty();
    },
  };

  return {
    service,
    failure(error) {
      if (error instanceof SealedFailure) return error.answer;
      return failed(error instanceof UnknownToken ? new RpcError(grpc.status.NOT_FOUND, error.message) : error);
    },
    crashed(error) {
      if (!lifecycle.crashed(error)) process.stderr.write(`${scrub(String(error))}\n`);
    },
    stop() {
      lifecycle.cancel();
      return lifecycle.idle();
    },
  };
}

/** Carries the finished answer out of an RPC. */
class SealedFailure extends Error {
  readonly answer: RpcFailure;
  constructor(answer: RpcFailure) {
    super(answer.details);
    this.answer = answer;
  }
}

/** The property stays empty: the engine prints the value of a property that is named, secrets in clear. */
function checkFailure(reason: string): pb.CheckFailure {
  return new pb.CheckFailure().setProperty("").setReason(reason);
}

function diffAnswer(differences: readonly Difference[]): pb.DiffResponse {
  const { DIFF_SOME, DIFF_NONE } = pb.DiffResponse.DiffChanges;
  const tops = new Set(differences.map(({ path }) => /^[^.[]+/.exec(path)?.[0] ?? path));
  const response = new pb.DiffResponse()
    .setChanges(differences.length > 0 ? DIFF_SOME : DIFF_NONE)
    .setDiffsList([...tops])
    .setHasdetaileddiff(true);
  for (const { path, kind, input, replace } of differences) {
    response.getDetaileddiffMap().set(path, new pb.PropertyDiff().setKind((replace ? REPLACING : KINDS)[kind]).setInputdiff(input));
  }
  response.setReplacesList([...new Set(differences.filter(({ replace }) => replace).map(({ path }) => path))]);
  return response;
}

const REPLACING = {
  add: pb.PropertyDiff.Kind.ADD_REPLACE,
  update: pb.PropertyDiff.Kind.UPDATE_REPLACE,
  delete: pb.PropertyDiff.Kind.DELETE_REPLACE,
} as const;
const KINDS = { add: pb.PropertyDiff.Kind.ADD, update: pb.PropertyDiff.Kind.UPDATE, delete: pb.PropertyDiff.Kind.DELETE } as const;
