/** Refresh and drift with the real engine: what a hand changed is shown and mended, and a refresh that cannot read loses nothing. */

import type { PulumiFn } from "@pulumi/pulumi/automation";
import { DECLARE, type EngineStack, startEngineStack } from "../support/engineStack.js";
import { startWorld } from "../support/sandbox.js";

describe.each(DECLARE)("a refresh in the %s host", (host, declare) => {
  let stack: EngineStack;
  let program: PulumiFn;
  beforeAll(async () => {
    stack = await startEngineStack({ project: "drifting" });
    const { redirectUrl, defaultScopes } = await stack.slot("jira");
    const existing = await stack.world.vendorClient("atlassian", { redirectUris: [redirectUrl], scopes: defaultScopes });
    program = async () => {
      declare("OAuthClientConfig", "mail", {
        integrations: [{ integration: "outlook-email" }, { integration: "sharepoint" }],
        entra: { displayName: "Odeus mail", grantAdminConsent: true },
      });
      declare("OAuthClientConfig", "jira", { integrations: [{ integration: "jira" }], existing });
      declare("CustomIntegration", "warehouse", { name: "Warehouse", description: "Tables" });
    };
    expect(await stack.up(program)).toMatchObject({ failure: undefined, changes: { create: 4 } });
  }, 60_000);
  afterAll(() => stack?.close());

  it("of an untouched stack finds no change, and changes nothing", async () => {
    expect(await stack.refresh({ expectNoChanges: true })).toMatchObject({ failure: undefined, changes: { same: 4 }, changing: [] });
  }, 60_000);

  it("shows what hands changed on either side, the next up mends it, and the one after is quiet", async () => {
    const { id, properties } = await stack.app();
    const web = properties["web"] as { redirectUris: string[] };
    await stack.world.graph("PATCH", `/applications/${id}`, { displayName: "Renamed", web: { ...web, redirectUris: web.redirectUris.slice(1) } });
    await stack.world.odeus("DELETE", `/integrations/v1/${stack.world.integrations["sharepoint"]}/oauth-client`);
    await stack.world.odeus("PATCH", `/integrations/v1/${stack.resource("warehouse").id}`, { description: "Chairs" });
    const before = stack.resources();

    const shown = await stack.previewRefresh();
    expect(shown).toMatchObject({ failure: undefined, changes: { same: 2, update: 2 }, changing: [] });
    const planned = await stack.preview(program, { refresh: true, diff: true });
    expect(planned).toMatchObject({ failure: undefined, changes: { same: 2, update: 2 }, changing: [] });
    for (const { output } of [shown, planned]) {
      expect(output).toContain("sharepoint was switched back to Odeus's own client");
      expect(output).toContain("lacks the redirect URL");
    }
    if (host === "plugin") expect(planned.output).toMatch(/displayName: "Renamed" => "Odeus mail"/);
    expect(planned.output).toMatch(/description: "Chairs" => "Tables"/);
    expect(stack.resources()).toEqual(before);

    expect(await stack.up(program, { refresh: true })).toMatchObject({ failure: undefined, changes: { same: 2, update: 2 } });
    expect([await stack.works("outlook-email"), await stack.works("sharepoint")]).toEqual([true, true]);
    const mended = (await stack.app()).properties;
    expect(mended).toMatchObject({ displayName: "Odeus mail", web: { redirectUris: expect.arrayContaining(web.redirectUris) } });
    expect(await stack.preview(program, { refresh: true, expectNoChanges: true })).toMatchObject({ failure: undefined, changes: { same: 4 } });
  }, 90_000);

  it.each(["odeus", "entra"])(
    "fails while %s answers 503, and loses nothing",
    async (counterpart) => {
      const before = stack.resources();
      await stack.world.fault({ counterpart, fault: "serverError", times: "always" });
      const { failure } = await stack.refresh();
      await stack.world.clearFaults();
      expect(failure).toMatch(/answered 503/);
      expect(stack.resources()).toEqual(before);
    },
    60_000,
  );

  it("fails with a key for another workspace, and loses nothing", async () => {
    const before = stack.resources();
    const { failure } = await refreshElsewhere("mail", "jira");
    expect(failure).toContain("knows none of the recorded integrations, so this API key is for another workspace than this state");
    expect(stack.resources()).toEqual(before);
  }, 60_000);

  /** A refresh of these resources with a key for another workspace. */
  const refreshElsewhere = async (...names: string[]) => {
    const other = await startWorld({ workspace: "Fabrikam" });
    const { workspace } = stack.stack;
    const { envVars } = workspace;
    const { ODEUS_BASE_URL = "", ODEUS_API_KEY = "" } = other.environment;
    workspace.envVars = { ...envVars, ODEUS_BASE_URL, ODEUS_API_KEY };
    const refreshed = await stack.refresh({ target: names.map((name) => stack.resource(name).urn) });
    workspace.envVars = envVars;
    await other.close();
    return refreshed;
  };

  it("leaves a stack behind that is still quiet", async () => {
    expect(await stack.up(program)).toMatchObject({ failure: undefined, changes: { same: 4 }, calls: [] });
  }, 60_000);

  it("loses no custom integration either", async () => {
    expect((await refreshElsewhere("warehouse")).failure).toContain("this API key is for another workspace than this state");
    expect(stack.resources().map(({ urn }) => urn.split("::").at(-1))).toContain("warehouse");
  }, 60_000);

  it("tells which custom integration people deleted, the next up makes it anew, and the one after is quiet", async () => {
    const { id } = stack.resource("warehouse");
    await stack.world.odeus("DELETE", `/settings/integrations/${id}`);
    expect(await stack.refresh()).toMatchObject({ failure: undefined, changes: { same: 3, delete: 1 }, changing: [] });
    expect(await stack.up(program)).toMatchObject({ failure: undefined, changes: { same: 3, create: 1 }, changing: ["createIntegration"] });
    expect(stack.resource("warehouse").id).not.toBe(id);
    expect(await stack.up(program, { refresh: true })).toMatchObject({ failure: undefined, changes: { same: 4 }, changing: [] });
  }, 60_000);
});
