/** Both hosts as real processes, over one table: what a program and the engine may rely on, whichever host is used. */

import { UNKNOWN } from "../../src/core/value.js";
import { FAKE_HANDLERS, startDynamicProcess } from "../support/dynamicProcess.js";
import { GENERATED_SECRET } from "../support/fakeResource.js";
import { FAKE_PLUGIN, startPluginProcess } from "../support/pluginProcess.js";
import { HostFailure, type HostOptions, type ProviderHost, secret } from "../support/providerHost.js";

const HOSTS: [string, (options?: HostOptions) => Promise<ProviderHost>][] = [
  ["plugin", (options) => startPluginProcess({ command: FAKE_PLUGIN, ...options })],
  ["dynamic", (options) => startDynamicProcess({ handlers: FAKE_HANDLERS, ...options })],
];

const LOGO = { kind: "asset", hash: "abc123", path: "./logo.png" } as const;

describe.each(HOSTS)("the %s host", (name, start) => {
  let host: ProviderHost;
  let urn: string;
  beforeAll(async () => {
    host = await start({ environment: { ODEUS_API_KEY: "key-from-environment" } });
    urn = host.urn("FakeClient", "mail");
    await host.configure({});
  });
  afterAll(() => host.stop());

  const failureOf = async (work: Promise<unknown>): Promise<HostFailure> => {
    const failure = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(HostFailure);
    return failure as HostFailure;
  };

  describe("check", () => {
    it("applies defaults, nested ones too, and keeps what the program wrote", async () => {
      const { inputs, failures } = await host.check(urn, { name: "a", app: { title: "T", logo: LOGO } });
      expect(failures).toEqual([]);
      expect(inputs).toEqual({ name: "a", app: { title: "T", logo: LOGO, lifetimeDays: 180 }, mode: "plain", verify: true });
    });

    it("reports every problem at once, by path, without a value", async () => {
      const { failures } = await host.check(urn, { name: "a", app: { titel: "x", clientSecret: 7 }, scopes: { "outlook-email": [1] }, mode: "dark" });
      expect(failures.sort()).toEqual([
        "app.clientSecret: must be text",
        'app.titel: is not a known property. Did you mean "title"?',
        "app.title: is required",
        'mode: must be one of "plain", "fancy"',
        'scopes["outlook-email"][0]: must be text',
      ]);
    });

    it("reports the resource's own rules together with the shape", async () => {
      expect((await host.check(urn, { name: "refused" })).failures).toEqual(["name: is refused"]);
      expect((await host.check(urn, { name: "refused", verify: "yes" })).failures).toEqual(["verify: must be true or false", "name: is refused"]);
    });

    it("takes unknown values anywhere", async () => {
      const { inputs, failures } = await host.check(urn, {
        name: UNKNOWN,
        app: { title: UNKNOWN, clientSecret: UNKNOWN, logo: UNKNOWN },
        tokens: [UNKNOWN],
        scopes: UNKNOWN,
      });
      expect(failures).toEqual([]);
      expect(inputs["name"]).toBe(UNKNOWN);
      expect(inputs["app"]).toMatchObject({ title: UNKNOWN, clientSecret: UNKNOWN, lifetimeDays: 180 });
    });

    it("wraps nested secrets, in lists too, also when the program gave them in clear", async () => {
      const { inputs } = await host.check(urn, { name: "a", app: { title: "T", clientSecret: "nested-secret-value" }, tokens: ["listed-secret-value"] });
      expect(inputs).toMatchObject({ app: { clientSecret: "nested-secret-value" }, tokens: ["listed-secret-value"] });
      expect(bareTexts(host.answers.at(-1))).not.toContain("nested-secret-value");
      expect(bareTexts(host.answers.at(-1))).not.toContain("listed-secret-value");
    });

    it("names both resources when a slot is claimed twice, and no longer when the first one lets go", async () => {
      const other = host.urn("FakeClient", "other");
      const inputs = { name: "a", integrations: [{ integration: "outlook-email" }] };
      expect((await host.check(urn, inputs)).failures).toEqual([]);
      expect((await host.check(other, inputs)).failures).toEqual([
        'integrations: the slot "outlook-email" is also claimed by FakeClient "mail"; one slot, one resource',
      ]);
      await host.check(urn, { name: "a" });
      expect((await host.check(other, inputs)).failures).toEqual([]);
      await host.check(other, { name: "a" });
    });
  });

  describe("diff", () => {
    it("answers no change for the same inputs, whatever the hidden ones are", async () => {
      expect(await host.diff(urn, "fake/1", { name: "a", drift: [] }, { name: "a" })).toMatchObject({ changes: false });
    });

    it("answers a change and says the announcement on the resource's row", async () => {
      const before = host.lines.length;
      expect(await host.diff(urn, "fake/1", { name: "a" }, { name: "b" })).toMatchObject({ changes: true, replaces: [] });
      expect(host.lines.slice(before)).toEqual([{ urn, severity: "WARNING", message: "another name: users sign in again", ephemeral: false }]);
    });

    it("answers a change for drift, and for inputs that are not known yet", async () => {
      expect(await host.diff(urn, "fake/1", { name: "a", drift: ["x"] }, { name: "a" })).toMatchObject({ changes: true });
      expect(await host.diff(urn, "fake/1", { name: "a" }, { name: UNKNOWN })).toMatchObject({ changes: true });
    });
  });

  describe("create", () => {
    it("answers id and state, secrets wrapped and nothing undefined, and shows no status that nobody could read", async () => {
      const before = host.lines.length;
      const made = await host.create(urn, { name: "a", tokens: secret(["listed-secret-value"]) });
      expect(made).toEqual({
        id: "fake/1",
        state: { name: "a", tokens: ["listed-secret-value"], clientId: "client-1", generated: GENERATED_SECRET, drift: [] },
      });
      expect(bareTexts(host.answers.at(-1))).not.toContain(GENERATED_SECRET);
      expect(bareTexts(host.answers.at(-1))).not.toContain("listed-secret-value");
      const said = host.lines.slice(before);
      expect(said.map(({ message, ephemeral }) => [message, ephemeral])).toEqual([[expect.stringContaining("key is "), false]]);
      expect(said.every((line) => line.urn === urn && line.severity !== "ERROR")).toBe(true);
    });

    it("keeps secrets that it knows out of lines", async () => {
      await host.check(urn, { name: "a", tokens: [GENERATED_SECRET] });
      const before = host.lines.length;
      await host.create(urn, { name: "a" });
      const texts = host.lines
        .slice(before)
        .map(({ message }) => message)
        .join("\n");
      expect(texts).toContain("[secret]");
      expect(texts).not.toContain(GENERATED_SECRET);
      expect(texts).not.toContain("key-from-environment");
    });

    it("answers any other error by its text alone, without secret and stack", async () => {
      const failure = await failureOf(host.create(urn, { name: "fail" }));
      expect(failure.message).toBe("cannot: [secret]");
      expect(failure.partial).toBeUndefined();
      expect(host.stderr).not.toContain("fakeResource");
    });

    it("answers a partial failure with id, state and reasons, secrets wrapped", async () => {
      const failure = await failureOf(host.create(urn, { name: "partial" }));
      expect(failure.partial).toEqual({
        id: "fake/1",
        state: { name: "partial", clientId: "client-1", generated: GENERATED_SECRET, drift: ["unfinished"] },
        reasons: ["making the client: half done", "second [secret]"],
      });
      expect(bareTexts(host.answers.at(-1))).not.toContain(GENERATED_SECRET);
      // Without the hidden inputs nothing could be deleted later.
      if (name === "dynamic") expect(host.answers.at(-1)).toMatchObject({ partial: { state: { __urn: urn, __provider: expect.any(String) } } });
    });
  });

  it("reads state and inputs, and answers nothing for what is gone", async () => {
    expect(await host.read(urn, "fake/1", { name: "a", clientId: "client-1" }, { name: "a" })).toEqual({
      id: "fake/1",
      state: { name: "a", clientId: "client-2" },
      inputs: { name: "a" },
    });
    expect(await host.read(urn, "fake/1", { name: "gone" }, { name: "gone" })).toBeUndefined();
  });

  it("updates, and records what an update could not finish", async () => {
    expect(await host.update(urn, "fake/1", { name: "a", clientId: "client-1", drift: ["x"] }, { name: "b" })).toEqual({
      state: { name: "b", clientId: "client-1", drift: [] },
    });
    const failure = await failureOf(host.update(urn, "fake/1", { name: "a", clientId: "client-1" }, { name: "partial" }));
    expect(failure.partial).toMatchObject({ id: "fake/1", reasons: ["updating the client: half done"] });
  });

  it("leaves alone what a replacement in the same run has taken over", async () => {
    const { inputs } = await host.check(urn, { name: "a" });
    const { id } = await host.create(urn, inputs);
    await host.delete(urn, id, { name: "a" });
    expect(host.lines.at(-1)?.message).toBe("the replacement took over what the original held, so it is not removed");
  });

  it("deletes, and says why it could not", async () => {
    // What it stood for before is about to be replaced.
    await host.check(urn, { name: "a" });
    await host.delete(urn, "fake/1", { name: "a" });
    expect(host.lines.at(-1)).toMatchObject({ severity: "WARNING", message: "fake/1 is kept in the bin" });
    expect((await failureOf(host.delete(urn, "fake/1", { name: "fail" }))).message).toContain("deleting fake/1: refused");
  });

  it("refuses a resource type that it does not have", async () => {
    const failure = await failureOf(host.check(host.urn("Nothing", "x"), { name: "a" }));
    expect(failure.message).toContain('the Odeus provider has no resource type "Nothing"');
  });

  it("writes nothing to stdout but its port", () => {
    expect(host.stdout).toMatch(/^\d+\n$/);
  });
});

/** All texts of an answer that do not stand inside a secret wrapper. */
function bareTexts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  if ((value as Record<string, unknown>)["4dabf18193072939515e22adb298388d"] === "1b47061264138c4ac30d75fd1eb44270") return [];
  return Object.values(value).flatMap(bareTexts);
}
