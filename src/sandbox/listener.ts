/**
 * Serves one counterpart on a loopback port: reads the request, records it, applies latency and faults in their exact order
 * around the effect, and writes the answer.
 */

import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createGunzip } from "node:zlib";
import { type CallRecord, type RecordedCall, secretsIn } from "./calls.js";
import type { Counterpart, SandboxReply, SandboxRequest } from "./counterpart.js";
import { FAULT_STATUS, type Fault, type FaultPlan, takesEffect } from "./faults.js";
import { createStaleReads, type StaleReads } from "./staleReads.js";

const BODY_LIMIT = 4 * 1024 * 1024;
const HUGE_BODY = 10 * 1024 * 1024;
/** A request with this header is a person's hand edit in a test. */
const BY_HAND = "x-sandbox-by-hand";

export interface ListenerOptions {
  counterpart: Counterpart;
  calls: CallRecord;
  faults: FaultPlan;
  latency(): number;
  /** After every recorded call, when its effect has happened and before it is answered. */
  afterEffect(call: RecordedCall): Promise<void>;
  tls?: { key: string; cert: string };
}

export interface Listener {
  /** Such as http://localhost:4100 */
  origin: string;
  close(): Promise<void>;
}

export async function startListener(options: ListenerOptions): Promise<Listener> {
  const staleReads = createStaleReads();
  let origin = "";
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    serve(options, staleReads, origin, incoming, outgoing).catch((problem: unknown) => {
      // A mistake of the sandbox itself must be heard, not mistaken for a vendor's error.
      console.error(`sandbox ${options.counterpart.name}: ${incoming.method} ${incoming.url}`, problem);
      if (!outgoing.headersSent) outgoing.writeHead(500, { "content-type": "text/plain" });
      outgoing.end("The sandbox failed; its standard error says why.");
    });
  };
  const server: Server = options.tls === undefined ? createServer(answer) : createTlsServer(options.tls, answer);
  server.on("connection", rememberConnection);
  // A call that sets out on a connection just when it ends for idleness would fail by chance, where faults are to be planned.
  server.keepAliveTimeout = 0;
  // Loopback only, whatever happens around it.
  await new Promise<void>((ready, failed) => server.once("error", failed).listen(0, "127.0.0.1", ready));
  origin = `${options.tls === undefined ? "http" : "https"}://localhost:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        // Calls that hang on purpose end here.
        server.closeAllConnections();
      }),
  };
}

async function serve(options: ListenerOptions, staleReads: StaleReads, origin: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { counterpart } = options;
  const method = incoming.method ?? "GET";
  const url = new URL(incoming.url ?? "/", origin);
  const byHand = incoming.headers[BY_HAND] !== undefined;
  const raw = counterpart.raw?.(method, url.pathname) === true;
  const bytes = raw ? Buffer.alloc(0) : await readBody(incoming);
  if (bytes === undefined) return void outgoing.writeHead(413, { connection: "close" }).end();
  const operation = counterpart.operation(method, url.pathname, bytes.toString("utf8"));
  if (operation === undefined) console.error(`sandbox ${counterpart.name}: unknown route ${method} ${url.pathname}`);
  const request: SandboxRequest = {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers: headersOf(incoming),
    body: bytes.toString("utf8"),
    bytes,
    byHand,
    origin,
  };
  const handle = async (): Promise<SandboxReply> => (operation === undefined ? counterpart.errorReply(404, url.pathname) : counterpart.handle(request));
  if (byHand) return raw ? counterpart.handleRaw?.(incoming, outgoing) : send(outgoing, await handle());

  const call = options.calls.add({
    counterpart: counterpart.name,
    operation: operation?.name ?? "unknown",
    changes: operation?.changes ?? false,
    method,
    path: url.pathname,
    query: url.search.slice(1),
    requestHeaders: request.headers,
    requestBody: request.body,
    at: Date.now(),
  });
  const fault = options.faults.take(counterpart.name, call.operation);
  if (fault !== undefined) call.fault = fault.fault;
  if (options.latency() > 0) await new Promise((resolve) => setTimeout(resolve, options.latency()));

  const read = counterpart.readKey?.(request) ?? (method === "GET" ? url.pathname + url.search : undefined);
  if (raw) {
    // The OAuth server's own pages and endpoints change nothing that anybody watches.
    await options.afterEffect(call);
    return serveRaw(counterpart, call, fault, incoming, outgoing);
  }
  if (fault !== undefined && !takesEffect(fault)) {
    await options.afterEffect(call);
    return strike(fault, call, outgoing, counterpart, () => (read === undefined ? undefined : staleReads.before(read)));
  }
  const reply = await handle();
  const secrets = secretsIn(reply.body);
  if (secrets.length > 0) call.answeredSecrets = secrets;
  if (operation?.changes === true) staleReads.changed();
  else if (read !== undefined) staleReads.remember(read, reply);
  await options.afterEffect(call);
  if (fault !== undefined) return strikeAfter(fault, call, outgoing, counterpart, reply);
  call.status = reply.status;
  send(outgoing, reply);
}

/** The OAuth server writes its answer itself: faults after the effect take hold of the end of its response. */
async function serveRaw(
  counterpart: Counterpart,
  call: RecordedCall,
  fault: Fault | undefined,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  if (fault !== undefined && !takesEffect(fault)) return strike(fault, call, outgoing, counterpart, () => undefined);
  if (fault === undefined) {
    outgoing.once("finish", () => {
      call.status = outgoing.statusCode;
    });
  } else {
    outgoing.write = () => true;
    outgoing.end = ((body?: unknown) => {
      if (fault.fault === "killAfter") kill(fault);
      if (fault.fault === "bodyTruncated" && (typeof body === "string" || Buffer.isBuffer(body)))
        truncate(outgoing, outgoing.statusCode, {}, Buffer.from(body));
      else if (fault.fault !== "hang") outgoing.socket?.destroy();
      return outgoing;
    }) as typeof outgoing.end;
  }
  await counterpart.handleRaw?.(incoming, outgoing);
}

/** A fault in place of the effect. */
function strike(fault: Fault, call: RecordedCall, outgoing: ServerResponse, counterpart: Counterpart, stale: () => SandboxReply | undefined): void {
  switch (fault.fault) {
    case "killBefore":
      kill(fault);
      outgoing.socket?.destroy();
      return;
    case "reset":
      reset(outgoing);
      return;
    case "hang":
      return;
    case "staleRead":
      sendRecorded(call, outgoing, stale() ?? counterpart.errorReply(404, call.path));
      return;
    default:
      sendRecorded(call, outgoing, faultReply(fault, call, counterpart));
  }
}

/** A fault after the effect; `reply` is what would have been answered. */
function strikeAfter(fault: Fault, call: RecordedCall, outgoing: ServerResponse, counterpart: Counterpart, reply: SandboxReply): void {
  switch (fault.fault) {
    case "killAfter":
      kill(fault);
      outgoing.socket?.destroy();
      return;
    case "answerLost":
      outgoing.socket?.destroy();
      return;
    case "bodyTruncated": {
      const { body, headers } = encode(reply);
      truncate(outgoing, reply.status, headers, body);
      return;
    }
    case "hang":
      return;
    default:
      sendRecorded(call, outgoing, faultReply(fault, call, counterpart));
  }
}

function faultReply(fault: Fault, call: RecordedCall, counterpart: Counterpart): SandboxReply {
  switch (fault.fault) {
    case "html":
      return {
        status: fault.status ?? 200,
        headers: { "content-type": "text/html; charset=utf-8" },
        body: "<!doctype html><title>Sign in</title><p>Please sign in to the network.",
      };
    case "brokenJson":
      return { status: 200, headers: { "content-type": "application/json" }, body: '{"broken' };
    case "redirect":
      return { status: 302, headers: { location: fault.location ?? "/" }, body: "" };
    case "huge":
      return { status: 200, headers: { "content-type": "application/json" }, body: `"${"x".repeat(HUGE_BODY)}"` };
    default: {
      const reply = counterpart.errorReply(fault.status ?? FAULT_STATUS[fault.fault] ?? 500, call.path);
      if (fault.fault !== "throttled") return reply;
      const { "retry-after": _, ...headers } = reply.headers ?? {};
      return { ...reply, headers: fault.retryAfter === undefined ? headers : { ...headers, "retry-after": fault.retryAfter } };
    }
  }
}

/** TCP connections by both their ports. A TLS socket cannot be reset by itself, only the connection below it. */
const connections = new Map<string, Socket>();
const portsOf = (socket: Socket | null): string => `${socket?.localPort}-${socket?.remotePort}`;

function rememberConnection(connection: Socket): void {
  const ports = portsOf(connection);
  connections.set(ports, connection);
  connection.once("close", () => connections.delete(ports));
}

function reset(outgoing: ServerResponse): void {
  connections.get(portsOf(outgoing.socket))?.resetAndDestroy();
  outgoing.socket?.destroy();
}

function kill(fault: Fault): void {
  try {
    process.kill(fault.pid as number, "SIGKILL");
  } catch {
    // The process is gone already, which is what the fault wants.
  }
}

/** The head promises the whole body; half of it comes. An answer without a body is lost as a whole. */
function truncate(outgoing: ServerResponse, status: number, headers: Record<string, string>, body: Buffer): void {
  if (body.length < 2) return void outgoing.socket?.destroy();
  outgoing.writeHead(status, { ...headers, "content-length": String(body.length) });
  // The prototype's own write: in serveRaw the response has lost its own to the fault.
  ServerResponse.prototype.write.call(outgoing, body.subarray(0, Math.floor(body.length / 2)), "latin1", () => outgoing.socket?.destroy());
}

function sendRecorded(call: RecordedCall, outgoing: ServerResponse, reply: SandboxReply): void {
  call.status = reply.status;
  send(outgoing, reply);
}

function encode(reply: SandboxReply): { headers: Record<string, string>; body: Buffer } {
  const { body } = reply;
  if (body === undefined) return { headers: { ...reply.headers }, body: Buffer.alloc(0) };
  if (typeof body === "string" || body instanceof Uint8Array) return { headers: { ...reply.headers }, body: Buffer.from(body) };
  return { headers: { "content-type": "application/json; charset=utf-8", ...reply.headers }, body: Buffer.from(JSON.stringify(body)) };
}

function send(outgoing: ServerResponse, reply: SandboxReply): void {
  const { headers, body } = encode(reply);
  // A 204 has neither body nor length.
  outgoing.writeHead(reply.status, reply.status === 204 ? headers : { ...headers, "content-length": String(body.length) });
  outgoing.end(reply.status === 204 ? undefined : body);
}

function headersOf(incoming: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]));
}

/** Unpacked if it came packed; undefined when it is too large. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  const plain = incoming.headers["content-encoding"] === "gzip" ? incoming.pipe(createGunzip()) : incoming;
  for await (const chunk of plain as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
