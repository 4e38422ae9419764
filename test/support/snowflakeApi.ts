/** Our client of the Snowflake account of a world. */

import type { HttpLimits } from "../../src/clients/http.js";
import { createSnowflake, type SnowflakeApi } from "../../src/clients/snowflake.js";
import { type Connections, createConnections } from "../../src/clients/snowflakeConnection.js";
import { createConfig } from "../../src/core/config.js";
import type { Env } from "../../src/core/env.js";
import { RemoteError } from "../../src/core/errors.js";
import type { World } from "./sandbox.js";

export interface ApiOptions {
  environment?: Record<string, string>;
  limits?: Partial<HttpLimits>;
  signal?: AbortSignal;
  /** What it runs beside. */
  sideBySide?: object;
  /** Sessions of its own, kept for a minute, when left out. */
  connections?: Connections;
}

export function snowflakeApi(
  world: World,
  { environment = {}, limits, signal = new AbortController().signal, sideBySide = {}, connections }: ApiOptions = {},
): SnowflakeApi {
  const config = createConfig({ setting: () => undefined, environment: { ...world.environment, ...environment } });
  const env = { now: () => new Date(), random: () => 0.01, sideBySide, signal } as Env;
  return createSnowflake({ config, env, limits: { callTimeoutMs: 10_000, retryMs: 20_000, ...limits }, connections: connections ?? createConnections(60_000) });
}

/** What the call fails with; fails itself when it does not. */
export async function failing(call: Promise<unknown>): Promise<RemoteError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof RemoteError) return error;
  throw error ?? new Error("it was expected to fail");
}

/** How many calls of each operation reached the account. */
export async function arrived(world: World): Promise<Record<string, number>> {
  const names = (await world.calls()).filter(({ counterpart }) => counterpart === "snowflake").map(({ operation }) => operation);
  return Object.fromEntries([...new Set(names)].map((name) => [name, names.filter((each) => each === name).length]));
}
