/** Rules of the tree that no compiler knows: imports go one way, the rollout knows no vendor, and nobody looks at the clock by himself. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { REPOSITORY } from "../support/hostProcess.js";

const SOURCES = join(REPOSITORY, "src");
/** Each folder may import those behind it, and itself. */
const LAYERS = ["provider", "resources", "rollout", ["authorizationServers", "workspace"], "clients", "core"];
const LONGEST_FILE = 400;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const sources = filesBelow(SOURCES)
  .filter((path) => path.endsWith(".ts"))
  .map((path) => ({ path: relative(SOURCES, path), text: readFileSync(path, "utf8") }));
const inFolder = (...folders: string[]) => sources.filter(({ path }) => folders.includes(folderOf(path)));

/** The first folder below src; empty for the files in src itself. */
function folderOf(path: string): string {
  return path.includes("/") ? (path.split("/")[0] ?? "") : "";
}

/** The files in src that this one imports, as paths below src. */
function importsOf({ path, text }: { path: string; text: string }): string[] {
  return [...text.matchAll(/(?:from|import|require)\s*\(?\s*"(\.[^"]+)"/g)].map(([, target = ""]) => relative(SOURCES, join(SOURCES, dirname(path), target)));
}

const layerOf = (folder: string): number => LAYERS.findIndex((layer) => [layer].flat().includes(folder));

function wrongImports(files: typeof sources): string[] {
  return files.flatMap((file) =>
    importsOf(file)
      .filter((target) => {
        const [from, to] = [folderOf(file.path), folderOf(target)];
        if (to === "generated" || from === to || target === "../package.json") return false;
        if (from === "sandbox" || to === "sandbox" || to === "") return true;
        if (from === "") return false;
        // Both sides of the rollout stand beside each other.
        return layerOf(to) <= layerOf(from);
      })
      .map((target) => `${file.path} imports ${target}`),
  );
}

it("imports go one way, and the sandbox stands alone", () => {
  expect(wrongImports(sources.filter(({ path }) => folderOf(path) !== "generated"))).toEqual([]);
});

it.each([
  ["core/x.ts", "../clients/http.js"],
  ["clients/x.ts", "../rollout/record.js"],
  ["authorizationServers/x.ts", "../workspace/slot.js"],
  ["rollout/x.ts", "../provider/service.js"],
  ["rollout/x.ts", "../resources/resource.js"],
  ["sandbox/x.ts", "../core/errors.js"],
  ["core/x.ts", "../sandbox/world.js"],
  ["core/x.ts", "../index.js"],
])("the rule would see %s importing %s", (path, target) => {
  expect(wrongImports([{ path, text: `import { x } from "${target}";` }])).toHaveLength(1);
  expect(wrongImports([{ path, text: `const { x } = await import("${target}");` }])).toHaveLength(1);
});

it("every folder has its place", () => {
  const known = new Set([...LAYERS.flat(), "generated", "sandbox", ""]);
  expect([...new Set(sources.map(({ path }) => folderOf(path)))].filter((folder) => !known.has(folder))).toEqual([]);
});

it("the rollout names no vendor", () => {
  const vendor = /entra|graph|google|atlassian|snowflake|serviceNow|microsoft|jira/i;
  const named = inFolder("rollout").flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => (vendor.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
  );
  expect(named).toEqual([]);
});

it("rollout and authorization servers take time and chance as they are given", () => {
  const own = /Date\.now|Math\.random|new Date\(\)|randomBytes|randomUUID|setTimeout/;
  expect(inFolder("rollout", "authorizationServers").flatMap(({ path, text }) => own.exec(text)?.map((found) => `${path}: ${found}`) ?? [])).toEqual([]);
});

it("core and clients know no environment of their own but where a tool is found, or has its switches", () => {
  // snowflake-sdk can be kept quiet by environment variables alone.
  const switches = ["clients/snowflakeDriver.ts"];
  expect(
    inFolder("core", "clients", "rollout", "authorizationServers", "workspace", "resources").flatMap(({ path, text }) =>
      /process\.(env|argv)/.test(text) ? [path] : [],
    ),
  ).toEqual(switches);
});

it("a file can be read in one sitting", () => {
  const long = sources.filter(({ path, text }) => folderOf(path) !== "generated" && text.split("\n").length > LONGEST_FILE);
  expect(long.map(({ path, text }) => `${path}: ${text.split("\n").length} lines`)).toEqual([]);
});

it("only src/index.ts does nothing but hand on, and no file is a drawer", () => {
  const barrels = sources.filter(({ path, text }) => path !== "index.ts" && (/(^|\/)index\.ts$/.test(path) || /^export \* from/m.test(text)));
  expect(barrels.map(({ path }) => path)).toEqual([]);
  expect(sources.filter(({ path }) => /(utils?|helpers?|common|misc)\.ts$/i.test(path)).map(({ path }) => path)).toEqual([]);
});

it("nothing reads what lies outside the tree", () => {
  const folders = ["src", "test", "tools", "examples", "docs", "bin", "api"].map((name) => join(REPOSITORY, name));
  const outside = ["..", "shared"].join("/");
  const readers = folders
    .flatMap(filesBelow)
    .filter((path) => !path.includes("node_modules") && /\.(ts|js|json|md|ya?ml)$|bin\/[^.]+$/.test(path))
    .filter((path) => readFileSync(path, "utf8").includes(outside));
  expect(readers.map((path) => relative(REPOSITORY, path))).toEqual([]);
});
