import { createClaims } from "../../src/core/claims.js";

it("answers who else speaks for a slot, and both are known from then on", () => {
  const claims = createClaims();
  expect(claims.claim("a", ["jira", "gmail"])).toEqual([]);
  expect(claims.claim("b", ["gmail"])).toEqual([{ slot: "gmail", urn: "a" }]);
  expect(claims.claim("a", ["gmail"])).toEqual([{ slot: "gmail", urn: "b" }]);
});

it("lets go of what is claimed no longer", () => {
  const claims = createClaims();
  claims.claim("a", ["jira"]);
  claims.claim("a", []);
  expect(claims.claim("b", ["jira"])).toEqual([]);
  expect(claims.claimedByOther("a", ["jira"])).toBe("b");
});

it("adds the id of a slug without letting go of the slug", () => {
  const claims = createClaims();
  claims.claim("a", ["jira"]);
  expect(claims.add("a", ["id-of-jira"])).toEqual([]);
  expect(claims.claimedByOther("b", ["jira"])).toBe("a");
  expect(claims.add("b", ["id-of-jira"])).toEqual([{ slot: "id-of-jira", urn: "a" }]);
});

it("is never in its own way", () => {
  const claims = createClaims();
  claims.claim("a", ["jira", "jira"]);
  expect([claims.claim("a", ["jira"]), claims.add("a", ["jira"]), claims.claimedByOther("a", ["jira"])]).toEqual([[], [], undefined]);
});

describe("what several may share", () => {
  it("is told of by whoever acts, of another that was only declared", () => {
    const claims = createClaims();
    claims.share("a", "app");
    expect(claims.sharer("b", "app", true)).toBe("a");
    expect(claims.sharer("b", "another app", true)).toBeUndefined();
  });

  it("is told of by the one declared second, where the first has acted already", () => {
    const claims = createClaims();
    claims.sharer("a", "app", true);
    expect(claims.sharer("b", "app", false)).toBe("a");
  });

  it("is told of once for each pair, whoever comes next", () => {
    const claims = createClaims();
    claims.sharer("a", "app", true);
    expect(claims.sharer("b", "app", false)).toBe("a");
    expect([claims.sharer("b", "app", true), claims.sharer("a", "app", true)]).toEqual([undefined, undefined]);
    claims.share("c", "app");
    expect([claims.sharer("c", "app", true), claims.sharer("c", "app", true), claims.sharer("c", "app", true)]).toEqual(["a", "b", undefined]);
  });

  it("is not told of where nobody acts", () => {
    const claims = createClaims();
    claims.share("a", "app");
    expect(claims.sharer("b", "app", false)).toBeUndefined();
  });

  it("is forgotten with the next claim, and no claim by itself", () => {
    const claims = createClaims();
    claims.share("a", "app");
    expect([claims.claim("b", ["app"]), claims.claimedByOther("b", ["app"])]).toEqual([[], undefined]);
    claims.claim("a", []);
    expect(claims.sharer("b", "app", true)).toBeUndefined();
  });
});
