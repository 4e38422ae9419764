/** What must hold after every remote call and after every run, whatever happened: the OAuth server itself is asked. */

import { markOf } from "../../src/core/mark.js";
import type { Properties } from "../../src/core/value.js";
import { type Engine, type Made, type Observer, type Outcome, urnOf } from "./engine.js";
import { isOurs, type ModelClient, type ModelSecret, type Watch, type World } from "./world.js";

const HOUR = 3_600_000;
/** From the moment a secret is issued, where its predecessor's overlap begins, until the last slot has it. */
const ENTERING = HOUR / 2;

/** What the program and its past allow, beyond what is always allowed. */
export interface Allowances {
  /** Clients of others that may be pushed out of a slot. */
  replaceable: Set<string>;
  /** Clients of others that may become ours. */
  adoptable: Set<string>;
  /** Clients made by hand that the program enters. */
  given: Set<string>;
  /** Names of resources that keep the secret on request. */
  exported: Set<string>;
  /** Some resource enters without asking. */
  unverified: boolean;
  /** The shortest overlap that the program names now. */
  overlapMs: number;
}

interface InSlot {
  id: string;
  clientId?: string;
  secret?: string | undefined;
  works: boolean;
}

interface RolloutRecord {
  client: { [name: string]: string };
  slots: { [id: string]: { secretUpdatedAt?: string } };
  replaced?: { clientId: string }[];
}
export const recordIn = (state: Properties): RolloutRecord => state["rollout"] as unknown as RolloutRecord;

export class Invariants implements Watch, Observer {
  readonly allowed: Allowances = {
    replaceable: new Set(),
    adoptable: new Set(),
    given: new Set(),
    exported: new Set(),
    unverified: false,
    overlapMs: Number.POSITIVE_INFINITY,
  };
  /** Slots of a server with one secret between the two writes: the one exception. */
  readonly gap = new Set<string>();
  #gapsBefore = new Set<string>();
  /** Gaps of runs that died: they could record nothing, and the reason for a new secret stands in the program still. */
  readonly #untold = new Set<string>();
  /** Runs in a row that ended early, from the first one after which a slot had been written. */
  #strays = 0;
  /** Runs since the last one that ended well. */
  #unfinished = 0;
  #entered = false;
  /** Before this run, a slot was owed its secret: whether one has been written since, the record cannot tell either. */
  #owing = false;
  /** From the time of a slot alone, nobody can tell whose hand it was. */
  readonly #writtenByHand = new Set<string>();
  /** Key ids that a record has ever known. */
  readonly #recorded = new Set<string>();
  readonly #world: World;
  #engine: Engine | undefined;
  #slots: InSlot[] = [];
  /** What did not work before this run may be as it was when the run is undone. */
  #broken = new Set<string>();
  #theirs = "";
  #secrets: ModelSecret[] = [];

  constructor(world: World) {
    this.#world = world;
    world.watch = this;
  }

  set engine(engine: Engine) {
    this.#engine = engine;
  }

  get #made(): Made[] {
    return this.#engine === undefined ? [] : [...this.#engine.made.values(), ...this.#engine.old];
  }

  fail(sentence: string): void {
    this.#world.violations.push(sentence);
  }

  begin(): void {
    this.#owing = this.#made.some(({ state }) => Object.values(recordIn(state).slots).some(({ secretUpdatedAt }) => secretUpdatedAt === undefined));
    this.#gapsBefore = new Set(this.gap);
    this.#broken = new Set(this.#inSlots().flatMap(({ id, works }) => (works ? [] : [id])));
  }

  before(): void {
    this.#slots = this.#inSlots();
    this.#theirs = this.#ofOthers();
    this.#secrets = this.#world.clients.flatMap(({ kind, secrets }) => (kind === "entra" ? secrets : []));
  }

  after(call: string): void {
    const now = this.#inSlots();
    for (const [index, after] of now.entries()) this.#slotChange(call, this.#slots[index] as InSlot, after);
    if (this.#ofOthers() !== this.#theirs) this.fail(`${call}: changed a client of others`);
    for (const client of this.#world.clients) this.#byHandStays(call, client);
    this.#noEarlyRemoval(call);
    if (call === "entra.addSecret") this.#noHeap(call);
  }

  #inSlots(): InSlot[] {
    return [...this.#world.slots.values()].map(({ id, client }) =>
      client === undefined
        ? { id, works: false }
        : { id, clientId: client.clientId, secret: client.clientSecret, works: this.#world.accepts(client.clientId, client.clientSecret ?? "") },
    );
  }

  #ofOthers(): string {
    return JSON.stringify(this.#world.clients.filter((client) => !isOurs(client) && !this.allowed.adoptable.has(client.clientId)).map(withoutProbes));
  }

  isOurs(clientId: string): boolean {
    return this.allowed.given.has(clientId) || this.#world.clients.some((client) => client.clientId === clientId && isOurs(client));
  }

  /** Slots whose secret has ended, which a record should say. */
  get owed(): string[] {
    return [...this.gap].filter((id) => !this.#untold.has(id));
  }

  #slotChange(call: string, before: InSlot, after: InSlot): void {
    const { id } = after;
    if (before.clientId === after.clientId && before.secret === after.secret) {
      if (!before.works || after.works) return;
      if (call === "serviceNow.setSecret") this.gap.add(id);
      // Entered by a run that died; the program does not name it any more, so nobody knows of it.
      else if (!this.#broken.has(id) && !this.#unknown(id)) this.fail(`${call}: what ${this.slug(id)} holds is no longer accepted`);
      return;
    }
    this.gap.delete(id);
    this.#untold.delete(id);
    this.#writtenByHand.delete(id);
    this.#broken.delete(id);
    this.left(before.clientId, before.clientId === after.clientId ? before.secret : undefined);
    const theirs = before.clientId !== undefined && !this.isOurs(before.clientId) && !this.allowed.adoptable.has(before.clientId);
    if (theirs && !this.allowed.replaceable.has(before.clientId ?? "")) {
      // A client that is gone everywhere is nobody's.
      if (this.#world.clients.some(({ clientId }) => clientId === before.clientId))
        this.fail(`${call}: ${this.slug(id)} held ${before.clientId}, which is not ours, and holds ${after.clientId} now`);
    }
    if (after.clientId === undefined || after.secret === undefined) return;
    const secret = this.#world.secretOf(after.secret);
    if (secret !== undefined) secret.entered = true;
    this.#entered = true;
    if ((!after.works || this.#world.expired(after.secret)) && !this.allowed.unverified)
      this.fail(`${call}: ${this.slug(id)} got a secret that is not accepted`);
  }

  /** A slot held this until now. */
  left(clientId: string | undefined, value: string | undefined): void {
    const slots = [...this.#world.slots.values()];
    const secret = value === undefined ? undefined : this.#world.secretOf(value);
    if (secret !== undefined && !slots.some(({ client }) => client?.clientSecret === value))
      Object.assign(secret, { leftAt: this.#world.clock, overlapMs: this.allowed.overlapMs });
    // Given back everywhere, be it by hand, it is no rotation any more: nobody signs in with this client.
    if (!slots.some(({ client }) => client?.clientId === clientId))
      for (const one of this.#world.clients.find((client) => client.clientId === clientId)?.secrets ?? []) delete one.leftAt;
  }

  slug(id: string): string {
    return this.#world.slots.get(id)?.slug ?? id;
  }

  #unknown(id: string): boolean {
    return !this.#made.some(({ state, inputs }) => recordIn(state).slots[id] !== undefined || JSON.stringify(inputs).includes(`"${this.slug(id)}"`));
  }

  #byHandStays(call: string, { binned, clientId, byHand, urls, scopes, secrets }: ModelClient): void {
    if (binned) return;
    const keys = secrets.map(({ keyId }) => keyId);
    const lost = [...byHand.urls.filter((url) => !urls.includes(url)), ...byHand.scopes.filter((scope) => !scopes.includes(scope))];
    lost.push(...byHand.keyIds.filter((key) => !keys.includes(key)));
    if (lost.length > 0) this.fail(`${call}: took away from ${clientId} what others had added: ${lost.join(", ")}`);
  }

  /** A secret that users signed in with stays for its overlap. */
  #noEarlyRemoval(call: string): void {
    // Of two slots, a rotation inside the overlap has no other to take.
    if (call !== "entra.removeSecret") return;
    for (const secret of this.#secrets) {
      if (!secret.entered || secret.leftAt === undefined || this.#world.secretOf(secret.value) !== undefined) continue;
      const sinceMs = this.#world.clock - secret.leftAt;
      if (sinceMs < (secret.overlapMs ?? 0) - ENTERING) this.fail(`${call}: ${secret.keyId} left its slots ${sinceMs} ms ago, and its overlap is not over`);
    }
  }

  /**
   * Beside what a record knows, or has known before a destroy, one secret for this run. A run that died may have entered its own:
   * nobody can tell which of the strays a slot holds, so each that ends before one ends well may leave one more.
   */
  #noHeap(call: string): void {
    for (const { clientId, secrets, binned } of this.#world.clients.filter((client) => isOurs(client) && client.kind === "entra")) {
      const known = this.#knownKeys(clientId);
      const unknown = secrets.filter(({ label, keyId }) => label.startsWith("odeus-") && !known.has(keyId) && !this.#recorded.has(keyId));
      // Those of another resource, which was killed when it adopted the client and is gone from the program, are not this one's to end.
      const resources = unknown.map(({ label }) => label.split(" ")[0]);
      const most = Math.max(0, ...resources.map((resource) => resources.filter((one) => one === resource).length));
      if (!binned && most > 1 + this.#strays) this.fail(`${call}: ${most} secrets of ${clientId} that no record knows, after ${this.#strays} runs`);
    }
  }

  #knownKeys(clientId: string): Set<string> {
    const states = this.#made.filter(({ state }) => state["clientId"] === clientId).map(({ state }) => state);
    return new Set(states.flatMap((state) => [...keysIn(recordIn(state).client["secretKeyId"]), ...retiringIn(state)]));
  }

  slotWrittenByHand(id: string): void {
    this.#writtenByHand.add(id);
    // By its time alone, a hand's secret is told from nobody's: it may be the stray of any run before it.
    this.#strays = Math.max(this.#strays, this.#unfinished);
  }

  ended(end: Outcome["end"], touched: number): void {
    const well = end === "done";
    if (end === "crashed") for (const id of this.gap) if (!this.#gapsBefore.has(id)) this.#untold.add(id);
    if (!well && (this.#entered || this.#owing || this.#strays > 0 || this.#writtenByHand.size > 0)) this.#strays += 1;
    else if (touched > 0) this.#strays = 0;
    this.#unfinished = well && touched > 0 ? 0 : this.#unfinished + (well ? 0 : 1);
    this.#entered = false;
    for (const { state } of this.#made) for (const keyId of [...keysIn(recordIn(state).client["secretKeyId"]), ...retiringIn(state)]) this.#recorded.add(keyId);
  }

  /** Clients, slots and secrets of ours that no record knows. */
  unaccounted(): string[] {
    const states = this.#made.map(({ state }) => state);
    const clients = new Set(states.flatMap((state) => [state["clientId"], ...(recordIn(state).replaced ?? []).map(({ clientId }) => clientId)]));
    const slots = new Set(states.flatMap((state) => Object.keys(recordIn(state).slots)));
    const found = this.#world.clients.flatMap((client) => {
      const { clientId, binned, secrets, kind } = client;
      if (!isOurs(client) || binned) return [];
      if (!clients.has(clientId)) return [`client ${clientId}`];
      // One that was killed when it adopted the client, and has another one by now or is gone, looks for its strays there no more.
      const owners = this.#made.flatMap((made) => (made.state["clientId"] === clientId ? [markOf(urnOf(made), undefined).key] : []));
      const known = this.#knownKeys(clientId);
      return secrets
        .filter(({ label, keyId }) => kind === "entra" && owners.includes(label.split(" ")[0] ?? "") && !known.has(keyId))
        .map(({ keyId }) => `secret ${keyId} of ${clientId}`);
    });
    for (const { id, slug, client } of this.#world.slots.values())
      if (client !== undefined && this.isOurs(client.clientId) && !slots.has(id)) found.push(`slot ${slug}, which holds ${client.clientId}`);
    return found;
  }

  picture(): string {
    const slots = [...this.#world.slots.values()].map(({ slug, client, custom, defaultScopes }) => {
      const { clientId, clientSecret, tenantId, scopeSync, scopes } = client ?? {};
      // Without a client, endpoints and scopes of a custom integration serve nobody.
      const own = custom === undefined || client === undefined ? {} : { authUrl: custom.authUrl, defaultScopes };
      return [slug, clientId, clientSecret, tenantId, scopeSync, scopes, own];
    });
    const clients = this.#world.clients.map((client) => {
      const { binned, secrets: all, whole: _completed, ...rest } = withoutProbes(client);
      // Strays of a run that died are dropped by the next one, however it ends, and so is what has outlived its overlap; that none is
      // left, and none goes too early, is asked elsewhere.
      const current = new Set(this.#made.flatMap(({ state }) => keysIn(recordIn(state).client["secretKeyId"])));
      const secrets = all.filter(({ keyId, label }) => !label.startsWith("odeus-") || current.has(keyId));
      // What lies in the bin counts for nothing, and a secret that no slot held can be renewed at any time.
      const kept = client.kind === "entra" || client.kind === "hand" ? secrets : secrets.filter(({ value }) => slots.some((slot) => slot.includes(value)));
      if (binned || client.kind === "hand") return [rest.clientId, binned];
      return { ...rest, byHand: undefined, secrets: kept };
    });
    return sorted({ slots, clients });
  }

  undone(before: string, error: Error): void {
    const after = this.picture();
    if (after === before || error.message.includes("could not undo")) return;
    const from = [...before].findIndex((letter, index) => letter !== after[index]);
    const near = (text: string) => text.slice(Math.max(0, from - 60), from + 60);
    this.fail(`a failure that recorded nothing left something: ... ${near(before)} ... became ... ${near(after)} ...`);
  }

  onlyReads(what: string, from: number): void {
    const changing = this.#world.calls
      .slice(from)
      .filter(({ name, changes }) => changes || (what !== "an update of what is as declared" && name.endsWith(".probe")));
    if (changing.length > 0) this.fail(`${what} called ${changing.map(({ name }) => name).join(", ")}`);
  }

  /** No generated secret in a record that was not asked for it, nor in anything that people read. */
  noLeak(error: Error | undefined): void {
    const values = this.#world.clients.flatMap(({ secrets }) => secrets.map(({ value }) => value));
    const told = [error?.message ?? "", ...this.#world.lines].join("\n");
    for (const value of values.filter((one) => told.includes(one))) this.fail(`the secret ${value} is told: ${told}`);
    for (const { name, state } of this.#made) {
      const { clientSecret, existing, ...rest } = state;
      const open = JSON.stringify(this.allowed.exported.has(name) || state["exportClientSecret"] === true ? rest : { ...rest, clientSecret });
      for (const value of values.filter((one) => open.includes(one)))
        this.fail(`the secret ${value} is in the state (${existing === undefined ? "ours" : "given"})`);
    }
  }
}

export function retiringIn(state: Properties): string[] {
  return ((state["retiring"] ?? []) as unknown as { keyId: string }[]).map(({ keyId }) => keyId);
}

function keysIn(keyId: string | undefined): string[] {
  return keyId === undefined ? [] : [keyId];
}

function withoutProbes(client: ModelClient) {
  return { ...client, secrets: client.secrets.map(({ keyId, value, label }) => ({ keyId, value, label })) };
}

/** As one text, without the order of lists and names. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `[${value.map(sorted).sort().join()}]`;
  if (typeof value !== "object" || value === null) return String(value);
  let text = "{";
  for (const name of Object.keys(value).sort()) {
    const each = (value as { [name: string]: unknown })[name];
    if (each !== undefined) text += `${name}:${sorted(each)},`;
  }
  return `${text}}`;
}
