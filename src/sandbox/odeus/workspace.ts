/** What a workspace holds: integrations with their client slots, user connections, the audit log, and the rate limit. */

import { createHash, randomUUID } from "node:crypto";
import { BUILT_IN_INTEGRATIONS, type Vendor } from "./builtInIntegrations.js";

export type AuthType = "NONE" | "API_KEY" | "SERVICE_ACCOUNT" | "OAUTH" | "OAUTH_DCR";

export interface NamedEntry {
  id: string;
  name: string;
  description: string;
}

/** The workspace's own client in a slot. */
export interface StoredClient {
  clientId: string;
  clientSecret: string | undefined;
  clientSecretUpdatedAt: string | null;
  tenantId: string | null;
  scopeSync: boolean;
  /** Kept by hand while scopeSync is off; empty while it is on. */
  scopes: string[];
  createdAt: string;
  updatedAt: string;
}

/** What the authentication settings of a custom integration add to its slot. */
export interface CustomSettings {
  authFields: ({ id: string } & Record<string, unknown>)[];
  authTestCode?: string;
  authUrl?: string;
  tokenUrl?: string;
  label?: string;
  authorizationCode?: string;
  accessTokenCode?: string;
  refreshTokenCode?: string;
}

export interface Integration {
  id: string;
  slug: string;
  name: string;
  description: string;
  authType: AuthType;
  buildByOdeus: boolean;
  /** Undefined for a custom integration, whose settings name the endpoints. */
  vendor: Vendor | undefined;
  enabled: boolean;
  odeusClientAvailable: boolean;
  tenantIdSupported: boolean;
  clientSecretRequired: boolean;
  defaultScopes: string[];
  redirectUrl: string;
  client: StoredClient | undefined;
  custom: CustomSettings | undefined;
  actions: NamedEntry[];
  triggers: NamedEntry[];
}

/** A user who connected an integration. The client is remembered: a refresh token is bound to the client it was issued to. */
export interface Connection {
  integrationId: string;
  user: string;
  /** What the user entered where the vendor has many addresses; else empty. */
  instance: string;
  clientId: string;
  scopes: string[];
  accessToken: string;
  accessTokenExpiresAt: string;
  refreshToken: string | undefined;
  connectedAt: string;
  refreshedAt: string | null;
}

/** Who did something, as the audit log shows it. */
export interface Actor {
  id: string;
  type: "API_KEY" | "USER";
  name: string;
  ipAddress: string;
  userAgent: string;
}

/** The fields of the documented audit log. */
export interface AuditEntry {
  id: string;
  created_at: string;
  actor_id: string;
  actor_type: Actor["type"];
  actor_name: string;
  action: string;
  entity_type: string;
  entity_id: string;
  ip_address: string;
  user_agent: string;
  changes: { before: unknown; after: unknown };
}

export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly integrations: Map<string, Integration>;
  connections: Connection[];
  readonly audit: AuditEntry[];
  /** Calls per minute, counted for the workspace, not per key. */
  requestsPerMinute: number;
  /** How long its minute is: tests have no time for a real one. */
  minuteMilliseconds: number;
  /** A moment for a record: never the same one twice, so that every change of a secret moves its date. */
  stamp(): string;
  record(actor: Actor, action: string, entityType: string, entityId: string, before: unknown, after: unknown): void;
  addCustomIntegration(name: string, description: string, authType: AuthType): Integration;
  /** Takes the integrations of a saved state over, ids and clients included; redirect URLs are this workspace's own. */
  restore(integrations: readonly Integration[]): void;
  /** Counts a call; false when the minute's allowance is used up. */
  allowCall(): boolean;
}

/** The documented default. */
const REQUESTS_PER_MINUTE = 500;
const MINUTE = 60_000;

/** The same workspace name gives the same ids at every start, so that a program's state outlives a restart. */
function stableUuid(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function createWorkspace(name: string, now: () => Date, origin: () => string): Workspace {
  const redirectUrl = (id: string) => `${origin()}/api/integrations/${id}/callback`;
  const integrations = new Map<string, Integration>();
  let lastStamp = 0;
  let windowStart = 0;
  let callsInWindow = 0;

  /** The origin is known only once the listener is up, so the URL is made when asked for, until a test sets another. */
  const add = (integration: Omit<Integration, "redirectUrl">): Integration => {
    let moved: string | undefined;
    const added = Object.defineProperty(integration as Integration, "redirectUrl", {
      enumerable: true,
      get: () => moved ?? redirectUrl(integration.id),
      set: (url: string) => {
        moved = url;
      },
    });
    integrations.set(added.id, added);
    return added;
  };

  for (const { actions, ...known } of BUILT_IN_INTEGRATIONS) {
    const id = stableUuid(`${name}/${known.slug}`);
    add({
      ...known,
      id,
      buildByOdeus: true,
      enabled: true,
      client: undefined,
      custom: undefined,
      triggers: [],
      actions: actions.map((action) => ({ id: stableUuid(`${id}/${action}`), name: action, description: "" })),
    });
  }

  const workspace: Workspace = {
    id: stableUuid(name),
    name,
    integrations,
    connections: [],
    audit: [],
    requestsPerMinute: REQUESTS_PER_MINUTE,
    minuteMilliseconds: MINUTE,
    stamp() {
      lastStamp = Math.max(lastStamp + 1, now().getTime());
      return new Date(lastStamp).toISOString();
    },
    record(actor, action, entityType, entityId, before, after) {
      workspace.audit.push({
        id: randomUUID(),
        created_at: workspace.stamp(),
        actor_id: actor.id,
        actor_type: actor.type,
        actor_name: actor.name,
        action,
        entity_type: entityType,
        entity_id: entityId,
        ip_address: actor.ipAddress,
        user_agent: actor.userAgent,
        changes: { before, after },
      });
    },
    addCustomIntegration(integrationName, description, authType) {
      return add({
        id: randomUUID(),
        slug: freeSlug(integrations, integrationName),
        name: integrationName,
        description,
        authType,
        buildByOdeus: false,
        vendor: undefined,
        enabled: true,
        odeusClientAvailable: false,
        tenantIdSupported: false,
        clientSecretRequired: true,
        defaultScopes: [],
        client: undefined,
        custom: { authFields: [] },
        actions: [],
        triggers: [],
      });
    },
    restore(saved) {
      for (const integration of saved) add(integration);
    },
    allowCall() {
      const moment = now().getTime();
      // A test may turn the clock back.
      if (moment - windowStart >= workspace.minuteMilliseconds || moment < windowStart) {
        windowStart = moment;
        callsInWindow = 0;
      }
      callsInWindow += 1;
      return callsInWindow <= workspace.requestsPerMinute;
    },
  };
  return workspace;
}

function freeSlug(integrations: Map<string, Integration>, name: string): string {
  const taken = new Set([...integrations.values()].map(({ slug }) => slug));
  const wanted =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "") || "integration";
  for (let count = 1; ; count += 1) {
    const slug = count === 1 ? wanted : `${wanted}-${count}`;
    if (!taken.has(slug)) return slug;
  }
}

export type OAuthClientMode = "ODEUS" | "CUSTOM" | "NONE";

export const usesOAuth = (integration: Integration): boolean => integration.authType === "OAUTH" || integration.authType === "OAUTH_DCR";

export function modeOf(integration: Integration): OAuthClientMode {
  if (integration.client !== undefined) return "CUSTOM";
  return integration.odeusClientAvailable ? "ODEUS" : "NONE";
}

/** What a user is asked to consent to: the workspace's own list unless the client keeps its own. */
export function scopesOf({ client, defaultScopes }: Integration): string[] {
  return client === undefined || client.scopeSync ? defaultScopes : client.scopes;
}
