import * as fc from "fast-check";
import { shapeProblems, withDefaults } from "../../src/core/check.js";
import { type Properties, UNKNOWN, type Value } from "../../src/core/value.js";
import { inputs as definition } from "../../src/resources/oauthClientConfig/definition.js";
import { knownInputs } from "../../src/resources/oauthClientConfig/knownInputs.js";
import { claimsOf, problemsOf, sharedOf, slotsOf } from "../../src/resources/oauthClientConfig/rules.js";

const uses = (...integrations: Value[]): Value[] => integrations.map((integration) => ({ integration }));
const MAIL: Properties = { integrations: uses("outlook-email"), entra: { displayName: "Odeus mail" } };
const JIRA: Properties = { integrations: uses("jira"), existing: { clientId: "x", clientSecret: "y" } };
const IDENTIFIER = "0d9f4f8a-7b3c-4c7e-9a51-2f4e6d8b1c3a";
const ANYWHERE = { authorizationUrl: "https://x.example/authorize", tokenUrl: "https://x.example/token" };
const DESK: Properties = { integrations: uses("servicenow"), serviceNow: { name: "Odeus" } };
const problems = (inputs: Properties): string[] => problemsOf(withDefaults(definition, inputs));
const inApp = (more: Properties): Properties => ({ ...MAIL, entra: { displayName: "Odeus mail", ...more } });

it.each<[string, Properties]>([
  ["an app", MAIL],
  ["a hand-made client", JIRA],
  ["windows that just fit", { ...inApp({ secretLifetimeDays: 10 }), rotation: { renewBeforeExpiryDays: 9, everyDays: 10, overlapHours: 216 } }],
  [
    "an overlap as long as a secret that nothing replaces by itself",
    { ...inApp({ secretLifetimeDays: 10 }), rotation: { renewBeforeExpiryDays: 0, overlapHours: 240 } },
  ],
  [
    "an overlap that waits for a value",
    { ...inApp({ secretLifetimeDays: 10 }), rotation: { renewBeforeExpiryDays: 0, everyDays: UNKNOWN, overlapHours: 240 } },
  ],
  ["the age of a secret that has no end", { ...DESK, rotation: { everyDays: 30, overlapHours: 0, renewBeforeExpiryDays: 0 } }],
  ["a redirect URL of this machine", inApp({ additionalRedirectUrls: ["http://localhost:3000/callback"] })],
  [
    "addresses of this machine",
    { ...JIRA, existing: { clientId: "x", tokenUrl: "http://127.0.0.1:1/token", issuer: "http://localhost:1", authorizationUrl: "https://x.example" } },
  ],
  [
    "a client of any form at endpoints of its own, which may be for an integration made from scratch",
    { integrations: uses("google-cloud-bigquery", "teams-wiki"), existing: { clientId: "x", clientSecret: IDENTIFIER, ...ANYWHERE } },
  ],
  ["the same, not known yet", { integrations: uses("gmail"), existing: { clientId: "x", authorizationUrl: UNKNOWN, tokenUrl: UNKNOWN } }],
  ["values that are not known yet", { integrations: UNKNOWN, entra: UNKNOWN, rotation: UNKNOWN, verify: UNKNOWN }],
  [
    "values that are not known yet, deep inside",
    { ...MAIL, integrations: [UNKNOWN, { integration: UNKNOWN, scopes: [UNKNOWN, UNKNOWN] }], rotation: { renewBeforeExpiryDays: UNKNOWN } },
  ],
])("finds nothing wrong with %s", (_what, inputs) => {
  expect(problems(inputs)).toEqual([]);
});

it.each<[string, Properties, string]>([
  [
    "a long name for people's own accounts",
    inApp({ displayName: "n".repeat(91), signInAudience: "PersonalMicrosoftAccount" }),
    "entra.displayName: must be at most 90 characters with the audience PersonalMicrosoftAccount",
  ],
  [
    "a query for people's own accounts",
    inApp({ additionalRedirectUrls: ["https://x.example/?a"], signInAudience: "AzureADandPersonalMicrosoftAccount" }),
    "entra.additionalRedirectUrls[0]: must not hold a query",
  ],
  [
    "a redirect URL that Entra refuses",
    inApp({ additionalRedirectUrls: ["https://x.example/(a)"] }),
    "entra.additionalRedirectUrls[0]: must not hold any of ! $ ' ( ) , ; (Entra refuses them)",
  ],
  [
    "a plain redirect URL",
    inApp({ additionalRedirectUrls: ["https://x.example", "http://x.example"] }),
    "entra.additionalRedirectUrls[1]: must start with https:// (http is only for localhost)",
  ],
  ["a redirect URL twice", inApp({ additionalRedirectUrls: ["https://x.example", "https://x.example"] }), "entra.additionalRedirectUrls[1]: is named twice"],
  ["a scope twice", { ...MAIL, integrations: [{ integration: "outlook-email", scopes: ["a", "b", "a"] }] }, "integrations[0].scopes[2]: is named twice"],
  [
    "a window of the whole lifetime, of one day",
    { ...inApp({ secretLifetimeDays: 1 }), rotation: { renewBeforeExpiryDays: 1 } },
    "(entra.secretLifetimeDays, 1 day); it is 1",
  ],
  [
    "an overlap in which the previous secret would expire",
    { ...inApp({ secretLifetimeDays: 180 }), rotation: { everyDays: 170, overlapHours: 15 * 24 } },
    "rotation.overlapHours: must not be more than the 14 days for which the previous secret is still valid",
  ],
  [
    "an age that a secret does not live to see",
    { ...inApp({ secretLifetimeDays: 30 }), rotation: { everyDays: 30, renewBeforeExpiryDays: 0, overlapHours: 0 } },
    "rotation.everyDays: must be less than the lifetime of the secret (30 days)",
  ],
  [
    "a client of another form than Google's, with one endpoint, which no integration made from scratch can use",
    { integrations: uses("gmail"), existing: { clientId: "x", tokenUrl: ANYWHERE.tokenUrl } },
    "existing.clientId: is not of the form of a Google web-application client",
  ],
  [
    "an id in place of a secret, wherever the endpoints are",
    { ...JIRA, existing: { clientId: "x", clientSecret: "x", ...ANYWHERE } },
    "existing.clientSecret: is the same text as existing.clientId",
  ],
  ["an overlap of the only secret", { ...DESK, rotation: { overlapHours: 2 } }, "rotation.overlapHours: is not for serviceNow"],
  ["a window before an end that does not come", { ...DESK, rotation: { renewBeforeExpiryDays: 30 } }, "rotation.renewBeforeExpiryDays: is not for serviceNow"],
])("finds %s", (_what, inputs, expected) => {
  expect(problems(inputs)).toEqual([expect.stringContaining(expected)]);
});

it("counts a kind of client that is not known yet as given", () => {
  expect(problems({ integrations: uses("jira"), existing: UNKNOWN, entra: { displayName: "x" } })).toEqual([
    "entra and existing are given; exactly one of entra, serviceNow, existing is allowed",
  ]);
  expect(problems({ integrations: uses("jira"), existing: null })).toEqual([expect.stringContaining("exactly one of entra, serviceNow, existing is required")]);
});

const anything: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Value>(UNKNOWN, null, true, "", "text", 7, -1),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        "integration",
        "scopes",
        "displayName",
        "tenantId",
        "clientId",
        "clientSecret",
        "additionalRedirectUrls",
        "secretLifetimeDays",
        "everyDays",
      ),
      tie("value"),
      { maxKeys: 4 },
    ),
  ),
})).value;
const anyInputs = fc.dictionary(fc.constantFrom("integrations", "entra", "existing", "rotation", "verify", "replaceClientIds"), anything);

it("takes anything, shape and rules and slots and previews alike, without breaking", () => {
  fc.assert(
    fc.property(anyInputs, (given) => {
      const inputs = withDefaults(definition, given);
      for (const sentence of [...shapeProblems(definition, inputs), ...problemsOf(inputs)]) expect(typeof sentence).toBe("string");
      expect(slotsOf(inputs).every((slot) => typeof slot === "string")).toBe(true);
      knownInputs(inputs);
      sharedOf(inputs);
    }),
  );
});

describe("what a preview can look at", () => {
  it.each<[string, Properties]>([
    ["integrations", { ...MAIL, integrations: UNKNOWN }],
    ["entra.tenantId", inApp({ tenantId: UNKNOWN })],
    ["existing.clientId", { ...JIRA, existing: { clientId: UNKNOWN } }],
    ["replaceClientIds", { ...JIRA, replaceClientIds: ["a", UNKNOWN] }],
  ])("is nothing without %s", (unknown, inputs) => {
    expect(knownInputs(inputs)).toEqual({ inputs: undefined, unknown });
  });

  it("is all that is known, with a secret that is given but not known", () => {
    const inputs: Properties = {
      integrations: [{ integration: UNKNOWN }, { integration: "jira", scopes: ["a", UNKNOWN] }],
      existing: { clientId: "x", clientSecret: UNKNOWN, tokenUrl: UNKNOWN },
      verify: UNKNOWN,
    };
    expect(knownInputs(inputs)).toEqual({
      inputs: { integrations: [{ integration: "jira", scopes: ["a"] }], existing: { clientId: "x", clientSecret: UNKNOWN } },
    });
  });
});

it("names the slots as the program wrote them, as far as they are known", () => {
  expect(slotsOf({ integrations: [{ integration: "jira" }, UNKNOWN, { integration: UNKNOWN }, null, 7, { integration: "gmail" }] })).toEqual(["jira", "gmail"]);
  expect(slotsOf({ integrations: UNKNOWN })).toEqual([]);
});

it("claims beside the slots a client that it takes over, where it is known", () => {
  expect(claimsOf({ integrations: uses("jira"), adoptClientId: "a" })).toEqual(["jira", "the client a"]);
  expect(claimsOf({ adoptClientId: "EC83" })).toEqual(claimsOf({ adoptClientId: "ec83" }));
  expect(claimsOf({ integrations: uses("jira"), adoptClientId: UNKNOWN })).toEqual(["jira"]);
});

it("notes a hand-made client that others may have, and warns of one at Atlassian alone", () => {
  const warningOf = (inputs: Properties): string | undefined => sharedOf(inputs)?.warning?.("urn:pulumi:dev::shop::odeus:index:OAuthClientConfig::wiki");
  expect(sharedOf(JIRA)?.what).toBe("x");
  expect(warningOf({ ...JIRA, integrations: uses("jira", "something-custom") })).toMatch(/^jira shares its Atlassian app with the resource wiki\. /);
  expect(sharedOf({ ...JIRA, integrations: uses("gmail") })).toEqual({ what: "x" });
  // It may be made from scratch, at any server.
  expect(sharedOf({ integrations: uses("jira-mirror"), existing: { clientId: "x", ...ANYWHERE } })).toEqual({ what: "x" });
  for (const inputs of [MAIL, { ...JIRA, existing: { clientId: UNKNOWN } }, { ...JIRA, existing: UNKNOWN }] satisfies Properties[])
    expect(sharedOf(inputs)).toBeUndefined();
});
