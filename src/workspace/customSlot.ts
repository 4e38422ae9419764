/**
 * The OAuth part of a custom integration: it knows no authorization server by itself, so its endpoints and scopes are entered
 * with the client. Written by the documented PATCH .../auth: authType and authFields are sent back as they were read, because
 * the fields are replaced whole and another type would delete every user's connection.
 */

import type { OdeusApi } from "../clients/odeus.js";
import type { Secret } from "../core/secret.js";
import { sameSet } from "../core/sets.js";
import type { AuthChange, AuthField, Integration } from "../generated/odeusApi.js";
import type { SlotWish } from "./slot.js";

/** The endpoints and scopes of a custom integration that are not as wished, in words. */
export function customDifferences({ oauthClient }: Integration, { endpoints, scopes }: Pick<SlotWish, "endpoints" | "scopes">): string[] {
  const found: string[] = [];
  if (endpoints !== undefined && oauthClient?.authUrl !== endpoints.authorizationUrl)
    found.push(`has another authorization URL (${oauthClient?.authUrl ?? "none"})`);
  if (endpoints !== undefined && oauthClient?.tokenUrl !== endpoints.tokenUrl) found.push(`has another token URL (${oauthClient?.tokenUrl ?? "none"})`);
  if (scopes !== undefined && !sameSet(scopesOf(oauthClient?.scopes), scopes)) found.push("has other scopes");
  return found;
}

/** Enters client, endpoints and scopes; without a secret only the latter two. */
export async function enterCustom(
  odeus: OdeusApi,
  integration: Integration,
  wish: SlotWish,
  client: { secret: Secret | undefined } | undefined,
): Promise<Integration> {
  return write(odeus, integration, {
    ...(client === undefined ? {} : { clientId: wish.clientId }),
    ...(client?.secret === undefined ? {} : { clientSecret: client.secret.open() }),
    ...(wish.endpoints === undefined ? {} : { authUrl: wish.endpoints.authorizationUrl, tokenUrl: wish.endpoints.tokenUrl }),
    ...(wish.scopes === undefined ? {} : { scopes: wish.scopes.join(" ") }),
  });
}

/** Endpoints and scopes as they were read; what was not there cannot be taken out again. */
export async function restoreCustom(odeus: OdeusApi, integration: Integration): Promise<void> {
  const { authUrl, tokenUrl, scopes } = integration.oauthClient ?? {};
  if (authUrl === undefined && tokenUrl === undefined && scopes === undefined) return;
  await write(odeus, integration, {
    ...(authUrl === undefined ? {} : { authUrl }),
    ...(tokenUrl === undefined ? {} : { tokenUrl }),
    ...(scopes === undefined ? {} : { scopes }),
  });
}

async function write(odeus: OdeusApi, { id, authType, authFields }: Integration, oauthClient: NonNullable<AuthChange["oauthClient"]>): Promise<Integration> {
  // The id of a field is generated and must not be sent.
  const fields = authFields.map(({ id: _generated, ...field }) => field as AuthField);
  return odeus.updateIntegrationAuth(id, { authType, authFields: fields, oauthClient });
}

function scopesOf(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((scope) => scope !== "");
}
