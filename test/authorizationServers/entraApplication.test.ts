import * as fc from "fast-check";
import { change, compare, type EntraSettings, newBody, overwritten, scopeIdsOf, seen, settingsOf } from "../../src/authorizationServers/entraApplication.js";
import { type Application, type ApplicationBody, MICROSOFT_GRAPH_APP_ID } from "../../src/clients/graph.js";
import { keyOf, type Mark, markOfTags, tagsOf } from "../../src/core/mark.js";

const markFor = (stack: string, resource: string): Mark => ({ stack, resource, key: keyOf(stack, resource) });
const MARK = markFor("demo/dev", "OAuthClientConfig/mail");
const SETTINGS: EntraSettings = {
  displayName: "Odeus",
  signInAudience: "AzureADMyOrg",
  grantAdminConsent: false,
  secretLifetimeDays: 180,
  purgeOnDestroy: false,
};
const scope = (id: string) => ({ id, type: "Scope" });
const access = (...ids: string[]) => ({ resourceAppId: MICROSOFT_GRAPH_APP_ID, resourceAccess: ids.map(scope) });

const app = (more: Partial<Application> = {}): Application => ({
  id: "o",
  appId: "a",
  uniqueName: MARK.key,
  displayName: "Odeus",
  signInAudience: "AzureADMyOrg",
  notes: null,
  tags: tagsOf(MARK),
  web: { redirectUris: ["https://one"], homePageUrl: null },
  info: { privacyStatementUrl: null, termsOfServiceUrl: null },
  requiredResourceAccess: [access("s1")],
  passwordCredentials: [],
  ...more,
});
const changed = (
  application: Application,
  redirects: { wished: string[]; formerly: string[] } = { wished: ["https://one"], formerly: [] },
  scopes: { wished: string[]; formerly: string[] } = { wished: ["s1"], formerly: [] },
) => change(application, SETTINGS, {}, MARK, redirects, scopes);

it("asks for the token version that apps for personal accounts need, and for none otherwise", () => {
  const personal = { ...SETTINGS, signInAudience: "AzureADandPersonalMicrosoftAccount" };
  const wish = { redirectUrls: ["https://one"], scopes: [], builtIn: [] };
  expect(newBody(personal, MARK, wish, ["s1"]).api).toEqual({ requestedAccessTokenVersion: 2 });
  expect(newBody(SETTINGS, MARK, wish, ["s1"])).not.toHaveProperty("api");
  const same = { wished: ["https://one"], formerly: [] };
  const toPersonal = change(app(), personal, {}, MARK, same, { wished: ["s1"], formerly: [] });
  expect(toPersonal?.forward).toMatchObject({ signInAudience: personal.signInAudience, api: { requestedAccessTokenVersion: 2 } });
  expect(toPersonal?.back).toMatchObject({ signInAudience: "AzureADMyOrg", api: { requestedAccessTokenVersion: null } });
  const there = app({ signInAudience: personal.signInAudience, api: { requestedAccessTokenVersion: 2 } });
  expect(change(there, personal, {}, MARK, same, { wished: ["s1"], formerly: [] })).toBeUndefined();
});

describe("the mark as tags", () => {
  it("is read back, whatever the names hold, in tags that Entra takes", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), fc.string({ maxLength: 100 }), (stack, resource) => {
        const mark = markFor(stack, resource);
        const tags = tagsOf(mark);
        expect(tags.every((tag) => tag.length <= 256 && !/\s/.test(tag))).toBe(true);
        expect(markOfTags(tags)?.key).toBe(mark.key);
        if (tags.every((tag) => tag.length < 256)) expect(markOfTags(tags)).toEqual(mark);
      }),
    );
  });

  it.each<[string, string[]]>([
    ["no tags", []],
    ["one tag of three", tagsOf(MARK).slice(0, 1)],
    ["the key of another resource", [`odeus-key:${keyOf("x", "y")}`, ...tagsOf(MARK).slice(1)]],
    ["tags of others", ["HideApp", "WindowsAzureActiveDirectoryIntegratedApp"]],
  ])("is none in %s", (_what, tags) => {
    expect(markOfTags(tags)).toBeUndefined();
  });
});

it("a new app gets everything in one body", () => {
  expect(newBody({ ...SETTINGS, homepageUrl: "https://home" }, MARK, { redirectUrls: ["https://one"], scopes: [], builtIn: [] }, ["s1", "s2"])).toEqual({
    displayName: "Odeus",
    signInAudience: "AzureADMyOrg",
    notes: null,
    tags: tagsOf(MARK),
    web: { redirectUris: ["https://one"], homePageUrl: "https://home" },
    info: { privacyStatementUrl: null, termsOfServiceUrl: null },
    requiredResourceAccess: [access("s1", "s2")],
  });
});

describe("a change", () => {
  it("is none where all is as wished, in any order", () => {
    expect(
      changed(app({ web: { redirectUris: ["https://two", "https://one"], homePageUrl: null } }), { wished: ["https://one", "https://two"], formerly: [] }),
    ).toBeUndefined();
  });

  it("writes only what differs, and knows what was there", () => {
    expect(changed(app({ displayName: "By hand" }))).toEqual({ forward: { displayName: "Odeus" }, back: { displayName: "By hand" } });
  });

  describe("of what the program may leave open", () => {
    const redirects = { wished: ["https://one"], formerly: [] };
    const scopes = { wished: ["s1"], formerly: [] };
    const theirs = app({
      notes: "theirs",
      web: { redirectUris: ["https://one"], homePageUrl: "https://h" },
      info: { privacyStatementUrl: "https://p", termsOfServiceUrl: "https://t" },
    });
    const rewritten = (settings: Partial<EntraSettings>, formerly: Partial<EntraSettings>) =>
      change(theirs, { ...SETTINGS, ...settings }, formerly, MARK, redirects, scopes);

    it("is none where the program never named it", () => {
      expect(rewritten({}, {})).toBeUndefined();
    });

    it("clears what it names no more, and only that", () => {
      expect(rewritten({}, { notes: "n", homepageUrl: "https://n", privacyStatementUrl: "https://n" })).toEqual({
        forward: { notes: null, web: { homePageUrl: null }, info: { privacyStatementUrl: null, termsOfServiceUrl: "https://t" } },
        back: { notes: "theirs", web: { homePageUrl: "https://h" }, info: { privacyStatementUrl: "https://p", termsOfServiceUrl: "https://t" } },
      });
    });

    it("sets what it names, whoever wrote there", () => {
      expect(rewritten({ notes: "ours", termsOfServiceUrl: "https://ours" }, {})?.forward).toEqual({
        notes: "ours",
        info: { privacyStatementUrl: "https://p", termsOfServiceUrl: "https://ours" },
      });
    });

    it("leaves an audience that is not named", () => {
      const { signInAudience: _named, ...settings } = SETTINGS;
      const open = app({ signInAudience: "AzureADMultipleOrgs" });
      expect(change(open, settings, {}, MARK, redirects, scopes)).toBeUndefined();
      expect(change(open, SETTINGS, {}, MARK, redirects, scopes)?.forward).toEqual({ signInAudience: "AzureADMyOrg" });
    });
  });

  it("is told, with what it writes over", () => {
    const theirs = app({ displayName: "By hand", notes: "theirs", signInAudience: "AzureADMultipleOrgs" });
    expect(overwritten(theirs, SETTINGS)).toEqual(['displayName "By hand"', 'signInAudience "AzureADMultipleOrgs"']);
    expect(overwritten(app(), { ...SETTINGS, notes: "new" })).toEqual([]);
  });

  it("takes away what was ours, and leaves redirect URLs of others", () => {
    const application = app({ web: { redirectUris: ["https://theirs", "https://old"], homePageUrl: null } });
    expect(changed(application, { wished: ["https://one"], formerly: ["https://old"] })).toEqual({
      forward: { web: { redirectUris: ["https://theirs", "https://one"] } },
      back: { web: { redirectUris: ["https://theirs", "https://old"] } },
    });
  });

  it("leaves permissions of other APIs, and app roles of Graph", () => {
    const role = { id: "r", type: "Role" };
    const other = { resourceAppId: "other", resourceAccess: [scope("x")] };
    const application = app({ requiredResourceAccess: [other, { resourceAppId: MICROSOFT_GRAPH_APP_ID, resourceAccess: [role, scope("s1")] }] });
    expect(changed(application, undefined, { wished: ["s2"], formerly: ["s1"] })?.forward).toEqual({
      requiredResourceAccess: [other, { resourceAppId: MICROSOFT_GRAPH_APP_ID, resourceAccess: [role, scope("s2")] }],
    });
    expect(changed(application, undefined, { wished: [], formerly: ["s1"] })?.forward.requiredResourceAccess).toEqual([
      other,
      { resourceAppId: MICROSOFT_GRAPH_APP_ID, resourceAccess: [role] },
    ]);
  });

  it("gives its tags back where they were taken, and keeps the tags of others", () => {
    expect(changed(app({ tags: ["HideApp", "odeus-key:old"] }))?.forward.tags).toEqual(["HideApp", ...tagsOf(MARK)]);
  });

  it("leads to an app that needs no change", () => {
    const word = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"));
    fc.assert(
      fc.property(word, word, word, word, (redirectUris, wished, formerly, ids) => {
        const before = app({ web: { redirectUris, homePageUrl: "https://h" }, requiredResourceAccess: ids.length === 0 ? [] : [access(...ids)], tags: [] });
        const forward: ApplicationBody | undefined = changed(before, { wished, formerly }, { wished: ids.slice(1), formerly: ids })?.forward;
        const after = app({ ...before, ...forward, web: { ...before.web, ...forward?.web }, info: { ...before.info, ...forward?.info } } as Application);
        expect(changed(after, { wished, formerly: wished }, { wished: ids.slice(1), formerly: ids.slice(1) })).toBeUndefined();
      }),
    );
  });
});

it("tells what an app lacks, and what others added", () => {
  const application = app({ web: { redirectUris: ["https://one", "https://theirs"], homePageUrl: null }, requiredResourceAccess: [access("s1", "s9")] });
  expect(compare(application, ["https://one", "https://two"], ["s1", "s2"])).toEqual({
    missingUrls: ["https://two"],
    extraUrls: ["https://theirs"],
    missingScopes: ["s2"],
    extraScopes: ["s9"],
  });
  expect(scopeIdsOf(app({ requiredResourceAccess: [] }))).toEqual([]);
});

it("dates an app by the secret that ends first of those that have not ended; where all have, by the last", () => {
  const secret = (startDateTime: string, endDateTime: string | null) => ({ keyId: startDateTime, displayName: null, startDateTime, endDateTime });
  const [ended, earlier] = [secret("2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z"), secret("2022-01-01T00:00:00Z", "2023-01-01T00:00:00Z")];
  const [later, endless] = [secret("2026-02-01T00:00:00Z", "2026-09-01T00:00:00.5Z"), secret("2026-01-01T00:00:00Z", null)];
  const dated = (...passwordCredentials: Application["passwordCredentials"]) => seen(app({ passwordCredentials }), new Date("2026-03-01T00:00:00Z")).secret;
  expect(dated(endless, ended, later, earlier)).toEqual({ createdAt: later.startDateTime, expiresAt: later.endDateTime });
  expect(dated(ended, endless)).toEqual({ createdAt: endless.startDateTime });
  expect(dated(ended, earlier)).toEqual({ createdAt: ended.startDateTime, expiresAt: ended.endDateTime });
  expect(dated()).toBeUndefined();
});

it("reads back only what the program set", () => {
  expect(settingsOf(app({ displayName: "By hand", notes: "theirs" }), SETTINGS)).toEqual({ displayName: "By hand" });
  expect(settingsOf(app(), { ...SETTINGS, notes: "ours" })).toEqual({ displayName: "Odeus", notes: undefined });
  expect(settingsOf(app({ signInAudience: "AzureADMultipleOrgs" }), SETTINGS)).toMatchObject({ signInAudience: "AzureADMultipleOrgs" });
});
