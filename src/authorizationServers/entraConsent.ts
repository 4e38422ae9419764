/** Service principal and tenant-wide consent of an Entra app; only the scopes that are ours are granted or taken back. */

import type { Graph, PermissionGrant, ServicePrincipal } from "../clients/graph.js";
import { isRemote, RemoteError } from "../core/errors.js";
import { converged, sameSet } from "../core/sets.js";
import { type Patience, untilReady } from "../core/wait.js";

/** An app, a service principal or a grant that was made a moment ago and is not visible everywhere yet. */
export function notReplicated(error: unknown): boolean {
  return (
    isRemote(error, 404) ||
    isRemote(error, undefined, "ApplicationNotReplicated") ||
    isRemote(error, undefined, "ReferenceNotReplicated") ||
    isRemote(error, 409, "Directory_ConcurrencyViolation") ||
    isRemote(error, 409, "Error_MsaAppDoesNotExist")
  );
}

/** Without a service principal every sign-in fails (AADSTS7000229). */
export async function ensureServicePrincipal(graph: Graph, appId: string, patience: Patience): Promise<ServicePrincipal> {
  return untilReady(patience, notReplicated, async () => {
    const made = await graph.upsertServicePrincipal(appId);
    if (made !== undefined) return made;
    const found = await graph.findServicePrincipal(appId);
    if (found !== undefined) return found;
    throw new RemoteError({
      service: "Microsoft Graph",
      operation: "getServicePrincipal",
      host: "",
      outcome: "refused",
      status: 404,
      said: "does not show the service principal of the app yet",
    });
  });
}

export function scopesOf(grant: PermissionGrant | undefined): string[] {
  return (grant?.scope ?? "").split(" ").filter((scope) => scope !== "");
}

export async function findGrant(graph: Graph, servicePrincipalId: string, resourceId: string): Promise<PermissionGrant | undefined> {
  return (await graph.listGrants(servicePrincipalId)).find((grant) => grant.resourceId === resourceId);
}

/** Makes the grant hold the wished scopes beside what others granted. Before its first effect it tells what the grant held. */
export async function convergeGrant(
  graph: Graph,
  ids: { servicePrincipalId: string; resourceId: string },
  scopes: { wished: string[]; formerly: string[] },
  patience: Patience,
  changing: (held: string[]) => void = () => undefined,
): Promise<void> {
  let told = false;
  await untilReady(
    patience,
    (error) => notReplicated(error) || isRemote(error, undefined, "GrantExists"),
    async () => {
      const grant = await findGrant(graph, ids.servicePrincipalId, ids.resourceId);
      const current = scopesOf(grant);
      const next = converged(current, scopes.wished, scopes.formerly);
      if (sameSet(current, next)) return;
      if (!told) changing(current);
      told = true;
      if (grant === undefined) await graph.createGrant(ids.servicePrincipalId, ids.resourceId, next.join(" "));
      else if (next.length === 0) await graph.deleteGrant(grant.id);
      else await graph.patchGrant(grant.id, next.join(" "));
    },
  );
}
