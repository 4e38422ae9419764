import type { Properties, Value } from "../../src/core/value.js";
import { UNKNOWN } from "../../src/core/value.js";
import { anotherClient, diffOf, rotationOf } from "../../src/resources/oauthClientConfig/diff.js";
import { fromState } from "../../src/resources/oauthClientConfig/state.js";

const NOW = new Date("2026-03-01T12:00:00Z");
const TENANT = "11111111-2222-4333-8444-555555555555";
const uses = (...integrations: Value[]): Value[] => integrations.map((integration) => ({ integration }));
const MAIL: Properties = {
  integrations: uses("outlook-email"),
  entra: { displayName: "Odeus mail", secretLifetimeDays: 180 },
  verify: true,
  exportClientSecret: false,
};
const JIRA: Properties = { integrations: uses("jira"), existing: { clientId: "x", clientSecret: "y" }, verify: true, exportClientSecret: false };

function stateOf(inputs: Properties, more: Properties = {}): Properties {
  const kind = inputs["entra"] === undefined ? "existing" : "entra";
  return {
    ...inputs,
    clientId: "x",
    ...(kind === "entra" ? { tenantId: TENANT, secretCreatedAt: "2026-02-01T10:00:00Z", secretExpiresAt: "2026-07-31T10:00:00Z" } : {}),
    redirectUrls: { "outlook-email": "https://odeus.example/1" },
    effectiveScopes: { "outlook-email": ["Mail.Read", "Mail.Send"] },
    retiring: [],
    drift: [],
    rollout: {
      version: 1,
      workspace: "https://api.odeus.ai",
      kind,
      client: kind === "entra" ? { objectId: "o", secretKeyId: "k" } : {},
      slots: { "id-1": { integration: "outlook-email", scopeSync: true, secretUpdatedAt: "2026-02-01T10:00:01Z" } },
    },
    ...more,
  };
}
const diff = (state: Properties, inputs: Properties, now = NOW) => diffOf(state, inputs, fromState(state), now);
const paths = (state: Properties, inputs: Properties): string[] => diff(state, inputs).differences.map(({ path, kind }) => `${kind} ${path}`);

it.each<[string, Properties, Properties]>([
  ["the same inputs", MAIL, MAIL],
  ["a hand-made client", JIRA, JIRA],
  ["another order of integrations", { ...MAIL, integrations: uses("a", "b") }, { ...MAIL, integrations: uses("b", "a") }],
  [
    "another order of scopes",
    { ...MAIL, integrations: [{ integration: "a", scopes: ["x", "y"] }] },
    { ...MAIL, integrations: [{ integration: "a", scopes: ["y", "x"] }] },
  ],
  [
    "an asset at another place",
    { ...MAIL, entra: { logo: { kind: "asset", hash: "1", path: "a" } } },
    { ...MAIL, entra: { logo: { kind: "asset", hash: "1", path: "b" } } },
  ],
])("finds no difference in %s", (_what, before, after) => {
  expect(diff(stateOf(before), after)).toEqual({ differences: [], announcements: [] });
});

describe("an audience left out", () => {
  const named = (signInAudience?: string): Properties => ({
    ...MAIL,
    entra: { displayName: "Odeus mail", ...(signInAudience === undefined ? {} : { signInAudience }) },
  });
  const [ONE, MANY] = ["AzureADMyOrg", "AzureADMultipleOrgs"];

  it("is the standard of an app made here", () => {
    expect(paths(stateOf(named(ONE)), named())).toEqual([]);
    expect(paths(stateOf(named()), named(ONE))).toEqual([]);
    expect(paths(stateOf(named(MANY)), named())).toEqual(["delete entra.signInAudience"]);
    expect(paths(stateOf(named()), named(MANY))).toEqual(["add entra.signInAudience"]);
  });

  it("is what an app of others has", () => {
    const adopted = (state: Properties): Properties => ({
      ...state,
      rollout: { ...(state["rollout"] as Properties), client: { objectId: "o", signInAudience: MANY } },
    });
    expect(paths(adopted(stateOf(named(MANY))), named())).toEqual([]);
    expect(paths(adopted(stateOf(named())), named(MANY))).toEqual([]);
    expect(paths(adopted(stateOf(named())), named(ONE))).toEqual(["add entra.signInAudience"]);
  });
});

it.each<[string, Properties, Properties, string[]]>([
  ["an added integration", MAIL, { ...MAIL, integrations: uses("sharepoint", "outlook-email") }, ["add integrations[0]"]],
  ["a removed one", { ...MAIL, integrations: uses("a", "b") }, { ...MAIL, integrations: uses("b") }, ["delete integrations[0]"]],
  ["scopes that are now given", MAIL, { ...MAIL, integrations: [{ integration: "outlook-email", scopes: ["Mail.Read"] }] }, ["add integrations[0].scopes"]],
  ["a setting", MAIL, { ...MAIL, entra: { displayName: "Another", secretLifetimeDays: 90 } }, ["update entra.displayName", "update entra.secretLifetimeDays"]],
  ["a secret", JIRA, { ...JIRA, existing: { clientId: "x", clientSecret: "z" } }, ["update existing.clientSecret"]],
  ["a setting left out", { ...MAIL, entra: { displayName: "x", notes: "n" } }, { ...MAIL, entra: { displayName: "x" } }, ["delete entra.notes"]],
  ["a value not known yet", MAIL, { ...MAIL, verify: UNKNOWN }, ["update verify"]],
  ["integrations not known yet", MAIL, { ...MAIL, integrations: UNKNOWN }, ["delete integrations[0]"]],
])("finds %s, by path", (_what, before, after, expected) => {
  expect(paths(stateOf(before), after)).toEqual(expected);
});

describe("announces", () => {
  const said = (state: Properties, inputs: Properties, now = NOW): string => diff(state, inputs, now).announcements.join("\n");

  it.each<[string, Properties, Properties]>([
    ["another kind of client", MAIL, JIRA],
    ["another id", JIRA, { ...JIRA, existing: { clientId: "z" } }],
    ["another tenant", MAIL, { ...MAIL, entra: { displayName: "x", tenantId: TENANT.replace("1", "2") } }],
  ])("%s: users sign in again", (_what, before, after) => {
    expect(said(stateOf(before), after)).toContain("another client id: users of");
  });

  it("no other client for the same tenant, however it is written", () => {
    expect(anotherClient(stateOf(MAIL), { ...MAIL, entra: { displayName: "x", tenantId: TENANT.toUpperCase() } })).toBe(false);
    expect(anotherClient(stateOf(MAIL), { ...MAIL, entra: { displayName: "x", tenantId: UNKNOWN } })).toBe(false);
  });

  it("an integration that leaves, one that comes, a scope that goes", () => {
    expect(said(stateOf(MAIL), { ...MAIL, integrations: uses("sharepoint") })).toMatch(
      /outlook-email no longer uses this client: it falls back to Odeus's own client.*\nsharepoint is added: a new client secret is issued/,
    );
    expect(said(stateOf(MAIL), { ...MAIL, integrations: [{ integration: "outlook-email", scopes: ["Mail.Read"] }] })).toContain(
      "outlook-email: scope Mail.Send is dropped",
    );
  });

  it("a rotation by trigger, by age, by the coming end, and an exported secret, each as a difference", () => {
    const rotation = (more: Properties): Properties => ({ ...MAIL, rotation: { overlapHours: 2, renewBeforeExpiryDays: 14, ...more } });
    const state = stateOf(rotation({ triggers: { run: "1" } }));
    expect(said(state, rotation({ triggers: { run: "2" } }))).toContain(
      "rotation.triggers changed: a new client secret is issued, proven and entered for all integrations; the previous one stays valid for at least 2 h",
    );
    expect(said(stateOf(rotation({})), rotation({ everyDays: 28 }))).toContain("the client secret is 28 days old");
    expect(said(stateOf(MAIL), MAIL, new Date("2026-07-20T00:00:00Z"))).toContain("the client secret expires in 11 days");
    expect(said(stateOf(MAIL), { ...MAIL, exportClientSecret: true })).toContain("exportClientSecret was switched on");
    expect(diff(stateOf(MAIL), MAIL, new Date("2026-07-20T00:00:00Z")).differences).toEqual([{ path: "secretCreatedAt", kind: "update", input: false }]);
  });

  it("the removal of a previous secret once its overlap is over", () => {
    const state = stateOf(MAIL, { retiring: [{ keyId: "old", removableFrom: "2026-02-28T00:00:00Z" }] });
    expect(diff(state, MAIL)).toEqual({
      differences: [{ path: "retiring", kind: "update", input: false }],
      announcements: ["the overlap is over: the previous client secret is removed"],
    });
    expect(diff(state, MAIL, new Date("2026-02-27T00:00:00Z")).differences).toEqual([]);
  });

  it("drift, and that the update mends it", () => {
    expect(said(stateOf(MAIL, { drift: ["jira was switched back"] }), MAIL)).toBe("not as declared, and mended by this update: jira was switched back");
  });
});

it("has a window that never fills more than half of a short lifetime, unless the program says so", () => {
  const window = (secretLifetimeDays: number, rotation?: Properties) =>
    rotationOf({ entra: { secretLifetimeDays }, ...(rotation === undefined ? {} : { rotation }) }).renewBeforeExpiryDays;
  expect([window(180), window(28), window(10), window(1), window(10, { renewBeforeExpiryDays: 9 })]).toEqual([14, 14, 5, 0, 9]);
});
