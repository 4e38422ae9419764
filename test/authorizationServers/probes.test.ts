/** What two answers of a token endpoint prove about a client, and what they do not. */

import { createServer } from "node:http";
import { type Answered, clientCredentialsProbe, compared, type Probe, pairedProbe, pushedProbe } from "../../src/authorizationServers/probes.js";
import type { Env } from "../../src/core/env.js";
import { Secret } from "../../src/core/secret.js";

const OURS = "https://app.example/callback";
const answer = (status: number, error?: string, granted = false): Answered => ({ kind: "answer", status, error, granted, codes: [] });

describe("two answers, to the real secret and to a random one:", () => {
  it.each<[string, Answered, Answered, string]>([
    ["the code is refused, the random one's client is", answer(400, "invalid_grant"), answer(401, "invalid_client"), "accepted"],
    ["the same with one status", answer(400, "invalid_grant"), answer(400, "invalid_client"), "accepted"],
    ["Atlassian's words for the client", answer(403, "invalid_grant"), answer(401, "access_denied"), "accepted"],
    ["both clients are refused", answer(401, "invalid_client"), answer(401, "invalid_client"), "rejected"],
    ["both are refused by status alone", answer(401), answer(401), "rejected"],
    ["both are refused inside a 200", answer(200, "incorrect_client_credentials"), answer(200, "incorrect_client_credentials"), "rejected"],
    ["the code is looked at first", answer(400, "invalid_grant"), answer(400, "invalid_grant"), "inconclusive"],
    ["both get a token", answer(200, undefined, true), answer(200, undefined, true), "inconclusive"],
    ["both get the same strange answer", answer(404), answer(404), "inconclusive"],
    ["the real one is refused and the random one is not", answer(401, "invalid_client"), answer(400, "invalid_grant"), "inconclusive"],
    ["the random one meets a server in trouble", answer(400, "invalid_grant"), answer(400, "temporarily_unavailable"), "inconclusive"],
    ["the random one meets an error of the server", answer(400, "invalid_grant"), answer(400, "server_error"), "inconclusive"],
    ["the random one is blocked on its way", answer(400, "invalid_grant"), answer(403), "inconclusive"],
    ["the real one is blocked on its way", answer(403), answer(401, "invalid_client"), "inconclusive"],
    ["the real one meets a limit", answer(400, "rate_limit_exceeded"), answer(401, "invalid_client"), "inconclusive"],
    ["the real one is granted, the random one meets a server in trouble", answer(201, undefined, true), answer(400, "server_error"), "inconclusive"],
    ["the real one is granted, the random one is refused without a word", answer(201, undefined, true), answer(403), "accepted"],
  ])("%s", (_what, real, random, verdict) => {
    const { verdict: found, detail } = compared(real, random, "auth.example.com");
    expect(found).toBe(verdict);
    expect(detail).toContain("auth.example.com");
    if (verdict === "inconclusive") expect(detail).toContain("Connect one user to be sure.");
  });
});

describe("asked over the wire", () => {
  const forms: URLSearchParams[] = [];
  const headers: (string | undefined)[] = [];
  /** A body may depend on what was sent. */
  type Body = string | ((sent: string) => string);
  let answers: { status: number; body: Body }[];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      forms.push(new URLSearchParams(body));
      headers.push(request.headers.authorization);
      const { status, body: text } = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 500, body: "" };
      response.writeHead(status, { "content-type": "application/json" }).end(typeof text === "string" ? text : text(body));
    });
  });
  let tokenUrl: string;
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    tokenUrl = `http://127.0.0.1:${(server.address() as { port: number }).port}/token`;
  });
  beforeEach(() => {
    forms.length = headers.length = 0;
  });
  afterAll(() => {
    server.close();
  });
  const env = { now: () => new Date(), random: () => 0, randomHex: (length: number) => "a".repeat(length), signal: new AbortController().signal } as Env;
  const probe = (more: Partial<Probe> = {}): Probe => ({
    endpoint: { url: tokenUrl },
    clientId: "id",
    clientSecret: new Secret("secret-of-the-probe"),
    authentication: "post",
    env,
    limits: { callTimeoutMs: 2_000, retryMs: 0 },
    ...more,
  });
  const refusal = (status: number, error: string, codes?: number[]) => ({
    status,
    body: JSON.stringify({ error, error_description: "said nobody", error_codes: codes }),
  });

  it("a pair uses one made-up code, the real secret first and a random one of its length second", async () => {
    answers = [refusal(400, "invalid_grant"), refusal(401, "invalid_client")];
    expect(await pairedProbe(probe(), OURS)).toMatchObject({ verdict: "accepted", method: "paired token request" });
    expect(forms.map((form) => form.get("client_secret"))).toEqual(["secret-of-the-probe", "a".repeat("secret-of-the-probe".length)]);
    expect(forms.map((form) => form.get("redirect_uri"))).toEqual([OURS, OURS]);
    expect(forms[0]?.get("grant_type")).toBe("authorization_code");
    expect(forms[0]?.get("code")).toBe(forms[1]?.get("code"));
  });

  it("no second question is asked where the first has no answer", async () => {
    answers = [{ status: 200, body: "<html>" }];
    expect(await pairedProbe(probe(), OURS)).toMatchObject({ verdict: "unavailable", detail: expect.stringContaining("gave no usable answer") });
    expect(forms).toHaveLength(1);
  });

  it("a secret that is refused is never said to be wrong where the header might have been right", async () => {
    answers = [refusal(401, "invalid_client")];
    expect(await pairedProbe(probe(), OURS)).toMatchObject({ verdict: "rejected" });
    expect(forms).toHaveLength(2);
    expect(await pairedProbe(probe({ authentication: undefined }), OURS)).toMatchObject({ verdict: "rejected" });
    expect(headers.slice(2)).toEqual([undefined, undefined, `Basic ${Buffer.from("id:secret-of-the-probe").toString("base64")}`]);
    answers = [refusal(401, "invalid_client"), refusal(401, "invalid_client"), refusal(400, "invalid_grant")];
    const found = await pairedProbe(probe({ authentication: undefined }), OURS);
    expect(found).toMatchObject({ verdict: "inconclusive", detail: expect.stringContaining("in the Basic header otherwise") });
  });

  it("a Basic header holds both halves form-encoded, and the body none of them but the id", async () => {
    answers = [refusal(400, "invalid_grant"), refusal(401, "invalid_client")];
    const clientSecret = new Secret("a secret+with/every=kind:of%sign ä");
    expect(await pairedProbe(probe({ authentication: "basic", clientId: "the id", clientSecret }), OURS)).toMatchObject({ verdict: "accepted" });
    const [id = "", secret = "", ...rest] = Buffer.from(headers[0]?.slice("Basic ".length) ?? "", "base64")
      .toString()
      .split(":");
    const decoded = (text: string) => new URLSearchParams(`x=${text}`).get("x");
    expect([decoded(id), decoded(secret), rest]).toEqual(["the id", clientSecret.open(), []]);
    expect(forms.map((form) => form.get("client_secret"))).toEqual([null, null]);
  });

  it.each<[string, Body]>([
    ["its error", (sent) => JSON.stringify({ error: `bad request: ${sent}` })],
    ["its error alone", (sent) => JSON.stringify({ error: new URLSearchParams(sent).get("client_secret") })],
  ])("a server that repeats the request in %s has said nothing by the difference", async (_what, body) => {
    answers = [{ status: 400, body }];
    const found = await pairedProbe(probe(), OURS);
    expect(found).toMatchObject({ verdict: "inconclusive", detail: expect.stringContaining("400 no error name") });
    expect(JSON.stringify(found)).not.toMatch(/secret-of-the-probe|aaaa/);
  });

  it.each<[string, { status: number; body: Body }[], string, number]>([
    ["taken, and a random secret is not", [{ status: 201, body: '{"request_uri":"urn:x","expires_in":60}' }, refusal(401, "invalid_client")], "accepted", 2],
    ["refused for its scope, and a random secret for itself", [refusal(400, "invalid_scope"), refusal(401, "invalid_client")], "accepted", 2],
    ["taken whatever the secret is", [{ status: 201, body: '{"request_uri":"urn:x"}' }], "inconclusive", 2],
    ["refused like a random one", [refusal(401, "invalid_client")], "rejected", 2],
    [
      "taken, where a random one gets no answer",
      [
        { status: 201, body: '{"request_uri":"urn:x"}' },
        { status: 503, body: "" },
      ],
      "unavailable",
      2,
    ],
  ])("a pushed request that is %s", async (_what, given, verdict, requests) => {
    answers = given;
    const found = await pushedProbe(probe(), { redirectUrl: OURS, scopes: ["a", "b"] });
    expect(found).toMatchObject({ verdict, method: "pushed authorization request" });
    expect(forms).toHaveLength(requests);
    expect(Object.fromEntries(forms[0] ?? [])).toMatchObject({ response_type: "code", redirect_uri: OURS, scope: "a b" });
  });

  it.each<[string, (one: Probe) => ReturnType<typeof pushedProbe>]>([
    ["token", (one) => pairedProbe(one, OURS)],
    ["pushed", (one) => pushedProbe(one, { redirectUrl: OURS, scopes: [] })],
  ])("a %s request with a random secret that a limit refuses is not sent again, and proves nothing", async (_what, ask) => {
    answers = [refusal(400, "invalid_grant"), { status: 429, body: "{}" }];
    // Whoever tries again does so at once, and often.
    expect(await ask(probe({ limits: { callTimeoutMs: 2_000, retryMs: 5_000 } }))).toMatchObject({
      verdict: "unavailable",
      detail: expect.stringMatching(/gave no usable answer: it throttles: .* after 1 try\. Connect one user/),
    });
    expect(forms.map((form) => form.get("client_secret"))).toEqual(["secret-of-the-probe", expect.stringMatching(/^a+$/)]);
  });

  it("a pushed request that nobody answers leaves another way free: no random secret is sent", async () => {
    answers = [{ status: 404, body: "<html>" }];
    expect(await pushedProbe(probe(), { redirectUrl: OURS, scopes: [] })).toBeUndefined();
    expect(forms.map((form) => form.get("client_secret"))).toEqual(["secret-of-the-probe"]);
  });

  it.each<[string, { status: number; body: Body }, string, string]>([
    ["a token", { status: 200, body: '{"access_token":"token-that-nobody-may-see"}' }, "accepted", "issued a token"],
    ["a refused client", refusal(401, "invalid_client", [7000215]), "rejected", "(401 invalid_client, AADSTS7000215)"],
    ["a client that may not", refusal(400, "unauthorized_client", [700016]), "rejected", "AADSTS700016"],
    ["a scope that is wrong", refusal(400, "invalid_scope", [70011]), "inconclusive", "neither with a token nor with a refusal"],
    ["nothing that is OAuth", { status: 200, body: "[]" }, "inconclusive", "no error name"],
    ["trouble", { status: 503, body: "{}" }, "unavailable", "answered 503"],
  ])("client credentials answered by %s", async (_what, given, verdict, detail) => {
    answers = [given];
    const found = await clientCredentialsProbe(probe(), "scope/.default");
    expect(found).toMatchObject({ verdict, method: "client credentials", detail: expect.stringContaining(detail) });
    expect(JSON.stringify(found)).not.toMatch(/token-that-nobody|said nobody|secret-of-the-probe/);
  });
});
