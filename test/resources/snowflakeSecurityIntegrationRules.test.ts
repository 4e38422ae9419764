/** Rules of a SnowflakeSecurityIntegration that its values' shapes cannot say: redirect URIs. */

import { problemsOf } from "../../src/resources/snowflakeSecurityIntegration/rules.js";

const ONE = "https://one.example/callback";
const TWO = "https://two.example/callback";
const integration = { name: "odeus", integration: "snowflake" };

it.each([
  ["stands alone", { name: "odeus", oauthRedirectUri: ONE }],
  ["has other redirect URIs beside", { name: "odeus", oauthRedirectUri: ONE, oauthAlternateRedirectUris: [TWO] }],
  ["has other redirect URIs beside that of the workspace", { ...integration, oauthAlternateRedirectUris: [ONE, TWO] }],
  ["is for this machine alone", { name: "odeus", oauthRedirectUri: "http://localhost/callback", oauthAllowNonTlsRedirectUri: true }],
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
])("%j is refused", (inputs, problem) => {
  expect(problemsOf(inputs)).toEqual([expect.stringContaining(problem)]);
});
