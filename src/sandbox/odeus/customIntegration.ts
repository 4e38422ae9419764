/** The authentication settings of an integration made "from scratch". The calls are documented; what is not is listed in docs/assumptions.md. */

import { randomUUID } from "node:crypto";
import { ApiError } from "./apiError.js";
import { refusePadding } from "./oauthClientSlot.js";
import { type AuthType, type CustomSettings, type Integration, usesOAuth, type Workspace } from "./workspace.js";

/** The body of PATCH /auth, already held against the contract. */
export interface AuthChange {
  authType: AuthType;
  authFields?: ({ slug: string } & Record<string, unknown>)[];
  authTestCode?: string;
  oauthClient?: CustomOAuthClient;
}

type CustomOAuthClient = Partial<Record<"clientId" | "clientSecret" | "scopes" | SettingName, string>>;
const SETTING_NAMES = ["authUrl", "tokenUrl", "label", "authorizationCode", "accessTokenCode", "refreshTokenCode"] as const;
type SettingName = (typeof SETTING_NAMES)[number];

/** A custom integration, or the refusal: built-in ones take neither an auth type nor code. */
export function customOnly(integration: Integration): Integration & { custom: CustomSettings } {
  const { custom } = integration;
  if (custom === undefined) throw new ApiError(400, "this integration is built by Odeus and cannot be changed");
  return Object.assign(integration, { custom });
}

/** The type is required on every call. Fields are replaced whole; of the OAuth part only what is named changes. */
export function changeAuth(workspace: Workspace, integration: Integration & { custom: CustomSettings }, change: AuthChange): void {
  const { authType, authFields, authTestCode, oauthClient } = change;
  if (oauthClient !== undefined && !usesOAuth({ ...integration, authType }))
    throw new ApiError(400, "oauthClient is allowed with authType OAUTH or OAUTH_DCR only");
  if (authFields !== undefined && new Set(authFields.map(({ slug }) => slug)).size < authFields.length)
    throw new ApiError(400, "authFields: slug must be unique");
  refusePadding({ clientId: oauthClient?.clientId, clientSecret: oauthClient?.clientSecret });
  if (oauthClient?.clientSecret !== undefined && (oauthClient.clientId ?? integration.client?.clientId) === undefined)
    throw new ApiError(400, "clientId is required with clientSecret");

  if (authType !== integration.authType) {
    // Documented: a change of the type deletes every user connection.
    workspace.connections = workspace.connections.filter(({ integrationId }) => integrationId !== integration.id);
    integration.authType = authType;
    if (!usesOAuth(integration)) integration.client = undefined;
  }
  if (authFields !== undefined) integration.custom.authFields = authFields.map((field) => ({ required: false, ...field, id: randomUUID() }));
  if (authTestCode !== undefined) integration.custom.authTestCode = authTestCode;
  if (oauthClient !== undefined) changeOAuth(workspace, integration, oauthClient);
}

function changeOAuth(workspace: Workspace, integration: Integration & { custom: CustomSettings }, change: CustomOAuthClient): void {
  for (const name of SETTING_NAMES) {
    const value = change[name];
    if (value !== undefined) integration.custom[name] = value;
  }
  if (change.scopes !== undefined) integration.defaultScopes = change.scopes.split(/\s+/).filter((scope) => scope !== "");
  const clientId = change.clientId ?? integration.client?.clientId;
  if (clientId === undefined || (change.clientId === undefined && change.clientSecret === undefined)) return;
  const before = integration.client;
  const moment = workspace.stamp();
  integration.client = {
    tenantId: null,
    scopeSync: true,
    scopes: [],
    createdAt: moment,
    clientSecretUpdatedAt: null,
    ...before,
    clientId,
    clientSecret: change.clientSecret ?? before?.clientSecret,
    ...(change.clientSecret === undefined ? {} : { clientSecretUpdatedAt: moment }),
    updatedAt: moment,
  };
}

/** The id and the secret are write-only by the documentation's text, so neither is shown; the slot's own call has the id. */
export function showOAuth(integration: Integration): Record<string, unknown> | null {
  if (!usesOAuth(integration) || integration.custom === undefined) return null;
  const { authUrl, tokenUrl, label } = integration.custom;
  return {
    ...(authUrl === undefined ? {} : { authUrl }),
    ...(tokenUrl === undefined ? {} : { tokenUrl }),
    ...(label === undefined ? {} : { label }),
    scopes: integration.defaultScopes.join(" "),
  };
}
