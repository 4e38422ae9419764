/** One of the places where cases are played one after another: a world, and a provider process of each host that lives on. */

import { startDynamicProcess } from "../test/support/dynamicProcess.js";
import { type Channels, channelsOf } from "../test/support/leakSearch.js";
import { startPluginProcess } from "../test/support/pluginProcess.js";
import type { ProviderHost } from "../test/support/providerHost.js";
import { startWorld, type World } from "../test/support/sandbox.js";
import type { HostName } from "./cases.js";
import { prepare, type ServerName, type Subject } from "./subjects.js";
import { createSurroundings, type Surroundings } from "./surroundings.js";

const START = { plugin: startPluginProcess, dynamic: startDynamicProcess };
/** Short enough that what is tried again fails within seconds, and long enough for a machine with other work. */
const BUDGETS = { ODEUS_RETRY_SECONDS: "1", ODEUS_VERIFY_SECONDS: "3", ODEUS_CALL_TIMEOUT_SECONDS: "2", ODEUS_REQUESTS_PER_MINUTE: "0" };

/** A process with what it has said since somebody last asked. */
export interface Process {
  host: ProviderHost;
  news(): Channels;
}

export interface Lane {
  world: World;
  subjects: Record<ServerName, Subject>;
  surroundings: Surroundings;
  /** The process that lives on. */
  warm(host: HostName): Promise<Process>;
  /** A process that has done nothing yet; `ahead` starts one that is needed soon. */
  fresh(host: HostName): Promise<Process>;
  ahead(host: HostName): void;
  /** Ends a process that is alive or dead. */
  end(process: Process): Promise<void>;
  close(): Promise<void>;
}

export async function startLane(): Promise<Lane> {
  const world = await startWorld();
  const subjects = await prepare(world);
  const surroundings = createSurroundings();
  const running = new Set<Process>();
  const warm = new Map<HostName, Promise<Process>>();
  const waiting: { name: HostName; process: Promise<Process> }[] = [];

  async function start(name: HostName): Promise<Process> {
    const environment = { ...world.environment, ...BUDGETS, ...surroundings.environment };
    const host = await START[name]({ environment, cwd: surroundings.cwd });
    await host.configure({});
    const process = { host, news: newsOf(host) };
    running.add(process);
    return process;
  }
  const lane: Lane = {
    world,
    subjects,
    surroundings,
    warm(name) {
      const known = warm.get(name) ?? start(name);
      warm.set(name, known);
      return known;
    },
    fresh(name) {
      const place = waiting.findIndex((one) => one.name === name);
      return place < 0 ? start(name) : (waiting.splice(place, 1)[0]?.process ?? start(name));
    },
    ahead: (name) => void waiting.push({ name, process: start(name) }),
    async end(process) {
      for (const [name, known] of warm) if ((await known) === process) warm.delete(name);
      running.delete(process);
      await process.host.stop();
    },
    async close() {
      await Promise.all(waiting.map(({ process }) => process));
      await Promise.all([...running].map((process) => process.host.stop()));
      await world.close();
      surroundings.close();
    },
  };
  return lane;
}

/** What a process has said since the last time. */
export function newsOf(host: ProviderHost): () => Channels {
  const told = { lines: 0, answers: 0, stdout: 0, stderr: 0 };
  return () => {
    const news = {
      lines: host.lines.slice(told.lines),
      answers: host.answers.slice(told.answers),
      stdout: host.stdout.slice(told.stdout),
      stderr: host.stderr.slice(told.stderr),
    };
    Object.assign(told, { lines: host.lines.length, answers: host.answers.length, stdout: host.stdout.length, stderr: host.stderr.length });
    return channelsOf(news);
  };
}
