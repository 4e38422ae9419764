/**
 * The classes that TypeScript programs use, with their argument and output types. They are written out, because descriptions
 * in zod never reach a declaration file, and because zod's own declarations are too new for the compiler that the SDK brings.
 */

import { type Shape, shapeOf } from "../src/core/definition.js";
import { type Definition, type FunctionDefinition, hoverText } from "../src/resources/schema.js";

const HEADER = "// Generated from the resource definitions by tools/generate.ts. Do not edit.\n";

/** Generated files by path: one class a resource, the functions, and the nested types of all of them. */
export function resourceClasses(resources: readonly Definition[], functions: readonly FunctionDefinition[]): Map<string, string> {
  const types = new Map<string, string>();
  const files = new Map(resources.map((resource) => [`src/generated/${uncapitalized(resource.kind)}.ts`, classFile(resource, types)]));
  files.set("src/generated/functions.ts", functionFile(functions, types));
  const declarations = [...types].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  files.set("src/generated/types.ts", `${HEADER}\nimport type * as pulumi from "@pulumi/pulumi";\n\n${declarations.join("\n")}`);
  return files;
}

/** Functions are ordinary calls: they ask the workspace at once, in previews too. */
function functionFile(functions: readonly FunctionDefinition[], types: Map<string, string>): string {
  const texts = functions.map(({ name, description, inputs, outputs }) => {
    const [given, answered] = [shapeOf(inputs), shapeOf(outputs)];
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const args = Object.entries(given.properties).map(
      ([property, shape]) => `${jsDoc(hoverText(shape), "  ")}  ${property}${given.required.has(property) ? "" : "?"}: ${outputType(shape, types)};\n`,
    );
    const result = Object.entries(answered.properties).map(([property, shape]) => {
      const declared = answered.required.has(property) ? `${property}: ${outputType(shape, types)}` : `${property}?: ${outputType(shape, types)} | undefined`;
      return `${jsDoc(hoverText(shape), "  ")}  ${declared};\n`;
    });
    const parameter = args.length === 0 ? "" : `args: ${type}Args`;
    return `${args.length === 0 ? "" : `/** Arguments of {@link ${name}}. */\nexport interface ${type}Args {\n${args.join("")}}\n\n`}/** What {@link ${name}} answers. */
export interface ${type}Result {
${result.join("")}}

${jsDoc(description, "")}export function ${name}(${parameter}): Promise<${type}Result> {
  return callFunction<${type}Result>(${JSON.stringify(name)}, ${args.length === 0 ? "{}" : "{ ...args }"});
}
`;
  });
  const used = [...types.keys()].filter((name) => new RegExp(`\\b${name}\\b`).test(texts.join("")));
  const imports = used.length === 0 ? "" : `import type { ${used.sort().join(", ")} } from "./types.js";\n`;
  return `${HEADER}\nimport { callFunction } from "../provider/functionCall.js";\n${imports}\n${texts.join("\n")}`;
}

function classFile({ kind, description, inputs, outputs }: Definition, types: Map<string, string>): string {
  const [given, computed] = [shapeOf(inputs), shapeOf(outputs)];
  const args = Object.entries(given.properties).map(([name, property]) => argument(name, property, given, types));
  const fields = Object.entries({ ...given.properties, ...computed.properties }).map(([name, property]) => {
    const present = computed.properties[name] === undefined ? isAlwaysThere(given, name) : computed.required.has(name);
    const type = outputType(property, types);
    return `${jsDoc(hoverText(property), "  ")}  declare readonly ${name}: pulumi.Output<${present ? type : `${type} | undefined`}>;\n`;
  });
  const used = [...types.keys()].filter((name) => new RegExp(`\\b${name}\\b`).test([...args, ...fields].join("")));
  const secretOutputs = Object.keys(computed.properties).filter((name) => computed.properties[name]?.secret === true);
  return `${HEADER}
import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../provider/dynamic.js";
${used.length === 0 ? "" : `import type { ${used.sort().join(", ")} } from "./types.js";\n`}
/** Arguments of {@link ${kind}}. */
export interface ${kind}Args {
${args.join("")}}

const TEXT = {
  kind: ${JSON.stringify(kind)},
  outputs: ${JSON.stringify(Object.keys(computed.properties)).replaceAll(",", ", ")},
  secretOutputs: ${JSON.stringify(secretOutputs)},
};

${jsDoc(description, "")}export class ${kind} extends DynamicResource {
${fields.join("")}
  /**
   * @param name The resource's name in the stack.
   * @param args What is declared.
   * @param opts Options that every Pulumi resource has.
   */
  constructor(name: string, args: ${kind}Args, opts?: pulumi.CustomResourceOptions) {
    super(TEXT, name, args, opts);
  }
}
`;
}

function isAlwaysThere(shape: Shape, name: string): boolean {
  return shape.required.has(name) || shape.properties[name]?.default !== undefined;
}

function argument(name: string, property: Shape, owner: Shape, types: Map<string, string>): string {
  const type = inputType(property, types);
  const declared = owner.required.has(name) ? `${name}: pulumi.Input<${type}>` : `${name}?: pulumi.Input<${type} | undefined> | undefined`;
  return `${jsDoc(hoverText(property), "  ", property.default)}  ${declared};\n`;
}

function inputType(shape: Shape, types: Map<string, string>): string {
  switch (shape.type) {
    case "object": {
      const name = `${typeName(shape)}Args`;
      const lines = Object.entries(shape.properties).map(([property, inner]) => argument(property, inner, shape, types));
      declareType(types, name, shape, lines);
      return name;
    }
    case "list":
      return `pulumi.Input<${elementOf(shape, types, inputType)}>[]`;
    case "map":
      return `{ [key: string]: pulumi.Input<${elementOf(shape, types, inputType)}> }`;
    default:
      return plainType(shape, types, inputType);
  }
}

function outputType(shape: Shape, types: Map<string, string>): string {
  switch (shape.type) {
    case "object": {
      const name = typeName(shape);
      const lines = Object.entries(shape.properties).map(([property, inner]) => {
        const type = outputType(inner, types);
        const declared = isAlwaysThere(shape, property) ? `${property}: ${type}` : `${property}?: ${type} | undefined`;
        return `${jsDoc(hoverText(inner), "  ")}  ${declared};\n`;
      });
      declareType(types, name, shape, lines);
      return name;
    }
    case "list": {
      const element = elementOf(shape, types, outputType);
      return /^[\w.]+$/.test(element) ? `${element}[]` : `(${element})[]`;
    }
    case "map":
      return `{ [key: string]: ${elementOf(shape, types, outputType)} }`;
    default:
      return plainType(shape, types, outputType);
  }
}

type TypeText = (shape: Shape, types: Map<string, string>) => string;

function elementOf(shape: Shape, types: Map<string, string>, typeText: TypeText): string {
  return shape.element === undefined ? "unknown" : typeText(shape.element, types);
}

function plainType(shape: Shape, types: Map<string, string>, typeText: TypeText): string {
  if (shape.ref === "pulumi.json#/Asset") return "pulumi.asset.Asset";
  if (shape.values !== undefined) return shape.values.map((value) => JSON.stringify(value)).join(" | ");
  switch (shape.type) {
    case "text":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    default:
      return shape.forms.length > 0 ? shape.forms.map((form) => typeText(form, types)).join(" | ") : "unknown";
  }
}

function typeName({ name }: Shape): string {
  if (name === undefined) throw new Error("An object in a definition needs a name: .meta({ id })");
  return name;
}

function declareType(types: Map<string, string>, name: string, { typeDescription }: Shape, lines: string[]): void {
  const text = `${jsDoc(typeDescription ?? "", "")}export interface ${name} {\n${lines.join("")}}\n`;
  const earlier = types.get(name);
  if (earlier !== undefined && earlier !== text) throw new Error(`Two types are named ${name}, and they differ`);
  types.set(name, text);
}

function jsDoc(text: string, indent: string, byDefault?: unknown): string {
  const lines = [...(text === "" ? [] : [text]), ...(byDefault === undefined ? [] : [`@default ${JSON.stringify(byDefault)}`])].map((line) =>
    line.replaceAll("*/", "*\\/"),
  );
  if (lines.length === 0) return "";
  return lines.length === 1 ? `${indent}/** ${lines[0]} */\n` : `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join("")}${indent} */\n`;
}

/** OAuthClientConfig is oauthClientConfig: "OAuth" is one word. */
function uncapitalized(name: string): string {
  const words = name.replace(/^OAuth/, "Oauth");
  return words.charAt(0).toLowerCase() + words.slice(1);
}
