/** What a remote of the sandbox is to the core: something that answers requests, names its calls, and shows what it holds. */

import type { IncomingMessage, ServerResponse } from "node:http";

export interface SandboxRequest {
  method: string;
  /** Path without the query, as it was sent (percent-encoding is left alone). */
  path: string;
  query: URLSearchParams;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** Body text, "" when none. */
  body: string;
  /** The same body as bytes (a logo is no text). */
  bytes: Buffer;
  /** A person's hand edit in a test (header x-sandbox-by-hand): no lag, no faults, no authentication. */
  byHand: boolean;
  /** Base URL the request came to, e.g. http://localhost:4100 */
  origin: string;
}

export interface SandboxReply {
  status: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON; a string is sent as it is, with the content type of the headers. */
  body?: unknown;
}

export interface Operation {
  name: string;
  /** True when the call can change something at the remote. */
  changes: boolean;
}

export interface Counterpart {
  /** As in a world's origins and in faults, for example "entra". */
  readonly name: string;
  /** Names the call for the record and for faults; undefined = unknown route. The body is "" where the core does not read it. */
  operation(method: string, path: string, body: string): Operation | undefined;
  handle(request: SandboxRequest): Promise<SandboxReply>;
  /** What tells one read from another where it is no GET; undefined for everything else. */
  readKey?(request: SandboxRequest): string | undefined;
  /** For faults that answer with a status: that error, in the words and the envelope of this vendor. */
  errorReply(status: number, path: string): SandboxReply;
  /** True when a real node handler (the OAuth server) takes this request over. The core does not read the body of these. */
  raw?(method: string, path: string): boolean;
  handleRaw?(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
  /** Everything it holds, secrets included, for tests. */
  state(): unknown;
}
