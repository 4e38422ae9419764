/** What is told of a client's proof, check by check and as a whole, and what of an earlier run still counts. */

import type { AuthorizationServer, Check, Finding } from "../../src/authorizationServers/contract.js";
import { requireNotRejected, summaryOf, type Verification, warningsOf, withFindings } from "../../src/rollout/verification.js";

const SECRET: Check = { property: "secret", verdict: "accepted", method: "paired token request", detail: "It takes this one." };
const REDIRECT: Check = { property: "redirectUrl", verdict: "accepted", method: "paired authorization request", detail: "It knows it." };
const made = (...checks: Check[]): Verification => ({ skipped: false, checks, checkedAt: "2026-01-02T03:04:05Z" });
const unproven = (property: Finding["property"], detail = `look at the ${property} by hand`): Finding => ({ property, state: "unproven", detail });
const proven = (property: Finding["property"]): Finding => ({ property, state: "proven", detail: "" });

it("what can be read counts, whatever was asked", () => {
  const summary = summaryOf(
    withFindings(made(SECRET, REDIRECT), [{ property: "redirectUrl", state: "wrong", detail: "it lacks https://ours" }, proven("scopes")]),
  );
  expect(summary).toMatchObject({ verdict: "accepted", method: "paired token request", proven: ["secret", "scopes"], unproven: ["redirectUrl"] });
  expect(summary.detail).toBe("It takes this one. redirectUrl: it lacks https://ours.");
  expect(summary.checks[1]).toEqual({ property: "redirectUrl", verdict: "rejected", method: "read back", detail: "it lacks https://ours." });
});

it("what cannot be read was asked, or is said with the way to prove it by hand", () => {
  const silent: Check = { ...REDIRECT, verdict: "inconclusive", detail: "It says the same to both." };
  const summary = summaryOf(withFindings(made(SECRET, silent), [unproven("redirectUrl"), unproven("scopes", "Compare them."), unproven("consent")]));
  expect(summary.unproven).toEqual(["redirectUrl", "scopes", "consent"]);
  expect(summary.detail).toBe(
    "It takes this one. redirectUrl: It says the same to both. look at the redirectUrl by hand. scopes: Compare them. consent: look at the consent by hand.",
  );
  expect(summary.checks.map(({ verdict, method }) => [verdict, method])).toEqual([
    ["accepted", "paired token request"],
    ["inconclusive", "paired authorization request"],
    ["unavailable", "none"],
    ["unavailable", "none"],
  ]);
});

it("a later run that asks nothing keeps what was asked, reads the rest again, and adds nothing to the words", () => {
  const findings = [unproven("redirectUrl"), unproven("scopes")];
  const silent: Check = { ...REDIRECT, verdict: "unavailable", detail: "No answer." };
  for (const first of [made(SECRET, REDIRECT), made(SECRET, silent)]) {
    const once = withFindings(first, findings);
    expect(withFindings(once, findings)).toEqual(once);
  }
  const read = withFindings(made(SECRET), [proven("redirectUrl"), proven("scopes")]);
  expect(summaryOf(withFindings(read, findings))).toMatchObject({ proven: ["secret"], unproven: ["redirectUrl", "scopes"] });
});

it("with verify off nothing is proven", () => {
  expect(summaryOf({ ...made(), skipped: true })).toMatchObject({ verdict: "skipped", proven: [], unproven: ["secret", "redirectUrl", "scopes", "consent"] });
});

it("a warning names the property and the verdict", () => {
  expect(warningsOf([SECRET, { ...REDIRECT, verdict: "unavailable", detail: "No answer." }])).toEqual([
    "the redirect URL is not proven (unavailable): No answer.",
  ]);
});

it.each<[string, AuthorizationServer["secrets"], Check[], RegExp | undefined]>([
  ["none", "given", [SECRET, { ...REDIRECT, verdict: "inconclusive" }, { ...REDIRECT, verdict: "unavailable" }], undefined],
  [
    "a given secret",
    "given",
    [{ ...SECRET, verdict: "rejected", detail: "No." }],
    /^proving client x: rejected\. No\.\n {2}Check both at the authorization server/,
  ],
  ["an issued secret", "many", [{ ...SECRET, verdict: "rejected", detail: "No." }], /^proving client x: rejected for 3 s\. No\.\n {2}Run again/],
  [
    "redirect URL and scopes",
    "given",
    [
      { ...REDIRECT, verdict: "rejected", detail: "Unknown URL." },
      { ...REDIRECT, property: "scopes", verdict: "rejected", detail: "No such scope." },
    ],
    /^proving client x: rejected\. Unknown URL\.\n {2}No such scope\.$/,
  ],
])("refuses for %s", (_what, secrets, checks, told) => {
  const work = () => requireNotRejected({ title: "client x", secrets } as AuthorizationServer, checks, 3000);
  if (told === undefined) expect(work).not.toThrow();
  else expect(work).toThrow(told);
});
