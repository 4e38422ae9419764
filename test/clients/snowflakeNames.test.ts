/** Snowflake's names: what is one name, what is another, and what is none. */

import * as fc from "fast-check";
import { integrationNameProblem, nameProblem, needsNoQuotes, storedName } from "../../src/clients/snowflakeNames.js";

it.each([
  ["foo", "FOO"],
  ["FOO", "FOO"],
  ['"FOO"', "FOO"],
  ['"foo"', "foo"],
  ["_a$1", "_A$1"],
  ['"a""b"', 'a"b'],
  ['"dbt Cloud"', "dbt Cloud"],
  ['"Ünïcode\n-"', "Ünïcode\n-"],
  [`"${"x".repeat(255)}"`, "x".repeat(255)],
])("%j is stored as %j", (written, stored) => {
  expect(storedName(written)).toBe(stored);
});

it.each([
  ["", /must consist of letters/],
  ["odeus-prod", /must consist of letters.*stands in double quotes \("odeus-prod"\)/],
  ["1a", /not begin with a digit/],
  ["$a", /must consist of letters/],
  [" a", /must consist of letters/],
  ["straße", /must consist of letters/],
  ['a"b', /double quotes \("a""b"\)/],
  ['"a', /must end in the double quote/],
  ['"', /must end in the double quote/],
  ['""', /have something in between/],
  ['"a"b"', /double each quote inside/],
  ['"a" "b"', /double each quote inside/],
  ['"a\0b"', /NUL/],
  ["x".repeat(256), /255 characters/],
  [`"${"😀".repeat(256)}"`, /255 characters/],
])("%j is no name", (written, problem) => {
  expect(nameProblem(written)).toMatch(problem);
  expect(() => storedName(written)).toThrow(problem);
});

it("an integration's name begins with a letter, also in quotes", () => {
  expect([integrationNameProblem("a_1"), integrationNameProblem('"é 1"')]).toEqual([undefined, undefined]);
  for (const written of ["_a", '"1a"', '" a"', '"_a"']) expect(integrationNameProblem(written)).toBe("must begin with a letter");
  expect(integrationNameProblem("a b")).toMatch(/must consist of/);
});

it("any stored name comes back from its quoted form", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 255 }), (stored) => {
      fc.pre(!stored.includes("\0"));
      expect(storedName(`"${stored.replaceAll('"', '""')}"`)).toBe(stored);
    }),
  );
});

it("a name needs no quotes when it comes back without them", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z_$0-9]{1,6}$/)), (stored) => {
      const same = nameProblem(stored) === undefined && storedName(stored) === stored;
      expect(needsNoQuotes(stored)).toBe(same);
    }),
  );
});
