/** Microsoft Entra: an app registration with service principal, client secrets and, on request, tenant-wide consent. */

import { cloudOf, forgetSession, signIn } from "../clients/entraSignIn.js";
import { type Application, createGraph, type Graph } from "../clients/graph.js";
import type { HttpLimits } from "../clients/http.js";
import type { Config } from "../core/config.js";
import type { Env } from "../core/env.js";
import { ConfigError, doing, isRemote, mayHaveHappened } from "../core/errors.js";
import { isKey, markOfTags, ownerOtherThan } from "../core/mark.js";
import { createSideBySide } from "../core/sideBySide.js";
import { askUntil, bothEnded, type Patience, untilReady } from "../core/wait.js";
import type { AuthorizationServer, ClientWish, Observation, RegisteredClient, Undoable } from "./contract.js";
import { audienceOf, change, type EntraSettings, newBody, overwritten, seen } from "./entraApplication.js";
import { convergeGrant, ensureServicePrincipal, findGrant, notReplicated, scopesOf } from "./entraConsent.js";
import { newLogo, withLogo } from "./entraLogo.js";
import { observation } from "./entraObservation.js";
import { policyWarnings, readSecretPolicy, type SecretPolicy } from "./entraPolicy.js";
import { createRecycleBin } from "./entraRecycleBin.js";
import { bareScope, readCatalogue, type ScopeCatalogue, scopeIds } from "./entraScopes.js";
import { createEntraSecrets } from "./entraSecrets.js";
import { clientCredentialsProbe, type Probe } from "./probes.js";

export interface EntraOptions {
  settings: EntraSettings;
  /** The settings before, of this same client: what is no longer among them is cleared. */
  formerly: Partial<EntraSettings>;
  /** Undefined: the tenant of the credentials. */
  tenantId: string | undefined;
  config: Config;
  env: Env;
  limits: HttpLimits;
}

/** Where people of each audience sign in, in place of the tenant's own. */
const AUDIENCES: Readonly<Record<string, string>> = {
  AzureADMultipleOrgs: "common",
  AzureADandPersonalMicrosoftAccount: "common",
  PersonalMicrosoftAccount: "consumers",
};
/** How long a new object may take to be visible everywhere; minutes were seen. */
const REPLICATION_MS = 300_000;

/** Graph's own list of scopes is long, and one for all apps of a tenant. */
const catalogues = createSideBySide<ScopeCatalogue>(60_000);
const policies = createSideBySide<SecretPolicy | undefined>(60_000);

export function createEntraServer(options: EntraOptions): AuthorizationServer {
  const { settings, formerly: settingsBefore, config, env, limits } = options;
  const cloud = cloudOf(config);
  const signedIn = () => signIn(config, options.tenantId, env, limits);
  const graph: Graph = createGraph({ root: cloud.graph, env, limits, signIn: signedIn, forgetSession: () => forgetSession(config, options.tenantId) });
  const patience: Patience = { env, budgetMs: REPLICATION_MS };
  const name = `app registration "${settings.displayName}"`;
  const title = `${name}${options.tenantId === undefined ? "" : ` in tenant ${options.tenantId}`}`;
  const tenantKey = `${cloud.graph} ${options.tenantId ?? ""} ${config.text("entraClientId") ?? ""}`;
  let catalogue: Promise<ScopeCatalogue> | undefined;
  const scopes = (): Promise<ScopeCatalogue> => {
    catalogue ??= catalogues.ask(tenantKey, env, () => readCatalogue(graph));
    return catalogue;
  };
  let restrictions: Promise<SecretPolicy | undefined> | undefined;
  const policy = (): Promise<SecretPolicy | undefined> => {
    restrictions ??= policies.ask(tenantKey, env, () => readSecretPolicy(graph, env.now()));
    return restrictions;
  };
  /** Object ids of apps that this operation has just made: nobody has seen them, so nobody has given them anything. */
  const untouched = new Set<string>();

  async function tenant(): Promise<string> {
    const { tenantId, identity } = await signedIn();
    // A tenant may also be named by a domain, which the token does not tell.
    if (
      options.tenantId !== undefined &&
      /^[0-9a-f-]{36}$/i.test(options.tenantId) &&
      tenantId !== undefined &&
      tenantId.toLowerCase() !== options.tenantId.toLowerCase()
    ) {
      throw new ConfigError(`the credentials ("${identity}") are for tenant ${tenantId}, and this app registration is in tenant ${options.tenantId}.`);
    }
    const known = tenantId ?? options.tenantId;
    if (known === undefined) throw new ConfigError("no tenant: set entra.tenantId on the resource, odeus:entra.tenantId, or ARM_TENANT_ID.");
    return known;
  }

  const clientOf = (application: Application, tenantId: string, more: Record<string, string> = {}): RegisteredClient => ({
    clientId: application.appId,
    tenantId,
    objects: { ...more, objectId: application.id },
  });
  const objectIdOf = (client: RegisteredClient): string => client.objects["objectId"] ?? "";
  /** An app that others made is recorded with its audience, which stays until the program names one. */
  const standingAudience = ({ objects }: RegisteredClient): string | undefined => objects["signInAudience"];
  /** What the program says of this client, the audience that holds without a word included. */
  const declaredFor = (client: RegisteredClient): EntraSettings =>
    standingAudience(client) === undefined ? { ...settings, signInAudience: audienceOf(settings, undefined) } : settings;
  /** Scopes of the tenant-wide consent that are ours. */
  const grantedTo = (client: RegisteredClient): string[] => (client.objects["granted"] ?? "").split(" ").filter((scope) => scope !== "");
  /** Names that exist no more (a former wish may hold them) have no id; `prepare` has refused those of the wish itself. */
  const ids = async (wish: ClientWish): Promise<string[]> => {
    const { idOf } = await scopes();
    return wish.scopes.flatMap((scope) => idOf.get(bareScope(scope)) ?? []);
  };

  /** The application, once it is visible everywhere. */
  const application = (objectId: string): Promise<Application | undefined> =>
    askUntil<Application | undefined>(
      { env, budgetMs: 10_000 },
      (found) => found !== undefined,
      () => graph.getApplication(objectId),
    );

  const { remove, restore, deletedOfOurs } = createRecycleBin(graph, env, name, patience);
  const secrets = createEntraSecrets({ graph, env, patience, settings, name, title, objectIdOf, application, untouched });

  /** The service principal, made where it is missing and enabled where somebody disabled it: otherwise nobody can sign in. */
  async function usableServicePrincipal(app: Pick<Application, "id" | "appId">, undoable: Undoable): Promise<string> {
    const known = untouched.has(app.id) ? undefined : await graph.findServicePrincipal(app.appId);
    const { id, accountEnabled } = known ?? (await ensureServicePrincipal(graph, app.appId, patience));
    if (accountEnabled === false) {
      undoable({ what: `${name} is disabled again`, run: () => graph.enableServicePrincipal(id, false) });
      await graph.enableServicePrincipal(id, true);
    }
    return id;
  }

  /** Service principal and consent: what sign-in needs beside the app itself. */
  async function complete(app: Pick<Application, "id" | "appId">, client: RegisteredClient, wish: ClientWish, undoable: Undoable): Promise<RegisteredClient> {
    const objects = { ...client.objects };
    const servicePrincipal = await usableServicePrincipal(app, undoable);
    objects["servicePrincipalId"] = servicePrincipal;
    const granted = grantedTo(client);
    const wished = settings.grantAdminConsent ? wish.scopes.map(bareScope) : [];
    if (wished.length > 0 || granted.length > 0) {
      const ids = { servicePrincipalId: servicePrincipal, resourceId: (await scopes()).resourceId };
      const ours = await convergeGrant(graph, ids, { wished, formerly: granted }, patience, (held) =>
        undoable({
          what: `the tenant-wide consent for ${name} is as it was`,
          run: () => convergeGrant(graph, ids, { wished: held, formerly: wished }, patience),
        }),
      );
      objects["granted"] = ours.join(" ");
    }
    return { ...client, objects };
  }

  /** A deleted app keeps its grants and has them again when it is restored, by when ours may not be wanted any more. */
  async function takeBackConsent(client: RegisteredClient): Promise<void> {
    const granted = grantedTo(client);
    const servicePrincipal = granted.length === 0 ? undefined : await graph.findServicePrincipal(client.clientId);
    if (servicePrincipal === undefined) return;
    const ids = { servicePrincipalId: servicePrincipal.id, resourceId: (await scopes()).resourceId };
    await convergeGrant(graph, ids, { wished: [], formerly: granted }, patience);
  }

  return {
    kind: "entra",
    secrets: "many",
    title,
    acceptances: 3,
    markPlace: 'the tags of the app registration that start with "odeus-"',
    hasEndpoints: true,
    endpoints(client) {
      const audience = AUDIENCES[audienceOf(settings, standingAudience(client))] ?? client.tenantId;
      const base = `${cloud.authority}/${audience}/oauth2/v2.0`;
      return { authorizationUrl: `${base}/authorize`, tokenUrl: `${base}/token` };
    },
    slotTenant: (client) => (audienceOf(settings, standingAudience(client)) === "AzureADMyOrg" ? client.tenantId : undefined),

    async prepare(wish) {
      return doing(`checking ${title}`, async () => {
        await tenant();
        const restricted = policy();
        restricted.catch(() => undefined);
        scopeIds(await scopes(), wish.scopes);
        return { warnings: policyWarnings(await restricted, settings.secretLifetimeDays) };
      });
    },

    async find(mark) {
      return doing(`looking for ${title}`, async () => {
        // Needed next, whatever is found.
        scopes().catch(() => undefined);
        policy().catch(() => undefined);
        const [found, tenantId] = await Promise.all([graph.findApplicationByKey(mark.key), tenant()]);
        if (found === undefined) return undefined;
        if (markOfTags(found.tags)?.key !== mark.key) {
          throw new ConfigError(
            `the app registration ${found.appId} has our unique name "${mark.key}" but not our tags, so it is left alone. Delete it, or give it the tags of this resource back.`,
          );
        }
        return clientOf(found, tenantId);
      });
    },

    async lookUp(clientId) {
      // A client of another vendor: Graph has no answer to an id that is no GUID.
      if (!/^[0-9a-f-]{36}$/i.test(clientId)) return undefined;
      return doing(`looking for app registration ${clientId}`, async () => {
        const [app, tenantId] = await Promise.all([graph.findApplicationByAppId(clientId), tenant()]);
        const found = app ?? (await deletedOfOurs(clientId));
        if (found === undefined) return undefined;
        const client = clientOf(found, tenantId, isKey(found.uniqueName) ? {} : { signInAudience: found.signInAudience });
        return { client, mark: markOfTags(found.tags), ...seen(found, env.now()), overwrites: overwritten(found, declaredFor(client)) };
      });
    },

    async recall(client, undoable) {
      return doing(`reading ${title}`, async () => {
        await tenant();
        const objectId = objectIdOf(client);
        if ((await graph.getApplication(objectId)) !== undefined) return client;
        if ((await graph.getDeletedApplication(objectId)) === undefined) return undefined;
        undoable({ what: `${name} is deleted again`, run: () => remove(objectId, false) });
        await restore(objectId);
        return client;
      });
    },

    async register(mark, wish, undoable) {
      return doing(`registering ${title}`, async () => {
        const tenantId = await tenant();
        const body = newBody(settings, mark, wish, await ids(wish));
        let restored = false;
        let refused = false;
        undoable({
          what: `${name} and its secrets are removed`,
          run: async () => {
            if (refused) return "nothing";
            const made = await askUntil<Application | undefined>(
              { env, budgetMs: 4000 },
              (found) => found !== undefined,
              () => graph.findApplicationByKey(mark.key),
            );
            // An app that was restored goes back to the recycle bin, where it came from.
            if (made === undefined || markOfTags(made.tags)?.key !== mark.key) return "nothing";
            await remove(made.id, !restored);
            return undefined;
          },
        });
        const upsert = async (): Promise<Application> => {
          const made = await graph.upsertApplication(mark.key, body);
          if (made !== undefined) {
            untouched.add(made.id);
            return made;
          }
          const found = await askUntil<Application | undefined>(
            patience,
            (app) => app !== undefined,
            () => graph.findApplicationByKey(mark.key),
          );
          if (found === undefined)
            throw new ConfigError(`Microsoft Graph took ${name} and does not show it after ${REPLICATION_MS / 60_000} minutes. Run again.`);
          return found;
        };
        let app: Application;
        try {
          app = await upsert();
        } catch (error) {
          refused = !mayHaveHappened(error);
          if (!isRemote(error, 400, "UniqueNameTaken")) throw error;
          const deleted = (await graph.listDeletedApplications()).find((one) => one.uniqueName === mark.key);
          if (deleted === undefined || markOfTags(deleted.tags)?.key !== mark.key) {
            throw new ConfigError(
              `a deleted app registration holds our unique name "${mark.key}" without our tags. Purge it in the Entra admin centre (App registrations > Deleted applications), or wait until its 30 days are over.`,
            );
          }
          env.say.progress(`restoring ${name}, deleted earlier`);
          [restored, refused] = [true, false];
          await restore(deleted.id);
          app = await untilReady(patience, (again) => notReplicated(again) || isRemote(again, 400, "UniqueNameTaken"), upsert);
        }
        return clientOf(app, tenantId);
      });
    },

    async complete(client, wish) {
      // What is made here goes with the app.
      return doing(`registering ${title}`, async () => {
        const app = { id: objectIdOf(client), appId: client.clientId };
        const [made, { objects }] = await bothEnded(
          complete(app, client, wish, () => undefined),
          withLogo(graph, patience, settings, client, app.id),
        );
        return { ...made, objects: { ...objects, ...made.objects } };
      });
    },

    async converge(client, mark, wish, formerly, undoable) {
      return doing(`updating ${title}`, async () => {
        const objectId = objectIdOf(client);
        const [app] = await Promise.all([application(objectId), newLogo(settings, client)]);
        if (app === undefined) throw new ConfigError(`the app registration ${client.clientId} is gone. Run again: a new one is made.`);
        const patch = change(
          app,
          declaredFor(client),
          settingsBefore,
          mark,
          { wished: wish.redirectUrls, formerly: formerly.redirectUrls },
          { wished: await ids(wish), formerly: await ids(formerly) },
        );
        if (patch !== undefined) {
          let refused = false;
          undoable({ what: `${name} is as it was`, run: async () => (refused ? "nothing" : graph.patchApplication(objectId, patch.back)) });
          try {
            await untilReady(patience, notReplicated, () => graph.patchApplication(objectId, patch.forward));
          } catch (error) {
            refused = !mayHaveHappened(error);
            throw error;
          }
        }
        const audience = standingAudience(client) === undefined ? {} : { signInAudience: audienceOf(settings, app.signInAudience) };
        return complete(app, { ...client, objects: { ...client.objects, ...audience } }, wish, undoable);
      });
    },

    finish: (client) => doing(`updating ${title}`, () => withLogo(graph, patience, settings, client, objectIdOf(client))),

    ...secrets,

    async probe(client, clientSecret) {
      const tokenUrl = `${cloud.authority}/${await tenant()}/oauth2/v2.0/token`;
      const probe: Probe = { endpoint: { url: tokenUrl }, clientId: client.clientId, clientSecret, authentication: "post", env, limits };
      return clientCredentialsProbe(probe, `${new URL(cloud.graph).origin}/.default`);
    },

    async observe(client, _mark, wish, known): Promise<Observation> {
      return doing(`reading ${title}`, async () => {
        await tenant();
        const objectId = objectIdOf(client);
        const catalogueAsked = scopes();
        catalogueAsked.catch(() => undefined);
        const [app, servicePrincipal] = await Promise.all([graph.getApplication(objectId), graph.findServicePrincipal(client.clientId)]);
        const gone = { notes: [], findings: [], settings: {} };
        if (app === undefined) {
          const deleted = await graph.getDeletedApplication(objectId);
          if (deleted === undefined) return { ...gone, exists: false, drift: [`${name} (${client.clientId}) is gone from Entra`] };
          return { ...gone, exists: true, drift: [`${name} (${client.clientId}) was deleted at Entra; it can still be restored`] };
        }
        const catalogued = await catalogueAsked;
        const granted =
          settings.grantAdminConsent && servicePrincipal !== undefined ? scopesOf(await findGrant(graph, servicePrincipal.id, catalogued.resourceId)) : [];
        const read = { app, servicePrincipal, granted, name, settings: declaredFor(client), standingAudience: standingAudience(client), catalogue: catalogued };
        return observation(read, wish, known);
      });
    },

    async successor(client, mark) {
      return doing(`reading ${title}`, async () => {
        const app = await graph.getApplication(objectIdOf(client));
        return app === undefined ? undefined : ownerOtherThan(mark, markOfTags(app.tags));
      });
    },

    async delete(client, how) {
      return doing(`removing ${title}`, async () => {
        await takeBackConsent(client);
        await remove(objectIdOf(client), how === "final" || settings.purgeOnDestroy);
      });
    },

    outputs: (client) => ({
      appObjectId: objectIdOf(client),
      adminConsentUrl: `${cloud.authority}/${client.tenantId ?? "organizations"}/adminconsent?client_id=${client.clientId}`,
    }),
  };
}
