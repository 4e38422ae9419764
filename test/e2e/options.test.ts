/** Resource options of the engine on our resources, in both hosts: what they change, what they call, and what stays in state. */

import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { type Args, type Command, DECLARE, declareInPlugin, type EngineStack, startEngineStack } from "../support/engineStack.js";

class Team extends pulumi.ComponentResource {
  constructor(name: string) {
    super("demo:index:Team", name);
  }
}

const SLUGS = ["outlook-email", "sharepoint"];

describe.each(DECLARE)("in the %s host, a resource", (host, declare) => {
  let stack: EngineStack;
  let jira: { clientId: string; clientSecret: string };
  beforeAll(async () => {
    stack = await startEngineStack({ project: "living" });
    const { redirectUrl, defaultScopes } = await stack.slot("jira");
    jira = await stack.world.vendorClient("atlassian", { redirectUris: [redirectUrl], scopes: defaultScopes });
  }, 60_000);
  afterAll(() => stack?.close());

  const mail = (name: string, entra: Args, options: pulumi.CustomResourceOptions = {}, integrations: Args[] = SLUGS.map((integration) => ({ integration }))) =>
    declare("OAuthClientConfig", name, { integrations, entra }, options);
  const program =
    (work: () => void): PulumiFn =>
    async () =>
      work();
  /** As it is from the middle of this file on: under its second name, in a component. */
  const inTeam = (entra: Args, options: pulumi.CustomResourceOptions = {}, integrations?: Args[]) =>
    program(() => void mail("post", entra, { parent: new Team("team"), ...options }, integrations));
  const allWork = () => Promise.all(SLUGS.map((slug) => stack.works(slug)));

  it("that depends on another one is made after it", async () => {
    const made = await stack.up(
      program(() => {
        const first = mail("mail", { displayName: "One" });
        declare("OAuthClientConfig", "jira", { integrations: [{ integration: "jira" }], existing: jira }, { dependsOn: [first] });
      }),
    );
    expect(made.changes).toEqual({ create: 3 });
    const entered = made.calls.filter(({ operation }) => operation === "putOAuthClient").map(({ path }) => path);
    expect(entered).toHaveLength(3);
    expect(entered.at(-1)).toContain(stack.world.integrations["jira"]);
    expect(stack.resource("jira").dependencies).toEqual([stack.resource("mail").urn]);
  }, 60_000);

  it("that gets another name with an alias keeps all it has, and nobody is called", async () => {
    const before = stack.resource("mail");
    const renamed = await stack.up(program(() => void mail("post", { displayName: "One" }, { aliases: [{ name: "mail" }] })));
    // The other one is not in the program any more.
    expect(renamed).toMatchObject({ failure: undefined, changes: { same: 2, delete: 1 }, changing: ["deleteOAuthClient"] });
    expect(renamed.calls.filter(({ counterpart }) => counterpart === "entra")).toEqual([]);
    const { id, outputs } = stack.resource("post");
    expect({ id, outputs }).toEqual({ id: before.id, outputs: before.outputs });
  }, 60_000);

  let moved: Command;
  it("that moves into a component with an alias is updated in place, and carries its new mark", async () => {
    const { appId } = await stack.app();
    moved = await stack.up(inTeam({ displayName: "Two" }, { aliases: [{ parent: pulumi.rootStackResource }], protect: true }));
    expect(moved.changes).toEqual({ create: 1, same: 1, update: 1 });
    const app = await stack.app();
    expect(app).toMatchObject({ appId, properties: { displayName: "Two" } });
    expect(app.properties["tags"]).toContain(`odeus-resource:${encodeURIComponent("demo:index:Team/OAuthClientConfig/post")}`);
    expect(await allWork()).toEqual([true, true]);
  }, 60_000);

  // Secrets are known as ours by the mark in their names, which is that of the former name, or by the record.
  it("that was renamed gets no new secret for it", () => {
    expect(moved.changing).not.toContain("addPassword");
  });

  it("that is protected is not destroyed, and nothing is changed", async () => {
    const before = stack.resources();
    const refused = await stack.destroy();
    expect(refused.changing).toEqual([]);
    expect(refused.failure).toContain("protected");
    expect(stack.resources()).toEqual(before);
  }, 60_000);

  it("keeps what ignoreChanges names, and takes the rest", async () => {
    const declared = inTeam({ displayName: "Three", notes: "Run by IT" }, { ignoreChanges: ["entra.displayName", "integrations[0].scopes"] }, [
      { integration: "outlook-email", scopes: ["Mail.Send"] },
      { integration: "sharepoint" },
    ]);
    expect((await stack.up(declared)).changing).toEqual(["patchApplication"]);
    expect((await stack.app()).properties).toMatchObject({ displayName: "Two", notes: "Run by IT" });
    expect(stack.resource("post").outputs).toMatchObject({ integrations: [{ integration: "outlook-email" }, { integration: "sharepoint" }] });
    expect(await stack.preview(declared, { expectNoChanges: true })).toMatchObject({ failure: undefined, changes: { same: 3 } });
  }, 60_000);

  it(`that is to be replaced on a change is ${host === "plugin" ? "replaced, and its slots have a working client" : "updated: this host names no property"}`, async () => {
    const { changes } = await stack.up(inTeam({ displayName: "Four" }, { replaceOnChanges: ["entra.displayName"] }));
    expect(changes).toEqual({ same: 2, ...(host === "plugin" ? { replace: 1 } : { update: 1 }) });
    expect((await stack.app()).properties).toMatchObject({ displayName: "Four" });
    expect(await allWork()).toEqual([true, true]);
  }, 60_000);

  it("that `up --replace` names takes over what it had, under a new secret", async () => {
    const { urn } = stack.resource("post");
    // An app of the former name is given up by the first replacement; the next one meets its own.
    for (const _ of host === "plugin" ? [1] : [1, 2])
      expect((await stack.up(inTeam({ displayName: "Four" }), { replace: [urn] })).changes).toEqual({ same: 2, replace: 1 });
    expect(await allWork()).toEqual([true, true]);
    const { outputs } = stack.resource("post");
    const app = await stack.app();
    expect(outputs).toMatchObject({ clientId: app.appId, drift: [] });
    expect((await stack.preview(inTeam({ displayName: "Four" }), { refresh: true, expectNoChanges: true })).failure).toBeUndefined();
  }, 60_000);

  it("that is deleted before it is replaced gets its app back", async () => {
    const { urn, outputs } = stack.resource("post");
    const { changes, changing } = await stack.up(inTeam({ displayName: "Four" }, { deleteBeforeReplace: true }), { replace: [urn] });
    expect(changes).toEqual({ same: 2, replace: 1 });
    expect(changing.indexOf("deleteApplication")).toBeLessThan(changing.indexOf("restoreDeletedItem"));
    expect((await stack.app()).appId).toBe(outputs["clientId"]);
    expect(await allWork()).toEqual([true, true]);
  }, 60_000);

  it("is destroyed whole after all of that", async () => {
    expect((await stack.destroy()).failure).toBeUndefined();
    expect(await stack.apps()).toEqual([]);
    for (const slug of [...SLUGS, "jira"]) expect((await stack.slot(slug)).client).toBeUndefined();
  }, 60_000);
});

describe("in the plugin, an operation with a customTimeouts of its own is stopped with a word", () => {
  let stack: EngineStack;
  beforeAll(async () => {
    stack = await startEngineStack({ project: "living" });
  }, 60_000);
  afterAll(() => stack?.close());

  const customTimeouts = { create: "4s", update: "3s", delete: "2s" };
  const program = (displayName: string) => async () => {
    declareInPlugin("OAuthClientConfig", "slow", { integrations: [{ integration: "excel" }], entra: { displayName } }, { customTimeouts });
  };

  it("as a create, which records what exists, and the next up finishes", async () => {
    await stack.world.fault({ operation: "putOAuthClient", fault: "hang" });
    const stopped = await stack.up(program("Slow"));
    const [app] = await stack.apps();
    expect(stopped.failure).toContain("stopped: it took longer than 4 s");
    expect(stopped.failure).toContain(`What exists is recorded (client ${app?.appId}); the next up finishes.`);
    const recorded = stack.resource("slow");
    expect(recorded).toMatchObject({ id: `entra/${app?.appId}`, outputs: { clientId: app?.appId }, initErrors: [expect.stringContaining("took longer")] });

    expect((await stack.up(program("Slow"))).changes).toEqual({ same: 1, update: 1 });
    expect(stack.resource("slow").outputs).toMatchObject({ clientId: app?.appId, drift: [] });
    expect(await stack.works("excel")).toBe(true);
    expect((await stack.preview(program("Slow"), { expectNoChanges: true })).failure).toBeUndefined();
  }, 60_000);

  it("as an update, which the next up does", async () => {
    await stack.world.fault({ operation: "patchApplication", fault: "hang" });
    expect((await stack.up(program("Slower"))).failure).toContain("stopped: it took longer than 3 s");
    expect((await stack.up(program("Slower"))).failure).toBeUndefined();
    expect((await stack.app()).properties).toMatchObject({ displayName: "Slower" });
    expect((await stack.preview(program("Slower"), { expectNoChanges: true })).failure).toBeUndefined();
  }, 60_000);

  it("as a delete, which the next destroy does", async () => {
    await stack.world.fault({ operation: "deleteApplication", fault: "hang" });
    expect((await stack.destroy()).failure).toContain("stopped: it took longer than 2 s");
    expect(stack.resources()).toHaveLength(1);
    expect((await stack.destroy()).failure).toBeUndefined();
    expect(await stack.apps()).toEqual([]);
  }, 60_000);
});
