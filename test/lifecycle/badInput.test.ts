/** What a program gets wrong: told before anything is made, all of it at once, with what to do, and never with the value. */

import { entra, failureOf, HOSTS, type Stage, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

const JIRA = { integrations: uses("jira"), existing: { clientId: "client-of-jira", clientSecret: "secret-of-jira-1" } };
const MAIL = { integrations: uses("outlook-email"), entra: entra() };

describe.each(HOSTS)("bad input through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  /** The host refuses a failure that names a property; what comes here starts with the path. */
  const failures = async (inputs: Inputs): Promise<string[]> => (await stage.host.check(stage.urn(), inputs)).failures;

  describe("is a failure of check", () => {
    it.each<[string, Inputs, string[]]>([
      ["no kind of client", { integrations: uses("jira") }, ["exactly one of entra, serviceNow, existing is required: it says where the client comes from"]],
      ["two kinds of client", { ...JIRA, entra: entra() }, ["entra and existing are given; exactly one of entra, serviceNow, existing is allowed"]],
      ["no integration", { ...JIRA, integrations: [] }, ["integrations: must have at least 1 element"]],
      ["the list left out", { existing: JIRA.existing }, ["integrations: is required"]],
      ["one integration twice", { ...JIRA, integrations: uses("jira", "jira") }, ["integrations[1].integration: is named twice; one slot takes one client"]],
      ["a blank behind a slug", { ...JIRA, integrations: uses("jira ") }, ["integrations[0].integration: must not start or end with a blank"]],
      ["a blank before an id", { ...JIRA, existing: { clientId: " x" } }, ["existing.clientId: must not start or end with a blank"]],
      [
        "a line end behind a secret",
        { ...JIRA, existing: { clientId: "x", clientSecret: "pasted\n" } },
        ["existing.clientSecret: must not start or end with a blank"],
      ],
      ["an empty secret", { ...JIRA, existing: { clientId: "x", clientSecret: "" } }, ["existing.clientSecret: must not be empty"]],
      [
        "a secret that is far too long",
        { ...JIRA, existing: { clientId: "x", clientSecret: "y".repeat(501) } },
        ["existing.clientSecret: must be at most 500 characters"],
      ],
      ["a long display name", { ...MAIL, entra: entra({ displayName: "n".repeat(121) }) }, ["entra.displayName: must be at most 120 characters"]],
      ["long notes", { ...MAIL, entra: entra({ notes: "n".repeat(1025) }) }, ["entra.notes: must be at most 1024 characters"]],
      [
        "too many scopes for one slot",
        { ...MAIL, integrations: [{ integration: "outlook-email", scopes: Array.from({ length: 100 }, (_, index) => `Scope.Number.${index}.ReadWrite`) }] },
        ["integrations[0].scopes: are 2,000 characters at most, all together"],
      ],
      [
        "two scopes in one text",
        { ...MAIL, integrations: [{ integration: "outlook-email", scopes: ["Mail.Read Mail.Send"] }] },
        ["integrations[0].scopes[0]: must not hold a blank; one scope an element"],
      ],
      ["a tenant that is no GUID", { ...MAIL, entra: entra({ tenantId: "contoso.com" }) }, ["entra.tenantId: is not a GUID"]],
      [
        "rotation of a secret that is the program's own",
        { ...JIRA, rotation: { everyDays: 30 } },
        ["rotation: is not for existing, whose secret is yours: change existing.clientSecret"],
      ],
      [
        "windows that do not fit the lifetime",
        { ...MAIL, entra: entra({ secretLifetimeDays: 10 }), rotation: { renewBeforeExpiryDays: 10, everyDays: 11 } },
        [
          "rotation.renewBeforeExpiryDays: must be less than the lifetime of the secret (entra.secretLifetimeDays, 10 days); it is 10",
          "rotation.everyDays: must not be more than the lifetime of the secret (entra.secretLifetimeDays, 10 days)",
        ],
      ],
      [
        "an overlap that outlives the previous secret",
        { ...MAIL, entra: entra({ secretLifetimeDays: 10 }), rotation: { renewBeforeExpiryDays: 2, overlapHours: 49 } },
        [
          "rotation.overlapHours: must not be more than the 2 days for which the previous secret is still valid when the next one comes (entra.secretLifetimeDays is 10)",
        ],
      ],
      [
        "an address that would send the secret in clear",
        { ...JIRA, existing: { clientId: "x", tokenUrl: "http://auth.example.com/token" } },
        ["existing.tokenUrl: must start with https:// (plain http is only for this machine itself)"],
      ],
      [
        "a misspelt property",
        { ...JIRA, existing: { clientID: "x" } },
        ['existing.clientID: is not a known property. Did you mean "clientId"?', "existing.clientId: is required"],
      ],
    ])("%s", async (_what, inputs, expected) => {
      expect(await failures(inputs)).toEqual(expected);
    });

    it("with everything that is wrong at once, shape and rules together, and no value", async () => {
      const value = "value-that-nobody-may-see";
      const found = await failures({
        integrations: [{ integration: "jira" }, { integration: "jira", scopes: value }],
        entra: { displayName: { value }, tenantId: value },
        existing: { clientId: value, clientSecret: ` ${value}`, tokenUrl: `http://${value}.example/` },
        rotation: { everyDays: value },
        verify: value,
        wrong: value,
      });
      expect(found.map((reason) => reason.split(":")[0]).sort()).toEqual([
        "entra and existing are given; exactly one of entra, serviceNow, existing is allowed",
        "entra.displayName",
        "entra.tenantId",
        "existing.clientSecret",
        "existing.tokenUrl",
        "integrations[1].integration",
        "integrations[1].scopes",
        "rotation",
        "rotation.everyDays",
        "verify",
        "wrong",
      ]);
      expect(found.join("\n")).not.toContain(value);
      expect(await stage.world.calls()).toEqual([]);
    });

    it("two resources on one slot, by the names of both", async () => {
      await stage.host.check(stage.urn("first"), JIRA);
      expect((await stage.host.check(stage.urn("second"), JIRA)).failures).toEqual([
        'integrations: the slot "jira" is also claimed by OAuthClientConfig "first"; one slot, one resource',
      ]);
    });
  });

  describe("fails before anything is made:", () => {
    const refused = async (inputs: Inputs): Promise<string> => {
      const { message, partial } = await stage.failingUp(inputs);
      expect(partial).toBeUndefined();
      expect(await stage.changingCalls()).toEqual([]);
      return message;
    };

    it("integrations that do not exist, each with the ones that are near", async () => {
      const message = await refused({ ...MAIL, integrations: uses("outlook-emial", "sharepiont", "entirely-unheard-of") });
      expect(message).toContain('the workspace has no integration "outlook-emial". Did you mean "outlook-email"?');
      expect(message).toContain('the workspace has no integration "sharepiont". Did you mean "sharepoint"?');
      expect(message).toContain('the workspace has no integration "entirely-unheard-of".\n');
    });

    it("an integration that does not use OAuth", async () => {
      expect(await refused({ ...MAIL, integrations: uses("notion-api") })).toContain(
        'integration "notion-api" (Notion (API key)) does not use OAuth (authType API_KEY)',
      );
    });

    it("one integration by slug and by id", async () => {
      const id = stage.world.integrations["jira"] ?? "";
      expect(await refused({ ...JIRA, integrations: uses("jira", id) })).toContain(`"jira" and "${id}" are one integration (Jira); write it once`);
    });

    it("two resources on one slot, one by slug and one by id", async () => {
      const id = stage.world.integrations["outlook-email"] ?? "";
      const checked = async (name: string, integration: string) =>
        (await stage.host.check(stage.urn(name), { ...MAIL, integrations: uses(integration) })).inputs;
      const [first, second] = [await checked("first", "outlook-email"), await checked("second", id)];
      const failed = async (name: string, inputs: Inputs) => (await failureOf(stage.host.create(stage.urn(name), inputs))).message;
      expect(await failed("first", first)).toContain('"outlook-email" is also claimed by second; one slot takes one client, so write it in one resource only');
      expect(await failed("second", second)).toContain(`"${id}" is also claimed by first`);
      expect(await stage.changingCalls()).toEqual([]);
    });

    it("a tenant for an integration that takes none, and a secret that is missing, together", async () => {
      const message = await refused({ ...JIRA, existing: { clientId: "x", tenantId: "contoso.com" } });
      expect(message).toContain("existing.tenantId: jira takes no tenant id");
      expect(message).toContain("existing.clientSecret: is required by jira");
    });

    it("scopes that do not exist at Entra, each with the ones that are near", async () => {
      const scopes = ["mail.readwrite", "Mail.Sned", "https://graph.microsoft.com/User.Read", "https://management.azure.com/user_impersonation"];
      const message = await refused({ ...MAIL, integrations: [{ integration: "outlook-email", scopes }] });
      expect(message).toContain('scope "mail.readwrite" does not exist at Microsoft Graph (names are case-sensitive). Did you mean "Mail.ReadWrite"');
      expect(message).toContain('scope "Mail.Sned" does not exist at Microsoft Graph (names are case-sensitive). Did you mean "Mail.Send"');
      expect(message).toContain('"https://management.azure.com/user_impersonation" belongs to another API than Microsoft Graph');
      expect(message).not.toContain("User.Read");
    });

    it.each(["11111111-2222-4333-8444-555555555555", "made-by.hand"])("a slot that holds somebody's client (%s), by id and date", async (clientId) => {
      await stage.world.odeus("PUT", stage.slotPath("outlook-email"), { clientId, clientSecret: "not-ours" });
      const message = await refused(MAIL);
      expect(message).toContain(
        `outlook-email already holds client ${clientId}, entered ${new Date().toISOString().slice(0, 10)}, which is not this resource's`,
      );
      expect(message).toContain("Take it over with adoptClientId, take it out in the workspace, or name it in replaceClientIds");
    });

    it("a slot that holds another stack's client, by its owner's name", async () => {
      const other = stage.urn("theirs").replace(":dev::", ":prod::");
      const { inputs } = await stage.host.check(other, MAIL);
      await stage.host.create(other, inputs);
      await stage.host.check(other, { ...MAIL, integrations: uses("sharepoint") });
      await stage.world.clearCalls();
      expect(await refused(MAIL)).toContain("outlook-email already holds the client of OAuthClientConfig theirs of stack demo/prod");
      await stage.host.check(other, { ...JIRA, integrations: uses("nothing") });
    });

    it("an integration that is switched off, with where to switch it on", async () => {
      await stage.world.odeus("PATCH", `/settings/integrations/${stage.world.integrations["jira"]}`, { enabled: false });
      try {
        expect(await refused(JIRA)).toMatch(/reading the client slot of jira: Odeus refused it \(409.*Enable the integration in the workspace/s);
      } finally {
        await stage.world.odeus("PATCH", `/settings/integrations/${stage.world.integrations["jira"]}`, { enabled: true });
      }
    });

    it("a logo that is no image, or is not there", async () => {
      const logo = (path: string): Inputs => ({ ...MAIL, entra: entra({ logo: { kind: "asset", hash: "0", path } }) });
      expect((await failureOf(stage.up(logo("package.json")))).message).toContain("entra.logo: is not a JPEG, PNG or GIF file");
      expect((await failureOf(stage.up(logo("nowhere.png")))).message).toContain("the asset file nowhere.png cannot be read");
      expect((await stage.apps()).filter(({ deletedDateTime }) => deletedDateTime === null)).toEqual([]);
    });
  });
});
