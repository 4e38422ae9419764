/** A resource that gives a secret away, each time through the channel that its inputs name: what the search has to see. */

import { spawn, spawnSync } from "node:child_process";
import { unlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import * as path from "node:path";
import * as z from "zod";
import type { Env } from "../src/core/env.js";
import { PartialFailure, type Resource } from "../src/resources/resource.js";

/** The secret by its spellings. Nothing in this process knows it for one, so nothing takes it out again. */
const SPELLED = JSON.parse(process.env["PLANTED"] ?? "{}") as Record<string, string>;

const LEAKS: Readonly<Record<string, (planted: string, env: Env) => Promise<unknown> | unknown>> = {
  nowhere: () => undefined,
  stdout: (planted) => process.stdout.write(`the secret is ${planted}\n`),
  stderr: (planted) => process.stderr.write(`the secret is ${planted}\n`),
  log: (planted, { say }) => say.warning(`the secret is ${planted}`),
  status: async (planted, { say, sleep }) => {
    say.progress(`sending ${planted}`);
    await sleep(400);
  },
  diagnostics: (planted) => {
    throw new Error(`refused: ${planted}`);
  },
  reasons: (planted) => {
    throw new PartialFailure("leaking", {}, [`refused: ${planted}`]);
  },
  partialState: (planted) => {
    throw new PartialFailure("leaking", { notes: [planted] }, ["half done"]);
  },
  childArguments: (planted) => ended(spawn("true", [`--secret=${planted}`])),
  childArgumentsAtOnce: (planted) => spawnSync("true", [`--secret=${planted}`]),
  childEnvironment: (planted) => ended(spawn("true", [], { env: { ...process.env, SECRET: planted } })),
  temporaryFile: (planted) => writeFileSync(path.join(tmpdir(), "leak.json"), JSON.stringify({ planted })),
  removedFile: (planted) => {
    const file = path.join(tmpdir(), "leak-for-a-moment");
    writeFileSync(file, planted);
    unlinkSync(file);
  },
  homeFile: (planted) => writeFileSync(path.join(homedir(), ".leak"), planted),
  workFile: (planted) => writeFileSync("leak.log", planted),
};

function ended(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((done) => child.once("exit", () => done()));
}

export const leaking: Resource = {
  kind: "LeakingClient",
  description: "Gives a secret away.",
  inputs: z.strictObject({ channel: z.string(), spelling: z.string() }),
  outputs: z.object({ notes: z.array(z.string()).optional() }),
  check: ({ channel, spelling }) => (channel === "checkFailure" ? [`channel: is ${SPELLED[String(spelling)]}`] : []),
  slots: () => [],
  diff: () => ({ differences: [], announcements: [] }),
  async create({ env }, inputs) {
    const { channel, spelling } = inputs;
    const planted = SPELLED[String(spelling)] ?? "";
    if (channel === "state") return { id: "leaking", state: { ...inputs, notes: [`it is ${planted}`] } };
    await LEAKS[String(channel)]?.(planted, env);
    return { id: "leaking", state: { ...inputs } };
  },
  preview: async () => ({}),
  read: async (_context, id, state, inputs) => ({ id, state, inputs }),
  update: async (_context, id, state) => ({ id, state }),
  delete: async () => undefined,
};
