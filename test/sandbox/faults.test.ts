/** Every fault strikes where it was planned, before or after the effect, and the record says so. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { secretsIn } from "../../src/sandbox/calls.js";
import { type Reply, send, startWorld, type World } from "../support/sandbox.js";

let world: World;
let token: string;
beforeEach(async () => {
  world = await startWorld();
  const form = {
    grant_type: "client_credentials",
    client_id: world.deployer.clientId,
    client_secret: world.deployer.clientSecret,
    scope: "https://graph.microsoft.com/.default",
  };
  const reply = await send(`${world.origins.entra}/${world.tenantId}/oauth2/v2.0/token`, { method: "POST", body: new URLSearchParams(form).toString() });
  token = (reply.body as { access_token: string }).access_token;
  await world.clearCalls();
});
afterEach(() => world.close());

const graph = (method: string, path: string, body?: unknown): Promise<Reply> =>
  send(`${world.origins.entra}/v1.0${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const create = () => graph("POST", "/applications", { displayName: "A" });
const made = async () => (await world.state()).entra.tenants[0]?.applications.length;
const outcome = (promise: Promise<Reply>) =>
  promise.then(
    ({ status }) => status,
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );

test.each<[Parameters<World["fault"]>[0], unknown, number]>([
  [{ fault: "answerLost" }, "ECONNRESET", 1],
  [{ fault: "reset" }, "ECONNRESET", 0],
  [{ fault: "bodyTruncated" }, "ECONNRESET", 1],
  [{ fault: "throttled", retryAfter: "7" }, 429, 0],
  [{ fault: "serverError" }, 503, 0],
  [{ fault: "serverError", status: 500, effect: true }, 500, 1],
  [{ fault: "unauthorized" }, 401, 0],
  [{ fault: "forbidden" }, 403, 0],
  [{ fault: "notFound" }, 404, 0],
  [{ fault: "conflict" }, 409, 0],
  [{ fault: "html" }, 200, 0],
  [{ fault: "brokenJson", effect: true }, 200, 1],
  [{ fault: "redirect", location: "http://localhost:1/" }, 302, 0],
  [{ fault: "huge" }, 200, 0],
])("%j", async (fault, answered, effect) => {
  await world.fault({ counterpart: "entra", operation: "createApplication", ...fault });
  expect([await outcome(create()), await made()]).toEqual([answered, effect]);
  const recorded = typeof answered === "number" ? { status: answered } : {};
  expect(await world.calls()).toMatchObject([
    { index: 0, counterpart: "entra", operation: "createApplication", changes: true, fault: fault.fault, ...recorded },
  ]);
  // Once only.
  expect(await outcome(create())).toBe(201);
});

test("answers in the vendor's envelope, and Retry-After only when asked for", async () => {
  await world.fault({ fault: "throttled", retryAfter: "7" }, { fault: "throttled", call: 1 });
  const [first, second] = [await create(), await create()];
  expect([first.headers["retry-after"], second.headers["retry-after"]]).toEqual(["7", undefined]);
  expect(first.body).toMatchObject({ error: { code: "TooManyRequests", innerError: { "request-id": expect.any(String) } } });
  await world.fault({ fault: "throttled", counterpart: "odeus" });
  expect((await send(`${world.origins.odeus}/integrations/v1/get`)).body).toMatchObject({ type: "error", error: { type: "rate_limit_error" } });
});

test.each([
  [false, 0],
  [true, 1],
])("hangs until the world closes, effect %s", async (effect, expected) => {
  await world.fault({ fault: "hang", effect });
  const pending = outcome(create());
  expect(await Promise.race([pending, new Promise((resolve) => setTimeout(resolve, 150, "no answer"))])).toBe("no answer");
  expect(await made()).toBe(expected);
  const closing = world;
  world = await startWorld();
  await closing.close();
  expect(await pending).toBe("ECONNRESET");
});

test.each([
  ["killBefore", 0],
  ["killAfter", 1],
] as const)("%s", async (fault, effect) => {
  const victim = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  await world.fault({ fault, ...(victim.pid === undefined ? {} : { pid: victim.pid }) });
  const died = once(victim, "exit");
  expect(await outcome(create())).toBe("ECONNRESET");
  expect([await died, await made()]).toEqual([[null, "SIGKILL"], effect]);
});

test("counts calls from the moment of planning: of the operation, or of the world", async () => {
  await create();
  await world.fault({ operation: "createApplication", counterpart: "entra", call: 1, fault: "conflict" }, { call: 3, fault: "forbidden", times: 2 });
  const seen = [];
  for (let call = 0; call < 6; call += 1) seen.push((await create()).status);
  expect(seen).toEqual([201, 409, 201, 403, 403, 201]);
  await world.fault({ fault: "serverError", times: "always" });
  expect([(await create()).status, (await create()).status]).toEqual([503, 503]);
  await world.clearFaults();
  expect((await create()).status).toBe(201);
});

test("a stale read says what was there before the last change", async () => {
  const { id } = (await create()).body as { id: string };
  await graph("PATCH", `/applications/${id}`, { notes: "first" });
  await graph("GET", `/applications/${id}`);
  await graph("PATCH", `/applications/${id}`, { notes: "second" });
  await world.fault({ fault: "staleRead", operation: "getApplication" }, { fault: "staleRead", operation: "listApplications" });
  expect((await graph("GET", `/applications/${id}`)).body).toMatchObject({ notes: "first" });
  expect((await graph("GET", `/applications/${id}`)).body).toMatchObject({ notes: "second" });
  expect((await graph("GET", "/applications")).status).toBe(404);
});

test("faults reach the pages of the OAuth server too", async () => {
  await world.fault({ fault: "answerLost", operation: "authorize" }, { fault: "serverError", operation: "authorize" });
  const page = () => outcome(send(`${world.origins.entra}/${world.tenantId}/oauth2/v2.0/authorize?client_id=x`));
  expect([await page(), await page(), await page()]).toEqual(["ECONNRESET", 503, 400]);
});

test("an unknown route is a loud 404, and hand edits are neither recorded nor struck", async () => {
  await world.fault({ fault: "serverError", times: "always" });
  expect((await world.graph("POST", "/applications", { displayName: "by hand" })).status).toBe(201);
  await world.clearFaults();
  expect((await graph("GET", "/nothing")).status).toBe(404);
  expect((await world.calls()).map(({ operation, status }) => [operation, status])).toEqual([["unknown", 404]]);
});

test("latency delays every answer", async () => {
  await world.latency(80);
  const from = Date.now();
  await create();
  expect(Date.now() - from).toBeGreaterThanOrEqual(78);
});

test("a fault that makes no sense is refused when it is planned", async () => {
  await expect(world.fault({ fault: "answerlost" as never })).rejects.toThrow(/unknown fault answerlost/);
  await expect(world.fault({ fault: "killBefore" })).rejects.toThrow(/needs the pid/);
  await expect(world.fault({ fault: "html", operatoin: "x" } as never)).rejects.toThrow(/operatoin/);
});

test.each(["answerLost", "bodyTruncated"] as const)("a secret in an answer that is lost (%s) stands in the record all the same", async (fault) => {
  const { id } = (await create()).body as { id: string };
  await world.fault({ operation: "addPassword", fault });
  expect(await outcome(graph("POST", `/applications/${id}/addPassword`, {}))).toBe("ECONNRESET");
  const issued = (await world.state()).entra.tenants[0]?.applications[0]?.passwordCredentials.map(({ secretText }) => secretText);
  expect((await world.calls()).at(-1)?.answeredSecrets).toEqual(issued);
});

test("of Snowflake, also a secret inside the JSON of a row is known", () => {
  const rows = [[JSON.stringify({ OAUTH_CLIENT_SECRET_2: "two/+=", OAUTH_CLIENT_SECRET: "one", OAUTH_CLIENT_ID: "id" })]];
  expect(secretsIn({ data: { rowset: rows, token: "session" } })).toEqual(["two/+=", "one", "session"]);
});
