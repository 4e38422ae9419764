/**
 * Snowflake's own driver, snowflake-sdk, as one session that runs statements: loaded on first use, silent, its errors cut down to
 * what may be told, and a statement that was given up really given up.
 */

import { createRequire } from "node:module";
import * as path from "node:path";
import type { AxiosAdapter, AxiosError, AxiosStatic } from "axios";
import type { Connection, ConnectionOptions, FileAndStageBindStatement, RowStatement } from "snowflake-sdk";
import { ConfigError, messageOf } from "../core/errors.js";
import { isLoopback } from "./http.js";
import type { SnowflakeLogin } from "./snowflakeLogin.js";

/** Column to value, as text. */
export type Row = Readonly<Record<string, string | null>>;

/** What may be told of a failure: the driver's errors hold the answer, the connection and its configuration. */
export type DriverFailure =
  /** Snowflake's own no. */
  | { kind: "refused"; code: string; words: string; sqlState: string | undefined; queryId: string | undefined }
  /** An HTTP status in place of Snowflake's answer. */
  | { kind: "status"; status: number; retryAfter: unknown }
  /** No answer: the connection's own code. */
  | { kind: "lost"; code: string }
  /** The session is gone; the statement was not run. */
  | { kind: "sessionOver" }
  /** An answer that is not Snowflake's. */
  | { kind: "garbled" }
  /** Nothing was sent. */
  | { kind: "unsent"; words: string };

export class DriverError extends Error {
  readonly failure: DriverFailure;
  constructor(failure: DriverFailure) {
    super(failure.kind);
    this.failure = failure;
  }
}

export interface RunningStatement {
  /** Rejects with a DriverError. */
  rows: Promise<Row[]>;
  /** How it went so far: the driver repeats by itself what is not answered, and says so to nobody. */
  requests: Readonly<Pick<Requests, "tries" | "unanswered" | "status">>;
  /** Ends every request of the statement, also those that the driver would still repeat, and asks the server to stop. */
  giveUp(): void;
}

export interface DriverSession {
  run(sql: string): RunningStatement;
  /** Logs out. Nobody waits for it, and it cannot fail. */
  close(): void;
}

export interface SessionOptions {
  login: SnowflakeLogin;
  /** Of one HTTP request. */
  timeoutMs: number;
  queryTag: string;
}

/** Logs in, with a single request: repeating it is the caller's. Rejects with a DriverError. */
export function openSession({ login, timeoutMs, queryTag }: SessionOptions): Promise<DriverSession> {
  const driver = loadDriver();
  // For the whole process, as all of this is. A loopback host is never reached through a proxy.
  driver.configure({ logLevel: "OFF", additionalLogToConsole: false, useEnvProxy: !isLoopback(new URL(login.origin)) });
  const { password, privateKey, token } = login;
  const options: ConnectionOptions = {
    account: login.account,
    accessUrl: login.origin,
    ...(login.user === undefined ? {} : { username: login.user }),
    ...(login.role === undefined ? {} : { role: login.role }),
    authenticator: login.authenticator,
    ...(password === undefined ? {} : { password: password.open() }),
    ...(privateKey === undefined ? {} : { privateKey: privateKey.open().trim() }),
    ...(token === undefined ? {} : { token: token.open() }),
    ...(login.workloadIdentityProvider === undefined
      ? {}
      : { workloadIdentityProvider: login.workloadIdentityProvider as NonNullable<ConnectionOptions["workloadIdentityProvider"]> }),
    timeout: timeoutMs,
    sfRetryMaxLoginRetries: 0,
    queryTag,
    // Not left out: a file that the environment or the home folder names turns on the driver's own log, with secrets in it, and a
    // login fails with it when it cannot be read.
    clientConfigFile: "",
    // An account may have it on by default, and its timer would keep the process alive.
    clientSessionKeepAlive: false,
    // Otherwise a failed statement is sent a second time, when its rows are asked for.
    streamResult: true,
    rowMode: "object",
    fetchAsString: ["Boolean", "Number", "Date", "JSON", "Buffer"],
    representNullAsStringNull: false,
  };
  return new Promise((resolve, reject) => {
    try {
      // Not connectAsync, which resolves although the login failed.
      const before = sent;
      driver.createConnection(options).connect((error, connection) => {
        if (error) reject(new DriverError(failureOf(error)));
        else if (sent === before) {
          connection.destroy(() => {});
          reject(unknownDriver());
        } else resolve(sessionOf(connection));
      });
    } catch (error) {
      reject(new DriverError(failureOf(error)));
    }
  });
}

function sessionOf(connection: Connection): DriverSession {
  return {
    run(sql) {
      const requests: Requests = { tries: 0, unanswered: 0, giveUp: new AbortController() };
      let statement: RowStatement | FileAndStageBindStatement | undefined;
      const rows = new Promise<Row[]>((resolve, reject) => {
        statement = connection.execute({
          sqlText: sql,
          complete: (error, completed) => {
            tracked.delete(completed.getRequestId());
            if (error) reject(new DriverError(failureOf(error)));
            else resolve(rowsOf(completed).catch((failed: unknown) => Promise.reject(new DriverError(failureOf(failed)))));
          },
        });
        // Sent in the next tick.
        tracked.set(statement.getRequestId(), requests);
      });
      // Whoever gave up does not wait for it.
      rows.catch(() => {});
      return {
        rows,
        requests,
        giveUp() {
          requests.giveUp.abort();
          statement?.cancel(() => {});
        },
      };
    },
    close: () => void connection.destroy(() => {}),
  };
}

async function rowsOf(statement: RowStatement | FileAndStageBindStatement): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of statement.streamRows() as AsyncIterable<Record<string, unknown>>) {
    rows.push(Object.fromEntries(Object.entries(row).map(([column, value]) => [column, value === null || value === undefined ? null : String(value)])));
  }
  return rows;
}

/** The requests of one statement. */
interface Requests {
  tries: number;
  /** Tries that the statement may have been run by, although no answer told so. */
  unanswered: number;
  /** Of the latest one that was answered. */
  status?: number | undefined;
  giveUp: AbortController;
}

/** Of the statements that run, by the request id that the driver gives each and keeps over its repetitions. */
const tracked = new Map<string, Requests>();

/**
 * How the driver sends, with what it has no options for: it follows redirects with the credentials, repeats a request up to seven
 * times over more than a minute without telling, and never stops one.
 */
function controlled(send: AxiosAdapter): AxiosAdapter {
  return async (config) => {
    const { pathname, searchParams } = new URL(config.url ?? "");
    const requests = tracked.get(searchParams.get("requestId") ?? "");
    sent += 1;
    if (requests !== undefined) requests.tries += 1;
    try {
      const response = await send({ ...config, maxRedirects: 0, maxContentLength: LARGEST_ANSWER, ...(requests && { signal: requests.giveUp.signal }) });
      if (requests !== undefined) requests.status = response.status;
      return response;
    } catch (error) {
      const failed = error as AxiosError;
      if (requests !== undefined) {
        requests.status = failed.response?.status ?? requests.status;
        if (failed.response === undefined || !refuses(failed.response.status)) requests.unanswered += 1;
      }
      // Far too much once is far too much again, and nobody waits for what was given up.
      if (/maxContentLength/.test(failed.message) || pathname.endsWith("/abort-request")) failed.code = NEVER_REPEATED;
      throw failed;
    }
  };
}

/** Whether a statement that is answered with this HTTP status was not run. */
export const refuses = (status: number): boolean => status < 500 && status !== 408;

/** Requests of the driver that went through here. */
let sent = 0;

const LARGEST_ANSWER = 8 * 1024 * 1024;
/** axios' code of an aborted request: the only failure that the driver does not repeat. */
const NEVER_REPEATED = "ERR_CANCELED";

let loaded: typeof import("snowflake-sdk") | undefined;

/** The package beside ours, or in the project that Pulumi runs in. */
function loadDriver(): typeof import("snowflake-sdk") {
  for (const from of loaded === undefined ? [__filename, path.join(process.cwd(), "_.js")] : []) {
    const require = createRequire(from);
    try {
      require.resolve("snowflake-sdk");
    } catch {
      // Not there: the next place, or the advice below.
      continue;
    }
    loaded = requireControlled(require);
    break;
  }
  if (loaded !== undefined) return loaded;
  throw new ConfigError(
    'connecting to Snowflake needs the package snowflake-sdk: run `npm install "snowflake-sdk@>=3.3"` in the project (or beside the plugin).',
  );
}

function requireControlled(require: NodeJS.Require): typeof import("snowflake-sdk") {
  // By themselves the driver asks three clouds' metadata services where it runs, loads a native addon, and reports how the
  // account was written; the AWS SDK inside warns about Node's version. They are read while it loads, and at each login.
  process.env["SNOWFLAKE_DISABLE_PLATFORM_DETECTION"] ??= "true";
  process.env["SNOWFLAKE_DISABLE_MINICORE"] ??= "1";
  process.env["SF_TELEMETRY_DISABLE_CONNECTION_SHAPE"] ??= "1";
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
  // The driver makes its own axios of the defaults that it finds while it loads. Without it, what is sent cannot be controlled.
  const axios = axiosOf(require.resolve("snowflake-sdk"));
  const { adapter } = axios.defaults;
  axios.defaults.adapter = controlled(axios.getAdapter("http"));
  try {
    return require("snowflake-sdk") as typeof import("snowflake-sdk");
  } catch (error) {
    throw new ConfigError(`the package snowflake-sdk is there but cannot be loaded (${messageOf(error).split("\n")[0]}): install it anew.`);
  } finally {
    if (adapter === undefined) delete axios.defaults.adapter;
    else axios.defaults.adapter = adapter;
  }
}

function axiosOf(driver: string): AxiosStatic {
  try {
    return createRequire(driver)("axios") as AxiosStatic;
  } catch {
    throw unknownDriver();
  }
}

/** One whose requests do not go through here would send credentials along with redirects, and repeat what may have been done. */
function unknownDriver(): ConfigError {
  return new ConfigError("this version of the package snowflake-sdk is built in a way that is not known here: run `npm install snowflake-sdk@3.3`.");
}

/** Fields by which the driver's errors are told apart. */
interface Told {
  name?: string;
  code?: unknown;
  message?: string;
  sqlState?: string;
  data?: { queryId?: string };
  response?: { statusCode?: number; headers?: Record<string, unknown> };
  cause?: { code?: unknown; name?: string };
}

/** Session token invalid, not connected any more, never connected. */
const SESSION_OVER = new Set(["401004", "407002", "407001"]);

function failureOf(error: unknown): DriverFailure {
  const { name, code, message, sqlState, data, response, cause } = error as Told;
  const number = code === undefined || code === null ? "" : String(code);
  if (SESSION_OVER.has(number)) return { kind: "sessionOver" };
  switch (name) {
    case "OperationFailedError":
      // Anything that is not JSON comes out as a failed operation without a code.
      if (!/^\d+$/.test(number)) return { kind: "garbled" };
      return { kind: "refused", code: number.padStart(6, "0"), words: message ?? "", sqlState, queryId: data?.queryId };
    case "RequestFailedError":
      return { kind: "status", status: response?.statusCode ?? 0, retryAfter: response?.headers?.["retry-after"] };
    case "NetworkError":
      if (cause?.name === "SyntaxError") return { kind: "garbled" };
      return { kind: "lost", code: typeof cause?.code === "string" ? cause.code : "no code" };
    case "MissingParameterError":
    case "InvalidParameterError":
    case "ClientError":
      return { kind: "unsent", words: message ?? "" };
    case "LargeResultSetError":
      return { kind: "lost", code: number };
    case "UnexpectedContentError":
    case "InternalAssertError":
    case "SyntaxError":
      return { kind: "garbled" };
    default:
      // A cloud's own library, asked for a workload's identity.
      return { kind: "unsent", words: message ?? "" };
  }
}
