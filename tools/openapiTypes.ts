/** The TypeScript types of an OpenAPI document's schemas, so that client and sandbox cannot drift from the contract. */

interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  format?: string;
  description?: string;
  minLength?: number;
  maxLength?: number;
  minProperties?: number;
  items?: Schema;
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
}

export interface OpenApiDocument {
  components: { schemas: Record<string, Schema> };
}

export function openApiTypes(document: OpenApiDocument, source: string): string {
  const declarations = Object.entries(document.components.schemas).map(([name, schema]) => {
    const comment = jsDoc(notes(schema), "");
    return schema.properties === undefined
      ? `${comment}export type ${name} = ${typeOf(schema, "")};\n`
      : `${comment}export interface ${name} ${typeOf(schema, "")}\n`;
  });
  return `// Generated from ${source} by tools/generate.ts. Do not edit.\n\n${declarations.join("\n")}`;
}

function typeOf(schema: Schema, indent: string): string {
  if (schema.$ref !== undefined) return schema.$ref.slice("#/components/schemas/".length);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.oneOf !== undefined) return nullLast(schema.oneOf.map((one) => typeOf(one, indent)));
  if (Array.isArray(schema.type)) return nullLast(schema.type.map((type) => typeOf({ ...schema, type }, indent)));
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "integer":
    case "number":
      return "number";
    case "array": {
      const element = typeOf(schema.items ?? {}, indent);
      return /^[\w"]+$/.test(element) || element.startsWith("{") ? `${element}[]` : `(${element})[]`;
    }
    case "object":
      return objectType(schema, indent);
    default:
      throw new Error(`No TypeScript type for ${JSON.stringify(schema)}`);
  }
}

function objectType(schema: Schema, indent: string): string {
  const inner = `${indent}  `;
  const required = new Set(schema.required);
  const lines = Object.entries(schema.properties ?? {}).map(
    ([name, property]) => `${jsDoc(notes(property), inner)}${inner}${name}${required.has(name) ? "" : "?"}: ${typeOf(property, inner)};\n`,
  );
  return `{\n${lines.join("")}${indent}}`;
}

function nullLast(types: string[]): string {
  return [...types.filter((type) => type !== "null"), ...types.filter((type) => type === "null")].join(" | ");
}

/** What a type cannot say is said in its comment. */
function notes(schema: Schema): string[] {
  const text = schema.description?.trim();
  return [
    ...(text === undefined ? [] : [text]),
    ...(schema.format === undefined ? [] : [`Format: ${schema.format}.`]),
    ...(schema.minLength === undefined && schema.maxLength === undefined
      ? []
      : [`${schema.minLength ?? 0} to ${schema.maxLength ?? "any number of"} characters.`]),
    ...(schema.minProperties === undefined ? [] : [`At least ${schema.minProperties} of the properties.`]),
  ];
}

function jsDoc(lines: string[], indent: string): string {
  return lines.length === 0 ? "" : `${indent}/** ${lines.join(" ").replaceAll("*/", "*\\/")} */\n`;
}
