/** Authorization servers of the model: the contract on records in memory, once for each way to keep secrets. */

import type { AuthorizationServer, Finding, RegisteredClient, SecretCapability } from "../../src/authorizationServers/contract.js";
import type { Env } from "../../src/core/env.js";
import { ConfigError, mayHaveHappened } from "../../src/core/errors.js";
import { type Mark, nameOfMark, ownerOtherThan } from "../../src/core/mark.js";
import { converged, minus, sameSet } from "../../src/core/sets.js";
import { createKeeper, digestOf } from "./secrets.js";
import { type ClientKind, failure, type ModelClient, type World } from "./world.js";

export interface ModelServerOptions {
  world: World;
  env: Env;
  kind: ClientKind;
  secrets: SecretCapability;
  place: string;
  name: string;
  settings: Record<string, unknown>;
  lifetimeDays?: number;
  purge?: boolean;
  adopt?: boolean;
  /** What is recorded beside the object's own id. */
  objects?: Record<string, string>;
}

/** Settings that the server shows again. */
const READABLE = ["displayName", "notes", "name", "comments", "comment"];
const ENDPOINTS = { authorizationUrl: "https://sign-in.example/authorize", tokenUrl: "https://sign-in.example/token" };

export function createModelServer(options: ModelServerOptions): AuthorizationServer {
  const { world, env, kind, secrets, place, name } = options;
  const title = `${kind} client "${name}" in ${place}`;
  const settings = Object.fromEntries(Object.entries(options.settings).filter(([key]) => READABLE.includes(key)));

  const found = (test: (client: ModelClient) => boolean) => world.clients.find((client) => client.kind === kind && client.place === place && test(client));
  const of = ({ objects }: RegisteredClient) => found((client) => (secrets === "two" ? client.name === name : client.objectId === objects["objectId"]));
  const live = (client: RegisteredClient) => {
    const one = of(client);
    return one?.binned === false ? one : undefined;
  };
  const registered = ({ clientId, objectId }: ModelClient): RegisteredClient => ({
    clientId,
    ...(kind === "entra" ? { tenantId: place } : {}),
    objects: { ...options.objects, objectId },
  });
  const read = <T>(operation: string, effect: () => T) => world.call(`${kind}.${operation}`, false, effect);
  const change = <T>(operation: string, effect: () => T) => world.call(`${kind}.${operation}`, true, effect);
  const keeper = createKeeper({ world, env, kind, secrets, lifetimeDays: options.lifetimeDays, live, read, change });
  /** Ours by its mark, where it is looked for. */
  const marked = (mark: Mark) =>
    found((client) => !client.binned && (client.key ?? client.mark?.key) === mark.key && (secrets !== "two" || client.name === name));

  function without(client: ModelClient, purge: boolean): void {
    if (secrets === "many" && !purge) client.binned = true;
    else world.clients = world.clients.filter((one) => one !== client);
  }

  /** The record as wished; undefined where nothing differs. */
  function changeOf(record: ModelClient, mark: Mark, urls: string[], scopes: string[]): Partial<ModelClient> | undefined {
    const same =
      JSON.stringify(record.mark) === JSON.stringify(mark) &&
      sameSet(record.urls, urls) &&
      sameSet(record.scopes, scopes) &&
      Object.entries(settings).every(([key, value]) => record.settings[key] === value);
    return same ? undefined : { mark, urls, scopes, settings: { ...record.settings, ...settings } };
  }

  async function completed(client: RegisteredClient): Promise<void> {
    if (await read("servicePrincipal", () => live(client)?.whole ?? true)) return;
    await change("servicePrincipal", () => {
      const record = live(client);
      if (record === undefined) throw failure(kind, "refused", "has no such object", 404);
      record.whole = true;
    });
  }

  return {
    kind,
    secrets,
    title,
    ...(secrets === "two" ? { showsAtOnce: true, adoptsByName: true } : {}),
    acceptances: secrets === "many" ? 3 : 1,
    markPlace: "its mark",
    hasEndpoints: true,
    endpoints: () => ENDPOINTS,
    slotTenant: () => (kind === "entra" ? place : undefined),
    outputs: () => ({}),

    async prepare() {
      await read("prepare", () => undefined);
      return { warnings: [] };
    },

    async find(mark, held) {
      const own = await read("find", () => marked(mark));
      if (own !== undefined) return registered(own);
      const named = secrets === "many" ? undefined : await read("find", () => found((client) => client.name === name));
      if (named === undefined) return undefined;
      const sameStack = named.mark?.stack === mark.stack;
      // One entry and one secret for two resources would not do; an object that is its name is the resource's own.
      if (sameStack && (secrets === "two" || (await held()).includes(named.clientId))) return registered(named);
      if (options.adopt === true && named.mark === undefined) return registered(named);
      throw new ConfigError(`it exists: ${named.mark === undefined ? "nobody's" : nameOfMark(named.mark)}`);
    },

    async lookUp(clientId) {
      const sighting = await read("lookUp", () => found((client) => client.clientId === clientId && (!client.binned || client.mark !== undefined)));
      return sighting === undefined ? undefined : { client: registered(sighting), mark: sighting.mark, settings: {} };
    },

    async recall(client, undoable) {
      const record = await read("recall", () => of(client));
      if (record === undefined) return undefined;
      if (record.binned) {
        undoable({ what: `${title} is deleted again`, run: () => change("delete", () => void Object.assign(record, { binned: true })) });
        await change("restore", () => void Object.assign(record, { binned: false }));
      }
      return registered(record);
    },

    async register(mark, wish, undoable) {
      let [refused, restored] = [false, false];
      undoable({
        what: `${title} is removed`,
        run: async () => {
          const made = refused ? undefined : await read("find", () => marked(mark));
          if (made === undefined) return "nothing";
          return change("delete", () => without(made, !restored));
        },
      });
      const made = (record: ModelClient): RegisteredClient => {
        keeper.made(record);
        return registered(record);
      };
      try {
        return await change("register", () => {
          const binned = found((client) => client.binned && client.key === mark.key);
          restored = binned !== undefined;
          const there = binned ?? (secrets === "many" ? marked(mark) : undefined);
          if (there === undefined && secrets !== "many" && found((client) => client.name === name) !== undefined)
            throw failure("register", "refused", "has another one of this name", 409);
          const record = there ?? blank(mark);
          if (there === undefined) world.clients.push(record);
          // One that comes back from the bin gets nothing back but its secrets.
          Object.assign(record, {
            binned: false,
            mark,
            urls: [...wish.redirectUrls],
            scopes: [...wish.scopes],
            byHand: { ...record.byHand, urls: [], scopes: [] },
          });
          Object.assign(record.settings, settings);
          return made(record);
        });
      } catch (error) {
        refused = !mayHaveHappened(error);
        // An id of our own choice, or a name: found, nothing is missing.
        const record = refused || secrets === "many" ? undefined : await read("find", () => marked(mark));
        if (record === undefined) throw error;
        return made(record);
      }
    },

    async complete(client) {
      await completed(client);
      return client;
    },

    async converge(client, mark, wish, formerly, undoable) {
      const record = await read("get", () => live(client));
      if (record === undefined) throw new ConfigError(`${title} is gone. Run again: a new one is made.`);
      const urls = converged(record.urls, wish.redirectUrls, formerly.redirectUrls);
      const next = changeOf(record, mark, urls, converged(record.scopes, wish.scopes, formerly.scopes));
      if (next !== undefined) {
        const before = { mark: record.mark, urls: record.urls, scopes: record.scopes, settings: record.settings };
        let refused = false;
        undoable({ what: `${title} is as it was`, run: async () => (refused ? "nothing" : change("change", () => void Object.assign(record, before))) });
        try {
          await change("change", () => void Object.assign(record, next));
        } catch (error) {
          refused = !mayHaveHappened(error);
          throw error;
        }
      }
      await completed(client);
      return registered(record);
    },

    addSecret: (client, mark, known, undoable) => keeper.add(client, mark, known, undoable),
    ...(secrets === "two" ? { readSecret: keeper.read } : {}),
    removeSecret: keeper.remove,
    markedSecrets: keeper.marked,

    async probe(client, secret) {
      if (secrets === "one") return { verdict: "inconclusive", method: "none", detail: "It shows nobody a secret." };
      const accepted = await read("probe", () => world.answersSignIn(client.clientId, secret.open()));
      return { verdict: accepted ? "accepted" : "rejected", method: "sign-in", detail: accepted ? "It was accepted." : "It was refused." };
    },

    async observe(client, _mark, wish, known) {
      return read("observe", () => {
        const record = of(client);
        const nothing = { notes: [], findings: [], settings: {} };
        if (record === undefined) return { ...nothing, exists: false, drift: [`${title} is gone`] };
        if (record.binned) return { ...nothing, exists: true, drift: [`${title} was deleted; it can still be restored`] };
        const keys = record.secrets.map(({ keyId }) => keyId);
        const inUse = record.secrets.find(({ keyId }) => keyId === known.current?.keyId);
        const missing = {
          urls: minus(wish.redirectUrls, record.urls),
          scopes: minus(wish.scopes, record.scopes),
          keys: secrets === "many" ? minus(known.keyIds, keys) : [],
        };
        const drift = [
          ...Object.entries(missing).flatMap(([what, list]) => (list.length === 0 ? [] : [`${title} lacks the ${what} ${list.join(", ")}`])),
          ...(record.clientId === client.clientId ? [] : [`${title} was replaced by hand`]),
          ...(record.whole ? [] : [`${title} has no service principal`]),
          ...(secrets === "two" && inUse !== undefined && digestOf(inUse.value) !== known.current?.digest
            ? [`the secret of ${title} was renewed by hand`]
            : []),
        ];
        const now = Object.fromEntries(Object.keys(settings).map((key) => [key, record.settings[key]]));
        const finding = (property: "redirectUrl" | "scopes", wrong: string[]): Finding => ({
          property,
          state: wrong.length > 0 ? "wrong" : "proven",
          detail: "",
        });
        return { exists: true, drift, notes: [], findings: [finding("redirectUrl", missing.urls), finding("scopes", missing.scopes)], settings: now };
      });
    },

    async successor(client, mark) {
      const record = await read("get", () => live(client));
      // Replaced by hand, this client is gone.
      return record === undefined || record.clientId !== client.clientId ? undefined : ownerOtherThan(mark, record.mark);
    },

    async delete(client, how) {
      await change("delete", () => {
        const record = of(client);
        if (record?.clientId === client.clientId) without(record, how === "final" || options.purge === true);
      });
    },
  };

  function blank(mark: Mark): ModelClient {
    return {
      kind,
      place,
      name,
      clientId: `${kind}-${world.id()}`,
      objectId: `object-${world.id()}`,
      ...(secrets === "many" ? { key: mark.key } : {}),
      settings: {},
      urls: [],
      scopes: [],
      secrets: keeper.first(),
      whole: secrets !== "many",
      binned: false,
      byHand: { urls: [], scopes: [], keyIds: [] },
    };
  }
}
