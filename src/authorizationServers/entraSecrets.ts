/** Client secrets of an Entra app: issued under a name of ours, found again by it, and removed by key id. */

import type { Application, Graph } from "../clients/graph.js";
import type { Env } from "../core/env.js";
import { ConfigError, doing, isRemote, mayHaveHappened } from "../core/errors.js";
import { type Patience, untilReady } from "../core/wait.js";
import type { AuthorizationServer, IssuedSecret, RegisteredClient } from "./contract.js";
import type { EntraSettings } from "./entraApplication.js";
import { notReplicated } from "./entraConsent.js";

export interface EntraSecretsOptions {
  graph: Graph;
  env: Env;
  patience: Patience;
  settings: EntraSettings;
  /** The app as people know it, without and with its tenant. */
  name: string;
  title: string;
  objectIdOf: (client: RegisteredClient) => string;
  /** The application, once it is visible everywhere. */
  application: (objectId: string) => Promise<Application | undefined>;
  /** Object ids of apps that have just been made: nobody has given them a secret. */
  untouched: ReadonlySet<string>;
}

const DAY = 86_400_000;
const LIMIT = "LimitReached";

export function createEntraSecrets(options: EntraSecretsOptions): Pick<AuthorizationServer, "addSecret" | "isFull" | "removeSecret" | "markedSecrets"> {
  const { graph, env, patience, settings, name, title, objectIdOf, application, untouched } = options;
  return {
    async addSecret(client, mark, known, undoable) {
      return doing(`issuing a secret for ${title}`, async () => {
        const objectId = objectIdOf(client);
        const displayName = `${mark.key} ${env.randomHex(8)}`;
        const endDateTime = new Date(env.now().getTime() + settings.secretLifetimeDays * DAY).toISOString();
        const removeThisOne = async (kept?: string): Promise<void> => {
          const app = await application(objectId);
          for (const { keyId, displayName: of } of app?.passwordCredentials ?? [])
            if (of === displayName && keyId !== kept && !known.keyIds.includes(keyId)) await graph.removePassword(objectId, keyId);
        };
        undoable({ what: `the new secret of ${name} is removed`, run: () => removeThisOne() });
        const issue = async (): Promise<IssuedSecret> => {
          const { credential, secret } = await untilReady(patience, notReplicated, () => graph.addPassword(objectId, displayName, endDateTime));
          return {
            keyId: credential.keyId,
            value: secret,
            createdAt: credential.startDateTime ?? env.now().toISOString(),
            expiresAt: credential.endDateTime ?? endDateTime,
          };
        };
        try {
          return await issue();
        } catch (error) {
          if (isRemote(error, undefined, "LifetimeForbidden"))
            throw error.advise(`The tenant's policy forbids a secret of ${settings.secretLifetimeDays} days: set a shorter entra.secretLifetimeDays.`);
          if (isRemote(error, undefined, LIMIT))
            throw error.advise(
              "The app has as many secrets as Entra allows, which are two where personal accounts may sign in. Run again when the overlap of the previous one is over (output retiring), or remove one that nobody needs.",
            );
          if (!mayHaveHappened(error) || env.signal.aborted) throw error;
          // The answer was lost, and with it the value: the secret, if there is one, is of no use to anybody.
          await removeThisOne();
          const issued = await issue();
          // A replica that lags may have shown it only by now.
          await removeThisOne(issued.keyId);
          return issued;
        }
      });
    },

    isFull: (error) => isRemote(error, undefined, LIMIT),

    async removeSecret(client, keyId) {
      await doing(`removing a secret of ${title}`, () => graph.removePassword(objectIdOf(client), keyId));
      return undefined;
    },

    async markedSecrets(client, mark, { keyIds }) {
      if (untouched.has(objectIdOf(client))) return [];
      const app = await application(objectIdOf(client));
      // To take one that does not show for one without secrets would forget those that it has.
      if (app === undefined) throw new ConfigError(`the app registration ${client.clientId} is gone. Run again: a new one is made.`);
      const ours = app.passwordCredentials.filter(({ displayName, keyId }) => displayName?.startsWith(`${mark.key} `) || keyIds.includes(keyId));
      return ours.map(({ keyId }) => keyId);
    },
  };
}
