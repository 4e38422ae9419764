/**
 * The four errors that Odeus documents, each from its cause to what people see while they connect, to what our own output says
 * and does about it: found before anybody connects wherever the server lets it be found, and said to be unproven where not.
 */

import { readFileSync } from "node:fs";
import * as path from "node:path";
import { userError } from "../../src/sandbox/odeus/userErrors.js";
import type { VendorName } from "../../src/sandbox/vendors/vendorServer.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { entra, HOSTS, type Made, type Stage, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";
import { send } from "../support/sandbox.js";
import { type ServiceNowStage, startServiceNowStage } from "../support/serviceNowRegistry.js";

/** Cells of the README's row for this error: what people see, cause, what finds it, what to do. */
function readme(error: string): string[] {
  const text = readFileSync(path.join(REPOSITORY, "README.md"), "utf8");
  const row = text.split("\n").find((line) => line.startsWith(`| ${error} |`)) ?? "";
  return row.split(" | ");
}

/** What this kind of client is told to do, in the README's words. */
function advice(error: string, kind: string): string {
  const [, , , remedy = ""] = readme(error);
  return remedy.split(/\. (?=`)/).find((part) => part.includes(`\`${kind}\``)) ?? remedy;
}

describe.each(HOSTS)("the four errors, through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(async () => {
    await stage.clear();
    for (const vendor of ["google", "atlassian"] as const) await stage.world.behaviour(vendor, "clientFirst");
    await stage.world.consent(true);
  });
  afterAll(() => stage.stop());

  /** What a person reads who connects now; nothing where it works. Entra shows some of it on its own page. */
  const seen = async (slug: string) => {
    const { connected, error, text } = await stage.connect(slug);
    return connected ? undefined : userError(error ?? "", text);
  };
  /** After a refresh: what drift says; then the next up, which must end it. */
  const mended = async (made: Made, inputs: Inputs): Promise<string[]> => {
    const read = await stage.refresh(made);
    if (read === undefined) throw new Error("the client is gone");
    const after = await stage.up(inputs, read);
    expect((await stage.refresh(after))?.state["drift"]).toEqual([]);
    return read.state["drift"] as string[];
  };
  const detailOf = ({ state }: Made): string => (state["verification"] as { detail: string }).detail;

  describe("with an app of ours at Entra", () => {
    const mail = (more: Inputs = {}): Inputs => ({ integrations: uses("outlook-email"), entra: entra(more) });

    it("redirect_uri_mismatch: somebody changes the redirect URL; drift names it, and the next up mends it", async () => {
      const made = await stage.up(mail());
      expect(made.state["verification"]).toMatchObject({ proven: expect.arrayContaining(["redirectUrl"]) });
      const { redirectUrl } = await stage.slot("outlook-email");
      await stage.world.graph("PATCH", `/applications/${(await stage.app()).id}`, { web: { redirectUris: [`${redirectUrl}/`] } });
      expect(await seen("outlook-email")).toMatchObject({ code: "redirect_uri_mismatch", remedy: expect.stringContaining("Copy it exactly") });
      expect(await mended(made, mail())).toEqual([`app registration "Odeus mail" lacks the redirect URL ${redirectUrl}`]);
      expect(await seen("outlook-email")).toBeUndefined();
      expect(advice("redirect_uri_mismatch", "entra")).toContain("`pulumi refresh`, then `pulumi up`");
    });

    it("invalid client: somebody removes the secret; drift names it, and the next up issues another one", async () => {
      const made = await stage.up(mail());
      expect(made.state["verification"]).toMatchObject({ verdict: "accepted", proven: expect.arrayContaining(["secret"]) });
      const { id, passwordCredentials } = await stage.app();
      await stage.world.graph("POST", `/applications/${id}/removePassword`, { keyId: passwordCredentials[0]?.keyId });
      expect(await seen("outlook-email")).toMatchObject({ code: "invalid_client", remedy: expect.stringContaining("Check both again") });
      expect(await mended(made, mail())).toEqual([expect.stringContaining("was removed at Entra")]);
      expect(await seen("outlook-email")).toBeUndefined();
      expect(advice("invalid client", "entra")).toContain("`pulumi refresh`, then `pulumi up`");
    });

    it("invalid client: somebody pastes another secret into the workspace; drift names it, and the next up mends it", async () => {
      const made = await stage.up(mail());
      await stage.world.odeus("PATCH", stage.slotPath("outlook-email"), { clientSecret: "pasted-by-hand" });
      expect(await seen("outlook-email")).toMatchObject({ code: "invalid_client" });
      expect(await mended(made, mail())).toEqual([expect.stringContaining("was replaced by hand")]);
      expect(await seen("outlook-email")).toBeUndefined();
    });

    it("consent required: the output says beforehand that consent is not proven, and both ways out that it names work", async () => {
      await stage.world.consent(false);
      const made = await stage.up(mail());
      expect(made.state["verification"]).toMatchObject({ unproven: ["consent"] });
      expect(detailOf(made)).toMatch(/consent: .*set grantAdminConsent, or open adminConsentUrl as an administrator\.$/);
      expect(await seen("outlook-email")).toMatchObject({ code: "consent_required", remedy: expect.stringContaining("Grant it") });
      const granted = await stage.up(mail({ grantAdminConsent: true }), made);
      expect(granted.state["verification"]).toMatchObject({ proven: expect.arrayContaining(["consent"]), unproven: [] });
      expect(await seen("outlook-email")).toBeUndefined();

      const back = await stage.up(mail(), granted);
      expect(await seen("outlook-email")).toMatchObject({ code: "consent_required" });
      await send(String(back.state["adminConsentUrl"]), { method: "POST" });
      expect(await seen("outlook-email")).toBeUndefined();
      expect(advice("consent required", "entra")).toMatch(/set `grantAdminConsent`, or open `adminConsentUrl` as an administrator/);
    });

    it("consent required: somebody revokes it; drift names the scopes, and the next up grants them again", async () => {
      await stage.world.consent(false);
      const inputs = mail({ grantAdminConsent: true });
      const made = await stage.up(inputs);
      const { appId } = await stage.app();
      const tenant = (await stage.world.state()).entra.tenants.find(({ id }) => id === stage.world.tenantId);
      const principal = tenant?.servicePrincipals.find((one) => one.appId === appId);
      const grant = tenant?.grants.find(({ clientId }) => clientId === principal?.id);
      await stage.world.graph("DELETE", `/oauth2PermissionGrants/${grant?.id}`);
      expect(await seen("outlook-email")).toMatchObject({ code: "consent_required" });
      expect(await mended(made, inputs)).toEqual([expect.stringMatching(/^admin consent is missing for .*Mail\.Send/)]);
      expect(await seen("outlook-email")).toBeUndefined();
    });

    it("insufficient_scope: a scope that Graph does not have is refused by up, with the nearest one, before anybody asks for it", async () => {
      const misspelt = { integrations: [{ integration: "outlook-email", scopes: ["Mail.Sned", "offline_access"] }], entra: entra() };
      expect((await stage.failingUp(misspelt)).message).toContain(
        'scope "Mail.Sned" does not exist at Microsoft Graph (names are case-sensitive). Did you mean "Mail.Send"',
      );
      // What people would have seen: the same scopes, entered by hand.
      const made = await stage.up(mail());
      await stage.world.odeus("PATCH", stage.slotPath("outlook-email"), { scopeSync: false, scopes: ["Mail.Sned", "offline_access"] });
      expect(await seen("outlook-email")).toMatchObject({ code: "insufficient_scope", remedy: expect.stringContaining("exact upper and lower case") });
      expect(await mended(made, mail())).toEqual(["outlook-email no longer keeps its scopes in sync"]);
      expect(await seen("outlook-email")).toBeUndefined();
    });

    it("insufficient_scope: somebody takes a permission off the app; drift names it, and the next up puts it back", async () => {
      const made = await stage.up(mail());
      expect(made.state["verification"]).toMatchObject({ proven: expect.arrayContaining(["scopes"]) });
      await stage.world.graph("PATCH", `/applications/${(await stage.app()).id}`, { requiredResourceAccess: [] });
      expect(await mended(made, mail())).toEqual([expect.stringMatching(/lacks the scopes .*Mail\.Send/)]);
      expect(advice("insufficient_scope", "entra")).toContain("`pulumi refresh`, then `pulumi up`");
    });
  });

  describe.each<[VendorName, string]>([
    ["google", "gmail"],
    ["atlassian", "jira"],
  ])("with a client made by hand at %s", (vendor, slug) => {
    const registered = async (change: { redirectUris?: string[]; scopes?: string[] } = {}) => {
      const { redirectUrl, defaultScopes } = await stage.slot(slug);
      return stage.world.vendorClient(vendor, { redirectUris: [redirectUrl], scopes: defaultScopes, ...change });
    };
    const inputs = (existing: Inputs, more: Inputs = {}): Inputs => ({ integrations: uses(slug), existing, ...more });
    /** Without a proof, people meet the error; with one, up does, changes nothing, and says what to do. */
    const walk = async (existing: Inputs, code: string): Promise<string> => {
      const unasked = await stage.up(inputs(existing, { verify: false }));
      expect(await seen(slug)).toMatchObject({ code });
      await stage.destroy(unasked);
      const { message } = await stage.failingUp(inputs(existing));
      expect(message).toContain("Nothing was changed.");
      expect((await stage.slot(slug)).client).toBeUndefined();
      return message;
    };
    const works = async (existing: Inputs): Promise<void> => {
      await stage.up(inputs(existing));
      expect(await seen(slug)).toBeUndefined();
    };

    it("redirect_uri_mismatch: a slash too many is found by up, which says what to register", async () => {
      const { redirectUrl } = await stage.slot(slug);
      const client = await registered({ redirectUris: [`${redirectUrl}/`] });
      const message = await walk(client, "redirect_uri_mismatch");
      expect(message).toContain(`does not know the redirect URL ${redirectUrl} for this client (redirect_uri_mismatch). Register it at the app, to the letter`);
      await stage.world.changeVendorClient(vendor, client.clientId, { redirectUris: [redirectUrl] });
      await works(client);
      expect(advice("redirect_uri_mismatch", "existing")).toMatch(/copy `redirectUrls` to the letter; look at a slash at the end/);
    });

    it("invalid client: a wrong secret is found by up, which says what to check", async () => {
      const client = await registered();
      const message = await walk({ ...client, clientSecret: "not-the-secret" }, "invalid_client");
      expect(message).toMatch(
        /refuses the client id or the secret[\s\S]*the id and the secret belong together, the secret is the value and not its id, nothing is cut off/,
      );
      await works(client);
      expect(advice("invalid client", "existing")).toContain("check id and secret");
    });

    it("insufficient_scope: a scope that is not registered is found by up, which names all that are needed", async () => {
      const { defaultScopes } = await stage.slot(slug);
      const client = await registered({ scopes: defaultScopes.slice(0, 1) });
      const message = await walk(client, "insufficient_scope");
      expect(message).toContain(`upper and lower case as shown: ${defaultScopes.join(" ")}.`);
      await stage.world.changeVendorClient(vendor, client.clientId, { scopes: defaultScopes });
      await works(client);
      expect(advice("insufficient_scope", "existing")).toMatch(/register every scope of `effectiveScopes`, upper and lower case as shown/);
    });

    it("consent, and the scopes where they are not refused, are said to be unproven, with how to prove them by hand", async () => {
      const made = await stage.up(inputs(await registered()));
      expect(made.state["verification"]).toMatchObject({ proven: ["secret", "redirectUrl"], unproven: ["scopes", "consent"] });
      expect(detailOf(made)).toMatch(/scopes: .*compare them in the .* console .* with the output effectiveScopes.*consent: .*connect one user\.$/);
    });

    it("where the server tells nothing, up warns, and the one user that it asks for finds the error", async () => {
      await stage.world.behaviour(vendor, "codeFirst");
      const client = await registered();
      const made = await stage.up(inputs({ ...client, clientSecret: "not-the-secret" }));
      expect(stage.said("WARNING")).toEqual([expect.stringMatching(/^the client secret is not proven \(inconclusive\): .* Connect one user to be sure\.$/)]);
      expect(made.state["verification"]).toMatchObject({ unproven: expect.arrayContaining(["secret"]) });
      expect(await seen(slug)).toMatchObject({ code: "invalid_client" });
      await stage.up(inputs(client), made);
      expect(await seen(slug)).toBeUndefined();
    });
  });
});

describe.each(HOSTS)("the errors that an entry of ours at ServiceNow can lead to, through the %s host", (_name, start) => {
  let stage: ServiceNowStage;
  beforeAll(async () => {
    stage = await startServiceNowStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const seen = async (user = "ada") => {
    const { connected, error, text } = await stage.signIn(user);
    return connected ? undefined : userError(error ?? "", text);
  };
  /** Drift after a refresh; then the next up, after which people connect. */
  const mended = async (made: Made): Promise<string[]> => {
    const read = await stage.refreshed(made);
    await stage.up(stage.declared(), read);
    expect(await seen()).toBeUndefined();
    return read.state["drift"] as string[];
  };

  it("redirect_uri_mismatch: people end up at the URL that somebody put in; drift names ours, and the next up mends it", async () => {
    const made = await stage.up(stage.declared());
    expect(made.state["verification"]).toMatchObject({ proven: ["redirectUrl"] });
    const { redirectUrl } = await stage.slot("servicenow");
    await stage.edit({ redirect_url: `${redirectUrl}/` });
    const { connected, hops } = await stage.signIn();
    expect([connected, hops.at(-1)]).toEqual([false, expect.stringMatching(/\/callback\/\?/)]);
    expect(await mended(made)).toEqual([expect.stringContaining(`lacks the redirect URL ${redirectUrl}`)]);
    expect(advice("redirect_uri_mismatch", "serviceNow")).toContain("`pulumi refresh`, then `pulumi up`");
  });

  it("invalid client: an inactive entry, and a secret pasted into the workspace, are drift, and the next up mends both", async () => {
    const made = await stage.up(stage.declared());
    await stage.edit({ active: "false" });
    await stage.world.odeus("PATCH", stage.slotPath("servicenow"), { clientSecret: "pasted-by-hand" });
    expect(await seen()).toMatchObject({ code: "invalid_client" });
    expect(await mended(made)).toEqual([expect.stringContaining("was replaced by hand"), expect.stringContaining("was made inactive")]);
  });

  it("invalid client: a secret replaced at the instance is shown to nobody, as up has said; rotation.triggers mends it", async () => {
    const made = await stage.up(stage.declared());
    expect(stage.said("WARNING").join()).toContain("Connect one user to be sure");
    await stage.edit({ client_secret: "an0ther" });
    expect(await seen()).toMatchObject({ code: "invalid_client" });
    expect((await stage.refreshed(made)).state["drift"]).toEqual([]);
    expect(advice("invalid client", "serviceNow")).toContain("another value in `rotation.triggers`");
    await stage.up(stage.declared({}, { rotation: { triggers: { mended: "1" } } }), made);
    expect(await seen()).toBeUndefined();
  });

  it("invalid client: a person without the role oauth_user, which the output and the README name", async () => {
    const made = await stage.up(stage.declared());
    expect(await seen("norole")).toMatchObject({ code: "invalid_client" });
    expect((made.state["verification"] as { detail: string }).detail).toContain("the role oauth_user");
    expect(advice("invalid client", "serviceNow")).toContain("give people the role `oauth_user`");
    await stage.switches({ roles: { norole: ["oauth_user"] } });
    expect(await seen("norole")).toBeUndefined();
    await stage.switches({ roles: { norole: [] } });
  });

  it("insufficient_scope: a scope that the instance does not grant is said to be unproven; without a list, the workspace's own is asked for", async () => {
    const made = await stage.up({ ...stage.declared(), integrations: [{ integration: "servicenow", scopes: ["useraccount", "nope"] }] });
    expect(made.state["verification"]).toMatchObject({ unproven: expect.arrayContaining(["scopes"]) });
    expect(await seen()).toMatchObject({ code: "insufficient_scope" });
    expect(advice("insufficient_scope", "serviceNow")).toContain("leave `scopes` out");
    await stage.up(stage.declared(), made);
    expect(await seen()).toBeUndefined();
  });
});

it.each(["redirect_uri_mismatch", "invalid client", "consent required", "insufficient_scope"])(
  "the README tells of %s the cause, what finds it, and what to do for each kind of client",
  (error) => {
    const [, cause = "", finder = "", remedy = ""] = readme(error);
    for (const cell of [cause, finder, remedy]) expect(cell.length).toBeGreaterThan(20);
    expect(finder).toMatch(/`up`|drift|verification/);
  },
);
