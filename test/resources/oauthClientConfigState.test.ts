import type { AuthorizationServer } from "../../src/authorizationServers/contract.js";
import type { Properties } from "../../src/core/value.js";
import { fromState, inputsOf, readBackInputs, toState } from "../../src/resources/oauthClientConfig/state.js";
import { RECORD_VERSION } from "../../src/resources/rolloutState.js";

const server = { outputs: () => ({ appObjectId: "o" }) } as unknown as AuthorizationServer;
const STATE: Properties = {
  integrations: [{ integration: "outlook-email" }, { integration: "jira", scopes: ["b", "a"] }],
  entra: { displayName: "Odeus mail", additionalRedirectUrls: ["https://x.example"] },
  verify: true,
  exportClientSecret: true,
  clientId: "client",
  tenantId: "tenant",
  appObjectId: "o",
  redirectUrls: { "outlook-email": "https://odeus.example/1", jira: "https://odeus.example/2" },
  effectiveScopes: { "outlook-email": ["Mail.Read"], jira: ["b", "a"] },
  secretCreatedAt: "2026-02-01T10:00:00Z",
  secretExpiresAt: "2026-07-31T10:00:00Z",
  clientSecret: "exported-secret-of-the-state-test",
  retiring: [{ keyId: "old", removableFrom: "2026-02-01T11:00:00Z" }],
  verification: { verdict: "accepted", method: "m", detail: "d", proven: ["secret"], unproven: [], checkedAt: "2026-02-01T10:00:00Z" },
  drift: ["a slot is owed", "jira was switched back"],
  rollout: {
    version: RECORD_VERSION,
    workspace: "https://api.odeus.ai",
    kind: "entra",
    client: { objectId: "o", servicePrincipalId: "s", secretKeyId: "k" },
    slots: {
      "id-1": { integration: "outlook-email", slug: "outlook-email", scopeSync: true, secretUpdatedAt: "2026-02-01T10:00:01Z" },
      "id-2": { integration: "jira", scopeSync: false },
    },
    replaced: [{ kind: "existing", clientId: "former", tenantId: "theirs", objectId: "f" }],
    unfinished: ["a slot is owed"],
  },
};

it("loses nothing on the way from the state and back", () => {
  expect(toState(STATE, fromState(STATE), server)).toMatchObject(STATE);
  const once = toState(STATE, fromState(STATE), server);
  expect(toState(once, fromState(once), server)).toEqual(once);
});

it("records what is owed, retired and replaced", () => {
  expect(fromState(STATE)).toMatchObject({
    client: { clientId: "client", tenantId: "tenant", objects: { objectId: "o", servicePrincipalId: "s" } },
    secret: { keyId: "k", createdAt: "2026-02-01T10:00:00Z" },
    replaced: [{ kind: "existing", clientId: "former", tenantId: "theirs", objects: { objectId: "f" } }],
    unfinished: ["a slot is owed"],
    drift: ["jira was switched back"],
    additionalRedirectUrls: ["https://x.example"],
  });
  expect(fromState(STATE).slots["id-2"]).not.toHaveProperty("secretUpdatedAt");
});

it("keeps an exported secret closed until it is written", () => {
  expect(JSON.stringify(fromState(STATE))).not.toContain("exported-secret");
});

it("holds no property without a value", () => {
  const bare = toState(
    { integrations: [] },
    { workspace: "w", kind: "existing", retiring: [], replaced: [], slots: {}, additionalRedirectUrls: [], unfinished: [], drift: [] },
    server,
  );
  expect(Object.values(bare)).not.toContain(undefined);
  expect(bare).not.toHaveProperty("clientId");
  expect(fromState(bare).client).toBeUndefined();
});

it("refuses a state of a newer version, and one that is none of ours", () => {
  const newer = { ...STATE, rollout: { ...(STATE["rollout"] as Properties), version: RECORD_VERSION + 1 } };
  expect(() => fromState(newer)).toThrow(/written by a newer version of the odeus provider .* nothing was read or changed/);
  expect(() => fromState({ clientId: "x" })).toThrow("was not written by this resource");
});

it("takes the inputs out of a state, without outputs and hidden properties", () => {
  expect(Object.keys(inputsOf({ ...STATE, __urn: "u", __provider: "p" })).sort()).toEqual(["entra", "exportClientSecret", "integrations", "verify"]);
});

describe("reading back", () => {
  const read = (settings: Record<string, unknown>, scopes: Record<string, string[]> = {}) =>
    readBackInputs(inputsOf(STATE), settings, (written) => scopes[written]);

  it("shows settings that somebody changed, and those that somebody took away", () => {
    expect(read({ displayName: "By hand" })["entra"]).toMatchObject({ displayName: "By hand" });
    expect(read({ additionalRedirectUrls: undefined })["entra"]).not.toHaveProperty("additionalRedirectUrls");
  });

  it("shows scopes where the program keeps them, in its own order", () => {
    expect(read({}, { jira: ["a", "c", "b"], "outlook-email": ["x"] })["integrations"]).toEqual([
      { integration: "outlook-email" },
      { integration: "jira", scopes: ["b", "a", "c"] },
    ]);
  });

  it("changes nothing where nothing was changed", () => {
    expect(read({ displayName: "Odeus mail" }, { jira: ["a", "b"] })).toEqual(inputsOf(STATE));
  });
});
