/** One built sandbox process for a whole test run; every test makes worlds of its own in it. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const MAIN = join(__dirname, "..", "..", "dist", "sandbox", "main.js");

export default async function startSandbox(): Promise<void> {
  if (!existsSync(MAIN)) throw new Error("the sandbox is not built: dist/sandbox/main.js is missing");
  const child = spawn(process.execPath, [MAIN, "--json", "--parent", String(process.pid)], { stdio: ["ignore", "pipe", "inherit"] });
  const { control, caFile } = JSON.parse(await firstLine(child)) as { control: string; caFile: string };
  // The environment of this process is that of the test processes.
  process.env["SANDBOX_CONTROL"] = control;
  process.env["SANDBOX_CA"] = caFile;
  (globalThis as { sandbox?: ChildProcess }).sandbox = child;
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the sandbox ended with code ${code} before it was ready`)));
  });
}
