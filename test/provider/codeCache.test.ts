/** What V8 compiled is kept beside the bundle and used by the next process, and a cache that does not fit is never believed. */

import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { REPOSITORY } from "../support/hostProcess.js";

const BUILT = path.join(REPOSITORY, "dist/provider/codeCache.js");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "odeus-code-"));
  bundle("main.js", 'exports.said = () => [require("./apart.js").word, require("node:path").basename(__filename), require("./apart.js").times()].join(" ");');
  bundle("apart.js", 'let loads = 0; loads += 1; exports.word = "first"; exports.times = () => loads;');
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

const bundle = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
/** What the bundle says in a process of its own, which then saves. */
const run = (flags: string[] = [], environment: Record<string, string> = {}): string => {
  const program = "const cache = require(process.argv[1]).codeCache(process.argv[2]); console.log(cache.load('main.js').said(process.env)); cache.save();";
  const env = { ...process.env, ...environment };
  return execFileSync(process.execPath, [...flags, "-e", program, BUILT, folder], { encoding: "utf8", env, stdio: ["ignore", "pipe", "pipe"] }).trim();
};
/** Name and inode: a file that is written anew is another one. */
const caches = (): Record<string, number> =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => !name.endsWith(".js"))
      .map((name) => [name, statSync(path.join(folder, name)).ino]),
  );
const one = (name: string): string => path.join(folder, Object.keys(caches()).find((each) => each.startsWith(name)) ?? `no cache of ${name}`);

it("is written once for each bundle, and believed by the next process", () => {
  expect(run()).toBe("first main.js 1");
  const written = caches();
  expect(Object.keys(written).map((name) => name.replace(/\.[0-9a-f]{16}-[0-9a-f]+\.cache$/, ""))).toEqual(["apart.js", "main.js"]);
  expect(run()).toBe("first main.js 1");
  expect(caches()).toEqual(written);
});

it("is not used for another text, of the same length either", () => {
  run();
  const before = caches();
  bundle("apart.js", readFileSync(path.join(folder, "apart.js"), "utf8").replace("first", "other"));
  expect(run()).toBe("other main.js 1");
  expect(caches()).toMatchObject(before);
  expect(Object.keys(caches())).toHaveLength(3);
});

it("is another one with other flags of V8", () => {
  run();
  const before = caches();
  expect(run(["--no-lazy"])).toBe("first main.js 1");
  expect(caches()).toMatchObject(before);
  expect(Object.keys(caches())).toHaveLength(4);
});

it.each([
  ["empty", (file: string) => truncateSync(file)],
  ["cut short", (file: string) => truncateSync(file, statSync(file).size >> 1)],
  ["something else", (file: string) => writeFileSync(file, "no cache at all, but long enough to be looked at by V8 as if it were one")],
])("is written anew when the file is %s", (_what, spoil) => {
  run();
  spoil(one("main.js"));
  expect(run()).toBe("first main.js 1");
  const mended = caches();
  expect(run()).toBe("first main.js 1");
  expect(caches()).toEqual(mended);
});

it("holds the code and nothing that went through it", () => {
  const secret = "s3cret-of-a-run-9d41";
  bundle("main.js", "const kept = []; const marker = 'in-the-code'; exports.said = (given) => { kept.push(given.SECRET); return kept.join() + marker; };");
  expect(run([], { SECRET: secret })).toBe(`${secret}in-the-code`);
  const cache = readFileSync(one("main.js"));
  expect(cache.includes("in-the-code")).toBe(true);
  for (const encoding of ["utf8", "utf16le"] as const) expect(cache.includes(Buffer.from(secret, encoding))).toBe(false);
});

// Root may write everywhere: a folder in the place of the file stops it too.
it("is done without where it cannot be written", () => {
  run();
  const file = one("main.js");
  rmSync(file);
  execFileSync("mkdir", ["-p", path.join(file, "x")]);
  expect(run()).toBe("first main.js 1");
  expect(Object.keys(caches())).toHaveLength(2);
});
