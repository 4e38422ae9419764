/** What only the plugin can do, asked of a real process. */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { UNKNOWN } from "../../src/core/value.js";
import { GENERATED_SECRET } from "../support/fakeResource.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { FAKE_PLUGIN, startPluginProcess } from "../support/pluginProcess.js";
import { type HostFailure, type ProviderHost, secret } from "../support/providerHost.js";

let host: ProviderHost;
let urn: string;
beforeAll(async () => {
  host = await startPluginProcess({ command: FAKE_PLUGIN });
  urn = host.urn("FakeClient", "mail");
});
afterAll(() => host.stop());

const failureOf = (work: Promise<unknown>): Promise<HostFailure> =>
  work.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: HostFailure) => error,
  );

describe("configuration", () => {
  it("refuses unknown keys with the name that was probably meant, and no value", async () => {
    const failure = await failureOf(host.configure({ apikey: "key-value-that-is-secret", entra: { tenantID: "x", nothing: 1 }, retrySeconds: "soon" }));
    expect(failure.message.split("\n")).toEqual([
      'apikey: is not a configuration key of the provider. Did you mean "apiKey"?',
      'entra.tenantID: is not a configuration key of the provider. Did you mean "tenantId"?',
      "entra.nothing: is not a configuration key of the provider",
      "retrySeconds: must be a number of seconds",
    ]);
  });

  it("wraps secret arguments, objects with secrets too, and adds nothing from the environment", async () => {
    await host.configure({ apiKey: "key-value-that-is-secret", entra: { clientSecret: "entra-secret-value" }, owner: "me" });
    const checked = host.answers.at(-2);
    expect(checked).toEqual({
      inputs: {
        apiKey: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "key-value-that-is-secret" },
        entra: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: '{"clientSecret":"entra-secret-value"}' },
        owner: "me",
      },
      failures: [],
    });
    expect(host.answers.at(-1)).toMatchObject({ acceptsecrets: true, supportspreview: true });
  });

  it("takes a value that is not known yet", async () => {
    await host.configure({ apiKey: UNKNOWN });
    await host.configure({});
  });
});

describe("diff", () => {
  it("names every difference by path, and whether it is one of inputs", async () => {
    const state = { name: "a", app: { title: "T" }, mode: "plain", drift: ["x"] };
    expect(await host.diff(urn, "fake/1", state, { name: "a", app: { title: "U" }, mode: "fancy" })).toEqual({
      changes: true,
      diffs: ["app", "mode", "drift"],
      detailed: { "app.title": { kind: "UPDATE", input: true }, mode: { kind: "UPDATE", input: true }, drift: { kind: "DELETE", input: false } },
      replaces: [],
      deleteBeforeReplace: false,
    });
  });

  it("leaves out what the program ignores", async () => {
    expect(await host.diff(urn, "fake/1", { app: { title: "T" } }, { app: { title: "U" } }, ["app"])).toMatchObject({ changes: false, diffs: [] });
  });

  it("ignores the hidden inputs of the dynamic host, so that moving to the plugin is no change", async () => {
    expect(await host.diff(urn, "fake/1", { name: "a", __provider: "text", __urn: "urn" }, { name: "a" })).toMatchObject({ changes: false });
  });
});

describe("preview", () => {
  it("answers inputs and what is known; the rest is unknown", async () => {
    const { id, state } = await host.create(urn, { name: "a", app: { title: UNKNOWN } }, { preview: true });
    expect(id).toBe("");
    expect(state).toEqual({ name: "a", app: { title: UNKNOWN }, clientId: UNKNOWN, generated: UNKNOWN, drift: [] });
    expect(host.lines.at(-1)).toMatchObject({ message: "looked, and touched nothing" });
  });

  it("of an update leaves out what is known to be absent", async () => {
    expect((await host.update(urn, "fake/1", { name: "a", clientId: "client-1" }, { name: "b" }, { preview: true })).state).toEqual({
      name: "b",
      clientId: "client-1",
      drift: [],
    });
  });
});

it("keeps what the program marked as secret wrapped, where the definition does not", async () => {
  await host.check(urn, { name: secret("hidden name"), mode: "plain" });
  expect(host.answers.at(-1)).toMatchObject({ inputs: { name: { value: "hidden name" }, mode: "plain" } });
  await host.create(urn, { name: secret("hidden name") });
  expect(host.answers.at(-1)).toMatchObject({ properties: { name: { value: "hidden name" }, generated: { value: GENERATED_SECRET } } });
});

it("says that a kind without import cannot be imported", async () => {
  expect((await failureOf(host.read(urn, "fake/1"))).message).toBe('import: FakeClient cannot be imported; FakeClient "mail" can only be read with its state');
});

it("answers an unknown function and an unknown type with NOT_FOUND", async () => {
  expect(await failureOf(host.invoke("odeus:index:nothing", {}))).toMatchObject({
    code: grpc.status.NOT_FOUND,
    message: 'the Odeus provider has no function "nothing"',
  });
  expect(await failureOf(host.check("urn:pulumi:dev::demo::other:index:FakeClient::x", {}))).toMatchObject({ code: grpc.status.NOT_FOUND });
});

describe("stopping", () => {
  it("cancels what runs, which records what it made, and goes on serving", async () => {
    const before = host.lines.length;
    const running = failureOf(host.create(urn, { name: "hang" }));
    await said("making the client", before);
    await host.cancel();
    expect((await running).partial).toMatchObject({ id: "fake/1", reasons: ["stopped before it was finished"] });
    // The last status would stay on the finished row.
    expect(host.lines.slice(before).filter(({ ephemeral }) => ephemeral)).toEqual([
      expect.objectContaining({ message: "making the client" }),
      expect.objectContaining({ message: "" }),
    ]);
    expect((await host.create(urn, { name: "a" })).id).toBe("fake/1");
  });

  it("stops an operation that takes longer than its timeout", async () => {
    const failure = await failureOf(host.create(urn, { name: "hang" }, { timeoutSeconds: 0.2 }));
    expect(failure.partial?.reasons).toEqual(["stopped: it took longer than 0.2 s. Give it more time with the resource option customTimeouts"]);
  });

  it("fails only what runs after a stray error", async () => {
    const failure = await failureOf(host.create(urn, { name: "crash" }));
    expect(failure.message).toBe("stopped by an error that the provider did not expect: a stray error");
    expect((await host.create(urn, { name: "a" })).id).toBe("fake/1");
  });

  it("ends at once on SIGINT, and after its parent is gone", async () => {
    const started = await startPluginProcess({ command: FAKE_PLUGIN });
    started.kill("SIGINT");
    expect(await started.exited).toBe("SIGINT");
    await started.stop();

    const [node = "", ...args] = FAKE_PLUGIN;
    const script = `const c = require("node:child_process").spawn(process.argv[1], process.argv.slice(2), { stdio: ["ignore", "pipe", "inherit"] });
      c.stdout.once("data", () => { console.log(c.pid); process.exit(0); });`;
    const parent = spawn(process.execPath, ["-e", script, node, ...args], { cwd: REPOSITORY, stdio: ["ignore", "pipe", "inherit"] });
    const orphan = Number(await new Promise<string>((done) => parent.stdout.once("data", (data: Buffer) => done(data.toString()))));
    for (let tries = 0; tries < 100 && isAlive(orphan); tries++) await new Promise((done) => setTimeout(done, 100));
    expect(isAlive(orphan)).toBe(false);
  });
});

it("serves the committed schema and the package's version", async () => {
  const built = await startPluginProcess();
  try {
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as { version: string };
    expect(await built.schema()).toBe(readFileSync(join(REPOSITORY, "schema.json"), "utf8"));
    expect(await built.version()).toBe(version);
  } finally {
    await built.stop();
  }
});

/** Resolves when this text is said after the first `before` lines. */
async function said(text: string, before: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (host.lines.slice(before).some((line) => line.message === text)) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`nobody said ${text}`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
