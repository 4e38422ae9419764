/** Graph calls on /oauth2PermissionGrants: consent to delegated permissions, for one user or for the whole tenant. */

import { randomBytes } from "node:crypto";
import type { PermissionGrant, ServicePrincipal, Tenant } from "./directory.js";
import { contextOf, type GraphCall, type GraphHandler, initialLag, NO_CONTENT, seenBy, storedServicePrincipal } from "./graphCall.js";
import { badRequest, GraphError, notFound, sameKey } from "./graphErrors.js";
import { answerCollection, answerEntity } from "./odata.js";
import { type Body, readRequestBody } from "./requestBodies.js";

const SCOPE_LIMIT = 3850;

const viewGrant = ({ unseenReads: _, ...grant }: PermissionGrant): Body => ({ ...grant });

/** A grant counts while both of its service principals are there. */
function isActive(tenant: Tenant, grant: PermissionGrant): boolean {
  return [grant.clientId, grant.resourceId].every((id) => tenant.servicePrincipals.get(id)?.deletedDateTime === null);
}

/** Scopes that an administrator granted to this client for everybody. */
export function scopesGrantedToAll(tenant: Tenant, clientPrincipal: ServicePrincipal, resourcePrincipal: ServicePrincipal): string[] {
  return [...tenant.grants.values()]
    .filter((grant) => grant.clientId === clientPrincipal.id && grant.resourceId === resourcePrincipal.id && grant.consentType === "AllPrincipals")
    .flatMap((grant) => grant.scope.split(" ").filter((scope) => scope !== ""));
}

export function addGrant(tenant: Tenant, grant: Omit<PermissionGrant, "id">): PermissionGrant {
  const stored = { id: randomBytes(32).toString("base64url"), ...grant };
  tenant.grants.set(stored.id, stored);
  return stored;
}

function requirePrincipal(call: GraphCall, id: unknown, property: string): ServicePrincipal {
  if (typeof id !== "string") throw badRequest(`A value is required for property '${property}' of resource 'OAuth2PermissionGrant'.`);
  const principal = storedServicePrincipal(call.tenant, { kind: "id", value: id });
  if (principal === undefined) throw notFound(id);
  if (!seenBy(call, principal)) {
    // Both statuses are on record for a service principal that has not replicated (bicep #193); they take turns.
    const missing = notFound(id);
    throw principal.unseenReads % 2 === 1 ? missing : new GraphError(400, "Request_BadRequest", missing.message);
  }
  return principal;
}

function checkScope(scope: unknown): string {
  if (scope === undefined || scope === null) return "";
  if (typeof scope !== "string" || scope.length > SCOPE_LIMIT)
    throw badRequest(`Invalid value specified for property 'scope': at most ${SCOPE_LIMIT} characters.`);
  return scope;
}

const createGrant: GraphHandler = (call) => {
  const body = readRequestBody(call.request, "oAuth2PermissionGrant");
  const client = requirePrincipal(call, body["clientId"], "clientId");
  const resource = requirePrincipal(call, body["resourceId"], "resourceId");
  const consentType = body["consentType"];
  const principalId = (body["principalId"] ?? null) as string | null;
  if (consentType !== "AllPrincipals" && consentType !== "Principal")
    throw badRequest("Invalid value specified for property 'consentType': AllPrincipals or Principal.");
  if ((consentType === "Principal") !== (principalId !== null)) throw badRequest("Property 'principalId' is given for consentType Principal, and only then.");
  const scope = checkScope(body["scope"]);
  const same = [...call.tenant.grants.values()].some(
    (grant) => grant.clientId === client.id && grant.resourceId === resource.id && grant.consentType === consentType && grant.principalId === principalId,
  );
  if (same) throw sameKey("Permission entry already exists.");
  const grant = addGrant(call.tenant, { unseenReads: initialLag(call), clientId: client.id, consentType, principalId, resourceId: resource.id, scope });
  return { status: 201, body: { "@odata.context": contextOf(call, "oauth2PermissionGrants/$entity"), ...viewGrant(grant) } };
};

function addressedGrant(call: GraphCall): PermissionGrant {
  const grant = call.tenant.grants.get(call.key.value);
  if (grant === undefined || !isActive(call.tenant, grant) || !seenBy(call, grant)) throw notFound(call.key.value);
  return grant;
}

const updateGrant: GraphHandler = (call) => {
  const grant = addressedGrant(call);
  const body = readRequestBody(call.request, "oAuth2PermissionGrant");
  // Also an unchanged principalId is refused (azure-docs#105249).
  const fixed = Object.keys(body).find((name) => name !== "scope" && !name.startsWith("@odata."));
  if (fixed !== undefined) throw badRequest(`Property '${fixed}' cannot be updated; only 'scope' can.`);
  if ("scope" in body) grant.scope = checkScope(body["scope"]);
  return NO_CONTENT;
};

const listGrants: GraphHandler = (call) => {
  const found = [...call.tenant.grants.values()].filter((grant) => isActive(call.tenant, grant) && seenBy(call, grant));
  const url = call.request.origin + call.request.path;
  return { status: 200, body: answerCollection(found.map(viewGrant), call.request.query, url, contextOf(call, "oauth2PermissionGrants")) };
};

const deleteGrant: GraphHandler = (call) => {
  call.tenant.grants.delete(addressedGrant(call).id);
  return NO_CONTENT;
};

export const GRANT_CALLS: Record<string, GraphHandler> = {
  "POST /oauth2PermissionGrants": createGrant,
  "GET /oauth2PermissionGrants": listGrants,
  "GET /oauth2PermissionGrants/{id}": (call) => ({
    status: 200,
    body: answerEntity(viewGrant(addressedGrant(call)), call.request.query, contextOf(call, "oauth2PermissionGrants/$entity")),
  }),
  "PATCH /oauth2PermissionGrants/{id}": updateGrant,
  "DELETE /oauth2PermissionGrants/{id}": deleteGrant,
};
