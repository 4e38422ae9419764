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
