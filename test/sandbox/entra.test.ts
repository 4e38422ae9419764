/** The Entra counterpart behaves as facts about Graph and the sign-in endpoints say, towards programs and people. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import schema from "../../src/sandbox/data/graph-application.schema.json";
import { type Reply, type Sent, send, startWorld, type World } from "../support/sandbox.js";

type Json = Record<string, unknown>;

const GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000";
const REDIRECT = "https://odeus.example/api/integrations/1/callback";
const UPSERT = { prefer: "create-if-missing" };

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

async function requestToken(form: Record<string, string>, tenantId = world.tenantId): Promise<Reply> {
  return send(`${world.origins.entra}/${tenantId}/oauth2/v2.0/token`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form).toString(),
  });
}

const clientCredentials = (clientId: string, clientSecret: string, scope = "https://graph.microsoft.com/.default") => ({
  grant_type: "client_credentials",
  client_id: clientId,
  client_secret: clientSecret,
  scope,
});

async function tokenOf({ clientId, clientSecret }: { clientId: string; clientSecret: string }, tenantId = world.tenantId): Promise<string> {
  const reply = await requestToken(clientCredentials(clientId, clientSecret), tenantId);
  expect(reply.status).toBe(200);
  return (reply.body as { access_token: string }).access_token;
}

/** Calls Graph as a program that signed in. */
async function graphAs(identity = world.deployer as { clientId: string; clientSecret: string }) {
  const token = await tokenOf(identity);
  return (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> => {
    const sent: Sent = { method, headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers } };
    if (body !== undefined) sent.body = Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return send(`${world.origins.entra}/v1.0${path}`, sent);
  };
}

const errorOf = (reply: Reply) => (reply.body as { error: { code: string; message: string } }).error;

/** An application with service principal and secret, as the provider makes it. */
async function registeredApp(body: Json = {}) {
  const graph = await graphAs();
  const created = await graph(
    "PATCH",
    "/applications(uniqueName='key-1')",
    { displayName: "Jira for Odeus", web: { redirectUris: [REDIRECT] }, ...body },
    UPSERT,
  );
  const { id, appId } = created.body as { id: string; appId: string };
  const principal = (await graph("PATCH", `/servicePrincipals(appId='${appId}')`, { appId }, UPSERT)).body as { id: string };
  const password = (await graph("POST", `/applications/${id}/addPassword`, { passwordCredential: { displayName: "one" } })).body as {
    secretText: string;
    keyId: string;
  };
  return { graph, id, appId, principalId: principal.id, ...password };
}

describe("applications", () => {
  test("the uniqueName upsert creates with 201 and updates with 204", async () => {
    const graph = await graphAs();
    expect(errorOf(await graph("PATCH", "/applications(uniqueName='k')", { displayName: "A" }))).toMatchObject({ code: "Request_ResourceNotFound" });
    const created = await graph("PATCH", "/applications(uniqueName='k')", { displayName: "A", tags: ["t"] }, UPSERT);
    expect([created.status, (created.body as Json)["uniqueName"]]).toEqual([201, "k"]);
    const updated = await graph("PATCH", "/applications(uniqueName='k')", { displayName: "B" }, UPSERT);
    expect([updated.status, updated.text]).toEqual([204, ""]);
    const read = await graph("GET", "/applications(uniqueName='k')?$select=displayName,tags");
    expect(read.body).toMatchObject({ displayName: "B", tags: ["t"] });
    expect(errorOf(await graph("PATCH", "/applications(uniqueName='k')", { uniqueName: "other" })).message).toContain("uniqueName");
  });

  test("a soft-deleted application keeps its key until it is purged, and comes back whole when restored", async () => {
    const { graph, id, appId } = await registeredApp();
    expect((await graph("DELETE", `/applications/${id}`)).status).toBe(204);
    const conflict = await graph("PATCH", "/applications(uniqueName='key-1')", { displayName: "A" }, UPSERT);
    expect([conflict.status, errorOf(conflict)]).toMatchObject([
      400,
      { code: "Request_BadRequest", message: expect.stringContaining("Another object with the same value for property uniqueName already exists") },
    ]);
    const deleted = (await graph("GET", "/directory/deletedItems/microsoft.graph.application")).body as { value: Json[] };
    expect(deleted.value).toMatchObject([{ id, uniqueName: "key-1", deletedDateTime: expect.any(String) }]);
    expect((await graph("POST", `/directory/deletedItems/${id}/restore`, {})).status).toBe(200);
    expect((await graph("GET", `/applications/${id}`)).status).toBe(200);
    expect((await graph("GET", `/servicePrincipals(appId='${appId}')`)).status).toBe(200);
    await graph("DELETE", `/applications/${id}`);
    expect((await graph("DELETE", `/directory/deletedItems/${id}`)).status).toBe(204);
    expect((await graph("PATCH", "/applications(uniqueName='key-1')", { displayName: "A" }, UPSERT)).status).toBe(201);
  });

  test("redirect URIs come back in another order, with their settings, and web is patched per property", async () => {
    const { graph, id } = await registeredApp({ web: { redirectUris: [REDIRECT, "http://localhost:8080/x"], homePageUrl: "https://home.example" } });
    await graph("PATCH", `/applications/${id}`, { web: { logoutUrl: "https://home.example/out" } });
    const { web } = (await graph("GET", `/applications/${id}`)).body as { web: Json };
    expect(web).toMatchObject({
      redirectUris: ["http://localhost:8080/x", REDIRECT],
      homePageUrl: "https://home.example",
      logoutUrl: "https://home.example/out",
    });
    expect(web["redirectUriSettings"]).toContainEqual({ uri: REDIRECT, index: null });
  });

  test.each<[string, Json]>([
    ["an unknown property", { displayname: "A" }],
    ["an unknown property inside", { displayName: "A", web: { redirectUrls: [] } }],
    ["a password in the body", { displayName: "A", passwordCredentials: [{}] }],
    [
      "a scope id that is no guid",
      { displayName: "A", requiredResourceAccess: [{ resourceAppId: GRAPH_APP_ID, resourceAccess: [{ id: "x", type: "Scope" }] }] },
    ],
    ["no name", { tags: ["t"] }],
    ["a name of 121 characters", { displayName: "x".repeat(121) }],
    ["http that is not localhost", { displayName: "A", web: { redirectUris: ["http://odeus.example/cb"] } }],
    ["a forbidden character", { displayName: "A", web: { redirectUris: ["https://odeus.example/cb(1)"] } }],
    ["257 characters", { displayName: "A", web: { redirectUris: [`https://odeus.example/${"x".repeat(235)}`] } }],
    ["257 redirect URIs", { displayName: "A", web: { redirectUris: Array.from({ length: 257 }, (_, n) => `https://odeus.example/${n}`) } }],
    ["a tag with a blank", { displayName: "A", tags: ["a b"] }],
    ["a personal audience without token version 2", { displayName: "A", signInAudience: "PersonalMicrosoftAccount" }],
    [
      "a query for a personal audience",
      {
        displayName: "A",
        signInAudience: "PersonalMicrosoftAccount",
        api: { requestedAccessTokenVersion: 2 },
        web: { redirectUris: ["https://odeus.example/?a=b"] },
      },
    ],
  ])("refuses %s", async (_what, body) => {
    const reply = await world.graph("POST", "/applications", body);
    expect([reply.status, (await world.state()).entra.tenants[0]?.applications]).toEqual([400, []]);
  });

  test("personal audiences have two secrets at most", async () => {
    const { body } = await world.graph("POST", "/applications", {
      displayName: "A",
      signInAudience: "PersonalMicrosoftAccount",
      api: { requestedAccessTokenVersion: 2 },
    });
    const add = () => world.graph<{ error: { message: string } }>("POST", `/applications/${body["id"]}/addPassword`, {});
    expect([(await add()).status, (await add()).status]).toEqual([200, 200]);
    expect((await add()).body.error.message).toContain("exceeded its limit");
  });

  test("a secret is shown once, and removed by its key id", async () => {
    const { graph, id, keyId, secretText } = await registeredApp();
    expect(secretText).toMatch(/^\S{16,64}$/);
    const { passwordCredentials } = (await graph("GET", `/applications/${id}`)).body as { passwordCredentials: Json[] };
    expect(passwordCredentials).toMatchObject([{ keyId, displayName: "one", secretText: null, hint: secretText.slice(0, 3) }]);
    expect((await graph("POST", `/applications/${id}/removePassword`, { keyId })).status).toBe(204);
    expect(errorOf(await graph("POST", `/applications/${id}/removePassword`, { keyId })).message).toContain("No password credential found with keyId");
  });

  test("filters and pages", async () => {
    for (const name of ["a", "b", "c"]) await world.graph("POST", "/applications", { displayName: name, tags: [`tag:${name}`, "all"] });
    const names = async (query: string) =>
      ((await world.graph<{ value: { displayName: string }[] }>("GET", `/applications?${query}`)).body.value ?? []).map(({ displayName }) => displayName);
    expect(await names(`$filter=${encodeURIComponent("tags/any(t:t eq 'tag:b')")}`)).toEqual(["b"]);
    expect(await names(`$filter=${encodeURIComponent("displayName eq 'c' and tags/any(t:t eq 'all')")}&$select=displayName`)).toEqual(["c"]);
    const page = (await world.graph<Json>("GET", "/applications?$top=2")).body;
    expect([(page["value"] as unknown[]).length, page["@odata.nextLink"]]).toEqual([2, expect.stringContaining("skiptoken")]);
    expect((await world.graph("GET", "/applications?$filter=tags/$count%20gt%201")).status).toBe(400);
  });

  test("what is answered fits Graph's own metadata", async () => {
    // Graph's types are open: only requests are closed.
    const open = JSON.parse(JSON.stringify(schema), (key, value: unknown) => (key === "additionalProperties" ? undefined : value)) as object;
    const ajv = addFormats(new Ajv2020({ strict: false })).addSchema({ ...open, $id: "open" });
    const { graph, id, principalId } = await registeredApp();
    const problems = (type: string, body: unknown) => (ajv.validate(`open#/$defs/${type}`, body) ? [] : ajv.errors);
    expect(problems("application", (await graph("GET", `/applications/${id}`)).body)).toEqual([]);
    expect(problems("servicePrincipal", (await graph("GET", `/servicePrincipals/${principalId}`)).body)).toEqual([]);
    expect(problems("servicePrincipal", (await graph("GET", `/servicePrincipals(appId='${GRAPH_APP_ID}')`)).body)).toEqual([]);
    expect(problems("passwordCredential", (await graph("POST", `/applications/${id}/addPassword`, {})).body)).toEqual([]);
  });

  test("a logo is stored and shown to anybody", async () => {
    const { graph, id } = await registeredApp();
    const png = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
    expect((await graph("PUT", `/applications/${id}/logo`, png, { "content-type": "image/png" })).status).toBe(204);
    const { info } = (await graph("GET", `/applications/${id}`)).body as { info: { logoUrl: string } };
    expect((await send(info.logoUrl)).headers["content-type"]).toBe("image/png");
    expect((await graph("PUT", `/applications/${id}/logo`, Buffer.from("x"), { "content-type": "text/plain" })).status).toBe(400);
  });
});

describe("permissions", () => {
  test("without a token, with a foreign one, and with too few permissions", async () => {
    const url = `${world.origins.entra}/v1.0/applications`;
    expect(errorOf(await send(url)).code).toBe("InvalidAuthenticationToken");
    expect((await send(url, { headers: { authorization: "Bearer a.b.c" } })).status).toBe(401);
    const other = await startWorld();
    const foreign = await send(`${other.origins.entra}/v1.0/applications`, { headers: { authorization: `Bearer ${await tokenOf(world.deployer)}` } });
    await other.close();
    expect(foreign.status).toBe(401);
    const reader = await graphAs(await world.identity(["Application.Read.All"]));
    expect((await reader("GET", "/applications")).status).toBe(200);
    expect(errorOf(await reader("POST", "/applications", { displayName: "A" })).code).toBe("Authorization_RequestDenied");
  });

  test("a token expires", async () => {
    const graph = await graphAs();
    await world.clock(2 * 3_600_000);
    expect(errorOf(await graph("GET", "/applications")).message).toContain("expired");
  });

  test("OwnedBy reaches what the identity made, and nothing else", async () => {
    const { graph, id } = await registeredApp();
    const foreign = (await world.graph("POST", "/applications", { displayName: "Made by hand" })).body;
    expect((await graph("GET", `/applications/${foreign["id"]}`)).status).toBe(200);
    expect((await graph("PATCH", `/applications/${foreign["id"]}`, { notes: "x" })).status).toBe(403);
    expect((await graph("PATCH", `/applications/${id}`, { notes: "x" })).status).toBe(204);
    const all = await graphAs(await world.identity(["Application.ReadWrite.All"]));
    expect((await all("PATCH", `/applications/${foreign["id"]}`, { notes: "x" })).status).toBe(204);
    expect((await all("POST", "/oauth2PermissionGrants", {})).status).toBe(403);
  });

  test("an identity of the first tenant is unknown in the second", async () => {
    const identity = await world.identity(["Application.Read.All"], "first");
    const reply = await requestToken(clientCredentials(identity.clientId, identity.clientSecret), world.secondTenantId);
    expect([reply.status, reply.body]).toMatchObject([400, { error: "unauthorized_client", error_codes: [700016] }]);
    await tokenOf(world.deployer, world.secondTenantId);
  });
});

describe("grants", () => {
  test("are unique, change their scope only, and end with their service principal", async () => {
    const { graph, id, principalId } = await registeredApp();
    const resource = (await graph("GET", `/servicePrincipals(appId='${GRAPH_APP_ID}')?$select=id,oauth2PermissionScopes`)).body as {
      id: string;
      oauth2PermissionScopes: Json[];
    };
    expect(resource.oauth2PermissionScopes).toContainEqual(
      expect.objectContaining({ value: "User.Read", id: "e1fe6dd8-ba31-4d61-89e7-88639da4683d", type: "User" }),
    );
    const grant = { clientId: principalId, consentType: "AllPrincipals", principalId: null, resourceId: resource.id, scope: "User.Read" };
    const created = (await graph("POST", "/oauth2PermissionGrants", grant)).body as { id: string };
    const again = await graph("POST", "/oauth2PermissionGrants", grant);
    expect([again.status, errorOf(again).code]).toEqual([409, "Request_MultipleObjectsWithSameKeyValue"]);
    expect((await graph("PATCH", `/oauth2PermissionGrants/${created.id}`, { scope: "User.Read Sites.Read.All" })).status).toBe(204);
    expect((await graph("PATCH", `/oauth2PermissionGrants/${created.id}`, { principalId: null })).status).toBe(400);
    const filter = encodeURIComponent(`clientId eq '${principalId}' and consentType eq 'AllPrincipals'`);
    const list = async () => ((await graph("GET", `/oauth2PermissionGrants?$filter=${filter}`)).body as { value: Json[] }).value;
    expect(await list()).toMatchObject([{ scope: "User.Read Sites.Read.All" }]);
    await graph("DELETE", `/applications/${id}`);
    expect(await list()).toEqual([]);
    await graph("POST", `/directory/deletedItems/${id}/restore`, {});
    expect(await list()).toHaveLength(1);
  });
});

describe("replication", () => {
  test("a new application is found late, by reads and by what depends on it", async () => {
    await world.lag({ replicationReads: 2 });
    const graph = await graphAs(await world.identity(["Application.ReadWrite.All"]));
    const { id, appId } = (await graph("POST", "/applications", { displayName: "A" })).body as { id: string; appId: string };
    expect(errorOf(await graph("POST", `/applications/${id}/addPassword`, {})).code).toBe("Request_ResourceNotFound");
    const early = await graph("POST", "/servicePrincipals", { appId });
    expect([early.status, errorOf(early).message]).toEqual([400, expect.stringContaining("does not reference a valid application object")]);
    expect((await graph("GET", `/applications/${id}`)).status).toBe(200);
    expect((await graph("POST", "/servicePrincipals", { appId })).status).toBe(201);
    expect((await graph("GET", `/servicePrincipals(appId='${appId}')`)).status).toBe(404);
  });

  test("a new secret is refused at first", async () => {
    await world.lag({ secretActivationAttempts: 2 });
    const { appId, secretText } = await registeredApp();
    const attempts = [];
    for (let attempt = 0; attempt < 3; attempt += 1) attempts.push((await requestToken(clientCredentials(appId, secretText))).status);
    expect(attempts).toEqual([401, 401, 200]);
    expect(await world.accepted("entra", appId, secretText)).toBe(true);
  });
});

describe("token endpoint", () => {
  test("each refusal has its own error", async () => {
    const { appId, secretText, graph, id } = await registeredApp();
    const unused = (await graph("POST", "/applications", { displayName: "No service principal" })).body as { appId: string };
    const answers = async (form: Record<string, string>, tenant?: string) => {
      const { status, body } = await requestToken(form, tenant);
      const { error, error_codes: codes } = body as { error: string; error_codes?: number[] };
      return [status, error, codes?.[0]];
    };
    expect(await answers(clientCredentials(appId, "wrong"))).toEqual([401, "invalid_client", 7000215]);
    expect(await answers(clientCredentials(unused.appId, "wrong"))).toEqual([401, "invalid_client", 7000229]);
    expect(await answers(clientCredentials("5f0c0f8e-7b1a-4c3a-9f7b-1a2b3c4d5e6f", "x"))).toEqual([400, "unauthorized_client", 700016]);
    expect(await answers(clientCredentials("no-guid", "x"))).toEqual([400, "unauthorized_client", 700038]);
    expect(await answers(clientCredentials(appId, secretText), "d3b8f3c1-0000-4000-8000-000000000000")).toEqual([400, "invalid_tenant", 90002]);
    expect(await answers(clientCredentials(appId, secretText, "https://unknown.example/.default"))).toEqual([400, "invalid_resource", 500011]);
    expect(await answers({ grant_type: "password" })).toEqual([400, "unsupported_grant_type", 70003]);
    expect(await answers({ grant_type: "authorization_code", code: "junk", client_id: appId, client_secret: "wrong" })).toMatchObject([
      400,
      "invalid_grant",
      9002313,
    ]);
    expect(await answers(clientCredentials(appId, secretText, `${appId}/.default`))).toEqual([200, undefined, undefined]);
    await world.clock(3 * 365 * 864e5);
    expect(await answers(clientCredentials(appId, secretText))).toEqual([401, "invalid_client", 7000222]);
    expect(id).toBeDefined();
  });

  test("@azure/identity signs in unchanged", async () => {
    const program = `
      const { ClientSecretCredential } = require("@azure/identity");
      const { ARM_TENANT_ID, ARM_CLIENT_ID, ARM_CLIENT_SECRET, AZURE_AUTHORITY_HOST, SECRET } = process.env;
      new ClientSecretCredential(ARM_TENANT_ID, ARM_CLIENT_ID, SECRET ?? ARM_CLIENT_SECRET, { authorityHost: AZURE_AUTHORITY_HOST, disableInstanceDiscovery: true })
        .getToken("https://graph.microsoft.com/.default").then(({ token }) => console.log(token), (error) => console.log(error.name, error.message));`;
    const run = async (extra: Record<string, string>) =>
      (await promisify(execFile)(process.execPath, ["-e", program], { cwd: process.cwd(), env: { PATH: process.env["PATH"], ...world.environment, ...extra } }))
        .stdout;
    const token = await run({});
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Json;
    expect(claims).toMatchObject({ tid: world.tenantId, appid: world.deployer.clientId, roles: expect.arrayContaining(["Application.ReadWrite.OwnedBy"]) });
    expect(await run({ SECRET: "wrong" })).toMatch(/AuthenticationRequiredError[\s\S]*AADSTS7000215/);
    expect((await world.calls()).map(({ operation }) => operation)).toEqual(["discovery", "token", "discovery", "token"]);
  });
});

describe("signing in as a person", () => {
  const authorizeUrl = (clientId: string, scope: string, redirectUri = REDIRECT) =>
    `${world.origins.entra}/${world.tenantId}/oauth2/v2.0/authorize?${new URLSearchParams({ client_id: clientId, response_type: "code", redirect_uri: redirectUri, scope, state: "s" })}`;

  /** Follows redirects inside the sandbox and posts the consent form, as a browser would. */
  async function signIn(url: string): Promise<Reply | URL> {
    const cookies = new Map<string, string>();
    let target = url;
    let sent: Sent = {};
    for (let step = 0; step < 10; step += 1) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const reply = await send(target, { ...sent, headers: { ...sent.headers, cookie } });
      for (const line of reply.headers["set-cookie"] ?? []) cookies.set(line.split("=")[0] ?? "", line.split(";")[0]?.slice(line.indexOf("=") + 1) ?? "");
      const location = reply.headers.location;
      sent = {};
      if (location !== undefined) {
        const next = new URL(location, target);
        if (next.origin !== world.origins.entra) return next;
        target = next.href;
      } else if (reply.text.includes('data-page="consent"')) {
        sent = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "user=ada&decision=accept" };
      } else return reply;
    }
    throw new Error("the sign-in does not end");
  }

  test("ends at the redirect URI with a code that the current secret redeems", async () => {
    const { appId, secretText } = await registeredApp();
    const back = (await signIn(authorizeUrl(appId, "openid offline_access User.Read"))) as URL;
    expect([back.origin + back.pathname, back.searchParams.get("state")]).toEqual([REDIRECT, "s"]);
    const form = { grant_type: "authorization_code", code: back.searchParams.get("code") ?? "", redirect_uri: REDIRECT, client_id: appId };
    expect((await requestToken({ ...form, client_secret: "wrong" })).body).toMatchObject({ error_codes: [7000215] });
    const redeemed = await requestToken({ ...form, client_secret: secretText });
    expect([redeemed.status, redeemed.body]).toMatchObject([200, { refresh_token: expect.any(String), scope: expect.stringContaining("User.Read") }]);
    const { refresh_token: refreshToken } = redeemed.body as { refresh_token: string };
    expect((await requestToken({ grant_type: "refresh_token", refresh_token: refreshToken, client_id: appId, client_secret: secretText })).status).toBe(200);
  });

  test("shows the vendor's errors", async () => {
    const { appId } = await registeredApp();
    expect(((await signIn(authorizeUrl(appId, "openid", `${REDIRECT}/`))) as Reply).text).toContain("AADSTS50011");
    expect(((await signIn(authorizeUrl(appId, "Sites.FullControl.All"))) as Reply).text).toContain("AADSTS90094");
    const unknown = (await signIn(authorizeUrl(appId, "Files.Raed"))) as URL;
    expect(unknown.searchParams.get("error_description")).toContain("AADSTS650053");
    expect(((await signIn(authorizeUrl("5f0c0f8e-7b1a-4c3a-9f7b-1a2b3c4d5e6f", "openid"))) as Reply).text).toContain("AADSTS700016");
    const shared = authorizeUrl(appId, "openid").replace(world.tenantId, "organizations");
    expect((await send(shared)).text).toContain("AADSTS50194");
  });

  test("an administrator's consent opens what users may not consent to", async () => {
    const groups = { resourceAppId: GRAPH_APP_ID, resourceAccess: [{ id: "5f8c59db-677d-491f-a6b8-5f174b11ec1d", type: "Scope" }] };
    const { appId } = await registeredApp({ requiredResourceAccess: [groups] });
    expect(((await signIn(authorizeUrl(appId, "Group.Read.All"))) as Reply).text).toContain("AADSTS90094");
    await send(`${world.origins.entra}/${world.tenantId}/adminconsent?client_id=${appId}`, { method: "POST" });
    expect(await signIn(authorizeUrl(appId, "Group.Read.All"))).toBeInstanceOf(URL);
    await world.consent(false);
    expect(((await signIn(authorizeUrl(appId, "User.Read"))) as Reply).text).toContain("AADSTS90094");
  });
});
