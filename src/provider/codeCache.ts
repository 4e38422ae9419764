/**
 * Bundles loaded through V8's code cache, as Node's own module.enableCompileCache does it from version 22 on: what V8 compiled is
 * kept beside the bundle, and the next process compiles nothing. A command starts the plugin anew, often twice, and would spend a
 * third of the start on that. The cache is code and is believed as the bundle itself is: it lies in the same folder, and whoever may
 * not write there goes without.
 */

import { createHash } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire, Module, wrap } from "node:module";
import * as path from "node:path";
import { cachedDataVersionTag } from "node:v8";
import { Script } from "node:vm";

export interface CodeCache {
  /** Loads a bundle of the folder, and through the cache too what it requires from there. */
  load(file: string): unknown;
  /** Writes what was compiled without the cache. Functions that have not run yet are not in it: best after the first work. */
  save(): void;
}

type Compiled = (exports: unknown, require: NodeJS.Require, module: Module, filename: string, dirname: string) => void;

/** V8's flags are among what a cache holds good for: set them before. */
export function codeCache(folder: string): CodeCache {
  const loaded = new Map<string, Module>();
  const unsaved = new Map<string, Script>();

  function load(file: string): unknown {
    const known = loaded.get(file);
    if (known !== undefined) return known.exports;
    const source = readFileSync(file, "utf8");
    const kept = cacheOf(file, source);
    const cachedData = contentOf(kept);
    const script = new Script(wrap(source), { filename: file, ...(cachedData === undefined ? {} : { cachedData }) });
    if (cachedData === undefined || script.cachedDataRejected === true) unsaved.set(kept, script);

    const bundle = new Module(file);
    bundle.filename = file;
    loaded.set(file, bundle);
    const others = createRequire(file);
    const require = Object.assign((name: string): unknown => (name.startsWith("./") ? load(path.join(folder, name)) : others(name)), others);
    (script.runInThisContext() as Compiled)(bundle.exports, require, bundle, file, folder);
    return bundle.exports;
  }

  return {
    load: (file) => load(path.join(folder, file)),
    save() {
      for (const [kept, script] of unsaved) write(kept, script);
      unsaved.clear();
    },
  };
}

/** A name for this text, this V8, its flags and this processor: V8 itself tells sources apart by their length alone. */
function cacheOf(file: string, source: string): string {
  const digest = createHash("sha256").update(source).digest("hex").slice(0, 16);
  return `${file}.${digest}-${cachedDataVersionTag().toString(16)}.cache`;
}

function contentOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** In one step: another process may be reading. Without the right to write it stays as it is. */
function write(file: string, script: Script): void {
  const fresh = `${file}.${process.pid}`;
  try {
    writeFileSync(fresh, script.createCachedData());
    renameSync(fresh, file);
  } catch {
    rmSync(fresh, { force: true });
  }
}
