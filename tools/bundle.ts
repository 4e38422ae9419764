/**
 * After tsc: each file that somebody starts or requires becomes one file with all it needs, in the place of the compiled one.
 * The modules beside them are for this repository and are not packed (package.json, "files").
 */

import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";

const ROOT = path.join(__dirname, "..");
export const NOTICES = "THIRD_PARTY_NOTICES.txt";

/** Found at run time, if at all: beside the bundle, or in the project that Pulumi runs in. */
const DRIVER = "snowflake-sdk";
const OPTIONAL = ["@azure/identity", DRIVER];
/** In a program there must be one copy of these, the program's own. */
const SHARED = ["@pulumi/pulumi", "@grpc/grpc-js", "google-protobuf"];

/** Modules that only a first call or a first sign-in needs: files of their own beside the plugin, which starts sooner without them. */
const APART = ["httpClient", "azureIdentity"];
/** What the plugin is made of: the file that starts it, and what that loads through V8's code cache. */
export const PLUGIN_FILES = ["plugin.js", "pluginMain.js", ...APART.map((name) => `${name}.js`)];

const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");

/** Modules that read files of the package, with the texts put into them. */
const texts: Plugin = {
  name: "texts",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]core[\\/]packageVersion\.ts$/ }, () => {
      const { version } = JSON.parse(read("package.json")) as { version: string };
      return { contents: `export const packageVersion = () => ${JSON.stringify(version)};` };
    });
    onLoad({ filter: /[\\/]provider[\\/]packageFiles\.ts$/ }, () => ({
      contents: `export const schemaText = () => ${JSON.stringify(read("schema.json"))};`,
    }));
    onLoad({ filter: /[\\/]sandbox[\\/]odeus[\\/]contractText\.ts$/ }, () => ({
      contents: `export const contractText = () => ${JSON.stringify(read("api/odeus.openapi.yaml"))};`,
    }));
  },
};

const apart: Plugin = {
  name: "apart",
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^\\./(${APART.join("|")})\\.js$`) }, ({ path: name, kind }) =>
      kind === "dynamic-import" ? { path: name, external: true } : undefined,
    );
  },
};

/**
 * What packages read for uses that never happen here. axios at once, for more than half of the time and memory that it takes to load:
 * Node's own fetch (by asking whether there is a FormData), adapters for it and for browsers, and multipart forms with a table of all
 * media types. grpc-js never, but every start goes over its text: the loader of .proto files.
 */
const UNUSED: readonly { file: RegExp; without: (text: string) => string }[] = [
  { file: /[\\/]axios[\\/]lib[\\/]adapters[\\/](fetch|xhr)\.js$/, without: () => "export const getFetch = () => false;\nexport default false;" },
  { file: /[\\/]form-data[\\/]lib[\\/]form_data\.js$/, without: () => "module.exports = class FormData {};" },
  { file: /[\\/]@grpc[\\/]proto-loader[\\/]build[\\/]src[\\/]index\.js$/, without: () => "module.exports = {};" },
  { file: /[\\/]axios[\\/]lib[\\/]utils\.js$/, without: (text) => text.replace("typeof G.FormData !== 'undefined' ? G.FormData : undefined", "undefined") },
];

const unused: Plugin = {
  name: "unused",
  setup({ onLoad }) {
    for (const { file, without } of UNUSED) {
      onLoad({ filter: file }, ({ path: from }) => {
        const text = readFileSync(from, "utf8");
        const contents = without(text);
        if (contents === text) throw new Error(`${from} no longer holds what tools/bundle.ts takes out of it`);
        return { contents };
      });
    }
  },
};

const PLUGINS = [texts, unused];

interface Entry {
  from: string;
  /** Where it goes below dist, if not to its own place. */
  to?: string;
  external: string[];
  more?: Plugin[];
  /** A program starts it, several times a command: a short text is read and compiled sooner. */
  minify?: boolean;
}

const ENTRIES: readonly Entry[] = [
  { from: "index", external: [...SHARED, ...OPTIONAL] },
  { from: "lifecycle", external: [...SHARED, ...OPTIONAL] },
  { from: "provider/plugin", external: [], minify: true },
  { from: "provider/pluginMain", external: [DRIVER], more: [apart], minify: true },
  ...APART.map((name) => ({ from: `clients/${name}`, to: `provider/${name}`, external: [], minify: true })),
  { from: "sandbox/main", external: [] },
];

export function bundle(options: BuildOptions): Promise<{ metafile: Metafile }> {
  return build({
    absWorkingDir: ROOT,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    // ES modules first: what is not used is left out.
    mainFields: ["module", "main"],
    // Whether there is a FormData is asked by @azure/identity with every request, see UNUSED.
    define: { FormData: "undefined" },
    // What is loaded later is required: import() would start Node's other loader for it.
    supported: { "dynamic-import": false },
    plugins: PLUGINS,
    metafile: true,
    // Every licence is quoted whole in the notices.
    legalComments: "none",
    logLevel: "warning",
    ...options,
  }) as Promise<{ metafile: Metafile }>;
}

/** The folders of the packages that went into a bundle, from the working directory. */
export function packagesIn({ outputs }: Metafile): string[] {
  const folders = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => {
      const found = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
      return found === undefined || bytesInOutput === 0 ? [] : [found];
    }),
  );
  return [...new Set(folders)].sort();
}

/** Name, version and licence text of every package; without a text of its own, what its package.json says. */
export function notices(folders: readonly string[]): string {
  const sections = folders.map((folder) => {
    const { name, version, license, author } = JSON.parse(read(`${folder}/package.json`)) as Record<string, unknown>;
    if (typeof license !== "string") throw new Error(`${folder}/package.json names no licence: it cannot be bundled`);
    const files = readdirSync(path.join(ROOT, folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
    const writer = typeof author === "object" && author !== null && "name" in author ? author.name : author;
    const own = files.map((file) => read(`${folder}/${file}`).trim()).join("\n\n");
    return `${name} ${version} (${license})\n\n${own === "" ? `Copyright ${writer ?? `the authors of ${name}`}` : own}`;
  });
  return ["The files of this folder hold code of the packages below, each under its own licence.", ...sections].join(`\n\n${"-".repeat(80)}\n\n`);
}

/** The data of the sandbox, which its bundle holds too. */
function dataNotices(): string {
  const folder = "src/sandbox/data/licenses";
  const licences = readdirSync(path.join(ROOT, folder)).map(
    (file) => `Data of the sandbox: ${file.replace(/\.txt$/, "")}\n\n${read(`${folder}/${file}`).trim()}`,
  );
  return licences.map((text) => `\n\n${"-".repeat(80)}\n\n${text}`).join("");
}

async function main(): Promise<void> {
  const folders = new Set<string>();
  for (const { from, to = from, external, more = [], minify = false } of ENTRIES) {
    const outfile = path.join(ROOT, "dist", `${to}.js`);
    if (to === from && !existsSync(outfile)) throw new Error(`${outfile} is missing: tsc comes first`);
    const { metafile } = await bundle({ entryPoints: [`src/${from}.ts`], outfile: `${outfile}.new`, external, plugins: [...PLUGINS, ...more], minify });
    // In one step: somebody may be starting the file at this moment.
    renameSync(`${outfile}.new`, outfile);
    for (const folder of packagesIn(metafile)) folders.add(folder);
  }
  writeFileSync(path.join(ROOT, "dist", NOTICES), `${notices([...folders].sort())}${dataNotices()}\n`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
