/** The objects of the Entra tenants of a world, and when they can be seen. What may be done with them is decided elsewhere. */

import { randomBytes, randomUUID } from "node:crypto";

/** Application id of Microsoft Graph, the same in every tenant. */
export const GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000";

/** Delays of the directory, counted in attempts and not in time, so that a test meets each exactly as often as it asked. */
export interface Lag {
  /** How many reads of, or calls that depend on, a new object find nothing. */
  replicationReads: number;
  /** How many sign-ins with a new secret are refused. */
  secretActivationAttempts: number;
}

/** Something that other servers of the directory learn of late. */
export interface Replicated {
  id: string;
  /** Reads that will not find it yet. */
  unseenReads: number;
}

export interface PasswordCredential {
  keyId: string;
  displayName: string | null;
  startDateTime: string;
  endDateTime: string;
  hint: string;
  secretText: string;
  /** Sign-ins that will still be refused. */
  refusals: number;
}

export interface Application extends Replicated {
  appId: string;
  createdDateTime: string;
  /** Set while soft-deleted. */
  deletedDateTime: string | null;
  createdByAppId: string | null;
  uniqueName: string | null;
  /** What the calls wrote, nested objects merged. Defaults are added on reading. */
  properties: Record<string, unknown>;
  passwordCredentials: PasswordCredential[];
  /** Object ids of service principals. */
  owners: string[];
  logo?: { contentType: string; bytes: Buffer };
}

export interface ServicePrincipal extends Replicated {
  appId: string;
  deletedDateTime: string | null;
  /** Display name where no application of this tenant gives one. */
  displayName: string;
  /** Home tenant of the application. */
  appOwnerOrganizationId: string;
  properties: Record<string, unknown>;
  owners: string[];
  /** Application permissions on Microsoft Graph that were granted to it. */
  graphPermissions: string[];
}

export interface PermissionGrant extends Replicated {
  clientId: string;
  consentType: string;
  principalId: string | null;
  resourceId: string;
  scope: string;
}

export interface Tenant {
  id: string;
  name: string;
  domain: string;
  /** Soft-deleted ones too. */
  applications: Map<string, Application>;
  servicePrincipals: Map<string, ServicePrincipal>;
  grants: Map<string, PermissionGrant>;
  /** Tenant setting "users can consent to apps". */
  usersMayConsent: boolean;
  /** App management policy: the longest life of a new secret; none when undefined. */
  maxSecretLifetimeDays: number | undefined;
}

/** An identity that deploys: an app of some other organisation, at home in none of these tenants, so that they start empty. */
export interface Deployer {
  clientId: string;
  clientSecret: string;
  /** A federated token, accepted in place of the secret. */
  assertion: string;
}

export interface Directory {
  tenants: Tenant[];
  deployers: Deployer[];
  lag: Lag;
  now(): Date;
}

const DEPLOYERS_HOME = "9c4d2f60-6c0e-4c3f-9d0e-5a1f0de91a00";
/** Home tenant of Microsoft's own applications. */
export const MICROSOFT_TENANT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

export function createDirectory(now: () => Date): Directory {
  return {
    tenants: [createTenant("Contoso"), createTenant("Fabrikam")],
    deployers: [],
    lag: { replicationReads: 0, secretActivationAttempts: 0 },
    now,
  };
}

function createTenant(name: string): Tenant {
  const tenant: Tenant = {
    id: randomUUID(),
    name,
    domain: `${name.toLowerCase()}.example`,
    applications: new Map(),
    servicePrincipals: new Map(),
    grants: new Map(),
    usersMayConsent: true,
    maxSecretLifetimeDays: undefined,
  };
  addServicePrincipal(tenant, { appId: GRAPH_APP_ID, displayName: "Microsoft Graph", appOwnerOrganizationId: MICROSOFT_TENANT });
  return tenant;
}

export function addServicePrincipal(
  tenant: Tenant,
  given: Pick<ServicePrincipal, "appId" | "displayName" | "appOwnerOrganizationId"> & Partial<ServicePrincipal>,
): ServicePrincipal {
  const principal: ServicePrincipal = {
    id: randomUUID(),
    unseenReads: 0,
    deletedDateTime: null,
    properties: {},
    owners: [],
    graphPermissions: [],
    ...given,
  };
  tenant.servicePrincipals.set(principal.id, principal);
  return principal;
}

/** A new deploying identity, with a service principal holding these permissions in each of the tenants. */
export function addDeployer(directory: Directory, permissions: string[], tenants: Tenant[]): Deployer {
  const deployer: Deployer = {
    clientId: randomUUID(),
    clientSecret: newSecretText(),
    assertion: [{ alg: "none", typ: "JWT" }, { sub: "pipeline", jti: randomUUID() }, "unsigned"]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join("."),
  };
  directory.deployers.push(deployer);
  for (const tenant of tenants) {
    addServicePrincipal(tenant, {
      appId: deployer.clientId,
      displayName: `deployer ${deployer.clientId}`,
      appOwnerOrganizationId: DEPLOYERS_HOME,
      graphPermissions: [...permissions],
    });
  }
  return deployer;
}

/** In the form of Entra's generated secrets: 40 characters, of which the fourth and fifth name the kind. */
export function newSecretText(): string {
  const text = randomBytes(32)
    .toString("base64")
    .replace(/[^A-Za-z0-9]/g, "")
    .padEnd(40, "x");
  return `${text.slice(0, 3)}8Q~${text.slice(3, 37)}`;
}

/** Whether a reader finds the object now. Each look counts; nobody looking for the lag's sake (by hand) uses `object` as it is. */
export function isSeen(object: Replicated): boolean {
  if (object.unseenReads <= 0) return true;
  object.unseenReads -= 1;
  return false;
}

export function findTenant(directory: Directory, idOrDomain: string): Tenant | undefined {
  const wanted = idOrDomain.toLowerCase();
  return directory.tenants.find(({ id, domain }) => id === wanted || domain === wanted);
}

export function activeServicePrincipal(tenant: Tenant, appId: string): ServicePrincipal | undefined {
  return [...tenant.servicePrincipals.values()].find((principal) => principal.appId === appId.toLowerCase() && principal.deletedDateTime === null);
}

/** The application in any tenant of the world, for apps that are used outside their home. */
export function findApplication(directory: Directory, appId: string): { application: Application; home: Tenant } | undefined {
  for (const home of directory.tenants) {
    const application = [...home.applications.values()].find((entry) => entry.appId === appId.toLowerCase() && entry.deletedDateTime === null);
    if (application !== undefined) return { application, home };
  }
  return undefined;
}
