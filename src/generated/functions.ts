// Generated from the resource definitions by tools/generate.ts. Do not edit.

import { callFunction } from "../provider/functionCall.js";
import type { IntegrationSummary } from "./types.js";

/** Arguments of {@link getIntegration}. */
export interface GetIntegrationArgs {
  /** Id (UUID), slug, or exact name. Two of one name are an error that lists them. */
  integration: string;
}

/** What {@link getIntegration} answers. */
export interface GetIntegrationResult {
  /** Id (UUID) of the integration. */
  id: string;
  /** Short name, as `integrations[].integration` takes it. */
  slug: string;
  /** Name shown to people. */
  name: string;
  /** Description shown to people. */
  description: string;
  /** NONE, API_KEY, SERVICE_ACCOUNT, OAUTH or OAUTH_DCR. */
  authType: string;
  /** True: built by Odeus. False: made from scratch in this workspace. */
  builtIn: boolean;
  /** Whose OAuth client is in use: ODEUS, CUSTOM or NONE. Absent without OAuth. */
  clientMode?: string | undefined;
  /** Whether Odeus has a client of its own for it. Absent without OAuth. */
  odeusClientAvailable?: boolean | undefined;
  /** Redirect URL to register at the authorization server, to the letter. Absent without OAuth. */
  redirectUrl?: string | undefined;
  /** Scopes in force. */
  scopes?: string[] | undefined;
  /** Scopes that the workspace asks for by itself. */
  defaultScopes?: string[] | undefined;
  /** Whether the workspace keeps the scopes. */
  scopeSync?: boolean | undefined;
  /** Client id of your own client, where one is entered. */
  clientId?: string | undefined;
  /** Tenant entered in the slot. */
  tenantId?: string | undefined;
  /** Whether the slot takes a tenant. */
  tenantIdSupported?: boolean | undefined;
  /** Whether a client needs a secret here. */
  clientSecretRequired?: boolean | undefined;
  /** When the workspace last took a secret (RFC 3339, UTC). */
  clientSecretUpdatedAt?: string | undefined;
}

/** Looks up one integration of the workspace by id, slug or exact name, with the redirect URL, scopes and client of its slot. */
export function getIntegration(args: GetIntegrationArgs): Promise<GetIntegrationResult> {
  return callFunction<GetIntegrationResult>("getIntegration", { ...args });
}

/** What {@link getIntegrations} answers. */
export interface GetIntegrationsResult {
  /** All integrations, in the workspace's own order. */
  integrations: IntegrationSummary[];
}

/** Lists the integrations of the workspace. */
export function getIntegrations(): Promise<GetIntegrationsResult> {
  return callFunction<GetIntegrationsResult>("getIntegrations", {});
}
