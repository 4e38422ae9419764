/** Snowflake: an OAuth security integration for a custom client, with its two secrets. The name is the object; the account makes id and secrets. */

import type { HttpLimits } from "../clients/http.js";
import { SNOWFLAKE_CODES } from "../clients/snowflakeErrors.js";
import { asWritten } from "../clients/snowflakeNames.js";
import type { Config } from "../core/config.js";
import type { Env } from "../core/env.js";
import { ConfigError, doing, isRemote, mayHaveHappened, OdeusError } from "../core/errors.js";
import { type Mark, nameOfMark, ownerOtherThan, readComment } from "../core/mark.js";
import { bothEnded } from "../core/wait.js";
import type { AuthorizationServer, ClientWish, RegisteredClient } from "./contract.js";
import { createParameters, type Described, integrationChange, registered, type SnowflakeSettings, withoutTls } from "./snowflakeIntegration.js";
import { observationOf } from "./snowflakeObservation.js";
import { createSnowflakeSession, unlessGone } from "./snowflakeSession.js";

export interface SnowflakeServerOptions {
  /** Stored name. */
  name: string;
  settings: SnowflakeSettings;
  /** What the program set before: only that goes back to its standard. */
  formerly: SnowflakeSettings;
  /** The program declares alternate redirect URIs, or did. */
  declaresAlternates: boolean;
  /** Take over an integration of this name that others made. */
  adopt: boolean;
  /** The client of the state. */
  recorded: RegisteredClient | undefined;
  mark: Mark;
  config: Config;
  env: Env;
  limits: HttpLimits;
}

export function createSnowflakeServer(options: SnowflakeServerOptions): AuthorizationServer {
  const { name, settings, formerly, config, env, limits } = options;
  const shown = `security integration ${asWritten(name)}`;
  const session = createSnowflakeSession({ name, shown, recorded: options.recorded, config, env, limits });
  const { account, api, secrets, describe, describeUntil, requireDescribed, changing, alter, goneBeyondDoubt, unseen } = session;
  /** An integration of others that is to be taken over, as it was found, until people are told what that ends. */
  let adopted: Described | undefined;
  /** The one that people were told of: the plan looks at it, and so does what follows. */
  let taken: Described | undefined;

  /** As far as the configuration tells. What this role has seen once, it sees as long as it is there. */
  const roleInUse = (): string => config.text("snowflakeRole")?.toUpperCase() ?? `the default role of ${config.text("snowflakeUser") ?? "the token's user"}`;

  function clientOf(now: Described, objects: Record<string, string>): RegisteredClient {
    const [clientId, authorizationUrl, tokenUrl] = ["OAUTH_CLIENT_ID", "OAUTH_AUTHORIZATION_ENDPOINT", "OAUTH_TOKEN_ENDPOINT"].map((row) => now.get(row));
    if (clientId === undefined || clientId === "")
      throw new OdeusError("it has no client id, so it is none of a custom OAuth client. Choose another name, or drop it by hand.");
    return {
      clientId,
      objects: {
        ...objects,
        account: api().account,
        name,
        role: roleInUse(),
        ...(authorizationUrl === undefined ? {} : { authorizationUrl }),
        ...(tokenUrl === undefined ? {} : { tokenUrl }),
      },
    };
  }

  /**
   * Whether the list of alternate redirect URIs is ours to write. DESC does not show it and SET replaces it, so entries of others
   * would go without a word; and older accounts do not know the parameter.
   */
  const writesAlternates = (client?: RegisteredClient): boolean => options.declaresAlternates || alternatesOf(client).length > 0;

  /** What is registered of the wish. */
  function redirectUris({ redirectUrls }: ClientWish, client?: RegisteredClient): string[] {
    return (writesAlternates(client) ? redirectUrls : redirectUrls.slice(0, 1)).map(registered);
  }

  /** Told once, in the plan where it is known by then. */
  function endedByAdoption(wish: ClientWish): string[] {
    const found = adopted;
    adopted = undefined;
    return found === undefined ? [] : pushedOut(found, redirectUris(wish)).map((what) => `${shown} is taken over, and ${what}`);
  }

  const markIn = (now: Described): Mark | undefined => readComment(now.get("COMMENT") ?? "").mark;

  return {
    kind: "snowflake",
    secrets: "two",
    title: shown,
    showsAtOnce: true,
    adoptsByName: true,
    acceptances: 1,
    markPlace: "the part in brackets at the end of its COMMENT",
    hasEndpoints: true,
    endpoints({ objects: { authorizationUrl, tokenUrl } }) {
      return authorizationUrl === undefined || tokenUrl === undefined ? undefined : { authorizationUrl, tokenUrl };
    },
    slotTenant: () => undefined,

    async prepare(wish) {
      const plain = wish.redirectUrls.filter(withoutTls);
      if (plain.length > 0 && settings.oauthAllowNonTlsRedirectUri !== true)
        throw new ConfigError(
          `Snowflake refuses a redirect URI without TLS (390316): ${plain.join(", ")}. Use https, or set oauthAllowNonTlsRedirectUri for a test that stays on this machine.`,
        );
      // The plan of an update tells it, too.
      if (options.recorded !== undefined) await recall(options.recorded);
      return { warnings: endedByAdoption(wish) };
    },

    async find(mark) {
      return doing(`looking for ${shown}`, async () => {
        const now = await describe();
        if (now === undefined) return undefined;
        const theirs = markIn(now);
        if (theirs?.key === mark.key || theirs?.stack === mark.stack) return clientOf(now, {});
        if (theirs !== undefined)
          throw new ConfigError(
            `it exists, and is that of ${nameOfMark(theirs)}. Choose another name, or take it out of that stack first (pulumi state delete, then remove the mark: the part in brackets at the end of its COMMENT).`,
          );
        if (!options.adopt)
          throw new ConfigError(
            `it exists, and this stack did not make it. Set adopt to take it over, import it (pulumi import ... ${JSON.stringify(asWritten(name))}), or choose another name.`,
          );
        return takenOver(now);
      });
    },

    async lookUp(clientId) {
      return doing("looking for the security integration of a client id", async () => {
        const snowflake = await account();
        for (const row of await snowflake.list()) {
          const { mark } = readComment(row.comment);
          // DESC is asked of our own alone: an account may have hundreds.
          if (mark === undefined) continue;
          const now = await snowflake.describe(row.name).catch(unlessGone);
          if (now?.get("OAUTH_CLIENT_ID") === clientId) return { client: clientOf(now, {}), mark, settings: {} };
        }
        return undefined;
      });
    },

    recall,

    async register(mark, wish, undoable) {
      return doing(`creating ${shown}`, async () => {
        let [refused, made] = [false, false];
        /** What CREATE has made, and not what had the name before. */
        const isNew = (now: Described | undefined): now is Described => {
          const found = now && markIn(now);
          return found?.key === mark.key && found.generation === mark.generation && now?.get("OAUTH_CLIENT_ID") !== options.recorded?.clientId;
        };
        undoable({
          what: `${shown} is dropped`,
          run: async () => {
            if (refused) return "nothing";
            // Read anew: while the workspace was tried, somebody may have put another one in its place.
            session.forget();
            const now = made ? await describeUntil(isNew) : await describe();
            if (now !== undefined && markIn(now)?.key !== mark.key) return "nothing";
            try {
              // Also where it does not show: nothing but DROP can tell that nothing is left.
              return await changing((snowflake) => snowflake.drop(name));
            } catch (error) {
              if (made || now !== undefined) throw error;
              unlessGone(error);
              return "nothing";
            }
          },
        });
        try {
          await changing((snowflake) => snowflake.create(name, createParameters(settings, mark, redirectUris(wish))));
          made = true;
        } catch (error) {
          refused = !mayHaveHappened(error);
          // An answer was lost, and a repeat may be told that the name is taken: the mark says by whom.
          made = !refused && !env.signal.aborted && isNew(await describeUntil(isNew));
          if (!made) throw advised(error);
        }
        // A new client needs its secret next: it is read beside the description, and kept for that.
        const describing = describeUntil(isNew).then((now) => {
          if (isNew(now)) return now;
          throw new OdeusError(
            `the account took the statement and ${now === undefined ? "does not show the integration" : "shows another integration of this name"}. Run again.`,
          );
        });
        const idNow = async (): Promise<string | undefined> => (await describing).get("OAUTH_CLIENT_ID");
        const [now] = await bothEnded(
          describing,
          doing("reading its secrets", () => secrets.readNew(idNow)),
        );
        return clientOf(now, { alternates: alternatesIn(redirectUris(wish)) });
      });
    },

    complete: async (client) => client,

    async converge(client, mark, wish, _formerly, undoable) {
      return doing(`changing ${shown}`, async () => {
        for (const warning of endedByAdoption(wish)) env.say.warning(warning);
        const wished = redirectUris(wish, client);
        const change = integrationChange(await requireDescribed(), settings, formerly, mark, {
          wished,
          alternates: writesAlternates(client) ? alternatesOf(client) : undefined,
        });
        if (change === undefined) return client;
        let touched = false;
        undoable({ what: `${shown} is as it was`, run: async () => (touched ? alter(change.back) : "nothing") });
        await alter(change.forward, () => {
          touched = true;
        });
        return clientOf(await requireDescribed(), { ...client.objects, alternates: alternatesIn(wished) });
      });
    },

    readSecret: (_client, known) => doing(`reading the secrets of ${shown}`, () => secrets.inUse(known)),
    addSecret: (_client, _mark, known) => doing(`renewing a secret of ${shown}`, () => secrets.renewIdle(known)),
    removeSecret: (_client, keyId) => doing(`renewing the previous secret of ${shown}, which ends it`, () => secrets.renew(keyId === "2" ? 2 : 1)),
    // Both slots are always filled; which one is in use stands in the record.
    markedSecrets: async () => [],

    async probe(client, secret) {
      const method = "read back at the account";
      const { clientId, secrets: both } = await secrets.read();
      const right = clientId === client.clientId && both.some((one) => one.open() === secret.open());
      // Read before somebody changed it, maybe.
      if (!right) secrets.forget();
      return right
        ? { verdict: "accepted", method, detail: "The account shows this client id with this secret." }
        : { verdict: "rejected", method, detail: "The account shows another client id or other secrets: somebody has just changed them." };
    },

    async observe(client, _mark, wish, known) {
      return doing(`reading ${shown}`, async () => {
        const [now, { renewed, unread }] = await Promise.all([describe(), secrets.compare(known)]);
        if (now === undefined) {
          const { gone } = await goneBeyondDoubt();
          const sentence = gone
            ? `${shown} is gone from account ${api().account}`
            : `${shown} is gone from account ${api().account}, or this role has lost its rights on it (Snowflake does not tell which)`;
          return { exists: !gone, drift: [sentence], notes: [], findings: [], settings: {} };
        }
        const seen = observationOf({ now, client, wish, settings, shown, renewed });
        return unread === undefined ? seen : { ...seen, notes: [...seen.notes, `the secret in use of ${shown} was not compared: ${unread}`] };
      });
    },

    async successor(client, mark) {
      return doing(`reading ${shown}`, async () => {
        const now = await describe();
        // OR REPLACE by hand keeps the name and makes another client; this one is gone then.
        return now === undefined || now.get("OAUTH_CLIENT_ID") !== client.clientId ? undefined : ownerOtherThan(mark, markIn(now));
      });
    },

    async unseen() {
      return doing(`reading ${shown}`, async () => {
        if ((await describe()) !== undefined) return undefined;
        const { gone, role } = await goneBeyondDoubt();
        return gone ? undefined : unseen(role);
      });
    },

    async delete(client) {
      return doing(`dropping ${shown}`, async () => {
        const now = await describe();
        if (now !== undefined && now.get("OAUTH_CLIENT_ID") === client.clientId) return changing((snowflake) => snowflake.drop(name));
        if (now !== undefined) {
          // Made anew by ourselves, or replaced by hand.
          if (markIn(now)?.key !== options.mark.key) env.say.info(`${shown} has another client id by now, so somebody has replaced it: it is left alone.`);
          return;
        }
        const { gone, role } = await goneBeyondDoubt();
        if (gone) return;
        // The role that has seen it ever since sees it no more: dropped, maybe by a run of ours that died.
        if (![roleInUse(), role].includes(client.objects["role"] ?? "")) throw unseen(role);
        env.say.warning(`${shown} does not show any more, so it counts as dropped; if ${role} has only lost its rights on it, drop it by hand.`);
      });
    },

    outputs: ({ objects }) => ({
      ...(objects["authorizationUrl"] === undefined ? {} : { authorizationUrl: objects["authorizationUrl"] }),
      ...(objects["tokenUrl"] === undefined ? {} : { tokenUrl: objects["tokenUrl"] }),
    }),
  };

  async function recall(client: RegisteredClient): Promise<RegisteredClient | undefined> {
    return doing(`reading ${shown}`, async () => {
      const now = await describe();
      // CREATE tells a lost right (002002) from a deletion.
      if (now === undefined) return undefined;
      const theirs = markIn(now);
      const clientId = now.get("OAUTH_CLIENT_ID");
      if (clientId === undefined || clientId === client.clientId || theirs?.stack === options.mark.stack) return clientOf(now, client.objects);
      if (theirs !== undefined)
        throw new ConfigError(`it was replaced, and is by now that of ${nameOfMark(theirs)}. Choose another name, or take it out of that stack first.`);
      // Under the name alone it would be overwritten now and dropped with this resource: what proves that one is ours is its client id.
      if (!options.adopt)
        throw new ConfigError(
          `somebody has replaced it: its client id is ${clientId} by now, and this stack did not make that one. Set adopt to take it over, or choose another name.`,
        );
      return takenOver(now);
    });
  }

  function takenOver(now: Described): RegisteredClient {
    const type = settings.oauthClientType ?? "CONFIDENTIAL";
    if (now.get("OAUTH_CLIENT_ID") === undefined || now.get("OAUTH_CLIENT_TYPE") !== type)
      throw new ConfigError(`it cannot be adopted: it is no custom OAuth client of the type ${type}, and its type cannot be changed.`);
    // Looked at twice, it is told once.
    if (taken !== now) {
      env.say.info(`${shown} is taken over: it gets our mark in its comment and what is declared here.`);
      taken = adopted = now;
    }
    return clientOf(now, {});
  }

  function advised(error: unknown): unknown {
    if (!isRemote(error, undefined, SNOWFLAKE_CODES.alreadyExists)) return error;
    return error.advise(
      `It exists, and ${config.text("snowflakeRole") === undefined ? "" : "role "}${roleInUse()} has no rights on it. Grant it OWNERSHIP, use the role that owns it, or choose another name.`,
    );
  }
}

/** DESC does not show them, so they are recorded. */
const alternatesIn = (redirectUris: readonly string[]): string => JSON.stringify(redirectUris.slice(1));
const alternatesOf = (client?: RegisteredClient): string[] => JSON.parse(client?.objects["alternates"] ?? "[]") as string[];

/** Sign-ins that an adoption ends, in words: those through redirect URIs that are not declared. */
function pushedOut(adopted: Described, redirectUris: readonly string[]): string[] {
  const theirs = adopted.get("OAUTH_REDIRECT_URI") ?? "";
  return [
    theirs === "" || redirectUris.includes(theirs)
      ? ""
      : `its redirect URI ${theirs} is pushed out: whoever signs in through it is refused from then on. To keep it, name it in oauthAlternateRedirectUris.`,
    redirectUris.length > 1 && !adopted.has("OAUTH_ALTERNATE_REDIRECT_URIS")
      ? "its alternate redirect URIs, which Snowflake does not show, are replaced by those of oauthAlternateRedirectUris."
      : "",
  ].filter((sentence) => sentence !== "");
}
