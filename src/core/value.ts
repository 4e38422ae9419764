/** Property values as the house sees them: plain JavaScript, with one symbol for what the engine does not know yet. */

/** Stands for a value that is not known before `up` (an output of a resource that does not exist yet). */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** A file or text given by the program. Content is there when the engine sent it; old assets come with their hash only. */
export interface AssetValue {
  readonly kind: "asset";
  readonly hash: string;
  readonly path?: string;
  readonly text?: string;
  readonly uri?: string;
}

export type Value = undefined | null | boolean | number | string | typeof UNKNOWN | AssetValue | Value[] | { [key: string]: Value };
export type Properties = { [key: string]: Value };

export function isAsset(value: unknown): value is AssetValue {
  return typeof value === "object" && value !== null && (value as AssetValue).kind === "asset" && typeof (value as AssetValue).hash === "string";
}

/** Whether a value, or anything inside it, is not known yet. */
export function holdsUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(holdsUnknown);
  if (typeof value === "object" && value !== null) return Object.values(value).some(holdsUnknown);
  return false;
}

/** Everything but what is not known yet. */
export function withoutUnknown(value: Value): Value {
  if (Array.isArray(value)) return value.filter((each) => each !== UNKNOWN).map(withoutUnknown);
  if (typeof value !== "object" || value === null || isAsset(value)) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, each]) => (each === UNKNOWN ? [] : [[name, withoutUnknown(each)]])));
}
