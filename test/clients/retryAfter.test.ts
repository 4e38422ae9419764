/** When a throttled call is tried again, and what people are told of it. */

import { nextDelay, retryAfterMs, retryAtReset, runAgainAfter } from "../../src/clients/retryAfter.js";

const NOW = new Date("2026-01-02T03:04:05Z");

describe("Retry-After", () => {
  it.each<[unknown, number | undefined]>([
    ["2", 2000],
    ["0", 0],
    ["-5", 0],
    ["Fri, 02 Jan 2026 03:04:15 GMT", 10_000],
    ["Fri, 02 Jan 2026 03:04:00 GMT", 0],
    ["soon", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%j is %p ms", (header, expected) => {
    expect(retryAfterMs(header, NOW)).toBe(expected);
  });

  it("is told as a time, or left out where it is none", () => {
    expect(runAgainAfter("60", NOW)).toBe("Run again after 2026-01-02T03:05:05.000Z.");
    expect(runAgainAfter("9".repeat(30), NOW)).toBe("Run again later.");
    expect(runAgainAfter(undefined, NOW)).toBe("Run again later.");
  });

  it("wins over the pause of our own, which doubles up to 30 s", () => {
    expect(nextDelay(3, "1", NOW, 1)).toBe(1000);
    expect([1, 2, 3, 20].map((tries) => nextDelay(tries, undefined, NOW, 1))).toEqual([500, 1000, 2000, 30_000]);
    expect(nextDelay(5, undefined, NOW, 0)).toBe(0);
  });

  it("has a stand-in: the Unix time at which a limit begins anew, where that is still to come", () => {
    const inAMinute = NOW.getTime() / 1000 + 60;
    expect(runAgainAfter(retryAtReset(String(inAMinute), NOW), NOW)).toBe("Run again after 2026-01-02T03:05:05.000Z.");
    expect([String(inAMinute - 61), "soon", "", undefined].map((time) => retryAtReset(time, NOW))).toEqual([undefined, undefined, undefined, undefined]);
  });
});
