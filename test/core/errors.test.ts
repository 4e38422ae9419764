import { inspect } from "node:util";
import {
  CancelledError,
  ConfigError,
  cancellation,
  doing,
  isRemote,
  mayHaveHappened,
  messageOf,
  named,
  OdeusError,
  RemoteError,
  type RemoteFailure,
} from "../../src/core/errors.js";
import { Secret } from "../../src/core/secret.js";

const SECRET = "secret-of-the-errors-test";
new Secret(SECRET);

const failure = (more: Partial<RemoteFailure> = {}): RemoteFailure => ({
  service: "Microsoft Graph",
  operation: "addPassword",
  host: "graph.microsoft.com",
  outcome: "refused",
  said: "refused it",
  ...more,
});

describe("a failed call", () => {
  it("says who said what, the remote's own words, and what to do, one a line", () => {
    const error = new RemoteError(failure({ status: 403, code: "Denied", requestId: "r-1", words: "You  may\nnot", remedy: "Ask for the right." }));
    expect(error.message).toBe("Microsoft Graph refused it (403 Denied, request r-1).\n  It said: You may not.\n  Ask for the right.");
  });

  it("leaves out what is not known", () => {
    expect(new RemoteError(failure()).message).toBe("Microsoft Graph refused it.");
    expect(new RemoteError(failure({ code: "Denied", words: "  " })).message).toBe("Microsoft Graph refused it (Denied).");
  });

  it("does not double the remote's full stop, and shortens long words", () => {
    expect(new RemoteError(failure({ words: "No!" })).message).toContain("It said: No!");
    expect(new RemoteError(failure({ words: "x".repeat(1000) })).message.length).toBeLessThan(400);
  });

  it("repeats no secret, not even the half that a shortened text ends in", () => {
    for (let before = 270; before <= 300; before++) {
      const { message } = new RemoteError(failure({ words: `${"y".repeat(before)}${SECRET}` }));
      expect(message).not.toContain(SECRET.slice(0, 8));
    }
  });

  it("shows no secret in any form of printing", () => {
    const error = new RemoteError(failure({ words: `you sent ${SECRET}`, remedy: `not ${SECRET}`, code: SECRET }));
    expect(error.message + String(error) + (error.stack ?? "")).not.toContain(SECRET);
  });

  it("takes advice that only the caller knows, and keeps the rest", () => {
    const advised = new RemoteError(failure({ status: 409, remedy: "Wait." })).advise("Enable it.");
    expect(advised.message).toBe("Microsoft Graph refused it (409).\n  Enable it.");
    expect(isRemote(advised, 409)).toBe(true);
  });
});

describe("named", () => {
  it("puts the work in front and keeps the kind, the facts and the original", async () => {
    const inner = new RemoteError(failure({ status: 404, code: "Gone" }));
    const outer = await doing("removing the app", () => Promise.reject(inner)).catch((error: unknown) => error);
    expect(messageOf(outer)).toBe("removing the app: Microsoft Graph refused it (404 Gone).");
    expect(isRemote(outer, 404, "Gone")).toBe(true);
    expect(inner.message).toBe("Microsoft Graph refused it (404 Gone).");
    expect(inspect(outer)).not.toContain(SECRET);
  });

  it("leaves what is not ours alone", () => {
    const foreign = new TypeError("x");
    expect(named("working", foreign)).toBe(foreign);
  });
});

describe("the effect of a failed call", () => {
  it.each<[unknown, boolean]>([
    [new RemoteError(failure({ outcome: "unknown" })), true],
    [named("entering", new RemoteError(failure({ outcome: "unknown" }))), true],
    [new CancelledError(), true],
    [new RemoteError(failure({ outcome: "refused" })), false],
    [new RemoteError(failure({ outcome: "unreachable" })), false],
    [new ConfigError("x"), false],
    [new TypeError("x"), false],
  ])("of %s may be there: %s", (error, expected) => {
    expect(mayHaveHappened(error)).toBe(expected);
  });
});

it("tells errors by status and by code, where they are asked for", () => {
  const error = new RemoteError(failure({ status: 400, code: "Bad" }));
  expect([
    isRemote(error),
    isRemote(error, 400),
    isRemote(error, 404),
    isRemote(error, undefined, "Bad"),
    isRemote(error, 400, "Other"),
    isRemote(new Error("x")),
  ]).toEqual([true, true, false, true, false, false]);
});

it("keeps the reason of a stop, and has one where there is none of ours", () => {
  const stopped = (reason?: unknown): AbortSignal => AbortSignal.abort(reason);
  expect(cancellation(stopped(new CancelledError("it took longer than 1 s"))).message).toBe("it took longer than 1 s");
  expect(cancellation(stopped("whatever")).message).toBe("stopped before it was finished");
});

it("scrubs the text of every error, foreign ones too", () => {
  expect(new OdeusError(`a ${SECRET} b`).message).toBe("a [secret] b");
  expect(messageOf(new Error(`a ${SECRET} b`))).toBe("a [secret] b");
  expect(messageOf(`a ${SECRET} b`)).toBe("a [secret] b");
});
