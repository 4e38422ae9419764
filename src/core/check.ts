/**
 * Whether inputs fit a definition, in our own words, with values that are not known yet anywhere inside. The rejected value
 * is never repeated: it may be a secret that was put into the wrong place.
 */

import type * as z from "zod";
import { type Shape, shapeOf } from "./definition.js";
import { didYouMean } from "./nearest.js";
import { formatPath, type PathSegment } from "./propertyPath.js";
import { holdsUnknown, isAsset, type Properties, UNKNOWN, type Value } from "./value.js";

/** Stands in a path for every element of a list and every value of a map. */
export const EVERY = "*";

/** A property by its names from the top; `*` is every element. */
export type ValuePath = readonly PathSegment[];

/** Every reason why the inputs do not fit, each starting with the property's path; empty when they do. */
export function shapeProblems(definition: z.ZodObject, inputs: Properties): string[] {
  const known = unknownNames(shapeOf(definition), inputs, []);
  const result = definition.safeParse(inputs, { error: (issue) => wording(issue) });
  if (result.success) return known;
  const problems = result.error.issues.flatMap((issue) => {
    const path = issue.path.filter((segment) => typeof segment !== "symbol");
    const at = valueAt(inputs, path);
    if (at === UNKNOWN || (issue.code === "invalid_union" && holdsUnknown(at))) return [];
    // Names are checked above for all objects, the ones that a definition left open included.
    if (issue.code === "unrecognized_keys") return [];
    const text = at === undefined && issue.code !== "custom" ? "is required" : issue.message;
    return [path.length === 0 ? text : `${formatPath(path)}: ${text}`];
  });
  return [...known, ...problems];
}

/** The value at a path, or UNKNOWN where the way there is not known. */
function valueAt(inputs: Properties, path: readonly PathSegment[]): unknown {
  let at: unknown = inputs;
  for (const segment of path) {
    if (at === UNKNOWN) return UNKNOWN;
    at = typeof at === "object" && at !== null ? (at as Record<string, unknown>)[segment] : undefined;
  }
  return at;
}

/** What is wrong, from zod's issue. A message that the definition itself gives wins over this. */
function wording(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${NOUNS[issue.expected] ?? "of another type"}`;
    case "invalid_value":
      return issue.values.length === 1 ? `must be ${quoted(issue.values[0])}` : `must be one of ${issue.values.map(quoted).join(", ")}`;
    case "too_big":
      return sized(issue.origin, "at most", issue.maximum, issue.inclusive !== false, "less than");
    case "too_small":
      return sized(issue.origin, "at least", issue.minimum, issue.inclusive !== false, "more than");
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return FORMATS[issue.format] ?? "does not have the right form";
    case "invalid_key":
      return "has a name that is not allowed";
    case "invalid_union":
      return "fits none of the allowed forms";
    default:
      return "is not valid";
  }
}

const NOUNS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

const FORMATS: Readonly<Record<string, string>> = {
  guid: "must be a GUID",
  uuid: "must be a UUID",
  url: "must be a URL",
  email: "must be an e-mail address",
  datetime: "must be a date and time (ISO 8601)",
  date: "must be a date (ISO 8601)",
};

function quoted(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function sized(origin: string, bound: string, limit: number | bigint, inclusive: boolean, strictBound: string): string {
  if (origin === "string") return bound === "at least" && limit === 1 ? "must not be empty" : `must be ${bound} ${plural(limit, "character")}`;
  if (origin === "array" || origin === "set") return `must have ${bound} ${plural(limit, "element")}`;
  return inclusive ? `must be ${bound} ${limit}` : `must be ${strictBound} ${limit}`;
}

function plural(count: number | bigint, noun: string): string {
  return `${count} ${noun}${Number(count) === 1 ? "" : "s"}`;
}

/** The sentence about a name that does not exist, with the names it may have meant. */
export function unknownName(sentence: string, name: string, names: readonly string[]): string {
  const near = didYouMean(name, names);
  return near === "" ? sentence : `${sentence}.${near}`;
}

/** Properties that the definition does not have, at any depth. */
function unknownNames(shape: Shape, value: unknown, path: ValuePath): string[] {
  if (Array.isArray(value)) {
    const { element } = shape;
    return element === undefined ? [] : value.flatMap((each, index) => unknownNames(element, each, [...path, index]));
  }
  if (typeof value !== "object" || value === null || isAsset(value)) return [];
  return Object.entries(value).flatMap(([name, each]) => {
    const at = [...path, name];
    if (shape.type === "map" && shape.element !== undefined) return unknownNames(shape.element, each, at);
    if (shape.type !== "object") return [];
    const property = Object.hasOwn(shape.properties, name) ? shape.properties[name] : undefined;
    return property === undefined
      ? [`${formatPath(at)}: ${unknownName("is not a known property", name, Object.keys(shape.properties))}`]
      : unknownNames(property, each, at);
  });
}

/**
 * The inputs with the definition's defaults where nothing is given, in nested objects that are given too. Otherwise they stay
 * as the program wrote them: another spelling of the same value would be a difference for ever. What is null counts as not given,
 * and a number in a map of texts as its text.
 */
export function withDefaults(definition: z.ZodObject, inputs: Properties): Properties {
  return completed(shapeOf(definition), inputs) as Properties;
}

function completed(shape: Shape, value: Value): Value {
  if (Array.isArray(value)) {
    const { element } = shape;
    return element === undefined ? value : value.map((each) => completed(element, each));
  }
  if (typeof value !== "object" || value === null || isAsset(value)) return value;
  const given = Object.entries(value).filter(([, each]) => each !== undefined && each !== null);
  const result: Properties = {};
  for (const [name, each] of given) {
    const property = shape.type === "map" ? shape.element : Object.hasOwn(shape.properties, name) ? shape.properties[name] : undefined;
    result[name] = property === undefined ? each : completed(property, shape.type === "map" ? asText(property, each) : each);
  }
  for (const [name, property] of Object.entries(shape.properties)) {
    if (!Object.hasOwn(result, name) && property.default !== undefined) result[name] = completed(property, structuredClone(property.default) as Value);
  }
  return result;
}

/** A program in YAML reads a configured "2" as a number, and a map whose names are free has no property to declare it as text. */
function asText({ type }: Shape, value: Value): Value {
  return type === "text" && (typeof value === "number" || typeof value === "boolean") ? String(value) : value;
}

/** Where the definition holds secrets, nested ones and those in lists and maps too. */
export function secretPaths(definition: z.ZodObject): readonly ValuePath[] {
  const known = secrets.get(definition) ?? secretsOf(shapeOf(definition), []);
  secrets.set(definition, known);
  return known;
}

/** A definition never changes, and every value on its way in or out asks. */
const secrets = new WeakMap<z.ZodObject, readonly ValuePath[]>();

function secretsOf(shape: Shape, path: ValuePath): ValuePath[] {
  if (shape.secret) return [path];
  return [
    ...Object.entries(shape.properties).flatMap(([name, property]) => secretsOf(property, [...path, name])),
    ...(shape.element === undefined ? [] : secretsOf(shape.element, [...path, EVERY])),
    ...shape.forms.flatMap((form) => secretsOf(form, path)),
  ];
}
