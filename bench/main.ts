/**
 * `make bench`: how fast the provider is, as ratios within one run. Prints a table and writes bench/results.json.
 * `npx tsx bench/main.ts --only "refresh, 100"` measures what is needed for the rows that are named like that.
 */

import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { MICROSOFT_GRAPH_APP_ID } from "../src/clients/graph.js";
import type { Properties } from "../src/core/value.js";
import type { RecordedCall } from "../src/sandbox/calls.js";
import { startPluginProcess } from "../test/support/pluginProcess.js";
import type { ProviderHost } from "../test/support/providerHost.js";
import { bundle } from "../tools/bundle.js";
import { table } from "../tools/table.js";
import { chainOf } from "./chain.js";
import { OPERATIONS, type Operation, startProject } from "./engine.js";
import { median, memoryOf, processorTimeOf } from "./processes.js";
import { inputsFor, type SandboxProcess, startSandbox, worldWith } from "./sandbox.js";
import { snowflakeMeasures } from "./snowflake.js";
import { spawnToPort } from "./spawnToPort.js";

interface Row {
  name: string;
  ratio: number;
  aim: number;
  met: boolean;
  /** What was divided by what. */
  measured: string;
}

const ROOT = path.join(__dirname, "..");
const OURS = path.join(ROOT, "bin");
const NOOP = path.join(ROOT, "bench", "noop");
const BUILT = path.join(ROOT, "build", "bench");
const KIND = "OAuthClientConfig";
const LATENCY = 50;
/** The middle one of so many counts. */
const RUNS = 3;
/** As many operations at once as the engine runs by itself on two cores. */
const AT_ONCE = 8;
const KINDS = ["first create of a process", "next create of a process"] as const;
/** What thirty creates side by side ask once. */
const SHARED = ["discovery", "deployer's token", "listIntegrations", "scopeCatalogue"] as const;
const SECOND_UP = ["(d) changing calls in a second up, 30", "(d) all calls in a second up, 30"] as const;

const rows: Row[] = [];
const results = path.join(__dirname, "results.json");

function row(name: string, ratio: number, aim: number, measured: string): void {
  const rounded = Math.round(ratio * 100) / 100;
  rows.push({ name, ratio: rounded, aim, met: rounded <= aim, measured });
  process.stdout.write(`  ${name}: ${rounded} (${measured})\n`);
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Each measure with the names of the rows it prints, as far as they are known before. */
const MEASURES: readonly { rows: readonly string[]; run: (sandbox: SandboxProcess) => Promise<void> }[] = [
  { rows: ["(e) spawn to port"], run: start },
  { rows: ["(f) memory after 100 creates"], run: memory },
  { rows: KINDS.map((kind) => `(b) ${kind}`), run: latencyOfOne },
  { rows: ["(c) 30 creates over one", ...SHARED.map((operation) => `(c) ${operation} calls for 30 creates`)], run: thirtyOverOne },
  ...([1, 30, 100] as const).map((count) => ({
    rows: [...OPERATIONS.map((operation) => `(a) ${operation}, ${count}`), ...(count === 30 ? SECOND_UP : [])],
    run: (sandbox: SandboxProcess) => engine(count, sandbox.pid),
  })),
  { rows: ["(c) failed creates over the limit", "(c) calls refused for the limit"], run: rateLimit },
  ...snowflakeMeasures(row, say),
];

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: "string", multiple: true, default: [""] } } });
  const measures = MEASURES.filter(({ rows: names }) => names.some((name) => values.only.some((part) => name.includes(part))));
  if (measures.length === 0) throw new Error(`no row is named like that; there are ${MEASURES.flatMap(({ rows: names }) => names).join("; ")}`);
  say(
    `${cpus().length} processors, load before ${loadavg()
      .map((one) => one.toFixed(1))
      .join(" ")}`,
  );
  await bundle({ entryPoints: ["bench/noop/plugin.ts"], outfile: path.join(BUILT, "noop.js") });
  const sandbox = await startSandbox();
  try {
    for (const { run } of measures) await run(sandbox);
  } finally {
    sandbox.close();
  }
  rows.sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
  say(
    `\n${table([["Measure", "Ratio", "Aim", "", "Measured"], ...rows.map(({ name, ratio, aim, met, measured }) => [name, ratio.toFixed(2), String(aim), met ? "met" : "MISSED", measured])])}`,
  );
  say(
    `\nload after ${loadavg()
      .map((one) => one.toFixed(1))
      .join(" ")}`,
  );
  writeFileSync(results, `${JSON.stringify(rows, undefined, 2)}\n`);
}

/** (a) and (d): the same program on both plugins, command by command. */
async function engine(count: number, sandboxPid: number): Promise<void> {
  say(`(a) ${count} resource${count === 1 ? "" : "s"}, ${RUNS} runs`);
  const times: Record<"noop" | "ours", Record<Operation, number[]>> = { noop: noTimes(), ours: noTimes() };
  const sandboxTimes = noTimes();
  let second = { all: 0, changing: 0 };
  for (let run = 0; run < RUNS; run += 1) {
    for (const [name, plugin] of [
      ["noop", NOOP],
      ["ours", OURS],
    ] as const) {
      const world = await worldWith(count);
      const project = await startProject(plugin, world.slugs, world.environment);
      try {
        for (const operation of OPERATIONS) {
          await world.clearCalls();
          const before = processorTimeOf(sandboxPid) ?? Number.NaN;
          times[name][operation].push(await project.run(operation));
          if (name === "noop") continue;
          sandboxTimes[operation].push((processorTimeOf(sandboxPid) ?? Number.NaN) - before);
          if (operation !== "unchanged up") continue;
          const calls = await world.calls();
          second = { all: second.all + calls.length, changing: second.changing + calls.filter(({ changes }) => changes).length };
        }
      } finally {
        project.close();
        await world.close();
      }
    }
  }
  const aims: Record<Operation, number> = { up: 2, "unchanged up": 1.2, refresh: 2, destroy: 2 };
  for (const operation of OPERATIONS) {
    const [ours, noop, sandboxTime] = [median(times.ours[operation]), median(times.noop[operation]), median(sandboxTimes[operation])];
    row(
      `(a) ${operation}, ${count}`,
      ours / noop,
      aims[operation],
      `${seconds(ours)} / ${seconds(noop)}; processor time of the sandbox ${seconds(sandboxTime)}`,
    );
  }
  if (count !== 30) return;
  row(SECOND_UP[0], second.changing, 0, `calls in ${RUNS} runs`);
  row(SECOND_UP[1], second.all, 0, `calls in ${RUNS} runs`);
}

function noTimes(): Record<Operation, number[]> {
  return { up: [], "unchanged up": [], refresh: [], destroy: [] };
}

/** (b): one create, with every call as far away as `LATENCY` says. */
async function latencyOfOne(): Promise<void> {
  say("(b) one create at 50 ms");
  const times: Record<(typeof KINDS)[number], number[]> = { "first create of a process": [], "next create of a process": [] };
  const chains: Record<string, ReturnType<typeof chainOf>> = {};
  for (let run = 0; run < 5; run += 1) {
    const world = await worldWith(2);
    const host = await startPluginProcess({ environment: world.environment });
    try {
      await host.configure({});
      await world.latency(LATENCY);
      for (const [index, kind] of KINDS.entries()) {
        await world.clearCalls();
        times[kind].push(await creates(host, [world.slugs[index] ?? ""]));
        chains[kind] = chainOf(await world.calls(), LATENCY);
      }
    } finally {
      await host.stop();
      await world.close();
    }
  }
  for (const kind of KINDS) {
    const { steps = [], inTime = 0 } = chains[kind] ?? {};
    const floor = steps.length * LATENCY;
    row(
      `(b) ${kind}`,
      median(times[kind]) / floor,
      1.15,
      `${Math.round(median(times[kind]))} ms / ${steps.length} calls of a chain x ${LATENCY} ms (${inTime} one after the other in time)`,
    );
    say(`    ${steps.join(" > ")}`);
  }
}

/** (c): thirty at once over one, each time in a process of its own. */
async function thirtyOverOne(): Promise<void> {
  say("(c) 30 creates at 50 ms");
  const times: Record<1 | 30, number[]> = { 1: [], 30: [] };
  const counts: Record<string, number> = {};
  for (let run = 0; run < RUNS; run += 1) {
    for (const count of [1, 30] as const) {
      const world = await worldWith(count, 500);
      const host = await startPluginProcess({ environment: world.environment });
      try {
        await host.configure({});
        await world.latency(LATENCY);
        times[count].push(await creates(host, world.slugs));
        if (count === 1) continue;
        for (const call of await world.calls()) {
          const name = sharedName(call, world.deployer.clientId);
          counts[name] = (counts[name] ?? 0) + 1;
        }
      } finally {
        await host.stop();
        await world.close();
      }
    }
  }
  row(
    "(c) 30 creates over one",
    median(times[30]) / median(times[1]),
    2,
    `${Math.round(median(times[30]))} ms / ${Math.round(median(times[1]))} ms, all 30 at once`,
  );
  for (const shared of SHARED) {
    row(`(c) ${shared} calls for 30 creates`, (counts[shared] ?? Number.NaN) / RUNS, 1, "calls a run");
  }
}

/** Tokens are asked for by proofs too: those of the deploying identity are to be shared. */
function sharedName({ operation, path: where, requestBody }: RecordedCall, deployer: string): string {
  if (operation === "getServicePrincipal" && where.includes(MICROSOFT_GRAPH_APP_ID)) return "scopeCatalogue";
  return operation === "token" && requestBody.includes(deployer) ? "deployer's token" : operation;
}

/** (c): more calls than a workspace takes in a minute. */
async function rateLimit(): Promise<void> {
  const count = 200;
  say(`(c) ${count} creates of given clients, three calls each, under the limit of 500 a minute`);
  const world = await worldWith(count, 500);
  const host = await startPluginProcess({ environment: world.environment });
  try {
    await host.configure({});
    const startedAt = performance.now();
    let failed = 0;
    const given = (slug: string): Properties => ({
      integrations: [{ integration: slug }],
      existing: { clientId: `client-${slug}`, clientSecret: "bench-secret" },
      verify: false,
    });
    await eachOf(world.slugs, AT_ONCE, async (slug) => {
      await create(host, slug, given(slug)).catch((error: unknown) => {
        failed += 1;
        if (failed === 1) say(`    ${String(error)}`);
      });
    });
    const calls = (await world.calls()).filter(({ counterpart }) => counterpart === "odeus");
    const refused = calls.filter(({ status }) => status === 429).length;
    row("(c) failed creates over the limit", failed, 0, `${count} creates, ${calls.length} calls in ${seconds(performance.now() - startedAt)}`);
    row("(c) calls refused for the limit", refused, 0, `of ${calls.length}`);
  } finally {
    await host.stop();
    await world.close();
  }
}

/** (e): the port is what every command waits for first. */
async function start(): Promise<void> {
  say("(e) spawn to port");
  const { ratio, aim, plugin, bare } = await spawnToPort();
  const shown = ({ portMs, checkMs }: typeof plugin): string => `${Math.round(portMs)} ms (first Check answered at ${Math.round(checkMs)} ms)`;
  row("(e) spawn to port", ratio, aim, `${shown(plugin)} / ${shown(bare)} of a bare server`);
}

/** (f): resident memory when 100 resources have been made. */
async function memory(): Promise<void> {
  say("(f) memory after 100 creates");
  const used: Record<"ours" | "noop", number[]> = { ours: [], noop: [] };
  for (let run = 0; run < RUNS; run += 1) {
    for (const [name, folder] of [
      ["noop", NOOP],
      ["ours", OURS],
    ] as const) {
      const world = await worldWith(100);
      const host = await startPluginProcess({ command: [path.join(folder, "pulumi-resource-odeus")], environment: world.environment });
      try {
        await host.configure({});
        await creates(host, world.slugs, AT_ONCE);
        used[name].push(memoryOf(host.pid));
      } finally {
        await host.stop();
        await world.close();
      }
    }
  }
  row("(f) memory after 100 creates", median(used.ours) / median(used.noop), 1.5, `${Math.round(median(used.ours))} MB / ${Math.round(median(used.noop))} MB`);
}

/** Checks all, then creates all; milliseconds of the creates. */
async function creates(host: ProviderHost, slugs: readonly string[], atOnce = slugs.length): Promise<number> {
  const checked = new Map<string, Properties>();
  for (const slug of slugs) checked.set(slug, await check(host, slug, inputsFor(slug)));
  const startedAt = performance.now();
  await eachOf(slugs, atOnce, (slug) => host.create(host.urn(KIND, slug), checked.get(slug) ?? {}));
  return performance.now() - startedAt;
}

async function create(host: ProviderHost, slug: string, inputs: Properties): Promise<void> {
  await host.create(host.urn(KIND, slug), await check(host, slug, inputs));
}

async function check(host: ProviderHost, slug: string, inputs: Properties): Promise<Properties> {
  const { inputs: checked, failures } = await host.check(host.urn(KIND, slug), inputs);
  if (failures.length > 0) throw new Error(failures.join("; "));
  return checked;
}

async function eachOf<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
}

main().catch((error: unknown) => {
  process.stderr.write(`The bench failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
