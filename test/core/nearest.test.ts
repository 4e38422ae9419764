import { didYouMean, nearest } from "../../src/core/nearest.js";

const SLUGS = ["outlook-email", "outlook-calendar", "sharepoint", "google-drive", "jira"];

it.each<[string, string[]]>([
  ["outlook-emial", ["outlook-email"]],
  ["Sharepoint", ["sharepoint"]],
  ["JIRA", ["jira"]],
  ["jria", ["jira"]],
  ["outlook", []],
  ["entirely-different", []],
  ["", []],
])("near %s are %j", (name, expected) => {
  expect(nearest(name, SLUGS)).toEqual(expected);
});

it("answers the nearest first, three at most, and in a fixed order where they are alike", () => {
  expect(nearest("Mail.Reed", ["Mail.Send", "Mail.Read", "Mail.Reads", "Mail.Ready", "Mail.Write"])).toEqual(["Mail.Read", "Mail.Reads", "Mail.Ready"]);
});

it("asks in words, or says nothing", () => {
  expect(didYouMean("jra", SLUGS)).toBe(' Did you mean "jira"?');
  expect(didYouMean("aaac", ["aaab", "aaaa"])).toBe(' Did you mean "aaaa" or "aaab"?');
  expect(didYouMean("nothing-near", SLUGS)).toBe("");
  expect(didYouMean("x", [])).toBe("");
});
