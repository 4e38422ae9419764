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
