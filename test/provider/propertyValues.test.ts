import * as fc from "fast-check";
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { EVERY, type ValuePath } from "../../src/core/check.js";
import { type AssetValue, type Properties, UNKNOWN, type Value } from "../../src/core/value.js";
import { decode, encode, textsAt, type WireProperties } from "../../src/provider/propertyValues.js";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

const name = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text !== "__proto__" && text !== EVERY);
const asset: fc.Arbitrary<AssetValue> = fc.record(
  { kind: fc.constant("asset" as const), hash: fc.string(), path: fc.string({ minLength: 1 }), text: fc.string({ minLength: 1 }), uri: fc.webUrl() },
  { requiredKeys: ["kind", "hash"], noNullPrototype: true },
);
const { properties } = fc.letrec<{ value: Value; properties: Properties }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string(),
    fc.constant(UNKNOWN),
    asset,
    fc.array(tie("value"), { maxLength: 4 }),
    tie("properties"),
  ),
  properties: fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
}));

/** Through protobuf and back, as on the way to the engine. */
function overTheWire(wire: WireProperties): WireProperties {
  return Struct.deserializeBinary(Struct.fromJavaScript(wire).serializeBinary()).toJavaScript() as WireProperties;
}

/** Every place in the values, with `*` for some elements. */
function places(value: Value, path: ValuePath = []): ValuePath[] {
  if (typeof value !== "object" || value === null || (value as AssetValue).kind === "asset") return [path];
  const inner = Array.isArray(value)
    ? value.flatMap((each) => places(each, [...path, EVERY]))
    : Object.entries(value).flatMap(([key, each]) => places(each, [...path, key]));
  return path.length === 0 ? inner : [path, ...inner];
}

describe("round trips over the wire", () => {
  it("keep every value", () => {
    fc.assert(fc.property(properties, (values) => expect(decode(overTheWire(encode(values)))).toEqual(values)));
  });

  it("keep every value, whichever are secret", () => {
    fc.assert(
      fc.property(properties, fc.infiniteStream(fc.boolean()), (values, coins) => {
        const secrets = places(values).filter(() => coins.next().value);
        expect(decode(overTheWire(encode(values, secrets)))).toEqual(values);
      }),
    );
  });

  it("wrap again exactly what was wrapped", () => {
    fc.assert(
      fc.property(properties, fc.infiniteStream(fc.boolean()), (values, coins) => {
        const wire = encode(
          values,
          places(values).filter(() => coins.next().value),
        );
        const found: ValuePath[] = [];
        expect(encode(decode(wire, found), found)).toEqual(wire);
      }),
    );
  });
});

describe("encode", () => {
  it("leaves out what is undefined, at any depth", () => {
    expect(encode({ a: undefined, b: { c: undefined, d: 1 } })).toEqual({ b: { d: 1 } });
  });

  it("wraps nested secrets and every element of a list or map", () => {
    const wrapped = (value: string) => ({ [SIGNATURE]: SECRET, value });
    const paths = [
      ["app", "secret"],
      ["tokens", EVERY],
      ["byName", EVERY, "value"],
    ];
    expect(encode({ app: { secret: "s", id: "i" }, tokens: ["t", "u"], byName: { x: { value: "v", id: "w" } } }, paths)).toEqual({
      app: { secret: wrapped("s"), id: "i" },
      tokens: [wrapped("t"), wrapped("u")],
      byName: { x: { value: wrapped("v"), id: "w" } },
    });
  });
});

describe("decode", () => {
  it.each([
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
  ])("knows the sentinel %s", (sentinel) => {
    expect(decode({ a: [sentinel] })).toEqual({ a: [UNKNOWN] });
  });

  it("opens secrets that are unknown, and values that are outputs", () => {
    const output = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
    const found: ValuePath[] = [];
    const wire = {
      a: { [SIGNATURE]: SECRET, value: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" },
      b: { [SIGNATURE]: output, value: "x", secret: true, dependencies: [] },
      c: { [SIGNATURE]: output },
    };
    expect(decode(wire, found)).toEqual({ a: UNKNOWN, b: "x", c: UNKNOWN });
    expect(found).toEqual([["a"], ["b"]]);
  });
});

it("textsAt finds the texts at paths, everything below a path included", () => {
  expect(
    textsAt({ a: { b: "one", c: "no" }, d: ["two", UNKNOWN, { e: "three" }] }, [
      ["a", "b"],
      ["d", EVERY],
      ["x", "y"],
    ]),
  ).toEqual(["one", "two", "three"]);
});
