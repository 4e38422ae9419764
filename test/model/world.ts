/** The world of the model: time and chance under control, what both remotes hold, and every remote call with what goes wrong at it. */

import type { Env } from "../../src/core/env.js";
import { cancellation, RemoteError } from "../../src/core/errors.js";
import type { Mark } from "../../src/core/mark.js";
import type { Integration } from "../../src/sandbox/odeus/workspace.js";

/** The process is gone: what this ends is recorded nowhere, and no call after it leaves the machine. */
export class Crash extends Error {}

export const FAULTS = ["killBefore", "killAfter", "killLanding", "stopped", "refused", "notFound", "conflict", "unreachable", "failed", "answerLost"] as const;
export interface Fault {
  /** Which remote call of the run it meets first. */
  at: number;
  kind: (typeof FAULTS)[number];
  /** How many calls in a row; kills need one. */
  times: number;
}

export type ClientKind = "entra" | "serviceNow" | "snowflake" | "hand";

export interface ModelSecret {
  keyId: string;
  value: string;
  /** What the server shows beside it; ours begin with the key of our mark. */
  label: string;
  createdAt: number;
  expiresAt?: number;
  /** Probes that it refuses yet. */
  refusals: number;
  /** One refusal more, after the first acceptance. */
  flickers: boolean;
  /** A run of ours entered it in a slot. */
  entered?: boolean;
  /** When the last slot stopped holding it. */
  leftAt?: number;
  /** The shortest overlap that the program has named since. */
  overlapMs?: number;
}

export interface ModelClient {
  kind: ClientKind;
  /** Tenant, instance or account. */
  place: string;
  clientId: string;
  objectId: string;
  name: string;
  /** Unique name by which our own is found again. */
  key?: string;
  mark?: Mark;
  settings: Record<string, unknown>;
  urls: string[];
  scopes: string[];
  secrets: ModelSecret[];
  /** Everything is there that a sign-in needs beside the secret. */
  whole: boolean;
  binned: boolean;
  byHand: { urls: string[]; scopes: string[]; keyIds: string[] };
}

/** Anything else is nobody's to change but its owner's. */
export const isOurs = ({ mark }: ModelClient): boolean => mark?.stack === "model/dev";

export type Slots = Map<string, Integration>;

/** Called around everything that changes something. */
export interface Watch {
  /** A run begins. */
  begin(): void;
  before(): void;
  after(call: string): void;
}

const START = Date.parse("2026-03-01T09:30:00Z");
/** The workspace's clock is not ours. */
const SKEW = 3 * 3_600_000;
/** No operation of the model needs as many. */
const ENDLESS = 2000;

export class World {
  clock = START;
  clients: ModelClient[] = [];
  slots: Slots = new Map();
  calls: { name: string; changes: boolean }[] = [];
  faults: Fault[] = [];
  /** Faults that struck in this run. */
  struck: Fault[] = [];
  dead = false;
  #stopping = new AbortController();
  /** Refusals of each secret that is issued from now on. */
  lag = 0;
  flickers = false;
  /** How many turns of the event loop each call waits, over and over: the order of calls side by side. */
  turns: number[] = [1];
  violations: string[] = [];
  lines: string[] = [];
  watch: Watch | undefined;
  #landing = false;
  #sequence = 0;
  #stamp = 0;

  /** Another process, with the faults that it will meet. */
  begin(faults: Fault[]): void {
    this.calls = [];
    this.faults = faults;
    this.struck = [];
    this.dead = false;
    this.#landing = false;
    this.#stopping = new AbortController();
    this.watch?.begin();
  }

  /** Somebody has ended the run with Ctrl-C: nothing is undone, and what is known is recorded. */
  get stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** One remote call. */
  async call<T>(name: string, changes: boolean, effect: () => T): Promise<T> {
    if (this.dead) throw new Crash();
    if (this.stopped) throw cancellation(this.#stopping.signal);
    const index = this.calls.push({ name, changes }) - 1;
    if (index === ENDLESS) this.violations.push(`no end: ${ENDLESS} calls in one run, the last one ${name}`);
    if (index >= ENDLESS) throw new Crash();
    const fault = this.faults.find(({ at, times }) => index >= at && index < at + times);
    for (let turn = this.turns[index % this.turns.length] ?? 1; turn > 0; turn -= 1) await Promise.resolve();
    if (this.dead && !this.#landing) throw new Crash();
    this.clock += 40;
    if (fault !== undefined && !this.dead) this.struck.push(fault);
    if (!this.dead && fault?.kind === "killBefore") this.kill(false);
    if (fault?.kind === "refused") throw failure(name, "refused", "refused it", 403);
    if (fault?.kind === "notFound") throw failure(name, "refused", "knows nothing of it", 404);
    if (fault?.kind === "conflict") throw failure(name, "refused", "is at odds with it", 409);
    if (fault?.kind === "unreachable") throw failure(name, "unreachable", "cannot be reached");
    if (fault?.kind === "failed") throw failure(name, "unknown", "answered 503", 503);
    if (changes) this.watch?.before();
    const answer = effect();
    if (changes) this.watch?.after(name);
    if (this.dead) throw new Crash();
    if (fault?.kind === "killAfter" || fault?.kind === "killLanding") this.kill(fault.kind === "killLanding");
    if (fault?.kind === "stopped") this.#stopping.abort();
    if (this.stopped) throw cancellation(this.#stopping.signal);
    if (fault?.kind === "answerLost") throw failure(name, "unknown", "gave no answer");
    return answer;
  }

  /** `landing`: what is under way side by side still has its effect. */
  kill(landing: boolean): never {
    this.dead = true;
    this.#landing = landing;
    throw new Crash();
  }

  env(sideBySide: object): Env {
    return {
      now: () => new Date(this.clock),
      sleep: async (milliseconds) => {
        this.clock += milliseconds;
        await Promise.resolve();
        if (this.dead) throw new Crash();
        if (this.stopped) throw cancellation(this.#stopping.signal);
      },
      random: () => 0.5,
      randomHex: (characters) => this.id().padStart(characters, "0"),
      sideBySide,
      signal: this.#stopping.signal,
      say: { progress: (text) => void this.lines.push(text), info: (text) => void this.lines.push(text), warning: (text) => void this.lines.push(text) },
    };
  }

  id(): string {
    this.#sequence += 1;
    return this.#sequence.toString(16);
  }

  /** Short, so that the net under our errors does not know it and a leak shows. */
  secretValue(): string {
    return `§${this.id()}§`;
  }

  /** The workspace's own time, never the same one twice. */
  stamp(): string {
    this.#stamp = Math.max(this.#stamp + 1, this.clock - SKEW);
    return new Date(this.#stamp).toISOString();
  }

  clientOf(clientId: string): ModelClient | undefined {
    return this.clients.find((client) => client.clientId === clientId && !client.binned);
  }

  secretOf(value: string): ModelSecret | undefined {
    for (const { secrets } of this.clients) for (const secret of secrets) if (secret.value === value) return secret;
    return undefined;
  }

  /** Whether the server takes the pair, its end by time aside. */
  accepts(clientId: string, value: string): boolean {
    const client = this.clientOf(clientId);
    return client?.whole === true && client.secrets.some((secret) => secret.value === value && secret.refusals === 0);
  }

  /** A sign-in of the client itself; one that comes too early brings the acceptance nearer. */
  answersSignIn(clientId: string, value: string): boolean {
    const client = this.clientOf(clientId);
    const secret = client?.secrets.find((one) => one.value === value);
    if (client?.whole !== true || secret === undefined || this.expired(value)) return false;
    if (secret.refusals > 0) {
      secret.refusals -= 1;
      return false;
    }
    if (secret.flickers) Object.assign(secret, { flickers: false, refusals: 1 });
    return true;
  }

  expired(value: string): boolean {
    const expiresAt = this.secretOf(value)?.expiresAt;
    return expiresAt !== undefined && expiresAt <= this.clock;
  }
}

export function failure(operation: string, outcome: "refused" | "unreachable" | "unknown", said: string, status?: number): RemoteError {
  return new RemoteError({ service: "The model", operation, host: "model", outcome, said: `${said} (${operation})`, status });
}
