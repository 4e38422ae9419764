/** The one way to speak HTTP, against a listener of this test: what is sent, what is tried again, and how failures read. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Turns } from "../../src/clients/callLimit.js";
import { createHttp, type HttpCall, isLoopback, requireSafeUrl } from "../../src/clients/http.js";
import type { Env } from "../../src/core/env.js";
import { CancelledError, RemoteError } from "../../src/core/errors.js";
import { Secret } from "../../src/core/secret.js";

const NOW = new Date("2026-01-02T03:04:05Z");
const SECRET = "credential-of-the-http-test";
new Secret(SECRET);

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;
let answers: Answer[];
const seen: { method: string | undefined; url: string | undefined; body: string; headers: IncomingMessage["headers"] }[] = [];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => {
    body += chunk.toString();
  });
  request.on("end", () => {
    seen.push({ method: request.method, url: request.url, body, headers: request.headers });
    (answers.length > 1 ? answers.shift() : answers[0])?.(request, response, body);
  });
});
let baseUrl: string;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  baseUrl = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
beforeEach(() => {
  seen.length = 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const status =
  (code: number, text = "{}", headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(code, { "content-type": "application/json", ...headers }).end(text);
const lost: Answer = (request) => void request.socket.destroy();

function client(controller = new AbortController(), limits = { callTimeoutMs: 300, retryMs: 400 }) {
  const env = { now: () => new Date(), random: () => 0.05, signal: controller.signal } as Env;
  const wordsOf = (json: unknown) => ({ words: String((json as { message?: string } | undefined)?.message ?? "") });
  return createHttp({ service: "The service", baseUrl, env, limits, headers: async () => ({ Authorization: `Bearer ${SECRET}` }), wordsOf });
}
const call = (more: Partial<HttpCall> = {}): HttpCall => ({ operation: "op", method: "GET", path: "/a", repeat: "repeatable", ...more });
const failing = async (work: Promise<unknown>): Promise<RemoteError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RemoteError);
  return error as RemoteError;
};

describe("a call", () => {
  it("carries path, query, credentials and body as they were given", async () => {
    answers = [status(200, '{"ok":true}', { "X-Id": "7" })];
    const answer = await client()(call({ method: "POST", path: "/a%2Fb", query: { $filter: "x eq 'y&z'" }, json: { ä: 1 }, headers: { Prefer: "x" } }));
    expect(answer).toMatchObject({ status: 200, json: { ok: true }, headers: { "x-id": "7" } });
    expect(seen[0]).toMatchObject({
      method: "POST",
      body: '{"ä":1}',
      headers: { authorization: `Bearer ${SECRET}`, prefer: "x", "content-type": "application/json" },
    });
    expect(new URL(seen[0]?.url ?? "", baseUrl).searchParams.get("$filter")).toBe("x eq 'y&z'");
    expect(seen[0]?.url).toMatch(/^\/a%2Fb\?/);
  });

  it("sends forms and bytes in their own types", async () => {
    answers = [status(204, "")];
    await client()(call({ method: "POST", form: { client_secret: "a b+c&d" } }));
    await client()(call({ method: "PUT", bytes: { contentType: "image/png", content: Buffer.from("png") } }));
    expect(seen.map(({ body, headers }) => [headers["content-type"], body])).toEqual([
      ["application/x-www-form-urlencoded", "client_secret=a+b%2Bc%26d"],
      ["image/png", "png"],
    ]);
  });

  it("leaves refusals to the caller, with their body", async () => {
    answers = [status(409, '{"message":"no"}')];
    expect(await client()(call({ repeat: "never" }))).toMatchObject({ status: 409, json: { message: "no" } });
    expect(seen).toHaveLength(1);
  });
});

describe("trying again", () => {
  it.each<[string, HttpCall["repeat"], Answer, number]>([
    ["throttling", "repeatable", status(429), 2],
    ["throttling of what may happen once", "throttled", status(429), 2],
    ["throttling of what may never be repeated", "never", status(429), 1],
    ["trouble", "repeatable", status(503), 2],
    ["trouble, where the first try may have had an effect", "throttled", status(503), 1],
    ["a lost answer", "repeatable", lost, 2],
    ["a lost answer, where the first try may have had an effect", "throttled", lost, 1],
    ["a status that is an answer", "repeatable", status(501), 1],
  ])("after %s (%s)", async (_what, repeat, answer, tries) => {
    answers = [answer, status(200)];
    await client()(call({ method: "POST", repeat })).catch(() => undefined);
    expect(seen).toHaveLength(tries);
  });

  it("ends with the budget, and says how often it tried", async () => {
    answers = [status(503, '{"message":"busy"}')];
    const { message, failure } = await failing(client()(call()));
    expect(message).toMatch(/^The service answered 503 for 0 s \(\d+ tries\) \(503\)\.\n {2}It said: busy\.\n {2}Run again when The service answers\.$/);
    expect(failure.outcome).toBe("unknown");
  });

  it("does not wait for a Retry-After beyond the budget", async () => {
    answers = [status(429, "{}", { "retry-after": "3600" })];
    const startedAt = Date.now();
    expect((await failing(client()(call()))).message).toMatch(/throttles: still too many requests after 1 try \(429\)\.\n {2}Run again after 20/);
    expect(Date.now() - startedAt).toBeLessThan(300);
  });

  it("waits no longer than until it is stopped", async () => {
    answers = [status(429, "{}", { "retry-after": "30" })];
    const controller = new AbortController();
    setTimeout(() => controller.abort(new CancelledError("enough")), 50);
    await expect(client(controller, { callTimeoutMs: 300, retryMs: 60_000 })(call())).rejects.toThrow("enough");
  });
});

describe("where so many calls are taken in a minute", () => {
  it("every try waits for its turn, a refusal holds the others, answers are heeded, and waiting uses up no budget", async () => {
    let time = NOW.getTime();
    const happened: unknown[] = [];
    const turns: Turns = {
      take(work) {
        happened.push("take");
        time += 3_600_000;
        return work();
      },
      hold: (milliseconds) => void happened.push(milliseconds),
      heed: (headers) => void happened.push(headers["x-left"]),
    };
    const env = { now: () => new Date(time), random: () => 0.05, signal: new AbortController().signal } as Env;
    const http = createHttp({ service: "The service", baseUrl, env, limits: { callTimeoutMs: 300, retryMs: 400 }, turns });
    answers = [status(429, "{}", { "retry-after": "0.1" }), status(503), status(200, "{}", { "x-left": "3" })];
    await http(call());
    expect(happened).toEqual(["take", 100, "take", "take", "3"]);
  });
});

describe("a failure", () => {
  it.each<[string, Answer, RegExp, string]>([
    ["a hang", () => undefined, /^The service gave no answer within 0 s\.\n {2}Run again\.$/, "unknown"],
    ["a lost answer", lost, /^The service closed the connection without an answer \(ECONNRESET\)\.\n {2}Run again\.$/, "unknown"],
    [
      "half an answer",
      (_request, response) => void response.writeHead(200, { "content-length": "100" }).write("{", () => response.destroy()),
      /^The service (broke off|closed)/,
      "unknown",
    ],
    [
      "a page",
      status(200, "<html>", { "content-type": "text/html; charset=utf-8" }),
      /something that is not JSON \(text\/html, 200\)\.\n {2}Check that 127\.0\.0\.1:\d+ is the service itself/,
      "unknown",
    ],
    ["broken JSON", status(200, '{"secret'), /something that is not JSON \(application\/json, 200\)/, "unknown"],
    ["a redirect", status(307, "", { location: "http://127.0.0.1:1/" }), /sent us elsewhere, and credentials are never sent on \(307\)/, "refused"],
    [
      "an answer that drips",
      (_request, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        const dripping = setInterval(() => response.write(" "), 20);
        response.once("close", () => clearInterval(dripping));
      },
      /gave no answer within 0 s/,
      "unknown",
    ],
  ])("by %s reads well and tells what is known of the effect", async (_what, answer, told, outcome) => {
    answers = [answer];
    const error = await failing(client()(call({ method: "POST", repeat: "never", json: { secret: SECRET } })));
    expect(error.message).toMatch(told);
    expect(error.failure.outcome).toBe(outcome);
    expect(JSON.stringify(error) + error.stack).not.toContain(SECRET);
    expect(error.cause).toBeUndefined();
    expect(seen).toHaveLength(1);
  });

  it("by far too much is told from one that takes long", async () => {
    answers = [status(200, JSON.stringify("x".repeat(9_000_000)))];
    const patient = client(undefined, { callTimeoutMs: 20_000, retryMs: 20_000 });
    expect((await failing(patient(call()))).message).toMatch(/broke off its answer or sent far too much/);
    expect(seen).toHaveLength(1);
  });

  it("repeats nothing that the remote repeats of our credentials", async () => {
    answers = [(request, response) => void response.writeHead(500).end(JSON.stringify({ message: `bad ${request.headers.authorization}` }))];
    expect((await failing(client()(call({ repeat: "never" })))).message).toContain("It said: bad Bearer [secret].");
  });

  it.each<[string, Answer, object]>([
    ["a page", status(400, "<html>no", { "content-type": "text/html" }), { status: 400, text: "<html>no", json: undefined }],
    [
      "a redirect",
      status(302, "", { location: "http://127.0.0.1:1/" }),
      { status: 302, headers: expect.objectContaining({ location: "http://127.0.0.1:1/" }) },
    ],
  ])("is not %s where people are answered", async (_what, answer, expected) => {
    answers = [answer];
    expect(await client()(call({ page: true }))).toMatchObject(expected);
    expect(seen.map(({ headers }) => headers.accept)).toEqual(["text/html"]);
  });

  it("where nobody listens is one without effect", async () => {
    const env = { now: () => NOW, random: () => 0, signal: new AbortController().signal } as Env;
    const http = createHttp({ service: "The service", baseUrl: "http://127.0.0.1:1", env, limits: { callTimeoutMs: 300, retryMs: 0 } });
    const error = await failing(http(call()));
    expect(error.message).toMatch(/cannot be reached at 127\.0\.0\.1:1 \(ECONNREFUSED\)/);
    expect(error.failure.outcome).toBe("unreachable");
  });
});

describe("an address", () => {
  it.each(["https://api.odeus.ai", "https://10.0.0.1/x", "http://localhost:1", "http://127.0.0.1:8080/x", "http://[::1]:1"])("%s is taken", (text) => {
    expect(requireSafeUrl(text, "it").href).toContain(new URL(text).host);
  });

  it.each([
    ["", "it is not a web address"],
    ["api.odeus.ai", "it is not a web address"],
    ["http://api.odeus.ai", "it must start with https://"],
    ["http://localhost.example.com", "it must start with https://"],
    ["http://127.0.0.1.example.com", "it must start with https://"],
    ["http://169.254.169.254/", "it must start with https://"],
    ["file:///etc/passwd", "it must start with https://"],
    ["https://user@api.odeus.ai", "it must not hold a user name or password"],
    ["http://localhost:x@evil.example/", "it must not hold a user name or password"],
  ])("%s is refused", (text, told) => {
    expect(() => requireSafeUrl(text, "it")).toThrow(told);
  });

  it("is this machine by these names only", () => {
    expect(["http://localhost", "http://127.0.0.1", "http://[::1]", "http://127.0.0.2", "http://localhost.x"].map((text) => isLoopback(new URL(text)))).toEqual(
      [true, true, true, false, false],
    );
  });
});
