/**
 * The engine's wire form of property values, and the house's: secrets, unknowns and assets are marked by signatures and
 * sentinel texts on the wire (sdk/go/common/resource/plugin/rpc.go). Nothing behind this file knows those marks.
 */

import { EVERY, type ValuePath } from "../core/check.js";
import { type AssetValue, isAsset, type Properties, UNKNOWN, type Value } from "../core/value.js";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** One sentinel a type; the engine takes the text's for any type on the way out. */
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const UNKNOWNS: ReadonlySet<unknown> = new Set([
  UNKNOWN_TEXT,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** A value as it stands in a protobuf Struct. */
export type Wire = null | boolean | number | string | Wire[] | { [key: string]: Wire };
export type WireProperties = { [key: string]: Wire };

/** Values from the wire. `secrets` collects where something was wrapped as a secret, so that the answer can wrap it again. */
export function decode(wire: WireProperties, secrets: ValuePath[] = []): Properties {
  return decodeObject(wire, [], secrets);
}

function decodeObject(wire: WireProperties, path: ValuePath, secrets: ValuePath[]): Properties {
  return Object.fromEntries(Object.entries(wire).map(([name, value]) => [name, decodeValue(value, [...path, name], secrets)]));
}

function decodeValue(wire: Wire | undefined, path: ValuePath, secrets: ValuePath[]): Value {
  if (UNKNOWNS.has(wire)) return UNKNOWN;
  if (Array.isArray(wire)) return wire.map((each, index) => decodeValue(each, [...path, index], secrets));
  if (typeof wire !== "object" || wire === null) return wire;
  switch (wire[SIGNATURE]) {
    case SECRET:
      secrets.push(path);
      return decodeValue(wire["value"], path, secrets);
    case OUTPUT:
      if (wire["secret"] === true) secrets.push(path);
      return Object.hasOwn(wire, "value") ? decodeValue(wire["value"], path, secrets) : UNKNOWN;
    case ASSET:
      return decodeAsset(wire);
    default:
      return decodeObject(wire, path, secrets);
  }
}

function decodeAsset(wire: WireProperties): AssetValue {
  const { hash, path, text, uri } = wire;
  return {
    kind: "asset",
    hash: typeof hash === "string" ? hash : "",
    ...(typeof path === "string" && path !== "" ? { path } : {}),
    ...(typeof text === "string" && text !== "" ? { text } : {}),
    ...(typeof uri === "string" && uri !== "" ? { uri } : {}),
  };
}

/** Values for the wire, those at the secret paths wrapped. What is undefined is left out: protobuf refuses it. */
export function encode(properties: Properties, secrets: readonly ValuePath[] = []): WireProperties {
  return encodeObject(properties, secrets);
}

function encodeObject(properties: Properties, secrets: readonly ValuePath[]): WireProperties {
  const wire: WireProperties = {};
  for (const [name, value] of Object.entries(properties)) {
    if (value !== undefined) wire[name] = encodeValue(value, below(secrets, name));
  }
  return wire;
}

/** `secrets` are the paths from this value on: an empty one is the value itself. */
function encodeValue(value: Exclude<Value, undefined>, secrets: readonly ValuePath[]): Wire {
  const wire = encodeBare(value, secrets);
  // The whole is wrapped once: a secret within a secret would be decoded twice by nobody.
  return secrets.some((path) => path.length === 0) ? { [SIGNATURE]: SECRET, value: wire } : wire;
}

function encodeBare(value: Exclude<Value, undefined>, secrets: readonly ValuePath[]): Wire {
  if (value === UNKNOWN) return UNKNOWN_TEXT;
  if (typeof value !== "object" || value === null) return value;
  const inner = secrets.some((path) => path.length === 0) ? [] : secrets;
  if (Array.isArray(value)) return value.map((each, index) => (each === undefined ? null : encodeValue(each, below(inner, index))));
  if (isAsset(value)) {
    const { kind: _, ...content } = value;
    return { [SIGNATURE]: ASSET, ...content };
  }
  return encodeObject(value, inner);
}

function below(secrets: readonly ValuePath[], segment: string | number): ValuePath[] {
  return secrets.filter(([first]) => first === segment || first === EVERY).map((path) => path.slice(1));
}

/** Every text at the given paths, for the scrubber. */
export function textsAt(properties: Properties, paths: readonly ValuePath[]): string[] {
  return paths.flatMap((path) => texts(properties, path));
}

function texts(value: Value, [segment, ...rest]: ValuePath): string[] {
  if (typeof value === "string") return segment === undefined ? [value] : [];
  if (typeof value !== "object" || value === null || isAsset(value)) return [];
  if (segment === undefined || segment === EVERY) return Object.values(value).flatMap((each) => texts(each, rest));
  return texts((value as Record<string, Value>)[segment], rest);
}
