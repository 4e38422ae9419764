/**
 * The order of things, for a first rollout and for every later one: find or register the client, issue a secret, prove it,
 * enter it in the workspace, read back, take away what is no longer needed. A secret is proven first and entered second,
 * because some servers accept a new one only after minutes.
 */

import type { RegisteredClient } from "../authorizationServers/contract.js";
import { mayHaveHappened } from "../core/errors.js";
import type { Secret } from "../core/secret.js";
import { minus, union } from "../core/sets.js";
import { askUntil, bothEnded } from "../core/wait.js";
import { type Entry, enterPlaces, needsSecret, placesNow, readBack } from "./enter.js";
import { secretToEnter } from "./issue.js";
import { leaveSlots } from "./leave.js";
import type { Place } from "./places.js";
import { knownSecrets, PLANNED, type Recorded, recordedWish, registeredBefore, type SlotRecord, type Wish } from "./record.js";
import { removeFormer } from "./remove.js";
import { overlapOver, removeRetired } from "./retire.js";
import { proveSecret } from "./secret.js";
import { type Progress, settle } from "./settle.js";
import type { Stage } from "./stage.js";
import { survey } from "./survey.js";
import { createUndoLog } from "./undo.js";
import { requireNotRejected, unasked, warningsOf, withFindings } from "./verification.js";

export async function rollOut(stage: Stage, wish: Wish, before: Recorded | undefined): Promise<Recorded> {
  const { env, server, mark } = stage;
  const undo = createUndoLog();
  const former = before?.client && { ...before.client, kind: before.kind };
  const progress: Progress = {
    before,
    draft: {
      ...(wish.uses.length === 0 && before?.workspace === undefined ? {} : { workspace: stage.odeus.baseUrl }),
      kind: server.kind,
      ...(mark.generation === undefined ? {} : { generation: mark.generation }),
      retiring: stage.continues ? [...(before?.retiring ?? [])] : [],
      slots: { ...before?.slots },
      additionalRedirectUrls: wish.additionalRedirectUrls,
      unfinished: [],
      drift: [],
      replaced: [...(before?.replaced ?? [])],
      ...(before?.verification === undefined ? {} : { verification: before.verification }),
      ...(stage.continues && former !== undefined ? { client: former } : {}),
      ...(stage.continues && before?.secret !== undefined ? { secret: before.secret } : {}),
      ...(stage.continues && before?.value !== undefined && wish.exportSecret ? { value: before.value } : {}),
    },
    forward: false,
  };
  const { draft } = progress;

  try {
    env.say.progress("reading the workspace and the authorization server");
    const seenAt = env.now().getTime();
    const surveyed = await survey(stage, wish, before);
    const { wished, found, declared, own, orphans } = surveyed;
    let places: Place[] = surveyed.places.map((place) => ({ ...place, tenantId: keptTenant(place) }));

    // Known from here on: a later run may be killed right after it entered the client, and a destroy has to find it.
    for (const place of places) draft.slots[place.integration.id] ??= { ...slotRecord(place), secretUpdatedAt: PLANNED };
    Object.assign(draft.slots, orphans);

    // 1. The client, with everything it needs and, for now, everything it needed before.
    const formerly = stage.continues ? registeredBefore(before) : recordedWish({ slots: orphans });
    const widened = {
      redirectUrls: union(wished.redirectUrls, formerly.redirectUrls),
      scopes: union(wished.scopes, formerly.scopes),
      builtIn: wished.builtIn,
    };
    // Of an update that fails, the declaration before it stays recorded: what only this one asks for is recorded beside it.
    const known = before === undefined ? wished : recordedWish(before);
    const added = { redirectUrls: minus(wished.redirectUrls, known.redirectUrls), scopes: minus(wished.scopes, known.scopes) };
    const surplus = {
      redirectUrls: union(minus(widened.redirectUrls, wished.redirectUrls), added.redirectUrls),
      scopes: union(minus(widened.scopes, wished.scopes), added.scopes),
    };
    if (surplus.redirectUrls.length + surplus.scopes.length > 0) draft.surplus = surplus;
    let { client, isNew } = await theClient(found);
    // A new one is this resource's client once it is whole; until then, it is found again by its mark.
    if (!isNew) draft.client = client;
    if (former !== undefined && !draft.replaced.some(({ clientId }) => clientId === former.clientId)) draft.replaced.push(former);
    // Moved back to: an earlier client is the present one again.
    draft.replaced = draft.replaced.filter(({ clientId }) => clientId !== client.clientId);

    // 2. A secret, where a slot needs one whose value is at hand nowhere; beside it what a new client still lacks.
    const entry = await theEntry(isNew ? completed : async () => undefined);

    // 3. Into the slots, all side by side.
    // An id, which a program takes from another resource, tells people nothing.
    const names = places.map(({ use, integration: { id, name } }) => (use.written.toLowerCase() === id.toLowerCase() ? name : use.written)).join(", ");
    if (entry.whole && places.length > 0) env.say.progress(`entering the client in ${names}`);
    progress.forward ||= entry.whole && places.some(({ slot }) => slot.mode === "CUSTOM" && slot.clientId === client.clientId);
    const { written, failures } = await enterPlaces(
      {
        stage,
        seenAt,
        client,
        entry,
        former: stage.continues ? undefined : former,
        onFormerSecret: (issued) => {
          progress.formerSecret = issued;
        },
        undoable: undo.push,
      },
      places,
    );
    // Refused everywhere, the new secret stands in no slot and can still be taken back.
    progress.forward &&= progress.replacing || written.size > 0 || failures.some(mayHaveHappened);
    for (const place of places) record(place, written.has(place.slot.integrationId), entry.whole);
    if (server.secrets === "given") progress.given = withoutGiven(entry.whole ? entry.secret : undefined);
    if (failures.length > 0) throw failures[0];
    if (entry.whole && entry.proveAfter && entry.secret !== undefined) await prove(entry.secret);

    // 4. What the workspace and the server hold counts, not what they answered.
    env.say.progress(places.length > 0 ? `reading back ${names}` : `reading back ${server.title}`);
    const [slots] = await Promise.all([readBack(stage, client, places, entry.whole && entry.secret !== undefined ? written : new Map()), readBackClient()]);
    for (const [id, slot] of slots) {
      const entered = draft.slots[id];
      // A replica that lags tells of an earlier time than the write itself did.
      if (entered !== undefined && (slot.clientSecretUpdatedAt ?? "") > (entered.secretUpdatedAt ?? ""))
        entered.secretUpdatedAt = slot.clientSecretUpdatedAt ?? "";
    }
    // From here on everything that is declared works; what follows only takes away, and is finished by a later run if it fails.
    progress.entered = true;

    // 5. Take away: slots and registrations no longer declared, the secret before, the client before.
    const kept = await leaveSlots({ stage, draft, places, client, own });
    const narrowed = { redirectUrls: union(wished.redirectUrls, kept.redirectUrls), scopes: wished.scopes, builtIn: wished.builtIn };
    if (minus(widened.redirectUrls, narrowed.redirectUrls).length + minus(widened.scopes, narrowed.scopes).length > 0) {
      client = await server.converge(client, mark, narrowed, formerly, () => undefined);
      draft.client = client;
    }
    // What has just been taken away is not registered again by the run that finishes this one.
    draft.surplus = added;
    await leaveSecrets();
    const needless = draft.replaced.filter(({ clientId }) => !kept.clientIds.includes(clientId));
    await removeFormer(stage, needless, (done) => {
      draft.replaced = draft.replaced.filter((one) => one !== done);
    });
    if (server.finish !== undefined) draft.client = await server.finish(client);
    delete draft.surplus;
    return draft;

    async function theClient(own: RegisteredClient | undefined): Promise<{ client: RegisteredClient; isNew: boolean }> {
      if (server.secrets === "given" && declared !== undefined) return { client: declared, isNew: false };
      const known = stage.continues ? former : wish.adoptClientId === undefined ? undefined : own;
      // Where it is gone, a run that died may have made another, which slots may hold by now: ours too, and not to be undone.
      const recalled = known === undefined ? own : ((await server.recall(known, undo.push)) ?? (stage.continues ? await server.find(mark, held) : undefined));
      if (recalled === undefined) {
        env.say.progress(`registering ${server.title}`);
        const client = await server.register(mark, widened, undo.push);
        progress.registered = client;
        return { client, isNew: true };
      }
      return { client: await server.converge(recalled, mark, widened, formerly, undo.push), isNew: false };
    }

    function keptTenant({ slot, integration }: Place): string | undefined {
      if (stage.continues) return before?.slots[integration.id]?.tenantId;
      return wish.adoptClientId !== undefined && slot.clientId === found?.clientId ? (slot.tenantId ?? undefined) : undefined;
    }

    async function held(): Promise<string[]> {
      return places.flatMap(({ slot }) => (slot.mode === "CUSTOM" ? (slot.clientId ?? []) : []));
    }

    async function completed(): Promise<void> {
      client = await server.complete(client, widened);
      draft.client = client;
    }

    async function theEntry(beside: () => Promise<void>): Promise<Entry> {
      const needed = places.some((place) => needsSecret(client, place, stage.continues ? before : undefined));
      const open = draft.verification === undefined || (wish.verify && draft.verification.skipped);
      if (server.secrets === "given") {
        const value = wish.givenSecret;
        const whole = needed || wish.givenChanged;
        if (wish.exportSecret && value !== undefined) draft.value = value;
        const anew = wish.givenChanged || !stage.continues || open;
        const more = added.redirectUrls.length + added.scopes.length > 0;
        if (anew && value !== undefined) await prove(value);
        else if (anew) draft.verification = unasked(server, wish.verify, env.now());
        if (anew || more) await proveUse(value);
        return whole && value !== undefined ? { whole, secret: value } : { whole };
      }
      const issuing = { stage, wish, before, draft, places, client, needed, undoable: undo.push };
      const beforeReplacing = async (): Promise<void> => {
        places = await placesNow({ stage, seenAt }, places);
      };
      const onReplacing = (replacing: boolean): void => {
        // One that was there before may be in use where nobody here can see it: its former secret cannot be put back.
        progress.forward = progress.replacing = replacing && !isNew;
      };
      const [secret] = await bothEnded(secretToEnter({ ...issuing, beforeReplacing, onReplacing }), beside());
      if (secret === undefined) {
        if (open) await proveInUse();
        return { whole: false };
      }
      // Until it is entered nobody can sign in: the proof comes after.
      if (progress.replacing) return { whole: true, secret, proveAfter: true };
      env.say.progress("secret issued, waiting until it is accepted");
      await prove(secret);
      return { whole: true, secret };
    }

    async function prove(value: Secret): Promise<void> {
      const checkedAt = env.now().toISOString();
      draft.verification = { skipped: !wish.verify, checks: [], checkedAt };
      if (!wish.verify) return;
      const answer = await proveSecret(server, client, value, wished, env, stage.verifyMs);
      draft.verification.checks.push({ property: "secret", ...answer });
      requireNotRejected(server, draft.verification.checks, stage.verifyMs);
      for (const warning of warningsOf(draft.verification.checks)) env.say.warning(warning);
    }

    /** A secret that no slot needs anew, where nothing has been said of it yet. */
    async function proveInUse(): Promise<void> {
      const shown = wish.verify ? await server.readSecret?.(client, knownSecrets(draft)) : undefined;
      if (shown === undefined) draft.verification = unasked(server, wish.verify, env.now());
      else await prove(shown.value);
    }

    /** Where nobody can read what is registered, the server itself is asked whether people could sign in. */
    async function proveUse(value: Secret | undefined): Promise<void> {
      if (!wish.verify || draft.verification === undefined || server.probeUse === undefined) return;
      const found = await server.probeUse(client, value, wished);
      requireNotRejected(server, found, stage.verifyMs);
      for (const warning of warningsOf(found)) env.say.warning(warning);
      const former = draft.verification.checks.filter(({ property }) => property === "secret");
      draft.verification = { ...draft.verification, checks: [...former, ...found] };
    }

    /** Servers answer from replicas that lag: what does not show in time is "not proven", never "wrong". */
    async function readBackClient(): Promise<void> {
      const known = knownSecrets(draft);
      const observed = await askUntil(
        { env, budgetMs: server.showsAtOnce ? 0 : 15_000 },
        (one) => one.findings.every(({ state }) => state !== "wrong") && one.drift.length === 0,
        () => server.observe(client, mark, wished, known),
      );
      if (draft.verification === undefined || draft.verification.skipped) return;
      draft.verification = withFindings(draft.verification, observed.findings);
      for (const { state, detail } of observed.findings) if (state === "wrong") env.say.warning(`not proven: ${detail}`);
    }

    function record(place: Place, wasWritten: boolean, withSecret: boolean): void {
      const { integration } = place;
      const entered = withSecret ? undefined : before?.slots[integration.id]?.secretUpdatedAt;
      const at = wasWritten && withSecret ? (written.get(integration.id)?.clientSecretUpdatedAt ?? undefined) : entered;
      const { tenantId, ...entry } = slotRecord(place);
      // Once the client has needed one, the tenant in the slot is ours.
      const kept = tenantId !== undefined && server.slotTenant(client) === undefined;
      draft.slots[integration.id] = { ...entry, ...(kept ? { tenantId } : {}), ...(at === undefined ? {} : { secretUpdatedAt: at }) };
    }

    /** Not written by this run, and not known to hold this secret from an earlier one. */
    function withoutGiven(value: Secret | undefined): NonNullable<Progress["given"]> {
      const known = before?.unfinished.length === 0 && stage.formerSecret?.open() === value?.open();
      const lacking = places.filter(
        (place) =>
          value !== undefined && !written.has(place.slot.integrationId) && (!known || needsSecret(client, place, stage.continues ? before : undefined)),
      );
      const named = (some: Place[]): string[] => some.map(({ use }) => use.written);
      return { lacking: named(lacking), outdated: named(lacking.filter(({ slot }) => slot.mode === "CUSTOM" && slot.clientId === client.clientId)) };
    }

    async function leaveSecrets(): Promise<void> {
      // A slot on its way to another resource holds one of them until that has taken it over.
      if (kept.clientIds.includes(client.clientId)) return;
      await removeRetired(stage, client, draft, overlapOver(stage, wish, draft));
    }
  } catch (error) {
    throw await settle(
      error,
      progress,
      undo,
      env,
      wish.uses.map(({ written }) => written),
    );
  }
}

function slotRecord({ use, integration, slot, scopes, tenantId }: Place): SlotRecord {
  const { slug, custom } = integration;
  const entry = { written: use.written, slug, redirectUrl: slot.redirectUrl, scopes, scopeSync: use.scopes === undefined, custom };
  return { ...entry, ...(tenantId === undefined ? {} : { tenantId }) };
}
