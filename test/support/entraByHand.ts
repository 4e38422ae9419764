/** What a person makes in the Entra admin centre, without us. */

import { MICROSOFT_GRAPH_APP_ID } from "../../src/clients/graph.js";
import type { World } from "./sandbox.js";

export interface AppByHand {
  /** Object id. */
  id: string;
  appId: string;
  secret: string;
}

/** An app registration with its service principal and one secret. */
export async function appByHand({ graph, tenantId }: World, body: Record<string, unknown> = {}, tenant = tenantId): Promise<AppByHand> {
  const { body: app } = await graph<{ id: string; appId: string }>("POST", "/applications", { displayName: "by hand", ...body }, tenant);
  await graph("POST", "/servicePrincipals", { appId: app.appId }, tenant);
  const password = { passwordCredential: { displayName: "by hand" } };
  const { body: added } = await graph<{ secretText: string }>("POST", `/applications/${app.id}/addPassword`, password, tenant);
  return { id: app.id, appId: app.appId, secret: added.secretText };
}

/** Tenant-wide consent to these delegated scopes of Microsoft Graph, as an administrator grants it. */
export async function consentByHand({ graph }: World, appId: string, scopes: readonly string[]): Promise<void> {
  const idOf = async (app: string) => (await graph<{ id: string }>("GET", `/servicePrincipals(appId='${app}')`)).body.id;
  const [clientId, resourceId] = await Promise.all([idOf(appId), idOf(MICROSOFT_GRAPH_APP_ID)]);
  await graph("POST", "/oauth2PermissionGrants", { clientId, consentType: "AllPrincipals", principalId: null, resourceId, scope: scopes.join(" ") });
}

/** A secret of earlier years beside the others: Entra keeps what has ended. */
export async function endedSecret({ graph }: World, { id }: AppByHand): Promise<void> {
  const passwordCredential = { displayName: "of earlier", startDateTime: "2023-01-01T00:00:00Z", endDateTime: "2024-01-01T00:00:00Z" };
  await graph("POST", `/applications/${id}/addPassword`, { passwordCredential });
}

/** These delegated scopes of Microsoft Graph, as an app registration holds them. */
export async function graphPermissions({ graph }: World, names: readonly string[]): Promise<object[]> {
  const resourceAppId = MICROSOFT_GRAPH_APP_ID;
  const { body } = await graph<{ oauth2PermissionScopes: { id: string; value: string }[] }>("GET", `/servicePrincipals(appId='${resourceAppId}')`);
  const idOf = (name: string): string => body.oauth2PermissionScopes.find(({ value }) => value === name)?.id ?? name;
  return [{ resourceAppId, resourceAccess: names.map((name) => ({ id: idOf(name), type: "Scope" })) }];
}
