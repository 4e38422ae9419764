/** Paths of Graph v1.0, as the permission data spells them: `/applications/{id}`, `/applications(appId={value})`, ... */

export type KeyKind = "id" | "appId" | "uniqueName";

export interface ObjectKey {
  kind: KeyKind;
  value: string;
}

export interface Location {
  /** Method and path with placeholders, the alternate key kept: `PATCH /applications(uniqueName={value})`. */
  route: string;
  /** The same with every key written as `{id}`: what the call does, whichever way the object is addressed. */
  call: string;
  key?: ObjectKey;
}

export const GRAPH_ROOT = "/v1.0";

const KEYED = /^(applications|servicePrincipals)\((appId|uniqueName)='(.*)'\)$/;
const COLLECTIONS = ["applications", "servicePrincipals", "oauth2PermissionGrants"];

export function locate(method: string, path: string): Location {
  const segments = path
    .slice(GRAPH_ROOT.length + 1)
    .split("/")
    .map(decode);
  const [first = "", second, ...rest] = segments;
  const keyed = KEYED.exec(first);
  if (keyed?.[1] !== undefined) {
    // OData doubles quotes inside a key.
    const key: ObjectKey = { kind: keyed[2] as KeyKind, value: (keyed[3] ?? "").replaceAll("''", "'") };
    const tail = segments
      .slice(1)
      .map((segment) => `/${segment}`)
      .join("");
    return { route: `${method} /${keyed[1]}(${key.kind}={value})${tail}`, call: `${method} /${keyed[1]}/{id}${tail}`, key };
  }
  if (COLLECTIONS.includes(first) && second !== undefined) return byId(method, `/${first}`, second, rest);
  const [third, ...tail] = rest;
  if (first === "directory" && second === "deletedItems" && third !== undefined && !third.startsWith("microsoft.graph.")) {
    return byId(method, "/directory/deletedItems", third, tail);
  }
  const plain = `${method} /${segments.join("/")}`;
  return { route: plain, call: plain };
}

function byId(method: string, collection: string, value: string, rest: string[]): Location {
  const route = `${method} ${collection}/{id}${rest.map((segment) => `/${segment}`).join("")}`;
  return { route, call: route, key: { kind: "id", value } };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
