/** The workspace's calls a minute: never more than it takes, whoever calls, and nobody waits longer than that needs. */

import { type CallLimit, createCallLimit, noneLeftFor, sharedCallLimit } from "../../src/clients/callLimit.js";
import { createOdeusApi } from "../../src/clients/odeus.js";
import type { Env } from "../../src/core/env.js";
import { CancelledError } from "../../src/core/errors.js";
import { Secret } from "../../src/core/secret.js";
import { startWorld, type World } from "../support/sandbox.js";

const running = (): AbortSignal => new AbortController().signal;
/** A call that ends when it is told to. */
function call(name: string, started: string[]) {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const run = async (): Promise<string> => {
    started.push(name);
    await ended;
    return name;
  };
  return { run, end: () => end() };
}
const soon = (): Promise<void> => new Promise((done) => setTimeout(done, 20));

describe("a small workspace", () => {
  /** The sandbox's own minute: what is under test is that no way of cutting it finds too many calls. */
  const MINUTE = 300;
  const PLACES = 60;
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    await world.odeus("PATCH", "/settings", { requestsPerMinute: PLACES, minuteMilliseconds: MINUTE });
  });
  afterAll(() => world.close());

  /** What an operation of a resource calls. */
  async function operation(callLimit: CallLimit | undefined): Promise<void> {
    const env = { now: () => new Date(), random: () => 1, sideBySide: {}, signal: running() } as Env;
    const apiKey = new Secret(world.apiKeys.full);
    const odeus = createOdeusApi({ baseUrl: world.origins.odeus, apiKey, env, limits: { callTimeoutMs: 10_000, retryMs: 10_000 }, callLimit });
    const id = world.integrations["jira"] ?? "";
    await odeus.recentIntegrations();
    await odeus.getOAuthClient(id);
    await odeus.putOAuthClient(id, { clientId: "app", clientSecret: "secret-of-the-app", scopeSync: true });
    await odeus.getOAuthClient(id);
  }
  const hundred = (callLimit: CallLimit | undefined) => Promise.all(Array.from({ length: 100 }, () => operation(callLimit)));
  const refused = async (): Promise<number> => (await world.calls()).filter(({ status }) => status === 429).length;

  it("refuses calls of a hundred resources that do not wait for their turn, and none of those that do", async () => {
    await hundred(undefined);
    expect(await refused()).toBeGreaterThan(0);
    await world.clearCalls();
    // A minute of its own, so that what was counted before is over.
    await world.clock(60_000);
    await hundred(createCallLimit(PLACES, MINUTE));
    expect(await refused()).toBe(0);
    expect((await world.calls()).length).toBe(400);
  });
});

it("sends as many calls at once as there are places", async () => {
  const started: string[] = [];
  const turns = createCallLimit(3).turns(running());
  for (const name of ["a", "b", "c", "d"]) void turns.take(call(name, started).run);
  await soon();
  expect(started).toEqual(["a", "b", "c"]);
});

it("keeps a place for a minute after the answer, and answers at once", async () => {
  const started: string[] = [];
  const turns = createCallLimit(1).turns(running());
  const [first, second] = [call("first", started), call("second", started)];
  first.end();
  expect(await turns.take(first.run)).toBe("first");
  void turns.take(second.run);
  await soon();
  expect(started).toEqual(["first"]);
});

it("passes a failure on, and keeps its place as long", async () => {
  const turns = createCallLimit(1).turns(running());
  await expect(turns.take(() => Promise.reject(new Error("lost")))).rejects.toThrow("lost");
  const started: string[] = [];
  void turns.take(call("second", started).run);
  await soon();
  expect(started).toEqual([]);
});

it("lets the operation that began first go first: its way back does not wait for new work", async () => {
  const started: string[] = [];
  const limit = createCallLimit(1, 0);
  const [older, younger] = [limit.turns(running()), limit.turns(running())];
  const [first, ofYounger, ofOlder] = [call("first", started), call("younger", started), call("older", started)];
  const all = [older.take(first.run), younger.take(ofYounger.run), older.take(ofOlder.run)];
  for (const each of [first, ofYounger, ofOlder]) each.end();
  await Promise.all(all);
  expect(started).toEqual(["first", "older", "younger"]);
});

it("a stopped operation does not wait, and its calls take no place", async () => {
  const started: string[] = [];
  const limit = createCallLimit(1, 0);
  const stopped = new AbortController();
  const [first, never, after] = [call("first", started), call("never", started), call("after", started)];
  const going = limit.turns(running()).take(first.run);
  const waiting = limit.turns(stopped.signal).take(never.run);
  stopped.abort(new CancelledError("enough"));
  await expect(waiting).rejects.toThrow("enough");
  const next = limit.turns(running()).take(after.run);
  for (const each of [first, after]) each.end();
  expect(await Promise.all([going, next])).toEqual(["first", "after"]);
  expect(started).toEqual(["first", "after"]);
});

it("holds everybody while a refused call waits, and no longer", async () => {
  const started: string[] = [];
  const limit = createCallLimit(5, 0);
  const refused = new AbortController();
  limit.turns(refused.signal).hold(600_000);
  const other = call("other", started);
  other.end();
  const waiting = limit.turns(running()).take(other.run);
  await soon();
  expect(started).toEqual([]);
  // The call that was refused is given up: nobody waits on its account.
  refused.abort(new CancelledError());
  expect(await waiting).toBe("other");
});

it("waits when an answer says that no place is left, as long as it says", async () => {
  const started: string[] = [];
  const turns = createCallLimit(5, 0).turns(running());
  const other = call("other", started);
  other.end();
  turns.heed({ "ratelimit-remaining": "3", "ratelimit-reset": "600" }, new Date());
  await turns.take(other.run);
  const limit = createCallLimit(5, 600_000).turns(running());
  limit.heed({ "ratelimit-remaining": "0", "ratelimit-reset": "600" }, new Date());
  void limit.take(call("held", started).run);
  await soon();
  expect(started).toEqual(["other"]);
});

it.each<[string, Record<string, string>, number | undefined]>([
  ["nothing", {}, undefined],
  ["places left", { "ratelimit-remaining": "1", "ratelimit-reset": "30" }, undefined],
  ["seconds", { "ratelimit-remaining": "0", "ratelimit-reset": "30" }, 30_000],
  ["the older names", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "30" }, 30_000],
  ["a moment", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767323050" }, 5000],
  ["a moment that is over", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767323000" }, 0],
  ["no time", { "ratelimit-remaining": "0" }, undefined],
  ["words", { "ratelimit-remaining": "0", "ratelimit-reset": "soon" }, undefined],
])("reads %s from an answer", (_what, headers, expected) => {
  expect(noneLeftFor(headers, new Date(1767323045_000))).toBe(expected);
});

it("is one for all who call the same workspace with the same key", () => {
  expect(sharedCallLimit("workspace key", 500)).toBe(sharedCallLimit("workspace key", 500));
  expect(sharedCallLimit("workspace key", 500)).not.toBe(sharedCallLimit("workspace other-key", 500));
});
