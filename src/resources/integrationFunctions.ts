/** getIntegration and getIntegrations: what the workspace knows about its integrations and their client slots. */

import * as z from "zod";
import type { Properties } from "../core/value.js";
import type { IntegrationSummary } from "../generated/odeusApi.js";
import { findIntegration } from "../workspace/integrations.js";
import type { ProviderFunction } from "./resource.js";
import { odeusOf } from "./workspaceApi.js";

const summary = {
  id: z.string().describe("Id (UUID) of the integration."),
  slug: z.string().describe("Short name, as `integrations[].integration` takes it."),
  name: z.string().describe("Name shown to people."),
  description: z.string().describe("Description shown to people."),
  authType: z.string().describe("NONE, API_KEY, SERVICE_ACCOUNT, OAUTH or OAUTH_DCR."),
  builtIn: z.boolean().describe("True: built by Odeus. False: made from scratch in this workspace."),
  clientMode: z.string().optional().describe("Whose OAuth client is in use: ODEUS, CUSTOM or NONE. Absent without OAuth."),
  odeusClientAvailable: z.boolean().optional().describe("Whether Odeus has a client of its own for it. Absent without OAuth."),
};

const client = {
  redirectUrl: z.string().optional().describe("Redirect URL to register at the authorization server, to the letter. Absent without OAuth."),
  scopes: z.array(z.string()).optional().describe("Scopes in force."),
  defaultScopes: z.array(z.string()).optional().describe("Scopes that the workspace asks for by itself."),
  scopeSync: z.boolean().optional().describe("Whether the workspace keeps the scopes."),
  clientId: z.string().optional().describe("Client id of your own client, where one is entered."),
  tenantId: z.string().optional().describe("Tenant entered in the slot."),
  tenantIdSupported: z.boolean().optional().describe("Whether the slot takes a tenant."),
  clientSecretRequired: z.boolean().optional().describe("Whether a client needs a secret here."),
  clientSecretUpdatedAt: z.string().optional().describe("When the workspace last took a secret (RFC 3339, UTC)."),
};

const element = z.object(summary).meta({ id: "IntegrationSummary", description: "One integration of the workspace." });

export const getIntegration: ProviderFunction = {
  name: "getIntegration",
  description: "Looks up one integration of the workspace by id, slug or exact name, with the redirect URL, scopes and client of its slot.",
  inputs: z.strictObject({ integration: z.string().min(1).describe("Id (UUID), slug, or exact name. Two of one name are an error that lists them.") }),
  outputs: z.object({ ...summary, ...client }),
  async invoke(context, args) {
    const odeus = odeusOf(context);
    const found = await findIntegration(odeus, String(args["integration"]));
    if (found.oauth === null) return summaryOf(found);
    const slot = await odeus.getOAuthClient(found.id);
    const { redirectUrl, scopes, defaultScopes, scopeSync, tenantIdSupported, clientSecretRequired } = slot;
    return {
      ...summaryOf(found),
      // The list may be older than a change that runs beside this look-up.
      clientMode: slot.mode,
      ...{ redirectUrl, scopes, defaultScopes, scopeSync, tenantIdSupported, clientSecretRequired },
      ...(slot.clientId === null ? {} : { clientId: slot.clientId }),
      ...(slot.tenantId === null ? {} : { tenantId: slot.tenantId }),
      ...(slot.clientSecretUpdatedAt === null ? {} : { clientSecretUpdatedAt: slot.clientSecretUpdatedAt }),
    };
  },
};

export const getIntegrations: ProviderFunction = {
  name: "getIntegrations",
  description: "Lists the integrations of the workspace.",
  inputs: z.strictObject({}),
  outputs: z.object({ integrations: z.array(element).describe("All integrations, in the workspace's own order.") }),
  invoke: async (context) => ({ integrations: (await odeusOf(context).listIntegrations()).map(summaryOf) }),
};

function summaryOf({ id, slug, name, description, authType, buildByOdeus, oauth }: IntegrationSummary): Properties {
  return {
    ...{ id, slug, name, description, authType },
    builtIn: buildByOdeus,
    ...(oauth === null ? {} : { clientMode: oauth.mode, odeusClientAvailable: oauth.odeusClientAvailable }),
  };
}
