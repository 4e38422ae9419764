/** What the description of a security integration proves of the scopes and of signing in. */

import { observationOf } from "../../src/authorizationServers/snowflakeObservation.js";

const URL = "https://app.example/callback";

function seen(described: Record<string, string>, scopes: string[]) {
  const now = new Map(Object.entries({ OAUTH_CLIENT_ID: "id", OAUTH_REDIRECT_URI: URL, ...described }));
  const wish = { redirectUrls: [URL], scopes, builtIn: [] };
  const { drift, notes, findings } = observationOf({ now, client: { clientId: "id", objects: {} }, wish, settings: {}, shown: "it", renewed: false });
  const { state, detail } = findings.find(({ property }) => property === "scopes") ?? {};
  return { drift, notes, state, detail };
}

it.each<[string, Record<string, string>, string[], string]>([
  ["a scope that nobody knows", {}, ["openid"], "it is asked for the scope openid, which is none that Snowflake knows"],
  ["two roles", {}, ["session:role:A", "session:role:B"], "it is asked for the scope session:role:B, which names a second role"],
  ["a blocked role", { BLOCKED_ROLES_LIST: "ACCOUNTADMIN,ANALYST" }, ["session:role:ANALYST"], "it blocks the role ANALYST"],
  ["a blocked role, encoded", { BLOCKED_ROLES_LIST: '"a b"' }, ["session:role-encoded:a%20b"], "it blocks the role a b"],
  [
    "a role that is not allowed",
    { ALLOWED_ROLES_LIST: "SYSADMIN" },
    ["session:role:ANALYST"],
    "it allows only the roles SYSADMIN, and the scopes ask for ANALYST",
  ],
  ["a choice that nobody has", { OAUTH_ANY_ROLE_MODE: "DISABLE" }, ["session:role-any"], "it lets nobody choose a role (OAUTH_ANY_ROLE_MODE)"],
  ["refresh tokens that are not issued", { OAUTH_ISSUE_REFRESH_TOKENS: "0" }, ["refresh_token"], "it issues no refresh tokens"],
])("%s is wrong, and people are told", (_what, described, scopes, told) => {
  const { state, detail, notes, drift } = seen(described, scopes);
  expect([state, detail, notes]).toEqual(["wrong", expect.stringContaining(told), [expect.stringContaining(told)]]);
  expect(drift).toEqual([]);
});

it.each<[string, Record<string, string>, string[], string]>([
  ["no role", { ALLOWED_ROLES_LIST: "SYSADMIN" }, ["refresh_token"], "proven"],
  ["a choice of roles", { OAUTH_ANY_ROLE_MODE: "ENABLE" }, ["session:role-any"], "proven"],
  ["a role whose letters the blocked one has not", { BLOCKED_ROLES_LIST: "ANALYST" }, ["session:role:analyst"], "unproven"],
  ["a role that is allowed", { ALLOWED_ROLES_LIST: "ANALYST, SYSADMIN" }, ["session:role:ANALYST"], "unproven"],
])("%s is fine", (_what, described, scopes, state) => {
  expect(seen(described, scopes)).toMatchObject({ state, notes: [] });
});

it.each(["false", "FALSE", "0"])("ENABLED %s means that nobody can sign in", (text) => {
  expect(seen({ ENABLED: text }, []).drift).toEqual(["it was disabled: nobody can sign in"]);
});
