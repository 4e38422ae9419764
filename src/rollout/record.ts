/** What a rollout is asked for, and what it leaves recorded for the next one. */

import type { ClientWish, KnownSecrets, RegisteredClient } from "../authorizationServers/contract.js";
import { OdeusError } from "../core/errors.js";
import type { Secret } from "../core/secret.js";
import { union } from "../core/sets.js";
import type { Verification } from "./verification.js";

/** One integration as the program declared it. */
export interface Use {
  /** Id or slug, as the program wrote it. */
  written: string;
  /** Undefined: the workspace keeps the list. */
  scopes: string[] | undefined;
}

export interface Wish {
  uses: Use[];
  /** Redirect URLs beside those of the integrations. */
  additionalRedirectUrls: string[];
  verify: boolean;
  /** How long the previous secret stays valid after the new one is in use, in milliseconds. */
  overlapMs: number;
  /** A new secret is due, or asked for. */
  renewSecret: boolean;
  /** Keep the secret's value in the record. */
  exportSecret: boolean;
  replaceClientIds: string[];
  /** A client made by others, to be taken over in place of a new one. */
  adoptClientId: string | undefined;
  /** The secret, where the program gives it. */
  givenSecret: Secret | undefined;
  /** The given secret, or where it is proven, differs from what was entered last. */
  givenChanged: boolean;
}

/** In place of a time: a run meant to enter the client here, and no run that ended has. */
export const PLANNED = "";

type WithSlots = { slots: Record<string, Pick<SlotRecord, "secretUpdatedAt">> };

/** Whether a slot is owed the current secret: one was issued for it, and is not known to have been entered. */
export function owesSecret({ slots }: WithSlots): boolean {
  return Object.values(slots).some(({ secretUpdatedAt }) => secretUpdatedAt === undefined);
}

/** Whether a slot may be without the current secret: it is owed one, or a run meant to enter it and nobody knows whether it did. */
export function mayLackSecret(recorded: WithSlots | undefined): boolean {
  return Object.values(recorded?.slots ?? {}).some(({ secretUpdatedAt }) => secretUpdatedAt === undefined || secretUpdatedAt === PLANNED);
}

export interface SlotRecord {
  written: string;
  /** Absent in records of before it was kept. */
  slug?: string;
  redirectUrl: string;
  scopes: string[];
  scopeSync: boolean;
  /** The integration was made from scratch. */
  custom: boolean;
  /** Absent: this slot has not got the current secret; the next run owes it. */
  secretUpdatedAt?: string;
  /** A tenant that others had entered with this client, which needs none: it stays. */
  tenantId?: string;
}

/** By which a declaration may mean this slot. */
export const namesOf = (id: string, { written, slug }: SlotRecord): string[] => [id, written, ...(slug === undefined ? [] : [slug])];

export interface SecretRecord {
  /** Absent: others issued it, before the client was imported. It is never removed. */
  keyId?: string;
  createdAt: string;
  expiresAt?: string;
  /** Of its value and of the other slot's, where the server shows them: one that was renewed by hand is known by it. */
  digest?: string;
  idleDigest?: string;
}

export interface Retiring {
  keyId: string;
  removableFrom: string;
}

/** An earlier client of another kind, tenant or id. */
export type FormerClient = RegisteredClient & { kind: string };

export type Surplus = Pick<ClientWish, "redirectUrls" | "scopes">;

export interface Recorded {
  /** Base URL of the workspace's API; absent where no slot is declared. */
  workspace?: string;
  kind: string;
  /** Which making of the resource this is; part of the mark. */
  generation?: string;
  client?: RegisteredClient;
  /** Earlier clients that still have to be taken away. */
  replaced: FormerClient[];
  secret?: SecretRecord;
  /** The value, only on request. */
  value?: Secret;
  retiring: Retiring[];
  /** By integration id. */
  slots: Record<string, SlotRecord>;
  additionalRedirectUrls: string[];
  /** What the client may have registered beside the recorded declaration: for an earlier one, or for that of a run that did not end well. */
  surplus?: Surplus;
  verification?: Verification;
  /** Settings of the client that an update wrote before it failed: a program that names them no more gives them up like its own. */
  attempted?: Record<string, unknown>;
  /** A refresh saw a slot that only a new secret can mend. */
  replacesSecret?: true;
  /** Work that a run left for the next one, in sentences. It stays known, whatever a refresh sees, until a run finishes it. */
  unfinished: string[];
  /** What was seen to be not as declared, in sentences. */
  drift: string[];
}

/** What the recorded rollout had registered at the client. */
export function recordedWish(recorded: (Pick<Recorded, "slots"> & Partial<Recorded>) | undefined): ClientWish {
  const slots = Object.values(recorded?.slots ?? {});
  return {
    redirectUrls: union(
      slots.map(({ redirectUrl }) => redirectUrl),
      recorded?.additionalRedirectUrls ?? [],
    ),
    scopes: union(...slots.map(({ scopes }) => scopes)),
    builtIn: slots.flatMap(({ slug, written, custom }) => (custom ? [] : [slug ?? written])),
  };
}

/** The same, with what a run that did not end well has added, or should have taken away. */
export function registeredBefore(recorded: Recorded | undefined): ClientWish {
  const wish = recordedWish(recorded);
  const { redirectUrls = [], scopes = [] } = recorded?.surplus ?? {};
  return { ...wish, redirectUrls: union(wish.redirectUrls, redirectUrls), scopes: union(wish.scopes, scopes) };
}

/** What the record knows of the client's secrets. */
export function knownSecrets({ secret, retiring }: Recorded): KnownSecrets {
  const keyIds = union(
    secret?.keyId === undefined ? [] : [secret.keyId],
    retiring.map(({ keyId }) => keyId),
  );
  return { keyIds, ...(secret === undefined ? {} : { current: secret }) };
}

/** A rollout that failed and left something, which is recorded. */
export class PartialRollout extends OdeusError {
  readonly recorded: Recorded;
  readonly reasons: string[];
  constructor(recorded: Recorded, reasons: string[]) {
    super(reasons.join("\n  "));
    this.name = "PartialRollout";
    this.recorded = recorded;
    this.reasons = reasons;
  }
}
