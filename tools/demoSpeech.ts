/** How the demo speaks: its own lines, the engine's lines set in, and a claim that must hold. */

import { readFileSync } from "node:fs";
import * as path from "node:path";

const ROOT = path.join(__dirname, "..");

export const say = (text = ""): void => void process.stdout.write(`${text}\n`);
export const indented = { onOutput: inLines((line) => void process.stdout.write(line.trim() === "" ? "\n" : `    ${line.trimEnd()}\n`)) };

/** Output arrives in pieces. The engine's dots, which say that it is at work, are not worth a line each. */
function inLines(print: (line: string) => void): (text: string) => void {
  let begun = "";
  return (text) => {
    const lines = (begun + text).split("\n");
    begun = lines.pop() ?? "";
    for (const line of lines) if (!/^@ \w+ing\.+\s*$/.test(line)) print(line);
  };
}

export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`this did not hold: ${what}`);
}

/** Ids are told apart by their ends. */
export const shortened = (text: string): string => (text.length > 12 ? `${text.slice(0, 4)}…${text.slice(-4)}` : text);
/** The id in it shortened. */
export const shortenedUrl = (url: string): string => url.replace(/[0-9a-f-]{32,}/, shortened);

/** The example's program, announced. */
export function announced(example: string): string {
  const file = path.join("examples", example, "index.ts");
  const lines = readFileSync(path.join(ROOT, file), "utf8").trim().split("\n").length;
  say(`Program: ${file} (${lines} lines)`);
  return path.join(ROOT, file);
}
