import type { Env } from "../../src/core/env.js";
import { CancelledError } from "../../src/core/errors.js";
import { createSideBySide } from "../../src/core/sideBySide.js";
import { bothEnded } from "../../src/core/wait.js";

const KEPT_MS = 1_000;

function operations() {
  let time = 0;
  let together = {};
  const operation = (signal = new AbortController().signal): Env => {
    const sideBySide = together;
    return { now: () => new Date(time), sideBySide, signal } as Env;
  };
  return {
    operation,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
    nothingRuns: () => {
      together = {};
    },
  };
}

/** Answers "1", "2", ... each when told to. */
function questions() {
  const open: { answer: () => void; fail: (error: Error) => void }[] = [];
  let asked = 0;
  return {
    ask: () => {
      asked += 1;
      const text = String(asked);
      return new Promise<string>((resolve, reject) => open.push({ answer: () => resolve(text), fail: reject }));
    },
    open,
    get asked() {
      return asked;
    },
  };
}

describe("what operations side by side ask", () => {
  it("is asked once, while the answer is on its way and for a moment after", async () => {
    const { operation, pass } = operations();
    const shared = createSideBySide<string>(KEPT_MS);
    const { ask, open } = questions();
    const both = [shared.ask("list", operation(), ask), shared.ask("list", operation(), ask)];
    open[0]?.answer();
    expect(await Promise.all(both)).toEqual(["1", "1"]);
    pass(KEPT_MS - 1);
    expect(await shared.ask("list", operation(), ask)).toBe("1");
    pass(1);
    const later = shared.ask("list", operation(), ask);
    open[1]?.answer();
    expect(await later).toBe("2");
  });

  it("is asked anew once nothing has run in between, for another subject, and when it was forgotten", async () => {
    const { operation, nothingRuns } = operations();
    const shared = createSideBySide<string>(KEPT_MS);
    const questionsAsked = questions();
    const answered = async (key: string): Promise<string> => {
      const answer = shared.ask(key, operation(), questionsAsked.ask);
      questionsAsked.open.at(-1)?.answer();
      return answer;
    };
    expect(await answered("one")).toBe("1");
    expect(await answered("other")).toBe("2");
    shared.forget("one", operation());
    expect(await answered("one")).toBe("3");
    expect(await answered("other")).toBe("2");
    nothingRuns();
    expect(await answered("other")).toBe("4");
  });

  it("fails for all who wait, and is asked anew by the next", async () => {
    const { operation } = operations();
    const shared = createSideBySide<string>(KEPT_MS);
    const { ask, open } = questions();
    const both = [shared.ask("list", operation(), ask), shared.ask("list", operation(), ask)];
    open[0]?.fail(new Error("503"));
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const next = shared.ask("list", operation(), ask);
    open[1]?.answer();
    expect(await next).toBe("2");
  });

  it("is asked anew by those that go on when the operation that asked is stopped", async () => {
    const { operation } = operations();
    const shared = createSideBySide<string>(KEPT_MS);
    const questionsAsked = questions();
    const first = shared.ask("list", operation(), questionsAsked.ask);
    const second = shared.ask("list", operation(), questionsAsked.ask);
    questionsAsked.open[0]?.fail(new CancelledError());
    await expect(first).rejects.toBeInstanceOf(CancelledError);
    expect(questionsAsked.asked).toBe(2);
    questionsAsked.open[1]?.answer();
    expect(await second).toBe("2");
  });

  it("is not waited for by an operation that is stopped", async () => {
    const { operation } = operations();
    const shared = createSideBySide<string>(KEPT_MS);
    const { ask, open } = questions();
    const stop = new AbortController();
    const first = shared.ask("list", operation(), ask);
    const second = shared.ask("list", operation(stop.signal), ask);
    stop.abort(new CancelledError());
    await expect(second).rejects.toBeInstanceOf(CancelledError);
    open[0]?.answer();
    expect(await first).toBe("1");
  });
});

describe("two works side by side", () => {
  it("fail only when both have ended", async () => {
    let end: () => void = () => undefined;
    let ended = false;
    const slow = new Promise<void>((resolve) => {
      end = resolve;
    }).then(() => {
      ended = true;
    });
    const failed = bothEnded(Promise.reject(new Error("no")), slow).catch((error: Error) => [error.message, ended]);
    end();
    expect(await failed).toEqual(["no", true]);
  });
});
