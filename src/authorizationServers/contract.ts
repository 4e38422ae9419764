/** What the rollout asks of an authorization server. A new vendor is one file that meets this. */

import type { OdeusError } from "../core/errors.js";
import type { Mark } from "../core/mark.js";
import type { Secret } from "../core/secret.js";

/** How many client secrets can be valid at once, and who makes them. It decides how a secret is rotated. */
export type SecretCapability =
  /** Any number beside each other: add, enter, remove. */
  | "many"
  /** Two slots, both valid at all times and readable; renewing the idle one leaves the other valid. */
  | "two"
  /** One at a time: setting a new one ends the old. */
  | "one"
  /** The program gives it; nothing can be issued or removed. */
  | "given";

/** What the client has to be, in OAuth's words. Vendor settings are the server's own business. */
export interface ClientWish {
  redirectUrls: string[];
  scopes: string[];
  /** Slugs of the built-in integrations that use it. One made from scratch may have any name, so its slug tells nothing of a vendor. */
  builtIn: string[];
}

/** A client at the authorization server, as it is recorded. */
export interface RegisteredClient {
  clientId: string;
  tenantId?: string;
  /** The server's own ids of what was made; opaque to everybody else. */
  objects: Record<string, string>;
}

export interface Endpoints {
  authorizationUrl: string;
  tokenUrl: string;
}

export interface IssuedSecret {
  keyId: string;
  value: Secret;
  createdAt: string;
  expiresAt?: string;
  /** Short digests of the two values, where the server shows them. */
  digest?: string;
  idleDigest?: string;
}

/** What the record knows of the client's secrets. */
export interface KnownSecrets {
  keyIds: string[];
  current?: { keyId?: string; createdAt: string; digest?: string; idleDigest?: string };
  /** A slot may hold the idle secret: a run that died may have renewed and entered it. */
  idleMayBeInUse?: boolean;
}

export type Verdict = "accepted" | "rejected" | "inconclusive" | "unavailable";

export interface ProbeAnswer {
  verdict: Verdict;
  /** How it was asked. */
  method: string;
  /** One sentence for people. */
  detail: string;
}

/** One property of the client: how it was asked about, and what the answer proves. */
export interface Check extends ProbeAnswer {
  property: "secret" | Finding["property"];
}

/** What the administration side can prove about one property of the client, by reading it back. */
export interface Finding {
  property: "redirectUrl" | "scopes" | "consent" | "client";
  state: "proven" | "unproven" | "wrong";
  /** One sentence: what is wrong or not provable. Empty where proven. */
  detail: string;
}

export interface Observation {
  /** False: the client is gone beyond doubt. */
  exists: boolean;
  /** Differences from the wish that a later `up` mends. */
  drift: string[];
  /** What others have added; it stays, and people are told. */
  notes: string[];
  findings: Finding[];
  /** Vendor settings read back, as inputs; only those the program set. */
  settings: Record<string, unknown>;
}

/** A client as it stands at the server, whoever made it. */
export interface Sighting {
  client: RegisteredClient;
  mark: Mark | undefined;
  /** Its settings in the names of the inputs; those that are not set are left out. */
  settings: Record<string, unknown>;
  /** Of the secrets that have not ended, the one that ends first: which of them is in use, nobody can tell. Where all have ended, the last. */
  secret?: { createdAt: string; expiresAt?: string };
  /** What stands there otherwise than the program declares it, each with its name: lost where the client is taken over. */
  overwrites?: string[];
}

/** One effect, with the way back. It is registered before the effect, so it must hold where nothing happened, and then answers "nothing". */
export type Undo = { what: string; run: () => Promise<unknown> };

/** Called before every effect with the way back. */
export type Undoable = (undo: Undo) => void;

export interface AuthorizationServer {
  readonly kind: string;
  readonly secrets: SecretCapability;
  /** The client as people know it, for example: app registration "Odeus" in tenant 72f9... */
  readonly title: string;
  /** What was written shows in the next read. Otherwise it is waited for. */
  readonly showsAtOnce?: true;
  /** A client that others made is taken over by its name at the server, not by its client id. */
  readonly adoptsByName?: true;
  /** How many acceptances in a row prove a new secret. */
  readonly acceptances: number;
  /** Where users sign in and codes are redeemed, for custom integrations, which know no server by themselves. */
  endpoints(client: RegisteredClient): Endpoints | undefined;
  /** Whether `endpoints` knows them, before there is a client. */
  readonly hasEndpoints: boolean;
  /** The tenant to enter in a slot that takes one. */
  slotTenant(client: RegisteredClient): string | undefined;
  /** Read-only: signs in, resolves scope names; throws with every problem it can see, before anything is made. */
  prepare(wish: ClientWish): Promise<{ warnings: string[] }>;
  /** Our own client of an earlier run that left no state. `held`: the client ids in the slots to fill, which tell a renamed resource from a namesake. */
  find(mark: Mark, held: () => Promise<string[]>): Promise<RegisteredClient | undefined>;
  /** Where our mark stands on a client, for people who have to remove it by hand. */
  readonly markPlace: string;
  /** Read-only: any client by its id, for adoption, import, and the question whose it is. Undefined: none that we can see. */
  lookUp(clientId: string): Promise<Sighting | undefined>;
  /** The recorded client, looked up again by its ids; undefined when it is gone (one of ours that was only soft-deleted is restored). */
  recall(client: RegisteredClient, undoable: Undoable): Promise<RegisteredClient | undefined>;
  /** Makes the client itself, findable by its mark from the first call on. */
  register(mark: Mark, wish: ClientWish, undoable: Undoable): Promise<RegisteredClient>;
  /** What a client that was just registered needs beside it before anybody can sign in. Undone with the client; may run beside `addSecret`. */
  complete(client: RegisteredClient, wish: ClientWish): Promise<RegisteredClient>;
  /** Makes the client what it has to be: adds what the wish lacks, and takes away what `formerly` had and the wish has not. */
  converge(client: RegisteredClient, mark: Mark, wish: ClientWish, formerly: ClientWish, undoable: Undoable): Promise<RegisteredClient>;
  /** What cannot be undone, and what nobody's sign-in needs: done last, when nothing declared can fail any more. */
  finish?(client: RegisteredClient): Promise<RegisteredClient>;
  /** A new secret: beside the others, in the idle slot, or in place of the only one. */
  addSecret(client: RegisteredClient, mark: Mark, known: KnownSecrets, undoable: Undoable): Promise<IssuedSecret>;
  /** Whether `addSecret` failed because the client has as many as it may have. */
  isFull?(error: unknown): boolean;
  /** The current secret again; only of servers that show it. */
  readSecret?(client: RegisteredClient, known: KnownSecrets): Promise<IssuedSecret>;
  /** Already gone is done. Answers the digest of what takes its place, of servers that always have two. */
  removeSecret(client: RegisteredClient, keyId: string): Promise<string | undefined>;
  /** Key ids of the secrets that are ours and still there: by their mark, or by the record (a renamed resource marks anew only what it adds). */
  markedSecrets(client: RegisteredClient, mark: Mark, known: KnownSecrets): Promise<string[]>;
  /** Asks the server itself whether it takes this secret. */
  probe(client: RegisteredClient, secret: Secret, wish: ClientWish): Promise<ProbeAnswer>;
  /** Asks the server, without a user, whether people could sign in as the wish has it. Only of servers that show nobody what is registered. */
  probeUse?(client: RegisteredClient, secret: Secret | undefined, wish: ClientWish): Promise<Check[]>;
  /** Read-only: compares the client with the wish. */
  observe(client: RegisteredClient, mark: Mark, wish: ClientWish, known: KnownSecrets): Promise<Observation>;
  /** Whose the client is by now, in words, where its mark is no longer this resource's. */
  successor(client: RegisteredClient, mark: Mark): Promise<string | undefined>;
  /** Why the client may still be there although it does not show; undefined where it shows, or is gone beyond doubt. Only of servers that may hide it. */
  unseen?(client: RegisteredClient): Promise<OdeusError | undefined>;
  /** Takes away what we made; a client given by the program stays. */
  delete(client: RegisteredClient, how: "asConfigured" | "final"): Promise<void>;
  /** Public facts about the client, as outputs of the resource. */
  outputs(client: RegisteredClient): Record<string, string>;
}
