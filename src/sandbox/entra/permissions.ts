/** Which application permission allows which Graph call: the vendor's own data, and what it leaves out. */

import data from "../data/graph-least-privilege.json";
import { forbidden } from "./graphErrors.js";

const OWNED_ONLY = "Application.ReadWrite.OwnedBy";

const calls: Record<string, { allow: string[] }> = data.calls;
export const GRAPH_APP_ROLES: Record<string, string | null> = data.appRoles;

/** Calls that the data does not name, by the named call they are treated as, or by their permissions. */
const OTHERS: Record<string, string | string[]> = {
  // The logo is a stream property of the application.
  "PUT /applications/{id}/logo": "PATCH /applications/{id}",
  "DELETE /servicePrincipals/{id}": "PATCH /servicePrincipals/{id}",
  // By the reference page of the call; the permissions file has no entry.
  "GET /policies/defaultAppManagementPolicy": ["Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration"],
  // The page names the least permission only; that writing everything includes reading is a guess.
  "GET /directory/deletedItems/microsoft.graph.application": ["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"],
  "GET /directory/deletedItems/microsoft.graph.servicePrincipal": ["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"],
};

function allowed(route: string): string[] {
  const other = OTHERS[route];
  if (Array.isArray(other)) return other;
  const named = calls[other ?? route];
  if (named !== undefined) return named.allow;
  // Alternate keys are treated like the object id where the data has no entry of their own.
  const byId = route.replace(/\((?:appId|uniqueName)=\{value\}\)/, "/{id}");
  if (byId === route) throw new Error(`no permissions are known for ${route}`);
  return allowed(byId);
}

/**
 * Whether these permissions allow the call at all (403 otherwise), and whether only for what the caller owns. Reading is not
 * restricted to owned objects: documented for the lists ("this scope of access has been allowed"), assumed for single objects.
 */
export function checkPermission(route: string, permissions: string[]): { ownedOnly: boolean } {
  const held = allowed(route).filter((permission) => permissions.includes(permission));
  if (held.length === 0) throw forbidden();
  return { ownedOnly: !route.startsWith("GET ") && held.every((permission) => permission === OWNED_ONLY) };
}
