/** The query options of Graph that the counterpart understands: `$filter` with eq and one lambda, `$select`, `$top`. Others are refused. */

import { badRequest, GraphError } from "./graphErrors.js";

type Entity = Record<string, unknown>;

const PAGE_SIZE = 100;
const UNDERSTOOD = ["$filter", "$select", "$top", "$skiptoken", "$count"];

/** The page of a collection that the query asks for, in Graph's envelope. */
export function answerCollection(entities: Entity[], query: URLSearchParams, url: string, context: string): Entity {
  refuseUnknownOptions(query);
  const matching = entities.filter(readFilter(query.get("$filter")));
  const size = query.has("$top") ? Number(query.get("$top")) : PAGE_SIZE;
  if (!Number.isInteger(size) || size < 1 || size > 999) throw badRequest("Invalid page size specified: it must be between 1 and 999 inclusive.");
  const from = Number(query.get("$skiptoken") ?? 0);
  const next = new URLSearchParams(query);
  next.set("$skiptoken", String(from + size));
  return {
    "@odata.context": context,
    ...(matching.length > from + size ? { "@odata.nextLink": `${url}?${next}` } : {}),
    value: matching.slice(from, from + size).map((entity) => select(entity, query)),
  };
}

export function answerEntity(entity: Entity, query: URLSearchParams, context: string): Entity {
  refuseUnknownOptions(query);
  return { "@odata.context": context, ...select(entity, query) };
}

function refuseUnknownOptions(query: URLSearchParams): void {
  const unknown = [...query.keys()].find((name) => !UNDERSTOOD.includes(name));
  // Loud: a query that the sandbox does not understand must not look answered.
  if (unknown !== undefined) throw new GraphError(400, "Request_UnsupportedQuery", `The sandbox does not know the query option '${unknown}'.`);
}

function select(entity: Entity, query: URLSearchParams): Entity {
  const names = query
    .get("$select")
    ?.split(",")
    .map((name) => name.trim());
  if (names === undefined) return entity;
  const unknown = names.find((name) => !(name in entity));
  if (unknown !== undefined) throw new GraphError(400, "BadRequest", `Parsing OData Select and Expand failed: Could not find a property named '${unknown}'.`);
  return Object.fromEntries(names.map((name) => [name, entity[name]]));
}

const EQUALS = /^(\w+) eq (?:'((?:[^']|'')*)'|(null))$/;
const ANY_EQUALS = /^(\w+)\/any\((\w+):\s*(\w+) eq '((?:[^']|'')*)'\)$/;

function readFilter(filter: string | null): (entity: Entity) => boolean {
  if (filter === null) return () => true;
  const conditions = splitConditions(filter).map(readCondition);
  return (entity) => conditions.every((holds) => holds(entity));
}

/** Parts between " and ", not looking into quoted text. */
function splitConditions(filter: string): string[] {
  return (filter.match(/(?:'(?:[^']|'')*'|(?! and ).)+/g) ?? []).map((part) => part.replace(/^\s*and\s+/, "").trim());
}

function readCondition(text: string): (entity: Entity) => boolean {
  const unquote = (quoted: string | undefined) => (quoted ?? "").replaceAll("''", "'");
  const known = (entity: Entity, property: string) => {
    if (!(property in entity)) throw badRequest(`Invalid filter clause: Could not find a property named '${property}'.`);
    return entity[property];
  };
  const equals = EQUALS.exec(text);
  if (equals?.[1] !== undefined) {
    const [, property, value, nothing] = equals;
    const wanted = nothing === undefined ? unquote(value) : null;
    return (entity) => known(entity, property) === wanted;
  }
  const any = ANY_EQUALS.exec(text);
  if (any?.[1] !== undefined && any[2] === any[3]) {
    const [, property, , , value] = any;
    return (entity) => (known(entity, property) as unknown[]).includes(unquote(value));
  }
  throw new GraphError(400, "Request_UnsupportedQuery", `Unsupported or invalid query filter clause specified: ${text}.`);
}
