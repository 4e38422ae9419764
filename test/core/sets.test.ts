import * as fc from "fast-check";
import { converged, minus, sameSet, union } from "../../src/core/sets.js";

const set: fc.Arbitrary<string[]> = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "f"));

it.each<[string[], string[], boolean]>([
  [[], [], true],
  [["a", "b"], ["b", "a"], true],
  [["a", "a"], ["a"], true],
  [["a"], ["a", "b"], false],
  [["A"], ["a"], false],
])("%j and %j hold the same: %s", (a, b, expected) => {
  expect(sameSet(a, b)).toBe(expected);
});

it("takes away, and joins in the order of appearance", () => {
  expect(minus(["a", "b", "c"], ["b"])).toEqual(["a", "c"]);
  expect(union(["b", "a"], [], ["a", "c"])).toEqual(["b", "a", "c"]);
});

describe("converged", () => {
  it.each<[string, string[], string[], string[], string[]]>([
    ["adds what is wished", ["a"], ["b"], [], ["a", "b"]],
    ["takes away what was ours and is not wished any more", ["a", "b"], ["b"], ["a", "b"], ["b"]],
    ["leaves what others added", ["theirs", "a"], ["b"], ["a"], ["theirs", "b"]],
    ["does not bring back what others took away of the former", [], ["b"], ["a"], ["b"]],
  ])("%s", (_what, current, wished, formerly, expected) => {
    expect(converged(current, wished, formerly)).toEqual(expected);
  });

  it("holds all that is wished, nothing that was only ours, all that was only theirs, and rests then", () => {
    fc.assert(
      fc.property(set, set, set, (current, wished, formerly) => {
        const next = converged(current, wished, formerly);
        expect(minus(wished, next)).toEqual([]);
        expect(next.filter((item) => formerly.includes(item) && !wished.includes(item))).toEqual([]);
        expect(minus(minus(current, formerly), next)).toEqual([]);
        expect(sameSet(converged(next, wished, wished), next)).toBe(true);
      }),
    );
  });
});
