/** The vendor's own driver, made quiet, and a connection to the account of a world with it. */

import type { Connection, ConnectionOptions, SnowflakeError } from "snowflake-sdk";
import type { World } from "./sandbox.js";

/** Read when the driver is loaded: it asks the clouds' metadata services otherwise, and loads a native module. */
Object.assign(process.env, { SNOWFLAKE_DISABLE_PLATFORM_DETECTION: "true", SNOWFLAKE_DISABLE_MINICORE: "1", SF_TELEMETRY_DISABLE_CONNECTION_SHAPE: "1" });

async function loadDriver(): Promise<typeof import("snowflake-sdk")> {
  const driver = await import("snowflake-sdk");
  driver.configure({ logLevel: "OFF", additionalLogToConsole: false });
  return driver;
}

/** A row by its column names. */
export type Row = Record<string, string | number | Date | null>;

export interface Session {
  run(sql: string, options?: { requestId?: string; binds?: string[] }): Promise<Row[]>;
  close(): Promise<void>;
}

/** What a failed login or statement says. */
export interface Failure {
  code?: string | number;
  sqlState?: string;
  message: string;
}

/** Logs in as the deployer with its password, unless the options say otherwise. Rejects with the driver's error. */
export async function logIn(world: World, options: Partial<ConnectionOptions> = {}): Promise<Session> {
  const { createConnection } = await loadDriver();
  const { hostname, port } = new URL(world.origins.snowflake);
  const connection = createConnection({
    account: world.snowflake.account,
    username: world.snowflake.deployer.user,
    password: world.snowflake.deployer.password,
    host: hostname,
    port: Number(port),
    protocol: "http",
    application: "odeus-test",
    ...options,
  } as ConnectionOptions);
  await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
  return sessionOf(connection);
}

function sessionOf(connection: Connection): Session {
  return {
    run: (sqlText, options = {}) =>
      new Promise((resolve, reject) => {
        connection.execute({
          sqlText,
          ...options,
          complete: (error: SnowflakeError | undefined, _statement: unknown, rows?: unknown[]) => (error ? reject(error) : resolve((rows ?? []) as Row[])),
        });
      }),
    close: () => new Promise((resolve, reject) => connection.destroy((error) => (error ? reject(error) : resolve()))),
  };
}

/** What the promise fails with; fails itself when it does not. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const failure = await promise.then(
    () => undefined,
    (error: Failure) => error,
  );
  if (failure === undefined) throw new Error("it was expected to fail");
  const { code, sqlState, message } = failure;
  return { ...(code === undefined ? {} : { code }), ...(sqlState === undefined ? {} : { sqlState }), message };
}
