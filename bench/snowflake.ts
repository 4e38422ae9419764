/** (g) Snowflake: statements of each operation, logins of twenty resources, and one create over its longest chain of calls. */

import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import type { RecordedCall } from "../src/sandbox/calls.js";
import { startPluginProcess } from "../test/support/pluginProcess.js";
import type { Inputs, ProviderHost } from "../test/support/providerHost.js";
import { startWorld, type World } from "../test/support/sandbox.js";
import { inTime, longestChain } from "./chain.js";
import { median } from "./processes.js";

export type Row = (name: string, ratio: number, aim: number, measured: string) => void;
type Measure = { rows: readonly string[]; run: () => Promise<void> };

const LATENCY = 50;
const MANY = 20;
/** Longer than a session waits for its next statement. */
const IDLE = 3_500;

const STATEMENTS = [
  "(g) Snowflake: statements per create",
  "(g) Snowflake: statements per refresh",
  "(g) Snowflake: round trips per refresh",
  "(g) Snowflake: statements per rotation",
] as const;
const LOGINS = [`(g) Snowflake: logins of ${MANY} resources`, `(g) Snowflake: ${MANY} creates over one`] as const;
const CREATES = ["(g) Snowflake: first create of a process", "(g) Snowflake: next create of a process"] as const;

export const snowflakeMeasures = (row: Row, say: (text: string) => void): Measure[] => [
  { rows: STATEMENTS, run: () => statements(row, say) },
  { rows: LOGINS, run: () => logins(row, say) },
  { rows: CREATES, run: () => oneCreate(row, say) },
];

interface Stage {
  world: World;
  host: ProviderHost;
  /** Slugs of workspace integrations made from scratch. */
  slugs: string[];
}

/** A plugin that nothing was asked of yet, with so many places for clients, each `latency` away. */
async function withStage(places: number, latency: number, work: (stage: Stage) => Promise<void>): Promise<void> {
  const world = await startWorld();
  await world.odeus("PATCH", "/settings", { requestsPerMinute: 1_000_000 });
  const slugs: string[] = [];
  for (let index = 0; index < places; index += 1) {
    const made = await world.odeus<{ integration: { slug: string } }>("POST", "/integrations/v1/create", { name: `Bench ${index}`, authType: "OAUTH" });
    slugs.push(made.body.integration.slug);
  }
  const host = await startPluginProcess({ environment: { ...world.environment, ODEUS_REQUESTS_PER_MINUTE: "1000000" } });
  try {
    await host.configure({});
    await world.latency(latency);
    await world.clearCalls();
    await work({ world, host, slugs });
  } finally {
    await host.stop();
    await world.close();
  }
}

const inputsFor = (slug: string, round = "first"): Inputs => ({
  name: slug.replaceAll("-", "_"),
  integration: slug,
  oauthAllowNonTlsRedirectUri: true,
  rotation: { triggers: { round } },
});

const urnOf = (host: ProviderHost, slug: string): string => host.urn("SnowflakeSecurityIntegration", slug);

async function checked(host: ProviderHost, slug: string, round?: string): Promise<Inputs> {
  const { inputs, failures } = await host.check(urnOf(host, slug), inputsFor(slug, round));
  if (failures.length > 0) throw new Error(failures.join("; "));
  return inputs;
}

async function create(host: ProviderHost, slug: string): ReturnType<ProviderHost["create"]> {
  return host.create(urnOf(host, slug), await checked(host, slug));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

const named = (calls: readonly RecordedCall[]): string[] =>
  calls.flatMap(({ operation }) => (operation.startsWith("statement:") ? [operation.slice("statement:".length)] : []));

async function statements(row: Row, say: (text: string) => void): Promise<void> {
  say("(g) Snowflake: statements");
  await withStage(1, LATENCY, async ({ world, host, slugs }) => {
    const [slug = ""] = slugs;
    const urn = urnOf(host, slug);
    const asking = async (work: () => Promise<unknown>): Promise<RecordedCall[]> => {
      await world.clearCalls();
      await work();
      return (await world.calls()).filter(({ operation }) => operation.startsWith("statement:"));
    };
    const count = async (work: () => Promise<unknown>): Promise<string[]> => named(await asking(work));
    let made: Awaited<ReturnType<ProviderHost["create"]>> | undefined;
    const creating = await count(async () => {
      made = await create(host, slug);
    });
    if (made === undefined) return;
    const { id, state } = made;
    const before = await checked(host, slug);
    const asked = await asking(() => host.read(urn, id, state, before));
    const refreshing = named(asked);
    const inputs = await checked(host, slug, "second");
    const rotating = await count(() => host.update(urn, id, state, inputs));
    row(STATEMENTS[0], creating.length, 4, `${creating.join(", ")}, after the login`);
    row(STATEMENTS[1], refreshing.length, 1, `${refreshing.join(", ")}, side by side: a secret renewed by hand shows in the second one alone`);
    row(STATEMENTS[2], inTime(asked, LATENCY), 1, `at ${LATENCY} ms each`);
    row(STATEMENTS[3], rotating.length, 4, rotating.join(", "));
  });
}

async function logins(row: Row, say: (text: string) => void): Promise<void> {
  say(`(g) Snowflake: ${MANY} creates side by side, each call ${LATENCY} ms away`);
  let one = 0;
  await withStage(1, LATENCY, async ({ host, slugs: [slug = ""] }) => {
    const inputs = await checked(host, slug);
    one = await timed(() => host.create(urnOf(host, slug), inputs));
  });
  await withStage(MANY, LATENCY, async ({ world, host, slugs }) => {
    const inputs = await Promise.all(slugs.map((slug) => checked(host, slug)));
    const many = await timed(() => Promise.all(slugs.map((slug, index) => host.create(urnOf(host, slug), inputs[index] ?? {}))));
    const calls = await world.calls();
    row(LOGINS[0], calls.filter(({ operation }) => operation === "login").length, 1, `${named(calls).length} statements in its session`);
    row(LOGINS[1], many / one, 2, `${Math.round(many)} ms / ${Math.round(one)} ms, all ${MANY} at once`);
  });
}

const NEEDS = {
  login: [],
  list: [],
  slot: ["list"],
  "earlier integration": ["login"],
  // Nothing is made before everything that reads can tell is known.
  integration: ["slot", "earlier integration"],
  description: ["integration"],
  secrets: ["integration"],
  entry: ["description", "secrets"],
  "slot again": ["entry"],
} as const;
type Step = keyof typeof NEEDS;

function stepsOf(calls: readonly RecordedCall[]): Step[] {
  const [made, entered] = ["statement:CREATE", "updateIntegrationAuth"].map((name) => calls.findIndex(({ operation }) => operation === name));
  return calls.flatMap(({ operation }, index): Step[] => {
    switch (operation) {
      case "login":
        return ["login"];
      case "listIntegrations":
        return ["list"];
      case "getIntegration":
      case "getOAuthClient":
        return [index < (entered ?? 0) ? "slot" : "slot again"];
      case "statement:DESC":
        return [index < (made ?? 0) ? "earlier integration" : "description"];
      case "statement:CREATE":
        return ["integration"];
      case "statement:SECRETS":
        return ["secrets"];
      case "updateIntegrationAuth":
        return ["entry"];
      // The end of a session that nobody waits for.
      case "close":
        return [];
      default:
        throw new Error(`bench/snowflake.ts does not know what the call ${operation} needs`);
    }
  });
}

/** Three processes with three creates each, the first of which loads the driver. Each create logs in: the session before has ended. */
async function oneCreate(row: Row, say: (text: string) => void): Promise<void> {
  say(`(g) Snowflake: one create at ${LATENCY} ms, with and without loading the driver`);
  const [first, later, loads]: [number[], number[], number[]] = [[], [], []];
  let steps: Step[] = [];
  let depth = 0;
  for (let run = 0; run < 3; run += 1) {
    await withStage(3, LATENCY, async ({ world, host, slugs }) => {
      for (const [index, slug] of slugs.entries()) {
        const inputs = await checked(host, slug);
        await world.clearCalls();
        (index === 0 ? first : later).push(await timed(() => host.create(urnOf(host, slug), inputs)));
        const calls = await world.calls();
        steps = longestChain<Step>(NEEDS, new Set(stepsOf(calls)));
        depth = inTime(calls, LATENCY);
        loads.push(await loading());
        await pause(IDLE);
      }
    });
  }
  const [firstTime, nextTime, load] = [median(first), median(later), median(loads)];
  const floor = steps.length * LATENCY;
  const chain = `${steps.length} calls of a chain x ${LATENCY} ms`;
  row(CREATES[0], firstTime / (floor + load), 1.15, `${Math.round(firstTime)} ms / (${chain} + ${Math.round(load)} ms for loading the driver alone)`);
  row(CREATES[1], nextTime / floor, 1.15, `${Math.round(nextTime)} ms / ${chain}, login included (${depth} one after the other in time)`);
  say(`    ${steps.join(" > ")}`);
}

/** Milliseconds that the driver takes to load, in a process of its own and as quiet as the provider makes it. */
function loading(): Promise<number> {
  const script = 'const before = performance.now(); require("snowflake-sdk"); console.log(performance.now() - before);';
  const quiet = { SNOWFLAKE_DISABLE_PLATFORM_DETECTION: "true", SNOWFLAKE_DISABLE_MINICORE: "1", AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  return printed(script, { ...process.env, ...quiet });
}

function printed(script: string, env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, ["-e", script], { cwd: __dirname, env, stdio: ["ignore", "pipe", "ignore"] });
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    child.once("exit", (code) => (code === 0 ? resolve(Number(text)) : reject(new Error(`the driver could not be loaded (${code})`))));
  });
}
