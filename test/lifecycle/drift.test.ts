/** What people change behind our back: a refresh tells it, diff asks for an update, the update mends it, and then all is quiet. */

import { entra, HOSTS, type Made, type Stage, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

interface HandEdit {
  edit: (stage: Stage) => Promise<unknown>;
  drift: RegExp;
  /** Where the client is another one afterwards. */
  newClient?: true;
}

const objectId = async (stage: Stage): Promise<string> => (await stage.app()).id;
const email = (stage: Stage): string => stage.slotPath("outlook-email");

const EDITS: [string, HandEdit][] = [
  [
    "a redirect URL is removed at Entra",
    {
      edit: async (stage) => stage.world.graph("PATCH", `/applications/${await objectId(stage)}`, { web: { redirectUris: [] } }),
      drift: /lacks the redirect URL http/,
    },
  ],
  [
    "a scope is removed at Entra",
    {
      edit: async (stage) => stage.world.graph("PATCH", `/applications/${await objectId(stage)}`, { requiredResourceAccess: [] }),
      drift: /lacks the scopes .*Mail\.Send/,
    },
  ],
  ["the app is disabled", { edit: (stage) => onServicePrincipal(stage, "PATCH", { accountEnabled: false }), drift: /is disabled: nobody can sign in/ }],
  [
    "the app is deactivated",
    {
      edit: async (stage) => stage.world.graph("PATCH", `/applications/${await objectId(stage)}`, { isDisabled: true }),
      drift: /is deactivated: nobody can sign in/,
    },
  ],
  ["the service principal is deleted", { edit: (stage) => onServicePrincipal(stage, "DELETE"), drift: /has no service principal/ }],
  [
    "the app is deleted, and can be restored",
    { edit: async (stage) => stage.world.graph("DELETE", `/applications/${await objectId(stage)}`), drift: /can still be restored/ },
  ],
  [
    "the app is gone for good",
    {
      edit: async (stage) => {
        const id = await objectId(stage);
        await stage.world.graph("DELETE", `/applications/${id}`);
        await stage.world.graph("DELETE", `/directory/deletedItems/${id}`);
      },
      drift: /is gone from Entra/,
      newClient: true,
    },
  ],
  [
    "the consent is withdrawn",
    {
      edit: async (stage) => stage.world.graph("DELETE", `/oauth2PermissionGrants/${(await stage.world.state()).entra.tenants[0]?.grants.at(-1)?.id}`),
      drift: /admin consent is missing for .*Mail\.Send/,
    },
  ],
  [
    "the secret is removed at Entra",
    {
      edit: async (stage) => {
        const { id, passwordCredentials } = await stage.app();
        await stage.world.graph("POST", `/applications/${id}/removePassword`, { keyId: passwordCredentials[0]?.keyId });
      },
      drift: /the secret of .* was removed at Entra/,
    },
  ],
  ["the slot is switched back", { edit: (stage) => stage.world.odeus("DELETE", email(stage)), drift: /outlook-email was switched back to Odeus's own client/ }],
  [
    "another secret is entered",
    { edit: (stage) => stage.world.odeus("PATCH", email(stage), { clientSecret: "by-hand" }), drift: /outlook-email was replaced by hand/ },
  ],
  [
    "the tenant is taken out",
    { edit: (stage) => stage.world.odeus("PATCH", email(stage), { tenantId: null }), drift: /outlook-email has the tenant none in place of/ },
  ],
  [
    "scope sync is switched off",
    { edit: (stage) => stage.world.odeus("PATCH", email(stage), { scopeSync: false }), drift: /outlook-email no longer keeps its scopes in sync/ },
  ],
  [
    "the workspace needs other scopes",
    {
      edit: (stage) =>
        stage.world.odeus("PATCH", `/settings/integrations/${stage.world.integrations["outlook-email"]}`, { defaultScopes: ["Mail.Read", "User.Read"] }),
      drift: /outlook-email now needs the scopes Mail\.Read[\s\S]*no longer needs the scopes Mail\.ReadWrite/,
    },
  ],
  [
    "the workspace has another redirect URL",
    {
      edit: async (stage) => {
        const { id, redirectUrl } = await stage.slot("outlook-email");
        return stage.world.odeus("PATCH", `/settings/integrations/${id}`, { redirectUrl: `${redirectUrl}?region=eu` });
      },
      drift: /the redirect URL of outlook-email is now http.*region=eu/,
    },
  ],
];

async function onServicePrincipal(stage: Stage, method: string, body?: unknown): Promise<unknown> {
  return stage.world.graph(method, `/servicePrincipals(appId='${(await stage.app()).appId}')`, body);
}

describe.each(HOSTS)("drift through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const inputs: Inputs = { integrations: uses("outlook-email", "sharepoint"), entra: entra({ grantAdminConsent: true }) };
  const refreshed = async (made: Made): Promise<Made> => {
    const seen = await stage.refresh(made);
    if (seen === undefined) throw new Error("the refresh says that it is gone");
    return seen;
  };
  /** The update that the next `up` makes, and the quiet after it. */
  async function mended(seen: Made, declared: Inputs = inputs): Promise<Made> {
    const next = await stage.up(declared, seen);
    expect(next.changed).toBe(true);
    expect(next.state["drift"]).toEqual([]);
    const quiet = await refreshed(next);
    expect(quiet.state["drift"]).toEqual([]);
    expect(quiet.inputs).toEqual(next.inputs);
    expect((await stage.plan(quiet, declared)).changes).toBe(false);
    expect(await Promise.all([stage.works("outlook-email"), stage.works("sharepoint")])).toEqual([true, true]);
    expect(await stage.connect("outlook-email")).toMatchObject({ connected: true });
    return next;
  }

  it("is none where nothing was touched: the same inputs, the same outputs, no changing call", async () => {
    const made = await stage.up(inputs);
    await stage.world.clearCalls();
    expect(await stage.refresh(made)).toEqual({ id: made.id, state: made.state, inputs: made.inputs });
    expect(await stage.changingCalls()).toEqual([]);
    expect(stage.said()).toEqual([]);
  });

  it.each(EDITS)("tells that %s, and the update mends it", async (_what, { edit, drift, newClient }) => {
    const made = await stage.up(inputs);
    await edit(stage);
    const seen = await refreshed(made);
    expect((seen.state["drift"] as string[]).join("\n")).toMatch(drift);
    expect(seen.inputs).toEqual(made.inputs);
    const said = (await stage.plan(seen, inputs)).said.join("\n");
    expect(said).toMatch(/mended by this update/);
    await stage.world.clearCalls();
    const next = await mended(seen);
    const issued = (await stage.changingCalls()).some(({ operation }) => operation === "addPassword");
    // Where the secret or the client itself is gone, the drift says what a new one is for.
    const gone = newClient === true || /removed at Entra|is gone/.test(said);
    expect(/the current client secret is not in every integration.*: a new client secret is issued/.test(said)).toBe(issued && !gone);
    expect(next.state["clientId"] === made.state["clientId"]).toBe(newClient !== true);
  });

  it("is not a previous secret that was removed by hand before its overlap was over", async () => {
    const made = await stage.up(inputs);
    const triggered = { ...inputs, rotation: { triggers: { leaked: "yes" } } };
    const rotated = await stage.up(triggered, made);
    const [{ keyId } = { keyId: "" }] = rotated.state["retiring"] as { keyId: string }[];
    await stage.world.graph("POST", `/applications/${await objectId(stage)}/removePassword`, { keyId });
    await stage.world.clearCalls();
    const seen = await refreshed(rotated);
    expect(seen.state).toEqual(rotated.state);
    expect(await stage.plan(seen, triggered)).toEqual({ changes: false, said: [] });
    const due = { ...seen, state: { ...seen.state, retiring: [{ keyId, removableFrom: "2000-01-01T00:00:00Z" }] } };
    expect((await stage.up(triggered, due)).state).toMatchObject({ retiring: [], drift: [] });
  });

  it("that was not refreshed is no reason for an update, and the next one mends it all the same", async () => {
    const made = await stage.up(inputs);
    await stage.world.odeus("DELETE", stage.slotPath("sharepoint"));
    expect((await stage.plan(made, inputs)).changes).toBe(false);
    await stage.up({ ...inputs, entra: entra({ grantAdminConsent: true, notes: "more" }) }, made);
    expect(await stage.works("sharepoint")).toBe(true);
  });

  it("tells another client in the slot; the update takes the slot back only where it is named", async () => {
    const made = await stage.up(inputs);
    await stage.world.odeus("PUT", stage.slotPath("outlook-email"), { clientId: "somebody-elses", clientSecret: "their-secret" });
    const seen = await refreshed(made);
    expect(seen.state["drift"]).toEqual(["outlook-email holds another client (somebody-elses)"]);
    expect((await stage.failingUp(inputs, seen)).message).toContain("outlook-email already holds client somebody-elses");
    expect((await stage.slot("outlook-email")).client?.clientSecret).toBe("their-secret");
    await mended(seen, { ...inputs, replaceClientIds: ["somebody-elses"] });
  });

  it("reads the display name and the program's scopes back into the inputs, and the update sets them again", async () => {
    const declared = {
      integrations: [{ integration: "outlook-email", scopes: ["Mail.Read", "offline_access"] }, ...uses("sharepoint")],
      entra: entra({ notes: "ours" }),
    };
    const made = await stage.up(declared);
    await stage.world.graph("PATCH", `/applications/${await objectId(stage)}`, { displayName: "by hand", notes: "theirs" });
    await stage.world.odeus("PATCH", stage.slotPath("outlook-email"), { scopes: ["offline_access", "Mail.Send"] });
    const seen = await refreshed(made);
    expect(seen.inputs).toMatchObject({
      entra: { displayName: "by hand", notes: "theirs" },
      integrations: [{ integration: "outlook-email", scopes: ["offline_access", "Mail.Send"] }, { integration: "sharepoint" }],
    });
    expect((await stage.plan(seen, declared)).changes).toBe(true);
    await mended(seen, declared);
    expect((await stage.app()).properties).toMatchObject({ displayName: "Odeus mail", notes: "ours" });
    expect((await stage.slot("outlook-email")).client?.scopes).toEqual(["Mail.Read", "offline_access"]);
  });

  it("reads an audience that was widened by hand back into the inputs, and the update narrows it again", async () => {
    const made = await stage.up(inputs);
    await stage.world.graph("PATCH", `/applications/${await objectId(stage)}`, { signInAudience: "AzureADMultipleOrgs" });
    const seen = await refreshed(made);
    expect(seen.inputs).toMatchObject({ entra: { signInAudience: "AzureADMultipleOrgs" } });
    await mended(seen);
    expect((await stage.app()).properties).toMatchObject({ signInAudience: "AzureADMyOrg" });
  });

  it("is not what the program leaves open: notes and links that an administrator wrote stay, whatever else changes", async () => {
    const made = await stage.up({ ...inputs, entra: entra({ grantAdminConsent: true, termsOfServiceUrl: "https://ours.example/" }) });
    const theirs = { notes: "theirs", web: { homePageUrl: "https://h.example/" }, info: { privacyStatementUrl: "https://p.example/" } };
    await stage.world.graph("PATCH", `/applications/${await objectId(stage)}`, theirs);
    const seen = await refreshed(made);
    expect([seen.state["drift"], seen.inputs]).toEqual([[], made.inputs]);
    await stage.up({ ...inputs, entra: entra({ grantAdminConsent: true, displayName: "Renamed" }) }, seen);
    const { properties } = await stage.app();
    expect(properties).toMatchObject({ ...theirs, displayName: "Renamed", info: { ...theirs.info, termsOfServiceUrl: null } });
  });

  it("is not what others added: it stays, and is told", async () => {
    const made = await stage.up(inputs);
    const app = await stage.app();
    const { redirectUris } = app.properties["web"] as { redirectUris: string[] };
    const access = app.properties["requiredResourceAccess"] as { resourceAppId: string; resourceAccess: object[] }[];
    // Contacts.Read, by its published id.
    const more = [{ ...access[0], resourceAccess: [...(access[0]?.resourceAccess ?? []), { id: "ff74d97f-43af-4b68-9f2a-b77ee6968c5d", type: "Scope" }] }];
    await stage.world.graph("PATCH", `/applications/${app.id}`, {
      web: { redirectUris: [...redirectUris, "https://others.example/"] },
      requiredResourceAccess: more,
    });
    await stage.world.graph("POST", `/applications/${app.id}/addPassword`, { passwordCredential: { displayName: "theirs" } });
    const seen = await refreshed(made);
    expect(seen.state["drift"]).toEqual([]);
    expect(stage.said("INFO").sort()).toEqual([
      expect.stringContaining("also has 1 secret that this stack does not know"),
      expect.stringContaining("redirect URLs that are not ours; they stay: https://others.example/"),
      expect.stringContaining("scopes that are not ours; they stay: Contacts.Read"),
    ]);
    await stage.up({ ...inputs, rotation: { overlapHours: 0, triggers: { when: "now" } } }, seen);
    const after = await stage.app();
    expect((after.properties["web"] as { redirectUris: string[] }).redirectUris).toContain("https://others.example/");
    expect(JSON.stringify(after.properties["requiredResourceAccess"])).toContain("ff74d97f-43af-4b68-9f2a-b77ee6968c5d");
    expect(after.passwordCredentials.map(({ displayName }) => displayName)).toContain("theirs");
  });
});
