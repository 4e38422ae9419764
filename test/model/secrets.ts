/** How a server of the model keeps client secrets: any number beside each other, two slots that it shows, or one. */

import type { IssuedSecret, KnownSecrets, RegisteredClient, SecretCapability, Undoable } from "../../src/authorizationServers/contract.js";
import type { Env } from "../../src/core/env.js";
import { ConfigError, mayHaveHappened, OdeusError } from "../../src/core/errors.js";
import type { Mark } from "../../src/core/mark.js";
import { Secret } from "../../src/core/secret.js";
import { failure, type ModelClient, type ModelSecret, type World } from "./world.js";

const DAY = 86_400_000;

/** What the keeper needs of its server. */
export interface Keeping {
  world: World;
  env: Env;
  kind: string;
  secrets: SecretCapability;
  lifetimeDays: number | undefined;
  /** The record, unless it lies in the bin. */
  live(client: RegisteredClient): ModelClient | undefined;
  read<T>(operation: string, effect: () => T): Promise<T>;
  change<T>(operation: string, effect: () => T): Promise<T>;
}

export interface Keeper {
  /** What a new record has from the start. */
  first(): ModelSecret[];
  /** The record was made with this secret by this very run. */
  made(record: ModelClient): void;
  add(client: RegisteredClient, mark: Mark, known: KnownSecrets, undoable: Undoable): Promise<IssuedSecret>;
  read(client: RegisteredClient, known: KnownSecrets): Promise<IssuedSecret>;
  remove(client: RegisteredClient, keyId: string): Promise<string | undefined>;
  marked(client: RegisteredClient, mark: Mark, known: KnownSecrets): Promise<string[]>;
}

export const digestOf = (value: string): string => `digest-${value.replaceAll("§", "")}`;

export function createKeeper({ world, env, kind, secrets, lifetimeDays, live, read, change }: Keeping): Keeper {
  let fresh: string | undefined;
  const gone = () => failure(kind, "refused", "has no such object", 404);
  const required = (client: RegisteredClient): ModelClient => {
    const record = live(client);
    if (record === undefined) throw gone();
    return record;
  };
  const other = (keyId: string | undefined): string => (keyId === "2" ? "1" : "2");

  function newSecret(keyId: string, label: string): ModelSecret {
    const createdAt = world.clock;
    const expiry = lifetimeDays === undefined ? {} : { expiresAt: createdAt + lifetimeDays * DAY };
    const late = secrets === "many" ? { refusals: world.lag, flickers: world.flickers } : { refusals: 0, flickers: false };
    return { keyId, value: world.secretValue(), label, createdAt, ...expiry, ...late };
  }

  function issued({ keyId, value, createdAt, expiresAt }: ModelSecret, idle?: ModelSecret): IssuedSecret {
    return {
      keyId,
      value: new Secret(value),
      createdAt: new Date(createdAt).toISOString(),
      ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
      ...(idle === undefined ? {} : { digest: digestOf(value), idleDigest: digestOf(idle.value) }),
    };
  }

  /** The secret of this slot as of now, of a server that shows both. */
  async function shown(client: RegisteredClient, keyId: string): Promise<IssuedSecret> {
    const [one, two] = await read("secrets", () => {
      const both = required(client).secrets;
      return keyId === "1" ? [both[0], both[1]] : [both[1], both[0]];
    });
    return { ...issued(one as ModelSecret, two as ModelSecret), createdAt: env.now().toISOString() };
  }

  const renewed = (client: RegisteredClient, keyId: string): Promise<string> =>
    change("renew", () => {
      const secret = newSecret(keyId, "slot");
      required(client).secrets[Number(keyId) - 1] = secret;
      return digestOf(secret.value);
    });

  const removed = (client: RegisteredClient, keyId: string): Promise<undefined> =>
    change("removeSecret", () => {
      const record = live(client);
      if (record !== undefined) record.secrets = record.secrets.filter((one) => one.keyId !== keyId);
      return undefined;
    });

  async function beside(client: RegisteredClient, mark: Mark, known: KnownSecrets, undoable: Undoable): Promise<IssuedSecret> {
    const label = `${mark.key} ${env.randomHex(8)}`;
    const removeThisOne = async (): Promise<"nothing" | undefined> => {
      const keys = await read("get", () => (live(client)?.secrets ?? []).filter((one) => one.label === label && !known.keyIds.includes(one.keyId)));
      for (const { keyId } of keys) await removed(client, keyId);
      return keys.length === 0 ? "nothing" : undefined;
    };
    undoable({ what: "the new secret is removed", run: removeThisOne });
    const issue = () =>
      change("addSecret", () => {
        const secret = newSecret(`key-${world.id()}`, label);
        required(client).secrets.push(secret);
        return issued(secret);
      });
    try {
      return await issue();
    } catch (error) {
      if (!mayHaveHappened(error)) throw error;
      await removeThisOne();
      return issue();
    }
  }

  async function inPlaceOfTheOnlyOne(client: RegisteredClient): Promise<IssuedSecret> {
    if (fresh === undefined)
      await change("setSecret", () => {
        required(client).secrets = [newSecret("only", "only")];
      });
    return issued(required(client).secrets[0] as ModelSecret);
  }

  async function inTheIdleSlot(client: RegisteredClient, known: KnownSecrets): Promise<IssuedSecret> {
    const idle = other(known.current?.keyId);
    const before = await shown(client, idle);
    const renewedSince = known.current?.idleDigest !== undefined && before.digest !== known.current.idleDigest;
    if (known.idleMayBeInUse === true && renewedSince) return before;
    let lost: unknown;
    try {
      await renewed(client, idle);
    } catch (error) {
      if (!mayHaveHappened(error)) throw error;
      lost = error;
    }
    const now = await shown(client, idle);
    if (now.digest === before.digest) throw lost ?? new OdeusError("it still shows the former secret");
    return now;
  }

  return {
    first: () => (secrets === "many" ? [] : secrets === "one" ? [newSecret("only", "only")] : [newSecret("1", "slot"), newSecret("2", "slot")]),
    made(record) {
      if (secrets === "one") fresh = record.secrets[0]?.value;
    },
    async add(client, mark, known, undoable) {
      if (secrets === "many") return beside(client, mark, known, undoable);
      return secrets === "one" ? inPlaceOfTheOnlyOne(client) : inTheIdleSlot(client, known);
    },
    read: (client, known) => shown(client, known.current?.keyId === "2" ? "2" : "1"),
    async remove(client, keyId) {
      if (secrets === "many") await removed(client, keyId);
      if (secrets === "two") await renewed(client, keyId);
    },
    async marked(client, mark, { keyIds }) {
      if (secrets !== "many") return [];
      const record = await read("get", () => live(client));
      if (record === undefined) throw new ConfigError(`client ${client.clientId} is gone. Run again: a new one is made.`);
      return record.secrets.filter(({ label, keyId }) => label.startsWith(`${mark.key} `) || keyIds.includes(keyId)).map(({ keyId }) => keyId);
    },
  };
}
