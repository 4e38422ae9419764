/** Whatever a remote answers, or does not answer: a sentence that says so, nothing left behind, and no credential sent elsewhere. */

import { createServer } from "node:http";
import type { Fault } from "../../src/sandbox/faults.js";
import { entra, HOSTS, type Stage, startAgain, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

const MAIL = { integrations: uses("outlook-email"), entra: entra() };

/** Faults that every remote can have, and how they are told. */
const TROUBLE: [string, Omit<Fault, "counterpart" | "operation">, RegExp][] = [
  ["hangs", { fault: "hang" }, /gave no answer within 1 s/],
  ["resets the connection", { fault: "reset" }, /closed the connection without an answer \(ECONNRESET/],
  ["is in trouble", { fault: "serverError" }, /answered 503/],
  ["throttles for a day", { fault: "throttled", retryAfter: "86400" }, /throttles: still too many requests after 1 try \(429.*Run again after 20\d\d-/s],
  ["throttles for ever", { fault: "throttled", retryAfter: "9".repeat(20) }, /throttles.*Run again later/s],
];
/** What comes in place of JSON. */
const GARBAGE: typeof TROUBLE = [
  [
    "answers with a page",
    { fault: "html" },
    /answered with something that is not JSON \(text\/html, \d+\).*Check that localhost:\d+ is the service itself and not a proxy or a sign-in page/s,
  ],
  ["answers with broken JSON", { fault: "brokenJson" }, /answered with something that is not JSON \(application\/json, \d+\)/],
  ["answers without an end", { fault: "huge" }, /broke off its answer or sent far too much/],
];
const REFUSALS: Record<string, typeof TROUBLE> = {
  odeus: [
    ["does not know the key", { fault: "unauthorized" }, /\(401 authentication_error\).*Check the API key/s],
    ["forbids it", { fault: "forbidden" }, /\(403 permission_error\).*needs the scope INTEGRATION_API/s],
    ["finds nothing", { fault: "notFound" }, /\(404 not_found_error\)/],
    ["has a conflict", { fault: "conflict" }, /\(409 invalid_request_error\)/],
  ],
  entra: [
    ["does not take the token", { fault: "unauthorized" }, /\(401 InvalidAuthenticationToken/],
    ["forbids it", { fault: "forbidden" }, /\(403 Authorization_RequestDenied.*needs the application permission Application\.ReadWrite\.OwnedBy/s],
  ],
};

/** Where credentials must never arrive. */
const visitors: string[] = [];
const elsewhere = createServer((request, response) => {
  visitors.push(`${request.method} ${request.url}`);
  response.end("{}");
});
let location: string;
beforeAll(async () => {
  await new Promise<void>((done) => elsewhere.listen(0, "127.0.0.1", done));
  location = `http://127.0.0.1:${(elsewhere.address() as { port: number }).port}/elsewhere`;
});
afterAll(() => {
  elsewhere.close();
});

describe.each(HOSTS)("bad answers through the %s host", (name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start, { environment: { ODEUS_CALL_TIMEOUT_SECONDS: "1" } });
  });
  beforeEach(() => stage.clear());
  afterEach(() => expect(visitors).toEqual([]));
  afterAll(() => stage.stop());

  const nothingIsLeft = async (): Promise<void> => {
    expect((await stage.apps()).filter(({ deletedDateTime }) => deletedDateTime === null)).toEqual([]);
    expect((await stage.slot("outlook-email")).client).toBeUndefined();
  };
  const failing = async (fault: Fault): Promise<string> => {
    await stage.world.fault(fault);
    const { message, partial } = await stage.failingUp(MAIL);
    expect(partial).toBeUndefined();
    await nothingIsLeft();
    return message;
  };

  describe.each([
    ["odeus", "listIntegrations", /^Odeus .*Nothing was changed\.$/s],
    ["odeus", "putOAuthClient", /^entering the client in outlook-email: Odeus .*Undone: .*Nothing is left behind\.$/s],
    [
      "entra",
      "addPassword",
      /^issuing a secret for app registration "Odeus mail" in tenant [0-9a-f-]{36}: Microsoft Graph .*Undone: .*Nothing is left behind\.$/s,
    ],
  ])("when %s, asked for %s,", (counterpart, operation, frame) => {
    it.each([...TROUBLE, ...GARBAGE, ...(REFUSALS[counterpart] ?? [])])("%s", async (_what, fault, told) => {
      const message = await failing({ counterpart, operation, times: "always", ...fault });
      expect(message).toMatch(told);
      expect(message).toMatch(frame);
    });

    it("sends us elsewhere, nobody goes there", async () => {
      expect(await failing({ counterpart, operation, fault: "redirect", location, times: "always" })).toContain(
        "sent us elsewhere, and credentials are never sent on (302)",
      );
    });

    it("throttles for a moment, it is asked again and nobody notices", async () => {
      await stage.world.fault({ counterpart, operation, fault: "throttled", retryAfter: "0" });
      await stage.up(MAIL);
      expect(await stage.works("outlook-email")).toBe(true);
    });
  });

  it("signs in anew when Graph takes the token no longer", async () => {
    await stage.world.fault({ counterpart: "entra", operation: "addPassword", fault: "unauthorized" });
    await stage.up(MAIL);
    expect((await stage.app()).passwordCredentials).toHaveLength(1);
  });

  describe("when Entra, asked to sign us in,", () => {
    const unsigned = async (fault: Omit<Fault, "counterpart" | "operation">): Promise<string> => {
      // A process of its own, or a configuration of its own, has no session yet.
      const fresh = name === "plugin" ? stage : await startAgain(stage, start, { ODEUS_CALL_TIMEOUT_SECONDS: "1" });
      try {
        await fresh.host.configure({});
        await stage.world.fault({ counterpart: "entra", operation: "token", times: "always", ...fault });
        return (await fresh.failingUp(MAIL)).message;
      } finally {
        if (fresh !== stage) {
          fresh.host.kill("SIGKILL");
          await fresh.host.stop();
        }
      }
    };

    it.each<(typeof TROUBLE)[number]>([
      ...TROUBLE,
      [
        "answers with a page",
        { fault: "html" },
        /answered with something that is not a token \(200\)\.\n {2}Check that localhost:\d+ is the sign-in host itself/,
      ],
      ["answers with broken JSON", { fault: "brokenJson" }, /answered with something that is not a token/],
      ["refuses", { fault: "unauthorized" }, /did not let us sign in to tenant .*AADSTS7000215.*check ARM_CLIENT_SECRET/s],
    ])("%s", async (_what, fault, told) => {
      const message = await unsigned(fault);
      expect(message).toMatch(told);
      expect(message).toMatch(/^looking for app registration "Odeus mail" in tenant .*: Microsoft Entra .*Nothing was changed\.$/s);
      await nothingIsLeft();
    });

    it("sends us elsewhere, nobody goes there", async () => {
      expect(await unsigned({ fault: "redirect", location })).toContain("sent us elsewhere, and credentials are never sent on (302)");
    });

    it("throttles for a moment, it is asked again", async () => {
      await stage.host.configure({});
      await stage.world.fault({ counterpart: "entra", operation: "token", fault: "throttled", retryAfter: "0" });
      await stage.up(MAIL);
      expect(await stage.works("outlook-email")).toBe(true);
    });
  });

  describe("when the token endpoint of a hand-made client", () => {
    const client = async (): Promise<Inputs> => {
      const { redirectUrl, defaultScopes } = await stage.slot("jira");
      const { clientId, clientSecret } = await stage.world.vendorClient("atlassian", { redirectUris: [redirectUrl], scopes: defaultScopes });
      return { integrations: uses("jira"), existing: { clientId, clientSecret } };
    };

    it.each<(typeof TROUBLE)[number]>([
      ...TROUBLE.slice(0, 3),
      ["throttles for a day", { fault: "throttled", retryAfter: "86400" }, /it throttles: still too many requests/],
      ...GARBAGE.map(([what, fault, told]): (typeof TROUBLE)[number] => [what, fault, new RegExp(told.source.split(".*")[0] ?? "")]),
    ])("%s, the client is entered and said to be unproven", async (_what, fault, told) => {
      const inputs = await client();
      await stage.world.fault({ counterpart: "atlassian", operation: "token", times: "always", ...fault });
      const { state } = await stage.up(inputs);
      expect(state["verification"]).toMatchObject({
        verdict: "unavailable",
        detail: expect.stringMatching(told),
        unproven: expect.arrayContaining(["secret"]),
      });
      expect(stage.said("WARNING")).toEqual([expect.stringMatching(/^the client secret is not proven \(unavailable\): .*Connect one user to be sure\.$/)]);
    });

    it("sends us elsewhere, nobody goes there", async () => {
      const inputs = await client();
      await stage.world.fault({ counterpart: "atlassian", operation: "token", fault: "redirect", location, times: "always" });
      expect((await stage.up(inputs)).state["verification"]).toMatchObject({ verdict: "unavailable" });
    });

    it("refuses a wrong secret, nothing is entered", async () => {
      const inputs = await client();
      const { message } = await stage.failingUp({ ...inputs, existing: { ...(inputs["existing"] as Inputs), clientSecret: "another-secret-than-that" } });
      expect(message).toMatch(/^proving client .*: rejected\. localhost:\d+ refuses the client id or the secret \(401/);
      expect((await stage.slot("jira")).client).toBeUndefined();
    });
  });
});
