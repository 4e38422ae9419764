/** ServiceNow: an entry of the application registry (table oauth_entity). Its secret can be set and never read, and there is one at a time. */

import type { HttpLimits } from "../clients/http.js";
import { instanceUrl, serviceNowSignIn } from "../clients/serviceNowSignIn.js";
import {
  type ClientRecord,
  createServiceNowTable,
  LONGEST_ACCESS_TOKEN_SECONDS,
  OAUTH_IS_ACTIVE,
  OAUTH_IS_OFF,
  type ServiceNowTable,
} from "../clients/serviceNowTable.js";
import type { Config } from "../core/config.js";
import type { Env } from "../core/env.js";
import { ConfigError, doing, mayHaveHappened, OdeusError } from "../core/errors.js";
import { nameOfMark, ownerOtherThan, readComment } from "../core/mark.js";
import { Secret } from "../core/secret.js";
import type { AuthorizationServer, IssuedSecret, RegisteredClient } from "./contract.js";
import { BY_HAND } from "./probes.js";
import { fieldsOf, ignoredColumns, observationOf, registryChange, type ServiceNowSettings, settingsFound } from "./serviceNowRegistry.js";

export interface ServiceNowOptions {
  settings: ServiceNowSettings;
  /** Subdomain or address; undefined: the configured one. */
  instance: string | undefined;
  config: Config;
  env: Env;
  limits: HttpLimits;
}

export function createServiceNowServer(options: ServiceNowOptions): AuthorizationServer {
  const { settings, config, env, limits } = options;
  const origin = instanceUrl(config, options.instance);
  const shown = `application registry "${settings.name}" on ${new URL(origin).host}`;
  let made: ServiceNowTable | undefined;
  const table = (): ServiceNowTable => (made ??= createServiceNowTable({ baseUrl: origin, signIn: serviceNowSignIn(config), env, limits }));
  /** What stands there by our last read, after our last write. */
  let last: ClientRecord | undefined;
  /** The secret of a record that this operation has just made: nobody has used it yet. */
  let fresh: Secret | undefined;

  const clientOf = (record: ClientRecord): RegisteredClient => ({ clientId: record.client_id, objects: { sysId: record.sys_id, instance: origin } });
  const sysIdOf = ({ objects }: RegisteredClient): string => objects["sysId"] ?? "";

  /** Undefined: gone. A record that this user is not shown is no deletion. */
  async function read(client: RegisteredClient): Promise<ClientRecord | undefined> {
    const record = await table().get(sysIdOf(client));
    if (record === "hidden")
      throw new OdeusError(
        `ServiceNow does not show the record ${sysIdOf(client)} to this user: it is gone, or an access rule hides it. Give the user the role oauth_admin; if it is gone, take the resource out of the state (pulumi state delete).`,
      );
    last = record;
    return record;
  }

  /** Unknown columns are ignored without a word, so what was written is read back and held against it. */
  async function readBack(sysId: string, fields: Parameters<ServiceNowTable["update"]>[1]): Promise<ClientRecord> {
    const record = await read({ clientId: "", objects: { sysId } });
    if (record === undefined) throw new OdeusError(`${shown} is gone right after it was written. Somebody else may be changing it; run again.`);
    const { ignored, unreadable } = ignoredColumns(record, fields);
    if (ignored.length > 0)
      throw new OdeusError(
        `ServiceNow took the change of ${shown} and ignored ${ignored.join(", ")}: a business rule, a data policy or an access rule of the instance stands against it.`,
      );
    if (unreadable.length > 0) env.say.warning(`${shown}: this user may not read ${unreadable.join(", ")}, so they are not proven.`);
    return record;
  }

  function newSecret(): Secret {
    // Letters and digits alone: no encoding can break it.
    return new Secret(env.randomHex(48));
  }

  return {
    kind: "serviceNow",
    secrets: "one",
    title: shown,
    acceptances: 1,
    markPlace: "the part in brackets at the end of its comments",
    hasEndpoints: true,
    endpoints: () => ({ authorizationUrl: `${origin}/oauth_auth.do`, tokenUrl: `${origin}/oauth_token.do` }),
    slotTenant: () => undefined,

    async prepare() {
      return doing(`checking ${shown}`, async () => {
        const { accessTokenLifespanSeconds: wished } = settings;
        const [active, longest] = await Promise.all([
          table().property(OAUTH_IS_ACTIVE),
          wished === undefined ? undefined : table().property(LONGEST_ACCESS_TOKEN_SECONDS),
        ]);
        if (active === "false") throw new ConfigError(OAUTH_IS_OFF);
        const capped = wished !== undefined && longest !== undefined && Number(longest) > 0 && wished > Number(longest);
        return {
          warnings: capped
            ? [`serviceNow.accessTokenLifespanSeconds: the instance ends access tokens after ${longest} s (${LONGEST_ACCESS_TOKEN_SECONDS})`]
            : [],
        };
      });
    },

    async find(mark) {
      return doing(`looking for ${shown}`, async () => {
        const [marked, named] = await Promise.all([
          table().find([{ column: "comments", operator: "LIKE", value: mark.key }]),
          table().find([{ column: "name", operator: "=", value: settings.name }]),
        ]);
        const own = marked.find((record) => readComment(record.comments).mark?.key === mark.key);
        if (own !== undefined) return clientOf(own);
        const [other] = named;
        if (other === undefined) return undefined;
        const theirs = readComment(other.comments).mark;
        // A rename of the resource: the entry is this stack's own.
        if (theirs?.stack === mark.stack) return clientOf(other);
        throw new ConfigError(
          `it exists (client ${other.client_id}), and ${theirs === undefined ? "this stack did not make it" : `is that of ${nameOfMark(theirs)}`}. Choose another serviceNow.name${theirs === undefined ? ", or take it over with adoptClientId" : ""}.`,
        );
      });
    },

    async lookUp(clientId) {
      // The character begins another condition of a query, so no client id can be looked for with it.
      if (clientId.includes("^")) return undefined;
      return doing(`looking for client ${clientId}`, async () => {
        const [found] = await table().find([{ column: "client_id", operator: "=", value: clientId }]);
        return found === undefined ? undefined : { client: clientOf(found), mark: readComment(found.comments).mark, settings: settingsFound(found) };
      });
    },

    async recall(client) {
      return doing(`reading ${shown}`, async () => {
        const record = await read(client);
        return record === undefined ? undefined : clientOf(record);
      });
    },

    async register(mark, wish, undoable) {
      return doing(`registering ${shown}`, async () => {
        const clientId = env.randomHex(32);
        const secret = newSecret();
        const byOurId = async (): Promise<ClientRecord | undefined> => (await table().find([{ column: "client_id", operator: "=", value: clientId }]))[0];
        undoable({
          what: `${shown} is removed`,
          run: async () => {
            const record = await byOurId();
            return record === undefined ? "nothing" : table().remove(record.sys_id);
          },
        });
        const fields = fieldsOf(settings, mark, wish.redirectUrls);
        let record: ClientRecord | undefined;
        try {
          record = await table().insert({ ...fields, type: "client", client_id: clientId, client_secret: secret });
        } catch (error) {
          if (!mayHaveHappened(error) || env.signal.aborted) throw error;
          // The answer was lost. The id is ours, and so is the secret: found, nothing is missing.
          record = await byOurId();
          if (record === undefined) throw error;
        }
        fresh = secret;
        return clientOf(await readBack(record.sys_id, { ...fields, type: "client", client_id: clientId }));
      });
    },

    complete: async (client) => client,

    async converge(client, mark, wish, formerly, undoable) {
      return doing(`changing ${shown}`, async () => {
        const record = last?.sys_id === sysIdOf(client) ? last : await read(client);
        if (record === undefined) throw new ConfigError(`${shown} is gone. Run again: a new one is made.`);
        const change = registryChange(record, settings, mark, wish.redirectUrls, formerly.redirectUrls);
        if (change === undefined) return clientOf(record);
        let refused = false;
        undoable({ what: `${shown} is as it was`, run: async () => (refused ? "nothing" : table().update(record.sys_id, change.back)) });
        try {
          await table().update(record.sys_id, change.forward);
        } catch (error) {
          refused = !mayHaveHappened(error);
          throw error;
        }
        return clientOf(await readBack(record.sys_id, change.forward));
      });
    },

    async addSecret(client): Promise<IssuedSecret> {
      return doing(`setting the secret of ${shown}`, async () => {
        const value = fresh ?? newSecret();
        if (fresh === undefined) await table().update(sysIdOf(client), { client_secret: value });
        return { keyId: "only", value, createdAt: env.now().toISOString() };
      });
    },
    // The former one ended when the present one was set.
    removeSecret: async () => undefined,
    markedSecrets: async () => [],

    probe: async () => ({
      verdict: "inconclusive",
      method: "none",
      detail: `ServiceNow shows nobody a secret, and its token endpoint answers a right and a wrong one alike. ${BY_HAND}`,
    }),

    async observe(client, _mark, wish) {
      return doing(`reading ${shown}`, async () => {
        const record = last?.sys_id === sysIdOf(client) ? last : await read(client);
        if (record === undefined) return { exists: false, drift: [`${shown} is gone from the instance`], notes: [], findings: [], settings: {} };
        return observationOf(record, client, wish, settings, shown);
      });
    },

    async successor(client, mark) {
      return doing(`reading ${shown}`, async () => {
        const record = await read(client);
        return record === undefined ? undefined : ownerOtherThan(mark, readComment(record.comments).mark);
      });
    },

    async delete(client) {
      return doing(`removing ${shown}`, async () => {
        if (!(await table().remove(sysIdOf(client)))) await read(client);
      });
    },

    outputs: () => ({}),
  };
}
