/**
 * The four errors that Odeus documents, each from its cause to what people see while they connect, to what our own output says
 * and does about it: found before anybody connects wherever the server lets it be found, and said to be unproven where not.
 */

import { readFileSync } from "node:fs";
import * as path from "node:path";
import { userError } from "../../src/sandbox/odeus/userErrors.js";
import type { VendorName } from "../../src/sandbox/vendors/vendorServer.js";
import { appByHand, graphPermissions } from "../support/entraByHand.js";
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
    for (const vendor of ["google", "atlassian", "openid"] as const) await stage.world.behaviour(vendor, "clientFirst");
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

  /** Without a proof, people meet the error; with one, up does, changes nothing, and says what to do. */
  const walk = async (slug: string, inputs: Inputs, code: string | RegExp): Promise<string> => {
    const unasked = await stage.up({ ...inputs, verify: false });
    expect(await seen(slug)).toMatchObject({ code: expect.stringMatching(code) });
    await stage.destroy(unasked);
    const { message } = await stage.failingUp(inputs);
    expect(message).toContain("Nothing was changed.");
    expect((await stage.slot(slug)).client).toBeUndefined();
    return message;
  };
  const works = async (slug: string, inputs: Inputs): Promise<void> => {
    await stage.up(inputs);
    expect(await seen(slug)).toBeUndefined();
  };
  /** What tells the vendors' servers apart is in their rows; the rest is the same at all of them. */
  const ADVICE = "Register it at the app, to the letter";

  describe.each<[VendorName, string]>([
    ["google", "gmail"],
    ["atlassian", "jira"],
    ["openid", "of any server"],
  ])("with a client made by hand at %s", (vendor, integration) => {
    let slug = integration;
    /** Of any server: where it is, and the scopes of an integration made from scratch. */
    let endpoints: Inputs = {};
    let scopes: string[] | undefined;
    beforeAll(async () => {
      if (vendor !== "openid") return;
      const urn = stage.host.urn("CustomIntegration", integration);
      const { inputs } = await stage.host.check(urn, { name: integration });
      slug = String((await stage.host.create(urn, inputs)).state["slug"]);
      const origin = stage.world.origins.openid;
      endpoints = { authorizationUrl: `${origin}/authorize`, tokenUrl: `${origin}/token` };
      scopes = ["pages.read", "pages.write"];
    });
    const needed = async (): Promise<string[]> => scopes ?? (await stage.slot(slug)).defaultScopes;
    const registered = async (change: { redirectUris?: string[]; scopes?: string[] } = {}) =>
      stage.world.vendorClient(vendor, { redirectUris: [(await stage.slot(slug)).redirectUrl], scopes: await needed(), ...change });
    const inputs = (existing: Inputs, more: Inputs = {}): Inputs => ({
      integrations: [{ integration: slug, ...(scopes === undefined ? {} : { scopes }) }],
      existing: { ...endpoints, ...(vendor === "openid" ? { issuer: stage.world.origins.openid } : {}), ...existing },
      ...more,
    });

    it("redirect_uri_mismatch: a slash too many is found by up, which says what to register", async () => {
      const { redirectUrl } = await stage.slot(slug);
      const client = await registered({ redirectUris: [`${redirectUrl}/`] });
      const message = await walk(slug, inputs(client), /^(redirect_uri_mismatch|invalid_redirect_uri)$/);
      expect(message).toMatch(/does not know the redirect URL \S+ for this client \((redirect_uri_mismatch|invalid_redirect_uri)\)/);
      expect(message).toContain(redirectUrl);
      expect(message).toContain(ADVICE);
      await stage.world.changeVendorClient(vendor, client.clientId, { redirectUris: [redirectUrl] });
      await works(slug, inputs(client));
      expect(advice("redirect_uri_mismatch", "existing")).toMatch(/copy `redirectUrls` to the letter; look at a slash at the end/);
    });

    it("invalid client: a wrong secret is found by up, which says what to check", async () => {
      const client = await registered();
      const message = await walk(slug, inputs({ ...client, clientSecret: "not-the-secret" }), "invalid_client");
      expect(message).toMatch(
        /refuses the client id or the secret[\s\S]*the id and the secret belong together, the secret is the value and not its id, nothing is cut off/,
      );
      await works(slug, inputs(client));
      expect(advice("invalid client", "existing")).toContain("check id and secret");
    });

    it("insufficient_scope: a scope that is not registered is found by up, which names all that are needed", async () => {
      const all = await needed();
      // Another client has them all, so that the server knows them.
      await registered();
      const client = await registered({ scopes: all.slice(0, 1) });
      const message = await walk(slug, inputs(client), "insufficient_scope");
      expect(message).toContain(`upper and lower case as shown: ${all.join(" ")}.`);
      await stage.world.changeVendorClient(vendor, client.clientId, { scopes: all });
      await works(slug, inputs(client));
      expect(advice("insufficient_scope", "existing")).toMatch(/register every scope of `effectiveScopes`, upper and lower case as shown/);
    });

    it("consent, and the scopes where they are not refused, are said to be unproven, with how to prove them by hand", async () => {
      const made = await stage.up(inputs(await registered()));
      expect(made.state["verification"]).toMatchObject({ proven: ["secret", "redirectUrl"], unproven: ["scopes", "consent"] });
      expect(detailOf(made)).toMatch(/scopes: .*compare them in the .* with the output effectiveScopes.*consent: .*connect one user\.$/);
    });

    it("where the server tells nothing, up warns, and the one user that it asks for finds the error", async () => {
      await stage.world.behaviour(vendor, "codeFirst");
      // Without pushed requests, which prove it all the same.
      const asking = (existing: Inputs): Inputs => inputs({ ...existing, issuer: undefined });
      const client = await registered();
      const made = await stage.up(asking({ ...client, clientSecret: "not-the-secret" }));
      expect(stage.said("WARNING")).toEqual([expect.stringMatching(/^the client secret is not proven \(inconclusive\): .* Connect one user to be sure\.$/)]);
      expect(made.state["verification"]).toMatchObject({ unproven: expect.arrayContaining(["secret"]) });
      expect(await seen(slug)).toMatchObject({ code: "invalid_client" });
      await stage.up(asking(client), made);
      expect(await seen(slug)).toBeUndefined();
    });
  });

  describe("with an app that another resource made at Microsoft", () => {
    const slug = "outlook-email";
    const registered = async (web: Inputs = {}) => {
      const { redirectUrl, defaultScopes } = await stage.slot(slug);
      const requiredResourceAccess = await graphPermissions(stage.world, defaultScopes);
      const { id, appId, secret } = await appByHand(stage.world, { web: { redirectUris: [redirectUrl], ...web }, requiredResourceAccess });
      return { id, existing: { clientId: appId, clientSecret: secret, tenantId: stage.world.tenantId } };
    };
    const inputs = (existing: Inputs, scopes?: string[]): Inputs => ({
      integrations: [{ integration: slug, ...(scopes === undefined ? {} : { scopes }) }],
      existing,
    });

    it("redirect_uri_mismatch: a slash too many is found by up, which says what to register", async () => {
      const { redirectUrl } = await stage.slot(slug);
      const { id, existing } = await registered({ redirectUris: [`${redirectUrl}/`] });
      const message = await walk(slug, inputs(existing), "redirect_uri_mismatch");
      expect(message).toContain(`does not know the redirect URL ${redirectUrl} for this client (AADSTS50011). ${ADVICE}`);
      await stage.world.graph("PATCH", `/applications/${id}`, { web: { redirectUris: [redirectUrl] } });
      await works(slug, inputs(existing));
    });

    it("invalid client: a wrong secret is found by up, which says what to check", async () => {
      const { existing } = await registered();
      const message = await walk(slug, inputs({ ...existing, clientSecret: "not-the-secret" }), "invalid_client");
      expect(message).toMatch(/does not accept the client \(401 invalid_client, AADSTS7000215\)[\s\S]*the secret is the value and not its id/);
      await works(slug, inputs(existing));
    });

    it("consent required: said to be unproven, found by the one user that the output asks for, and ended by what the README says", async () => {
      await stage.world.consent(false);
      const { existing } = await registered();
      const made = await stage.up(inputs(existing));
      expect(made.state["verification"]).toMatchObject({ unproven: ["scopes", "consent"] });
      expect(detailOf(made)).toMatch(/consent: .*an administrator grants it in the Entra admin centre .*: connect one user\.$/);
      expect(await seen(slug)).toMatchObject({ code: "consent_required" });
      // What the admin centre does.
      await send(`${stage.world.origins.entra}/${stage.world.tenantId}/adminconsent?client_id=${existing.clientId}`, { method: "POST" });
      expect(await seen(slug)).toBeUndefined();
      expect(advice("consent required", "existing")).toContain("an administrator grants consent at the app");
    });

    it("insufficient_scope: said to be unproven, and found by the one user that the output asks for", async () => {
      const { existing } = await registered();
      const made = await stage.up(inputs(existing, ["Mail.Sned", "offline_access"]));
      expect(detailOf(made)).toMatch(/scopes: .*upper and lower case count/);
      expect(await seen(slug)).toMatchObject({ code: "insufficient_scope", remedy: expect.stringContaining("exact upper and lower case") });
      await stage.up(inputs(existing, ["Mail.Send", "offline_access"]), made);
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
