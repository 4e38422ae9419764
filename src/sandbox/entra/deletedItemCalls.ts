/** Graph calls on /directory/deletedItems: what was deleted can be restored for 30 days, or purged. */

import { view } from "./applicationCalls.js";
import { type Application, activeServicePrincipal, type ServicePrincipal } from "./directory.js";
import { contextOf, type GraphCall, type GraphHandler, NO_CONTENT, requireOwner } from "./graphCall.js";
import { notFound, sameKey } from "./graphErrors.js";
import { answerCollection, answerEntity } from "./odata.js";
import { readRequestBody } from "./requestBodies.js";
import { viewServicePrincipal } from "./servicePrincipalCalls.js";

const RESTORABLE_DAYS = 30;

type Deleted = { application: Application } | { principal: ServicePrincipal };

function isRestorable(call: GraphCall, { deletedDateTime }: { deletedDateTime: string | null }): boolean {
  return deletedDateTime !== null && call.directory.now().getTime() - Date.parse(deletedDateTime) < RESTORABLE_DAYS * 864e5;
}

/** After 30 days the vendor purges by itself. */
function purgeExpired(call: GraphCall): void {
  for (const objects of [call.tenant.applications, call.tenant.servicePrincipals]) {
    for (const [id, object] of objects) if (object.deletedDateTime !== null && !isRestorable(call, object)) objects.delete(id);
  }
}

function addressedDeleted(call: GraphCall): Deleted {
  purgeExpired(call);
  const id = call.key.value.toLowerCase();
  const application = call.tenant.applications.get(id);
  if (application !== undefined && application.deletedDateTime !== null) return { application };
  const principal = call.tenant.servicePrincipals.get(id);
  if (principal !== undefined && principal.deletedDateTime !== null) return { principal };
  throw notFound(call.key.value);
}

function typedView(call: GraphCall, deleted: Deleted): Record<string, unknown> {
  return "application" in deleted
    ? { "@odata.type": "#microsoft.graph.application", ...view(call, deleted.application) }
    : { "@odata.type": "#microsoft.graph.servicePrincipal", ...viewServicePrincipal(call, deleted.principal) };
}

const listDeletedApplications: GraphHandler = (call) => {
  purgeExpired(call);
  const deleted = [...call.tenant.applications.values()].filter((application) => application.deletedDateTime !== null);
  const url = call.request.origin + call.request.path;
  return {
    status: 200,
    body: answerCollection(
      deleted.map((application) => view(call, application)),
      call.request.query,
      url,
      contextOf(call, "applications"),
    ),
  };
};

const listDeletedServicePrincipals: GraphHandler = (call) => {
  purgeExpired(call);
  const deleted = [...call.tenant.servicePrincipals.values()].filter((principal) => principal.deletedDateTime !== null);
  const url = call.request.origin + call.request.path;
  return {
    status: 200,
    body: answerCollection(
      deleted.map((principal) => viewServicePrincipal(call, principal)),
      call.request.query,
      url,
      contextOf(call, "servicePrincipals"),
    ),
  };
};

/** Configuration, consents and assignments of the home tenant come back with the application. */
const restore: GraphHandler = (call) => {
  readRequestBody(call.request, "restoreRequest");
  const deleted = addressedDeleted(call);
  requireOwner(call, "application" in deleted ? deleted.application : deleted.principal);
  const appId = "application" in deleted ? deleted.application.appId : deleted.principal.appId;
  if ("application" in deleted) deleted.application.deletedDateTime = null;
  const principals = [...call.tenant.servicePrincipals.values()].filter((principal) => principal.appId === appId && principal.deletedDateTime !== null);
  const principal = "principal" in deleted ? deleted.principal : principals.at(-1);
  if (activeServicePrincipal(call.tenant, appId) === undefined) {
    if (principal !== undefined) principal.deletedDateTime = null;
  } else if ("principal" in deleted) {
    throw sameKey(`The service principal cannot be restored because the service principal name ${appId} is already in use.`);
  }
  return { status: 200, body: { "@odata.context": contextOf(call, "directoryObjects/$entity"), ...typedView(call, deleted) } };
};

/** Final. The service principal of a purged application stays deleted until its own 30 days are over. */
const purge: GraphHandler = (call) => {
  const deleted = addressedDeleted(call);
  requireOwner(call, "application" in deleted ? deleted.application : deleted.principal);
  if ("application" in deleted) call.tenant.applications.delete(deleted.application.id);
  else call.tenant.servicePrincipals.delete(deleted.principal.id);
  return NO_CONTENT;
};

export const DELETED_ITEM_CALLS: Record<string, GraphHandler> = {
  "GET /directory/deletedItems/microsoft.graph.application": listDeletedApplications,
  "GET /directory/deletedItems/microsoft.graph.servicePrincipal": listDeletedServicePrincipals,
  "GET /directory/deletedItems/{id}": (call) => ({
    status: 200,
    body: answerEntity(typedView(call, addressedDeleted(call)), call.request.query, contextOf(call, "directoryObjects/$entity")),
  }),
  "POST /directory/deletedItems/{id}/restore": restore,
  "DELETE /directory/deletedItems/{id}": purge,
};
