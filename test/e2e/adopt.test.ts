/** adoptClientId, replaceClientIds and Snowflake's adopt on the real engine: what others made is taken over or pushed out, once. */

import { markOf, tagsOf } from "../../src/core/mark.js";
import type { AcceptingServer } from "../../src/sandbox/world.js";
import { type Args, DECLARE, type EngineStack, startEngineStack } from "../support/engineStack.js";
import { madeByHand, WORLD } from "../support/madeByHand.js";

describe.each(DECLARE)("in the %s host, a program", (_host, declare) => {
  let stack: EngineStack;
  let hand: Awaited<ReturnType<typeof madeByHand>>;
  let ours: { clientId: string; clientSecret: string };
  beforeAll(async () => {
    stack = await startEngineStack({ project: "adopting", world: WORLD });
    hand = await madeByHand(stack);
    const { redirectUrl, defaultScopes } = await stack.slot("jira");
    ours = await stack.world.vendorClient("atlassian", { redirectUris: [redirectUrl], scopes: defaultScopes });
  }, 60_000);
  afterAll(() => stack?.close());

  const client = (name: string, slug: string, args: Args) => declare("OAuthClientConfig", name, { integrations: [{ integration: slug }], ...args });
  const program = (named: boolean) => async () => {
    const only = (args: Args): Args => (named ? args : {});
    client("mail", "outlook-email", { entra: { displayName: "Odeus mail" }, ...only({ adoptClientId: hand.app.appId }) });
    client("desk", "servicenow", { serviceNow: { name: "Odeus desk" }, ...only({ adoptClientId: hand.deskId }) });
    client("jira", "jira", { existing: ours, ...only({ replaceClientIds: [hand.jira.clientId] }) });
    declare("SnowflakeSecurityIntegration", "tables", {
      ...{ name: "BY_HAND", integration: "warehouse", oauthAllowNonTlsRedirectUri: true },
      ...only({ adopt: true }),
    });
  };

  it("that names none of them is refused for each, with whose or what it is, and changes nothing", async () => {
    // Without this the engine stops at the first refusal, and a resource that it had not come to yet says nothing.
    const refused = await stack.up(program(false), { continueOnError: true });
    expect(refused.failure).toContain(hand.app.appId);
    expect(refused.failure).toContain(hand.deskId);
    expect(refused.failure).toContain(hand.jira.clientId);
    expect(refused.failure).toContain("it exists, and this stack did not make it");
    expect(refused.changing).toEqual([]);
  }, 60_000);

  it("is refused an app that another stack has marked", async () => {
    const tags = tagsOf(markOf("urn:pulumi:prod::shop::odeus:index:OAuthClientConfig::mail", undefined));
    await stack.world.graph("PATCH", `/applications/${hand.app.id}`, { tags });
    const refused = await stack.up(async () => {
      client("mail", "outlook-email", { entra: { displayName: "Odeus mail" }, adoptClientId: hand.app.appId });
    });
    expect(refused.failure).toContain("is that of OAuthClientConfig mail of stack shop/prod");
    expect(refused.changing).toEqual([]);
    await stack.world.graph("PATCH", `/applications/${hand.app.id}`, { tags: [] });
  }, 60_000);

  it("takes over what it names, and what is in the slots works", async () => {
    expect(await stack.up(program(true))).toMatchObject({ failure: undefined, changes: { create: 4, same: 1 } });
    const taken = { mail: hand.app.appId, desk: hand.deskId, jira: ours.clientId, tables: hand.tablesId };
    for (const [name, clientId] of Object.entries(taken)) expect(stack.resource(name).outputs).toMatchObject({ clientId, drift: [] });
    const servers = { "outlook-email": "entra", servicenow: "serviceNow", jira: "atlassian", warehouse: "snowflake" } as const;
    for (const [slug, server] of Object.entries(servers)) {
      const held = (await stack.slot(slug)).client;
      expect([slug, await stack.world.accepted(server as AcceptingServer, held?.clientId ?? "", held?.clientSecret ?? "")]).toEqual([slug, true]);
    }
  }, 60_000);

  it("is quiet afterwards, with these inputs or without them", async () => {
    expect(await stack.up(program(true))).toMatchObject({ failure: undefined, changes: { same: 5 }, calls: [] });
    const without = await stack.up(program(false));
    expect(without).toMatchObject({ failure: undefined, changing: [] });
    expect(await stack.preview(program(false), { expectNoChanges: true })).toMatchObject({ failure: undefined });
  }, 60_000);
});
