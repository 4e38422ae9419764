/** What differs between the values of a state and those of a program, leaf by leaf, each with its path. */

import { isAsset, type Properties, UNKNOWN, type Value } from "../core/value.js";
import type { Difference } from "./resource.js";

/** `isSet`: whether the list at this path has no order. */
export type IsSet = (path: string) => boolean;

/** Leaf by leaf below objects; a list is one leaf. */
export function compare(path: string, before: Value, after: Value, isSet: IsSet): Difference[] {
  if (same(before, after, path, isSet)) return [];
  if (before === undefined) return [{ path, kind: "add", input: true }];
  if (after === undefined) return [{ path, kind: "delete", input: true }];
  if (isPlain(before) && isPlain(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => compare(`${path}.${name}`, before[name], after[name], isSet));
  return [{ path, kind: "update", input: true }];
}

/** What is not known yet differs from everything. */
export function same(before: Value, after: Value, path: string, isSet: IsSet): boolean {
  if (after === UNKNOWN || before === UNKNOWN) return false;
  if (isAsset(before) && isAsset(after)) return before.hash === after.hash;
  if (Array.isArray(before) && Array.isArray(after)) {
    if (before.length !== after.length) return false;
    return isSet(path) ? after.every((item) => before.includes(item)) : after.every((item, index) => same(before[index], item, path, isSet));
  }
  if (isPlain(before) && isPlain(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.every((name) => same(before[name], after[name], `${path}.${name}`, isSet));
  }
  return before === after;
}

export function isPlain(value: Value): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isAsset(value);
}

export function list(value: Value): Value[] {
  return Array.isArray(value) ? value : [];
}

/** The value at this path; UNKNOWN below what is not known. */
export function at(value: Value, ...path: string[]): Value {
  return path.reduce<Value>((inner, name) => (isPlain(inner) ? inner[name] : inner === UNKNOWN ? UNKNOWN : undefined), value);
}
