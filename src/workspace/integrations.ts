/** The workspace's integrations: from what a program wrote (id or slug) to the one that is meant. */

import type { OdeusApi } from "../clients/odeus.js";
import { ConfigError, isRemote } from "../core/errors.js";
import { didYouMean } from "../core/nearest.js";
import type { IntegrationSummary } from "../generated/odeusApi.js";
import { readSlot, type Slot } from "./slot.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export interface ResolvedIntegration {
  /** As the program wrote it. */
  written: string;
  id: string;
  slug: string;
  name: string;
  /** Made from scratch in this workspace. */
  custom: boolean;
}

/** Resolves all of them, or reports every one that cannot be: unknown, without OAuth, or the same one twice. */
export async function resolveIntegrations(odeus: OdeusApi, written: readonly string[], recordedIds: readonly string[]): Promise<ResolvedIntegration[]> {
  return inList(odeus, (all) => resolvedIn(all, odeus, written, recordedIds));
}

/** What is found in the list that operations side by side share; what is missing there, in a new one. */
async function inList<T>(odeus: OdeusApi, find: (all: readonly IntegrationSummary[]) => T): Promise<T> {
  const recent = await odeus.recentIntegrations();
  try {
    return find(recent.all);
  } catch (error) {
    if (recent.new) throw error;
    return find(await odeus.listIntegrations());
  }
}

function resolvedIn(all: readonly IntegrationSummary[], odeus: OdeusApi, written: readonly string[], recordedIds: readonly string[]): ResolvedIntegration[] {
  if (recordedIds.length > 0 && recordedIds.every((id) => all.every((one) => one.id !== id))) throw otherWorkspace(odeus);
  const problems: string[] = [];
  const found = written.flatMap((text) => {
    const integration = all.find((one) => (UUID.test(text) ? one.id.toLowerCase() === text.toLowerCase() : one.slug === text));
    const problem = problemOf(text, integration, all);
    if (problem !== undefined) problems.push(problem);
    return integration === undefined
      ? []
      : [{ written: text, id: integration.id, slug: integration.slug, name: integration.name, custom: integration.buildByOdeus === false }];
  });
  for (const [index, one] of found.entries()) {
    const first = found.findIndex((other) => other.id === one.id);
    if (first < index) problems.push(`integrations: "${found[first]?.written}" and "${one.written}" are one integration (${one.name}); write it once.`);
  }
  if (problems.length > 0) throw new ConfigError(problems.join("\n  "));
  return found;
}

/** The one integration with this id, slug or exact name. */
export const findIntegration = (odeus: OdeusApi, text: string): Promise<IntegrationSummary> => inList(odeus, (all) => foundIn(all, text));

function foundIn(all: readonly IntegrationSummary[], text: string): IntegrationSummary {
  const exact = all.find(({ id, slug }) => id.toLowerCase() === text.toLowerCase() || slug === text);
  if (exact !== undefined) return exact;
  const named = all.filter(({ name }) => name === text);
  if (named.length > 1) {
    throw new ConfigError(
      `${named.length} integrations are named "${text}": ${named.map(({ id, slug }) => `${slug} (${id})`).join(", ")}. Use the id or the slug.`,
    );
  }
  const [only] = named;
  if (only !== undefined) return only;
  throw new ConfigError(
    `the workspace has no integration "${text}".${didYouMean(
      text,
      all.flatMap(({ slug, name }) => [slug, name]),
    )}`,
  );
}

function problemOf(text: string, integration: IntegrationSummary | undefined, all: readonly IntegrationSummary[]): string | undefined {
  if (integration === undefined) {
    const hint = UUID.test(text)
      ? ""
      : didYouMean(
          text,
          all.map(({ slug }) => slug),
        );
    return `the workspace has no integration "${text}".${hint}`;
  }
  if (integration.oauth === null)
    return `integration "${text}" (${integration.name}) does not use OAuth (authType ${integration.authType}), so it takes no client.`;
  return undefined;
}

/** A slot that holds a client, with the slug of its integration. */
export interface Holder {
  slug: string;
  slot: Slot;
}

/** All slots that hold a client, as far as the workspace shows them. */
export interface Holders {
  holding: Holder[];
  /** Slugs of integrations that are not enabled: the workspace tells nobody what they hold. */
  unseen: string[];
}

export async function slotsHolding(odeus: OdeusApi, clientId: string): Promise<Holders> {
  const filled = (await odeus.listIntegrations()).filter(({ oauth }) => oauth?.mode === "CUSTOM");
  const unseen: string[] = [];
  const slots = await Promise.all(
    filled.map(async ({ id, slug, buildByOdeus }) => {
      try {
        const slot = await readSlot(odeus, slug, id, buildByOdeus === false);
        return slot.clientId === clientId ? [{ slug, slot }] : [];
      } catch (error) {
        // One that is gone since it was listed holds nothing.
        if (isRemote(error, 409)) unseen.push(slug);
        else if (!isRemote(error, 404)) throw error;
        return [];
      }
    }),
  );
  return { holding: slots.flat(), unseen: unseen.sort() };
}

/** For people, who may have to enable them: one of them may hold the client, too. */
export function notLookedAt(unseen: readonly string[]): string {
  return `not looked at: ${unseen.join(", ")} (not enabled, so the workspace does not show what it holds)`;
}

/** Fails when the workspace that this key opens knows none of these integrations: then the key is for another workspace. */
export async function requireSameWorkspace(odeus: OdeusApi, ids: readonly string[]): Promise<void> {
  const known = new Set((await odeus.listIntegrations()).map(({ id }) => id));
  if (ids.length > 0 && ids.every((id) => !known.has(id))) throw otherWorkspace(odeus);
}

function otherWorkspace(odeus: OdeusApi): ConfigError {
  return new ConfigError(
    `the workspace at ${odeus.baseUrl} knows none of the recorded integrations, so this API key is for another workspace than this state. Nothing counts as deleted, and nothing was changed. If the key is right and people deleted all of them, \`pulumi state delete\` forgets this resource; the next \`up\` that declares it finds its client by our mark.`,
  );
}
