/** A user connects an integration: what is entered in the workspace is proven the way users prove it, with the errors they meet. */

import { readFileSync } from "node:fs";
import { type Connected, connectUser } from "../support/browser.js";
import { startWorld, type World } from "../support/sandbox.js";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const idOf = (slug: string): string => world.integrations[slug] ?? "";
const callbackOf = (slug: string): string => `${world.origins.odeus}/api/integrations/${idOf(slug)}/callback`;
const enter = (slug: string, client: Record<string, unknown>) => world.odeus("PUT", `/integrations/v1/${idOf(slug)}/oauth-client`, client);
const refresh = (slug: string) => world.odeus("POST", `/integrations/${idOf(slug)}/connections/refresh?user=ada`);

function connect(slug: string, cancel = false): Promise<Connected> {
  const ca = readFileSync(process.env["SANDBOX_CA"] ?? "", "utf8");
  return connectUser({ startUrl: `${world.origins.odeus}/integrations/${idOf(slug)}/connect?user=ada`, user: "ada", ca, cancel });
}

const JIRA_SCOPES = ["read:jira-work", "write:jira-work", "read:jira-user", "offline_access", "manage:jira-configuration"];

async function jiraClient(change: { redirectUris?: string[]; scopes?: string[] } = {}) {
  const client = await world.vendorClient("atlassian", { name: 'Odeus & "Contoso"', redirectUris: [callbackOf("jira")], scopes: JIRA_SCOPES, ...change });
  await enter("jira", client);
  return client;
}

describe("connecting", () => {
  it("goes through sign-in, shows the client, and stores what was granted", async () => {
    const { clientId } = await jiraClient();
    const connected = await connect("jira");
    expect(connected).toMatchObject({ connected: true, consentShows: 'Odeus & "Contoso"', scopes: JIRA_SCOPES });
    expect(connected.text).toContain("ada");
    const { connections } = (await world.odeus<{ connections: object[] }>("GET", `/integrations/${idOf("jira")}/connections`)).body;
    expect(connections).toEqual([expect.objectContaining({ user: "ada", clientId, scopes: JIRA_SCOPES, hasRefreshToken: true })]);
    expect(Object.keys(connections[0] ?? {})).toEqual(expect.not.arrayContaining(["accessToken", "refreshToken"]));
  });

  it("gets a refresh token from the vendor that has no offline_access", async () => {
    const scopes = ["https://www.googleapis.com/auth/gmail.modify", "https://www.googleapis.com/auth/gmail.send"];
    await enter("gmail", await world.vendorClient("google", { redirectUris: [callbackOf("gmail")], scopes }));
    expect(await connect("gmail")).toMatchObject({ connected: true, scopes });
    expect((await refresh("gmail")).body).toMatchObject({ refreshed: true });
  });

  it("works for a custom integration with the URLs of its settings", async () => {
    const created = await world.odeus<{ integration: { id: string } }>("POST", "/integrations/v1/create", { name: "Wiki", authType: "OAUTH" });
    const { id } = created.body.integration;
    world.integrations["wiki"] = id;
    const client = await world.vendorClient("google", { redirectUris: [callbackOf("wiki")], scopes: ["wiki.read"] });
    const { google } = world.origins;
    const oauthClient = { ...client, authUrl: `${google}/o/oauth2/v2/auth`, tokenUrl: `${google}/token`, scopes: "wiki.read" };
    await world.odeus("PATCH", `/integrations/v1/${id}/auth`, { authType: "OAUTH", oauthClient });
    expect(await connect("wiki")).toMatchObject({ connected: true, scopes: ["wiki.read"] });
  });

  it("says why where there is no client to connect with", async () => {
    expect((await connect("confluence")).error).toBe("odeus_client");
    expect((await connect("entra-directory")).error).toBe("not_configured");
    expect((await connect("notion-api")).error).toBe("not_oauth");
  });

  it("takes no callback that was not started here", async () => {
    expect((await connectUser({ startUrl: `${callbackOf("jira")}?code=stolen&state=guessed`, user: "ada" })).error).toBe("invalid_state");
  });
});

describe("a connection and its client", () => {
  it("refreshes with the stored secret, feels a wrong one, and is bound to its client id", async () => {
    const { clientSecret } = await jiraClient();
    await connect("jira");
    expect((await refresh("jira")).status).toBe(200);
    const slot = `/integrations/v1/${idOf("jira")}/oauth-client`;
    await world.odeus("PATCH", slot, { clientSecret: "another-secret" });
    expect((await refresh("jira")).body).toMatchObject({ refreshed: false, error: "invalid_client" });
    await world.odeus("PATCH", slot, { clientSecret });
    expect((await refresh("jira")).status).toBe(200);

    await jiraClient();
    expect((await refresh("jira")).body).toMatchObject({ refreshed: false, error: "invalid_grant" });
  });

  it("is deleted when the type of a custom integration changes", async () => {
    const id = idOf("wiki");
    await world.odeus("PATCH", `/integrations/v1/${id}/auth`, { authType: "NONE" });
    expect((await world.odeus("GET", `/integrations/${id}/connections`)).body).toEqual({ connections: [] });
  });
});

describe("the documented errors", () => {
  it("redirect_uri_mismatch, at the vendor's page", async () => {
    await jiraClient({ redirectUris: [`${callbackOf("jira")}/`] });
    expect(await connect("jira")).toMatchObject({ connected: false, error: "redirect_uri_mismatch" });
  });

  it("invalid client, for a wrong secret and for an unknown id", async () => {
    const { clientId } = await jiraClient();
    await enter("jira", { clientId, clientSecret: "wrong" });
    const wrongSecret = await connect("jira");
    expect(wrongSecret).toMatchObject({ connected: false, error: "invalid_client" });
    expect(wrongSecret.text).toContain("invalid client");
    await enter("jira", { clientId: "nobody", clientSecret: "wrong" });
    expect((await connect("jira")).error).toBe("invalid_client");
  });

  it("insufficient_scope", async () => {
    await jiraClient({ scopes: ["read:jira-work"] });
    const refused = await connect("jira");
    expect(refused.error).toBe("insufficient_scope");
    expect(refused.text).toContain("write:jira-work");
  });

  it("the user's own no", async () => {
    await jiraClient();
    expect((await connect("jira", true)).error).toBe("access_denied");
  });
});

describe("with Microsoft Entra", () => {
  interface Registered {
    id: string;
    appId: string;
  }
  let app: Registered;
  let secretText: string;
  let keyId: string;
  const scopes = ["Mail.ReadWrite", "Mail.Send", "User.Read", "offline_access"];

  beforeAll(async () => {
    app = (await world.graph<Registered>("POST", "/applications", { displayName: "Odeus for Contoso", web: { redirectUris: [callbackOf("outlook-email")] } }))
      .body;
    await world.graph("POST", "/servicePrincipals", { appId: app.appId });
    ({ secretText, keyId } = (
      await world.graph<{ secretText: string; keyId: string }>("POST", `/applications/${app.id}/addPassword`, { passwordCredential: { displayName: "test" } })
    ).body);
    await enter("outlook-email", { clientId: app.appId, clientSecret: secretText, tenantId: world.tenantId });
  });

  it("connects over https, with the app's name on the consent page", async () => {
    expect(await connect("outlook-email")).toMatchObject({ connected: true, consentShows: "Odeus for Contoso", scopes });
    expect((await refresh("outlook-email")).body).toMatchObject({ refreshed: true });
  });

  it("consent required: only an administrator can grant User.Read.All", async () => {
    await enter("entra-directory", { clientId: app.appId, clientSecret: secretText, tenantId: world.tenantId });
    await world.graph("PATCH", `/applications/${app.id}`, { web: { redirectUris: [callbackOf("outlook-email"), callbackOf("entra-directory")] } });
    expect((await connect("entra-directory")).text).toContain("AADSTS90094");
  });

  it("invalid client, as soon as the secret is removed", async () => {
    await world.graph("POST", `/applications/${app.id}/removePassword`, { keyId });
    expect((await connect("outlook-email")).error).toBe("invalid_client");
  });

  it("redirect_uri_mismatch, as soon as the URL is taken out of the app", async () => {
    await world.graph("PATCH", `/applications/${app.id}`, { web: { redirectUris: [] } });
    expect((await connect("outlook-email")).text).toContain("AADSTS50011");
  });
});
