/** Where the provider processes of the matrix live: folders of their own, and a record of the children that they start and of the files that they remove. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { Channels } from "../test/support/leakSearch.js";

const ROOT = path.join(__dirname, "..");
const RECORDER = path.join(__dirname, "spawnRecorder.cjs");

export interface Surroundings {
  /** For the process, beside what it needs itself. */
  environment: Readonly<Record<string, string>>;
  cwd: string;
  /** Files that were written, also those that are gone again, and children that were started, since the last time. */
  news(): Channels;
  close(): void;
}

export function createSurroundings(): Surroundings {
  const root = mkdtempSync(path.join(tmpdir(), "odeus-faults-"));
  const folders = { home: path.join(root, "home"), tmp: path.join(root, "tmp"), work: path.join(root, "work") };
  for (const folder of Object.values(folders)) mkdirSync(folder);
  // The dynamic host looks packages up from where it runs.
  symlinkSync(path.join(ROOT, "node_modules"), path.join(folders.work, "node_modules"));
  const record = path.join(root, "children");
  const removed = path.join(root, "removed");
  let told = 0;
  return {
    environment: { HOME: folders.home, TMPDIR: folders.tmp, SPAWN_RECORD: record, REMOVED_RECORD: removed, NODE_OPTIONS: `--require ${RECORDER}` },
    cwd: folders.work,
    news() {
      const children = textOf(record);
      const started = children.slice(told);
      told = children.length;
      const files = [...Object.values(folders).flatMap(filesBelow), removed];
      const texts = files.map((file) => `${file}\n${textOf(file)}`);
      for (const file of files) rmSync(file, { force: true });
      return { children: started, files: texts.join("\n") };
    },
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Packages are nobody's secret. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(full);
    return entry.isFile() ? [full] : [];
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
