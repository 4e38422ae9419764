/** The documents say what is there: links, commands, examples, configuration, and the words of errors. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { transformSync } from "esbuild";
import ts from "typescript";
import { parse } from "yaml";
import { CONFIG, type ConfigKey } from "../../src/core/config.js";

const ROOT = path.join(__dirname, "..", "..");
const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");
const README = read("README.md");

/** Folders that hold nothing written here. */
const FOREIGN = new Set(["node_modules", "dist", ".git", ".tools", "coverage", "build"]);

function filesBelow(folder: string, matches: RegExp): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return FOREIGN.has(entry.name) ? [] : filesBelow(file, matches);
    return matches.test(entry.name) ? [file] : [];
  });
}

const DOCUMENTS = filesBelow(".", /\.md$/);

/** Text without its code blocks, fenced or indented. */
const prose = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, "").replace(/^ {4}.*$/gm, "");

/** The part of a document under this heading. */
function section(text: string, heading: string): string {
  const [, part = ""] = text.split(`\n## ${heading}\n`);
  return part.split("\n## ")[0] ?? "";
}

/** Cells of the table rows, headings and rules left out. */
function rows(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => /^\|(?!-)/.test(line))
    .map((line) => line.split("|").slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}

const codes = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

/** The name under which a heading can be linked to. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");

const anchorsOf = (file: string): string[] => [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchor(heading));

describe.each(DOCUMENTS)("%s", (file) => {
  const text = read(file);

  it("links only to what exists", () => {
    const links = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link).filter((link) => !/^(https?|mailto):/.test(link));
    const broken = links.filter((link) => {
      const [place = "", heading] = link.split("#");
      const target = place === "" ? file : path.join(path.dirname(file), place);
      return !existsSync(path.join(ROOT, target)) || (heading !== undefined && !anchorsOf(target).includes(heading));
    });
    expect(broken).toEqual([]);
  });

  it("names only make targets that exist", () => {
    const targets = [...read("Makefile").matchAll(/^([a-z]+):/gm)].map(([, target]) => target);
    const named = [...text.matchAll(/(?:`|^ {4})make ([a-z]+)/gm)].map(([, target]) => target);
    expect(named.filter((target) => !targets.includes(target))).toEqual([]);
  });

  it("names no path of a machine", () => {
    expect(text.match(/(?<![\w.:/])\/(?:home|root|Users|work|tmp|var|opt|mnt)\/\S*|\b[A-Z]:\\\S+/g) ?? []).toEqual([]);
  });
});

it("every file that docs/assumptions.md names exists", () => {
  const named = [...read("docs/assumptions.md").matchAll(/\b(?:src|api|test|examples)\/[\w./]*/g)].map(([file]) => file.replace(/\.$/, ""));
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
});

describe("the README's example", () => {
  const block = (language: string): string => new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(README)?.[1] ?? "";
  const typescript = block("typescript");
  const yaml = parse(block("yaml")) as { resources: Record<string, { type: string; properties: object }>; config: Record<string, object> };

  it("is short", () => {
    expect(typescript.trim().split("\n").length).toBeLessThanOrEqual(15);
  });

  it("type-checks, and a mistake in it would be seen", () => {
    expect(typeErrors(typescript)).toEqual([]);
    expect(typeErrors(typescript.replace("displayName", "displayNam")).join()).toContain("displayNam");
  }, 60_000);

  it("has a twin in YAML that uses only what schema.json knows", () => {
    expect(Object.values(yaml.resources).flatMap(({ type, properties }) => unknownProperties(type, properties))).toEqual([]);
    expect(unknownProperties("odeus:OAuthClientConfig", { integrations: [{ integratoin: "jira" }] })).toEqual(["integrations[0].integratoin"]);
  });

  it("declares the same in both languages", () => {
    const declared = Object.fromEntries(Object.entries(yaml.resources).map(([name, { properties }]) => [name, properties]));
    expect(declarations(typescript)).toEqual(declared);
    expect(declarations(read("examples/quickstart/index.ts"))).toEqual(declared);
  });
});

describe.each(["quickstart", "snowflake", "servicenow"])("the example %s", (name) => {
  const { resources } = parse(read(`examples/${name}-yaml/Pulumi.yaml`)) as { resources: Record<string, { type: string; properties: object }> };

  it("declares the same in TypeScript and in YAML, and only what schema.json knows", () => {
    const declared = Object.fromEntries(Object.entries(resources).map(([resource, { properties }]) => [resource, properties]));
    expect(declarations(read(`examples/${name}/index.ts`))).toEqual(declared);
    expect(Object.values(resources).flatMap(({ type, properties }) => unknownProperties(type, properties))).toEqual([]);
  });
});

/** Errors of the strictest compiler settings in a program that lies in the repository's root. */
function typeErrors(program: string): string[] {
  const file = path.join(ROOT, "readme-example.ts");
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node20,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ["node"],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? program : readFile(name));
  host.getSourceFile = (name, version, ...rest) => (name === file ? ts.createSourceFile(name, program, version) : getSourceFile(name, version, ...rest));
  const compiled = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(compiled, compiled.getSourceFile(file)).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

/** What a program declares by resource name, with `${name}` for each value of its configuration and `${resource.output}` for each output. */
function declarations(program: string): Record<string, object> {
  const declared: Record<string, object> = {};
  class Declared {
    constructor(name: string, args: object) {
      declared[name] = args;
      // biome-ignore lint/correctness/noConstructorReturn: any property of a resource is an output
      return new Proxy(this, { get: (_, output) => `\${${name}.${String(output)}}` });
    }
  }
  class Config {
    require = (name: string): string => `\${${name}}`;
    requireSecret = this.require;
    get = this.require;
    getBoolean = this.require;
  }
  const odeus = { OAuthClientConfig: Declared, CustomIntegration: Declared, SnowflakeSecurityIntegration: Declared };
  const modules: Record<string, object> = { "@odeus/pulumi": odeus, "@pulumi/pulumi": { Config, all: () => ({ apply: () => undefined }) } };
  const { code } = transformSync(program, { loader: "ts", format: "cjs" });
  const module = { exports: {} };
  new Function("require", "module", "exports", code)((name: string) => modules[name], module, module.exports);
  return declared;
}

interface SchemaProperty {
  $ref?: string;
  items?: SchemaProperty;
  additionalProperties?: SchemaProperty;
}

/** Paths of properties that the schema does not have. */
function unknownProperties(type: string, properties: object): string[] {
  const schema = JSON.parse(read("schema.json")) as {
    resources: Record<string, { inputProperties: Record<string, SchemaProperty> }>;
    types: Record<string, { properties: Record<string, SchemaProperty> }>;
  };
  const resource = schema.resources[type.replace(/^odeus:(?=\w+$)/, "odeus:index:")];
  return resource === undefined ? [type] : inside(resource.inputProperties, properties, "");

  function inside(known: Record<string, SchemaProperty>, value: object, at: string): string[] {
    return Object.entries(value).flatMap(([name, each]) => {
      const property = known[name];
      return property === undefined ? [`${at}${name}`] : one(property, each, `${at}${name}`);
    });
  }
  function one(property: SchemaProperty, value: unknown, at: string): string[] {
    const { items, additionalProperties, $ref } = property;
    if (Array.isArray(value)) return items === undefined ? [at] : value.flatMap((each, index) => one(items, each, `${at}[${index}]`));
    if (typeof value !== "object" || value === null) return [];
    if (additionalProperties !== undefined) return Object.entries(value).flatMap(([name, each]) => one(additionalProperties, each, `${at}.${name}`));
    const named = schema.types[$ref?.replace("#/types/", "") ?? ""];
    return named === undefined ? [at] : inside(named.properties, value, `${at}.`);
  }
}

it("the configuration table names every key, with its environment variables, and no other", () => {
  const table = rows(section(README, "Configuration")).slice(1);
  const named = table.map(([key = "", environment = ""]) => [...codes(key), codes(environment)]);
  const known = (Object.values(CONFIG) as ConfigKey[]).map(({ key, environment }) => [key, [...environment]]);
  expect(named.sort()).toEqual(known.sort());
});

it("the configuration table says of every secret key, and of no other, that it is one", () => {
  const table = rows(section(README, "Configuration")).slice(1);
  const secret = table.filter(([, , meaning = ""]) => /^secret\b/.test(meaning)).flatMap(([key = ""]) => codes(key));
  const known = (Object.values(CONFIG) as ConfigKey[]).filter((key) => key.secret === true).map(({ key }) => key);
  expect(secret.sort()).toEqual(known.sort());
});

describe("the error table", () => {
  /** Everything that the package may say; templates with their values cut out, as in the table. */
  const sources = filesBelow("src", /\.ts$/)
    .filter((file) => !file.startsWith(path.join("src", "sandbox")) && !file.startsWith(path.join("src", "generated")))
    .map((file) => read(file))
    .join("\n");
  const quoted = rows(section(README, "When something fails")).flatMap(([message = ""]) => codes(message));

  it("quotes many messages", () => {
    expect(quoted.length).toBeGreaterThan(30);
  });

  it.each(quoted)("%s", (message) => {
    // A remote's name and the status come from the call, the words between from the code.
    const words = message.replace(/^(Odeus|Microsoft Graph|Microsoft Entra|Snowflake|ServiceNow) /, "").replace(/ \((\d{3}|\d{6})…$/, "");
    const fragments = words
      .split("…")
      .map((part) => part.trim().replace(/^"|"$/g, "").trim())
      .filter((part) => part !== "");
    expect(fragments.length).toBeGreaterThan(0);
    expect(fragments.filter((part) => !sources.includes(part))).toEqual([]);
    // Codes of six digits have their advice in the code.
    const [, number] = /\((\d{6})…$/.exec(message) ?? [];
    if (number !== undefined) expect(sources).toContain(`"${number}": `);
  });
});
