/** Worlds of one sandbox process, with as many integrations as a measurement needs. */

import { spawn } from "node:child_process";
import * as path from "node:path";
import type { Properties } from "../src/core/value.js";
import { startWorld, type World } from "../test/support/sandbox.js";

export interface SandboxProcess {
  pid: number;
  close(): void;
}

export async function startSandbox(): Promise<SandboxProcess> {
  const main = path.join(__dirname, "..", "dist", "sandbox", "main.js");
  const child = spawn(process.execPath, [main, "--json", "--parent", String(process.pid)], { stdio: ["ignore", "pipe", "inherit"] });
  const { control, caFile } = await new Promise<{ control: string; caFile: string }>((resolve, reject) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n")) resolve(JSON.parse(text) as { control: string; caFile: string });
    });
    child.once("exit", (code) => reject(new Error(`the sandbox ended with code ${code} before it was ready`)));
  });
  // Where test/support/sandbox.ts looks.
  process.env["SANDBOX_CONTROL"] = control;
  process.env["SANDBOX_CA"] = caFile;
  return { pid: child.pid ?? -1, close: () => void child.kill() };
}

export interface BenchWorld extends World {
  /** Slugs, one for each resource: one slot takes one client. */
  slugs: string[];
}

const SCOPES = ["Mail.ReadWrite", "Mail.Send", "User.Read", "offline_access"];

/** A workspace with this many free slots that take a Microsoft client. `perMinute`: its limit; so high that it is none when left out. */
export async function worldWith(slots: number, perMinute = 1_000_000): Promise<BenchWorld> {
  const world = await startWorld();
  const slugs: string[] = [];
  for (let index = 0; index < slots; index += 1) {
    const made = await world.odeus<{ integration: { id: string; slug: string } }>("POST", "/integrations/v1/create", {
      name: `Bench ${index}`,
      authType: "OAUTH",
    });
    const { id, slug } = made.body.integration;
    await world.odeus("PATCH", `/settings/integrations/${id}`, { buildByOdeus: true, tenantIdSupported: true, defaultScopes: SCOPES });
    slugs.push(slug);
  }
  await world.odeus("PATCH", "/settings", { requestsPerMinute: perMinute });
  await world.clearCalls();
  return { ...world, environment: { ...world.environment, ODEUS_REQUESTS_PER_MINUTE: String(perMinute) }, slugs };
}

/** Inputs of one resource: an app registration of its own for one integration, proven before it is entered. */
export function inputsFor(slug: string): Properties {
  return { integrations: [{ integration: slug }], entra: { displayName: `Odeus ${slug}` } };
}
