/**
 * What a test does with a provider process, the same for both hosts: plain objects in and out. UNKNOWN stands for what is not
 * known yet, `secret(...)` for what the program marked as secret.
 */

import type { Properties } from "../../src/core/value.js";

/** A value that goes to the provider wrapped as a secret. */
export class SecretInput {
  readonly value: Input;
  constructor(value: Input) {
    this.value = value;
  }
}
export const secret = (value: Input): SecretInput => new SecretInput(value);

export type Input = Properties[string] | SecretInput | Input[] | { [key: string]: Input };
export type Inputs = { [key: string]: Input };

export interface LogLine {
  urn: string;
  severity: "DEBUG" | "INFO" | "WARNING" | "ERROR";
  message: string;
  ephemeral: boolean;
}

export interface DiffResult {
  changes: boolean;
  /** The plugin only. */
  diffs: string[];
  detailed: Record<string, { kind: string; input: boolean }>;
  replaces: string[];
  /** Where it replaces: the old one goes first. */
  deleteBeforeReplace: boolean;
}

export interface ProviderHost {
  readonly name: "plugin" | "dynamic";
  /** The URN of a resource in this host: their type tokens differ. */
  urn(kind: string, resourceName: string): string;
  /** Keys without the prefix `odeus:`; objects travel as JSON. */
  configure(config: Inputs): Promise<void>;
  check(urn: string, inputs: Inputs, olds?: Inputs): Promise<{ inputs: Properties; failures: string[] }>;
  diff(urn: string, id: string, state: Inputs, inputs: Inputs, ignoreChanges?: string[]): Promise<DiffResult>;
  /** The dynamic host is not asked in preview: the engine answers with the inputs. */
  create(urn: string, inputs: Inputs, options?: { preview?: boolean; timeoutSeconds?: number }): Promise<{ id: string; state: Properties }>;
  /** Undefined: gone. Without a state it is an import. */
  read(urn: string, id: string, state?: Inputs, inputs?: Inputs): Promise<{ id: string; state: Properties; inputs: Properties } | undefined>;
  update(urn: string, id: string, state: Inputs, inputs: Inputs, options?: { preview?: boolean; timeoutSeconds?: number }): Promise<{ state: Properties }>;
  delete(urn: string, id: string, state: Inputs): Promise<void>;
  invoke(token: string, args: Inputs): Promise<{ result: Properties; failures: string[] }>;
  cancel(): Promise<void>;
  /** The plugin only: what GetSchema and GetPluginInfo answer. */
  schema(): Promise<string>;
  version(): Promise<string>;

  /** What the engine was told, in order. */
  readonly lines: LogLine[];
  /** Every answer as it came, undecoded: a test looks here for secrets that are not wrapped. */
  readonly answers: unknown[];
  readonly stdout: string;
  readonly stderr: string;
  readonly pid: number;
  /** Resolves with exit code or signal. */
  readonly exited: Promise<number | string>;
  kill(signal?: NodeJS.Signals): void;
  /** Ends the process and the engine beside it. */
  stop(): Promise<void>;
}

/** What the engine would print, and record where something was left. */
export class HostFailure extends Error {
  readonly code: number;
  readonly partial: { id: string; state: Properties; reasons: string[] } | undefined;
  constructor(code: number, details: string, partial?: HostFailure["partial"]) {
    super(details);
    this.name = "HostFailure";
    this.code = code;
    this.partial = partial;
  }
}

export interface HostOptions {
  /** Environment of the process, beside PATH and HOME. */
  environment?: Readonly<Record<string, string>>;
  cwd?: string;
}
