/** A first `up`: what stands at the authorization server and in the workspace afterwards, and what is told about it. */

import { entra, HOSTS, type Stage, startStage, uses } from "../support/oauthClientConfig.js";

const MAIL = ["Mail.ReadWrite", "Mail.Send", "User.Read", "offline_access"];
const CALENDAR = ["Calendars.ReadWrite", "User.Read", "offline_access"];

describe.each(HOSTS)("a create through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  it("registers the app at Entra with exactly what the integrations need, and our tags", async () => {
    const made = await stage.up({
      integrations: uses("outlook-email", "outlook-calendar"),
      entra: entra({ additionalRedirectUrls: ["https://extra.example/callback"], notes: "for the helpdesk", homepageUrl: "https://contoso.example/" }),
    });
    const app = await stage.app();
    const { redirectUris, homePageUrl } = app.properties["web"] as { redirectUris: string[]; homePageUrl: string };
    const email = await stage.slot("outlook-email");
    const calendar = await stage.slot("outlook-calendar");
    expect([...redirectUris].sort()).toEqual([email.redirectUrl, calendar.redirectUrl, "https://extra.example/callback"].sort());
    expect(homePageUrl).toBe("https://contoso.example/");
    expect(app.properties).toMatchObject({ displayName: "Odeus mail", signInAudience: "AzureADMyOrg", notes: "for the helpdesk" });
    expect(await scopeNames(app.properties["requiredResourceAccess"])).toEqual([...new Set([...MAIL, ...CALENDAR])].sort());
    expect(app.uniqueName).toMatch(/^odeus-[0-9a-f]{32}$/);
    expect(app.properties["tags"]).toEqual([
      `odeus-key:${app.uniqueName}`,
      "odeus-stack:demo%2Fdev",
      "odeus-resource:OAuthClientConfig%2Fmail",
      expect.stringMatching(/^odeus-generation:[0-9a-f]{8}$/),
    ]);
    expect(made.id).toBe(`entra/${app.appId}`);
  });

  it("gives the app a service principal and one secret, which Entra takes from every slot", async () => {
    await stage.up({ integrations: uses("outlook-email", "sharepoint"), entra: entra() });
    const app = await stage.app();
    const [tenant] = (await stage.world.state()).entra.tenants;
    expect(tenant?.servicePrincipals.filter(({ appId }) => appId === app.appId)).toHaveLength(1);
    expect(await stage.grantedScopes()).toEqual([]);
    expect(app.passwordCredentials.map(({ secretText }) => secretText)).toEqual([(await stage.slot("outlook-email")).client?.clientSecret]);
    expect(await Promise.all([stage.works("outlook-email"), stage.works("sharepoint")])).toEqual([true, true]);
    for (const slug of ["outlook-email", "sharepoint"]) {
      expect((await stage.slot(slug)).client).toMatchObject({ clientId: app.appId, tenantId: stage.world.tenantId, scopeSync: true, scopes: [] });
    }
  });

  it("lets a user connect, who consents under the app's name to the scopes of the workspace", async () => {
    await stage.up({ integrations: uses("outlook-email"), entra: entra() });
    expect(await stage.connect("outlook-email")).toMatchObject({ connected: true, consentShows: "Odeus mail", scopes: MAIL });
  });

  it("grants tenant-wide consent where asked, and then no user is asked", async () => {
    const made = await stage.up({ integrations: uses("outlook-email"), entra: entra({ grantAdminConsent: true }) });
    await stage.world.consent(false);
    expect(await stage.grantedScopes()).toEqual([...MAIL].sort());
    expect(await stage.connect("outlook-email")).toMatchObject({ connected: true, scopes: MAIL });
    await stage.world.consent(true);
    expect(made.state["verification"]).toMatchObject({ verdict: "accepted", proven: ["secret", "redirectUrl", "scopes", "consent"], unproven: [] });
  });

  it("answers every output, keyed as the program wrote it, and no secret", async () => {
    const id = stage.world.integrations["outlook-calendar"] ?? "";
    const made = await stage.up({ integrations: uses("outlook-email", id), entra: entra({ secretLifetimeDays: 90 }) });
    const app = await stage.app();
    const [email, calendar] = [await stage.slot("outlook-email"), await stage.slot("outlook-calendar")];
    const [credential] = app.passwordCredentials;
    const { state } = made;
    expect(state).toMatchObject({
      clientId: app.appId,
      tenantId: stage.world.tenantId,
      appObjectId: app.id,
      adminConsentUrl: `${stage.world.origins.entra}/${stage.world.tenantId}/adminconsent?client_id=${app.appId}`,
      redirectUrls: { "outlook-email": email.redirectUrl, [id]: calendar.redirectUrl },
      effectiveScopes: { "outlook-email": MAIL, [id]: CALENDAR },
      secretExpiresAt: credential?.endDateTime,
      retiring: [],
      drift: [],
      verification: { verdict: "accepted", method: "client credentials", proven: ["secret", "redirectUrl", "scopes"], unproven: ["consent"] },
    });
    const days = (Date.parse(String(state["secretExpiresAt"])) - Date.parse(String(state["secretCreatedAt"]))) / 86_400_000;
    expect(Math.round(days)).toBe(90);
    expect(JSON.stringify([made, stage.host.answers, stage.host.lines])).not.toContain(credential?.secretText);
    expect(stage.said("WARNING")).toEqual([]);
  });

  it("writes the scopes of the program, and those alone, where it keeps the list", async () => {
    const made = await stage.up({ integrations: [{ integration: "outlook-email", scopes: ["Mail.Read", "offline_access"] }], entra: entra() });
    expect((await stage.slot("outlook-email")).client).toMatchObject({ scopeSync: false, scopes: ["Mail.Read", "offline_access"] });
    expect(await scopeNames((await stage.app()).properties["requiredResourceAccess"])).toEqual(["Mail.Read", "offline_access"]);
    expect(made.state["effectiveScopes"]).toEqual({ "outlook-email": ["Mail.Read", "offline_access"] });
    expect(await stage.connect("outlook-email")).toMatchObject({ connected: true, scopes: ["Mail.Read", "offline_access"] });
  });

  it("uploads the logo, and enters no tenant for an app that other tenants may use", async () => {
    const logo = { kind: "asset", hash: "one", text: "GIF89a-a-small-picture" } as const;
    await stage.up({ integrations: uses("outlook-email"), entra: entra({ logo, signInAudience: "AzureADMultipleOrgs" }) });
    expect((await stage.app()).logo).toMatchObject({ contentType: "image/gif" });
    expect((await stage.slot("outlook-email")).client?.tenantId).toBeNull();
    expect(await stage.connect("outlook-email")).toMatchObject({ connected: true });
  });

  it("changes nothing at a second up: diff is offline and finds nothing", async () => {
    const inputs = { integrations: uses("outlook-email"), entra: entra({ grantAdminConsent: true }) };
    const made = await stage.up(inputs);
    await stage.world.clearCalls();
    expect(await stage.up(inputs, made)).toMatchObject({ changed: false });
    expect(await stage.world.calls()).toEqual([]);
  });

  it("waits for what Entra shows late, and for a secret that works late", async () => {
    await stage.world.lag({ replicationReads: 2, secretActivationAttempts: 2 });
    const made = await stage.up({ integrations: uses("outlook-email"), entra: entra({ grantAdminConsent: true }) }).finally(() => stage.world.lag({}));
    expect(made.state["verification"]).toMatchObject({ verdict: "accepted" });
    expect(await stage.works("outlook-email")).toBe(true);
  });

  /** Names of the delegated Graph permissions, sorted; anything else would fail. */
  async function scopeNames(access: unknown): Promise<string[]> {
    const [entry, ...more] = access as { resourceAppId: string; resourceAccess: { id: string; type: string }[] }[];
    expect(more).toEqual([]);
    const graph = await stage.world.graph<{ oauth2PermissionScopes: { id: string; value: string }[] }>(
      "GET",
      `/servicePrincipals(appId='${entry?.resourceAppId}')`,
    );
    const names = new Map(graph.body.oauth2PermissionScopes.map(({ id, value }) => [id, value]));
    return (entry?.resourceAccess ?? []).map(({ id, type }) => `${names.get(id)}${type === "Scope" ? "" : ` (${type})`}`).sort();
  }
});
