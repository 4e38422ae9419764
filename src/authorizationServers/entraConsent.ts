/** Service principal and tenant-wide consent of an Entra app; only the scopes that are ours are granted or taken back. */

import type { Graph, PermissionGrant, ServicePrincipal } from "../clients/graph.js";
import { isRemote, RemoteError } from "../core/errors.js";
import { converged, minus, sameSet } from "../core/sets.js";
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

/**
 * Makes the grant hold the wished scopes beside what others granted. Before its first effect it tells what the grant held.
 * Answers the scopes that are ours from now on: of the wished ones, those that were ours, and those that it did not hold. A run
 * that was killed between granting and recording leaves a grant that nobody can tell from one of others, so the next run takes
 * it for theirs and it stays: a consent too many can be withdrawn by hand, one too few asks everybody again.
 */
export async function convergeGrant(
  graph: Graph,
  ids: { servicePrincipalId: string; resourceId: string },
  scopes: { wished: string[]; formerly: string[] },
  patience: Patience,
  changing: (held: string[]) => void = () => undefined,
): Promise<string[]> {
  let told = false;
  return untilReady(
    patience,
    (error) => notReplicated(error) || isRemote(error, undefined, "GrantExists"),
    async () => {
      const grant = await findGrant(graph, ids.servicePrincipalId, ids.resourceId);
      const current = scopesOf(grant);
      const next = converged(current, scopes.wished, scopes.formerly);
      const ours = minus(scopes.wished, minus(current, scopes.formerly));
      if (sameSet(current, next)) return ours;
      if (!told) changing(current);
      told = true;
      if (grant === undefined) await graph.createGrant(ids.servicePrincipalId, ids.resourceId, next.join(" "));
      else if (next.length === 0) await graph.deleteGrant(grant.id);
      else await graph.patchGrant(grant.id, next.join(" "));
      return ours;
    },
  );
}
