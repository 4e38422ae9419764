/** Plays a history, and says what must hold after each of its steps. */

import { minus } from "../../src/core/sets.js";
import type { Properties } from "../../src/core/value.js";
import { scopesOf } from "../../src/sandbox/odeus/workspace.js";
import type { History, Step } from "./commands.js";
import { ADOPTABLE, changed, type Declaration, FOREIGN, fillServers, firstDeclarations, GIVEN, NAMES, programOf } from "./declarations.js";
import { type Declared, Engine, type Made, type Outcome, urnOf } from "./engine.js";
import { editByHand } from "./hands.js";
import { Invariants, recordIn } from "./invariants.js";
import { fillWorkspace, idOfSlug, SLUGS } from "./workspace.js";
import { isOurs, World } from "./world.js";

const HOUR = 3_600_000;
/** What an `up` may refuse although no call failed. */
const REFUSALS = [
  /is also claimed by/,
  /is not this resource's/,
  /rejected/,
  /it exists/,
  /has another one of this name/,
  /can be seen where/,
  /a client has one owner/,
];

/** What runs that failed may have left behind, and the program that takes it up again. */
interface Debris {
  program: string;
  things: Set<string>;
}

class Play {
  readonly world = new World();
  readonly invariants = new Invariants(this.world);
  readonly engine = new Engine(this.world, this.invariants);
  declarations: Declaration[];
  debris: Debris[] = [];
  /** URNs of resources whose state has not seen the latest edits. */
  unseen = new Set<string>();
  /** URNs whose state held unfinished work when the latest `up` began. */
  resumed = new Set<string>();
  /** How the latest run ended. */
  last: Outcome["end"] = "done";
  log: string[] = [];

  constructor({ kinds, lag, flickers, turns }: History) {
    Object.assign(this.world, { lag, flickers, turns });
    fillWorkspace(this.world);
    fillServers(this.world);
    this.invariants.engine = this.engine;
    this.declarations = firstDeclarations(kinds);
    this.#allow();
  }

  async step(step: Step): Promise<void> {
    this.world.lines = [];
    this.log.push(JSON.stringify(step));
    if (step.do === "declare") {
      for (const change of step.changes) this.declarations = this.declarations.map((one, index) => (index === change.who ? changed(one, change) : one));
      this.#allow();
    } else if (step.do === "hand") {
      // The same program asks for another redirect URL from now on; that of a run that died is in no record.
      if (step.what === "redirectUrlOfIntegrationMoved") this.debris.push({ program: "of another workspace", things: new Set(this.#loose()) });
      editByHand(this.world, this.invariants, step);
      this.unseen = new Set(this.engine.made.keys());
    } else if (step.do === "wait") this.world.clock += step.hours * HOUR;
    else if (step.do === "up") await this.up(step);
    else this.ended(await (step.do === "refresh" ? this.engine.refresh(step.faults) : this.engine.destroy(step.faults)), step);
    this.settled();
  }

  /** Of those that servers keep beside each other: the current one, and at most one in its overlap. */
  neverAThirdSecret(): void {
    for (const { clientId, secrets, kind, binned } of this.world.clients.filter(isOurs)) {
      const ours = secrets.filter(({ label }) => label.startsWith("odeus-"));
      if (kind === "entra" && !binned && this.last === "done" && ours.length > 2) this.invariants.fail(`${clientId} keeps ${ours.length} secrets of ours`);
    }
    this.settled();
  }

  settled(): void {
    const [first] = this.world.violations;
    if (first !== undefined) throw new Error(`${first}\n${this.log.join("\n")}`);
  }

  async up(step: Extract<Step, { do: "up" }>): Promise<void> {
    const program = programOf(this.declarations);
    this.resumed = new Set([...this.engine.made].flatMap(([urn, { state }]) => ((state["drift"] as string[]).length > 0 ? [urn] : [])));
    const outcome = await this.engine.up(program, step);
    this.ended(outcome, step, program);
    if (outcome.end !== "done") return;
    for (const urn of outcome.touched) this.unseen.delete(urn);
    if (step.refresh) this.unseen.clear();
    await this.whole(program, outcome);
  }

  ended({ end, error, touched }: Outcome, step: Exclude<Step, { do: "declare" | "hand" | "wait" }>, program: Declared[] = []): void {
    this.log.push(`  ${end}${error === undefined ? "" : `: ${error.message.replace(/\s+/g, " ")}`}`);
    const { invariants, world } = this;
    this.last = end;
    invariants.noLeak(error);
    const struck = world.struck.length > 0;
    if (end === "failed" && !struck && !REFUSALS.some((refusal) => refusal.test(error?.message ?? "")))
      invariants.fail(`failed without a reason: ${error?.stack}`);
    if (end === "crashed" && !struck) invariants.fail(`crashed without a reason: ${error?.stack}`);
    const text = JSON.stringify([step.do, program]);
    const there = invariants.unaccounted();
    if (end === "done" && step.do === "up") this.debris = this.debris.filter(({ program: of }) => of !== text);
    invariants.ended(end, touched.size);
    // A client that lives on under another resource keeps the slots, the secrets and the registrations of the one that leaves it; people are told.
    if (world.lines.some((line) => /is by now that of .* is left alone/.test(line)))
      this.debris.push({ program: "handed over", things: new Set([...there, ...this.#loose()]) });
    const debris = this.debris.flatMap(({ things }) => [...things]);
    // A run that died may have entered a client that no record knows in a slot that one did, until a destroy.
    const left = minus(there, debris).filter((thing) => {
      const held = thing.replace(/^slot .* holds /, "");
      return !debris.includes(`client ${held}`) && !(GIVEN.includes(held) && this.debris.length > 0);
    });
    const mayLeave = end === "crashed" || /could not undo|not undone/.test(error?.message ?? "");
    if (left.length > 0 && !mayLeave) invariants.fail(`${step.do} ${end}, and no record knows of ${left.join("; ")}`);
    // What it did is in no state, so an up without a refresh need not see it.
    if (end !== "done") this.unseen = new Set(this.engine.made.keys());
    // What a run that died had registered for the records that a destroy takes away, nobody knows any more.
    if (step.do === "destroy") this.debris.push({ program: "destroyed", things: new Set(this.#loose()) });
    if (end !== "done") this.debris.push({ program: text, things: new Set([...there, ...this.#loose()]) });
    if (end !== "crashed") this.#gapsAreOwed(end);
  }

  /** Redirect URLs and scopes at our clients, which a run that failed may have added. */
  #loose(): string[] {
    return this.world.clients.filter(isOurs).flatMap(({ clientId, urls, scopes }) => [...urls, ...scopes].map((one) => `${one} at ${clientId}`));
  }

  /** A slot whose secret has ended is recorded as owed, so that the next run knows. */
  #gapsAreOwed(end: string): void {
    for (const id of this.invariants.owed) {
      const records = [...this.engine.made.values()].flatMap(({ state }) => recordIn(state).slots[id] ?? []);
      if (records.length > 0 && records.every(({ secretUpdatedAt }) => secretUpdatedAt !== undefined && secretUpdatedAt !== ""))
        this.invariants.fail(`${end}, and ${this.invariants.slug(id)} holds a secret that has ended, which no record says`);
    }
  }

  /** After an `up` that succeeded, everything that is declared works, and there is nothing more to do. */
  async whole(program: Declared[], { touched }: Outcome): Promise<void> {
    for (const declared of program) {
      const made = this.engine.made.get(urnOf(declared));
      if (made === undefined) {
        this.invariants.fail(`${urnOf(declared)} is not there after an up that succeeded`);
        continue;
      }
      if (this.unseen.has(urnOf(declared))) continue;
      this.#entered(made);
      if (touched.has(urnOf(declared))) this.#narrowed(made, program);
    }
    this.world.begin([]);
    for (const made of this.engine.made.values()) if (!this.unseen.has(urnOf(made))) await this.#quiet(made, touched.has(urnOf(made)));
  }

  async #quiet(made: Made, touched: boolean): Promise<void> {
    const due = (one: Made) => this.engine.diff(one)?.differences.map(({ path }) => path) ?? [];
    const now = due(made);
    // Of two slots, the workspace may hold the idle one after a run that failed: that is mended first, and a renewal waits.
    if (made.kind === "SnowflakeSecurityIntegration" && now.join() === "secretCreatedAt" && this.resumed.has(urnOf(made))) return;
    if (now.length > 0) {
      // It says itself why.
      if (!(made.state["drift"] as string[]).some((sentence) => sentence.includes("still held this client")))
        this.invariants.fail(`a second up would change ${now.join(", ")}: ${said(made.state)}`);
      return;
    }
    if (!touched) return;
    const seen = await this.engine.seen(made);
    if (seen === undefined) this.invariants.fail(`a refresh finds nothing of ${urnOf(made)}`);
    else if (due(seen).length > 0) this.invariants.fail(`after a refresh, another up would change ${due(seen).join(", ")}: ${said(seen.state)}`);
    else await this.engine.again(made);
  }

  #entered(made: Made): void {
    const { inputs, state } = made;
    const clientId = state["clientId"] as string;
    const client = this.world.clientOf(clientId);
    const verdict = (state["verification"] as { verdict: string } | undefined)?.verdict ?? "nothing";
    if (inputs["verify"] === true && ["nothing", "skipped"].includes(verdict))
      this.invariants.fail(`after an up that succeeded with verify on, ${urnOf(made)} says of its secret: ${verdict}`);
    for (const { id, scopes } of usesIn(inputs)) {
      const slot = this.world.slots.get(id);
      const held = slot?.client;
      const wrong = (sentence: string) => this.invariants.fail(`after an up that succeeded, ${slot?.slug} ${sentence}`);
      if (slot === undefined || held?.clientId !== clientId) {
        wrong(`holds ${held?.clientId} in place of ${clientId}`);
        continue;
      }
      const secret = held.clientSecret ?? "";
      if (!this.world.accepts(clientId, secret) && !this.invariants.gap.has(id) && !this.invariants.allowed.unverified)
        wrong(`holds a secret that is not accepted`);
      const renewed = (inputs["rotation"] as Properties | undefined)?.["renewBeforeExpiryDays"] !== 0;
      if (renewed && this.world.expired(secret)) wrong("holds a secret that has expired");
      if (inputs["exportClientSecret"] === true && state["clientSecret"] !== secret) wrong("holds another secret than the exported one");
      const wished = scopes ?? slot.defaultScopes;
      if (minus(scopesOf(slot), wished).length + minus(wished, scopesOf(slot)).length > 0)
        wrong(`asks for ${scopesOf(slot).join(", ")} in place of ${wished.join(", ")}`);
      if (client?.kind === "hand" || client === undefined) continue;
      if (!client.urls.includes(slot.redirectUrl)) wrong(`has a redirect URL that is not registered: ${slot.redirectUrl}`);
      if (minus(wished, client.scopes).length > 0) wrong(`needs scopes that are not registered: ${minus(wished, client.scopes).join(", ")}`);
    }
  }

  /** Nothing of ours is registered that is not declared. */
  #narrowed({ inputs, state }: Made, program: Declared[]): void {
    const client = this.world.clientOf(state["clientId"] as string);
    if (client === undefined || client.kind === "hand") return;
    const uses = usesIn(inputs);
    const loose = new Set(this.debris.flatMap(({ things }) => [...things]));
    const moved = program.some((one) => ((this.engine.made.get(urnOf(one))?.state["drift"] ?? []) as string[]).length > 0);
    const needed = uses.flatMap(({ id, scopes }) => [this.world.slots.get(id)?.redirectUrl, ...(scopes ?? this.world.slots.get(id)?.defaultScopes ?? [])]);
    const text = JSON.stringify(inputs);
    const extra = [...minus(client.urls, client.byHand.urls), ...minus(client.scopes, client.byHand.scopes)].filter(
      (one) => !needed.includes(one) && !text.includes(one) && !loose.has(`${one} at ${client.clientId}`),
    );
    if (extra.length > 0 && !moved) this.invariants.fail(`${client.clientId} still has ${extra.join(", ")}, which nothing needs`);
  }

  #allow(): void {
    const { allowed } = this.invariants;
    const present = this.declarations.filter((one) => one.present);
    allowed.replaceable = new Set(present.some(({ replaces }) => replaces) ? [FOREIGN, ADOPTABLE] : []);
    for (const { kind, adopts } of present) if (adopts && kind === "entra") allowed.adoptable.add(ADOPTABLE);
    for (const { kind, given } of present) if (kind === "existing") allowed.given.add(GIVEN[given] as string);
    allowed.exported = new Set(this.declarations.flatMap(({ exported }, index) => (exported ? [NAMES[index] as string] : [])));
    allowed.unverified ||= present.some(({ verified }) => !verified);
    allowed.overlapMs = Math.min(...present.map(({ overlapHours }) => (overlapHours ?? 1) * HOUR));
    const secrets = this.world.clients.flatMap((client) => client.secrets);
    for (const secret of secrets) if (secret.overlapMs !== undefined) secret.overlapMs = Math.min(secret.overlapMs, allowed.overlapMs);
  }
}

function said(state: Properties): string {
  return JSON.stringify([state["drift"], state["retiring"]]);
}

function usesIn(inputs: Properties): { id: string; scopes: string[] | undefined }[] {
  const idOf = (written: string) => (SLUGS.includes(written) ? idOfSlug(written) : written);
  const { integration, integrations } = inputs as { integration?: string; integrations?: { integration: string; scopes?: string[] }[] };
  if (integration !== undefined) return [{ id: idOf(integration), scopes: (inputs["scopes"] as string[] | undefined) ?? ["refresh_token"] }];
  return (integrations ?? []).map((use) => ({ id: idOf(use.integration), scopes: use.scopes }));
}

export async function play(history: History): Promise<void> {
  const played = new Play(history);
  for (const step of history.steps) await played.step(step);
  await finish(played);
}

/** Whatever happened: once nothing fails any more, the declaration comes true, and a destroy takes everything away. */
async function finish(played: Play): Promise<void> {
  const { world, declarations } = played;
  Object.assign(world, { lag: 0, flickers: false });
  for (const slot of world.slots.values()) if (slot.client?.clientId === FOREIGN) slot.client = undefined;
  played.declarations = declarations.map((one) => ({ ...one, givenSecret: 0 }));
  const up: Step = { do: "up", refresh: true, backwards: false, faults: [] };
  await played.step(up);
  // Longer than every overlap.
  await played.step({ do: "wait", hours: 72 });
  await played.step(up);
  played.neverAThirdSecret();
  await played.step({ do: "destroy", faults: [] });
}
