/**
 * The OAuth server behind the sandbox's counterparts, seen by an independent client (openid-client) and by raw requests. It
 * also guards the parts of oidc-provider that are not its documented interface: several live secrets, and the mount.
 */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as client from "openid-client";
import { connectUser } from "../support/browser.js";
import { send, startWorld, type World } from "../support/sandbox.js";

const SCOPES = ["https://www.googleapis.com/auth/drive.readonly"];
let world: World;
let app: Server;
let redirectUri: string;
/** The last request that came back to the app. */
let cameBack: URL | undefined;

beforeAll(async () => {
  world = await startWorld();
  app = createServer((incoming, outgoing) => {
    cameBack = new URL(incoming.url ?? "/", redirectUri);
    outgoing.end('<main data-connected="back"></main>');
  });
  await new Promise<void>((ready) => app.listen(0, "127.0.0.1", ready));
  redirectUri = `http://localhost:${(app.address() as AddressInfo).port}/callback`;
});
afterAll(async () => {
  await world.close();
  app.closeAllConnections();
  app.close();
});

const newClient = () => world.vendorClient("google", { name: "Test app", redirectUris: [redirectUri], scopes: SCOPES });

/** Answers where the browser came back to, or what its page said. */
async function authorize(parameters: Record<string, string>): Promise<{ back: URLSearchParams | undefined; error: string | undefined }> {
  cameBack = undefined;
  const startUrl = new URL(`${world.origins.google}/o/oauth2/v2/auth`);
  startUrl.search = new URLSearchParams({ response_type: "code", redirect_uri: redirectUri, scope: SCOPES.join(" "), state: "s", ...parameters }).toString();
  const { error } = await connectUser({ startUrl: startUrl.href, user: "ada" });
  // Set by the app's server meanwhile, which the compiler cannot see.
  return { back: (cameBack as URL | undefined)?.searchParams, error };
}

async function token(form: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }> {
  const { status, body } = await send(`${world.origins.google}/token`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form).toString(),
  });
  return { status, body: body as Record<string, unknown> };
}

async function redeem({ clientId, clientSecret }: { clientId: string; clientSecret: string }, code: string | null | undefined) {
  return token({ grant_type: "authorization_code", code: code ?? "", redirect_uri: redirectUri, client_id: clientId, client_secret: clientSecret });
}

describe("openid-client as the app", () => {
  it("discovers, signs in with PKCE, reads the id token, refreshes", async () => {
    const { clientId, clientSecret } = await newClient();
    const metadata = { client_secret: clientSecret, id_token_signed_response_alg: "ES256" };
    const config = await client.discovery(new URL(world.origins.google), clientId, metadata, undefined, { execute: [client.allowInsecureRequests] });
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const startUrl = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: `openid offline_access ${SCOPES.join(" ")}`,
      state,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    const seen = await connectUser({ startUrl: startUrl.href, user: "grace" });
    expect(seen.consentShows).toBe("Test app");

    const tokens = await client.authorizationCodeGrant(config, cameBack ?? startUrl, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      idTokenExpected: true,
    });
    expect(tokens.claims()?.sub).toBe("grace");
    expect(tokens.scope).toBe(SCOPES.join(" "));
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? "");
    expect(refreshed.access_token).not.toBe(tokens.access_token);
  });
});

describe("the client store is asked at every request", () => {
  it("takes any number of live secrets, and none that is retired", async () => {
    const { clientId, clientSecret } = await newClient();
    const secrets = [clientSecret, "second-live-secret", "third-live-secret"];
    await world.changeVendorClient("google", clientId, { secrets });
    for (const secret of secrets) {
      const { back } = await authorize({ client_id: clientId });
      expect((await redeem({ clientId, clientSecret: secret }, back?.get("code"))).status).toBe(200);
    }
    await world.changeVendorClient("google", clientId, { secrets: secrets.slice(1) });
    const { back } = await authorize({ client_id: clientId });
    expect(await redeem({ clientId, clientSecret }, back?.get("code"))).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    // A code survives the failed attempt.
    expect((await redeem({ clientId, clientSecret: "second-live-secret" }, back?.get("code"))).status).toBe(200);
    expect([await world.accepted("google", clientId, clientSecret), await world.accepted("google", clientId, "third-live-secret")]).toEqual([false, true]);
  });

  it("feels a changed redirect URI and a removed scope at the next login", async () => {
    const { clientId } = await newClient();
    expect((await authorize({ client_id: clientId })).back?.get("code")).toBeTruthy();
    await world.changeVendorClient("google", clientId, { scopes: [] });
    expect((await authorize({ client_id: clientId })).back?.get("error")).toBe("invalid_scope");
    await world.changeVendorClient("google", clientId, { redirectUris: [`${redirectUri}/elsewhere`] });
    expect(await authorize({ client_id: clientId })).toEqual({ back: undefined, error: "redirect_uri_mismatch" });
  });
});

describe("authorize", () => {
  it("gives a refresh token for offline_access, without prompt=consent, and none otherwise", async () => {
    const credentials = await newClient();
    const withOffline = await authorize({ client_id: credentials.clientId, scope: `${SCOPES.join(" ")} offline_access` });
    expect((await redeem(credentials, withOffline.back?.get("code"))).body).toHaveProperty("refresh_token");
    const without = await authorize({ client_id: credentials.clientId });
    expect((await redeem(credentials, without.back?.get("code"))).body).not.toHaveProperty("refresh_token");
  });

  it("answers prompt=none at once: login_required tells that client and redirect URI are right", async () => {
    const { clientId } = await newClient();
    const { back } = await authorize({ client_id: clientId, prompt: "none" });
    expect([back?.get("error"), back?.get("state")]).toEqual(["login_required", "s"]);
  });

  it("sends no error to a redirect URI that is not registered", async () => {
    const { clientId } = await newClient();
    const elsewhere = redirectUri.replace("/callback", "/elsewhere");
    expect(await authorize({ client_id: clientId, redirect_uri: elsewhere, scope: "unregistered" })).toEqual({
      back: undefined,
      error: "redirect_uri_mismatch",
    });
    expect(await authorize({ client_id: "nobody" })).toEqual({ back: undefined, error: "invalid_client" });
  });
});

describe("the token endpoint in the vendors' words", () => {
  const junk = (server: "google" | "atlassian", clientId: string, clientSecret: string) =>
    send(world.origins[server] + (server === "google" ? "/token" : "/oauth/token"), {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        grant_type: "authorization_code",
        code: "junk".repeat(12),
        redirect_uri: redirectUri,
        client_id: clientId,
        client_secret: clientSecret,
      }).toString(),
    });

  it.each([
    ["google", "clientFirst", [400, "invalid_grant"], [401, "invalid_client"]],
    ["atlassian", "clientFirst", [403, "invalid_grant"], [401, "access_denied"]],
    ["google", "codeFirst", [400, "invalid_grant"], [400, "invalid_grant"]],
    ["google", "alwaysInvalidGrant", [400, "invalid_grant"], [400, "invalid_grant"]],
    ["google", "acceptAll", [200, undefined], [200, undefined]],
    ["google", "errorsInside200", [200, "bad_verification_code"], [200, "incorrect_client_credentials"]],
    ["google", "redirectToLogin", [301, undefined], [301, undefined]],
    ["google", "html", [200, undefined], [200, undefined]],
    ["google", "reflect", [400, "invalid_grant"], [401, "invalid_client"]],
  ] as const)("%s, %s", async (server, behaviour, right, wrong) => {
    const { clientId, clientSecret } = await world.vendorClient(server, { redirectUris: [redirectUri] });
    await world.behaviour(server, behaviour);
    const answers = [await junk(server, clientId, clientSecret), await junk(server, clientId, "a-wrong-secret")];
    await world.behaviour(server, "clientFirst");
    expect(answers.map(({ status, body }) => [status, (body as { error?: string } | undefined)?.error])).toEqual([right, wrong]);
    expect(answers[0]?.text.includes(clientSecret)).toBe(behaviour === "reflect");
  });

  it("looks at the client of a real code even where the code comes first", async () => {
    const credentials = await newClient();
    await world.behaviour("google", "codeFirst");
    const { back } = await authorize({ client_id: credentials.clientId });
    const refused = await redeem({ ...credentials, clientSecret: "wrong" }, back?.get("code"));
    await world.behaviour("google", "clientFirst");
    expect(refused.body["error"]).toBe("invalid_client");
  });
});
