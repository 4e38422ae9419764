/** Integrations made from scratch, a hand-made client on one of them, and the functions that look integrations up; both hosts. */

import { getIntegration, getIntegrations } from "../../src/resources/integrationFunctions.js";
import { connectUser } from "../support/browser.js";
import { HOSTS, type Stage, startStage } from "../support/oauthClientConfig.js";
import { HostFailure } from "../support/providerHost.js";

describe.each(HOSTS)("a custom integration through the %s host", (name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  afterAll(() => stage.stop());
  beforeEach(() => stage.clear());

  const urn = (resource: string): string => stage.host.urn("CustomIntegration", resource);
  const make = async (integration: string, description?: string) => {
    const { inputs, failures } = await stage.host.check(urn(integration), { name: integration, ...(description === undefined ? {} : { description }) });
    expect(failures).toEqual([]);
    return stage.host.create(urn(integration), inputs);
  };
  const named = async (integration: string) => {
    const { body } = await stage.world.odeus<{ integrations: { id: string; name: string; slug: string }[] }>("GET", "/integrations/v1/get");
    return body.integrations.filter((one) => one.name === integration);
  };
  const failure = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "it succeeded",
      (error: unknown) => (error instanceof HostFailure ? error.message : Promise.reject(error)),
    );

  it("is made with OAuth, read back without a difference, renamed in place, and kept by destroy with a word", async () => {
    const made = await make("Lakehouse", "Tables");
    expect(made.state).toMatchObject({ name: "Lakehouse", description: "Tables", slug: expect.any(String), redirectUrl: expect.stringContaining(made.id) });
    const read = await stage.host.read(urn("Lakehouse"), made.id, made.state, { name: "Lakehouse", description: "Tables" });
    expect(read?.inputs).toEqual({ name: "Lakehouse", description: "Tables" });
    expect((await stage.host.diff(urn("Lakehouse"), made.id, made.state, { name: "Lakehouse", description: "Tables" })).changes).toBe(false);
    expect((await stage.host.diff(urn("Lakehouse"), made.id, made.state, { name: "Lake", description: "Tables" })).changes).toBe(true);
    const { state } = await stage.host.update(urn("Lakehouse"), made.id, made.state, { name: "Lake", description: "Tables" });
    expect((await named("Lake")).map(({ id }) => id)).toEqual([made.id]);
    // The run that destroys it declares it no more.
    await stage.host.check(urn("Lakehouse"), { name: "Lake" });
    await stage.host.delete(urn("Lakehouse"), made.id, state);
    expect(await named("Lake")).toHaveLength(1);
    expect(stage.said("WARNING").join()).toContain('the integration "Lake" stays in the workspace');
  });

  it("takes over an untouched one of its name, and refuses one that is in use or built by Odeus", async () => {
    const first = await make("Takeover");
    expect((await make("Takeover")).id).toBe(first.id);
    await stage.world.odeus("POST", `/settings/integrations/${first.id}/actions`, { name: "List", description: "Lists" });
    expect(await failure(make("Takeover"))).toContain("already has actions or triggers");
    expect(await failure(make("Jira"))).toContain("an integration built by Odeus has it");
    expect(await named("Takeover")).toHaveLength(1);
  });

  // The dynamic host has no import: the engine does not offer it one.
  if (name === "plugin")
    it("is imported by id, slug or exact name, and refused where Odeus built it or nothing has the name", async () => {
      const made = await make("Imported", "by hand");
      for (const id of [made.id, String(made.state["slug"]), "Imported"]) {
        const found = await stage.host.read(urn("Imported"), id);
        expect(found).toMatchObject({ id: made.id, inputs: { name: "Imported", description: "by hand" } });
        expect((await stage.host.diff(urn("Imported"), made.id, found?.state ?? {}, { name: "Imported", description: "by hand" })).changes).toBe(false);
      }
      expect(await failure(stage.host.read(urn("Imported"), "jira"))).toContain("is built by Odeus");
      expect(await failure(stage.host.read(urn("Imported"), "nothing-of-this-name"))).toContain('the workspace has no integration "nothing-of-this-name"');
    });

  it("is made once when the answer to its creation is lost", async () => {
    await stage.world.fault({ counterpart: "odeus", operation: "createIntegration", fault: "answerLost" });
    const made = await make("Lost answer");
    expect((await named("Lost answer")).map(({ id }) => id)).toEqual([made.id]);
  });

  it("goes by its name in the progress lines where the program gives its id", async () => {
    const integration = `Lake ${name}`;
    const { id, state } = await make(integration);
    const client = await stage.world.vendorClient("atlassian", { redirectUris: [String(state["redirectUrl"])], scopes: ["sql"] });
    const origin = stage.world.environment["ODEUS_ENDPOINT_ATLASSIAN"];
    const existing = { ...client, authorizationUrl: `${origin}/authorize`, tokenUrl: `${origin}/oauth/token` };
    // A status that is replaced within 200 ms is not shown.
    await stage.world.latency(250);
    const made = await stage.up({ integrations: [{ integration: id, scopes: ["sql"] }], existing });
    await stage.world.latency(0);
    const shown = stage.host.lines.filter(({ ephemeral }) => ephemeral).map(({ message }) => message);
    expect(shown).toContain(`entering the client in ${integration}`);
    expect(shown.join("\n")).not.toContain(id);
    await stage.destroy(made);
  });

  it("carries a hand-made client with its endpoints, from a connected user to nothing left", async () => {
    const integration = `Warehouse ${name}`;
    const { id, state } = await make(integration);
    const slug = String(state["slug"]);
    const client = await stage.world.vendorClient("atlassian", { redirectUris: [String(state["redirectUrl"])], scopes: ["sql", "offline_access"] });
    const origin = stage.world.environment["ODEUS_ENDPOINT_ATLASSIAN"];
    const existing = { ...client, authorizationUrl: `${origin}/authorize`, tokenUrl: `${origin}/oauth/token` };
    const inputs = { integrations: [{ integration: slug, scopes: ["sql", "offline_access"] }], existing };

    const { authorizationUrl: _left, ...without } = existing;
    expect((await stage.failingUp({ ...inputs, existing: without })).message).toContain("existing.authorizationUrl and existing.tokenUrl: are required by");

    const made = await stage.up(inputs);
    expect(made.state).toMatchObject({ drift: [], verification: { verdict: "accepted" } });
    expect((await stage.up(inputs, made)).changed).toBe(false);
    expect((await stage.refresh(made))?.state["drift"]).toEqual([]);
    const startUrl = `${stage.world.environment["ODEUS_BASE_URL"]}/integrations/${id}/connect?user=ada`;
    expect(await connectUser({ startUrl, user: "ada" })).toMatchObject({ connected: true, scopes: ["sql", "offline_access"] });

    const fewer = { ...inputs, integrations: [{ integration: slug, scopes: ["sql"] }] };
    await stage.world.clearCalls();
    const changed = await stage.up(fewer, made);
    expect((await stage.changingCalls()).map(({ operation }) => operation)).toEqual(["updateIntegrationAuth"]);
    expect((await stage.up(fewer, changed)).changed).toBe(false);

    await stage.destroy(changed);
    const after = await stage.world.odeus<{ oauthClient: { mode: string } }>("GET", `/integrations/v1/${id}/oauth-client`);
    expect(after.body.oauthClient.mode).toBe("NONE");
  });
});

describe("the functions", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(HOSTS[0]?.[1] as (typeof HOSTS)[number][1]);
  });
  afterAll(() => stage.stop());

  const ask = (token: string, args: Record<string, string>) => stage.host.invoke(`odeus:index:${token}`, args);

  it("find an integration by id, slug and exact name, with its slot", async () => {
    const id = stage.world.integrations["jira"] ?? "";
    for (const integration of [id, "jira", "Jira"]) {
      const { result, failures } = await ask(getIntegration.name, { integration });
      expect(failures).toEqual([]);
      expect(result).toMatchObject({
        id,
        slug: "jira",
        builtIn: true,
        clientMode: "ODEUS",
        redirectUrl: expect.stringContaining(id),
        tenantIdSupported: false,
      });
    }
  });

  it("list every match when two have one name, and suggest near names when none has it", async () => {
    for (const _ of [1, 2]) await stage.world.odeus("POST", "/integrations/v1/create", { name: "Twin", authType: "OAUTH" });
    await expect(ask(getIntegration.name, { integration: "Twin" })).rejects.toThrow(
      /2 integrations are named "Twin": .* \([0-9a-f-]{36}\), .* \([0-9a-f-]{36}\)/,
    );
    await expect(ask(getIntegration.name, { integration: "jirra" })).rejects.toThrow('Did you mean "jira"');
  });

  it("list all integrations, and refuse an argument that does not exist", async () => {
    const { result } = await ask(getIntegrations.name, {});
    expect((result["integrations"] as { slug: string }[]).map(({ slug }) => slug)).toEqual(expect.arrayContaining(["jira", "outlook-email", "sharepoint"]));
    expect((await ask(getIntegration.name, { name: "jira" })).failures.join()).toContain("is not a known property");
  });
});
