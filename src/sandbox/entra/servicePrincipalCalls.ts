/** Graph calls on /servicePrincipals: an application's presence in the tenant, without which nobody can sign in to it. */

import type { SandboxReply } from "../counterpart.js";
import scopes from "../data/graph-delegated-scopes.json";
import { mergeProperties, viewApplication } from "./applicationView.js";
import { activeServicePrincipal, addServicePrincipal, findApplication, GRAPH_APP_ID, type ServicePrincipal, type Tenant } from "./directory.js";
import {
  addressedServicePrincipal,
  contextOf,
  createIfMissing,
  type GraphCall,
  type GraphHandler,
  initialLag,
  NO_CONTENT,
  requireOwner,
  seenBy,
  storedServicePrincipal,
} from "./graphCall.js";
import { badRequest, forbidden, GraphError, sameKey } from "./graphErrors.js";
import { answerCollection, answerEntity } from "./odata.js";
import { GRAPH_APP_ROLES } from "./permissions.js";
import { type Body, readRequestBody } from "./requestBodies.js";

const WRITABLE = [
  "accountEnabled",
  "alternativeNames",
  "appRoleAssignmentRequired",
  "description",
  "homepage",
  "loginUrl",
  "logoutUrl",
  "notes",
  "notificationEmailAddresses",
  "preferredSingleSignOnMode",
  "tags",
  "displayName",
  "servicePrincipalNames",
];

const GRAPH_SCOPES = scopes.map(({ value, id, adminConsentRequired }) => ({
  id,
  value,
  type: adminConsentRequired ? "Admin" : "User",
  isEnabled: true,
  adminConsentDisplayName: value,
  adminConsentDescription: value,
  userConsentDisplayName: value,
  userConsentDescription: value,
}));
const GRAPH_ROLES = Object.entries(GRAPH_APP_ROLES).flatMap(([value, id]) =>
  id === null ? [] : [{ id, value, displayName: value, description: value, allowedMemberTypes: ["Application"], isEnabled: true, origin: "Application" }],
);

export function viewServicePrincipal(call: GraphCall, principal: ServicePrincipal): Body {
  const found = findApplication(call.directory, principal.appId);
  const application = found && viewApplication(found.application, found.home, call.request.origin);
  const displayName = application?.["displayName"] ?? principal.displayName;
  const own = principal.properties;
  const isGraph = principal.appId === GRAPH_APP_ID;
  return {
    id: principal.id,
    deletedDateTime: principal.deletedDateTime,
    appId: principal.appId,
    accountEnabled: true,
    alternativeNames: [],
    appDescription: null,
    appDisplayName: displayName,
    appOwnerOrganizationId: principal.appOwnerOrganizationId,
    appRoleAssignmentRequired: false,
    description: null,
    displayName,
    homepage: null,
    loginUrl: null,
    logoutUrl: null,
    notes: null,
    notificationEmailAddresses: [],
    preferredSingleSignOnMode: null,
    replyUrls: (application?.["web"] as { redirectUris: string[] } | undefined)?.redirectUris ?? [],
    servicePrincipalNames: [principal.appId],
    servicePrincipalType: "Application",
    signInAudience: application?.["signInAudience"] ?? null,
    appRoles: isGraph ? GRAPH_ROLES : [],
    oauth2PermissionScopes: isGraph ? GRAPH_SCOPES : [],
    info: application?.["info"] ?? null,
    keyCredentials: [],
    passwordCredentials: [],
    ...own,
    // Tags of the application show on its service principals too.
    tags: [...new Set([...((application?.["tags"] ?? []) as string[]), ...((own["tags"] ?? []) as string[])])],
  };
}

function readServicePrincipal(call: GraphCall): { appId: string | undefined; properties: Body } {
  const { appId, ...properties } = readRequestBody(call.request, "servicePrincipal");
  const fixed = Object.keys(properties).find((name) => !WRITABLE.includes(name) && !name.startsWith("@odata."));
  if (fixed !== undefined) throw badRequest(`Property '${fixed}' is read-only and cannot be set.`);
  return { appId: typeof appId === "string" ? appId.toLowerCase() : undefined, properties };
}

function create(call: GraphCall, given: string | undefined): SandboxReply {
  const { appId = given, properties } = readServicePrincipal(call);
  if (appId === undefined) throw badRequest("A value is required for property 'appId' of resource 'ServicePrincipal'.");
  if (given !== undefined && appId !== given) throw badRequest("Property 'appId' differs from the key of the request.");
  if (activeServicePrincipal(call.tenant, appId) !== undefined) {
    throw sameKey(`The service principal cannot be created, updated, or restored because the service principal name ${appId} is already in use.`);
  }
  const found = findApplication(call.directory, appId);
  const foreign = found !== undefined && found.home !== call.tenant;
  const refusal = badRequest(`The appId '${appId}' of the service principal does not reference a valid application object.`);
  if (found === undefined || (foreign && found.application.properties["signInAudience"] === "AzureADMyOrg")) throw refusal;
  if (!seenBy(call, found.application)) {
    // Both answers are on record for an application that has not replicated; the second only under OwnedBy. Here they take turns.
    if (call.ownedOnly && found.application.unseenReads % 2 === 1) {
      throw new GraphError(
        403,
        "Authorization_RequestDenied",
        "When using this permission, the backing application of the service principal being created must in the local tenant",
      );
    }
    throw refusal;
  }
  // OwnedBy: creating the service principal needs the caller to own the application.
  if (foreign && call.ownedOnly) throw forbidden();
  requireOwner(call, found.application);
  const principal = addServicePrincipal(call.tenant, {
    appId,
    displayName: String(found.application.properties["displayName"]),
    appOwnerOrganizationId: found.home.id,
    properties,
    unseenReads: initialLag(call),
    owners: call.caller === undefined ? [] : [call.caller.id],
  });
  return { status: 201, body: { "@odata.context": contextOf(call, "servicePrincipals/$entity"), ...viewServicePrincipal(call, principal) } };
}

function requireOwnerOfEither(call: GraphCall, principal: ServicePrincipal): void {
  const application = [...call.tenant.applications.values()].find(({ appId }) => appId === principal.appId);
  requireOwner(call, { owners: [...principal.owners, ...(application?.owners ?? [])] });
}

const updateServicePrincipal: GraphHandler = (call) => {
  const upsert = call.key.kind === "appId" && createIfMissing(call);
  const stored = storedServicePrincipal(call.tenant, call.key);
  if (upsert && stored === undefined) return create(call, call.key.value.toLowerCase());
  const principal = upsert && stored !== undefined ? stored : addressedServicePrincipal(call);
  const { properties } = readServicePrincipal(call);
  // An upsert of what is there already with nothing to write changes nothing; a program need not own the object for that.
  if (Object.keys(properties).length > 0) requireOwnerOfEither(call, principal);
  principal.properties = mergeProperties(principal.properties, properties);
  return NO_CONTENT;
};

const listServicePrincipals: GraphHandler = (call) => {
  const found = [...call.tenant.servicePrincipals.values()].filter((principal) => principal.deletedDateTime === null && seenBy(call, principal));
  const url = call.request.origin + call.request.path;
  return {
    status: 200,
    body: answerCollection(
      found.map((principal) => viewServicePrincipal(call, principal)),
      call.request.query,
      url,
      contextOf(call, "servicePrincipals"),
    ),
  };
};

const deleteServicePrincipal: GraphHandler = (call) => {
  const principal = addressedServicePrincipal(call);
  requireOwnerOfEither(call, principal);
  principal.deletedDateTime = call.directory.now().toISOString();
  return NO_CONTENT;
};

/** With its application the service principal of the home tenant goes too; its grants come back with it on restore. */
export function softDeleteServicePrincipalOf(tenant: Tenant, appId: string, at: string): void {
  const principal = activeServicePrincipal(tenant, appId);
  if (principal !== undefined) principal.deletedDateTime = at;
}

export const SERVICE_PRINCIPAL_CALLS: Record<string, GraphHandler> = {
  "POST /servicePrincipals": (call) => create(call, undefined),
  "GET /servicePrincipals": listServicePrincipals,
  "GET /servicePrincipals/{id}": (call) => ({
    status: 200,
    body: answerEntity(viewServicePrincipal(call, addressedServicePrincipal(call)), call.request.query, contextOf(call, "servicePrincipals/$entity")),
  }),
  "PATCH /servicePrincipals/{id}": updateServicePrincipal,
  "DELETE /servicePrincipals/{id}": deleteServicePrincipal,
};
