/** What the engine does with the program's resources: check, diff, then create, update, replace and delete; and what it keeps of them. */

import { shapeProblems, withDefaults } from "../../src/core/check.js";
import { type Claims, createClaims } from "../../src/core/claims.js";
import { createConfig } from "../../src/core/config.js";
import { ConfigError } from "../../src/core/errors.js";
import type { Properties } from "../../src/core/value.js";
import { createLiving, type Living } from "../../src/provider/living.js";
import { oauthClientConfig } from "../../src/resources/oauthClientConfig/resource.js";
import { type Context, type Diff, PartialFailure, type Resource } from "../../src/resources/resource.js";
import { snowflakeSecurityIntegration } from "../../src/resources/snowflakeSecurityIntegration/resource.js";
import { HOME, INSTANCE, inWorld } from "./vendors.js";
import { Crash, type Fault, type World } from "./world.js";

export type ResourceKind = "OAuthClientConfig" | "SnowflakeSecurityIntegration";
const RESOURCES: Record<ResourceKind, Resource> = { OAuthClientConfig: oauthClientConfig, SnowflakeSecurityIntegration: snowflakeSecurityIntegration };

export interface Declared {
  kind: ResourceKind;
  name: string;
  inputs: Properties;
}

/** What the engine keeps of a resource. */
export interface Made extends Declared {
  id: string;
  state: Properties;
}

export interface Outcome {
  /** Stopped by Ctrl-C is crashed, but that something may be recorded. */
  end: "done" | "failed" | "crashed";
  error?: Error;
  /** URNs of what was created or updated. */
  touched: Set<string>;
}

/** What the checks of the model want to look at. */
export interface Observer {
  /** A create, an update or a delete that failed whole: nothing may be left of it. */
  picture(): string;
  undone(before: string, error: Error): void;
  /** Reads that must change nothing. */
  onlyReads(what: string, from: number): void;
}

interface Run {
  claims: Claims;
  living: Living;
  sideBySide: object;
}

const config = createConfig({
  setting: (key) => ({ "entra.tenantId": HOME, "serviceNow.instance": INSTANCE, apiKey: "a key" })[key],
  environment: {},
});

export const urnOf = ({ kind, name }: Declared): string => `urn:pulumi:dev::model::odeus:index:${kind}::${name}`;

export class Engine {
  readonly made = new Map<string, Made>();
  /** Replaced, and still to be deleted. */
  readonly old: Made[] = [];
  readonly #world: World;
  readonly #observer: Observer;

  constructor(world: World, observer: Observer) {
    this.#world = world;
    this.#observer = observer;
  }

  async up(program: Declared[], options: { refresh: boolean; backwards: boolean; faults: Fault[] }): Promise<Outcome> {
    return this.#run(options.faults, async (run, touched) => {
      if (options.refresh) await this.#refreshAll(run);
      const checked = program.map((declared) => checkedBy(run, declared));
      const planned = checked.map((declared) => ({ declared, diff: this.diff(declared) }));
      for (const [urn, { id }] of this.made) run.living.standsFor(urn, id);
      if (options.backwards) planned.reverse();
      for (const { declared, diff } of planned) await this.#toBe(run, declared, diff, touched);
      const urns = new Set(program.map(urnOf));
      for (const made of [...this.made.values()].filter((each) => !urns.has(urnOf(each)))) await this.#delete(run, made);
      for (const made of [...this.old]) await this.#delete(run, made);
    });
  }

  refresh(faults: Fault[]): Promise<Outcome> {
    return this.#run(faults, (run) => this.#refreshAll(run));
  }

  destroy(faults: Fault[]): Promise<Outcome> {
    return this.#run(faults, async (run) => {
      for (const made of [...this.made.values(), ...this.old].reverse()) await this.#delete(run, made);
    });
  }

  /** Undefined: there is nothing yet. */
  diff(declared: Declared): Diff | undefined {
    const made = this.made.get(urnOf(declared));
    return made === undefined ? undefined : RESOURCES[declared.kind].diff(made.state, declared.inputs, new Date(this.#world.clock));
  }

  /** What a refresh would make of it, beside everything else. */
  async seen(made: Made): Promise<Made | undefined> {
    const from = this.#world.calls.length;
    const read = await RESOURCES[made.kind].read(this.#context(newRun(), made), made.id, made.state, made.inputs);
    this.#observer.onlyReads("a refresh", from);
    return read === undefined ? undefined : { ...made, state: read.state, inputs: read.inputs };
  }

  /** The same update once more, although diff asks for none. */
  async again(made: Made): Promise<void> {
    const from = this.#world.calls.length;
    const run = newRun();
    run.claims.claim(urnOf(made), RESOURCES[made.kind].slots(made.inputs));
    await RESOURCES[made.kind].update(this.#context(run, made), made.id, made.state, made.inputs);
    this.#observer.onlyReads("an update of what is as declared", from);
  }

  async #run(faults: Fault[], work: (run: Run, touched: Set<string>) => Promise<void>): Promise<Outcome> {
    this.#world.begin(faults);
    const touched = new Set<string>();
    try {
      await work(newRun(), touched);
      return { end: "done", touched };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { end: this.#world.dead || this.#world.stopped ? "crashed" : "failed", error, touched };
    }
  }

  async #refreshAll(run: Run): Promise<void> {
    for (const [urn, made] of this.made) {
      const from = this.#world.calls.length;
      const read = await RESOURCES[made.kind].read(this.#context(run, made), made.id, made.state, made.inputs);
      this.#observer.onlyReads("a refresh", from);
      if (this.#world.dead) throw new Crash();
      if (read === undefined) this.made.delete(urn);
      else this.made.set(urn, { ...made, state: stored(read.state), inputs: stored(read.inputs) });
    }
  }

  async #toBe(run: Run, declared: Declared, diff: Diff | undefined, touched: Set<string>): Promise<void> {
    const resource = RESOURCES[declared.kind];
    const urn = urnOf(declared);
    const before = this.made.get(urn);
    const context = this.#context(run, declared);
    if (before !== undefined && diff?.differences.length === 0) {
      this.made.set(urn, { ...before, inputs: declared.inputs });
      return;
    }
    const replaced = before !== undefined && diff?.differences.some(({ replace }) => replace === true) === true;
    if (replaced && diff.deleteBeforeReplace === true) {
      // The engine asks for the inputs once more, without the original in mind.
      run.living.declared(urn);
      await this.#delete(run, before);
    }
    const updated = replaced ? undefined : before;
    await this.#aside(() => resource.preview(context, declared.inputs, before?.state));
    touched.add(urn);
    const made = await this.#changing(
      () => (updated === undefined ? resource.create(context, declared.inputs) : resource.update(context, updated.id, updated.state, declared.inputs)),
      // Of an update that failed the engine keeps the inputs of before.
      ({ id, state }) => this.#keep({ ...declared, id, state, inputs: updated?.inputs ?? declared.inputs }, replaced ? before : undefined),
    );
    this.#keep({ ...declared, ...made }, replaced ? before : undefined);
    run.living.standsFor(urn, made.id);
  }

  #keep(made: Made, replaced: Made | undefined): void {
    const urn = urnOf(made);
    if (replaced !== undefined && this.made.get(urn) === replaced) this.old.push(replaced);
    this.made.set(urn, { ...made, state: stored(made.state) });
  }

  async #delete(run: Run, made: Made): Promise<void> {
    const urn = urnOf(made);
    const resource = RESOURCES[made.kind];
    const context = this.#context(run, made);
    const removed = async () => (run.living.goesOn(urn, made.id) ? resource.handOver?.(context, made.state) : resource.delete(context, made.id, made.state));
    await this.#changing(removed, () => undefined, true);
    if (this.made.get(urn) === made) this.made.delete(urn);
    const index = this.old.indexOf(made);
    if (index >= 0) this.old.splice(index, 1);
  }

  /** One operation; `deletes`: what is gone already stays gone when it fails. */
  async #changing<T>(work: () => Promise<T>, onPartial: (failure: PartialFailure) => void, deletes = false): Promise<T> {
    const picture = this.#observer.picture();
    try {
      const result = await work();
      // A fault that the code lived through; the process is gone all the same.
      if (this.#world.dead) throw new Crash();
      return result;
    } catch (error) {
      if (this.#world.dead || !(error instanceof Error)) throw error;
      if (error instanceof PartialFailure) onPartial(error);
      else if (!deletes && !this.#world.stopped) this.#observer.undone(picture, error);
      throw error;
    }
  }

  /** Without the faults of this run, which belong to the operation itself. */
  async #aside(work: () => Promise<unknown>): Promise<void> {
    const { faults, calls, lines } = this.#world;
    this.#world.faults = [];
    this.#world.calls = [];
    try {
      // What it refuses, the operation refuses too.
      await work().catch(() => undefined);
      this.#observer.onlyReads("a preview", 0);
    } finally {
      Object.assign(this.#world, { faults, calls, lines });
    }
  }

  #context(run: Run, declared: Declared): Context {
    const env = inWorld(this.#world, this.#world.env(run.sideBySide));
    return { urn: urnOf(declared), env, config, claims: run.claims };
  }
}

const newRun = (): Run => ({ claims: createClaims(), living: createLiving(), sideBySide: {} });

/** As it comes back from the engine's file. */
function stored(properties: Properties): Properties {
  return JSON.parse(JSON.stringify(properties)) as Properties;
}

function checkedBy(run: Run, declared: Declared): Declared {
  const resource = RESOURCES[declared.kind];
  const inputs = withDefaults(resource.inputs, declared.inputs);
  const problems = [...shapeProblems(resource.inputs, inputs), ...resource.check(inputs)];
  if (problems.length > 0) throw new ConfigError(`the model declares what check refuses: ${problems.join("; ")}`);
  run.living.declared(urnOf(declared));
  const [conflict] = run.claims.claim(urnOf(declared), resource.slots(inputs));
  if (conflict !== undefined) throw new ConfigError(`${conflict.slot} is also claimed by ${conflict.urn}`);
  return { ...declared, inputs: stored(inputs) };
}
