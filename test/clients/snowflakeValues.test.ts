/** Values of DESC SECURITY INTEGRATION, in every form in which they have been seen. */

import * as fc from "fast-check";
import { booleanOf, integerOf, listOf } from "../../src/clients/snowflakeValues.js";

it.each([
  ["", []],
  ["[]", []],
  [" [ ] ", []],
  ["A", ["A"]],
  ["ACCOUNTADMIN,SECURITYADMIN", ["ACCOUNTADMIN", "SECURITYADMIN"]],
  ["[A, B]", ["A", "B"]],
  ['["a b", C]', ["a b", "C"]],
  ['"a,b",c', ["a,b", "c"]],
  ['"a""b" , "c"",d"', ['a"b', 'c",d']],
  ["https://a.example/x,https://b.example/y", ["https://a.example/x", "https://b.example/y"]],
  ["A,,B,", ["A", "B"]],
  ['"unclosed, B', ['"unclosed, B']],
])("%j lists %j", (text, elements) => {
  expect(listOf(text)).toEqual(elements);
});

it("any list of quoted names comes back, in both forms", () => {
  const names = fc.array(fc.string({ unit: "binary", minLength: 1 }));
  fc.assert(
    fc.property(names, fc.boolean(), (elements, brackets) => {
      const text = elements.map((element) => `"${element.replaceAll('"', '""')}"`).join(brackets ? ", " : ",");
      expect(listOf(brackets ? `[${text}]` : text)).toEqual(elements);
    }),
  );
});

it.each<[string | undefined, boolean | undefined]>([
  ["true", true],
  ["TRUE", true],
  ["1", true],
  [" false ", false],
  ["0", false],
  ["", undefined],
  ["yes", undefined],
  [undefined, undefined],
])("%j is %p", (text, value) => {
  expect(booleanOf(text)).toBe(value);
});

it.each<[string | undefined, number | undefined]>([
  ["7776000", 7_776_000],
  ["-1", -1],
  ["1.5", undefined],
  ["", undefined],
  ["1e3", undefined],
  [undefined, undefined],
])("%j is the number %p", (text, value) => {
  expect(integerOf(text)).toBe(value);
});
