/** Names of delegated Microsoft Graph permissions and their ids, as the tenant itself knows them. */

import { type Graph, MICROSOFT_GRAPH_APP_ID } from "../clients/graph.js";
import { ConfigError } from "../core/errors.js";
import { didYouMean } from "../core/nearest.js";

export interface ScopeCatalogue {
  /** Service principal of Microsoft Graph in this tenant: what a consent grant points at. */
  resourceId: string;
  idOf: ReadonlyMap<string, string>;
  nameOf: ReadonlyMap<string, string>;
}

const QUALIFIED = /^https:\/\/graph\.microsoft\.(com|us)\/|^https:\/\/microsoftgraph\.chinacloudapi\.cn\//;

/** The scope as Graph names it, without Graph's own address in front. */
export function bareScope(scope: string): string {
  return scope.replace(QUALIFIED, "");
}

export async function readCatalogue(graph: Graph): Promise<ScopeCatalogue> {
  const resource = await graph.findServicePrincipal(MICROSOFT_GRAPH_APP_ID);
  if (resource === undefined)
    throw new ConfigError(
      "this tenant has no service principal of Microsoft Graph, so no scope can be looked up. Run again; if it stays so, ask an administrator of the tenant.",
    );
  const scopes = resource.oauth2PermissionScopes ?? [];
  return {
    resourceId: resource.id,
    idOf: new Map(scopes.map(({ value, id }) => [value, id])),
    nameOf: new Map(scopes.map(({ value, id }) => [id, value])),
  };
}

/** Ids of these scopes; every name that does not exist is reported at once, with the nearest that do. */
export function scopeIds(catalogue: ScopeCatalogue, scopes: readonly string[]): string[] {
  const problems: string[] = [];
  const ids = scopes.flatMap((scope) => {
    const id = catalogue.idOf.get(bareScope(scope));
    if (id !== undefined) return [id];
    problems.push(
      bareScope(scope).includes("://")
        ? `scope "${scope}" belongs to another API than Microsoft Graph, which is not supported.`
        : `scope "${scope}" does not exist at Microsoft Graph (names are case-sensitive).${didYouMean(bareScope(scope), catalogue.idOf.keys())}`,
    );
    return [];
  });
  if (problems.length > 0) throw new ConfigError(problems.join("\n  "));
  return ids;
}
