/** What a server's answers prove about redirect URLs and scopes, when nobody has signed in. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Probe } from "../../src/authorizationServers/probes.js";
import { useProbes } from "../../src/authorizationServers/useProbes.js";
import type { Env } from "../../src/core/env.js";
import { Secret } from "../../src/core/secret.js";

const OURS = "https://app.example/api/integrations/1/callback";
const ALSO_OURS = "https://app.example/api/integrations/2/callback";

/** What one request asked for. */
interface Asked {
  path: string;
  redirectUrl: string;
  scope: string | null;
  prompt: string | null;
}
type Answer = (asked: Asked, response: ServerResponse) => void;

let authorize: Answer;
let push: Answer;
const seen: Asked[] = [];
const server = createServer((request: IncomingMessage, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => {
    body += chunk.toString();
  });
  request.on("end", () => {
    const url = new URL(request.url ?? "/", "http://here");
    const parameters = request.method === "POST" ? new URLSearchParams(body) : url.searchParams;
    const asked = { path: url.pathname, redirectUrl: parameters.get("redirect_uri") ?? "", scope: parameters.get("scope"), prompt: parameters.get("prompt") };
    seen.push(asked);
    (url.pathname === "/par" ? push : authorize)(asked, response);
  });
});
let origin: string;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
beforeEach(() => {
  seen.length = 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const env = { now: () => new Date(), random: () => 0, randomHex: (length: number) => "f".repeat(length), signal: new AbortController().signal } as Env;
const limits = { callTimeoutMs: 1000, retryMs: 0 };
const probed = async (more: { redirectUrls?: string[]; pushed?: boolean; authorization?: boolean } = {}) => {
  const pushed: Probe = {
    endpoint: { url: `${origin}/par` },
    clientId: "id",
    clientSecret: new Secret("secret-of-the-use"),
    authentication: "post",
    env,
    limits,
  };
  const authorization = more.authorization === false ? undefined : { url: `${origin}/authorize?fixed=1` };
  const wish = { redirectUrls: more.redirectUrls ?? [OURS], scopes: ["read:a", "write:b"], builtIn: [] };
  return useProbes({ clientId: "id", env, limits, authorization, pushed: more.pushed ? pushed : undefined }, wish);
};

const back =
  (error?: string, known: (url: string) => boolean = (url) => url.includes("/callback"), other: Answer = page(400, "no such redirect")): Answer =>
  (asked, response) =>
    known(asked.redirectUrl)
      ? void response.writeHead(302, { location: `${asked.redirectUrl}${error === undefined ? "" : `?error=${error}&state=x`}` }).end()
      : other(asked, response);
const page =
  (status: number, text = "<html>", headers: Record<string, string> = {}): Answer =>
  (_asked, response) =>
    void response.writeHead(status, { "content-type": "text/html", ...headers }).end(text);
const json =
  (status: number, body: object): Answer =>
  (_asked, response) =>
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
const mismatch = page(400, "<main>Error 400: redirect_uri_mismatch</main>");
/** What Google is seen to answer: a redirect to a page of its own, with what that page will say. */
const googles = page(302, "", {
  location: `/signin/oauth/error?authError=${Buffer.from("\n\x15redirect_uri_mismatch\x12\x1fYou can't sign in").toString("base64url")}&client_id=id#x`,
});
const huge = page(400, "x".repeat(10 * 1024 * 1024));

describe("two authorization requests, to our redirect URL and to one that nobody registered:", () => {
  it("ask nobody anything, on the same host, with the scopes that the integrations ask for", async () => {
    authorize = back("login_required");
    expect(await probed()).toEqual([
      {
        property: "redirectUrl",
        verdict: "accepted",
        method: "paired authorization request",
        detail: expect.stringContaining("tells the redirect URL from one that nobody registered"),
      },
    ]);
    expect(seen).toEqual([
      { path: "/authorize", redirectUrl: OURS, scope: "read:a write:b", prompt: "none" },
      { path: "/authorize", redirectUrl: `https://app.example/${"f".repeat(32)}`, scope: "read:a write:b", prompt: "none" },
    ]);
  });

  it.each<[string, Answer, string, RegExp]>([
    ["ours is sent back without a word", back(), "accepted", /tells the redirect URL/],
    [
      "both are refused by name",
      mismatch,
      "rejected",
      /does not know the redirect URL https:\/\/app\.example\/\S+callback for this client \(redirect_uri_mismatch\)\. Register it/,
    ],
    ["both are sent to Google's page of the error", googles, "rejected", /does not know the redirect URL \S+ for this client \(redirect_uri_mismatch\)/],
    [
      "ours is sent to a sign-in page, the other one to Google's page of the error",
      (asked, response) => (asked.redirectUrl === OURS ? page(302, "", { location: "/v3/signin/identifier" }) : googles)(asked, response),
      "accepted",
      /tells the redirect URL/,
    ],
    ["both get Microsoft's page, whatever its status is", page(200, "<b>AADSTS50011: The redirect URI</b>"), "rejected", /\(AADSTS50011\)/],
    ["both get Microsoft's sign-in page, and the URL is looked at after it", page(200, "<title>Sign in</title>"), "inconclusive", /the same answer \(200\)/],
    ["10 MB come in place of a page", huge, "unavailable", /sent far too much/],
    ["both get one page that names nothing", page(400), "inconclusive", /the same answer \(400\)/],
    ["both get a sign-in page, whatever it says of redirect_uri_mismatch", page(200, "help: redirect_uri_mismatch"), "inconclusive", /the same answer \(200\)/],
    ["both are sent to a sign-in page", page(302, "", { location: "/login" }), "inconclusive", /the same answer \(302\)/],
    ["both are sent back, as to anybody", back("login_required", () => true), "inconclusive", /the same answer \(a redirect to it\)/],
    [
      "only the other one is sent back",
      back("login_required", (url) => !url.includes("/callback")),
      "inconclusive",
      /\(400\) .* \(a redirect to it\) in a way that proves nothing/,
    ],
    [
      "ours is sent to another address that begins like it",
      (asked, response) => void response.writeHead(302, { location: `${asked.redirectUrl}.evil.example/` }).end(),
      "inconclusive",
      /302/,
    ],
    [
      "only ours is refused by name",
      (asked, response) => (asked.redirectUrl === OURS ? mismatch : page(200))(asked, response),
      "inconclusive",
      /\(400 redirect_uri_mismatch\) .* \(200\) in a way that proves nothing/,
    ],
    ["trouble", page(503), "unavailable", /gave no usable answer about the redirect URL: it answered 503/],
    ["no answer", () => undefined, "unavailable", /gave no answer within/],
  ])("%s", async (_what, answer, verdict, detail) => {
    authorize = answer;
    const [found, ...more] = await probed();
    expect(found).toMatchObject({ property: "redirectUrl", verdict, detail: expect.stringMatching(detail) });
    expect(more).toEqual([]);
    // Nobody follows a redirect.
    expect(seen.every(({ path }) => path === "/authorize")).toBe(true);
  });

  it("of several redirect URLs the one that is not registered counts, by its name", async () => {
    authorize = back("login_required", (url) => url === ALSO_OURS, mismatch);
    const [found] = await probed({ redirectUrls: [ALSO_OURS, OURS] });
    expect(found).toMatchObject({ verdict: "rejected", detail: expect.stringContaining(OURS) });
    expect(found?.detail).not.toContain(ALSO_OURS);
    authorize = back("login_required");
    expect((await probed({ redirectUrls: [ALSO_OURS, OURS] }))[0]).toMatchObject({
      verdict: "accepted",
      detail: expect.stringContaining("the 2 redirect URLs"),
    });
  });

  it("scopes are refused where the server names them as the reason, and not proven by anything else", async () => {
    authorize = back("invalid_scope");
    const [redirect, scopes] = await probed();
    expect(redirect).toMatchObject({ property: "redirectUrl", verdict: "accepted" });
    expect(scopes).toMatchObject({ property: "scopes", verdict: "rejected", detail: expect.stringContaining("read:a write:b") });
    authorize = back("consent_required");
    expect((await probed()).map(({ property }) => property)).toEqual(["redirectUrl"]);
  });

  it("a word that is no name of an error is shown to nobody", async () => {
    authorize = back(encodeURIComponent("<script>code"));
    expect(JSON.stringify(await probed())).not.toContain("script");
  });
});

describe("pushed requests", () => {
  beforeEach(() => {
    authorize = page(200);
  });
  const taken = json(201, { request_uri: "urn:x", expires_in: 60 });
  const byUrl =
    (ours: Answer, other: Answer): Answer =>
    (asked, response) =>
      (asked.redirectUrl.includes("/callback") ? ours : other)(asked, response);

  it.each<[string, Answer, string, string]>([
    ["ours is taken, the other one is not", byUrl(taken, json(400, { error: "invalid_request" })), "accepted", "pushed authorization request"],
    [
      "ours fails for its scopes alone",
      byUrl(json(400, { error: "invalid_scope" }), json(400, { error: "invalid_request" })),
      "accepted",
      "pushed authorization request",
    ],
    ["both are refused by name", json(400, { error: "invalid_redirect_uri" }), "rejected", "pushed authorization request"],
    [
      "both are refused without a name: people's page is asked, and tells no more",
      json(400, { error: "invalid_request" }),
      "inconclusive",
      "paired authorization request",
    ],
    ["both are taken: the same", taken, "inconclusive", "paired authorization request"],
    ["there is no such place: the same", page(404), "inconclusive", "paired authorization request"],
    ["10 MB come in place of an answer: the same", huge, "inconclusive", "paired authorization request"],
    ["the other one meets a server in trouble: the same", byUrl(taken, json(400, { error: "server_error" })), "inconclusive", "paired authorization request"],
  ])("%s", async (_what, answer, verdict, method) => {
    push = answer;
    expect((await probed({ pushed: true }))[0]).toMatchObject({ property: "redirectUrl", verdict, method });
  });

  it("people's page decides where a pushed request does not", async () => {
    push = json(400, { error: "invalid_request" });
    authorize = mismatch;
    expect((await probed({ pushed: true }))[0]).toMatchObject({ verdict: "rejected", method: "paired authorization request" });
    authorize = back("login_required");
    expect((await probed({ pushed: true }))[0]).toMatchObject({ verdict: "accepted", method: "paired authorization request" });
  });

  it("are enough where no page is known, and scopes that both are refused for are told all the same", async () => {
    push = json(400, { error: "invalid_scope" });
    const found = await probed({ pushed: true, authorization: false });
    expect(found.map(({ property, verdict }) => [property, verdict])).toEqual([
      ["redirectUrl", "inconclusive"],
      ["scopes", "rejected"],
    ]);
  });
});

it("nothing is asked where there is nowhere to ask, or nothing to ask about", async () => {
  expect(await probed({ authorization: false })).toEqual([]);
  expect(await probed({ redirectUrls: [] })).toEqual([]);
  expect(seen).toEqual([]);
});
