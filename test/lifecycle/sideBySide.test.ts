/** Resources that are made side by side ask for what they have in common once. */

import { entra, HOSTS, type Stage, startStage, uses } from "../support/oauthClientConfig.js";

const SLUGS = ["outlook-email", "outlook-calendar", "sharepoint", "onedrive", "planner"];
const GRAPH = "00000003-0000-0000-c000-000000000000";

describe.each(HOSTS)("resources side by side, through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  afterAll(() => stage.stop());
  beforeEach(() => stage.clear());
  afterEach(() => stage.world.latency(0));

  const inputs = (slug: string) => ({ integrations: uses(slug), entra: entra() });

  it("share the list of integrations, the sign-in and Graph's scopes", async () => {
    await Promise.all(SLUGS.map((slug) => stage.up(inputs(slug), undefined, slug)));
    const calls = await stage.world.calls();
    const count = (matches: (call: (typeof calls)[number]) => boolean) => calls.filter(matches).length;
    expect(count(({ operation }) => operation === "listIntegrations")).toBe(1);
    expect(count(({ operation }) => operation === "discovery")).toBe(1);
    expect(count(({ path }) => path.includes(GRAPH))).toBe(1);
    expect(await Promise.all(SLUGS.map((slug) => stage.works(slug)))).toEqual(SLUGS.map(() => true));
  });

  it("do not share it one after the other: what changed in between is seen", async () => {
    await stage.up(inputs("outlook-email"), undefined, "first");
    await stage.up(inputs("sharepoint"), undefined, "second");
    expect((await stage.world.calls()).filter(({ operation }) => operation === "listIntegrations")).toHaveLength(2);
  });

  it("find an integration that was made after the list had come", async () => {
    await stage.world.latency(100);
    const first = stage.up(inputs("outlook-email"), undefined, "first");
    while (!(await stage.world.calls()).some(({ operation }) => operation === "upsertApplication"));
    const made = await stage.world.odeus<{ integration: { id: string; slug: string } }>("POST", "/integrations/v1/create", {
      name: "Later",
      authType: "OAUTH",
    });
    const { id, slug } = made.body.integration;
    await stage.world.odeus("PATCH", `/settings/integrations/${id}`, { buildByOdeus: true, tenantIdSupported: true, defaultScopes: ["User.Read"] });
    const second = await stage.up(inputs(slug), undefined, "second");
    expect(Object.keys(second.state["redirectUrls"] as object)).toEqual([slug]);
    await first;
    expect((await stage.world.calls()).filter(({ operation }) => operation === "listIntegrations")).toHaveLength(2);
  });
});
