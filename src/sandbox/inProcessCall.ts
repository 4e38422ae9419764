/**
 * Hands a request, whose body has been read already, to a node request handler, and gives back what it answers, without a
 * connection. So a call that the OAuth server ends is recorded and meets faults like any other.
 */

import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { SandboxReply, SandboxRequest } from "./counterpart.js";

type Handler = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;

export async function callInProcess(handler: Handler, request: SandboxRequest): Promise<SandboxReply> {
  const secure = request.origin.startsWith("https:");
  const incoming = new IncomingMessage(Object.assign(new Socket(), { encrypted: secure }));
  const search = request.query.toString();
  Object.assign(incoming, { method: request.method, url: request.path + (search === "" ? "" : `?${search}`), headers: request.headers });
  incoming.push(request.bytes);
  incoming.push(null);

  const outgoing = new ServerResponse(incoming);
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown): void => {
    if (typeof chunk === "string" || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  const ended = new Promise<void>((resolve) => {
    outgoing.write = ((chunk: unknown) => {
      keep(chunk);
      return true;
    }) as typeof outgoing.write;
    outgoing.end = ((chunk: unknown) => {
      keep(chunk);
      resolve();
      return outgoing;
    }) as typeof outgoing.end;
  });
  await handler(incoming, outgoing);
  await ended;

  const headers = Object.entries(outgoing.getHeaders()).filter(([name]) => name !== "content-length" && name !== "transfer-encoding");
  return {
    status: outgoing.statusCode,
    headers: Object.fromEntries(headers.map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : String(value)])),
    body: Buffer.concat(chunks).toString("utf8"),
  };
}
