/**
 * The one entry that both hosts call. It knows the contract of a resource and nothing about any one resource; the hosts know
 * their wire form and nothing about either.
 */

import { secretPaths, shapeProblems, type ValuePath, withDefaults } from "../core/check.js";
import { createClaims } from "../core/claims.js";
import type { Config } from "../core/config.js";
import { shapeOf } from "../core/definition.js";
import { messageOf, OdeusError } from "../core/errors.js";
import { Secret } from "../core/secret.js";
import { isAsset, type Properties, UNKNOWN, type Value } from "../core/value.js";
import { type Context, type Diff, PartialFailure, type ProviderFunction, type Resource } from "../resources/resource.js";
import type { EngineLog } from "./engineLog.js";
import { createLiving } from "./living.js";
import { createOperations } from "./operations.js";
import { textsAt } from "./propertyValues.js";
import { describeUrn } from "./urn.js";

export interface LifecycleOptions {
  resources: readonly Resource[];
  functions?: readonly ProviderFunction[];
  now: () => Date;
  log: EngineLog;
}

/** What every call names: which resource, and for those that call out, with what and for how long. */
export interface Subject {
  /** The last part of the resource's token. */
  kind: string;
  urn: string;
}
export interface Operation extends Subject {
  config: Config;
  /** How long it may take; the default where the program set none. */
  timeoutSeconds?: number | undefined;
}

export interface CheckAnswer {
  /** The inputs with defaults. */
  inputs: Properties;
  /** Reasons, each starting with the path of the property. */
  failures: string[];
}

export interface StateAnswer {
  id: string;
  state: Properties;
}

export interface ReadAnswer extends StateAnswer {
  inputs: Properties;
}

export type PlannedChange = Omit<Diff, "announcements">;

export interface Lifecycle {
  /** Where a kind's inputs and outputs hold secrets: the hosts wrap them in everything they answer. */
  secretPaths(kind: string): ValuePath[];
  /** Pure: no clock, environment or network. */
  check(subject: Subject, inputs: Properties): Promise<CheckAnswer>;
  /** Offline. Announcements are said on the resource's row. */
  diff(subject: Subject, id: string, state: Properties, inputs: Properties): Promise<PlannedChange>;
  create(operation: Operation, inputs: Properties): Promise<StateAnswer>;
  /** What create, or update where a state is given, would answer: outputs that cannot be known yet are UNKNOWN. */
  preview(operation: Operation, inputs: Properties, state?: Properties): Promise<Properties>;
  /** Undefined: it is gone. A host that is not given the inputs leaves them out: the state holds them. */
  read(operation: Operation, id: string, state: Properties, inputs?: Properties): Promise<ReadAnswer | undefined>;
  update(operation: Operation, id: string, state: Properties, inputs: Properties): Promise<StateAnswer>;
  delete(operation: Operation, id: string, state: Properties): Promise<void>;
  /** A question to the workspace, asked by the program itself. */
  invoke(name: string, config: Config, args: Properties): Promise<{ result: Properties; failures: string[] }>;
  /** Asks everything that runs to stop, because the engine wants to. */
  cancel(): void;
  /** An error that belongs to no operation: what runs fails, the process lives on. Answers whether anything ran. */
  crashed(error: unknown): boolean;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

export function createLifecycle({ resources, functions = [], now, log }: LifecycleOptions): Lifecycle {
  const claims = createClaims();
  const living = createLiving();
  const operations = createOperations({ now, log });

  function resourceOf(kind: string): Resource {
    const resource = resources.find((candidate) => candidate.kind === kind);
    if (resource === undefined) throw new UnknownToken("resource type", kind);
    return resource;
  }

  const secretsOf = (resource: Resource): ValuePath[] => [...secretPaths(resource.inputs), ...secretPaths(resource.outputs)];

  /** The scrubber has to know a secret before anything can go wrong with it. */
  function remember(resource: Resource, ...bags: (Properties | undefined)[]): void {
    const paths = secretsOf(resource);
    for (const bag of bags) for (const text of textsAt(bag ?? {}, paths)) new Secret(text);
  }

  /** Runs one operation; what it throws comes out as a PartialFailure or as an OdeusError with a text for people. */
  async function run<T>(operation: Operation, bags: (Properties | undefined)[], work: (resource: Resource, context: Context) => Promise<T>): Promise<T> {
    const resource = resourceOf(operation.kind);
    remember(resource, ...bags);
    try {
      return await operations.run(operation, (env) => work(resource, { urn: operation.urn, env, config: operation.config, claims }));
    } catch (error) {
      throw forPeople(error);
    }
  }

  return {
    secretPaths: (kind) => secretsOf(resourceOf(kind)),

    async check({ kind, urn }, given) {
      const resource = resourceOf(kind);
      remember(resource, given);
      living.declared(urn);
      try {
        const inputs = withDefaults(resource.inputs, given);
        // All at once: whoever mends the shape should not learn of a broken rule only then.
        const failures = [...shapeProblems(resource.inputs, inputs), ...resource.check(inputs), ...claimed(resource, urn, inputs)];
        await tellOfShared(resource, urn, inputs);
        return { inputs: definedProperties(inputs), failures: failures.map(messageOf) };
      } catch (error) {
        throw forPeople(error);
      }
    },

    async diff({ kind, urn }, id, state, inputs) {
      const resource = resourceOf(kind);
      remember(resource, state, inputs);
      living.standsFor(urn, id);
      const voice = log.voice(urn);
      try {
        const { announcements, ...change } = resource.diff(state, inputs, now());
        for (const announcement of announcements) voice.warning(announcement);
        return change;
      } catch (error) {
        throw forPeople(error);
      } finally {
        await voice.finish();
      }
    },

    async create(operation, inputs) {
      try {
        const made = await run(operation, [inputs], async (resource, context) => recorded(await resource.create(context, inputs)));
        living.standsFor(operation.urn, made.id);
        return made;
      } catch (error) {
        if (error instanceof PartialFailure) living.standsFor(operation.urn, error.id);
        throw error;
      }
    },

    preview: (operation, inputs, state) =>
      run(operation, [inputs, state], async (resource, context) => {
        const known = await resource.preview(context, inputs, state);
        const outputs = Object.keys(shapeOf(resource.outputs).properties);
        // An output that is answered as undefined is known to be absent; one that is not answered is not known.
        const open = outputs.filter((name) => !Object.hasOwn(known, name)).map((name) => [name, UNKNOWN] as const);
        return definedProperties({ ...inputs, ...Object.fromEntries(open), ...known });
      }),

    read: (operation, id, state, inputs) =>
      run(operation, [inputs, state], async (resource, context) => {
        const declared = inputs ?? inputsIn(resource, state);
        if (Object.keys(state).length === 0 && Object.keys(declared).length === 0) {
          if (resource.import === undefined)
            throw new OdeusError(`import: ${operation.kind} cannot be imported; ${kindName(operation)} can only be read with its state`);
          const imported = await resource.import(context, id);
          return { ...recorded(imported), inputs: definedProperties(imported.inputs) };
        }
        const found = await resource.read(context, id, state, declared);
        return found === undefined ? undefined : { ...recorded(found), inputs: definedProperties(found.inputs) };
      }),

    update: (operation, id, state, inputs) =>
      run(operation, [inputs, state], async (resource, context) => recorded(await resource.update(context, id, state, inputs))),

    delete: (operation, id, state) =>
      run(operation, [state], async (resource, context) => {
        if (!living.goesOn(operation.urn, id)) return resource.delete(context, id, state);
        context.env.say.info("the replacement took over what the original held, so it is not removed");
        await resource.handOver?.(context, state);
      }),

    async invoke(name, config, args) {
      const found = functions.find((candidate) => candidate.name === name);
      if (found === undefined) throw new UnknownToken("function", name);
      const failures = shapeProblems(found.inputs, args);
      if (failures.length > 0) return { result: {}, failures };
      try {
        return { result: definedProperties(await operations.run({ urn: "" }, (env) => found.invoke({ env, config }, args))), failures: [] };
      } catch (error) {
        throw forPeople(error);
      }
    },

    cancel() {
      living.forget();
      operations.cancel();
    },
    crashed: operations.crashed,
    idle: operations.idle,
  };

  /** In check, because a resource in which nothing changes gets no further call that knows its inputs. */
  async function tellOfShared(resource: Resource, urn: string, inputs: Properties): Promise<void> {
    const { what, warning } = resource.shared?.(inputs) ?? {};
    if (what === undefined) return;
    claims.share(urn, what);
    const other = warning && claims.sharer(urn, what, false);
    if (warning === undefined || other === undefined) return;
    const voice = log.voice(urn);
    voice.warning(warning(other));
    await voice.finish();
  }

  function claimed(resource: Resource, urn: string, inputs: Properties): string[] {
    return claims.claim(urn, resource.slots(inputs)).map(({ slot, urn: other }) => {
      const property = Object.keys(inputs).find((name) => names(inputs[name], slot));
      const text = `the slot ${JSON.stringify(slot)} is also claimed by ${describeUrn(other)}; one slot, one resource`;
      return property === undefined ? text : `${property}: ${text}`;
    });
  }
}

/** A token that this provider does not have. */
export class UnknownToken extends OdeusError {
  constructor(what: "resource type" | "function", name: string) {
    super(`the Odeus provider has no ${what} ${JSON.stringify(name)}`);
    this.name = "UnknownToken";
  }
}

function inputsIn(resource: Resource, state: Properties): Properties {
  const inputs = shapeOf(resource.inputs).properties;
  return Object.fromEntries(Object.entries(state).filter(([name]) => Object.hasOwn(inputs, name)));
}

function kindName({ kind, urn }: Subject): string {
  return urn === "" ? kind : describeUrn(urn);
}

function names(value: Value, text: string): boolean {
  if (value === text) return true;
  return typeof value === "object" && value !== null && !isAsset(value) && Object.values(value).some((each) => names(each, text));
}

function recorded({ id, state }: StateAnswer): StateAnswer {
  return { id, state: definedProperties(state) };
}

/** Without `undefined` at any depth: the wire form refuses it, after the remote object exists. */
function definedProperties(properties: Properties): Properties {
  return defined(properties) as Properties;
}

function defined(value: Value): Value {
  if (Array.isArray(value)) return value.filter((each) => each !== undefined).map(defined);
  if (typeof value !== "object" || value === null || isAsset(value)) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, each]) => (each === undefined ? [] : [[name, defined(each)]])));
}

/** Only a text that is safe to print leaves this file: never a stack, a cause or a foreign object. */
function forPeople(error: unknown): OdeusError | PartialFailure {
  if (error instanceof PartialFailure) return new PartialFailure(error.id, definedProperties(error.state), error.reasons.map(messageOf));
  if (error instanceof UnknownToken) return error;
  const text = messageOf(error);
  return new OdeusError(text === "" ? "failed without a reason: this is a defect of the Odeus provider" : text);
}
