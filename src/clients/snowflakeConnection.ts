/** Sessions at Snowflake, shared: operations with the same credentials log in once, and a session that nobody needs any more is closed. */

import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Env } from "../core/env.js";
import { cancellation, isRemote, mayHaveHappened, type RemoteError } from "../core/errors.js";
import { packageVersion } from "../core/packageVersion.js";
import { untilStopped } from "../core/wait.js";
import { type HttpLimits, neverSent, untrusted } from "./http.js";
import { nextDelay } from "./retryAfter.js";
import { DriverError, type DriverFailure, type DriverSession, openSession, type Row } from "./snowflakeDriver.js";
import { type Attempt, loginError, noAnswer, statementError } from "./snowflakeErrors.js";
import type { SnowflakeLogin } from "./snowflakeLogin.js";

export interface ConnectionOptions {
  login: SnowflakeLogin;
  env: Env;
  limits: HttpLimits;
}

export interface Connections {
  /** Runs one statement; `operation` is its name in errors. Rejects with a RemoteError that says what is known of the effect. */
  execute(options: ConnectionOptions, operation: string, sql: string): Promise<Row[]>;
}

interface Shared {
  session: Promise<DriverSession>;
  /** Statements that run or wait for the login. */
  users: number;
  /** Takes no new statement. */
  retired: boolean;
  idle?: NodeJS.Timeout;
}

/** `idleMs`: how long a session waits for the next statement. */
export function createConnections(idleMs: number): Connections {
  const open = new Map<string, Shared>();
  /** By operations that run side by side. */
  const refused = new WeakMap<object, Map<string, RemoteError>>();

  /** With what the account has refused nobody logs in again: it would be refused again, and some tries later the user is locked. */
  async function logInUnlessRefused(key: string, options: ConnectionOptions): Promise<DriverSession> {
    const { sideBySide } = options.env;
    const known = refused.get(sideBySide) ?? new Map<string, RemoteError>();
    refused.set(sideBySide, known);
    const before = known.get(key);
    if (before !== undefined) throw before;
    try {
      return await logIn(options);
    } catch (error) {
      if (isRemote(error) && error.failure.code !== undefined) known.set(key, error);
      throw error;
    }
  }

  function take(key: string, options: ConnectionOptions): Shared {
    const shared: Shared = open.get(key) ?? { session: logInUnlessRefused(key, options), users: 0, retired: false };
    if (open.get(key) === undefined) {
      open.set(key, shared);
      shared.session.catch(() => retire(key, shared));
    }
    clearTimeout(shared.idle);
    shared.users += 1;
    return shared;
  }

  function giveBack(key: string, shared: Shared): void {
    shared.users -= 1;
    if (shared.users > 0) return;
    const end = (): void => {
      retire(key, shared);
      close(shared);
    };
    if (shared.retired) end();
    // A process with nothing else to do ends; Snowflake ends the session by itself.
    else shared.idle = setTimeout(end, idleMs).unref();
  }

  function retire(key: string, shared: Shared): void {
    shared.retired = true;
    if (open.get(key) === shared) open.delete(key);
  }

  return {
    async execute(options, operation, sql) {
      const { login, env, limits } = options;
      const key = keyOf(login);
      for (let sessions = 1; ; sessions += 1) {
        const shared = take(key, options);
        let begun = false;
        try {
          const session = await untilStopped(shared.session, env.signal);
          begun = true;
          return await run(session, options, operation, sql);
        } catch (error) {
          const over = error instanceof SessionOver;
          // What hangs may hang in the session: the next statement gets a new one.
          if (over || (begun && mayHaveHappened(error))) retire(key, shared);
          // The statement was not run: once more, in a new session.
          if (over && sessions === 1) continue;
          throw over ? statementError({ kind: "sessionOver" }, { operation, login, limits, tries: 1, now: env.now() }) : error;
        } finally {
          giveBack(key, shared);
        }
      }
    },
  };
}

/** Between two statements; a session ends by itself after hours, or by an administrator. */
class SessionOver extends Error {}

function close({ session }: Shared): void {
  session.then(
    (opened) => opened.close(),
    () => {},
  );
}

/** Everything that makes a session another one; as a digest, because it holds the credentials. */
function keyOf(login: SnowflakeLogin): string {
  const { password, privateKey, token, ...rest } = login;
  const secrets = [password, privateKey, token].map((secret) => secret?.open() ?? "");
  return createHash("sha256")
    .update(JSON.stringify([rest, secrets]))
    .digest("hex");
}

/** Not one operation's own: others wait for this session too, so it ends only by its own time limits. */
async function logIn({ login, env, limits }: ConnectionOptions): Promise<DriverSession> {
  const startedAt = env.now().getTime();
  for (let tries = 1; ; tries += 1) {
    try {
      return await inTime(openSession({ login, timeoutMs: limits.callTimeoutMs, queryTag: `odeus-pulumi/${packageVersion()}` }), limits.callTimeoutMs);
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      const { failure } = error;
      const now = env.now();
      const delay = nextDelay(tries, failure.kind === "status" ? failure.retryAfter : undefined, now, env.random());
      if (!passing(failure) || now.getTime() - startedAt + delay > limits.retryMs) throw loginError(failure, { operation: "logIn", login, limits, tries, now });
      await wait(delay, undefined, { ref: false });
    }
  }
}

/** The driver's own limit is for one request; asking a cloud for an identity comes on top. A session that opens too late is closed. */
function inTime(opening: Promise<DriverSession>, milliseconds: number): Promise<DriverSession> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new DriverError({ kind: "lost", code: "ETIMEDOUT" }));
    }, milliseconds);
    opening.then((session) => (late ? session.close() : resolve(session)), reject).finally(() => clearTimeout(timer));
  });
}

/** Whether the same login may well succeed a little later. */
function passing(failure: DriverFailure): boolean {
  if (failure.kind === "status") return failure.status === 429 || failure.status >= 500;
  return failure.kind === "lost" && !neverSent(failure.code) && !untrusted(failure.code);
}

/** The driver repeats an unanswered statement under one request id, which Snowflake runs once; we only limit how long all that may take. */
function run(session: DriverSession, { login, env, limits }: ConnectionOptions, operation: string, sql: string): Promise<Row[]> {
  const { signal } = env;
  if (signal.aborted) return Promise.reject(cancellation(signal));
  return new Promise((resolve, reject) => {
    const statement = session.run(sql);
    const attempt = (): Attempt => ({ operation, login, limits, ...statement.requests, now: env.now() });
    const giveUp = (reason: Error): void => {
      end();
      statement.giveUp();
      reject(reason);
    };
    const waitMs = limits.callTimeoutMs + limits.retryMs;
    const timer = setTimeout(() => giveUp(noAnswer(attempt(), waitMs)), waitMs);
    const stop = (): void => giveUp(cancellation(signal));
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    };
    signal.addEventListener("abort", stop, { once: true });
    const failed = (error: unknown): void => {
      const failure: DriverFailure = error instanceof DriverError ? error.failure : { kind: "garbled" };
      const notRun = failure.kind === "sessionOver" && statement.requests.unanswered === 0;
      reject(notRun ? new SessionOver() : statementError(failure, attempt()));
    };
    statement.rows.then(resolve, failed).finally(end);
  });
}
