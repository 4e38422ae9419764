import { inspect } from "node:util";
import * as fc from "fast-check";
import { Secret, scrub } from "../../src/core/secret.js";
import { spellings } from "../support/leakSearch.js";

const VALUE = `secret!'()~+/="\\ %ä-of-the-test`;
new Secret(VALUE);

describe("a secret", () => {
  it.each<[string, (secret: Secret) => string]>([
    ["text", (secret) => `${secret}`],
    ["JSON", (secret) => JSON.stringify({ secret })],
    ["inspection", (secret) => inspect({ deep: [secret] }, { showHidden: true, depth: null })],
    ["an error", (secret) => inspect(new Error(String(secret)))],
    ["its own properties", (secret) => JSON.stringify([Object.keys(secret), Object.values(secret)])],
  ])("is a placeholder in %s", (_where, write) => {
    expect(write(new Secret(VALUE))).not.toContain("of-the-test");
  });

  it("is opened by one method", () => {
    expect(new Secret(VALUE).open()).toBe(VALUE);
  });
});

describe("scrub", () => {
  const base64 = Buffer.from(VALUE).toString("base64");
  it.each([
    ...spellings(VALUE).filter(([name]) => /^raw(?!.*base64)/.test(name)),
    ["base64", base64],
    ["base64 without its end", base64.replace(/=+$/, "")],
    ["base64url", Buffer.from(VALUE).toString("base64url")],
  ])("takes a secret out that is written %s", (_name, text) => {
    expect(scrub(`before ${text} after`)).not.toContain(text);
    expect(scrub(`before ${text} after`)).toMatch(/^before .*after$/);
  });

  it("takes out a Basic pair and a bearer token, known or not", () => {
    expect(scrub("Authorization: Basic dXNlcjpwYXNzd29yZA== and Bearer abc.def-ghi_jkl")).toBe("Authorization: Basic [secret] and Bearer [secret]");
  });

  it("takes out the longer of two secrets that begin alike", () => {
    new Secret("begins-alike");
    new Secret("begins-alike-and-goes-on");
    expect(scrub("x begins-alike-and-goes-on, begins-alike y")).toBe("x [secret], [secret] y");
  });

  it("leaves ordinary words alone, and what is too short to be told from them", () => {
    new Secret("Odeus");
    expect(scrub("Odeus refused it (401).")).toBe("Odeus refused it (401).");
  });

  it("takes out any secret, wherever it stands", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, maxLength: 60, unit: "grapheme-ascii" }), fc.string(), fc.string(), (value, before, after) => {
        new Secret(value);
        expect(scrub(`${before} ${value} ${after}`)).not.toContain(` ${value} `);
      }),
    );
  });
});
