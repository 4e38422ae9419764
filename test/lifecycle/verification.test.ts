/** How hand-made clients of each vendor are proven, and what is asked of whom and how often. */

import type { RecordedCall } from "../../src/sandbox/calls.js";
import type { VendorName } from "../../src/sandbox/vendors/vendorServer.js";
import { appByHand } from "../support/entraByHand.js";
import { HOSTS, type Made, type Stage, startAgain, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

const IAM_CLIENT = "0d9f4f8a-7b3c-4c7e-9a51-2f4e6d8b1c3a";
const VENDORS: VendorName[] = ["atlassian", "google", "openid"];

describe.each(HOSTS)("verification through the %s host", (name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(async () => {
    await stage.clear();
    for (const vendor of VENDORS) await stage.world.behaviour(vendor, "clientFirst");
  });
  afterAll(() => stage.stop());

  /** A client made by hand at this vendor, with everything that these integrations need. */
  const clientFor = async (vendor: VendorName, ...slugs: string[]) => {
    const slots = await Promise.all(slugs.map((slug) => stage.slot(slug)));
    return stage.world.vendorClient(vendor, {
      name: "Contoso",
      redirectUris: slots.map(({ redirectUrl }) => redirectUrl),
      scopes: slots.flatMap(({ defaultScopes }) => defaultScopes),
    });
  };
  const entraClientFor = async (...slugs: string[]) => {
    const redirectUris = await Promise.all(slugs.map(async (slug) => (await stage.slot(slug)).redirectUrl));
    const { appId, secret } = await appByHand(stage.world, { web: { redirectUris } });
    return { clientId: appId, clientSecret: secret };
  };
  /** The slug of an integration made from scratch. */
  const madeFromScratch = async (title: string): Promise<string> => {
    const urn = stage.host.urn("CustomIntegration", title.replaceAll(" ", "-"));
    const { inputs } = await stage.host.check(urn, { name: title });
    const { state } = await stage.host.create(urn, inputs);
    await stage.world.clearCalls();
    return String(state["slug"]);
  };
  const atOpenid = () => ({ authorizationUrl: `${stage.world.origins.openid}/authorize`, tokenUrl: `${stage.world.origins.openid}/token` });
  const atEntra = (tenant: string = stage.world.tenantId) => {
    const base = `${stage.world.environment["AZURE_AUTHORITY_HOST"]}/${tenant}/oauth2/v2.0`;
    return { authorizationUrl: `${base}/authorize`, tokenUrl: `${base}/token` };
  };
  /** Calls to the servers that issue tokens. */
  const asked = async (): Promise<RecordedCall[]> => (await stage.world.calls()).filter(({ counterpart }) => counterpart !== "odeus");
  const operations = async (): Promise<string[]> => (await asked()).map(({ operation }) => operation).sort();
  /** Client secrets in the requests to them; the bodies of raw token calls are not recorded, so only odd servers show them. */
  const secretsSent = async (): Promise<(string | null)[]> =>
    (await asked()).filter(({ requestBody }) => requestBody !== "").map(({ requestBody }) => new URLSearchParams(requestBody).get("client_secret"));

  describe("of Google's", () => {
    it("proves the secret and every redirect URL of several integrations on one client, and people connect", async () => {
      const client = await clientFor("google", "gmail", "google-drive", "google-calendar");
      const made = await stage.up({ integrations: uses("gmail", "google-drive", "google-calendar"), existing: client });
      expect(made.state["verification"]).toMatchObject({
        verdict: "accepted",
        proven: ["secret", "redirectUrl"],
        unproven: ["scopes", "consent"],
        detail: expect.stringMatching(/scopes: Nobody can read .* in the Google Cloud console .* effectiveScopes.*consent: .* connect one user\.$/),
        checks: [
          { property: "secret", verdict: "accepted", method: "paired token request" },
          { property: "redirectUrl", verdict: "accepted", method: "paired authorization request", detail: expect.stringContaining("the 3 redirect URLs") },
          { property: "scopes", verdict: "unavailable", method: "none" },
          { property: "consent", verdict: "unavailable", method: "none" },
        ],
      });
      expect(await operations()).toEqual([...Array(6).fill("authorize"), "token", "token"]);
      expect(stage.said("WARNING")).toEqual([]);
      for (const slug of ["gmail", "google-drive", "google-calendar"]) expect(await stage.connect(slug)).toMatchObject({ connected: true });
    });

    it("refuses in check the id of a gcp.iam.OauthClient, with what it can do and what to make instead, and never the id", async () => {
      const { failures } = await stage.host.check(stage.urn(), { integrations: uses("gmail"), existing: { clientId: IAM_CLIENT, clientSecret: "x" } });
      expect(failures).toEqual([
        expect.stringMatching(/^existing\.clientId: is that of a gcp\.iam\.OauthClient.* cannot serve Gmail, Drive or Calendar\. Make a client/),
      ]);
      expect(failures.join()).not.toContain(IAM_CLIENT);
      expect(await stage.world.calls()).toEqual([]);
    });

    it("refuses it also where the program names the integration by its id, before anything is made or asked", async () => {
      const inputs = { integrations: uses(stage.world.integrations["gmail"] ?? ""), existing: { clientId: IAM_CLIENT, clientSecret: "not-an-id" } };
      expect((await stage.failingUp(inputs)).message).toContain("existing.clientId: is that of a gcp.iam.OauthClient");
      expect(await stage.changingCalls()).toEqual([]);
      expect(await asked()).toEqual([]);
    });
  });

  describe("of Atlassian's", () => {
    it("warns that two integrations share one callback URL, and finds the one that is not registered", async () => {
      const client = await clientFor("atlassian", "jira");
      const both = { integrations: uses("jira", "confluence"), existing: client };
      const share = expect.stringMatching(
        /^jira and confluence share one Atlassian app\. An Atlassian app has one callback URL: users can connect to one integration only/,
      );
      const { message } = await stage.failingUp(both);
      expect(stage.said("WARNING")).toEqual([share]);
      expect(message).toContain(`does not know the redirect URL ${(await stage.slot("confluence")).redirectUrl} for this client`);
      expect(message).not.toContain((await stage.slot("jira")).redirectUrl);
      expect(message).toContain("Nothing was changed.");
      await stage.up({ ...both, verify: false });
      expect(stage.said("WARNING")).toEqual([share, share]);
    });

    it("warns of two resources that share it, and says it where the second one's redirect URL is refused", async () => {
      const existing = await clientFor("atlassian", "jira");
      await stage.up({ integrations: uses("jira"), existing }, undefined, "first");
      expect(stage.said("WARNING")).toEqual([]);
      const { message } = await stage.failingUp({ integrations: uses("confluence"), existing }, undefined, "second");
      expect(stage.said("WARNING")).toEqual([
        expect.stringMatching(/^confluence shares its Atlassian app with the resource first\. An Atlassian app has one callback URL/),
      ]);
      expect(message).toMatch(/does not know the redirect URL .* An Atlassian app has one callback URL: .*Make an app for each/);
    });

    describe("warns of two resources that share it, in a run in which", () => {
      const SHARED = /^confluence shares its Atlassian app with the resource first\. An Atlassian app has one callback URL/;
      let existing: Inputs;
      let next: Stage;
      const jira = (): Inputs => ({ integrations: uses("jira"), existing });
      const confluence = (): Inputs => ({ integrations: uses("confluence"), existing, verify: false });
      beforeEach(async () => {
        existing = await clientFor("atlassian", "jira");
        next = await startAgain(stage, start);
      });
      afterEach(() => next.host.stop());

      it("one is added, and nothing changes in the other", async () => {
        const first = await stage.up(jira(), undefined, "first");
        expect(await next.plan(first, jira(), "first")).toEqual({ changes: false, said: [] });
        await next.up(confluence(), undefined, "second");
        expect(next.said("WARNING")).toEqual([expect.stringMatching(SHARED)]);
      });

      it("one is added, and the other, in which nothing changes, is looked at later", async () => {
        const first = await stage.up(jira(), undefined, "first");
        await next.up(confluence(), undefined, "second");
        expect(next.said("WARNING")).toEqual([]);
        const { changes, said } = await next.plan(first, jira(), "first");
        expect(changes).toBe(false);
        expect(said).toEqual([expect.stringMatching(/^jira shares its Atlassian app with the resource second\./)]);
      });

      it("one is added, and the other names its integration by the id", async () => {
        const byId = { ...jira(), integrations: uses(stage.world.integrations["jira"] ?? "") };
        const first = await stage.up(byId, undefined, "first");
        expect((await next.plan(first, byId, "first")).changes).toBe(false);
        await next.up(confluence(), undefined, "second");
        expect(next.said("WARNING")).toEqual([expect.stringMatching(SHARED)]);
      });

      it("something changes, and never where nothing does", async () => {
        const first = await stage.up(jira(), undefined, "first");
        const second = await stage.up(confluence(), undefined, "second");
        expect([await next.plan(first, jira(), "first"), await next.plan(second, confluence(), "second")]).toEqual([
          { changes: false, said: [] },
          { changes: false, said: [] },
        ]);
        await next.up({ ...confluence(), exportClientSecret: true }, second, "second");
        expect(next.said("WARNING")).toEqual([expect.stringMatching(SHARED)]);
      });
    });

    it("says nothing of two resources that share another vendor's client", async () => {
      const existing = await clientFor("google", "gmail", "google-drive");
      await stage.up({ integrations: uses("gmail"), existing }, undefined, "first");
      await stage.up({ integrations: uses("google-drive"), existing }, undefined, "second");
      expect(stage.said("WARNING")).toEqual([]);
    });

    // The engine asks dynamic resources nothing in a preview.
    if (name === "plugin")
      it("warns of it in the preview too, and asks nobody", async () => {
        const { inputs } = await stage.host.check(stage.urn(), { integrations: uses("jira", "confluence"), existing: { clientId: "a", clientSecret: "b" } });
        await stage.host.create(stage.urn(), inputs, { preview: true });
        expect(stage.said("WARNING")).toEqual([expect.stringContaining("jira and confluence share one Atlassian app")]);
        expect(await asked()).toEqual([]);
      });
  });

  describe("of Microsoft's", () => {
    it("proves the secret by client credentials and the redirect URL by two authorization requests", async () => {
      const existing = { ...(await entraClientFor("outlook-email")), tenantId: stage.world.tenantId };
      const made = await stage.up({ integrations: uses("outlook-email"), existing });
      expect(made.state["verification"]).toMatchObject({ verdict: "accepted", method: "client credentials", proven: ["secret", "redirectUrl"] });
      expect(await operations()).toEqual(["authorize", "authorize", "token"]);
    });

    it("waits for a secret that was issued a moment ago, and not for ever for a wrong one", async () => {
      const existing = { ...(await entraClientFor("outlook-email")), tenantId: stage.world.tenantId };
      await stage.world.fault({ counterpart: "entra", operation: "token", fault: "unauthorized", times: 1 });
      await stage.up({ integrations: uses("outlook-email"), existing });
      expect((await operations()).filter((operation) => operation === "token")).toHaveLength(2);
      await stage.clear();
      const wrong = { ...(await entraClientFor("outlook-email")), clientSecret: "surely-not-the-secret", tenantId: stage.world.tenantId };
      expect((await stage.failingUp({ integrations: uses("outlook-email"), existing: wrong })).message).toMatch(
        /rejected\. .*\(401 invalid_client, AADSTS7000215\)/,
      );
      expect(await operations()).toEqual(Array(4).fill("token"));
    });

    it.each<[string, () => Promise<string>, () => Inputs]>([
      ["tokenUrl and tenantId", async () => "outlook-email", () => ({ tokenUrl: atEntra().tokenUrl, tenantId: stage.world.tenantId })],
      ["tokenUrl alone", async () => "outlook-email", () => ({ tokenUrl: atEntra().tokenUrl })],
      ["a tokenUrl for all tenants, and tenantId", async () => "sharepoint", () => ({ ...atEntra("organizations"), tenantId: stage.world.tenantId })],
      ["issuer", async () => "outlook-email", () => ({ issuer: `${stage.world.environment["AZURE_AUTHORITY_HOST"]}/${stage.world.tenantId}/v2.0` })],
      ["the endpoints of an integration made from scratch", () => madeFromScratch("Power BI"), atEntra],
    ])("proves a fresh secret by client credentials also where the server is named by %s", async (_how, slug, named) => {
      const integration = await slug();
      const existing = { ...(await entraClientFor(integration)), ...named() };
      await stage.world.clearCalls();
      await stage.world.fault({ counterpart: "entra", operation: "token", fault: "unauthorized", times: 1 });
      const made = await stage.up({ integrations: [{ integration, scopes: ["User.Read"] }], existing });
      expect(made.state["verification"]).toMatchObject({
        verdict: "accepted",
        method: "client credentials",
        detail: expect.stringContaining("compare them in the Entra admin centre"),
      });
      expect((await operations()).filter((operation) => operation === "token")).toHaveLength(2);
      expect((await stage.slot(integration)).client).toMatchObject({ clientId: existing.clientId, clientSecret: existing.clientSecret });
    });

    it("refuses a wrong secret for an integration made from scratch, after the same while", async () => {
      const integration = await madeFromScratch("Power BI daily");
      const existing = { ...(await entraClientFor(integration)), ...atEntra(), clientSecret: "surely-not-the-secret" };
      await stage.world.clearCalls();
      const { message } = await stage.failingUp({ integrations: [{ integration, scopes: ["User.Read"] }], existing });
      expect(message).toMatch(/rejected\. .*\(401 invalid_client, AADSTS7000215\)/);
      expect(await operations()).toEqual(Array(4).fill("token"));
    });

    it("names the tenant's place where an integration made from scratch has endpoints for all tenants, or is given a tenant", async () => {
      const integration = await madeFromScratch("Power BI weekly");
      const inputs = { integrations: [{ integration, scopes: ["User.Read"] }], existing: { ...(await entraClientFor(integration)), ...atEntra("common") } };
      await stage.up(inputs);
      expect(stage.said("WARNING")[0]).toMatch(/^the client secret is not proven \(inconclusive\): .* name it in existing\.tokenUrl/);
      expect(await operations()).not.toContain("token");
      const { message } = await stage.failingUp({ ...inputs, existing: { ...inputs.existing, tenantId: stage.world.tenantId } });
      expect(message).toContain(`existing.tenantId: ${integration} takes no tenant id. Take it out: where its server has tenants`);
    });

    it("says what is missing where no tenant is given", async () => {
      await stage.up({ integrations: uses("outlook-email"), existing: await entraClientFor("outlook-email") });
      expect(stage.said("WARNING")[0]).toMatch(/^the client secret is not proven \(inconclusive\): .* set existing\.tenantId/);
    });

    it("refuses in check a secret's id in place of its value", async () => {
      const { failures } = await stage.host.check(stage.urn(), { integrations: uses("outlook-email"), existing: { clientId: "x", clientSecret: IAM_CLIENT } });
      expect(failures).toEqual([expect.stringMatching(/^existing\.clientSecret: has the form of an id/)]);
    });

    it("refuses it also where the program names the integration by its id", async () => {
      const inputs = { integrations: uses(stage.world.integrations["outlook-email"] ?? ""), existing: { clientId: "x", clientSecret: IAM_CLIENT } };
      const { message } = await stage.failingUp(inputs);
      expect(message).toContain("existing.clientSecret: has the form of an id");
      expect(message).not.toContain(IAM_CLIENT);
      expect(await asked()).toEqual([]);
    });
  });

  describe("of any other server's", () => {
    const withIssuer = async (): Promise<Inputs> => ({
      integrations: uses("jira"),
      existing: { ...(await clientFor("openid", "jira")), issuer: stage.world.origins.openid },
    });

    it("asks by a pushed authorization request where the metadata names a place for it, with one wrong secret", async () => {
      const inputs = await withIssuer();
      const made = await stage.up(inputs);
      expect(made.state["verification"]).toMatchObject({ verdict: "accepted", method: "pushed authorization request", proven: ["secret", "redirectUrl"] });
      expect(await operations()).toEqual(["discovery", ...Array(4).fill("pushAuthorization")]);
      const { clientSecret } = inputs["existing"] as { clientSecret: string };
      expect((await secretsSent()).filter((sent) => sent !== clientSecret)).toHaveLength(1);
    });

    it("asks by a token request where that place gives no answer, and still with one wrong secret", async () => {
      const inputs = await withIssuer();
      await stage.world.fault({ counterpart: "openid", operation: "pushAuthorization", fault: "html", times: "always" });
      const made = await stage.up(inputs);
      expect(made.state["verification"]).toMatchObject({ verdict: "accepted", method: "paired token request", proven: ["secret", "redirectUrl"] });
      expect((await operations()).filter((operation) => operation === "token")).toHaveLength(2);
      const { clientSecret } = inputs["existing"] as { clientSecret: string };
      expect((await secretsSent()).filter((sent) => sent !== clientSecret)).toEqual([]);
    });

    it.each(["secret", "redirect URL", "scope"])("refuses a wrong %s before anything is changed", async (what) => {
      const inputs = await withIssuer();
      const existing = inputs["existing"] as { clientId: string; clientSecret: string };
      if (what === "secret") existing.clientSecret = "surely-not-the-secret";
      if (what === "redirect URL") await stage.world.changeVendorClient("openid", existing.clientId, { redirectUris: ["http://localhost:1/elsewhere"] });
      if (what === "scope") {
        // Somebody else's client has the scope, so the server knows it.
        await clientFor("openid", "jira");
        await stage.world.changeVendorClient("openid", existing.clientId, { scopes: ["read:jira-work"] });
      }
      const { message } = await stage.failingUp(inputs);
      expect(message).toMatch(
        {
          secret: /rejected\. .* refuses the client id or the secret/,
          "redirect URL": /does not know the redirect URL http/,
          scope: /refuses the scopes .* write:jira-work/,
        }[what] as RegExp,
      );
      expect(message).toContain("Nothing was changed.");
      expect(await stage.changingCalls()).toEqual([]);
    });

    it.each([
      ["metadata", 2, async () => ({ issuer: stage.world.origins.openid })],
      [
        "metadata whose place for pushed requests gives no answer",
        3,
        async () => {
          await stage.world.fault({ counterpart: "openid", operation: "pushAuthorization", fault: "html", times: "always" });
          return { issuer: stage.world.origins.openid };
        },
      ],
      ["endpoints alone, so that the secret may belong into the header", 3, async () => ({ tokenUrl: `${stage.world.origins.openid}/token` })],
    ] as const)("asks about a wrong secret, at a server with %s, %i times, its random one among them", async (_what, times, endpoints) => {
      const existing = { ...(await clientFor("openid", "jira")), clientSecret: "surely-not-the-secret", ...(await endpoints()) };
      expect((await stage.failingUp({ integrations: uses("jira"), existing })).message).toContain("refuses the client id or the secret");
      expect((await operations()).filter((operation) => operation !== "discovery")).toHaveLength(times);
    });

    it("finds nothing out where the metadata is another issuer's, says so, and sends no secret", async () => {
      const inputs = await withIssuer();
      const issuer = `${stage.world.origins.openid}/`;
      const made = await stage.up({ ...inputs, existing: { ...(inputs["existing"] as Inputs), issuer } });
      expect(made.state["verification"]).toMatchObject({
        verdict: "unavailable",
        method: "none",
        detail: expect.stringContaining("its metadata is for the issuer"),
      });
      expect(await operations()).toEqual(["discovery"]);
    });
  });

  describe("for an integration made from scratch", () => {
    it.each(["Google Cloud BigQuery", "Teams wiki", "Jira mirror"])("takes %s for no vendor's by its name", async (title) => {
      const integration = await madeFromScratch(title);
      const { redirectUrl } = await stage.slot(integration);
      const client = await stage.world.vendorClient("openid", { redirectUris: [redirectUrl], scopes: ["pages.read"] });
      const made = await stage.up({ integrations: [{ integration, scopes: ["pages.read"] }], existing: { ...client, ...atOpenid() } });
      expect(made.state["verification"]).toMatchObject({
        verdict: "accepted",
        proven: ["secret", "redirectUrl"],
        detail: expect.stringMatching(
          /^\S+ tells this secret .* scopes: Nobody can read the registered scopes: compare them in the app with .* connect one user\.$/,
        ),
      });
      expect(stage.said("WARNING")).toEqual([]);
      expect((await stage.refresh(made))?.state["verification"]).toEqual(made.state["verification"]);
    });

    it("lets a gcp.iam.OauthClient be for Google Cloud, and an integration of Odeus's still refuses it", async () => {
      const integration = await madeFromScratch("Google Cloud Run");
      const existing = { clientId: IAM_CLIENT, clientSecret: "not-an-id", ...atOpenid() };
      const made = await stage.up({ integrations: uses(integration), existing, verify: false });
      expect((await stage.slot(integration)).client).toMatchObject({ clientId: IAM_CLIENT });
      await stage.destroy(made);
      await stage.world.clearCalls();
      expect((await stage.failingUp({ integrations: uses(integration, "gmail"), existing })).message).toContain("is that of a gcp.iam.OauthClient");
      expect(await stage.changingCalls()).toEqual([]);
    });
  });

  describe("asks again", () => {
    let client: { clientId: string; clientSecret: string };
    let made: Made;
    const gmail = (more: Inputs = {}): Inputs => ({ integrations: uses("gmail"), existing: client, ...more });
    beforeEach(async () => {
      client = await clientFor("google", "gmail", "google-drive");
      made = await stage.up(gmail());
      await stage.world.clearCalls();
    });

    it("nobody in a refresh, a preview or an unchanged up", async () => {
      const seen = await stage.refresh(made);
      expect(seen?.state["verification"]).toEqual(made.state["verification"]);
      if (name === "plugin") await stage.host.create(stage.urn(), made.inputs, { preview: true });
      expect((await stage.up(gmail(), made)).changed).toBe(false);
      expect(await asked()).toEqual([]);
    });

    it("about redirect URLs alone where an integration is added, with no wrong secret", async () => {
      const both = await stage.up(gmail({ integrations: uses("gmail", "google-drive") }), made);
      expect(await operations()).toEqual(Array(4).fill("authorize"));
      expect(both.state["verification"]).toMatchObject({ verdict: "accepted", proven: ["secret", "redirectUrl"] });
    });

    it("about nothing where an integration is removed or a setting changes, and what was proven stays so", async () => {
      const exporting = await stage.up(gmail({ exportClientSecret: true }), made);
      expect(await asked()).toEqual([]);
      expect(exporting.state["verification"]).toEqual(made.state["verification"]);
    });

    it("about everything with another secret", async () => {
      await stage.world.changeVendorClient("google", client.clientId, { secrets: ["GOCSPX-another"] });
      await stage.up(gmail({ existing: { ...client, clientSecret: "GOCSPX-another" } }), made);
      expect(await operations()).toEqual(["authorize", "authorize", "token", "token"]);
    });

    it("about nothing with verify off", async () => {
      const off = await stage.up(gmail({ verify: false, existing: { ...client, clientSecret: "never-asked-about" } }), made);
      expect(await asked()).toEqual([]);
      expect(off.state["verification"]).toMatchObject({ verdict: "skipped", proven: [] });
    });
  });
});
