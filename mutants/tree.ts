/** A copy of the repository in a temporary folder, to break one text at a time. */

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

export const REPOSITORY = path.join(__dirname, "..");
/** Of no use to the tests, or linked. */
const LEFT_OUT = ["node_modules", ".git", ".tools", "build", "coverage"];

export class Tree {
  readonly root = mkdtempSync(path.join(tmpdir(), "odeus-mutants-"));

  constructor() {
    cpSync(REPOSITORY, this.root, { recursive: true, filter: (source) => !LEFT_OUT.includes(path.relative(REPOSITORY, source)) });
    symlinkSync(path.join(REPOSITORY, "node_modules"), path.join(this.root, "node_modules"), "dir");
    if (!existsSync(this.#at("dist"))) throw new Error("dist is missing: make setup");
  }

  /** Answers how to mend it again. */
  replace(file: string, from: string, to: string): () => void {
    const whole = readFileSync(this.#at(file), "utf8");
    writeFileSync(this.#at(file), replaced(whole, from, to));
    return () => writeFileSync(this.#at(file), whole);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #at(file: string): string {
    return path.join(this.root, file);
  }
}

function replaced(whole: string, from: string, to: string): string {
  const parts = whole.split(from);
  if (parts.length !== 2) throw new Error(`stands there ${parts.length - 1} times in place of once: ${from}`);
  return parts.join(to);
}
