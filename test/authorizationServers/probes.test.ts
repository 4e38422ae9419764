/** What two answers of a token endpoint prove about a client, and what they do not. */

import { createServer } from "node:http";
import { clientCredentialsProbe, compared, pairedProbe } from "../../src/authorizationServers/probes.js";
import type { Env } from "../../src/core/env.js";
import { Secret } from "../../src/core/secret.js";

type Answered = Parameters<typeof compared>[0];
const answer = (status: number, error?: string, issued = false): Answered => ({ kind: "answer", status, error, issued, codes: [] });

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
  ])("%s", (_what, real, random, verdict) => {
    const { verdict: found, detail } = compared(real, random, "auth.example.com");
    expect(found).toBe(verdict);
    expect(detail).toContain("auth.example.com");
    if (verdict === "inconclusive") expect(detail).toContain("Connect one user to be sure.");
  });
});

describe("asked over the wire", () => {
  const forms: URLSearchParams[] = [];
  let answers: { status: number; body: string }[];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      forms.push(new URLSearchParams(body));
      const { status, body: text } = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 500, body: "" };
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    });
  });
  let tokenUrl: string;
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    tokenUrl = `http://127.0.0.1:${(server.address() as { port: number }).port}/token`;
  });
  beforeEach(() => {
    forms.length = 0;
  });
  afterAll(() => {
    server.close();
  });
  const env = { now: () => new Date(), random: () => 0, randomHex: (length: number) => "a".repeat(length), signal: new AbortController().signal } as Env;
  const probe = () => ({ tokenUrl, clientId: "id", clientSecret: new Secret("secret-of-the-probe"), env, limits: { callTimeoutMs: 500, retryMs: 0 } });
  const refusal = (status: number, error: string, codes?: number[]) => ({
    status,
    body: JSON.stringify({ error, error_description: "said nobody", error_codes: codes }),
  });

  it("a pair uses one made-up code, the real secret first and a random one of its length second", async () => {
    answers = [refusal(400, "invalid_grant"), refusal(401, "invalid_client")];
    expect(await pairedProbe(probe())).toMatchObject({ verdict: "accepted", method: "paired token request" });
    expect(forms.map((form) => form.get("client_secret"))).toEqual(["secret-of-the-probe", "a".repeat("secret-of-the-probe".length)]);
    expect(forms[0]?.get("grant_type")).toBe("authorization_code");
    expect(forms[0]?.get("code")).toBe(forms[1]?.get("code"));
  });

  it("no second question is asked where the first has no answer", async () => {
    answers = [{ status: 200, body: "<html>" }];
    expect(await pairedProbe(probe())).toMatchObject({ verdict: "unavailable", detail: expect.stringContaining("gave no usable answer") });
    expect(forms).toHaveLength(1);
  });

  it.each<[string, { status: number; body: string }, string, string]>([
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
