/** The record of every call a world received. Hand edits of a test are not in it. */

export interface RecordedCall {
  /** Position in the record, from 0. */
  index: number;
  counterpart: string;
  /** "unknown" for a route the counterpart does not have. */
  operation: string;
  changes: boolean;
  method: string;
  path: string;
  query: string;
  /** What was answered; absent where no answer left the sandbox, or none yet. */
  status?: number;
  /** The fault the call met. */
  fault?: string;
  /** Names in lower case. */
  requestHeaders: Record<string, string>;
  /** As text; empty for the pages and endpoints of the OAuth server, whose bodies the record does not see. */
  requestBody: string;
  /** Secrets and tokens in what was to be answered, whether or not it arrived whole; none of the OAuth server's own endpoints. */
  answeredSecrets?: string[];
  /** Milliseconds since the epoch at arrival. */
  at: number;
}

export interface CallRecord {
  add(call: Omit<RecordedCall, "index">): RecordedCall;
  list(): RecordedCall[];
  clear(): void;
}

export function createCallRecord(): CallRecord {
  let calls: RecordedCall[] = [];
  return {
    add(call) {
      const recorded = { index: calls.length, ...call };
      calls.push(recorded);
      return recorded;
    },
    list: () => calls,
    clear: () => {
      calls = [];
    },
  };
}

/** Also inside a text that is JSON itself, as in the rows of Snowflake. */
const SECRET = /\\?"(?:secretText|client_secret|access_token|refresh_token|token|masterToken|OAUTH_CLIENT_SECRET(?:_[12])?)\\?"\s*:\s*\\?"([^"\\]+)/g;

export function secretsIn(body: unknown): string[] {
  const text = typeof body === "string" ? body : JSON.stringify(body ?? null);
  return [...text.matchAll(SECRET)].flatMap(([, secret]) => secret ?? []);
}
