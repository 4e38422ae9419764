/** Graph calls on /applications: register, read, change, delete, secrets, logo. */

import { randomUUID } from "node:crypto";
import type { SandboxReply } from "../counterpart.js";
import { mergeProperties, viewApplication, viewPassword, withoutLogoUrl } from "./applicationView.js";
import { type Application, newSecretText } from "./directory.js";
import {
  addressedApplication,
  contextOf,
  createIfMissing,
  type GraphCall,
  type GraphHandler,
  initialLag,
  NO_CONTENT,
  requireOwner,
  seenBy,
  storedApplication,
} from "./graphCall.js";
import { badRequest, GraphError } from "./graphErrors.js";
import { checkApplication, limitsOf } from "./limits.js";
import { answerCollection, answerEntity } from "./odata.js";
import { type Body, readRequestBody } from "./requestBodies.js";
import { softDeleteServicePrincipalOf } from "./servicePrincipalCalls.js";

const READ_ONLY = [
  "id",
  "appId",
  "createdDateTime",
  "createdByAppId",
  "deletedDateTime",
  "publisherDomain",
  "applicationTemplateId",
  "verifiedPublisher",
  "certification",
];
const LOGO_LIMIT = 100 * 1024;

export const view = (call: GraphCall, application: Application) => viewApplication(application, call.tenant, call.request.origin);

/** A body without what only the server sets. `uniqueName` and owners are taken out too: they have rules of their own. */
function readApplication(call: GraphCall): { properties: Body; uniqueName: string | null; owners: string[] } {
  const body = readRequestBody(call.request, "application");
  const readOnly = READ_ONLY.find((name) => name in body);
  if (readOnly !== undefined) throw badRequest(`Property '${readOnly}' is read-only and cannot be set.`);
  // Documented: passwords cannot be set this way. (Some clients do it on POST and get away with it; undocumented.)
  if ("passwordCredentials" in body) throw badRequest("Property 'passwordCredentials' cannot be set here; use addPassword.");
  const { uniqueName, "owners@odata.bind": owners, ...properties } = body;
  return {
    properties: withoutLogoUrl(Object.fromEntries(Object.entries(properties).filter(([name]) => !name.startsWith("@odata.")))),
    uniqueName: typeof uniqueName === "string" ? uniqueName : null,
    owners: ((owners ?? []) as string[]).map((reference) => reference.split("/").at(-1) ?? ""),
  };
}

/** Soft-deleted applications keep their key for 30 days, and the conflict is a 400, not a 409 (bicep #137 #202). */
function refuseTakenKey(call: GraphCall, uniqueName: string | null): void {
  const taken = uniqueName !== null && [...call.tenant.applications.values()].some((application) => application.uniqueName === uniqueName);
  if (taken) throw badRequest("Another object with the same value for property uniqueName already exists.");
}

function register(call: GraphCall, uniqueName: string | null): SandboxReply {
  const written = readApplication(call);
  if (written.uniqueName !== null && uniqueName !== null && written.uniqueName !== uniqueName)
    throw badRequest("Property 'uniqueName' differs from the key of the request.");
  const key = uniqueName ?? written.uniqueName;
  const owners = call.caller === undefined ? written.owners : [call.caller.id, ...written.owners.filter((owner) => owner !== call.caller?.id)];
  const application: Application = {
    id: randomUUID(),
    appId: randomUUID(),
    unseenReads: initialLag(call),
    createdDateTime: call.directory.now().toISOString(),
    deletedDateTime: null,
    createdByAppId: call.caller?.appId ?? null,
    uniqueName: key,
    properties: mergeProperties({}, written.properties),
    passwordCredentials: [],
    owners,
  };
  checkApplication(view(call, application));
  refuseTakenKey(call, key);
  call.tenant.applications.set(application.id, application);
  return { status: 201, body: { "@odata.context": contextOf(call, "applications/$entity"), ...view(call, application) } };
}

function change(call: GraphCall, application: Application): SandboxReply {
  requireOwner(call, application);
  const { properties, uniqueName } = readApplication(call);
  if (uniqueName !== null && uniqueName !== application.uniqueName) {
    // The key can be given once, later, to an application made without one (bicep #187 #196); then never again.
    if (application.uniqueName !== null) throw badRequest("Property 'uniqueName' is immutable and cannot be changed.");
    refuseTakenKey(call, uniqueName);
  }
  const changed: Application = {
    ...application,
    properties: mergeProperties(application.properties, properties),
    uniqueName: uniqueName ?? application.uniqueName,
  };
  checkApplication(view(call, changed));
  Object.assign(application, changed);
  return NO_CONTENT;
}

const createApplication: GraphHandler = (call) => register(call, null);

const updateApplication: GraphHandler = (call) => {
  if (call.key.kind === "uniqueName" && createIfMissing(call)) {
    // The key is looked up where it is kept: a repeated upsert finds its own object, lag or not (a guess: docs/sandbox.md).
    const application = storedApplication(call.tenant, call.key);
    return application === undefined ? register(call, call.key.value) : change(call, application);
  }
  return change(call, addressedApplication(call));
};

const getApplication: GraphHandler = (call) => ({
  status: 200,
  body: answerEntity(view(call, addressedApplication(call)), call.request.query, contextOf(call, "applications/$entity")),
});

const listApplications: GraphHandler = (call) => {
  const found = [...call.tenant.applications.values()].filter((application) => application.deletedDateTime === null && seenBy(call, application));
  const url = call.request.origin + call.request.path;
  return {
    status: 200,
    body: answerCollection(
      found.map((application) => view(call, application)),
      call.request.query,
      url,
      contextOf(call, "applications"),
    ),
  };
};

const deleteApplication: GraphHandler = (call) => {
  const application = addressedApplication(call);
  requireOwner(call, application);
  application.deletedDateTime = call.directory.now().toISOString();
  softDeleteServicePrincipalOf(call.tenant, application.appId, application.deletedDateTime);
  return NO_CONTENT;
};

const addPassword: GraphHandler = (call) => {
  const application = addressedApplication(call);
  requireOwner(call, application);
  const { passwordCredential } = readRequestBody(call.request, "addPasswordRequest");
  const asked = (passwordCredential ?? {}) as { displayName?: string | null; startDateTime?: string | null; endDateTime?: string | null };
  const start = asked.startDateTime == null ? call.directory.now() : new Date(asked.startDateTime);
  const end = asked.endDateTime == null ? twoYearsAfter(start) : new Date(asked.endDateTime);
  if (end <= start) throw badRequest("Credential end date must be after its start date.");
  const longest = call.tenant.maxSecretLifetimeDays;
  if (longest !== undefined && end.getTime() - start.getTime() > longest * 864e5)
    throw badRequest("Credential lifetime exceeds the max value allowed as per assigned policy.");
  if (application.passwordCredentials.length >= limitsOf(view(call, application)["signInAudience"]).secrets) {
    throw badRequest("The size of the object has exceeded its limit. Please reduce the number of values and retry your request.");
  }
  const secretText = newSecretText();
  const credential = {
    keyId: randomUUID(),
    displayName: asked.displayName ?? null,
    startDateTime: start.toISOString(),
    endDateTime: end.toISOString(),
    hint: secretText.slice(0, 3),
    secretText,
    refusals: call.request.byHand ? 0 : call.directory.lag.secretActivationAttempts,
  };
  application.passwordCredentials.push(credential);
  return { status: 200, body: { "@odata.context": contextOf(call, "microsoft.graph.passwordCredential"), ...viewPassword(credential), secretText } };
};

function twoYearsAfter(start: Date): Date {
  const end = new Date(start);
  end.setUTCFullYear(end.getUTCFullYear() + 2);
  return end;
}

const removePassword: GraphHandler = (call) => {
  const application = addressedApplication(call);
  requireOwner(call, application);
  const { keyId } = readRequestBody(call.request, "removePasswordRequest") as { keyId: string };
  const kept = application.passwordCredentials.filter((credential) => credential.keyId !== keyId.toLowerCase());
  if (kept.length === application.passwordCredentials.length) throw badRequest(`No password credential found with keyId ${keyId}.`);
  application.passwordCredentials = kept;
  return NO_CONTENT;
};

const putLogo: GraphHandler = (call) => {
  const application = addressedApplication(call);
  requireOwner(call, application);
  const contentType = call.request.headers["content-type"] ?? "";
  if (!/^image\/(png|jpe?g|gif)$/.test(contentType)) throw new GraphError(400, "Request_BadRequest", "The logo must be a GIF, JPEG or PNG image.");
  if (call.request.bytes.length === 0 || call.request.bytes.length > LOGO_LIMIT) throw badRequest("The logo must have between 1 byte and 100 KB.");
  application.logo = { contentType, bytes: call.request.bytes };
  return NO_CONTENT;
};

/** Only the appId key is documented beside the object id for the actions; the key of the upsert addresses the object as well. */
export const APPLICATION_CALLS: Record<string, GraphHandler> = {
  "POST /applications": createApplication,
  "GET /applications": listApplications,
  "GET /applications/{id}": getApplication,
  "PATCH /applications/{id}": updateApplication,
  "DELETE /applications/{id}": deleteApplication,
  "POST /applications/{id}/addPassword": addPassword,
  "POST /applications/{id}/removePassword": removePassword,
  "PUT /applications/{id}/logo": putLogo,
};
