/** What the plugin looks at in a preview: everything that reads can tell, without a change and without a try of the client. */

import { UNKNOWN } from "../../src/core/value.js";
import { appByHand } from "../support/entraByHand.js";
import { entra, failureOf, type Stage, startStage, uses } from "../support/oauthClientConfig.js";
import { startPluginProcess } from "../support/pluginProcess.js";
import type { HostFailure, Inputs } from "../support/providerHost.js";

const MAIL = { integrations: uses("outlook-email"), entra: entra() };
const JIRA = { integrations: uses("jira"), existing: { clientId: "client-of-jira", clientSecret: "secret-of-jira-1" } };
const EMAIL_SCOPES = ["Mail.ReadWrite", "Mail.Send", "User.Read", "offline_access"];

let stage: Stage;
beforeAll(async () => {
  stage = await startStage(startPluginProcess);
});
beforeEach(() => stage.clear());
afterEach(async () => {
  await stage.host.configure({});
  expect(await stage.changingCalls()).toEqual([]);
});
afterAll(() => stage.stop());

const preview = async (inputs: Inputs) => {
  const { inputs: news, failures } = await stage.host.check(stage.urn(), inputs);
  expect(failures).toEqual([]);
  return (await stage.host.create(stage.urn(), news, { preview: true })).state;
};
const failing = (inputs: Inputs): Promise<HostFailure> => failureOf(preview(inputs));

it("tells which client of others is pushed out, as replaceClientIds asks", async () => {
  const appId = "11111111-2222-4333-8444-555555555555";
  await stage.world.odeus("PUT", stage.slotPath("outlook-email"), { clientId: appId, clientSecret: "theirs", tenantId: stage.world.tenantId, scopeSync: true });
  await stage.world.clearCalls();
  await preview({ ...MAIL, replaceClientIds: [appId] });
  expect(stage.said("WARNING")).toEqual([`outlook-email: client ${appId} is pushed out, as replaceClientIds asks; it cannot be put back.`]);
});

it("tells redirect URLs and scopes, and leaves open what only `up` can know", async () => {
  const { redirectUrl } = await stage.slot("outlook-email");
  expect(await preview(MAIL)).toMatchObject({
    redirectUrls: { "outlook-email": redirectUrl },
    effectiveScopes: { "outlook-email": EMAIL_SCOPES },
    clientId: UNKNOWN,
    secretExpiresAt: UNKNOWN,
    verification: UNKNOWN,
  });
});

it("tells the id of a client that the program names, and asks no token endpoint about it", async () => {
  expect(await preview(JIRA)).toMatchObject({ clientId: "client-of-jira" });
  expect((await stage.world.calls()).map(({ counterpart }) => counterpart)).not.toContain("atlassian");
});

it("of an adoption tells what it writes over, and what stays is not among it", async () => {
  const { appId } = await appByHand(stage.world, { displayName: "Mail by hand", notes: "theirs", signInAudience: "AzureADMultipleOrgs" });
  await stage.world.clearCalls();
  await preview({ ...MAIL, adoptClientId: appId });
  await preview({ ...MAIL, entra: entra({ signInAudience: "AzureADMyOrg" }), adoptClientId: appId });
  expect(stage.said("INFO")).toEqual([
    expect.stringContaining('what is declared here, in place of displayName "Mail by hand"; secrets'),
    expect.stringContaining('in place of displayName "Mail by hand", signInAudience "AzureADMultipleOrgs"; secrets'),
  ]);
});

it("of an update keeps what stays, and opens what a run may change, an exported secret too", async () => {
  const made = await stage.up({ ...MAIL, exportClientSecret: true });
  await stage.world.clearCalls();
  const news = { ...made.inputs, integrations: uses("outlook-email", "sharepoint") };
  const { state } = await stage.host.update(stage.urn(), made.id, made.state, news, { preview: true });
  expect(state).toMatchObject({
    clientId: made.state["clientId"],
    appObjectId: made.state["appObjectId"],
    effectiveScopes: { sharepoint: expect.any(Array), "outlook-email": EMAIL_SCOPES },
    clientSecret: UNKNOWN,
    secretCreatedAt: UNKNOWN,
    drift: UNKNOWN,
  });
});

describe("fails for", () => {
  it("an integration that does not exist", async () => {
    expect((await failing({ ...MAIL, integrations: uses("outlook-mail") })).message).toContain('no integration "outlook-mail". Did you mean "outlook-email"?');
  });

  it("a slot that is taken", async () => {
    await stage.world.odeus("PUT", stage.slotPath("outlook-email"), { clientId: "somebody", clientSecret: "not-ours" });
    expect((await failing(MAIL)).message).toContain("outlook-email already holds client somebody");
  });

  it("a scope that does not exist", async () => {
    const integrations: Inputs[] = [{ integration: "outlook-email", scopes: ["Mail.Reed", UNKNOWN] }];
    expect((await failing({ ...MAIL, integrations })).message).toContain('scope "Mail.Reed" does not exist at Microsoft Graph');
  });

  it("rights that are missing at Entra, as far as reads show them", async () => {
    const { clientId, clientSecret } = await stage.world.identity([]);
    await stage.host.configure({ entra: { clientId, clientSecret } });
    const { message } = await failing(MAIL);
    expect(message).toContain("Microsoft Graph refused it (403");
    expect(message).toContain("needs the application permission Application.ReadWrite.OwnedBy, with admin consent");
  });

  it("nothing of a tenant's policy that this identity may not read; one that may is told of a lifetime that is too long", async () => {
    await stage.world.policy(90);
    try {
      await preview(MAIL);
      expect(stage.said("WARNING")).toEqual([]);
      const reader = await stage.world.identity(["Application.ReadWrite.OwnedBy", "Policy.Read.All"]);
      await stage.host.configure({ entra: { clientId: reader.clientId, clientSecret: reader.clientSecret } });
      await preview(MAIL);
      expect(stage.said("WARNING")).toEqual([expect.stringMatching(/^entra\.secretLifetimeDays: .*at most 90 days.*asks for 180.*Set it to 90 or less\.$/)]);
    } finally {
      await stage.world.policy();
    }
  });

  it("a key that the workspace does not know", async () => {
    await stage.host.configure({ apiKey: "odeus-key-of-nobody" });
    expect((await failing(MAIL)).message).toContain("Check the API key");
  });

  it("another tenant's credentials, in an update", async () => {
    const made = await stage.up(MAIL);
    await stage.world.clearCalls();
    const update = () => failureOf(stage.host.update(stage.urn(), made.id, made.state, made.inputs, { preview: true }));
    await stage.host.configure({ entra: { tenantId: stage.world.secondTenantId } });
    expect((await update()).message).toContain(`this state belongs to tenant ${stage.world.tenantId}`);
  });
});

describe("without credentials", () => {
  it("says in one line that nothing was checked, and goes on", async () => {
    const bare = await startPluginProcess();
    try {
      await bare.configure({});
      const urn = bare.urn("OAuthClientConfig", "mail");
      const { inputs } = await bare.check(urn, MAIL);
      expect((await bare.create(urn, inputs, { preview: true })).state).toMatchObject({ clientId: UNKNOWN, redirectUrls: UNKNOWN });
      expect(bare.lines.map(({ severity, message }) => [severity, message])).toEqual([
        ["INFO", expect.stringMatching(/^not checked against the workspace and the authorization server: no Odeus API key: set ODEUS_API_KEY/)],
      ]);
    } finally {
      await bare.stop();
    }
  });
});

describe("with values that are not known yet", () => {
  it.each<[string, Inputs, string]>([
    ["integrations", { ...MAIL, integrations: UNKNOWN }, "integrations"],
    ["client id", { ...JIRA, existing: { clientId: UNKNOWN, clientSecret: UNKNOWN } }, "existing.clientId"],
    ["hand-made client", { ...JIRA, existing: UNKNOWN }, "existing"],
    ["app", { ...MAIL, entra: UNKNOWN }, "entra"],
    ["tenant", { ...MAIL, entra: entra({ tenantId: UNKNOWN }) }, "entra.tenantId"],
    ["list of clients to push out", { ...MAIL, replaceClientIds: [UNKNOWN] }, "replaceClientIds"],
  ])("in the %s: nothing can be checked, and it says why", async (_what, inputs, path) => {
    expect(await preview(inputs)).toMatchObject({ redirectUrls: UNKNOWN, effectiveScopes: UNKNOWN, clientId: UNKNOWN });
    expect(stage.said()).toEqual([`not checked against the workspace and the authorization server: ${path} is not known before \`up\``]);
  });

  it.each<[string, Inputs]>([
    ["secret", { ...JIRA, existing: { clientId: "x", clientSecret: UNKNOWN } }],
    [
      "name and settings",
      {
        ...MAIL,
        entra: { displayName: UNKNOWN, notes: UNKNOWN, secretLifetimeDays: UNKNOWN, additionalRedirectUrls: [UNKNOWN] },
        rotation: UNKNOWN,
        verify: UNKNOWN,
      },
    ],
  ])("in the %s: the rest is checked", async (_what, inputs) => {
    expect((await preview(inputs))["redirectUrls"]).not.toBe(UNKNOWN);
    await stage.world.odeus("PUT", stage.slotPath("outlook-email"), { clientId: "somebody", clientSecret: "not-ours" });
    await stage.world.odeus("PUT", stage.slotPath("jira"), { clientId: "somebody", clientSecret: "not-ours" });
    expect((await failing(inputs)).message).toContain("already holds client somebody");
  });

  it("in one of the integrations, or its scopes: the others are checked, and the maps stay open", async () => {
    const others: Inputs[] = [{ integration: UNKNOWN }, { integration: "sharepoint", scopes: UNKNOWN }];
    expect(await preview({ ...MAIL, integrations: [...uses("outlook-email"), ...others] })).toMatchObject({ redirectUrls: UNKNOWN, effectiveScopes: UNKNOWN });
    expect((await failing({ ...MAIL, integrations: [...uses("outlook-emial"), ...others] })).message).toContain('Did you mean "outlook-email"?');
  });
});
