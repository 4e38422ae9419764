/**
 * A resource's definition as a plain tree: what check, schema.json and the generated classes all read. zod keeps marks
 * (secret, ref, onChange) reachable only in its JSON schema, so the tree is built from that.
 */

import * as z from "zod";

export interface Shape {
  type: "object" | "list" | "map" | "text" | "number" | "integer" | "boolean" | "any";
  /** The type's own name, where the definition gives one (`.meta({ id })`). */
  name?: string;
  /** What the type is, where it has a name. */
  typeDescription?: string;
  description?: string;
  default?: unknown;
  secret: boolean;
  /** A Pulumi schema reference that stands for the type, for example `pulumi.json#/Asset`. */
  ref?: string;
  onChange?: string;
  /** The only values allowed. */
  values?: readonly (string | number | boolean)[];
  /** Of an object: its properties, and which of them must be given. */
  properties: Readonly<Record<string, Shape>>;
  required: ReadonlySet<string>;
  /** Of a list or a map: what it holds. */
  element?: Shape;
  /** Of a union: its forms. */
  forms: readonly Shape[];
}

interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  type?: string;
  description?: string;
  default?: unknown;
  const?: string | number | boolean;
  enum?: (string | number | boolean)[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  secret?: boolean;
  ref?: string;
  onChange?: string;
}

/** A definition never changes, and reading it costs about a millisecond: every check would pay it. */
const read = new WeakMap<z.ZodObject, Shape>();

export function shapeOf(definition: z.ZodObject): Shape {
  let shape = read.get(definition);
  if (shape === undefined) {
    const schema = z.toJSONSchema(definition, { io: "input", unrepresentable: "any" }) as JsonSchema;
    shape = toShape(schema, schema.$defs ?? {});
    read.set(definition, shape);
  }
  return shape;
}

function toShape(schema: JsonSchema, defs: Record<string, JsonSchema>): Shape {
  if (schema.$ref === undefined) return ownShape(schema, defs);
  const name = schema.$ref.slice("#/$defs/".length);
  const target = defs[name];
  if (target === undefined) throw new Error(`A definition refers to ${schema.$ref}, which is not there`);
  const shape = ownShape(target, defs);
  // What stands beside the reference belongs to the property; the rest belongs to the type.
  const { description: typeDescription, ...type } = shape;
  return {
    ...type,
    name,
    ...(typeDescription === undefined ? {} : { typeDescription, description: typeDescription }),
    ...marks(schema),
    secret: shape.secret || schema.secret === true,
  };
}

function marks(schema: JsonSchema): Pick<Shape, "description" | "default" | "ref" | "onChange"> {
  return {
    ...(schema.description === undefined ? {} : { description: schema.description }),
    ...(schema.default === undefined ? {} : { default: schema.default }),
    ...(schema.ref === undefined ? {} : { ref: schema.ref }),
    ...(schema.onChange === undefined ? {} : { onChange: schema.onChange }),
  };
}

function ownShape(schema: JsonSchema, defs: Record<string, JsonSchema>): Shape {
  const common = { ...marks(schema), secret: schema.secret === true, properties: {}, required: new Set<string>(), forms: [] };
  const union = schema.anyOf ?? schema.oneOf;
  if (union !== undefined) {
    const forms = union.filter((form) => form.type !== "null").map((form) => toShape(form, defs));
    const [only] = forms;
    return only !== undefined && forms.length === 1 ? { ...only, ...marks(schema), secret: only.secret || common.secret } : { ...common, type: "any", forms };
  }
  const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  const allowed = values === undefined ? {} : { values };
  switch (schema.type) {
    case "object":
      return objectShape(schema, defs, common);
    case "array":
      return { ...common, type: "list", element: toShape(schema.items ?? {}, defs) };
    case "string":
      return { ...common, ...allowed, type: "text" };
    case "integer":
    case "number":
    case "boolean":
      return { ...common, ...allowed, type: schema.type };
    default:
      return { ...common, ...allowed, type: "any" };
  }
}

function objectShape(schema: JsonSchema, defs: Record<string, JsonSchema>, common: Omit<Shape, "type">): Shape {
  if (schema.properties === undefined && typeof schema.additionalProperties === "object") {
    return { ...common, type: "map", element: toShape(schema.additionalProperties, defs) };
  }
  const properties = Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, property]) => [name, toShape(property, defs)]));
  return { ...common, type: "object", properties, required: new Set(schema.required) };
}
