import { type RotationPolicy, removalsDue, renewalDue } from "../../src/rollout/due.js";

const policy = (more: Partial<RotationPolicy> = {}): RotationPolicy => ({ everyDays: undefined, renewBeforeExpiryDays: 14, ...more });
const secret = (createdAt: string, expiresAt?: string) => ({ keyId: "k", createdAt, ...(expiresAt === undefined ? {} : { expiresAt }) });
const at = (time: string): Date => new Date(time);

describe("a renewal before the end", () => {
  const ends = secret("2026-01-01T12:00:00Z", "2026-06-30T12:00:00Z");

  it.each<[string, string | undefined]>([
    ["2026-06-15T23:59:59Z", undefined],
    ["2026-06-16T00:00:00Z", "the client secret expires in 14 days"],
    ["2026-06-29T00:00:00Z", "the client secret expires in 1 day"],
    ["2026-06-30T23:00:00Z", "the client secret expires today"],
    ["2026-07-01T00:00:00Z", "the client secret expired 1 day ago"],
    ["2026-07-03T00:00:00Z", "the client secret expired 3 days ago"],
  ])("at %s: %s", (now, expected) => {
    expect(renewalDue(ends, policy(), at(now))).toBe(expected);
  });

  it("is the same at every hour of a UTC day, so that a preview and its `up` agree", () => {
    const hours = Array.from({ length: 24 }, (_, hour) => renewalDue(ends, policy(), at(`2026-06-16T${String(hour).padStart(2, "0")}:30:00Z`)));
    expect(new Set(hours).size).toBe(1);
  });

  it("comes on the last day with 0 days, and never for a secret without an end", () => {
    expect(renewalDue(ends, policy({ renewBeforeExpiryDays: 0 }), at("2026-06-29T23:59:59Z"))).toBeUndefined();
    expect(renewalDue(ends, policy({ renewBeforeExpiryDays: 0 }), at("2026-06-30T00:00:00Z"))).toBe("the client secret expires today");
    expect(renewalDue(ends, policy({ renewBeforeExpiryDays: 0 }), at("2027-01-01T00:00:00Z"))).toBe("the client secret expired 185 days ago");
    expect(renewalDue(secret("2020-01-01T00:00:00Z"), policy(), at("2026-01-01T00:00:00Z"))).toBeUndefined();
    expect(renewalDue(undefined, policy({ everyDays: 1 }), at("2026-01-01T00:00:00Z"))).toBeUndefined();
  });
});

it.each<[string, string | undefined]>([
  ["2026-03-31T23:59:00Z", undefined],
  ["2026-04-01T00:00:00Z", "the client secret is 90 days old (rotation every 90 days)"],
])("a rotation every 90 days is due by age at %s: %s", (now, expected) => {
  expect(renewalDue(secret("2026-01-01T23:00:00Z"), policy({ everyDays: 90 }), at(now))).toBe(expected);
});

it("a previous secret is removed once the UTC day has begun after its overlap", () => {
  const retiring = [
    { keyId: "a", removableFrom: "2026-01-01T10:00:00Z" },
    { keyId: "b", removableFrom: "2026-01-02T00:00:00Z" },
    { keyId: "c", removableFrom: "2026-01-02T00:00:01Z" },
  ];
  const due = (now: string) => removalsDue(retiring, at(now)).map(({ keyId }) => keyId);
  expect(due("2026-01-01T23:59:59Z")).toEqual([]);
  expect(due("2026-01-02T00:00:00Z")).toEqual(["a", "b"]);
  expect(due("2026-01-02T23:00:00Z")).toEqual(["a", "b"]);
  expect(due("2026-01-03T00:00:00Z")).toEqual(["a", "b", "c"]);
});
