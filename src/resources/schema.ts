/** The Pulumi schema of this package, from the definitions: what other languages, YAML and the documentation are made of. */

import { CONFIG_TREE, type ConfigValue, GROUPS } from "../core/configTree.js";
import { type Shape, shapeOf } from "../core/definition.js";
import type { ProviderFunction, Resource } from "./resource.js";

export interface PackageFacts {
  version: string;
  description: string;
  license: string;
  keywords: readonly string[];
}

/** What of a resource can be written down. */
export type Definition = Pick<Resource, "kind" | "description" | "inputs" | "outputs">;

interface Property {
  type?: string;
  $ref?: string;
  description?: string;
  default?: unknown;
  secret?: true;
  items?: Property;
  additionalProperties?: Property;
  oneOf?: Property[];
}

interface ObjectType {
  type: "object";
  description?: string;
  properties: Record<string, Property>;
  required?: string[];
}

const PACKAGE = "odeus";

/** What of a function can be written down. */
export type FunctionDefinition = Pick<ProviderFunction, "name" | "description" | "inputs" | "outputs">;

export function pulumiSchema(resources: readonly Definition[], functions: readonly FunctionDefinition[], facts: PackageFacts): object {
  const types = new Map<string, ObjectType>();
  const config = configProperties(types);
  const resourceSpecs = Object.fromEntries(resources.map((resource) => [`${PACKAGE}:index:${resource.kind}`, resourceSpec(resource, types)]));
  const functionSpecs = Object.fromEntries(functions.map((each) => [`${PACKAGE}:index:${each.name}`, functionSpec(each, types)]));
  return {
    name: PACKAGE,
    displayName: "Odeus",
    version: facts.version,
    description: facts.description,
    keywords: facts.keywords,
    license: facts.license,
    config: { variables: config },
    types: Object.fromEntries([...types].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, type]) => [`${PACKAGE}:index:${name}`, type])),
    provider: { description: "Configuration of the Odeus provider.", inputProperties: config },
    resources: resourceSpecs,
    functions: functionSpecs,
    // Another name than that of the package with the dynamic resources: both may be installed.
    language: { nodejs: { packageName: "@odeus/pulumi-sdk", respectSchemaVersion: true } },
  };
}

function resourceSpec(resource: Definition, types: Map<string, ObjectType>): object {
  const inputs = shapeOf(resource.inputs);
  const outputs = shapeOf(resource.outputs);
  const inputProperties = properties(resource.kind, inputs, types);
  return {
    description: resource.description,
    inputProperties,
    requiredInputs: requiredOf(inputs),
    properties: { ...withoutDefaults(inputProperties), ...properties(resource.kind, outputs, types) },
    // An input with a default is always in the state.
    required: [
      ...Object.keys(inputs.properties).filter((name) => inputs.required.has(name) || inputs.properties[name]?.default !== undefined),
      ...requiredOf(outputs),
    ],
    // A stack that used the dynamic class moves to the plugin without a replacement.
    aliases: [{ type: `pulumi-nodejs:dynamic/${PACKAGE}:${resource.kind}` }],
  };
}

function functionSpec({ name, description, inputs, outputs }: FunctionDefinition, types: Map<string, ObjectType>): object {
  const [given, answered] = [shapeOf(inputs), shapeOf(outputs)];
  return {
    description,
    inputs: { type: "object", properties: properties(name, given, types), ...listed("required", requiredOf(given)) },
    outputs: { type: "object", properties: properties(name, answered, types), ...listed("required", requiredOf(answered)) },
  };
}

function listed(name: string, values: string[]): object {
  return values.length === 0 ? {} : { [name]: values };
}

function requiredOf(shape: Shape): string[] {
  return Object.keys(shape.properties).filter((name) => shape.required.has(name));
}

function properties(parent: string, shape: Shape, types: Map<string, ObjectType>): Record<string, Property> {
  return Object.fromEntries(Object.entries(shape.properties).map(([name, property]) => [name, propertySpec(`${parent}${capitalized(name)}`, property, types)]));
}

function withoutDefaults(inputs: Record<string, Property>): Record<string, Property> {
  return Object.fromEntries(Object.entries(inputs).map(([name, { default: _, ...property }]) => [name, property]));
}

function propertySpec(path: string, shape: Shape, types: Map<string, ObjectType>): Property {
  const description = hoverText(shape);
  return {
    ...typeSpec(path, shape, types),
    ...(description === "" ? {} : { description }),
    // The schema has no place for other defaults; check applies all of them.
    ...(isScalar(shape.default) ? { default: shape.default } : {}),
    ...(shape.secret ? { secret: true } : {}),
  };
}

function typeSpec(path: string, shape: Shape, types: Map<string, ObjectType>): Property {
  if (shape.ref !== undefined) return { $ref: shape.ref };
  switch (shape.type) {
    case "object":
      return { $ref: `#/types/${PACKAGE}:index:${objectType(path, shape, types)}` };
    case "list":
      return { type: "array", items: elementSpec(path, shape, types) };
    case "map":
      return { type: "object", additionalProperties: elementSpec(path, shape, types) };
    case "any":
      return shape.forms.length > 0
        ? { oneOf: shape.forms.map((form, index) => typeSpec(`${path}Form${index + 1}`, form, types)) }
        : { $ref: "pulumi.json#/Any" };
    default:
      return { type: shape.type === "text" ? "string" : shape.type };
  }
}

function elementSpec(path: string, shape: Shape, types: Map<string, ObjectType>): Property {
  return shape.element === undefined ? { $ref: "pulumi.json#/Any" } : typeSpec(path, shape.element, types);
}

/** Records an object's type, and answers its name: its own, or one made of the way to it. */
function objectType(path: string, shape: Shape, types: Map<string, ObjectType>): string {
  const name = shape.name ?? path;
  const required = requiredOf(shape);
  const type: ObjectType = {
    type: "object",
    ...(shape.typeDescription === undefined ? {} : { description: shape.typeDescription }),
    properties: properties(name, shape, types),
    ...(required.length === 0 ? {} : { required }),
  };
  const earlier = types.get(name);
  if (earlier !== undefined && JSON.stringify(earlier) !== JSON.stringify(type)) throw new Error(`Two types are named ${name}, and they differ`);
  types.set(name, type);
  return name;
}

/** Everything a person should know about a property beside its type, as one text. */
export function hoverText({ description, values, onChange }: Shape): string {
  return [
    description ?? "",
    values === undefined ? "" : `${values.length === 1 ? "Only" : "One of"} ${values.map((value) => `\`${value}\``).join(", ")}.`,
    onChange ?? "",
  ]
    .filter((part) => part !== "")
    .join(" ");
}

/** No `defaultInfo`: generated SDKs would copy values, secrets too, from the environment into the provider's state. */
function configProperties(types: Map<string, ObjectType>): Record<string, Property> {
  const groups = Object.entries(CONFIG_TREE.groups).map(([name, group]): [string, Property] => {
    const type = `${capitalized(name)}Config`;
    const described = { description: GROUPS[name] ?? "" };
    types.set(type, {
      type: "object",
      ...described,
      properties: Object.fromEntries(Object.entries(group).map(([inner, value]) => [inner, configProperty(value)])),
    });
    return [name, { $ref: `#/types/${PACKAGE}:index:${type}`, ...described }];
  });
  const single = Object.entries(CONFIG_TREE.values).map(([name, value]): [string, Property] => [name, configProperty(value)]);
  return Object.fromEntries([...single, ...groups]);
}

function configProperty({ type, description, environment, secret }: ConfigValue): Property {
  return { type, description: `${description} Environment: ${environment.map((name) => `\`${name}\``).join(", ")}.`, ...(secret === true ? { secret } : {}) };
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
