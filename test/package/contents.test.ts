/** What the tarball holds, and what a reader of its declarations gets. */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import * as ts from "typescript";
import { declarationProblems } from "../support/declarations.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { filesIn, packedPackage, unpackPackage } from "../support/packedPackage.js";

const QUICKSTART = readFileSync(path.join(REPOSITORY, "examples/quickstart/index.ts"), "utf8");

// Below the repository, so that the SDK is found; the package itself is the packed one.
let project: string;
let installed: string;
beforeAll(() => {
  mkdirSync(path.join(REPOSITORY, ".tools"), { recursive: true });
  project = mkdtempSync(path.join(REPOSITORY, ".tools", "package-"));
  // A package of its own: from inside @odeus/pulumi the name would mean the repository.
  writeFileSync(path.join(project, "package.json"), '{ "private": true }\n');
  installed = unpackPackage(project);
  writeFileSync(path.join(project, "index.ts"), QUICKSTART);
}, 30_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

const manifest = () => JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8")) as Record<string, never>;
const packed = () => filesIn(packedPackage()).map((file) => file.replace(/^package\//, ""));

describe("the tarball", () => {
  it("holds exactly the files of files.txt", () => {
    const expected = readFileSync(path.join(__dirname, "files.txt"), "utf8").trim().split("\n");
    // A file that belongs in is added to files.txt; one that does not is kept out by "files" in package.json.
    expect(packed()).toEqual(expected);
  });

  it("exports exactly the program's side, what states require by name, and its package.json", () => {
    expect(manifest()["exports"]).toEqual({
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./lifecycle": { types: "./dist/lifecycle.d.ts", default: "./dist/lifecycle.js" },
      "./package.json": "./package.json",
    });
    const requireFrom = createRequire(path.join(project, "index.js"));
    expect(Object.keys(requireFrom("@odeus/pulumi/lifecycle"))).toEqual(["dynamic"]);
    expect(() => requireFrom("@odeus/pulumi/dist/provider/plugin.js")).toThrow(/Cannot find module|not defined by "exports"/);
  });

  it("has the files that package.json names, and asks for nothing that is bundled", () => {
    const { bin, main, types, dependencies } = manifest() as unknown as { bin: object; main: string; types: string; dependencies: object };
    for (const file of [...Object.values(bin), main, types] as string[]) expect(existsSync(path.join(installed, file))).toBe(true);
    expect(Object.keys(dependencies)).toEqual(["@grpc/grpc-js", "@pulumi/pulumi", "google-protobuf"]);
  });

  it("has one version, and no path or address of the machine that packed it", () => {
    const { version } = manifest() as unknown as { version: string };
    expect(JSON.parse(readFileSync(path.join(installed, "schema.json"), "utf8"))).toMatchObject({ version });
    for (const file of packed()) expect([file, readFileSync(path.join(installed, file), "utf8").includes(REPOSITORY)]).toEqual([file, false]);
  });

  it("quotes the licence of every bundled package", () => {
    const notices = readFileSync(path.join(installed, "dist/THIRD_PARTY_NOTICES.txt"), "utf8");
    for (const name of ["axios", "@azure/identity", "@grpc/grpc-js", "@pulumi/pulumi", "google-protobuf", "oidc-provider", "zod"])
      expect(notices).toMatch(new RegExp(`^${name} [\\d.]+ \\(`, "m"));
  });
});

interface Compiler {
  name: string;
  compiler: typeof ts;
  options: ts.CompilerOptions;
}

const STRICT: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  types: [],
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts"],
};
const COMPILERS: Compiler[] = [
  {
    name: `TypeScript ${ts.version}, node20`,
    compiler: ts,
    options: { ...STRICT, module: ts.ModuleKind.Node20, moduleResolution: ts.ModuleResolutionKind.Node16 },
  },
  {
    name: `TypeScript ${ts.version}, bundler`,
    compiler: ts,
    options: { ...STRICT, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
  },
  {
    name: "the SDK's own TypeScript, for programs without one",
    compiler: require("@pulumi/pulumi/vendor/typescript@3.8.3/typescript.js") as typeof ts,
    options: {
      strict: true,
      noEmit: true,
      types: [],
      target: ts.ScriptTarget.ES2020,
      lib: ["lib.es2020.d.ts"],
      module: ts.ModuleKind.CommonJS,
      moduleResolution: 2,
    },
  },
];

describe("the declarations", () => {
  it.each(COMPILERS)(
    "compile with $name",
    ({ compiler, options }) => {
      expect(declarationProblems(compiler, options, project)).toEqual([]);
    },
    30_000,
  );

  it("refuse what is not declared", () => {
    const file = path.join(project, "wrong.ts");
    writeFileSync(file, 'import { OAuthClientConfig } from "@odeus/pulumi";\nnew OAuthClientConfig("a", { integrations: [], entry: 1 });\n');
    const program = ts.createProgram([file], COMPILERS[0]?.options ?? {});
    const problems = program.getSemanticDiagnostics(program.getSourceFile(file)).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
    expect(problems.join()).toMatch(/'entry' does not exist in type 'OAuthClientConfigArgs'/);
  }, 30_000);

  it("do not name zod", () => {
    const named = packed().filter((file) => file.endsWith(".d.ts") && /zod/.test(readFileSync(path.join(installed, file), "utf8")));
    expect(named).toEqual([]);
  });

  it("say in an editor what each argument means", () => {
    const file = path.join(project, "index.ts");
    const service = ts.createLanguageService({
      getCompilationSettings: () => COMPILERS[0]?.options ?? {},
      getScriptFileNames: () => [file],
      getScriptVersion: () => "1",
      getScriptSnapshot: (name) => (existsSync(name) ? ts.ScriptSnapshot.fromString(readFileSync(name, "utf8")) : undefined),
      getCurrentDirectory: () => project,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: ts.sys.fileExists,
      readFile: ts.sys.readFile,
      directoryExists: ts.sys.directoryExists,
      realpath: (name) => name,
    });
    const hover = (text: string) => ts.displayPartsToString(service.getQuickInfoAtPosition(file, QUICKSTART.indexOf(text))?.documentation);
    expect(hover("integrations: [")).toMatch(/^The integrations that use this client/);
    expect(hover("grantAdminConsent:")).toMatch(/consent/i);
    expect(hover("clientId, jira: jira")).toMatch(/client/i);
  }, 30_000);
});
