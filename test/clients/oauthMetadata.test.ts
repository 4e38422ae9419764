/** Where an issuer's metadata is looked for, and what becomes of answers that are none. */

import { createServer, type ServerResponse } from "node:http";
import { readMetadata } from "../../src/clients/oauthMetadata.js";
import type { Env } from "../../src/core/env.js";

type Answer = (response: ServerResponse, origin: string) => void;

const OPENID = "/tenant/.well-known/openid-configuration";
const RFC8414 = "/.well-known/oauth-authorization-server/tenant";

const answers = new Map<string, Answer>();
const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  (answers.get(request.url ?? "") ?? page(404))(response, origin);
});
let origin: string;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://localhost:${(server.address() as { port: number }).port}`;
});
beforeEach(() => {
  answers.clear();
  asked.length = 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const page =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(status, { "content-type": "text/html", ...headers }).end("<html>");
const metadata =
  (more: object = {}): Answer =>
  (response, at) =>
    void response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ issuer: `${at}/tenant`, token_endpoint: `${at}/token`, authorization_endpoint: `${at}/authorize`, ...more }));

const env = { now: () => new Date(), random: () => 0, signal: new AbortController().signal } as Env;
// A busy machine takes its time for an answer, above all for one of 10 MB.
const read = (callTimeoutMs = 20_000) => readMetadata(`${origin}/tenant`, ["localhost"], env, { callTimeoutMs, retryMs: 0 });

it("the place of OpenID is asked first, and is enough", async () => {
  answers.set(OPENID, metadata({ pushed_authorization_request_endpoint: `${origin}/par`, token_endpoint_auth_methods_supported: ["client_secret_basic"] }));
  const found = await read();
  expect([found.token.url, found.authorization?.url, found.pushed?.url, found.authentication]).toEqual([
    `${origin}/token`,
    `${origin}/authorize`,
    `${origin}/par`,
    "basic",
  ]);
  expect(asked).toEqual([OPENID]);
});

it.each<[string, Answer]>([
  ["a page that says 404", page(404)],
  ["a page that says 200", page(200)],
  ["a redirect to a sign-in page", page(302, { location: "/login" })],
  ["JSON that says 404", (response) => void response.writeHead(404, { "content-type": "application/json" }).end('{"error":"not_found"}')],
  ["metadata without a token endpoint", metadata({ token_endpoint: undefined })],
])("the place of RFC 8414 is asked where the first one has %s", async (_what, answer) => {
  answers.set(OPENID, answer);
  answers.set(RFC8414, metadata());
  expect((await read()).token.url).toBe(`${origin}/token`);
  expect(asked).toEqual([OPENID, RFC8414]);
});

it.each<[string, Answer, RegExp]>([
  ["has pages at both places", page(404), /publishes no metadata with a token endpoint; set existing\.tokenUrl/],
  ["sends us elsewhere from both", page(302, { location: "http://127.0.0.1:1/inside" }), /publishes no metadata with a token endpoint/],
  ["names another issuer", metadata({ issuer: "https://other.example" }), /its metadata is for the issuer https:\/\/other\.example/],
  ["sends 10 MB", (response) => void response.writeHead(200).end("x".repeat(10 * 1024 * 1024)), /sent far too much/],
])("of no use is an issuer that %s", async (_what, answer, told) => {
  answers.set(OPENID, answer);
  answers.set(RFC8414, answer);
  await expect(read()).rejects.toThrow(told);
});

it("of no use is an issuer that never answers", async () => {
  answers.set(OPENID, () => undefined);
  await expect(read(300)).rejects.toThrow(/gave no answer within/);
});
