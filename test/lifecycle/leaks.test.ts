/** No secret in anything that a person or a log can read: a whole life with failures of every kind, and then a search. */

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { Fault } from "../../src/sandbox/faults.js";
import { type Channels, channelsOf, leaks, secretsOnTheWire, spellings } from "../support/leakSearch.js";
import { entra, failureOf, HOSTS, keptOf, type Stage, startAgain, startStage, uses } from "../support/oauthClientConfig.js";
import { type HostFailure, type Inputs, secret } from "../support/providerHost.js";

/** With everything that is written otherwise in a URL, in JSON and in base64. */
const canary = (name: string): string => `cnry_${name}_${randomBytes(9).toString("hex")}+/="\\ %ä!'()~`;

const MAIL = { integrations: uses("outlook-email"), entra: entra() };
const FAULTS: Omit<Fault, "counterpart" | "operation">[] = [
  { fault: "unauthorized" },
  { fault: "forbidden" },
  { fault: "notFound" },
  { fault: "conflict" },
  { fault: "throttled", retryAfter: "86400" },
  { fault: "serverError", status: 500 },
  { fault: "answerLost" },
  { fault: "reset" },
  { fault: "bodyTruncated" },
  { fault: "hang" },
  { fault: "html" },
  { fault: "brokenJson" },
  { fault: "huge" },
  { fault: "redirect", location: "http://127.0.0.1:1/" },
];

describe.each(HOSTS)("through the %s host", (_name, start) => {
  const given = { first: canary("first"), second: canary("second"), wrong: canary("wrong"), misplaced: canary("misplaced") };
  let stage: Stage;
  let echoing: Stage;
  let channels: Channels;
  let canaries: Record<string, string>;
  let failures = 0;
  let told: string[];

  const fails = async (work: Promise<unknown>): Promise<void> => {
    await failureOf(work);
    failures += 1;
  };

  beforeAll(async () => {
    stage = await startStage(start, { environment: { ODEUS_CALL_TIMEOUT_SECONDS: "1", ODEUS_RETRY_SECONDS: "0.2", ODEUS_VERIFY_SECONDS: "0.5" } });
    const { world, host } = stage;
    canaries = { first: given.first, second: given.second, wrong: given.wrong, apiKey: world.apiKeys.full, deployer: world.deployer.clientSecret };
    const learn = async (): Promise<void> => {
      Object.assign(
        canaries,
        Object.fromEntries((await stage.apps()).flatMap(({ passwordCredentials }) => passwordCredentials.map(({ keyId, secretText }) => [keyId, secretText]))),
      );
      Object.assign(
        canaries,
        Object.fromEntries(Object.entries(secretsOnTheWire(await world.calls())).map(([name, value]) => [`${name} of ${Object.keys(canaries).length}`, value])),
      );
    };

    // A hand-made client: given, changed, wrong, and misplaced.
    const { redirectUrl, defaultScopes } = await stage.slot("jira");
    const { clientId } = await world.vendorClient("atlassian", { redirectUris: [redirectUrl], scopes: defaultScopes });
    await world.changeVendorClient("atlassian", clientId, { secrets: [given.first, given.second] });
    const jira = (clientSecret: Inputs[string]): Inputs => ({ integrations: uses("jira"), existing: { clientId, clientSecret } });
    const byHand = await stage.up(jira(secret(given.first)), undefined, "jira");
    const changed = await stage.up(jira(given.second), byHand, "jira");
    await stage.refresh(changed, "jira");
    await fails(stage.up(jira(given.wrong), changed, "jira"));
    for (const [counterpart, operation] of [
      ["odeus", "putOAuthClient"],
      ["atlassian", "token"],
      ["atlassian", "authorize"],
    ] as const) {
      for (const fault of FAULTS) {
        await world.fault({ counterpart, operation, ...fault });
        await stage.up(jira(given.first), changed, "jira").catch(() => undefined);
        await world.clearFaults();
      }
    }
    await learn();
    // What stands in the wrong place is nobody's secret but the program's: only the reasons must not repeat it.
    const wrong = { existing: { clientId: [given.misplaced], clientSecret: { value: given.misplaced }, tokenUrl: given.misplaced } };
    told = (await host.check(stage.urn("jira"), { ...wrong, integrations: given.misplaced, wrong: given.misplaced })).failures;
    await stage.destroy(changed, "jira");

    // An app of our own: made, exported, rotated, drifted, failing in every way, removed.
    await stage.clear();
    let made = await stage.up({ ...MAIL, exportClientSecret: true });
    await learn();
    made = await stage.up({ ...MAIL, exportClientSecret: true, rotation: { triggers: { run: "1" } } }, made);
    await learn();
    await world.graph("DELETE", `/applications/${(await stage.app()).id}`);
    made = { ...made, ...(await stage.refresh(made)) };
    await fails(stage.up({ ...MAIL, integrations: uses("nothing-like-it") }, made));
    for (const [counterpart, operation] of [
      ["entra", "addPassword"],
      ["odeus", "putOAuthClient"],
    ] as const) {
      for (const [index, fault] of FAULTS.entries()) {
        // Graph's 404 and 409 mean "not yet", and are waited for longer than a test can.
        if (counterpart === "entra" && ["notFound", "conflict"].includes(fault.fault)) continue;
        const before = await stage.refresh(made);
        const now = { ...made, ...before };
        await world.fault({ counterpart, operation, times: "always", ...fault });
        const rotated = { ...MAIL, rotation: { overlapHours: 0, triggers: { run: `${operation} ${index}` } } };
        // A lost answer is made good by reading, so not every fault is a failure.
        const left = await stage.up(rotated, now).catch((failure: HostFailure) => {
          failures += 1;
          return failure.partial === undefined ? now : keptOf(failure, now.inputs);
        });
        await learn();
        await world.clearFaults();
        made = { ...(await stage.update(left, rotated)), changed: true };
        await learn();
        await world.clearCalls();
      }
    }
    await stage.destroy(made);
    await learn();

    // A remote that repeats in its refusal whatever it was sent.
    const server = createServer((request, response) => echo(request.url ?? "", request.headers.authorization ?? "", request, response));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as { port: number };
    echoing = await startAgain(stage, start, { ODEUS_BASE_URL: `http://127.0.0.1:${port}` });
    await fails(echoing.up({ ...jira(given.first), verify: false }));
    server.close();

    channels = { ...channelsOf(stage.host), ...Object.fromEntries(Object.entries(channelsOf(echoing.host)).map(([name, text]) => [`${name} (echo)`, text])) };
  }, 120_000);
  afterAll(async () => {
    echoing?.host.kill("SIGKILL");
    await echoing?.host.stop();
    await stage.stop();
  });

  it("no secret is anywhere", () => {
    expect(leaks(canaries, channels)).toEqual([]);
    expect(told.length).toBeGreaterThan(4);
    expect(leaks({ misplaced: given.misplaced }, { told: told.join("\n"), lines: channels["lines"] ?? "", stderr: channels["stderr"] ?? "" })).toEqual([]);
  });

  it("the run had everything that the search is about", () => {
    expect(failures).toBeGreaterThan(FAULTS.length);
    expect(Object.keys(canaries).length).toBeGreaterThan(FAULTS.length);
    // JWTs of the deployer, and secrets that Entra generated.
    expect(Object.values(canaries).filter((value) => value.startsWith("eyJ")).length).toBeGreaterThan(0);
    expect(Object.values(canaries).filter((value) => value.includes("8Q~")).length).toBeGreaterThan(2);
    expect(channels["answers (echo)"]).toContain("cannot take");
    expect(channels["answers (echo)"]).toContain("[secret]");
  });

  it("a secret planted in any channel, in any spelling, is found", () => {
    for (const channel of Object.keys(channels)) {
      for (const [spelling, text] of spellings(given.first)) {
        const planted = { ...channels, [channel]: `${channels[channel]}${text}` };
        expect([channel, spelling, leaks({ given: given.first }, planted).length > 0]).toEqual([channel, spelling, true]);
      }
    }
  });
});

function echo(url: string, authorization: string, request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse): void {
  const id = "00000000-0000-4000-8000-000000000001";
  const oauth = { mode: "ODEUS", odeusClientAvailable: true };
  const slot = {
    integrationId: id,
    mode: "ODEUS",
    odeusClientAvailable: true,
    clientId: null,
    redirectUrl: "https://example.com/callback",
    scopes: [],
    defaultScopes: [],
    scopeSync: true,
  };
  let body = "";
  request.on("data", (chunk: Buffer) => {
    body += chunk.toString();
  });
  request.on("end", () => {
    const told = request.method === "GET" ? { integrations: [{ id, slug: "jira", name: "Jira", authType: "OAUTH", oauth }], oauthClient: slot } : undefined;
    const pair = Buffer.from(`user:${body}`).toString("base64");
    const refusal = { error: { type: authorization, message: `cannot take ${body.slice(0, 200)} of ${authorization} (Basic ${pair}) at ${url}` } };
    response.writeHead(told === undefined ? 400 : 200, { "content-type": "application/json" }).end(JSON.stringify(told ?? refusal));
  });
}
