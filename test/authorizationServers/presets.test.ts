import { authorizationUrlOf, isEntra, tenantIn, tokenUrlOf, type Vendor, vendorOf } from "../../src/authorizationServers/presets.js";
import { createConfig } from "../../src/core/config.js";

const config = (settings: Record<string, string> = {}) => createConfig({ setting: (key) => settings[key], environment: {} });

it.each<[string[], Vendor | undefined]>([
  [["gmail"], "google"],
  [["google-drive", "google-calendar"], "google"],
  [["jira", "confluence"], "atlassian"],
  [["outlook-email", "sharepoint", "microsoft-teams"], "microsoft"],
  [["jira", "gmail"], undefined],
  [["jira", "something-custom"], undefined],
  [["something-custom"], undefined],
  [["my-jira"], undefined],
  [[], undefined],
])("the vendor behind %j is %s", (slugs, vendor) => {
  expect(vendorOf("client-id", slugs)).toBe(vendor);
});

it("a Google client is known by its id, whatever it is for", () => {
  expect(vendorOf("1234-abc.apps.googleusercontent.com", ["something-custom"])).toBe("google");
  expect(vendorOf("1234.apps.googleusercontent.com.example", ["something-custom"])).toBeUndefined();
});

it.each<[Vendor, Record<string, string>, string | undefined, string]>([
  ["google", {}, undefined, "https://oauth2.googleapis.com/token"],
  ["google", { "endpoints.google": "http://localhost:1/" }, undefined, "http://localhost:1/token"],
  ["atlassian", {}, undefined, "https://auth.atlassian.com/oauth/token"],
  ["atlassian", { "endpoints.atlassian": "http://localhost:1" }, undefined, "http://localhost:1/oauth/token"],
  ["microsoft", {}, undefined, "https://login.microsoftonline.com/organizations/oauth2/v2.0/token"],
  ["microsoft", {}, "contoso.com", "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token"],
  ["microsoft", { "entra.environment": "china" }, "../evil", "https://login.chinacloudapi.cn/..%2Fevil/oauth2/v2.0/token"],
])("the token endpoint of %s with %j for tenant %s is %s", (vendor, settings, tenant, expected) => {
  expect(tokenUrlOf(vendor, config(settings), tenant)).toBe(expected);
});

it.each<[Vendor, Record<string, string>, string | undefined, string]>([
  ["google", {}, undefined, "https://accounts.google.com/o/oauth2/v2/auth"],
  ["google", { "endpoints.google": "http://localhost:1/" }, undefined, "http://localhost:1/o/oauth2/v2/auth"],
  ["atlassian", {}, undefined, "https://auth.atlassian.com/authorize"],
  ["atlassian", { "endpoints.atlassian": "http://localhost:1" }, undefined, "http://localhost:1/authorize"],
  ["microsoft", {}, "contoso.com", "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize"],
])("people of %s with %j for tenant %s sign in at %s", (vendor, settings, tenant, expected) => {
  expect(authorizationUrlOf(vendor, config(settings), tenant)).toBe(expected);
});

it.each<[string, Record<string, string>, boolean, string | undefined]>([
  ["https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token", {}, true, "contoso.com"],
  ["https://LOGIN.microsoftonline.com:443/9f3c/oauth2/v2.0/token", {}, true, "9f3c"],
  ["https://login.microsoftonline.com/Organizations/oauth2/v2.0/token", {}, true, undefined],
  ["https://login.microsoftonline.com/common/oauth2/v2.0/authorize", {}, true, undefined],
  ["https://login.microsoftonline.com/consumers/oauth2/v2.0/token", {}, true, undefined],
  ["https://login.microsoftonline.com", {}, true, undefined],
  ["https://login.microsoftonline.us/contoso.com/oauth2/v2.0/token", {}, false, undefined],
  ["https://login.microsoftonline.us/contoso.com/oauth2/v2.0/token", { "entra.environment": "usgovernment" }, true, "contoso.com"],
  ["https://localhost:1/contoso.com/oauth2/v2.0/token", { "entra.authorityHost": "https://localhost:1/" }, true, "contoso.com"],
  ["https://localhost:12/contoso.com/oauth2/v2.0/token", { "entra.authorityHost": "https://localhost:1" }, false, undefined],
  ["https://login.microsoftonline.com.example/contoso.com/oauth2/v2.0/token", {}, false, undefined],
  // Other providers read the same variable, and know other clouds.
  ["https://login.example/contoso.com/token", { "entra.environment": "german" }, false, undefined],
])("%s with %j is at Entra: %p, and the tenant is %s", (url, settings, entra, tenant) => {
  expect([isEntra(url, config(settings)), tenantIn(url, config(settings))]).toEqual([entra, tenant]);
});
