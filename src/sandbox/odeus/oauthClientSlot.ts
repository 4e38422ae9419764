/** The client slot of an integration: what is refused, what is stored, and how it is shown. Assumed contract: docs/assumptions.md. */

import { ApiError } from "./apiError.js";
import { type Integration, modeOf, type StoredClient, scopesOf } from "./workspace.js";

/** The limit of the product's one-string form of scopes. */
const SCOPES_TEXT_LIMIT = 2000;

/** The body of PUT, already held against the contract. */
export interface OAuthClientEntry {
  clientId: string;
  clientSecret?: string;
  tenantId?: string | null;
  scopeSync?: boolean;
  scopes?: string[];
}

/** The body of PATCH, already held against the contract. */
export type OAuthClientChange = Partial<Omit<OAuthClientEntry, "clientId">>;

/** The slot as the API shows it. The secret is in no answer, not even in part. */
export function showSlot(integration: Integration): Record<string, unknown> {
  const { client } = integration;
  return {
    integrationId: integration.id,
    mode: modeOf(integration),
    odeusClientAvailable: integration.odeusClientAvailable,
    clientId: client?.clientId ?? null,
    hasClientSecret: client?.clientSecret !== undefined,
    clientSecretUpdatedAt: client?.clientSecretUpdatedAt ?? null,
    clientSecretRequired: integration.clientSecretRequired,
    tenantId: client?.tenantId ?? null,
    tenantIdSupported: integration.tenantIdSupported,
    redirectUrl: integration.redirectUrl,
    scopes: scopesOf(integration),
    defaultScopes: integration.defaultScopes,
    scopeSync: client?.scopeSync ?? true,
    createdAt: client?.createdAt ?? null,
    updatedAt: client?.updatedAt ?? null,
  };
}

/** Replaces the whole client. The secret may be left out only when one is stored and the client id stays. */
export function enterClient(integration: Integration, entry: OAuthClientEntry, stamp: () => string): void {
  const before = integration.client;
  refusePadding({ clientId: entry.clientId, clientSecret: entry.clientSecret });
  const keepsSecret = entry.clientSecret === undefined && before?.clientSecret !== undefined && before.clientId === entry.clientId;
  if (entry.clientSecret === undefined && !keepsSecret && integration.clientSecretRequired) {
    throw new ApiError(400, "clientSecret is required: none is stored for this clientId");
  }
  const moment = stamp();
  integration.client = {
    clientId: entry.clientId,
    ...(keepsSecret
      ? { clientSecret: before.clientSecret, clientSecretUpdatedAt: before.clientSecretUpdatedAt }
      : { clientSecret: entry.clientSecret, clientSecretUpdatedAt: entry.clientSecret === undefined ? null : moment }),
    tenantId: checkedTenantId(integration, entry.tenantId ?? null),
    ...checkedScopes(entry.scopeSync ?? true, entry.scopes, integration.defaultScopes),
    createdAt: before?.createdAt ?? moment,
    updatedAt: moment,
  };
}

/** Changes the named parts. There must be a client to change. */
export function changeClient(integration: Integration, change: OAuthClientChange, stamp: () => string): void {
  const before = integration.client;
  if (before === undefined) throw new ApiError(404, "no OAuth client is configured for this integration");
  refusePadding({ clientSecret: change.clientSecret });
  const tenantId = change.tenantId === undefined ? before.tenantId : checkedTenantId(integration, change.tenantId);
  const scopes =
    change.scopes === undefined && change.scopeSync === undefined
      ? { scopeSync: before.scopeSync, scopes: before.scopes }
      : checkedScopes(change.scopeSync ?? before.scopeSync, change.scopes, scopesOf(integration));
  const moment = stamp();
  integration.client = {
    ...before,
    ...scopes,
    tenantId,
    ...(change.clientSecret === undefined ? {} : { clientSecret: change.clientSecret, clientSecretUpdatedAt: moment }),
    updatedAt: moment,
  };
}

/** Pasted blanks are a documented cause of "invalid client". */
export function refusePadding(values: Record<string, string | undefined>): void {
  for (const [property, value] of Object.entries(values)) {
    if (value !== undefined && value !== value.trim()) throw new ApiError(400, `${property} must not begin or end with a blank`);
  }
}

function checkedTenantId(integration: Integration, tenantId: string | null): string | null {
  if (tenantId === null) return null;
  if (!integration.tenantIdSupported) throw new ApiError(400, "tenantId is not supported by this integration");
  refusePadding({ tenantId });
  return tenantId;
}

function checkedScopes(scopeSync: boolean, scopes: string[] | undefined, current: string[]): Pick<StoredClient, "scopeSync" | "scopes"> {
  if (scopeSync) {
    if (scopes !== undefined) throw new ApiError(400, "scopes must be absent while scopeSync is on");
    return { scopeSync, scopes: [] };
  }
  // A guess: switching the sync off without a list keeps the list that was in use.
  const fixed = scopes ?? current;
  for (const scope of fixed) if (/\s/.test(scope)) throw new ApiError(400, "scopes must not contain blanks");
  if (fixed.join(" ").length > SCOPES_TEXT_LIMIT) throw new ApiError(400, `scopes must not exceed ${SCOPES_TEXT_LIMIT} characters as one text`);
  return { scopeSync, scopes: [...fixed] };
}
