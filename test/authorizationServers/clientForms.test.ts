/** Ids and secrets of hand-made clients that cannot be what they are declared for, known by their form alone. */

import { formProblems, formWarnings } from "../../src/authorizationServers/clientForms.js";

const GUID = "0d9f4f8a-7b3c-4c7e-9a51-2f4e6d8b1c3a";
const problems = (clientId: string, slugs: string[], clientSecret?: string) => formProblems({ clientId, clientSecret }, slugs);

it.each<[string, string[]]>([
  ["407408718192-8c1k9v2q3abcdefghijklmnopqrst123.apps.googleusercontent.com", ["gmail", "google-drive"]],
  ["407408718192.apps.googleusercontent.com", ["google-calendar"]],
  // Other vendors' ids have forms of their own, and those of custom integrations any.
  [GUID, ["outlook-email"]],
  ["anything at all", ["jira"]],
  ["projects/p/locations/global/oauthClients/c", ["something-custom"]],
])("%s is taken for %j", (clientId, slugs) => {
  expect(problems(clientId, slugs)).toEqual([]);
});

it.each<[string, string, string]>([
  ["the id that IAM generates", GUID, "is that of a gcp.iam.OauthClient, which signs in users of workforce identity federation"],
  ["a resource name of IAM", "projects/p/locations/global/oauthClients/odeus", "cannot serve Gmail, Drive or Calendar"],
  ["the id that a program chose for IAM", "odeus-client", "is not of the form of a Google web-application client (a gcp.iam.OauthClient cannot serve Gmail"],
  ["a mobile client's scheme", "com.googleusercontent.apps.1234-abc", "is the URL scheme of a mobile client"],
  ["a service account's number", "104000000000000000001", "is a service account's"],
  ["a service account's address", "odeus@contoso.iam.gserviceaccount.com", "is a service account's"],
  ["a host that only ends like Google's", "1234-abc.apps.googleusercontent.com.example", "is not of the form"],
  ["an empty one", "", "is not of the form"],
])("for Google, %s is refused with the reason and the way out", (_what, clientId, told) => {
  for (const slugs of [["gmail"], ["google-drive"], ["jira", "google-calendar"]]) {
    const found = problems(clientId, slugs);
    expect(found).toEqual([expect.stringMatching(/^existing\.clientId: is .*Make a client in the Google Cloud console .*"Web application"/)]);
    expect(found[0]).toContain(told);
    if (clientId !== "") expect(found[0]).not.toContain(clientId);
  }
});

it("a secret that is an id is refused, and never repeated", () => {
  expect(problems("the-same", ["jira"], "the-same")).toEqual(["existing.clientSecret: is the same text as existing.clientId"]);
  const [found, ...more] = problems(GUID, ["sharepoint"], "1c2d3e4f-0000-4000-8000-000000000000");
  expect(found).toMatch(/^existing\.clientSecret: has the form of an id: Entra shows a secret's id beside its value/);
  expect(found).not.toContain("1c2d3e4f");
  expect(more).toEqual([]);
  // Other servers may well give out GUIDs.
  expect(problems("x", ["jira"], GUID)).toEqual([]);
});

it("nothing is said of what is not known yet", () => {
  expect(formProblems({ clientId: undefined, clientSecret: undefined }, ["gmail", "sharepoint"])).toEqual([]);
});

it.each<[string[], boolean]>([
  [["jira"], false],
  [["jira", "gmail"], false],
  [["jira", "confluence"], true],
  [["confluence", "jira", "something-custom"], true],
])("%j on one Atlassian app: warned about is %p", (slugs, warned) => {
  expect(formWarnings(slugs)).toEqual(warned ? [expect.stringMatching(/^\w+ and \w+ share one Atlassian app\. An Atlassian app has one callback URL/)] : []);
});
