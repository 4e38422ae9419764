/** The one way to speak HTTP: deadline, retries, no redirects, JSON read strictly, and errors that hold no secret. */

import * as http from "node:http";
import * as https from "node:https";
import { createSecureContext } from "node:tls";
import type { AxiosError, AxiosInstance, AxiosRequestConfig, AxiosResponse, InternalAxiosRequestConfig } from "axios";
import type { Env } from "../core/env.js";
import { ConfigError, cancellation, RemoteError, type RemoteFailure } from "../core/errors.js";
import type { Turns } from "./callLimit.js";
import { guardedLookup, REFUSED_ADDRESS, type Reach, requirePublic } from "./privateNetwork.js";
import { nextDelay, retryAtReset, runAgainAfter } from "./retryAfter.js";

/** How often a failed call may be repeated by itself. */
export type Repeat =
  /** A read, or a write whose second effect is the same: again after throttling, 5xx and lost answers. */
  | "repeatable"
  /** Again only where the first try surely had no effect: after 429, or when nothing was sent. */
  | "throttled"
  /** Once. */
  | "never";

export interface HttpCall {
  /** The remote's own name of the call, for errors. */
  operation: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the base URL; every part already encoded. */
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  json?: unknown;
  form?: Record<string, string>;
  bytes?: { contentType: string; content: Buffer };
  /** Answered for people: any text is an answer, and so is a redirect, which nobody follows. */
  page?: true;
  repeat: Repeat;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  /** The parsed body; undefined when there is none, and of a page. */
  json: unknown;
  /** Of a page. */
  text?: string;
}

export interface HttpLimits {
  callTimeoutMs: number;
  /** How long a call may be repeated, all tries together. */
  retryMs: number;
}

export interface HttpOptions {
  /** The remote's name for people. */
  service: string;
  baseUrl: string;
  env: Env;
  limits: HttpLimits;
  /** Credentials and the like, asked for before each call. */
  headers?: () => Promise<Record<string, string>>;
  /** Header in which the remote names the request. */
  requestIdHeader?: string;
  /** Header with the Unix time at which a used-up limit begins anew, for answers without Retry-After. */
  resetHeader?: string;
  /** A connection of its own for every call, so that answers come from different servers behind one name. */
  freshConnections?: boolean;
  /** Of an address that a program or a server's metadata names: the host must be on the public internet, or listed. */
  reach?: Reach | undefined;
  /** Where the remote takes so many calls in a minute: every try waits for its turn. */
  turns?: Turns | undefined;
  /** Words of the remote's own error body, for statuses that this file turns into errors by itself. */
  wordsOf?: (json: unknown) => { code?: string; words?: string };
}

export type Http = (call: HttpCall) => Promise<HttpAnswer>;

const LARGEST_ANSWER = 8 * 1024 * 1024;
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]", "::1"]);
const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", REFUSED_ADDRESS]);
const UNTRUSTED = /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|ERR_TLS|ERR_SSL)/;
/** Whatever has happened, every command begins with reading what is there. */
const RUN_AGAIN = "Run again.";

interface Agents {
  httpAgent: http.Agent;
  httpsAgent: https.Agent;
}
let agents: { kept: Agents; closed: Agents } | undefined;

/** Connections that are kept for the next call, or closed after each: then only the servers' TLS sessions are resumed. */
function agentsFor(freshConnections: boolean): Agents {
  if (agents === undefined) {
    // One for all connections: by itself, each would read the certificate authorities anew.
    const secureContext = createSecureContext();
    agents = {
      kept: { httpAgent: new http.Agent({ keepAlive: true }), httpsAgent: new https.Agent({ keepAlive: true, secureContext }) },
      closed: { httpAgent: new http.Agent(), httpsAgent: new https.Agent({ secureContext }) },
    };
  }
  return freshConnections ? agents.closed : agents.kept;
}

export function isLoopback(url: URL): boolean {
  return LOOPBACK.has(url.hostname);
}

/** Whether a connection error says that nothing of the request can have arrived. */
export function neverSent(code: string): boolean {
  return NEVER_SENT.has(code);
}

/** Whether a connection error says that the remote's certificate is not trusted. */
export function untrusted(code: string): boolean {
  return UNTRUSTED.test(code);
}

/** Refuses addresses to which a credential must not be sent. */
export function requireSafeUrl(text: string, what: string): URL {
  if (!URL.canParse(text)) throw new ConfigError(`${what} is not a web address.`);
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") throw new ConfigError(`${what} must not hold a user name or password.`);
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))) return url;
  throw new ConfigError(`${what} must start with https:// (plain http is only for this machine itself), it is for host ${url.hostname}.`);
}

export function createHttp(options: HttpOptions): Http {
  const base = requireSafeUrl(options.baseUrl, `the address of ${options.service}`);
  const { env, limits, service, turns, reach } = options;
  const host = base.host;
  if (reach !== undefined) requirePublic(base, reach);
  const guard = reach === undefined ? undefined : guardedLookup(base, reach);
  const fail = (call: HttpCall, rest: Omit<RemoteFailure, "service" | "operation" | "host">): RemoteError =>
    new RemoteError({ service, operation: call.operation, host, ...rest });

  let client: AxiosInstance | undefined;

  return async (call) => {
    const startedAt = env.now().getTime();
    // Waiting for a turn is nobody's failure and uses up no budget.
    let queuedMs = 0;
    const left = () => limits.retryMs - (env.now().getTime() - startedAt - queuedMs);
    let tries = 1;
    // Drawn together with the decision to try again, so that the wait is the one that fitted into the budget.
    let delay = 0;
    const body = bodyOf(call);
    const request: AxiosRequestConfig = {
      method: call.method,
      url: base.href.replace(/\/$/, "") + call.path,
      headers: {
        Accept: call.page ? "text/html" : "application/json",
        ...(body === undefined ? {} : { "Content-Type": body.contentType }),
        ...(await options.headers?.()),
        ...call.headers,
      },
      timeout: limits.callTimeoutMs,
      signal: env.signal,
      // An open connection would be used again without a look at its address.
      ...agentsFor(options.freshConnections === true || guard !== undefined),
      ...(guard === undefined ? {} : { lookup: guard.lookup as NonNullable<AxiosRequestConfig["lookup"]> }),
      ...(call.query === undefined ? {} : { params: call.query }),
      ...(body === undefined ? {} : { data: body.content }),
      "axios-retry": {
        retries: Number.MAX_SAFE_INTEGER,
        retryCondition: (error) => {
          if (!repeats(call.repeat, error)) return false;
          delay = nextDelay(tries, retryAfterOf(error.response), env.now(), env.random());
          if (delay > left()) return false;
          if (error.response?.status === 429) turns?.hold(delay);
          tries += 1;
          return true;
        },
        retryDelay: () => delay,
      },
    };
    // Loaded with the first call: checks and comparisons, which every command begins with, need no HTTP.
    const { createClient, sendOnce } = await import("./httpClient.js");
    client ??= createClient({ loopback: isLoopback(base), largestAnswer: LARGEST_ANSWER });
    request.adapter = (config) => (turns === undefined ? inTime(config) : inTurn(turns, () => inTime(config)));
    const response = await client.request<string>(request).catch((error: unknown) => {
      throw explain(error as AxiosError<string>, call, tries);
    });
    return read(response, call);

    /** axios counts silence only: an answer that drips would go on for ever. */
    async function inTime(config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
      const ending = new AbortController();
      const end = (): void => ending.abort();
      const timer = setTimeout(end, limits.callTimeoutMs);
      env.signal.addEventListener("abort", end, { once: true });
      try {
        if (env.signal.aborted) end();
        return await sendOnce({ ...config, signal: ending.signal });
      } catch (error) {
        // What repeats the call goes by the error's own request.
        Object.assign(error as AxiosError, { config }, ending.signal.aborted && !env.signal.aborted ? { code: "ECONNABORTED" } : {});
        throw error;
      } finally {
        clearTimeout(timer);
        env.signal.removeEventListener("abort", end);
      }
    }

    async function inTurn(of: Turns, send: () => Promise<AxiosResponse>): Promise<AxiosResponse> {
      const askedAt = env.now().getTime();
      const answer = await of.take(() => {
        queuedMs += env.now().getTime() - askedAt;
        return send();
      });
      of.heed(headersOf(answer), env.now());
      return answer;
    }
  };

  function explain(error: AxiosError<string>, call: HttpCall, tries: number): Error {
    if (env.signal.aborted) return cancellation(env.signal);
    const again = tries > 1 ? `, ${tries} tries` : "";
    const response = error.response;
    if (response !== undefined && (response.status === 429 || response.status >= 500)) return refusal(response, call, tries);
    const code = error.code ?? "";
    const refused = code === REFUSED_ADDRESS ? guard?.refusal() : undefined;
    if (refused !== undefined) return refused;
    if (neverSent(code)) {
      return fail(call, {
        outcome: "unreachable",
        said: `cannot be reached at ${host} (${code}${again})`,
        remedy: "Check the address and the network of the machine that runs Pulumi.",
      });
    }
    if (untrusted(code)) {
      return fail(call, {
        outcome: "unreachable",
        said: `answers at ${host} with a certificate that is not trusted (${code})`,
        remedy: "Name your certificate authority in NODE_EXTRA_CA_CERTS; there is no way to skip the check.",
      });
    }
    if (code === "ECONNABORTED" || code === "ETIMEDOUT") {
      return fail(call, { outcome: "unknown", said: `gave no answer within ${Math.round(limits.callTimeoutMs / 1000)} s${again}`, remedy: RUN_AGAIN });
    }
    if (code === "ERR_BAD_RESPONSE" || code === "ERR_FR_MAX_BODY_LENGTH_EXCEEDED") {
      return fail(call, { outcome: "unknown", said: `broke off its answer or sent far too much${again}`, remedy: RUN_AGAIN });
    }
    return fail(call, { outcome: "unknown", said: `closed the connection without an answer (${code === "" ? "no code" : code}${again})`, remedy: RUN_AGAIN });
  }

  function refusal(response: AxiosResponse<string>, call: HttpCall, tries: number): RemoteError {
    const status = response.status;
    const requestId = requestIdOf(response);
    const told = options.wordsOf?.(parse(response.data)) ?? {};
    const common = {
      status,
      ...(requestId === undefined ? {} : { requestId }),
      ...(told.code === undefined ? {} : { code: told.code }),
      ...(told.words === undefined ? {} : { words: told.words }),
    };
    if (status === 429) {
      return fail(call, {
        ...common,
        outcome: "refused",
        said: `throttles: still too many requests after ${tries} ${tries === 1 ? "try" : "tries"}`,
        remedy: runAgainAfter(retryAfterOf(response), env.now()),
      });
    }
    const seconds = Math.round(limits.retryMs / 1000);
    return fail(call, {
      ...common,
      outcome: "unknown",
      said: tries > 1 ? `answered ${status} for ${seconds} s (${tries} tries)` : `answered ${status}`,
      remedy: `Run again when ${service} answers.`,
    });
  }

  function retryAfterOf(response: AxiosResponse | undefined): unknown {
    const { resetHeader } = options;
    return response?.headers["retry-after"] ?? (resetHeader === undefined ? undefined : retryAtReset(response?.headers[resetHeader], env.now()));
  }

  function requestIdOf(response: AxiosResponse): string | undefined {
    const value: unknown = options.requestIdHeader === undefined ? undefined : response.headers[options.requestIdHeader];
    return typeof value === "string" ? value : undefined;
  }

  function read(response: AxiosResponse<string>, call: HttpCall): HttpAnswer {
    const { status } = response;
    const changes = call.method === "GET" ? "refused" : "unknown";
    if (call.page) return { status, headers: headersOf(response), json: undefined, text: response.data ?? "" };
    if (status >= 300 && status < 400) {
      throw fail(call, {
        outcome: "refused",
        status,
        said: "sent us elsewhere, and credentials are never sent on",
        remedy: `Set the address of ${service} to where the service really is.`,
      });
    }
    const headers = headersOf(response);
    if (response.data === "" || response.data === undefined) return { status, headers, json: undefined };
    const json = parse(response.data);
    if (json === undefined) {
      const kind = String(headers["content-type"] ?? "no content type").split(";")[0];
      throw fail(call, {
        outcome: changes,
        page: true,
        said: `answered with something that is not JSON (${kind}, ${status})`,
        remedy: `Check that ${host} is the service itself and not a proxy or a sign-in page.`,
      });
    }
    return { status, headers, json };
  }
}

function headersOf(response: AxiosResponse): Record<string, string> {
  return Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function bodyOf(call: HttpCall): { contentType: string; content: string | Buffer } | undefined {
  if (call.json !== undefined) return { contentType: "application/json", content: JSON.stringify(call.json) };
  if (call.form !== undefined) return { contentType: "application/x-www-form-urlencoded", content: new URLSearchParams(call.form).toString() };
  return call.bytes;
}

/** Broken JSON is undefined here; V8's own error would quote the body. */
function parse(text: string | undefined): unknown {
  try {
    return text === undefined || text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function repeats(repeat: Repeat, error: AxiosError): boolean {
  if (repeat === "never" || error.code === "ERR_CANCELED") return false;
  const status = error.response?.status;
  if (status === 429) return true;
  if (repeat === "throttled") return false;
  if (status !== undefined) return [500, 502, 503, 504, 529].includes(status);
  // Far too much once is far too much again.
  if (/maxContentLength/.test(error.message)) return false;
  return !untrusted(error.code ?? "") && !neverSent(error.code ?? "");
}
