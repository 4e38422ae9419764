/** Instances that ignore, hide, blank, limit, sleep, refuse or are not there: what is said, what is undone, and that no secret gets out. */

import { channelsOf, leaks, spellings } from "../support/leakSearch.js";
import { failureOf, HOSTS } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";
import { type ServiceNowStage, startServiceNowStage } from "../support/serviceNowRegistry.js";

const COLUMNS = ["name", "type", "client_id", "active", "redirect_url", "access_token_lifespan", "refresh_token_lifespan", "comments"];
const HOUR = 3_600_000;

describe.each(HOSTS)("a bad day of ServiceNow through the %s host", (_name, start) => {
  let stage: ServiceNowStage;
  /** Everything that must never be said: what signs in to the instance, and each secret that was sent to it. */
  const canaries: Record<string, string> = {};
  /** Leaks of processes that have ended. */
  const elsewhere: string[] = [];
  beforeAll(async () => {
    stage = await startServiceNowStage(start);
    const { password, token } = stage.world.serviceNow;
    Object.assign(canaries, { password, token });
  });
  beforeEach(() => stage.clear());
  afterEach(async () => {
    for (const { client_secret } of await stage.written()) if (client_secret !== undefined) canaries[`secret ${Object.keys(canaries).length}`] = client_secret;
  });
  afterAll(() => stage.stop());

  const full = () => stage.declared({ active: false, accessTokenLifespanSeconds: 900, refreshTokenLifespanSeconds: 86_400, comments: "for the helpdesk" });
  /** In a process of its own, with another configuration. */
  async function configured<T>(environment: Record<string, string>, work: (other: ServiceNowStage) => Promise<T>): Promise<T> {
    const other = await stage.again(environment);
    return work(other).finally(() => {
      elsewhere.push(...leaks(canaries, channelsOf(other.host)));
      return other.host.stop();
    });
  }

  describe("that ignores a column", () => {
    it.each(COLUMNS)("%s: a create names it and is undone", async (column) => {
      await stage.switches({ ignoredColumns: [column] });
      const failure = await stage.failingUp(full());
      expect(failure.partial).toBeUndefined();
      expect(failure.message).toMatch(
        new RegExp(
          `ServiceNow took the change of application registry "Odeus" on \\S+ and ignored ${column}: a business rule, a data policy or an access rule`,
        ),
      );
      expect(failure.message).toMatch(/Undone: .* is removed\. Nothing is left behind\./);
      expect(await stage.records()).toEqual([]);
      expect((await stage.slot("servicenow")).client).toBeUndefined();
    });

    it("an update names it and is undone", async () => {
      const made = await stage.up(stage.declared());
      const { sys_mod_count: _count, sys_updated_on: _on, ...before } = await stage.record();
      await stage.switches({ ignoredColumns: ["access_token_lifespan"] });
      const failure = await stage.failingUp(stage.declared({ name: "After", accessTokenLifespanSeconds: 60 }), made);
      expect(failure.message).toMatch(/ignored access_token_lifespan: [\s\S]*Undone: .*is as it was\. Nothing is left behind\./);
      expect(failure.partial).toBeUndefined();
      expect(await stage.record()).toMatchObject(before);
    });
  });

  it("that ignores a new secret, which nobody is shown, is found out by the count of changes: the one in use stays, and nothing is owed", async () => {
    const rotated = (run: string) => stage.declared({ comments: run }, { rotation: { triggers: { run } } });
    const made = await stage.up(rotated("1"));
    const { sys_mod_count: _count, sys_updated_on: _on, ...before } = await stage.record();
    await stage.switches({ ignoredColumns: ["client_secret"] });
    const failure = await stage.failingUp(rotated("2"), made);
    expect(failure.message).toMatch(
      /setting the secret of application registry "Odeus" on \S+: ServiceNow took the change of .* and ignored client_secret: a business rule[\s\S]*Undone: .*is as it was\. Nothing is left behind\./,
    );
    expect(failure.partial).toBeUndefined();
    expect(await stage.record()).toMatchObject(before);
    expect(await stage.works()).toBe(true);
    expect((await stage.refreshed(made)).state["drift"]).toEqual([]);
    await stage.switches({ ignoredColumns: [] });
    await stage.up(rotated("2"), made);
    expect((await stage.record())["client_secret"]).not.toBe(before["client_secret"]);
    expect(await stage.works()).toBe(true);
  });

  describe("that hides the record", () => {
    it("is no deletion: refresh, update and destroy say so, and nothing is dropped", async () => {
      const made = await stage.up(stage.declared());
      const before = await stage.record();
      const { username } = stage.world.serviceNow;
      for (const hidden of [{ hiddenRecords: [before["sys_id"] ?? ""] }, { roles: { [username]: ["itil"] } }]) {
        await stage.switches({ hiddenRecords: [], roles: { [username]: ["oauth_admin"] } });
        await stage.switches(hidden);
        await stage.world.clearCalls();
        const told = [
          await failureOf(stage.refresh(made)),
          await stage.failingUp(stage.declared({ comments: "x" }), made),
          await failureOf(stage.destroy(made)),
        ];
        for (const { message, partial } of told) {
          expect(message).toMatch(
            /does not show the record [0-9a-f]{32} to this user: it is gone, or an access rule hides it\. Give the user the role oauth_admin; if it is gone, take the resource out of the state/,
          );
          expect(partial).toBeUndefined();
        }
        expect(await stage.operations()).toEqual([]);
        expect(await stage.record()).toEqual(before);
        expect(await stage.works()).toBe(true);
      }
    });

    it("as soon as it is made says which one is left; once it shows, the next up goes on with it", async () => {
      await stage.switches({ hidesNewRecords: true });
      const failure = await stage.failingUp(stage.declared());
      const { sys_id, client_id } = await stage.record();
      expect(failure.message).toMatch(
        new RegExp(`could not undo so that application registry "Odeus" on \\S+ is removed: ServiceNow does not show the record ${sys_id} to this user`),
      );
      await stage.switches({ hidesNewRecords: false });
      const made = await stage.up(stage.declared());
      expect(made.state["clientId"]).toBe(client_id);
      expect((await stage.record())["sys_id"]).toBe(sys_id);
      expect(await stage.works()).toBe(true);
    });
  });

  it("that answers with blanked columns makes the client all the same, names them, and calls them not proven", async () => {
    await stage.switches({ blankedColumns: COLUMNS.filter((column) => column !== "type") });
    const made = await stage.up(stage.declared());
    expect(made.state).toMatchObject({
      clientId: (await stage.record())["client_id"],
      drift: [],
      verification: { unproven: expect.arrayContaining(["redirectUrl"]) },
    });
    expect(stage.said("WARNING").join()).toMatch(
      /this user may not read name, client_id, active, redirect_url, access_token_lifespan, refresh_token_lifespan, comments/,
    );
    expect(await stage.works()).toBe(true);
    expect((await stage.refreshed(made)).state).toMatchObject({ clientId: made.state["clientId"], drift: [] });
    // Without the state, nobody could tell which client it is.
    await stage.switches({ blankedColumns: ["client_id"] });
    expect((await stage.failingUp(stage.declared())).message).toContain("it exists, and this user may not read its client id");
    await stage.destroy(made);
    expect(await stage.records()).toEqual([]);
  });

  it("that blanks the redirect URLs later changes the rest, and refuses an integration whose own could not be registered", async () => {
    const made = await stage.up(stage.declared());
    await stage.switches({ blankedColumns: ["redirect_url"] });
    const changed = await stage.up(stage.declared({ comments: "after" }), made);
    expect((await stage.record())["comments"]).toMatch(/^after /);
    const before = await stage.record();
    await stage.world.clearCalls();
    const { message, partial } = await stage.failingUp({ ...stage.forBoth(), serviceNow: changed.inputs["serviceNow"] }, changed);
    const { redirectUrl, client } = await stage.slot(stage.hr);
    expect(message).toContain(`it cannot be seen whether ${redirectUrl} is registered: this user may not read redirect_url`);
    expect(partial).toBeUndefined();
    expect(client).toBeUndefined();
    expect(await stage.operations()).toEqual([]);
    expect(await stage.record()).toEqual(before);
  });

  it.each([
    ["ignores every filter, so that a query finds all records", { ignoresQueries: true }],
    ["answers no rows to a filter that it does not know", { ignoresQueries: true, properties: { "glide.invalid_query.returns_no_rows": "true" } }],
  ])("that %s never leads to a record of others", async (_what, switches) => {
    await stage.foreign({ name: "Theirs" });
    const theirs = await stage.record();
    await stage.switches(switches);
    const made = await stage.up(stage.declared()).catch((error: Error) => error);
    await stage.switches({ ignoresQueries: false, properties: { "glide.invalid_query.returns_no_rows": "false" } });
    if (!(made instanceof Error)) {
      await stage.refreshed(made);
      await stage.up(stage.declared({ comments: "after" }), made);
      await stage.destroy(made);
    }
    expect(await stage.record()).toEqual(theirs);
  });

  describe("that limits the calls of an hour", () => {
    // To the middle of an hour, so that none ends meanwhile.
    const limited = async (callsPerHour: number) => {
      await stage.world.clock(HOUR / 2 - (Date.now() % HOUR));
      await stage.switches({ callsPerHour });
    };

    it("is given up at once, with the time at which to run again, and nothing was changed", async () => {
      await limited(1);
      const failure = await stage.failingUp(stage.declared());
      const [, time = ""] =
        /Run again after (\S+)\. A rate limit rule of the instance \(sys_rate_limit_rules\) counts the calls of a user by the hour/.exec(failure.message) ?? [];
      expect(Math.abs(Date.parse(time) - Date.now() - HOUR / 2)).toBeLessThan(60_000);
      expect(failure.message).toContain("Nothing was changed.");
      expect(await stage.operations()).toEqual([]);
    });

    it("in the middle of a create says what is left, and the run after the hour finishes", async () => {
      await stage.up(stage.declared());
      const needed = (await stage.world.calls()).filter(({ counterpart }) => counterpart === "serviceNow").map(({ operation }) => operation);
      await stage.clear();
      // Counted by the clock's hour: another one, in which nothing was called yet.
      await stage.world.clock(HOUR * 2.5 - (Date.now() % HOUR));
      await stage.switches({ callsPerHour: needed.indexOf("createRecord") + 1 });
      const failure = await stage.failingUp(stage.declared());
      expect(failure.message).toMatch(/Run again after [\s\S]*could not undo so that application registry "Odeus" on \S+ is removed/);
      await stage.world.clock(HOUR * 3.5 - (Date.now() % HOUR));
      await stage.switches({ callsPerHour: null });
      const made = await stage.up(stage.declared());
      expect((await stage.record())["client_id"]).toBe(made.state["clientId"]);
      expect(await stage.works()).toBe(true);
    });
  });

  it.each<[string, (stage: ServiceNowStage) => Promise<void>, RegExp]>([
    [
      "whose user lacks the role",
      ({ world }) => world.changeServiceNow({ roles: { [world.serviceNow.username]: ["itil"] } }),
      /shows this user no application registry at all.*Give the user the role oauth_admin \(mi_admin or admin also do\)/,
    ],
    [
      "that refuses new records by a rule of its own",
      ({ world }) => world.fault({ operation: "createRecord", fault: "forbidden" }),
      /\(403\)[\s\S]*needs the role oauth_admin \(mi_admin or admin also do\); a business rule or data policy of the instance may refuse it too/,
    ],
    [
      "that sleeps behind a page",
      ({ world }) => world.changeServiceNow({ hibernating: "page" }),
      /may be hibernating \(a developer instance is woken at https:\/\/developer\.servicenow\.com\)/,
    ],
    [
      "that sleeps behind a redirect",
      ({ world }) => world.changeServiceNow({ hibernating: "redirect" }),
      /sent us elsewhere, and credentials are never sent on[\s\S]*may be hibernating/,
    ],
    ["without the plugin", ({ world }) => world.changeServiceNow({ oauthPlugin: false }), /Invalid table oauth_entity[\s\S]*activates the plugin OAuth 2\.0/],
  ])("%s is named before anything is made", async (_what, arrange, expected) => {
    await arrange(stage);
    const failure = await stage.failingUp(stage.declared());
    expect(failure.message).toMatch(expected);
    expect(failure.partial).toBeUndefined();
    await stage.clear();
    expect(await stage.records()).toEqual([]);
    expect((await stage.slot("servicenow")).client).toBeUndefined();
  });

  it("on which OAuth is switched off is refused where the user may read the property", async () => {
    const { username, password } = await stage.world.serviceNowUser(["admin"]);
    await stage.switches({ properties: { "com.snc.platform.security.oauth.is.active": "false" } });
    const { message } = await configured({ SERVICENOW_USERNAME: username, SERVICENOW_PASSWORD: password }, (admin) => admin.failingUp(stage.declared()));
    expect(message).toContain(
      "OAuth is switched off on this instance, so nobody can connect: an administrator sets the system property com.snc.platform.security.oauth.is.active to true.",
    );
    expect(await stage.operations()).toEqual([]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ["with a wrong password", { SERVICENOW_PASSWORD: "wrong-password-of-the-test" }, /\(401\)[\s\S]*Check serviceNow\.username and serviceNow\.password/],
    ["with a wrong token", { SERVICENOW_TOKEN: "wrong-token-of-the-test" }, /\(401\)[\s\S]*Check serviceNow\.token \(SERVICENOW_TOKEN\)/],
    [
      "without credentials",
      { SERVICENOW_USERNAME: "", SERVICENOW_PASSWORD: "" },
      /no credentials for ServiceNow: set SERVICENOW_USERNAME and SERVICENOW_PASSWORD, or SERVICENOW_TOKEN/,
    ],
    ["without an instance", { SERVICENOW_INSTANCE: "" }, /no ServiceNow instance: set serviceNow\.instance on the resource/],
    [
      "on premises",
      { ODEUS_ENDPOINT_SERVICENOW: "http://127.0.0.1:1" },
      /cannot be reached[\s\S]*an instance on premises can be reached neither from here nor by Odeus/,
    ],
    [
      "inside a private network",
      { ODEUS_ENDPOINT_SERVICENOW: "", SERVICENOW_INSTANCE: "https://10.1.2.3" },
      /serviceNow\.instance \(Odeus reaches no instance on premises\): 10\.1\.2\.3 is inside a private network, and no secret is sent there/,
    ],
    ["over plain http", { ODEUS_ENDPOINT_SERVICENOW: "http://contoso.example" }, /must start with https:\/\//],
  ])("%s says which setting it is, and nothing was changed", async (_what, environment, expected) => {
    Object.assign(canaries, Object.fromEntries(Object.entries(environment).filter(([, value]) => value.startsWith("wrong"))));
    const { message } = await configured(environment, (other) => other.failingUp(stage.declared()));
    expect(message).toMatch(expected);
    expect(await stage.operations()).toEqual([]);
  });

  it("signs in with a token in place of a password", async () => {
    const { token } = stage.world.serviceNow;
    const made = await configured({ SERVICENOW_TOKEN: token, SERVICENOW_PASSWORD: "" }, (other) => other.up(stage.declared()));
    expect(made.state["clientId"]).toBe((await stage.record())["client_id"]);
  });

  it.each<[string, Inputs, RegExp]>([
    ["a blank around the name", { name: " Odeus" }, /serviceNow\.name: must not start or end with a blank/],
    ["a name that would be more than a value in a query", { name: "x^ORname!=x" }, /serviceNow\.name: must not hold the character \^/],
    ["a life of no seconds", { accessTokenLifespanSeconds: 0 }, /serviceNow\.accessTokenLifespanSeconds/],
    ["a life in parts of seconds", { refreshTokenLifespanSeconds: 1.5 }, /serviceNow\.refreshTokenLifespanSeconds/],
    ["the property of another kind", { displayName: "Odeus" }, /serviceNow\.displayName/],
  ])("begins with %s: check says so", async (_what, settings, expected) => {
    const { failures } = await stage.host.check(stage.urn(), stage.declared(settings));
    expect(failures).toEqual([expect.stringMatching(expected)]);
  });

  it("let no secret out, of all that was sent in this file", () => {
    expect(Object.keys(canaries).length).toBeGreaterThan(15);
    const channels = channelsOf(stage.host);
    expect([...leaks(canaries, channels), ...elsewhere]).toEqual([]);
    const [, text = ""] = spellings(canaries["password"] ?? "")[0] ?? [];
    expect(leaks(canaries, { ...channels, planted: text })).not.toEqual([]);
  });
});
