/** The odd authorization servers that verification meets, beside the vendors' own words (oauthServer.test.ts): each does what its name says. */

import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as client from "openid-client";
import { connectUser } from "../support/browser.js";
import { type Reply, send, startWorld, type World } from "../support/sandbox.js";

const REDIRECT = "http://localhost:1/callback";
let world: World;
let credentials: { clientId: string; clientSecret: string };
beforeEach(async () => {
  world = await startWorld();
  credentials = await world.vendorClient("openid", { redirectUris: [REDIRECT], scopes: ["files.read"] });
});
afterEach(() => world.close());

function post(path: string, form: Record<string, string>): Promise<Reply> {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return send(world.origins.openid + path, { method: "POST", headers, body: new URLSearchParams(form).toString() });
}

/** A request that no server can have issued the code for. */
const junk = (secret = credentials.clientSecret, redirectUri = REDIRECT) =>
  post("/token", {
    grant_type: "authorization_code",
    code: "junk".repeat(12),
    redirect_uri: redirectUri,
    client_id: credentials.clientId,
    client_secret: secret,
  });
const said = ({ status, body }: Reply) => [status, (body as { error?: string } | undefined)?.error];

describe("the token endpoint of an OpenID provider", () => {
  it("checks the client before the code, or the other way round", async () => {
    expect([said(await junk()), said(await junk("wrong"))]).toEqual([
      [400, "invalid_grant"],
      [401, "invalid_client"],
    ]);
    await world.behaviour("openid", "codeFirst");
    expect([said(await junk()), said(await junk("wrong"))]).toEqual([
      [400, "invalid_grant"],
      [400, "invalid_grant"],
    ]);
  });

  it("looks at client and redirect URI together", async () => {
    await world.behaviour("openid", "clientWithRedirect");
    expect([said(await junk()), said(await junk("wrong")), said(await junk(undefined, `${REDIRECT}/`))]).toEqual([
      [403, "invalid_code"],
      [403, "unauthorized_client"],
      [403, "unauthorized_client"],
    ]);
  });

  it("sends 10 MB", async () => {
    await world.behaviour("openid", "huge");
    expect((await junk()).text.length).toBeGreaterThan(10_000_000);
  });

  it("begins an answer and does not end it", async () => {
    await world.behaviour("openid", "slow");
    const { hostname, port } = new URL(world.origins.openid);
    const bytes = await new Promise<number>((resolve, reject) => {
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const outgoing = request({ hostname, port, path: "/token", method: "POST", headers }, (incoming) => {
        let seen = 0;
        incoming.on("end", () => reject(new Error("it ended")));
        incoming.on("data", (chunk: Buffer) => {
          seen += chunk.length;
          // Enough to know that more keeps coming.
          if (seen > 2) resolve(seen);
        });
      });
      outgoing.once("error", reject);
      outgoing.end("grant_type=authorization_code");
    });
    expect(bytes).toBeGreaterThan(2);
  });

  it("never answers", async () => {
    await world.behaviour("openid", "hang");
    const pending = junk().then(
      () => "answered",
      () => "closed",
    );
    let seen = await world.calls();
    while (seen.length === 0) seen = await world.calls();
    expect(seen.map(({ operation, status }) => [operation, status])).toEqual([["token", undefined]]);
    const closing = world;
    world = await startWorld();
    await closing.close();
    expect(await pending).toBe("closed");
  });

  it("asks for the secret at another address of this machine, and the record shows who followed", async () => {
    await world.behaviour("openid", "redirectInward");
    const { status, headers } = await junk();
    expect([status, headers.location]).toEqual([307, expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/inward$/)]);
    await post("/inward", { client_secret: credentials.clientSecret });
    expect((await world.calls()).map(({ operation, requestBody }) => [operation, requestBody.includes(credentials.clientSecret)])).toEqual([
      ["token", true],
      ["inward", true],
    ]);
  });
});

describe("a pushed authorization request", () => {
  const push = (change: Record<string, string> = {}) =>
    post("/par", {
      response_type: "code",
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
      redirect_uri: REDIRECT,
      scope: "files.read",
      state: "x",
      ...change,
    });

  it("is taken with the right client, redirect URI and scope", async () => {
    const taken = await push();
    expect([taken.status, taken.body]).toEqual([201, { request_uri: expect.stringContaining("urn:"), expires_in: expect.any(Number) }]);
  });

  it.each([
    ["a wrong secret", { client_secret: "wrong" }, [401, "invalid_client"]],
    ["an unknown client", { client_id: "nobody" }, [401, "invalid_client"]],
    ["a redirect URI that is not registered", { redirect_uri: `${REDIRECT}/` }, [400, "invalid_request"]],
    ["another client's scope", { scope: "files.read mail.read" }, [400, "invalid_scope"]],
  ])("is refused with %s", async (_what, change, expected) => {
    await world.vendorClient("openid", { scopes: ["mail.read"] });
    expect(said(await push(change))).toEqual(expected);
  });

  it("is taken with a scope that nobody knows", async () => {
    expect((await push({ scope: "files.read no.such.scope" })).status).toBe(201);
  });

  it("exists only where the metadata says so", async () => {
    const metadata = async (server: "openid" | "google") =>
      ((await send(`${world.origins[server]}/.well-known/openid-configuration`)).body as Record<string, string>)["pushed_authorization_request_endpoint"];
    expect([await metadata("openid"), await metadata("google")]).toEqual([`${world.origins.openid}/par`, undefined]);
    expect((await send(`${world.origins.google}/par`, { method: "POST" })).status).toBe(404);
  });

  it("leads an independent client through sign-in", async () => {
    let back: URL | undefined;
    const app: Server = createServer((incoming, outgoing) => {
      back = new URL(incoming.url ?? "/", redirectUri);
      outgoing.end('<main data-connected="back"></main>');
    });
    await new Promise<void>((ready) => app.listen(0, "127.0.0.1", ready));
    const redirectUri = `http://localhost:${(app.address() as AddressInfo).port}/callback`;
    await world.changeVendorClient("openid", credentials.clientId, { redirectUris: [redirectUri] });
    const issuer = new URL(world.origins.openid);
    const config = await client.discovery(issuer, credentials.clientId, credentials.clientSecret, undefined, { execute: [client.allowInsecureRequests] });
    const startUrl = await client.buildAuthorizationUrlWithPAR(config, { redirect_uri: redirectUri, scope: "files.read", state: "x" });
    expect(startUrl.searchParams.has("redirect_uri")).toBe(false);
    await connectUser({ startUrl: startUrl.href, user: "ada" });
    const tokens = await client.authorizationCodeGrant(config, back ?? startUrl, { expectedState: "x" });
    app.closeAllConnections();
    app.close();
    expect(tokens.scope).toBe("files.read");
  });
});

describe("an authorize request that asks for nobody", () => {
  /** Status, and the error the browser is sent back with. */
  async function ask(url: string, clientId: string, redirectUri: string): Promise<(number | string | null)[]> {
    const query = new URLSearchParams({ response_type: "code", client_id: clientId, redirect_uri: redirectUri, prompt: "none", state: "x" });
    const { status, headers } = await send(`${url}?${query}`);
    const location = headers.location === undefined ? undefined : new URL(headers.location);
    return [status, location === undefined ? null : location.origin + location.pathname, location?.searchParams.get("error") ?? null];
  }

  it.each([
    ["openid", "/authorize"],
    ["atlassian", "/authorize"],
    ["google", "/o/oauth2/v2/auth"],
  ] as const)("tells at %s whether client and redirect URI are registered", async (vendor, path) => {
    const { clientId } = await world.vendorClient(vendor, { redirectUris: [REDIRECT] });
    const url = world.origins[vendor] + path;
    expect(await ask(url, clientId, REDIRECT)).toEqual([303, REDIRECT, "login_required"]);
    expect(await ask(url, clientId, "http://localhost:1/random")).toEqual([400, null, null]);
    expect((await ask(url, "nobody", REDIRECT))[1]).toBeNull();
  });

  it("tells nothing at ServiceNow, which takes its first redirect URL instead", async () => {
    await world.atServiceNow("POST", "/oauth_entity", { name: "Odeus", type: "client", client_id: "odeus", redirect_url: REDIRECT });
    const url = `${world.origins.serviceNow}/oauth_auth.do`;
    const taken = [303, REDIRECT, "login_required"];
    expect([await ask(url, "odeus", REDIRECT), await ask(url, "odeus", "http://localhost:1/random")]).toEqual([taken, taken]);
  });
});
