/** One call to Graph, as its handlers see it, and how they find objects: with lag for programs, without for hand edits. */

import type { SandboxReply, SandboxRequest } from "../counterpart.js";
import { type Application, type Directory, isSeen, type Replicated, type ServicePrincipal, type Tenant } from "./directory.js";
import { forbidden, notFound } from "./graphErrors.js";
import type { ObjectKey } from "./routes.js";

export interface GraphCall {
  request: SandboxRequest;
  directory: Directory;
  tenant: Tenant;
  key: ObjectKey;
  /** Who calls; undefined for a person's hand edit. */
  caller: ServicePrincipal | undefined;
  /** The caller's permissions reach only what it owns. */
  ownedOnly: boolean;
}

export type GraphHandler = (call: GraphCall) => SandboxReply;

export const NO_CONTENT: SandboxReply = { status: 204 };

/** Reads that a new object stays unseen for. What a person makes by hand has been there long enough. */
export function initialLag(call: GraphCall): number {
  return call.request.byHand ? 0 : call.directory.lag.replicationReads;
}

/** Whether this call finds the object yet; looking counts. */
export function seenBy(call: GraphCall, object: Replicated): boolean {
  return call.request.byHand || isSeen(object);
}

export function contextOf(call: GraphCall, entity: string): string {
  return `${call.request.origin}/v1.0/$metadata#${entity}`;
}

/** `Prefer: create-if-missing` turns a PATCH with an alternate key into an upsert. */
export function createIfMissing(call: GraphCall): boolean {
  return (call.request.headers["prefer"] ?? "").split(",").some((preference) => preference.trim().toLowerCase() === "create-if-missing");
}

export function storedApplication(tenant: Tenant, { kind, value }: ObjectKey): Application | undefined {
  return [...tenant.applications.values()].find(
    (application) =>
      application.deletedDateTime === null && (kind === "uniqueName" ? application.uniqueName === value : application[kind] === value.toLowerCase()),
  );
}

/** The application the path names; Graph's 404 when there is none, or none yet. */
export function addressedApplication(call: GraphCall): Application {
  const application = storedApplication(call.tenant, call.key);
  if (application === undefined || !seenBy(call, application)) throw notFound(call.key.value);
  return application;
}

export function storedServicePrincipal(tenant: Tenant, { kind, value }: ObjectKey): ServicePrincipal | undefined {
  return [...tenant.servicePrincipals.values()].find(
    (principal) => principal.deletedDateTime === null && (kind === "appId" ? principal.appId : principal.id) === value.toLowerCase(),
  );
}

export function addressedServicePrincipal(call: GraphCall): ServicePrincipal {
  const principal = storedServicePrincipal(call.tenant, call.key);
  if (principal === undefined || !seenBy(call, principal)) throw notFound(call.key.value);
  return principal;
}

/** Under Application.ReadWrite.OwnedBy, what others own cannot be changed. */
export function requireOwner(call: GraphCall, object: { owners: string[] } | undefined): void {
  if (call.ownedOnly && !(call.caller !== undefined && object?.owners.includes(call.caller.id) === true)) throw forbidden();
}
