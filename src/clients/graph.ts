/** Microsoft Graph v1.0, call by call, for app registrations; Graph's misleading answers get codes of their own here. */

import type { Env } from "../core/env.js";
import { RemoteError } from "../core/errors.js";
import { Secret } from "../core/secret.js";
import type { SignedIn } from "./entraSignIn.js";
import { createHttp, type HttpAnswer, type HttpCall, type HttpLimits } from "./http.js";

export const MICROSOFT_GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000";

export interface PasswordCredential {
  keyId: string;
  displayName: string | null;
  startDateTime: string | null;
  endDateTime: string | null;
}
export interface AppManagementPolicy {
  isEnabled: boolean;
  applicationRestrictions?: {
    passwordCredentials?: { restrictionType: string; maxLifetime?: string | null; restrictForAppsCreatedAfterDateTime?: string | null; state?: string }[];
  };
}
export interface RequiredResourceAccess {
  resourceAppId: string;
  resourceAccess: { id: string; type: string }[];
}
export interface Application {
  id: string;
  appId: string;
  uniqueName: string | null;
  displayName: string;
  signInAudience: string;
  /** Deactivated by its owner or an administrator; a cloud that does not know the property leaves it out. */
  isDisabled?: boolean | null;
  notes: string | null;
  tags: string[];
  web: { redirectUris: string[]; homePageUrl: string | null };
  info: { privacyStatementUrl: string | null; termsOfServiceUrl: string | null };
  /** Left out where nobody has set anything of it. */
  api?: { requestedAccessTokenVersion?: number | null };
  requiredResourceAccess: RequiredResourceAccess[];
  passwordCredentials: PasswordCredential[];
}
/** What is written: any part of it. */
export type ApplicationBody = Partial<Omit<Application, "id" | "appId" | "uniqueName" | "passwordCredentials" | "web" | "info">> & {
  web?: Partial<Application["web"]>;
  info?: Partial<Application["info"]>;
};
export interface ServicePrincipal {
  id: string;
  appId: string;
  accountEnabled?: boolean;
  oauth2PermissionScopes?: { id: string; value: string; type: string; isEnabled: boolean }[];
}
export interface PermissionGrant {
  id: string;
  resourceId: string;
  scope: string;
}

/** Answers that look wrong and mean "wait", or mean something else than their status says. Fragile: only the text tells. */
const TEXT_CODES: readonly [RegExp, string][] = [
  [/does not reference a valid application object/i, "ApplicationNotReplicated"],
  [/backing application .* must .*in the local tenant/i, "ApplicationNotReplicated"],
  [/queried reference-property objects are not present/i, "ReferenceNotReplicated"],
  [/same value for property uniqueName already exists/i, "UniqueNameTaken"],
  [/No password credential found with keyId/i, "PasswordGone"],
  [/Permission entry already exists/i, "GrantExists"],
  [/Credential lifetime exceeds the max value/i, "LifetimeForbidden"],
  [/size of the object has exceeded its limit/i, "LimitReached"],
];

/** An app that somebody else made: the right for one's own does not reach it. */
const OWNER = "Application.ReadWrite.OwnedBy as an owner of the app, or Application.ReadWrite.All";
const NEEDS: Readonly<Record<string, string>> = {
  patchApplication: OWNER,
  addPassword: OWNER,
  removePassword: OWNER,
  deleteApplication: OWNER,
  putLogo: OWNER,
  createGrant: "DelegatedPermissionGrant.ReadWrite.All",
  patchGrant: "DelegatedPermissionGrant.ReadWrite.All",
  deleteGrant: "DelegatedPermissionGrant.ReadWrite.All",
  listGrants: "DelegatedPermissionGrant.ReadWrite.All",
  listDeletedApplications: "Application.Read.All",
};

/** What Graph says of an object that it does not know yet, or that is being changed. */
const LAGGING: readonly number[] = [404, 409];

export type Graph = ReturnType<typeof createGraph>;

export function createGraph(options: { root: string; env: Env; limits: HttpLimits; signIn: () => Promise<SignedIn>; forgetSession: () => void }) {
  const host = new URL(options.root).host;
  const http = createHttp({
    service: "Microsoft Graph",
    baseUrl: options.root,
    env: options.env,
    limits: options.limits,
    requestIdHeader: "request-id",
    headers: async () => ({ Authorization: `Bearer ${(await options.signIn()).token.open()}` }),
    wordsOf,
  });

  async function send(call: HttpCall): Promise<HttpAnswer> {
    let answer = await http(call);
    if (answer.status === 401) {
      // The token ended between two calls; nothing was done, so even a call that is never repeated may go again.
      options.forgetSession();
      answer = await http(call);
    }
    if (answer.status < 400) return answer;
    const { code, words } = wordsOf(answer.json);
    const requestId = answer.headers["request-id"];
    const remedy =
      answer.status === 403 && code !== "ApplicationNotReplicated"
        ? `The identity "${(await options.signIn()).identity}" needs the application permission ${NEEDS[call.operation] ?? "Application.ReadWrite.OwnedBy"}, with admin consent.`
        : LAGGING.includes(answer.status)
          ? "Run again: another replica, or somebody else's change, may have been in the way."
          : undefined;
    throw new RemoteError({
      service: "Microsoft Graph",
      operation: call.operation,
      host,
      outcome: "refused",
      status: answer.status,
      said: "refused it",
      ...{ code, words, requestId, remedy },
    });
  }
  /** A read in which "no such object" is an answer. */
  async function find<T>(call: Omit<HttpCall, "method" | "repeat">): Promise<T | undefined> {
    try {
      return (await send({ ...call, method: "GET", repeat: "repeatable" })).json as T;
    } catch (error) {
      if (error instanceof RemoteError && error.failure.status === 404) return undefined;
      throw error;
    }
  }
  const application = (objectId: string) => `/applications/${encodeURIComponent(objectId)}`;
  const byKey = (uniqueName: string) => `/applications(uniqueName='${encodeURIComponent(quoted(uniqueName))}')`;
  const byAppId = (collection: string, appId: string) => `/${collection}(appId='${encodeURIComponent(quoted(appId))}')`;
  const UPSERT = { Prefer: "create-if-missing" };

  return {
    getApplication: (objectId: string) => find<Application>({ operation: "getApplication", path: application(objectId) }),
    findApplicationByKey: (uniqueName: string) => find<Application>({ operation: "getApplication", path: byKey(uniqueName) }),
    findApplicationByAppId: (appId: string) => find<Application>({ operation: "getApplication", path: byAppId("applications", appId) }),
    /** Answers the new application, or undefined when one with this key was there and has been updated. */
    async upsertApplication(uniqueName: string, json: ApplicationBody): Promise<Application | undefined> {
      const answer = await send({ operation: "upsertApplication", method: "PATCH", path: byKey(uniqueName), headers: UPSERT, json, repeat: "repeatable" });
      return answer.status === 201 ? (answer.json as Application) : undefined;
    },
    async patchApplication(objectId: string, json: ApplicationBody): Promise<void> {
      await send({ operation: "patchApplication", method: "PATCH", path: application(objectId), json, repeat: "repeatable" });
    },
    /** Soft: restorable for 30 days. False: there was no such application, or it is not visible yet. */
    async deleteApplication(objectId: string): Promise<boolean> {
      return found(() => send({ operation: "deleteApplication", method: "DELETE", path: application(objectId), repeat: "repeatable" }));
    },
    async listDeletedApplications(): Promise<Application[]> {
      const found: Application[] = [];
      let path: string | undefined = "/directory/deletedItems/microsoft.graph.application";
      while (path !== undefined) {
        const answer: HttpAnswer = await send({ operation: "listDeletedApplications", method: "GET", path, repeat: "repeatable" });
        const page = answer.json as { value: Application[]; "@odata.nextLink"?: string };
        found.push(...page.value);
        // Only below the root that we were told: a link elsewhere must not get our token.
        const next = page["@odata.nextLink"];
        path = next?.startsWith(`${options.root}/`) ? next.slice(options.root.length) : undefined;
      }
      return found;
    },
    getDeletedApplication: (objectId: string) =>
      find<Application>({ operation: "getDeletedItem", path: `/directory/deletedItems/${encodeURIComponent(objectId)}` }),
    async restoreDeletedApplication(objectId: string): Promise<void> {
      await send({
        operation: "restoreDeletedItem",
        method: "POST",
        path: `/directory/deletedItems/${encodeURIComponent(objectId)}/restore`,
        json: {},
        repeat: "throttled",
      });
    },
    /** Final. False: there was no such deleted application, or it is not visible yet. */
    async purgeDeletedApplication(objectId: string): Promise<boolean> {
      return found(() =>
        send({ operation: "purgeDeletedItem", method: "DELETE", path: `/directory/deletedItems/${encodeURIComponent(objectId)}`, repeat: "repeatable" }),
      );
    },
    async addPassword(objectId: string, displayName: string, endDateTime: string): Promise<{ credential: PasswordCredential; secret: Secret }> {
      // Never idempotent: each call that arrives leaves one more secret.
      const answer = await send({
        operation: "addPassword",
        method: "POST",
        path: `${application(objectId)}/addPassword`,
        json: { passwordCredential: { displayName, endDateTime } },
        repeat: "throttled",
      });
      const { secretText, ...credential } = answer.json as PasswordCredential & { secretText: string };
      return { credential, secret: new Secret(secretText) };
    },
    /** Gone already is done. */
    async removePassword(objectId: string, keyId: string): Promise<void> {
      try {
        await send({ operation: "removePassword", method: "POST", path: `${application(objectId)}/removePassword`, json: { keyId }, repeat: "repeatable" });
      } catch (error) {
        if (!(error instanceof RemoteError && error.failure.code === "PasswordGone")) throw error;
      }
    },
    async putLogo(objectId: string, contentType: string, content: Buffer): Promise<void> {
      await send({ operation: "putLogo", method: "PUT", path: `${application(objectId)}/logo`, bytes: { contentType, content }, repeat: "repeatable" });
    },
    getAppManagementPolicy: () => find<AppManagementPolicy>({ operation: "getAppManagementPolicy", path: "/policies/defaultAppManagementPolicy" }),
    findServicePrincipal: (appId: string) =>
      find<ServicePrincipal>({
        operation: "getServicePrincipal",
        path: byAppId("servicePrincipals", appId),
        query: { $select: "id,appId,accountEnabled,oauth2PermissionScopes" },
      }),
    async upsertServicePrincipal(appId: string): Promise<ServicePrincipal | undefined> {
      const answer = await send({
        operation: "upsertServicePrincipal",
        method: "PATCH",
        path: byAppId("servicePrincipals", appId),
        headers: UPSERT,
        json: { appId },
        repeat: "repeatable",
      });
      return answer.status === 201 ? (answer.json as ServicePrincipal) : undefined;
    },
    async enableServicePrincipal(id: string, accountEnabled: boolean): Promise<void> {
      const path = `/servicePrincipals/${encodeURIComponent(id)}`;
      await send({ operation: "patchServicePrincipal", method: "PATCH", path, json: { accountEnabled }, repeat: "repeatable" });
    },
    /** The tenant-wide (AllPrincipals) grants of this service principal. */
    async listGrants(servicePrincipalId: string): Promise<PermissionGrant[]> {
      const $filter = `clientId eq '${quoted(servicePrincipalId)}' and consentType eq 'AllPrincipals'`;
      const answer = await send({ operation: "listGrants", method: "GET", path: "/oauth2PermissionGrants", query: { $filter }, repeat: "repeatable" });
      return (answer.json as { value: PermissionGrant[] }).value;
    },
    async createGrant(servicePrincipalId: string, resourceId: string, scope: string): Promise<void> {
      await send({
        operation: "createGrant",
        method: "POST",
        path: "/oauth2PermissionGrants",
        json: { clientId: servicePrincipalId, consentType: "AllPrincipals", principalId: null, resourceId, scope },
        repeat: "throttled",
      });
    },
    async deleteGrant(grantId: string): Promise<void> {
      await found(() =>
        send({ operation: "deleteGrant", method: "DELETE", path: `/oauth2PermissionGrants/${encodeURIComponent(grantId)}`, repeat: "repeatable" }),
      );
    },
    async patchGrant(grantId: string, scope: string): Promise<void> {
      await send({
        operation: "patchGrant",
        method: "PATCH",
        path: `/oauth2PermissionGrants/${encodeURIComponent(grantId)}`,
        json: { scope },
        repeat: "repeatable",
      });
    },
  };
}

async function found(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof RemoteError && error.failure.status === 404) return false;
    throw error;
  }
}

/** OData doubles a single quote inside a literal. */
function quoted(text: string): string {
  return text.replaceAll("'", "''");
}

function wordsOf(json: unknown): { code?: string; words?: string } {
  const error = ((json ?? {}) as { error?: { code?: unknown; message?: unknown } }).error;
  const words = typeof error?.message === "string" ? error.message : undefined;
  const special = words === undefined ? undefined : TEXT_CODES.find(([text]) => text.test(words))?.[1];
  const code = special ?? (typeof error?.code === "string" ? error.code : undefined);
  return { ...(code === undefined ? {} : { code }), ...(words === undefined ? {} : { words }) };
}
