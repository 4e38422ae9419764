/** Rules of a SnowflakeSecurityIntegration that its values' shapes cannot say: redirect URIs. */

import { type Properties, UNKNOWN } from "../../src/core/value.js";
import { problemsOf } from "../../src/resources/snowflakeSecurityIntegration/rules.js";

const ONE = "https://one.example/callback";
const TWO = "https://two.example/callback";
const integration = { name: "odeus", integration: "snowflake" };

it.each<[string, Properties]>([
  ["stands alone", { name: "odeus", oauthRedirectUri: ONE }],
  ["has other redirect URIs beside", { name: "odeus", oauthRedirectUri: ONE, oauthAlternateRedirectUris: [TWO] }],
  ["has other redirect URIs beside that of the workspace", { ...integration, oauthAlternateRedirectUris: [ONE, TWO] }],
  ["is for this machine alone", { name: "odeus", oauthRedirectUri: "http://localhost/callback", oauthAllowNonTlsRedirectUri: true }],
  ["asks for the one role that is allowed", { ...integration, scopes: ["session:role:ANALYST", "refresh_token"], allowedRoles: ["analyst"] }],
  ["asks for a role in another's capitals", { ...integration, scopes: ["session:role:analyst"], blockedRoles: ["analyst"] }],
  ["asks for a role that a list may still name", { ...integration, scopes: ["session:role:ANALYST"], allowedRoles: ["sysadmin", UNKNOWN] }],
  ["lets people choose", { ...integration, scopes: ["session:role-any", UNKNOWN] }],
])("an integration that %s is fine", (_, inputs) => {
  expect(problemsOf(inputs)).toEqual([]);
});

it.each([
  [{ name: "odeus" }, "one of integration and oauthRedirectUri is required"],
  [{ ...integration, oauthRedirectUri: ONE }, "oauthRedirectUri: is only for an integration without a workspace integration"],
  [{ name: "odeus", oauthRedirectUri: "http://one.example" }, "oauthRedirectUri: must start with https://"],
  [{ name: "odeus", oauthRedirectUri: "callback" }, "oauthRedirectUri: must be a web address"],
  [{ name: "odeus", oauthRedirectUri: "ftp://one.example/callback" }, "oauthRedirectUri: must be a web address"],
  [{ name: "odeus", oauthRedirectUri: ONE, oauthAlternateRedirectUris: [ONE] }, "oauthAlternateRedirectUris[0]: is named twice"],
  [{ ...integration, oauthAlternateRedirectUris: [ONE, TWO, ONE] }, "oauthAlternateRedirectUris[2]: is named twice"],
  [{ ...integration, scopes: ["refresh_token", "openid"] }, "scopes[1]: is none that Snowflake knows (390308)"],
  [{ ...integration, scopes: ["session:role:"] }, "scopes[0]: is none that Snowflake knows"],
  [{ ...integration, scopes: ["session:role-encoded:%zz"] }, "scopes[0]: is none that Snowflake knows"],
  [{ ...integration, scopes: ["session:role:A", "session:role-any"] }, "scopes[1]: names a second role beside session:role:A"],
  [{ ...integration, scopes: ["session:role:ANALYST"], blockedRoles: ["analyst"] }, "scopes[0]: asks for the role ANALYST, which blockedRoles blocks"],
  [{ ...integration, scopes: ["session:role-encoded:a%20b"], allowedRoles: ["analyst"] }, "scopes[0]: asks for the role a b, which is not among allowedRoles"],
])("%j is refused", (inputs, problem) => {
  expect(problemsOf(inputs)).toEqual([expect.stringContaining(problem)]);
});
