/**
 * The dynamic host's handlers: what the text in every user's state requires by name. The export `dynamic` and the shape of
 * its functions are therefore frozen; old state always meets the installed code.
 *
 * The server around them hands over plain objects, does not say which resource it is about (`__urn` does), has no preview of
 * create and update, no time limits and no cancel.
 */

import type { ValuePath } from "../core/check.js";
import type { Config } from "../core/config.js";
import { messageOf, OdeusError } from "../core/errors.js";
import type { Properties } from "../core/value.js";
import { resources } from "../resources/registry.js";
import { PartialFailure, type Resource } from "../resources/resource.js";
import { configuration } from "./configuration.js";
import { createEngineLog, engineAddress } from "./engineLog.js";
import { createLifecycle, type Lifecycle } from "./lifecycle.js";
import { decode, encode, type Wire, type WireProperties } from "./propertyValues.js";
import { kindOf, typeOf } from "./urn.js";

/** Hidden inputs: whose state this is, and the code to call. They travel in inputs and outputs, and no resource sees them. */
const URN = "__urn";
const PROVIDER = "__provider";

export interface DynamicHandlers {
  configure(request: { config: { get(key: string): string | undefined } }): void;
  check(olds: object, news: object): Promise<{ inputs: object; failures: { property: string; reason: string }[] }>;
  diff(id: string, olds: object, news: object): Promise<{ changes: boolean; replaces: string[]; deleteBeforeReplace: boolean }>;
  create(inputs: object): Promise<{ id: string; outs: object }>;
  read(id: string, props: object): Promise<{ id: string; props: object; inputs?: object }>;
  update(id: string, olds: object, news: object): Promise<{ outs: object }>;
  delete(id: string, props: object): Promise<void>;
}

export interface DynamicOptions {
  resources: readonly Resource[];
  now: () => Date;
  args: readonly string[];
  environment: Readonly<Record<string, string | undefined>>;
}

interface Opened {
  kind: string;
  urn: string;
  properties: Properties;
  hidden: WireProperties;
  secrets: ValuePath[];
}

export function createDynamicHandlers({ resources, now, args, environment }: DynamicOptions): DynamicHandlers {
  const lifecycle: Lifecycle = createLifecycle({ resources, now, log: createEngineLog(engineAddress(args)) });
  let config: Config = configuration(() => undefined, environment);

  const seal = (bag: Opened, properties: Properties): WireProperties => ({
    ...encode(properties, [...lifecycle.secretPaths(bag.kind), ...bag.secrets]),
    ...bag.hidden,
  });
  const operation = ({ kind, urn }: Opened) => ({ kind, urn, config });

  return {
    /** Synchronous: the server lets a second operation run before an awaited configure has ended. */
    configure(request) {
      config = configuration((name) => request.config.get(`odeus:${name}`), environment);
    },

    check: (_olds, news) =>
      quietly(async () => {
        const bag = open(news);
        const { inputs, failures } = await lifecycle.check(bag, bag.properties);
        // The property stays empty: the engine prints the value of a property that is named, secrets in clear.
        return { inputs: seal(bag, inputs), failures: failures.map((reason) => ({ property: "", reason })) };
      }),

    diff: (id, olds, news) =>
      quietly(async () => {
        const bag = open(news);
        const { differences, deleteBeforeReplace } = await lifecycle.diff(bag, id, properties(olds), bag.properties);
        const replaces = differences.filter(({ replace }) => replace).map(({ path }) => path);
        // Never undefined: the engine would compare for itself, hidden inputs included.
        return { changes: differences.length > 0, replaces, deleteBeforeReplace: deleteBeforeReplace === true };
      }),

    create: (inputs) =>
      recording(inputs, async (bag) => {
        const { id, state } = await lifecycle.create(operation(bag), bag.properties);
        return { id, outs: seal(bag, state) };
      }),

    read: (id, props) =>
      quietly(async () => {
        const bag = open(props);
        // This host hands over no inputs.
        const found = await lifecycle.read(operation(bag), id, bag.properties);
        if (found === undefined) return { id: "", props: {} };
        return { id: found.id, props: seal(bag, found.state), inputs: seal(bag, found.inputs) };
      }),

    update: (id, olds, news) =>
      recording(news, async (bag) => {
        const { state } = await lifecycle.update(operation(bag), id, properties(olds), bag.properties);
        return { outs: seal(bag, state) };
      }),

    delete: (id, props) =>
      quietly(() => {
        const bag = open(props);
        return lifecycle.delete(operation(bag), id, bag.properties);
      }),
  };

  /** The server records what an error with an id carries; the hidden inputs are ours to keep, or nothing could be deleted. */
  async function recording<T>(given: object, work: (bag: Opened) => Promise<T>): Promise<T> {
    return quietly(async () => {
      const bag = open(given);
      try {
        return await work(bag);
      } catch (error) {
        if (!(error instanceof PartialFailure)) throw error;
        throw Object.assign(new OdeusError(error.message), { id: error.id, reasons: error.reasons, properties: seal(bag, error.state) });
      }
    });
  }
}

function open(given: object): Opened {
  const wire = given as WireProperties;
  const hidden = Object.fromEntries([URN, PROVIDER].flatMap((name): [string, Wire][] => (wire[name] === undefined ? [] : [[name, wire[name]]])));
  const urn = wire[URN];
  if (typeof urn !== "string" || !urn.startsWith("urn:"))
    throw new OdeusError(`the hidden input ${URN} is missing: make the resource with its class of @odeus/pulumi`);
  // A token is "pulumi-nodejs:dynamic/odeus:<kind>".
  const secrets: ValuePath[] = [];
  return { kind: kindOf(typeOf(urn)), urn, properties: properties(given, secrets), hidden, secrets };
}

function properties(given: object, secrets: ValuePath[] = []): Properties {
  return decode(Object.fromEntries(Object.entries(given as WireProperties).filter(([name]) => !name.startsWith("__"))), secrets);
}

/** The server prints an error's stack, secrets or not, on top of handing its text to the engine. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const safe = error instanceof OdeusError ? error : new OdeusError(messageOf(error));
    safe.stack = "";
    throw safe;
  }
}

export const dynamic: DynamicHandlers = createDynamicHandlers({
  resources,
  now: () => new Date(),
  args: process.argv.slice(2),
  environment: process.env,
});
