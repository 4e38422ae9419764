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
const OPTIONAL = ["@azure/identity", "snowflake-sdk"];
/** In a program there must be one copy of these, the program's own. */
const SHARED = ["@pulumi/pulumi", "@grpc/grpc-js", "google-protobuf"];

const ENTRIES: readonly { from: string; external: string[] }[] = [
  { from: "index", external: [...SHARED, ...OPTIONAL] },
  { from: "lifecycle", external: [...SHARED, ...OPTIONAL] },
  { from: "provider/plugin", external: OPTIONAL },
  { from: "sandbox/main", external: [] },
];

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

export function bundle(options: BuildOptions): Promise<{ metafile: Metafile }> {
  return build({
    absWorkingDir: ROOT,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    // ES modules first: what is not used is left out.
    mainFields: ["module", "main"],
    plugins: [texts],
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
  for (const { from, external } of ENTRIES) {
    const outfile = path.join(ROOT, "dist", `${from}.js`);
    if (!existsSync(outfile)) throw new Error(`${outfile} is missing: tsc comes first`);
    const { metafile } = await bundle({ entryPoints: [`src/${from}.ts`], outfile: `${outfile}.new`, external });
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
