/** What a resource offers to the two hosts. The hosts know this contract and nothing about any one resource. */

import type * as z from "zod";
import type { Claims } from "../core/claims.js";
import type { Config } from "../core/config.js";
import type { Env } from "../core/env.js";
import type { Properties } from "../core/value.js";

declare module "zod" {
  interface GlobalMeta {
    /** The value is a secret: wrapped in state, never shown. */
    secret?: boolean;
    /** A Pulumi schema reference that stands for this property's type, for example pulumi.json#/Asset. */
    ref?: string;
    /** What a change of this property does to people, for the hover text. */
    onChange?: string;
  }
}

/** One difference between state and inputs, by its path in Pulumi's form. */
export interface Difference {
  path: string;
  kind: "add" | "update" | "delete";
  /** True when `path` is an input; false when the difference is one of state or time (drift, a due rotation). */
  input: boolean;
  /** True: it cannot be changed; the engine makes another resource and deletes this one. */
  replace?: true;
}

export interface Diff {
  differences: Difference[];
  /** Sentences for the plan: what happens to people, what is due. */
  announcements: string[];
  /** Where the engine replaces: the old one has to go first, because both would have the same name. */
  deleteBeforeReplace?: boolean;
}

/** What one operation is given beside its values. */
export interface Context {
  urn: string;
  env: Env;
  config: Config;
  claims: Claims;
}

export interface Result {
  id: string;
  /** Inputs and outputs together: this is what is recorded. Holds no `undefined`. */
  state: Properties;
}

export interface ReadResult extends Result {
  inputs: Properties;
}

/** Something that several resources may have, although it serves only one of them well. */
export interface Shared {
  what: string;
  /** What people are told where another resource, by its URN, has it too. Absent: these inputs alone do not tell whether that matters. */
  warning?: (other: string) => string;
}

export interface Resource {
  /** The last part of its token, for example OAuthClientConfig. */
  readonly kind: string;
  readonly description: string;
  /** Names, types, units, defaults, secrets and descriptions of the inputs; unknown properties are refused. */
  readonly inputs: z.ZodObject;
  /** The computed outputs. State is inputs and outputs together. */
  readonly outputs: z.ZodObject;
  /** Rules beyond the shape, over any inputs: those that do not fit it and unknown ones are passed over. Answers reasons that start with the path. Pure. */
  check(inputs: Properties): string[];
  /** The workspace slots that these inputs name, as far as they are known and fit. */
  slots(inputs: Properties): string[];
  /** What these inputs may share with another resource. */
  shared?(inputs: Properties): Shared | undefined;
  /** Offline: state, inputs, clock. */
  diff(state: Properties, inputs: Properties, now: Date): Diff;
  create(context: Context, inputs: Properties): Promise<Result>;
  /** Read-only checks before a create or an update (state given); answers the outputs that can be known already. */
  preview(context: Context, inputs: Properties, state: Properties | undefined): Promise<Properties>;
  /** What is there under this id, taken into a program that has no state of it; fails with what to do where that cannot be. */
  import?(context: Context, id: string): Promise<ReadResult>;
  /** Undefined: it is gone beyond doubt. */
  read(context: Context, id: string, state: Properties, inputs: Properties): Promise<ReadResult | undefined>;
  update(context: Context, id: string, state: Properties, inputs: Properties): Promise<Result>;
  delete(context: Context, id: string, state: Properties): Promise<void>;
  /** In place of `delete` where the resource that replaces this one has taken its object over: gives back only what that one has not. */
  handOver?(context: Context, state: Properties): Promise<void>;
}

/** A function of the provider: a question to the workspace, answered during a preview too. */
export interface ProviderFunction {
  /** The last part of its token, for example getIntegration. */
  readonly name: string;
  readonly description: string;
  readonly inputs: z.ZodObject;
  readonly outputs: z.ZodObject;
  invoke(context: Pick<Context, "env" | "config">, args: Properties): Promise<Properties>;
}

/** An operation that failed and left something: the engine records id and state, the next `up` finishes. */
export class PartialFailure extends Error {
  readonly id: string;
  readonly state: Properties;
  readonly reasons: string[];
  constructor(id: string, state: Properties, reasons: string[]) {
    super(reasons.join("; "));
    this.name = "PartialFailure";
    this.id = id;
    this.state = state;
    this.reasons = reasons;
  }
}
