/** Proves that the search for secrets sees: a process gives one away through every channel, in several spellings, and each time it is found there. */

import { randomBytes } from "node:crypto";
import * as path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { startDynamicProcess } from "../test/support/dynamicProcess.js";
import { type Channels, leaks } from "../test/support/leakSearch.js";
import { startPluginProcess } from "../test/support/pluginProcess.js";
import type { HostName } from "./cases.js";
import { newsOf } from "./lane.js";
import { createSurroundings } from "./surroundings.js";

/** Where a leak through each channel has to be found. */
const FOUND_IN: Readonly<Record<string, keyof Channels>> = {
  stdout: "stdout",
  stderr: "stderr",
  log: "lines",
  status: "lines",
  diagnostics: "answers",
  reasons: "answers",
  checkFailure: "answers",
  state: "answers",
  partialState: "answers",
  childArguments: "children",
  childArgumentsAtOnce: "children",
  childEnvironment: "children",
  temporaryFile: "files",
  removedFile: "files",
  homeFile: "files",
  workFile: "files",
};

/** The value itself, half of it, and each way to write it. */
const SPELLINGS: Readonly<Record<string, (secret: string) => string>> = {
  raw: (secret) => secret,
  half: (secret) => secret.slice(0, secret.length / 2),
  base64: (secret) => Buffer.from(secret).toString("base64"),
  base64url: (secret) => Buffer.from(secret).toString("base64url"),
  "percent-encoded": encodeURIComponent,
  "JSON-escaped": (secret) => JSON.stringify(secret).slice(1, -1),
  hex: (secret) => Buffer.from(secret).toString("hex"),
};

/** How long what a process has written may be on its way. */
const ARRIVES_WITHIN_MS = 2_000;

export interface BlindSpots {
  planted: number;
  /** What was not seen, or seen where nothing was planted. */
  unseen: string[];
}

/** In both hosts. */
export async function blindSpots(): Promise<BlindSpots> {
  const found = await Promise.all([blindSpotsOf("plugin"), blindSpotsOf("dynamic")]);
  return { planted: found.reduce((sum, { planted }) => sum + planted, 0), unseen: found.flatMap(({ unseen }) => unseen) };
}

async function blindSpotsOf(name: HostName): Promise<BlindSpots> {
  const secret = `cnry-${randomBytes(12).toString("hex")}+/="\\ %é`;
  const spelled = Object.fromEntries(Object.entries(SPELLINGS).map(([spelling, spell]) => [spelling, spell(secret)]));
  const surroundings = createSurroundings();
  const options = { environment: { ...surroundings.environment, PLANTED: JSON.stringify(spelled) }, cwd: surroundings.cwd };
  const host =
    name === "plugin"
      ? await startPluginProcess({ ...options, command: [process.execPath, "--import", "tsx", path.join(__dirname, "leakingPlugin.ts")] })
      : await startDynamicProcess({ ...options, handlers: path.join(__dirname, "leakingDynamic.ts") });
  const news = newsOf(host);
  const look = (): string[] => leaks({ planted: secret }, { ...news(), ...surroundings.news() });
  const leakThrough = async (channel: string, spelling: string): Promise<void> => {
    const urn = host.urn("LeakingClient", channel);
    const { inputs } = await host.check(urn, { channel, spelling });
    await host.create(urn, inputs).catch(() => undefined);
  };

  let planted = 0;
  const unseen: string[] = [];
  await host.configure({});
  for (const spelling of Object.keys(SPELLINGS)) {
    await leakThrough("nowhere", spelling);
    if (look().length > 0) unseen.push(`${name}, ${spelling}: a leak was seen where nothing was planted`);
    for (const [channel, place] of Object.entries(FOUND_IN)) {
      planted += 1;
      await leakThrough(channel, spelling);
      let seen: string[] = [];
      for (const until = Date.now() + ARRIVES_WITHIN_MS; seen.length === 0 && Date.now() < until; ) {
        seen = look();
        if (seen.length === 0) await wait(10);
      }
      if (!seen.some((one) => one.includes(` in ${place} `))) unseen.push(`${name}, ${spelling} through ${channel}: ${seen.join(", ") || "nothing was seen"}`);
    }
  }
  await host.stop();
  surroundings.close();
  return { planted, unseen };
}
