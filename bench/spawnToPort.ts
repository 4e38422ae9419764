/** From spawning the plugin to its port, which every command waits for, over a bare grpc-js server with the same proto import. */

import { spawn } from "node:child_process";
import * as path from "node:path";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CheckRequest } from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

const PLUGIN = path.join(__dirname, "..", "dist", "provider", "plugin.js");
const BARE = path.join(__dirname, "bareServer.cjs");

export interface Start {
  portMs: number;
  /** When the first Check was answered, from the spawn too. */
  checkMs: number;
}

export interface SpawnToPort {
  name: string;
  ratio: number;
  aim: number;
  plugin: Start;
  bare: Start;
}

/** One start, ended so long after the first Check. */
function start(file: string, livesOnMs = 0): Promise<Start> {
  const begun = performance.now();
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.stdout.once("data", (data: Buffer) => {
      const portMs = performance.now() - begun;
      const client = new ResourceProviderClient(`127.0.0.1:${data.toString().trim()}`, grpc.credentials.createInsecure());
      const news = Struct.fromJavaScript({ integrations: [{ integration: "jira" }], existing: { clientId: "a", clientSecret: "b" } });
      client.check(new CheckRequest().setUrn("urn:pulumi:dev::bench::odeus:index:OAuthClientConfig::jira").setNews(news), (error) => {
        const checkMs = performance.now() - begun;
        client.close();
        setTimeout(() => child.kill("SIGKILL"), livesOnMs);
        child.once("exit", () => (error === null ? resolve({ portMs, checkMs }) : reject(error)));
      });
    });
  });
}

function median(starts: readonly Start[], of: keyof Start): number {
  const sorted = starts.map((each) => each[of]).sort((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** The plugin's first command after an installation leaves its code cache behind (src/provider/codeCache.ts). */
const FIRST_COMMAND_MS = 1_000;

/** By turns, so that whatever else the machine does falls on both. */
export async function spawnToPort(rounds = 15): Promise<SpawnToPort> {
  const [plugin, bare]: [Start[], Start[]] = [[], []];
  await start(PLUGIN, FIRST_COMMAND_MS);
  await start(BARE);
  for (let round = 0; round < rounds; round++) {
    plugin.push(await start(PLUGIN));
    bare.push(await start(BARE));
  }
  const both = (starts: readonly Start[]): Start => ({ portMs: median(starts, "portMs"), checkMs: median(starts, "checkMs") });
  const [ours, least] = [both(plugin), both(bare)];
  return { name: "spawn to port", ratio: ours.portMs / least.portMs, aim: 1.1, plugin: ours, bare: least };
}

if (require.main === module) {
  spawnToPort().then(
    ({ name, ratio, aim, plugin, bare }) => {
      const show = ({ portMs, checkMs }: Start): string => `${Math.round(portMs)} ms, first Check ${Math.round(checkMs)} ms`;
      process.stdout.write(`${name}: ${ratio.toFixed(2)} (aim ${aim}). Plugin ${show(plugin)}; bare server ${show(bare)}.\n`);
    },
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
