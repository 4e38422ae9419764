/** ServiceNow: an entry of the application registry (table oauth_entity). Its secret can be set and never read, and there is one at a time. */

import type { HttpLimits } from "../clients/http.js";
import { instanceReach, instanceUrl, serviceNowSignIn } from "../clients/serviceNowSignIn.js";
import {
  type ClientFields,
  type ClientRecord,
  type Column,
  createServiceNowTable,
  LONGEST_ACCESS_TOKEN_SECONDS,
  OAUTH_IS_ACTIVE,
  OAUTH_IS_OFF,
  type ServiceNowTable,
} from "../clients/serviceNowTable.js";
import type { Config } from "../core/config.js";
import type { Env } from "../core/env.js";
import { ConfigError, doing, mayHaveHappened, OdeusError, RemoteError } from "../core/errors.js";
import { nameOfMark, ownerOtherThan, readComment } from "../core/mark.js";
import { Secret } from "../core/secret.js";
import { minus } from "../core/sets.js";
import { askUntil } from "../core/wait.js";
import type { AuthorizationServer, IssuedSecret, RegisteredClient } from "./contract.js";
import { BY_HAND } from "./probes.js";
import { fieldsOf, ignoredColumns, observationOf, otherType, registryChange, type Seen, type ServiceNowSettings, settingsFound } from "./serviceNowRegistry.js";

export interface ServiceNowOptions {
  settings: ServiceNowSettings;
  /** The settings before, of this same client: what is no longer among them goes back to the standard. */
  formerly: Partial<ServiceNowSettings>;
  /** Subdomain or address; undefined: the configured one. */
  instance: string | undefined;
  config: Config;
  env: Env;
  limits: HttpLimits;
}

/** Columns that are written and compared. */
const MANAGED: readonly Column[] = ["name", "client_id", "active", "redirect_url", "access_token_lifespan", "refresh_token_lifespan", "comments"];

/** How long a record may take to show whose POST was not answered. */
const LATE_MS = 5000;
const MAY_STILL_APPEAR = "The instance shows no such record. Should it still appear, it is ours by its mark, and the next up goes on with it.";

export function createServiceNowServer(options: ServiceNowOptions): AuthorizationServer {
  const { settings, formerly: settingsBefore, config, env, limits } = options;
  const origin = instanceUrl(config, options.instance);
  const shown = `application registry "${settings.name}" on ${new URL(origin).host}`;
  let made: ServiceNowTable | undefined;
  const table = (): ServiceNowTable =>
    (made ??= createServiceNowTable({ baseUrl: origin, reach: instanceReach(config), signIn: serviceNowSignIn(config), env, limits }));
  /** What stands there by our last read, after our last write. */
  let last: Seen | undefined;
  /** The secret of a record that this operation has just made: nobody has used it yet. */
  let fresh: Secret | undefined;
  let warnedOf = "";

  const sysIdOf = ({ objects }: RegisteredClient): string => objects["sysId"] ?? "";
  /** `clientId` where the record may not show it. */
  const clientOf = (record: ClientRecord, clientId = record.client_id): RegisteredClient => ({
    clientId,
    objects: { sysId: record.sys_id, instance: origin },
  });

  /** Undefined: gone. A record that this user is not shown is no deletion. */
  async function read(sysId: string): Promise<Seen | undefined> {
    const record = await table().get(sysId);
    if (record === "hidden") throw unseen(sysId);
    last = record === undefined ? undefined : { record, unreadable: await unreadableOf(record) };
    return last;
  }

  function unseen(sysId: string): OdeusError {
    return new OdeusError(
      `ServiceNow does not show the record ${sysId} to this user: it is gone, or an access rule hides it. Give the user the role oauth_admin; if it is gone, take the resource out of the state (pulumi state delete).`,
    );
  }

  async function unreadableOf(record: ClientRecord): Promise<Column[]> {
    const empty = MANAGED.filter((column) => record[column] === "");
    const unreadable = empty.length === 0 ? [] : await table().blanked(record.sys_id, empty);
    const names = unreadable.join(", ");
    if (names !== "" && names !== warnedOf)
      env.say.warning(
        `${shown}: this user may not read ${names}, so what stands there is neither compared nor proven. Let the role oauth_admin read it (field access rules of oauth_entity).`,
      );
    warnedOf = names;
    return unreadable;
  }

  const known = async (client: RegisteredClient): Promise<Seen | undefined> => (last?.record.sys_id === sysIdOf(client) ? last : read(sysIdOf(client)));

  /** Unknown columns are ignored without a word, so what was written is read back and held against it. */
  async function readBack(sysId: string, fields: ClientFields): Promise<void> {
    const notTaken = async (): Promise<string[]> => {
      const seen = await read(sysId);
      if (seen === undefined) throw new OdeusError(`${shown} is gone right after it was written. Somebody else may be changing it; run again.`);
      return ignoredColumns(seen, fields);
    };
    // One answer from before the write must not undo it.
    const columns = (await notTaken()).length === 0 ? [] : await notTaken();
    if (columns.length > 0) throw ignored(columns.join(", "));
  }

  /** Nobody is shown a secret, but a change counts: where the count stays, the former secret is still in force. */
  async function replaceSecret(client: RegisteredClient, value: Secret): Promise<void> {
    const before = (await known(client))?.record.sys_mod_count;
    const { sys_mod_count: after } = await table().update(sysIdOf(client), { client_secret: value });
    if (after !== "" && after === before) throw ignored("client_secret");
  }

  function ignored(columns: string): OdeusError {
    return new OdeusError(
      `ServiceNow took the change of ${shown} and ignored ${columns}: a business rule, a data policy or an access rule of the instance stands against it. Ask its administrator which one, and run again.`,
    );
  }

  /** 404 is the answer for a record that is gone, for one that is hidden, and for one that this user may not delete. */
  async function removed(sysId: string): Promise<void> {
    if ((await table().remove(sysId)) || (await read(sysId)) === undefined || (await table().remove(sysId))) return;
    throw new OdeusError(
      `ServiceNow shows the record ${sysId} to this user and answers 404 when it is to be deleted: an access rule may stand against it. Give the user the role oauth_admin and run again.`,
    );
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

    async find(mark, held) {
      return doing(`looking for ${shown}`, async () => {
        const [marked, named] = await Promise.all([
          table().find([{ column: "comments", operator: "LIKE", value: mark.key }]),
          table().find([{ column: "name", operator: "=", value: settings.name }]),
        ]);
        const own = marked.find((record) => readComment(record.comments).mark?.key === mark.key);
        const [other] = named;
        if ((own ?? other)?.client_id === "")
          throw new ConfigError("it exists, and this user may not read its client id. Let the role oauth_admin read it (field access rules of oauth_entity).");
        if (own !== undefined) return clientOf(own);
        if (other === undefined) {
          // Without the right to see what is there, a second entry could be made beside the first.
          if (await table().seesAny()) return undefined;
          throw new ConfigError(
            "ServiceNow shows this user no application registry at all, not even those that every instance has. Give the user the role oauth_admin (mi_admin or admin also do).",
          );
        }
        const theirs = readComment(other.comments).mark;
        // The slots hold it already: the resource was renamed. Otherwise two resources would share one entry, and its one secret.
        if (theirs?.stack === mark.stack && (await held()).includes(other.client_id)) return clientOf(other);
        throw new ConfigError(
          `it exists (client ${other.client_id}), and ${theirs === undefined ? "this stack did not make it" : `is that of ${nameOfMark(theirs)}`}. Choose another serviceNow.name${theirs === undefined || theirs.stack === mark.stack ? ", or take it over with adoptClientId" : ""}.`,
        );
      });
    },

    async lookUp(clientId) {
      // The character begins another condition of a query, so no client id can be looked for with it.
      if (clientId.includes("^")) return undefined;
      return doing(`looking for client ${clientId}`, async () => {
        const [found] = await table().find([{ column: "client_id", operator: "=", value: clientId }]);
        if (found === undefined) return undefined;
        const { sys_created_on: made } = found;
        return {
          client: clientOf(found),
          mark: readComment(found.comments).mark,
          settings: settingsFound(found),
          // Nobody can tell when its secret was set; not before this.
          ...(made === "" ? {} : { secret: { createdAt: `${made.replace(" ", "T")}Z` } }),
        };
      });
    },

    async recall(client) {
      return doing(`reading ${shown}`, async () => {
        const seen = await read(sysIdOf(client));
        // An id that was changed by hand is put back: the slots hold the recorded one.
        return seen === undefined ? undefined : clientOf(seen.record, client.clientId);
      });
    },

    async register(mark, wish, undoable) {
      return doing(`registering ${shown}`, async () => {
        const clientId = env.randomHex(32);
        const secret = newSecret();
        let sysId: string | undefined;
        const byOurId = async (): Promise<string | undefined> => (await table().find([{ column: "client_id", operator: "=", value: clientId }]))[0]?.sys_id;
        undoable({
          what: `${shown} is removed`,
          run: async () => {
            const made = sysId ?? (await byOurId());
            if (made === undefined) return "nothing";
            return removed(made);
          },
        });
        const fields = { ...fieldsOf(settings, mark, wish.redirectUrls), type: "client", client_id: clientId };
        try {
          sysId = (await table().insert({ ...fields, client_secret: secret })).sys_id;
        } catch (error) {
          if (!mayHaveHappened(error) || env.signal.aborted) throw error;
          // The answer was lost. The id is ours, and so is the secret: found, nothing is missing. The instance may still be at it.
          sysId = await askUntil({ env, budgetMs: Math.min(limits.retryMs, LATE_MS) }, (found) => found !== undefined, byOurId);
          if (sysId === undefined) throw error instanceof RemoteError ? error.advise(`${MAY_STILL_APPEAR} Run again.`) : error;
        }
        fresh = secret;
        await readBack(sysId, fields);
        return { clientId, objects: { sysId, instance: origin } };
      });
    },

    complete: async (client) => client,

    async converge(client, mark, wish, formerly, undoable) {
      return doing(`changing ${shown}`, async () => {
        const seen = await known(client);
        if (seen === undefined) throw new ConfigError(`${shown} is gone. Run again: a new one is made.`);
        const { sys_id, comments } = seen.record;
        const type = otherType(seen.record);
        if (type !== undefined && readComment(comments).mark?.key !== mark.key)
          throw new ConfigError(`client ${client.clientId} is of the type ${type}, with which this instance signs in elsewhere: nobody can sign in to it.`);
        const anew = minus(wish.redirectUrls, formerly.redirectUrls);
        if (seen.unreadable.includes("redirect_url") && anew.length > 0)
          throw new ConfigError(
            `it cannot be seen whether ${anew.join(", ")} is registered: this user may not read redirect_url, and writing it blindly could take redirect URLs of others away. Let the role oauth_admin read it (field access rules of oauth_entity), and run again.`,
          );
        const change = registryChange(seen, {
          settings,
          formerly: settingsBefore,
          mark,
          clientId: client.clientId,
          redirectUrls: wish.redirectUrls,
          formerRedirectUrls: formerly.redirectUrls,
        });
        if (change !== undefined) {
          let refused = false;
          undoable({
            what: `${shown} is as it was`,
            run: async () => {
              if (refused) return "nothing";
              await table().update(sys_id, change.back);
              await readBack(sys_id, change.back);
              const lost = minus(Object.keys(change.forward), Object.keys(change.back));
              if (lost.length > 0) throw new OdeusError(`this user may not read ${lost.join(", ")}, so nobody knows what stood there before`);
              return undefined;
            },
          });
          try {
            await table().update(sys_id, change.forward);
          } catch (error) {
            refused = !mayHaveHappened(error);
            throw error;
          }
          await readBack(sys_id, change.forward);
        }
        return clientOf(seen.record, client.clientId);
      });
    },

    async addSecret(client): Promise<IssuedSecret> {
      return doing(`setting the secret of ${shown}`, async () => {
        const value = fresh ?? newSecret();
        if (fresh === undefined) await replaceSecret(client, value);
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
        const seen = await known(client);
        if (seen === undefined) return { exists: false, drift: [`${shown} is gone from the instance`], notes: [], findings: [], settings: {} };
        return observationOf(seen, client, wish, settings, shown);
      });
    },

    async successor(client, mark) {
      return doing(`reading ${shown}`, async () => {
        const seen = await read(sysIdOf(client));
        return seen === undefined ? undefined : ownerOtherThan(mark, readComment(seen.record.comments).mark);
      });
    },

    async delete(client) {
      return doing(`removing ${shown}`, async () => {
        await removed(sysIdOf(client));
      });
    },

    outputs: () => ({}),
  };
}
