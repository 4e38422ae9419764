/** Every change of a declaration is an update in place: the client is made as declared, and nothing else is touched. */

import { consentByHand } from "../support/entraByHand.js";
import { entra, HOSTS, type Made, type Stage, startStage, type Up, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";
import type { EntraApplication } from "../support/sandbox.js";

type Change = {
  from: Inputs;
  to: Inputs;
  /** Calls that change something, in any order. */
  calls: string[];
  app: (app: EntraApplication) => unknown;
  expected: unknown;
};

const ALL = {
  homepageUrl: "https://a.example/",
  privacyStatementUrl: "https://a.example/privacy",
  termsOfServiceUrl: "https://a.example/terms",
  notes: "note",
};
const info = (app: EntraApplication) => [(app.properties["web"] as Inputs)["homePageUrl"], app.properties["info"], app.properties["notes"]];
const logo = (hash: string, text: string): Inputs => ({ logo: { kind: "asset", hash, text } });

const CHANGES: [string, Change][] = [
  [
    "the display name",
    { from: {}, to: { displayName: "New name" }, calls: ["patchApplication"], app: (app) => app.properties["displayName"], expected: "New name" },
  ],
  ["the public links and notes, set", { from: {}, to: ALL, calls: ["patchApplication"], app: info, expected: [ALL.homepageUrl, infoOf(ALL), ALL.notes] }],
  ["the public links and notes, unset", { from: ALL, to: {}, calls: ["patchApplication"], app: info, expected: [null, infoOf(), null] }],
  ["the logo", { from: logo("one", "GIF89a-one"), to: logo("two", "GIF89a-number-two"), calls: ["putLogo"], app: (app) => app.logo?.bytes, expected: 17 }],
  [
    "the audience",
    {
      from: {},
      to: { signInAudience: "AzureADMultipleOrgs" },
      calls: ["patchApplication", "patchOAuthClient"],
      app: (app) => app.properties["signInAudience"],
      expected: "AzureADMultipleOrgs",
    },
  ],
  ["the lifetime of later secrets", { from: {}, to: { secretLifetimeDays: 90 }, calls: [], app: (app) => app.passwordCredentials.length, expected: 1 }],
];

function infoOf(links: Inputs = {}): unknown {
  const { privacyStatementUrl = null, termsOfServiceUrl = null } = links;
  return expect.objectContaining({ privacyStatementUrl, termsOfServiceUrl });
}

describe.each(HOSTS)("an update through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  /** The update, and then what must hold after every one: no difference left, no call at the next `up`, drift empty. */
  async function updated(made: Made, inputs: Inputs): Promise<Up> {
    await stage.world.clearCalls();
    const next = await stage.up(inputs, made);
    expect(next.changed).toBe(true);
    expect(next.id).toBe(made.id);
    expect(next.state["drift"]).toEqual([]);
    const calls = await stage.world.calls();
    expect(await stage.up(inputs, next)).toMatchObject({ changed: false });
    expect(await stage.world.calls()).toHaveLength(calls.length);
    expect((await stage.refresh(next))?.state["drift"]).toEqual([]);
    return next;
  }
  const operations = async () => (await stage.changingCalls()).map(({ operation }) => operation).sort();

  it.each(CHANGES)("of %s changes that, and no secret", async (_what, { from, to, calls, app, expected }) => {
    const made = await stage.up({ integrations: uses("outlook-email"), entra: entra(from) });
    const secretBefore = (await stage.slot("outlook-email")).client?.clientSecret;
    await updated(made, { integrations: uses("outlook-email"), entra: entra(to) });
    expect(app(await stage.app())).toEqual(expected);
    expect(await operations()).toEqual(calls);
    expect((await stage.slot("outlook-email")).client?.clientSecret).toBe(secretBefore);
    const tenant = to["signInAudience"] === undefined ? stage.world.tenantId : null;
    expect((await stage.slot("outlook-email")).client?.tenantId).toBe(tenant);
  });

  it("of the redirect URLs adds and removes ours, and keeps what others added", async () => {
    const made = await stage.up({
      integrations: uses("outlook-email"),
      entra: entra({ additionalRedirectUrls: ["https://a.example/", "https://b.example/"] }),
    });
    const { id } = await stage.app();
    const { redirectUrl } = await stage.slot("outlook-email");
    const others = [redirectUrl, "https://a.example/", "https://b.example/", "https://others.example/"];
    await stage.world.graph("PATCH", `/applications/${id}`, { web: { redirectUris: others } });
    const next = await updated(made, {
      integrations: uses("outlook-email"),
      entra: entra({ additionalRedirectUrls: ["https://c.example/", "https://b.example/"] }),
    });
    expect(await redirectUris()).toEqual([redirectUrl, "https://b.example/", "https://c.example/", "https://others.example/"].sort());
    await updated(next, { integrations: uses("outlook-email"), entra: entra() });
    expect(await redirectUris()).toEqual([redirectUrl, "https://others.example/"].sort());
  });

  it("that adds an integration enters one new secret everywhere, and retires the old one", async () => {
    const made = await stage.up({ integrations: uses("outlook-email"), entra: entra() });
    const [before] = (await stage.app()).passwordCredentials;
    const next = await updated(made, { integrations: uses("outlook-email", "outlook-calendar"), entra: entra() });
    const slots = [await stage.slot("outlook-email"), await stage.slot("outlook-calendar")];
    const { passwordCredentials } = await stage.app();
    const [added] = passwordCredentials.filter(({ keyId }) => keyId !== before?.keyId);
    expect(passwordCredentials).toHaveLength(2);
    expect(slots.map(({ client }) => client?.clientSecret)).toEqual([added?.secretText, added?.secretText]);
    expect(next.state["retiring"]).toEqual([{ keyId: before?.keyId, removableFrom: expect.any(String) }]);
    expect(await redirectUris()).toEqual(slots.map(({ redirectUrl }) => redirectUrl).sort());
    expect(await stage.connect("outlook-calendar")).toMatchObject({ connected: true });
    expect(await stage.connect("outlook-email")).toMatchObject({ connected: true });
  });

  it("that removes an integration gives its slot back and takes its URL and scopes from the app and from the consent", async () => {
    const kept = { entra: entra({ grantAdminConsent: true }) };
    const made = await stage.up({ integrations: uses("outlook-email", "outlook-calendar"), ...kept });
    const email = await stage.slot("outlook-email");
    await updated(made, { integrations: uses("outlook-email"), ...kept });
    expect((await stage.slot("outlook-calendar")).client).toBeUndefined();
    expect(await redirectUris()).toEqual([email.redirectUrl]);
    expect((await stage.slot("outlook-email")).client).toEqual(email.client);
    expect(await stage.grantedScopes()).toEqual([...email.defaultScopes].sort());
    expect(await registeredScopes()).toHaveLength(email.defaultScopes.length);
    expect(await stage.connect("outlook-email")).toMatchObject({ connected: true });
  });

  it("of the order of integrations, scopes and URLs is none", async () => {
    const scopes = ["Mail.Read", "offline_access"];
    const urls = ["https://a.example/", "https://b.example/"];
    const [email, calendar] = [{ integration: "outlook-email", scopes }, { integration: "outlook-calendar" }];
    const made = await stage.up({ integrations: [email, calendar], entra: entra({ additionalRedirectUrls: urls }) });
    const turned = { integrations: [calendar, { ...email, scopes: [...scopes].reverse() }], entra: entra({ additionalRedirectUrls: [...urls].reverse() }) };
    expect(await stage.plan(made, turned)).toEqual({ changes: false, said: [] });
  });

  it("of an integration from its slug to its id is announced as nothing, for it is nothing", async () => {
    const made = await stage.up({ integrations: uses("outlook-email"), entra: entra() });
    const byId = { integrations: uses(stage.world.integrations["outlook-email"] ?? ""), entra: entra() };
    expect((await stage.plan(made, byId)).said).toEqual([]);
  });

  it("of an integration from its slug to its id enters nothing anew", async () => {
    const made = await stage.up({ integrations: uses("outlook-email"), entra: entra() });
    const id = stage.world.integrations["outlook-email"] ?? "";
    const next = await updated(made, { integrations: uses(id), entra: entra() });
    expect(await operations()).toEqual([]);
    expect(next.state["redirectUrls"]).toEqual({ [id]: (await stage.slot("outlook-email")).redirectUrl });
  });

  it("of the scopes writes them to slot, app and consent without a new secret, and back to the workspace's own list", async () => {
    const app = { entra: entra({ grantAdminConsent: true }) };
    const own = { integrations: uses("outlook-email"), ...app };
    const kept = { integrations: [{ integration: "outlook-email", scopes: ["Mail.Read", "offline_access"] }], ...app };
    const made = await stage.up(own);
    const secret = (await stage.slot("outlook-email")).client?.clientSecret;
    expect((await stage.plan(made, kept)).said).toEqual([expect.stringContaining("scope Mail.ReadWrite, Mail.Send, User.Read is dropped")]);
    const narrowed = await updated(made, kept);
    expect((await stage.slot("outlook-email")).client).toMatchObject({ scopeSync: false, scopes: ["Mail.Read", "offline_access"], clientSecret: secret });
    expect(await registeredScopes()).toHaveLength(2);
    expect(await stage.grantedScopes()).toEqual(["Mail.Read", "offline_access"]);
    await updated(narrowed, own);
    const { client, defaultScopes } = await stage.slot("outlook-email");
    expect(client).toMatchObject({ scopeSync: true, clientSecret: secret });
    expect(await stage.grantedScopes()).toEqual([...defaultScopes].sort());
  });

  it("of the tenant-wide consent grants it, and takes back only its own", async () => {
    const off = { integrations: uses("outlook-email"), entra: entra() };
    const on = { integrations: uses("outlook-email"), entra: entra({ grantAdminConsent: true }) };
    const made = await stage.up(off);
    const granted = await updated(made, on);
    const { defaultScopes } = await stage.slot("outlook-email");
    expect(await stage.grantedScopes()).toEqual([...defaultScopes].sort());
    const grant = (await stage.world.state()).entra.tenants[0]?.grants.at(-1);
    await stage.world.graph("PATCH", `/oauth2PermissionGrants/${grant?.id}`, { scope: `${grant?.scope} Contacts.Read` });
    await updated(granted, off);
    expect(await stage.grantedScopes()).toEqual(["Contacts.Read"]);
  });

  it.each([
    ["all", (scopes: string[]) => scopes, [], /^the tenant-wide consent stays: this resource has no record of having granted any of it$/],
    [
      "some",
      (scopes: string[]) => scopes.slice(2),
      ["patchGrant"],
      /^the tenant-wide consent that this resource granted \(Mail\.ReadWrite, Mail\.Send\) is taken back/,
    ],
  ])("of the tenant-wide consent leaves what others granted, here %s of it, and says so", async (_what, theirs, calls, said) => {
    const off = { integrations: uses("outlook-email"), entra: entra() };
    const on = { integrations: uses("outlook-email"), entra: entra({ grantAdminConsent: true }) };
    const made = await stage.up(off);
    const { defaultScopes } = await stage.slot("outlook-email");
    const consented = theirs(defaultScopes);
    await consentByHand(stage.world, String(made.state["clientId"]), consented);
    const granted = await updated(made, on);
    expect(await operations()).toEqual(calls);
    expect(await stage.grantedScopes()).toEqual([...defaultScopes].sort());
    expect((await stage.plan(granted, off)).said).toEqual([expect.stringMatching(said)]);
    await updated(granted, off);
    expect(await operations()).toEqual(calls);
    expect(await stage.grantedScopes()).toEqual([...consented].sort());
  });

  it("that exports the secret later issues a new one and gives it as a secret", async () => {
    const inputs = { integrations: uses("outlook-email"), entra: entra() };
    const made = await stage.up(inputs);
    const exporting = await updated(made, { ...inputs, exportClientSecret: true });
    const secret = (await stage.slot("outlook-email")).client?.clientSecret ?? "";
    expect((await stage.app()).passwordCredentials).toHaveLength(2);
    expect(exporting.state["clientSecret"]).toBe(secret);
    const wrapped = JSON.stringify({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: secret });
    const answers = JSON.stringify(stage.host.answers);
    expect(answers).toContain(wrapped.slice(wrapped.indexOf("value")));
    expect(answers.split(secret)).toHaveLength(answers.split(`"value":"${secret}"`).length);
    const without = await updated(exporting, inputs);
    expect(without.state).not.toHaveProperty("clientSecret");
    expect((await stage.slot("outlook-email")).client?.clientSecret).toBe(secret);
  });

  it("of verify, purgeOnDestroy, rotation or replaceClientIds calls nothing that changes", async () => {
    const inputs = { integrations: uses("outlook-email"), entra: entra() };
    const made = await stage.up(inputs);
    await updated(made, { ...inputs, entra: entra({ purgeOnDestroy: true }), verify: false, replaceClientIds: ["x"], rotation: { overlapHours: 2 } });
    expect(await operations()).toEqual([]);
  });

  it("of verify, switched on later, says what can be read back; the secret, which is kept nowhere, is proven with the next one", async () => {
    const inputs = { integrations: uses("outlook-email"), entra: entra() };
    const skipped = await stage.up({ ...inputs, verify: false });
    const read = await updated(skipped, inputs);
    expect(read.state["verification"]).toMatchObject({
      verdict: "unavailable",
      method: "none",
      detail: expect.stringMatching(
        /^The client secret was entered earlier and its value is kept nowhere, so it was not asked about; the next one is\. consent: /,
      ),
      proven: ["redirectUrl", "scopes"],
      unproven: ["secret", "consent"],
    });
    expect(stage.said("WARNING")).toEqual([]);
    const rotated = await stage.up({ ...inputs, rotation: { triggers: { now: "1" } } }, read);
    expect(rotated.state["verification"]).toMatchObject({ verdict: "accepted", proven: ["secret", "redirectUrl", "scopes"] });
  });

  async function redirectUris(): Promise<string[]> {
    return [...((await stage.app()).properties["web"] as { redirectUris: string[] }).redirectUris].sort();
  }
  async function registeredScopes(): Promise<unknown[]> {
    return ((await stage.app()).properties["requiredResourceAccess"] as { resourceAccess: unknown[] }[]).flatMap(({ resourceAccess }) => resourceAccess);
  }
});
