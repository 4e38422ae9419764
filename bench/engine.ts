/** The same YAML program on the real engine, once with the package's plugin and once with the one that does nothing. */

import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { type Engine, startEngine } from "../tools/engine.js";
import { inputsFor } from "./sandbox.js";

export const OPERATIONS = ["up", "unchanged up", "refresh", "destroy"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** People see the plan first; the plan is part of what they wait for. */
const COMMANDS: Record<Operation, string[]> = {
  up: ["up", "--yes"],
  "unchanged up": ["up", "--yes"],
  refresh: ["refresh", "--yes"],
  destroy: ["destroy", "--yes"],
};

export interface Project {
  /** Milliseconds of one command. */
  run(operation: Operation): Promise<number>;
  close(): void;
}

export async function startProject(plugin: string, slugs: readonly string[], environment: Record<string, string>): Promise<Project> {
  const engine = await startEngine(environment);
  const folder = path.join(engine.backend, "..", "project");
  mkdirSync(folder);
  writeFileSync(path.join(folder, "Pulumi.yaml"), program(plugin, slugs));
  await command(engine, folder, ["stack", "init", "dev"]);
  return {
    async run(operation) {
      const startedAt = performance.now();
      await command(engine, folder, COMMANDS[operation]);
      return performance.now() - startedAt;
    },
    close() {
      rmSync(folder, { recursive: true, force: true });
      engine.close();
    },
  };
}

function program(plugin: string, slugs: readonly string[]): string {
  const resources = slugs.map((slug): [string, object] => [slug, { type: "odeus:OAuthClientConfig", properties: inputsFor(slug) }]);
  return stringify({ name: "bench", runtime: "yaml", plugins: { providers: [{ name: "odeus", path: plugin }] }, resources: Object.fromEntries(resources) });
}

function command(engine: Engine, folder: string, args: string[]): Promise<void> {
  const child = spawn("pulumi", [...args, "--non-interactive"], {
    cwd: folder,
    env: { HOME: process.env["HOME"], ...engine.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  return new Promise((resolve, reject) =>
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`pulumi ${args.join(" ")} ended with code ${code}:\n${said}`)))),
  );
}
