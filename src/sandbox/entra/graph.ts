/** Microsoft Graph v1.0: who calls, whether they may, and which handler answers. */

import type { Operation, SandboxReply, SandboxRequest } from "../counterpart.js";
import { readGraphToken } from "./accessTokens.js";
import { APPLICATION_CALLS } from "./applicationCalls.js";
import { DELETED_ITEM_CALLS } from "./deletedItemCalls.js";
import { type Directory, findTenant, type ServicePrincipal, type Tenant } from "./directory.js";
import { GRANT_CALLS } from "./grantCalls.js";
import type { GraphHandler } from "./graphCall.js";
import { GraphError, graphErrorOfStatus, graphErrorReply, unauthenticated } from "./graphErrors.js";
import { checkPermission } from "./permissions.js";
import { locate } from "./routes.js";
import { SERVICE_PRINCIPAL_CALLS } from "./servicePrincipalCalls.js";

/** Names of the calls in the record and in faults. The upserts share a call with the plain PATCH and are told apart by the key. */
const OPERATIONS: Record<string, string> = {
  "POST /applications": "createApplication",
  "GET /applications": "listApplications",
  "GET /applications/{id}": "getApplication",
  "PATCH /applications/{id}": "patchApplication",
  "PATCH /applications(uniqueName={value})": "upsertApplication",
  "DELETE /applications/{id}": "deleteApplication",
  "POST /applications/{id}/addPassword": "addPassword",
  "POST /applications/{id}/removePassword": "removePassword",
  "PUT /applications/{id}/logo": "putLogo",
  "POST /servicePrincipals": "createServicePrincipal",
  "GET /servicePrincipals": "listServicePrincipals",
  "GET /servicePrincipals/{id}": "getServicePrincipal",
  "PATCH /servicePrincipals/{id}": "patchServicePrincipal",
  "PATCH /servicePrincipals(appId={value})": "upsertServicePrincipal",
  "DELETE /servicePrincipals/{id}": "deleteServicePrincipal",
  "POST /oauth2PermissionGrants": "createGrant",
  "GET /oauth2PermissionGrants": "listGrants",
  "GET /oauth2PermissionGrants/{id}": "getGrant",
  "PATCH /oauth2PermissionGrants/{id}": "patchGrant",
  "DELETE /oauth2PermissionGrants/{id}": "deleteGrant",
  "GET /directory/deletedItems/microsoft.graph.application": "listDeletedApplications",
  "GET /directory/deletedItems/microsoft.graph.servicePrincipal": "listDeletedServicePrincipals",
  "GET /directory/deletedItems/{id}": "getDeletedItem",
  "POST /directory/deletedItems/{id}/restore": "restoreDeletedItem",
  "DELETE /directory/deletedItems/{id}": "purgeDeletedItem",
  "GET /policies/defaultAppManagementPolicy": "getAppManagementPolicy",
};

const appManagementPolicy: GraphHandler = ({ tenant }) => {
  const longest = tenant.maxSecretLifetimeDays;
  const restriction = { restrictionType: "passwordLifetime", maxLifetime: `P${longest}D`, restrictForAppsCreatedAfterDateTime: null, state: "enabled" };
  return {
    status: 200,
    body: {
      id: "00000000-0000-0000-0000-000000000000",
      displayName: "Default app management tenant policy",
      isEnabled: longest !== undefined,
      applicationRestrictions: { passwordCredentials: longest === undefined ? [] : [restriction], keyCredentials: [] },
    },
  };
};

const HANDLERS: Record<string, GraphHandler> = {
  ...APPLICATION_CALLS,
  ...SERVICE_PRINCIPAL_CALLS,
  ...GRANT_CALLS,
  ...DELETED_ITEM_CALLS,
  "GET /policies/defaultAppManagementPolicy": appManagementPolicy,
};

export function graphOperation(method: string, path: string): Operation | undefined {
  const { route, call } = locate(method, path);
  const name = OPERATIONS[route] ?? OPERATIONS[call];
  return name === undefined ? undefined : { name, changes: method !== "GET" };
}

export function answerGraph(directory: Directory, request: SandboxRequest): SandboxReply {
  const clientRequestId = request.headers["client-request-id"];
  try {
    const { route, call, key } = locate(request.method, request.path);
    const handler = HANDLERS[call];
    if (handler === undefined) throw graphErrorOfStatus(404);
    const { tenant, caller } = request.byHand ? { tenant: tenantByHand(directory, request), caller: undefined } : authenticate(directory, request);
    const { ownedOnly } = caller === undefined ? { ownedOnly: false } : checkPermission(route, caller.permissions);
    return handler({ request, directory, tenant, key: key ?? { kind: "id", value: "" }, caller: caller?.principal, ownedOnly });
  } catch (problem) {
    if (!(problem instanceof GraphError)) throw problem;
    return graphErrorReply(problem, directory.now(), clientRequestId);
  }
}

interface Caller {
  principal: ServicePrincipal;
  permissions: string[];
}

/** The permissions are those in the token: a permission granted later needs a new token, as with the vendor. */
function authenticate(directory: Directory, request: SandboxRequest): { tenant: Tenant; caller: Caller } {
  const claims = readGraphToken(request.headers["authorization"], directory.now());
  const tenant = findTenant(directory, claims.tid);
  const principal = tenant?.servicePrincipals.get(claims.oid);
  // Tokens of another world, or of an identity that has been deleted since.
  if (tenant === undefined || principal === undefined) throw unauthenticated("The identity of the calling application could not be established.");
  return { tenant, caller: { principal, permissions: claims.roles ?? [] } };
}

/** Hand edits have no token to name a tenant: a header does, and without it the first tenant is meant. */
function tenantByHand(directory: Directory, request: SandboxRequest): Tenant {
  const named = findTenant(directory, request.headers["x-sandbox-tenant"] ?? "") ?? directory.tenants[0];
  if (named === undefined) throw new Error("a directory has tenants");
  return named;
}
