/** What the program of the model says of each resource, and how a step changes it. */

import type { Properties } from "../../src/core/value.js";
import type { Declared } from "./engine.js";
import { AWAY, HOME, INSTANCE } from "./vendors.js";
import { idOfSlug, SLUGS } from "./workspace.js";
import type { World } from "./world.js";

export const KINDS = ["entra", "entraAway", "serviceNow", "serviceNowAway", "existing", "snowflake"] as const;
export type Kind = (typeof KINDS)[number];

/** Two resources of one stack. */
export const NAMES = ["one", "two"] as const;

export interface Declaration {
  present: boolean;
  kind: Kind;
  /** Indices of integrations. */
  uses: number[];
  /** By integration: exactly these scopes, or the workspace's own list. */
  scopes: (string[] | undefined)[];
  notes: string | undefined;
  everyDays: number | undefined;
  overlapHours: number | undefined;
  renewBeforeExpiryDays: number | undefined;
  trigger: number;
  exported: boolean;
  verified: boolean;
  moreUrls: boolean;
  purged: boolean;
  /** Which of the clients made by hand, and which of its secrets. */
  given: number;
  givenSecret: number;
  replaces: boolean;
  adopts: boolean;
  /** Of the security integration. */
  rename: number;
  byId: boolean;
}

/** One change of a program; `to` is any number, taken as what the property needs. */
export interface Change {
  who: number;
  what: (typeof CHANGES)[number];
  to: number;
}
export const CHANGES = [
  "present",
  "kind",
  "uses",
  "scopes",
  "notes",
  "everyDays",
  "overlapHours",
  "renewBeforeExpiryDays",
  "trigger",
  "exported",
  "verified",
  "moreUrls",
  "purged",
  "given",
  "givenSecret",
  "replaces",
  "adopts",
  "rename",
  "byId",
] as const;

const SCOPES = [undefined, ["Mail.Read"], ["Mail.Read", "Extra.Read"], ["Other.Read"]];
const DAYS = [undefined, 1, 7, 30];
const HOURS = [undefined, 0, 1, 48];
const WINDOW = [undefined, 0, 10];

/** Clients that others made: two to be declared, one to be adopted, one that only stands in slots. */
export const GIVEN = ["hand-a", "hand-b"];
export const ADOPTABLE = "theirs-adoptable";
export const FOREIGN = "theirs-foreign";
export const GIVEN_SECRETS = ["§a§", "§b§", "§no§"];

export function firstDeclarations(kinds: [Kind, Kind | undefined]): Declaration[] {
  return NAMES.map((_name, index) => ({
    present: kinds[index] !== undefined,
    kind: kinds[index] ?? "entra",
    uses: index === 0 ? [0, 1] : [2],
    scopes: [undefined, undefined, undefined, ["refresh_token"]],
    notes: undefined,
    everyDays: undefined,
    overlapHours: undefined,
    renewBeforeExpiryDays: undefined,
    trigger: 0,
    exported: false,
    verified: true,
    moreUrls: false,
    purged: false,
    given: index,
    givenSecret: 0,
    replaces: false,
    adopts: false,
    rename: 0,
    byId: false,
  }));
}

export function changed(declaration: Declaration, { what, to }: Change): Declaration {
  const next = { ...declaration };
  const pick = <T>(values: readonly T[]): T => values[to % values.length] as T;
  if (what === "kind") next.kind = pick(KINDS);
  else if (what === "uses") {
    const index = to % SLUGS.length;
    next.uses = next.uses.includes(index) ? next.uses.filter((use) => use !== index) : [...next.uses, index];
    if (next.uses.length === 0) next.uses = declaration.uses;
  } else if (what === "scopes")
    next.scopes = next.scopes.map((scopes, index) => (index === to % SLUGS.length ? SCOPES[Math.floor(to / SLUGS.length) % SCOPES.length] : scopes));
  else if (what === "notes") next.notes = pick([undefined, "before", "after"]);
  else if (what === "everyDays") next.everyDays = pick(DAYS);
  else if (what === "overlapHours") next.overlapHours = pick(HOURS);
  else if (what === "renewBeforeExpiryDays") next.renewBeforeExpiryDays = pick(WINDOW);
  else if (what === "trigger" || what === "rename") next[what] += 1;
  else if (what === "given") next.given = to % GIVEN.length;
  else if (what === "givenSecret") next.givenSecret = to % GIVEN_SECRETS.length;
  else next[what] = !next[what];
  return next;
}

/** The resources of the program, as it writes them. */
export function programOf(declarations: readonly Declaration[]): Declared[] {
  return declarations.flatMap((declaration, index): Declared[] => {
    const name = NAMES[index] as string;
    if (!declaration.present) return [];
    const common = defined({
      verify: declaration.verified,
      exportClientSecret: declaration.exported,
      replaceClientIds: declaration.replaces ? [FOREIGN, ADOPTABLE] : undefined,
    });
    return declaration.kind === "snowflake"
      ? [{ kind: "SnowflakeSecurityIntegration", name, inputs: { ...common, ...snowflake(declaration, name) } }]
      : [{ kind: "OAuthClientConfig", name, inputs: { ...common, ...oauthClient(declaration, name) } }];
  });
}

function oauthClient(declaration: Declaration, name: string): Properties {
  const { kind, notes, purged, moreUrls, given, givenSecret, adopts } = declaration;
  const integrations = declaration.uses.map((use) => defined({ integration: written(declaration, use), scopes: declaration.scopes[use] }));
  if (kind === "existing") {
    const endpoints = { authorizationUrl: "https://theirs.example/authorize", tokenUrl: "https://theirs.example/token" };
    return { integrations, existing: { clientId: GIVEN[given] as string, clientSecret: `${GIVEN_SECRETS[givenSecret]}${given}`, ...endpoints } };
  }
  const { overlapHours, renewBeforeExpiryDays, ...age } = rotationOf(declaration);
  const rotation = kind.startsWith("serviceNow") ? age : defined({ ...age, overlapHours, renewBeforeExpiryDays });
  if (kind === "serviceNow" || kind === "serviceNowAway")
    return {
      integrations,
      rotation,
      serviceNow: defined({ name: `registry ${name}`, comments: notes, instance: kind === "serviceNow" ? INSTANCE : "fabrikam" }),
    };
  const entra = defined({
    displayName: `app ${name}`,
    notes,
    purgeOnDestroy: purged,
    tenantId: kind === "entra" ? HOME : AWAY,
    additionalRedirectUrls: moreUrls ? ["https://more.example/callback"] : undefined,
    secretLifetimeDays: 60,
  });
  return defined({ integrations, rotation, entra, adoptClientId: adopts && kind === "entra" ? ADOPTABLE : undefined });
}

function snowflake(declaration: Declaration, name: string): Properties {
  const [use = 0] = declaration.uses;
  const { renewBeforeExpiryDays: _none, ...rotation } = rotationOf(declaration);
  return defined({
    name: `ODEUS_${name}_${declaration.rename % 3}`,
    integration: written(declaration, use),
    scopes: declaration.scopes[use] === undefined ? undefined : ["refresh_token", "session:role:ANALYST"],
    comment: declaration.notes,
    oauthAlternateRedirectUris: declaration.moreUrls ? ["https://more.example/callback"] : undefined,
    rotation,
  });
}

function written({ byId }: Declaration, use: number): string {
  const slug = SLUGS[use] as string;
  return byId ? idOfSlug(slug) : slug;
}

function rotationOf({ everyDays, overlapHours, renewBeforeExpiryDays, trigger }: Declaration): Properties {
  return defined({ everyDays, overlapHours, renewBeforeExpiryDays, triggers: { count: String(trigger) } });
}

function defined(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
}

/** Clients of others, as their owners made them. */
export function fillServers(world: World): void {
  const theirs = { whole: true, binned: false, settings: {}, scopes: ["Theirs.Read"], urls: ["https://theirs.example/callback"] };
  const byHand = { urls: [...theirs.urls], scopes: [...theirs.scopes], keyIds: ["by-hand"] };
  const secret = { keyId: "by-hand", label: "by hand", createdAt: world.clock, refusals: 0, flickers: false };
  const common = () => structuredClone({ ...theirs, byHand });
  for (const [index, clientId] of GIVEN.entries()) {
    const secrets = GIVEN_SECRETS.slice(0, 2).map((value, at) => ({ ...secret, keyId: `by-hand-${at}`, value: `${value}${index}` }));
    world.clients.push({
      ...common(),
      kind: "hand",
      place: "theirs",
      clientId,
      objectId: clientId,
      name: clientId,
      secrets,
      byHand: { urls: [], scopes: [], keyIds: [] },
    });
  }
  for (const clientId of [ADOPTABLE, FOREIGN])
    world.clients.push({
      ...common(),
      kind: "entra",
      place: HOME,
      clientId,
      objectId: `object-${clientId}`,
      name: clientId,
      secrets: [{ ...secret, value: `§${clientId}§` }],
    });
}
