/** The OAuth endpoints of the Snowflake counterpart, seen by an independent client (openid-client), by raw requests, and by people. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as client from "openid-client";
import { type Connected, connectUser } from "../support/browser.js";
import { type Reply, send, startWorld, type World } from "../support/sandbox.js";
import { failureOf, logIn } from "../support/snowflakeDriver.js";

let world: World;
let app: Server;
let redirectUri: string;
/** The last request that came back to the app. */
let cameBack: URL | undefined;

beforeAll(async () => {
  app = createServer((incoming, outgoing) => {
    cameBack = new URL(incoming.url ?? "/", redirectUri);
    outgoing.end('<main data-connected="back"></main>');
  });
  await new Promise<void>((ready) => app.listen(0, "127.0.0.1", ready));
  redirectUri = `http://localhost:${(app.address() as AddressInfo).port}/callback`;
});
afterAll(() => {
  app.closeAllConnections();
  app.close();
});
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

interface Client {
  clientId: string;
  first: string;
  second: string;
}

async function createIntegration(more = "", uri = redirectUri): Promise<Client> {
  await world.atSnowflake.run(`CREATE SECURITY INTEGRATION odeus TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'CONFIDENTIAL'
    OAUTH_REDIRECT_URI = '${uri}' OAUTH_ALLOW_NON_TLS_REDIRECT_URI = TRUE ${more}`);
  return readClient();
}

const alter = (what: string) => world.atSnowflake.run(`ALTER SECURITY INTEGRATION odeus ${what}`);

async function readClient(): Promise<Client> {
  const { rows } = await world.atSnowflake.run("SELECT SYSTEM$SHOW_OAUTH_CLIENT_SECRETS('ODEUS')");
  const shown = JSON.parse(rows[0]?.[0] ?? "") as Record<string, string>;
  return { clientId: shown["OAUTH_CLIENT_ID"] ?? "", first: shown["OAUTH_CLIENT_SECRET"] ?? "", second: shown["OAUTH_CLIENT_SECRET_2"] ?? "" };
}

async function described(): Promise<Record<string, string | null>> {
  const { rows } = await world.atSnowflake.run("DESC SECURITY INTEGRATION odeus");
  return Object.fromEntries(rows.map(([property, , value]) => [property ?? "", value ?? null]));
}

/** Answers where the browser came back to, or what its page said. */
async function authorize(parameters: Record<string, string>, user = "ada"): Promise<{ back: URLSearchParams | undefined; error: string | undefined }> {
  cameBack = undefined;
  const startUrl = new URL(`${world.origins.snowflake}/oauth/authorize`);
  startUrl.search = new URLSearchParams({ response_type: "code", redirect_uri: redirectUri, state: "s", ...parameters }).toString();
  const { error } = await connectUser({ startUrl: startUrl.href, user });
  // Set by the app's server meanwhile, which the compiler cannot see.
  return { back: (cameBack as URL | undefined)?.searchParams, error };
}

const codeFor = async (clientId: string, scope = "refresh_token", user?: string) =>
  (await authorize({ client_id: clientId, scope }, user)).back?.get("code") ?? "";

async function token(form: Record<string, string>, headers: Record<string, string> = {}): Promise<Reply> {
  return send(`${world.origins.snowflake}/oauth/token-request`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(form).toString(),
  });
}

const redeem = (code: string, clientId: string, secret: string) =>
  token({ grant_type: "authorization_code", code, redirect_uri: redirectUri, client_id: clientId, client_secret: secret });
const errorOf = ({ status, body }: Reply) => [status, (body as { error?: string }).error];

describe("openid-client as the app", () => {
  it.each([client.ClientSecretPost, client.ClientSecretBasic])("signs in with PKCE at the endpoints that DESC names, and refreshes", async (method) => {
    const { clientId, second } = await createIntegration("OAUTH_ENFORCE_PKCE = TRUE");
    const { OAUTH_AUTHORIZATION_ENDPOINT, OAUTH_TOKEN_ENDPOINT } = await described();
    const server = { issuer: world.origins.snowflake, authorization_endpoint: OAUTH_AUTHORIZATION_ENDPOINT ?? "", token_endpoint: OAUTH_TOKEN_ENDPOINT ?? "" };
    const config = new client.Configuration(server, clientId, undefined, method(second));
    client.allowInsecureRequests(config);
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const startUrl = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: "refresh_token session:role:ANALYST",
      state: "some-state",
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
    });
    const seen = await connectUser({ startUrl: startUrl.href, user: "grace" });
    expect(seen.consentShows).toBe("ODEUS");
    const tokens = await client.authorizationCodeGrant(config, cameBack ?? startUrl, { pkceCodeVerifier, expectedState: "some-state" });
    expect(tokens).toMatchObject({ token_type: "bearer", expires_in: 600, username: "GRACE", refresh_token_expires_in: 7_776_000 });
    expect(tokens.scope?.split(" ").sort()).toEqual(["refresh_token", "session:role:ANALYST"]);

    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? "");
    expect(refreshed.access_token).not.toBe(tokens.access_token);
    expect(Object.keys(refreshed)).not.toEqual(expect.arrayContaining(["refresh_token"]));

    const session = await logIn(world, { authenticator: "OAUTH", token: refreshed.access_token });
    expect(await session.run("SELECT CURRENT_USER() AS u, CURRENT_ROLE() AS r")).toEqual([{ U: "GRACE", R: "ANALYST" }]);
    await session.close();
  });
});

describe("client secrets", () => {
  it("both slots work, and a refreshed one does not", async () => {
    const { clientId, first, second } = await createIntegration();
    for (const secret of [first, second]) expect((await redeem(await codeFor(clientId), clientId, secret)).status).toBe(200);
    await alter("REFRESH OAUTH_CLIENT_SECRET");
    const code = await codeFor(clientId);
    const refused = await redeem(code, clientId, first);
    expect(refused).toMatchObject({
      status: 400,
      body: { data: null, code: null, success: false, error: "invalid_client", message: "This is an invalid client." },
    });
    expect((await redeem(code, clientId, second)).status).toBe(200);
    const renewed = await readClient();
    expect((await redeem(await codeFor(clientId), clientId, renewed.first)).status).toBe(200);
    const accepted = await Promise.all([first, second, renewed.first].map((secret) => world.accepted("snowflake", clientId, secret)));
    expect(accepted).toEqual([false, true, true]);
  });
});

describe("authorize", () => {
  it("takes the registered URI or an alternate one, whatever the query of the request", async () => {
    const elsewhere = redirectUri.replace("/callback", "/elsewhere");
    const { clientId, first } = await createIntegration(`OAUTH_ALTERNATE_REDIRECT_URIS = ('${elsewhere}')`);
    expect((await authorize({ client_id: clientId, redirect_uri: elsewhere })).back?.get("code")).toBeTruthy();
    const withQuery = `${redirectUri}?tenant=1`;
    const { back } = await authorize({ client_id: clientId, redirect_uri: withQuery });
    expect([back?.get("tenant"), back?.get("state")]).toEqual(["1", "s"]);
    const form = { grant_type: "authorization_code", code: back?.get("code") ?? "", client_id: clientId, client_secret: first };
    expect(errorOf(await token({ ...form, redirect_uri: redirectUri }))).toEqual([400, "invalid_grant"]);
    expect(await authorize({ client_id: clientId, redirect_uri: `${redirectUri}/` })).toEqual({ back: undefined, error: "390307" });
    await alter("SET OAUTH_ALTERNATE_REDIRECT_URIS = ()");
    expect((await authorize({ client_id: clientId, redirect_uri: elsewhere })).error).toBe("390307");
  });

  it.each([
    ["390304", { response_type: "token" }],
    ["390305", { state: "x".repeat(2049) }],
    ["390306", { client_id: "nobody" }],
    ["390308", { scope: "openid" }],
    ["390308", { scope: "session:role:ANALYST session:role:PUBLIC" }],
    ["390308", { scope: "session:role-any" }],
    ["390302", { scope: "session:role:NOBODY" }],
    ["390302", { scope: "session:role:analyst" }],
    ["390311", { code_challenge: "x".repeat(43), code_challenge_method: "plain" }],
  ])("shows %s for %p", async (error, parameters: Record<string, string>) => {
    const { clientId } = await createIntegration();
    expect(await authorize({ client_id: clientId, ...parameters })).toEqual({ back: undefined, error });
  });

  it("does not find a client id that was put into the URL as it is", async () => {
    await createIntegration();
    // An id with a plus sign in it, which is what a raw URL loses.
    while (!(await readClient()).clientId.includes("+")) await world.atSnowflake.run("DROP INTEGRATION odeus").then(() => createIntegration());
    const { clientId } = await readClient();
    const raw = `${world.origins.snowflake}/oauth/authorize?response_type=code&client_id=${clientId}&redirect_uri=${encodeURIComponent(redirectUri)}`;
    expect((await connectUser({ startUrl: raw, user: "ada" })).error).toBe("390306");
  });

  it("asks for a code challenge where the integration does", async () => {
    const { clientId } = await createIntegration("OAUTH_ENFORCE_PKCE = TRUE");
    expect((await authorize({ client_id: clientId })).error).toBe("390311");
  });

  it("lets nobody in with a blocked role, asked for or their own", async () => {
    const { clientId, first } = await createIntegration("BLOCKED_ROLES_LIST = (SYSADMIN)");
    await world.atSnowflake.user("ADA", { roles: ["SYSADMIN", "ANALYST", "ACCOUNTADMIN"], defaultRole: "ACCOUNTADMIN" });
    const tried = ["session:role:SYSADMIN", "session:role:SECURITYADMIN", "session:role:USERADMIN", "refresh_token"];
    for (const scope of tried) expect(await authorize({ client_id: clientId, scope })).toEqual({ back: undefined, error: "390302" });
    expect(errorOf(await redeem(await codeFor(clientId, "session:role:ANALYST"), clientId, first))).toEqual([200, undefined]);
    await alter("SET ALLOWED_ROLES_LIST = (PUBLIC)");
    expect((await authorize({ client_id: clientId, scope: "session:role:ANALYST" })).error).toBe("390302");
  });

  it("takes encoded role names, and any role where the integration allows it", async () => {
    await world.atSnowflake.role("data & café");
    await world.atSnowflake.user("ADA", { roles: ["data & café"] });
    const { clientId, first } = await createIntegration("OAUTH_ANY_ROLE_MODE = ENABLE");
    const reply = await redeem(await codeFor(clientId, `session:role-encoded:${encodeURIComponent("data & café")}`), clientId, first);
    const session = await logIn(world, { authenticator: "OAUTH", token: (reply.body as { access_token: string }).access_token });
    expect(await session.run("SELECT CURRENT_ROLE() AS r")).toEqual([{ R: "data & café" }]);
    await session.close();
    expect((await authorize({ client_id: clientId, scope: "session:role-any" }, "grace")).back?.get("code")).toBeTruthy();
  });

  it("works at the other address that DESC allows", async () => {
    const { clientId, first } = await createIntegration();
    const [, other = ""] = ((await described())["OAUTH_ALLOWED_AUTHORIZATION_ENDPOINTS"] ?? "").split(",");
    const query = new URLSearchParams({ response_type: "code", client_id: clientId, redirect_uri: redirectUri });
    expect(other).toContain("127.0.0.1");
    await connectUser({ startUrl: `${other}?${query}`, user: "ada" });
    expect((await redeem(cameBack?.searchParams.get("code") ?? "", clientId, first)).status).toBe(200);
  });
});

describe("the token endpoint", () => {
  it("looks at the code first: a junk code says nothing about the secret", async () => {
    const { clientId, first } = await createIntegration();
    expect(errorOf(await redeem("junk".repeat(10), clientId, first))).toEqual([400, "invalid_grant"]);
    expect(errorOf(await redeem("junk".repeat(10), clientId, "wrong"))).toEqual([400, "invalid_grant"]);
    const code = await codeFor(clientId);
    expect(errorOf(await redeem(code, clientId, "wrong"))).toEqual([400, "invalid_client"]);
    expect((await redeem(code, clientId, first)).status).toBe(200);
    expect(errorOf(await redeem(code, clientId, first))).toEqual([400, "invalid_grant"]);
  });

  it("refuses what a custom client may not ask for", async () => {
    const { clientId, first } = await createIntegration();
    const credentials = { client_id: clientId, client_secret: first };
    expect(errorOf(await token({ ...credentials, grant_type: "client_credentials" }))).toEqual([400, "invalid_grant"]);
    expect(errorOf(await token({ ...credentials, grant_type: "password" }))).toEqual([400, "unsupported_grant_type"]);
    expect(errorOf(await token({ ...credentials, grant_type: "authorization_code" }))).toEqual([400, "invalid_request"]);
    expect(errorOf(await token(credentials))).toEqual([400, "invalid_request"]);
  });

  it("takes Basic with encoded and with plain halves", async () => {
    await createIntegration();
    // A plus sign is what the two readings differ by.
    while (!(await readClient()).first.includes("+")) await alter("REFRESH OAUTH_CLIENT_SECRET");
    const { clientId, first } = await readClient();
    for (const encode of [encodeURIComponent, (text: string) => text]) {
      const authorization = `Basic ${Buffer.from(`${encode(clientId)}:${encode(first)}`).toString("base64")}`;
      const form = { grant_type: "authorization_code", code: await codeFor(clientId), redirect_uri: redirectUri };
      expect((await token(form, { authorization })).status).toBe(200);
    }
  });

  it("gives a refresh token when it was asked for, and the integration issues them", async () => {
    const { clientId, first } = await createIntegration();
    const reply = await redeem(await codeFor(clientId), clientId, first);
    const { refresh_token } = reply.body as { refresh_token: string };
    expect(refresh_token).toBeTruthy();
    expect((await redeem(await codeFor(clientId, "session:role:ANALYST"), clientId, first)).body).not.toHaveProperty("refresh_token");
    const refresh = () => token({ grant_type: "refresh_token", refresh_token, client_id: clientId, client_secret: first });
    expect((await refresh()).status).toBe(200);
    await alter("SET OAUTH_ISSUE_REFRESH_TOKENS = FALSE");
    expect((await redeem(await codeFor(clientId), clientId, first)).body).not.toHaveProperty("refresh_token");
    expect(errorOf(await refresh())).toEqual([400, "invalid_grant"]);
  });

  it("gives single-use refresh tokens where the integration wants them", async () => {
    const { clientId, first } = await createIntegration("OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED = TRUE OAUTH_ACCESS_TOKEN_VALIDITY = 60");
    const reply = await redeem(await codeFor(clientId), clientId, first);
    const refresh = (refresh_token: unknown) =>
      token({ grant_type: "refresh_token", refresh_token: String(refresh_token), client_id: clientId, client_secret: first });
    const { refresh_token } = reply.body as { refresh_token: string };
    expect(reply.body).toMatchObject({ expires_in: 60 });
    const next = (await refresh(refresh_token)).body as { refresh_token: string };
    expect((await refresh(next.refresh_token)).status).toBe(200);
    expect(errorOf(await refresh(refresh_token))).toEqual([400, "invalid_grant"]);
  });

  it("refreshes nothing for a person who lost the role", async () => {
    const { clientId, first } = await createIntegration();
    const { refresh_token } = (await redeem(await codeFor(clientId, "refresh_token session:role:ANALYST"), clientId, first)).body as { refresh_token: string };
    await world.atSnowflake.user("ADA", { roles: [] });
    expect(errorOf(await token({ grant_type: "refresh_token", refresh_token, client_id: clientId, client_secret: first }))).toEqual([400, "invalid_grant"]);
  });

  it("knows neither a disabled nor a dropped integration", async () => {
    const { clientId, first } = await createIntegration();
    const [code, other] = [await codeFor(clientId), await codeFor(clientId)];
    const access = (await redeem(other, clientId, first)).body as { access_token: string };
    await alter("SET ENABLED = FALSE");
    expect(errorOf(await redeem(code, clientId, first))).toEqual([400, "invalid_client"]);
    expect((await authorize({ client_id: clientId })).error).toBe("390306");
    expect((await failureOf(logIn(world, { authenticator: "OAUTH", token: access.access_token }))).code).toBe("390303");
    await alter("SET ENABLED = TRUE");
    expect((await redeem(code, clientId, first)).status).toBe(200);
    await world.atSnowflake.run("DROP INTEGRATION odeus");
    await createIntegration();
    expect((await authorize({ client_id: clientId })).error).toBe("390306");
    expect(await world.accepted("snowflake", clientId, first)).toBe(false);
  });

  it("feels a change late where the account caches integrations", async () => {
    const { clientId, first } = await createIntegration();
    await world.atSnowflake.settings({ cacheLagMilliseconds: 60_000 });
    await alter("REFRESH OAUTH_CLIENT_SECRET");
    await alter("REFRESH OAUTH_CLIENT_SECRET");
    const { first: renewed } = await readClient();
    expect([await world.accepted("snowflake", clientId, first), await world.accepted("snowflake", clientId, renewed)]).toEqual([true, false]);
    await world.clock(60_001);
    expect([await world.accepted("snowflake", clientId, first), await world.accepted("snowflake", clientId, renewed)]).toEqual([false, true]);
    await world.atSnowflake.run("DROP INTEGRATION odeus");
    expect(await world.accepted("snowflake", clientId, renewed)).toBe(true);
  });
});

describe("people of the workspace", () => {
  let integrationId: string;
  let callback: string;
  const connect = (): Promise<Connected> => connectUser({ startUrl: `${world.origins.odeus}/integrations/${integrationId}/connect?user=ada`, user: "ada" });
  const settings = (oauthClient: object) => world.odeus("PATCH", `/integrations/v1/${integrationId}/auth`, { authType: "OAUTH", oauthClient });

  beforeEach(async () => {
    const created = await world.odeus<{ integration: { id: string } }>("POST", "/integrations/v1/create", { name: "Warehouse", authType: "OAUTH" });
    integrationId = created.body.integration.id;
    callback = `${world.origins.odeus}/api/integrations/${integrationId}/callback`;
  });

  it("connect with either slot, and not with a secret that was refreshed away", async () => {
    const { clientId, first, second } = await createIntegration("", callback);
    const { OAUTH_AUTHORIZATION_ENDPOINT: authUrl, OAUTH_TOKEN_ENDPOINT: tokenUrl } = await described();
    await settings({ clientId, clientSecret: first, authUrl, tokenUrl, scopes: "refresh_token session:role:ANALYST" });
    expect(await connect()).toMatchObject({ connected: true, consentShows: "ODEUS", scopes: ["refresh_token", "session:role:ANALYST"] });
    expect((await world.odeus("POST", `/integrations/${integrationId}/connections/refresh?user=ada`)).body).toMatchObject({ refreshed: true });
    await settings({ clientSecret: second });
    expect((await connect()).connected).toBe(true);
    await alter("REFRESH OAUTH_CLIENT_SECRET_2");
    const refused = await connect();
    expect(refused).toMatchObject({ connected: false, error: "invalid_client" });
    expect(refused.text).toContain("This is an invalid client.");
    await settings({ clientSecret: (await readClient()).second });
    expect((await connect()).connected).toBe(true);
  });

  it("see the account's page where the redirect URL differs, and the workspace's where they decline", async () => {
    const { clientId, first } = await createIntegration("", callback);
    const { snowflake } = world.origins;
    const urls = { authUrl: `${snowflake}/oauth/authorize`, tokenUrl: `${snowflake}/oauth/token-request` };
    await settings({ clientId, clientSecret: first, ...urls, scopes: "refresh_token" });
    const start = `${world.origins.odeus}/integrations/${integrationId}/connect?user=ada`;
    expect((await connectUser({ startUrl: start, user: "ada", cancel: true })).error).toBe("access_denied");
    await alter(`SET OAUTH_REDIRECT_URI = '${callback}/'`);
    expect((await connect()).error).toBe("390307");
  });
});
