/** Errors as people read them: what failed, on which object, what the remote said, what to do. Never a secret. */

import { scrub } from "./secret.js";

/** What is known about the effect of a call that failed. */
export type Outcome =
  /** The remote understood and said no: nothing happened. */
  | "refused"
  /** The request never arrived (no connection, no such host, no trust): nothing happened. */
  | "unreachable"
  /** Anything may have happened: read before trying again. */
  | "unknown";

/** Any failure whose text is meant for people. */
export class OdeusError extends Error {
  constructor(message: string) {
    super(scrub(message));
    this.name = "OdeusError";
  }
}

/** Something in the program or the configuration has to change first. Nothing was called that could change anything. */
export class ConfigError extends OdeusError {
  constructor(message: string) {
    super(message);
    this.name = "ConfigError";
  }
}

/** A credential that an operation needs is not set. A preview goes on without it, and says so. */
export class NotConfiguredError extends ConfigError {
  constructor(message: string) {
    super(message);
    this.name = "NotConfiguredError";
  }
}

/** The engine or the operation's time limit asked to stop. */
export class CancelledError extends OdeusError {
  constructor(message = "stopped before it was finished") {
    super(message);
    this.name = "CancelledError";
  }
}

/** Why this signal asks to stop, in words for people. */
export function cancellation(signal: AbortSignal): CancelledError {
  return signal.reason instanceof CancelledError ? signal.reason : new CancelledError();
}

/** What may be told of a failed call. There is no cause, header or body in here, on purpose: they hold secrets. */
export interface RemoteFailure {
  /** The remote's name for people, for example Microsoft Graph. */
  service: string;
  /** The remote's own name of the call, for example addPassword. */
  operation: string;
  host: string;
  outcome: Outcome;
  /** Not of a page: what stands before the service has answered, and its status tells nothing about an object. */
  status?: number | undefined;
  /** Something else than the service's API has answered, such as a proxy or a sign-in page. */
  page?: true;
  /** The remote's own error code. */
  code?: string | undefined;
  requestId?: string | undefined;
  /** One clause: what happened, for example "refused it" or "gave no answer within 30 s". */
  said: string;
  /** The remote's own words, shortened. */
  words?: string | undefined;
  remedy?: string | undefined;
}

/** A call to a remote that failed. */
export class RemoteError extends OdeusError {
  readonly failure: RemoteFailure;
  constructor(failure: RemoteFailure) {
    const facts = [
      [failure.status, failure.code].filter((part) => part !== undefined).join(" "),
      failure.requestId === undefined ? "" : `request ${failure.requestId}`,
    ].filter((part) => part !== "");
    // Scrubbed before it is shortened: half a secret is not recognized.
    const words = failure.words === undefined ? undefined : scrub(failure.words).trim().replace(/\s+/g, " ").slice(0, 300);
    super(
      [
        `${failure.service} ${failure.said}${facts.length > 0 ? ` (${facts.join(", ")})` : ""}.`,
        words === undefined || words === "" ? "" : `It said: ${words}${/[.!?]$/.test(words) ? "" : "."}`,
        failure.remedy ?? "",
      ]
        .filter((line) => line !== "")
        .join("\n  "),
    );
    this.name = "RemoteError";
    this.failure = failure;
  }
  /** The same failure with advice that only the caller could know. */
  advise(remedy: string): RemoteError {
    return new RemoteError({ ...this.failure, remedy });
  }
}

/** Names what was being done, in front of whatever went wrong inside. */
export async function doing<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw named(what, error);
  }
}

/** `error` with the work it interrupted in front; its kind is kept, so that callers can still decide by it. */
export function named(what: string, error: unknown): unknown {
  if (!(error instanceof OdeusError)) return error;
  const copy = Object.create(error) as OdeusError;
  Object.defineProperty(copy, "message", { value: `${what}: ${error.message}`, enumerable: false });
  return copy;
}

export function isRemote(error: unknown, status?: number, code?: string): error is RemoteError {
  return error instanceof RemoteError && (status === undefined || error.failure.status === status) && (code === undefined || error.failure.code === code);
}

/** Whether the failed call may have taken effect all the same. */
export function mayHaveHappened(error: unknown): boolean {
  return error instanceof CancelledError || (error instanceof RemoteError && error.failure.outcome === "unknown");
}

export function messageOf(error: unknown): string {
  return scrub(error instanceof Error ? error.message : String(error));
}
