/** No secret of Snowflake in anything that a person or a log can read, the driver's own log included: every way to log in, failures of every kind, and then a search. */

import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { Fault } from "../../src/sandbox/faults.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { type Channels, channelsOf, leaks, secretsOnTheWire, spellings } from "../support/leakSearch.js";
import { HOSTS, keptOf, type Made } from "../support/oauthClientConfig.js";
import type { HostFailure } from "../support/providerHost.js";
import { type SnowflakeStage, standAlone, startSnowflakeStage } from "../support/snowflakeIntegration.js";

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
  { fault: "hang", effect: true },
  { fault: "html" },
  { fault: "brokenJson" },
  { fault: "huge" },
  { fault: "redirect", location: "http://127.0.0.1:1/" },
];
const PASSPHRASE = "passphrase-of-the-leak-test";

describe.each(HOSTS)("through the %s host", (host, start) => {
  const canaries: Record<string, string> = { passphrase: PASSPHRASE };
  const channels: Channels = {};
  let folder: string;
  let stage: SnowflakeStage;
  let failures = 0;

  const learn = async (): Promise<void> => {
    const { integrations, sessions } = (
      await stage.world.state<{ snowflake: { integrations: { secrets?: string[] }[]; sessions: { token: string; masterToken: string }[] } }>()
    ).snowflake;
    const found = [...integrations.flatMap(({ secrets = [] }) => secrets), ...sessions.flatMap(({ token, masterToken }) => [token, masterToken])];
    for (const secret of [...found, ...Object.values(secretsOnTheWire(await stage.world.calls()))])
      if (!Object.values(canaries).includes(secret)) canaries[`${Object.keys(canaries).length}`] = secret;
  };
  const fails = async (work: Promise<unknown>): Promise<void> => {
    await expect(work).rejects.toThrow();
    failures += 1;
  };
  /** A process of its own, logging in otherwise. */
  async function another(name: string, environment: Record<string, string>, work: (other: SnowflakeStage) => Promise<unknown>): Promise<void> {
    const other = await stage.again({ ...driverLog(name), ...environment });
    await work(other);
    await learn();
    for (const [channel, text] of Object.entries(channelsOf(other.host))) channels[`${channel} (${name})`] = text;
    await other.host.stop();
  }
  /** What people set who want to see what the driver does. */
  function driverLog(name: string): Record<string, string> {
    const file = path.join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify({ common: { log_level: "TRACE", log_path: path.join(folder, name) } }), { mode: 0o600 });
    return { SF_CLIENT_CONFIG_FILE: file };
  }

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "odeus-leaks-"));
    // With the driver's own log asked for, which is the worst case.
    stage = await startSnowflakeStage(start, {
      environment: { ODEUS_CALL_TIMEOUT_SECONDS: "1", ODEUS_RETRY_SECONDS: "0", ...driverLog("everything") },
    });
    const { world } = stage;
    const { password, programmaticAccessToken, user } = world.snowflake.deployer;
    const wrong = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const pem = await world.atSnowflake.keyPair(user);
    const encrypted = wrong.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: PASSPHRASE }).toString();
    const middleOf = (text: string): string => text.split("\n").slice(2, 4).join("");
    Object.assign(canaries, { password, programmaticAccessToken, key: middleOf(pem), encrypted: middleOf(encrypted) });

    // A life with everything, exported, rotated, and read.
    let made: Made = await stage.up(stage.declared({ exportClientSecret: true }));
    await learn();
    made = await stage.up(stage.declared({ exportClientSecret: true, rotation: { triggers: { round: "1" } } }), made);
    await learn();
    await stage.byHand("ALTER SECURITY INTEGRATION ODEUS REFRESH OAUTH_CLIENT_SECRET_2");
    made = await stage.refreshed(made);
    await learn();

    // A statement that carries a secret or makes one, in every way in which it can fail, and the entry.
    for (const operation of ["statement:SECRETS", "statement:REFRESH", "updateIntegrationAuth"]) {
      for (const [index, fault] of FAULTS.entries()) {
        // How a call fails is the same for all statements and in both hosts; what is told of it is not.
        if ((host !== "plugin" || operation !== "statement:SECRETS") && !["forbidden", "bodyTruncated", "html"].includes(fault.fault)) continue;
        await world.fault({ operation, ...fault, ...(fault.fault === "serverError" || fault.fault === "throttled" ? { times: 2 } : {}) });
        const inputs = stage.declared({ rotation: { overlapHours: 0, triggers: { round: `${operation} ${index}` } } });
        const left = await stage.up(inputs, made).catch((failure: HostFailure) => {
          failures += 1;
          return failure.partial === undefined ? made : keptOf(failure, made.inputs);
        });
        await world.clearFaults();
        await learn();
        made = await stage.update(left, inputs);
        await learn();
        await world.clearCalls();
      }
    }
    await stage.destroy(made);

    // Logins: taken, and refused.
    await another("token", { SNOWFLAKE_TOKEN: programmaticAccessToken }, (other) => other.up(standAlone()));
    await another("key", { SNOWFLAKE_PRIVATE_KEY: pem }, (other) => other.up(standAlone({ name: "two" })));
    await another("wrong-password", { SNOWFLAKE_PASSWORD: `${password}x` }, (other) => fails(other.up(standAlone({ name: "three" }))));
    await another("wrong-key", { SNOWFLAKE_PRIVATE_KEY: encrypted, SNOWFLAKE_PRIVATE_KEY_PASSPHRASE: PASSPHRASE }, (other) =>
      fails(other.up(standAlone({ name: "three" }))),
    );

    // An account that repeats in its refusal whatever it was sent.
    const server = createServer(echo);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const echoing = { SNOWFLAKE_HOST: "127.0.0.1", SNOWFLAKE_PORT: portOf(server) };
    await another("echo-password", echoing, (other) => fails(other.up(standAlone({ name: "three" }))));
    await another("echo-token", { ...echoing, SNOWFLAKE_TOKEN: programmaticAccessToken }, (other) => fails(other.up(standAlone({ name: "three" }))));
    server.close().closeAllConnections();
    Object.assign(channels, channelsOf(stage.host));
  }, 120_000);
  afterAll(async () => {
    await stage.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("no secret is anywhere, and the driver writes no log, although the environment asks for one", () => {
    expect(leaks(canaries, channels)).toEqual([]);
    const files = [...readdirSync(folder, { recursive: true, encoding: "utf8" }), ...readdirSync(REPOSITORY)];
    expect(files.filter((name) => name.endsWith(".log"))).toEqual([]);
    expect(files).toContain("everything.json");
  });

  it("the run had everything that the search is about", () => {
    expect(failures).toBeGreaterThan(6);
    expect(Object.keys(canaries).length).toBeGreaterThan(24);
    expect(channels["answers (echo-password)"]).toContain("cannot take");
    expect(channels["answers (echo-password)"]).toContain("[secret]");
    expect(host === "plugin" ? channels["answers"] : "Undone").toMatch(/Undone|previous secret/);
  });

  it("a secret planted in any channel is found", () => {
    const { password = "" } = canaries;
    for (const [channel, text] of Object.entries(channels))
      expect([channel, leaks({ password }, { [channel]: `${text} ${spellings(password)[0]?.[1]}` }).length]).not.toEqual([channel, 0]);
  });
});

const portOf = (server: Server): string => String((server.address() as AddressInfo).port);

function echo(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse): void {
  let body = "";
  request.on("data", (chunk: Buffer) => {
    body += chunk.toString();
  });
  request.on("end", () => {
    const { data } = JSON.parse(body === "" ? "{}" : body) as { data?: { PASSWORD?: string; TOKEN?: string } };
    const message = `cannot take ${data?.PASSWORD ?? data?.TOKEN} of ${Buffer.from(body).toString("base64")}`;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ data: {}, code: "390100", message, success: false }));
  });
}
