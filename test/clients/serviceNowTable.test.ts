/** The client of ServiceNow's Table API against the sandbox's instance: what is sent, what is found, and how failures read. */

import type { HttpLimits } from "../../src/clients/http.js";
import { instanceReach, instanceUrl, type ServiceNowSignIn, serviceNowSignIn } from "../../src/clients/serviceNowSignIn.js";
import { type ClientRecord, createServiceNowTable, OAUTH_IS_ACTIVE } from "../../src/clients/serviceNowTable.js";
import { createConfig } from "../../src/core/config.js";
import type { Env } from "../../src/core/env.js";
import { ConfigError, NotConfiguredError, RemoteError } from "../../src/core/errors.js";
import { Secret } from "../../src/core/secret.js";
import { startWorld, type World } from "../support/sandbox.js";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const SECRET = "c1ientSecret0fTheTableTest";
const FIELDS = {
  name: "Odeus",
  type: "client",
  client_id: "a".repeat(32),
  redirect_url: "https://odeus.example/callback",
  active: "true",
  comments: "by odeus-stack:shop/prod",
};
const env = { now: () => new Date(), random: () => 0.05, signal: new AbortController().signal } as Env;

function client(signIn?: ServiceNowSignIn, limits: HttpLimits = { callTimeoutMs: 1000, retryMs: 300 }) {
  const { username, password } = world.serviceNow;
  return createServiceNowTable({ baseUrl: world.origins.serviceNow, signIn: signIn ?? { username, password: new Secret(password) }, env, limits });
}
const insert = (fields = {}): Promise<ClientRecord> => client().insert({ ...FIELDS, client_secret: new Secret(SECRET), ...fields });
const stored = async (sysId: string) => (await world.state()).serviceNow.tables.oauth_entity.find((row) => row["sys_id"] === sysId);
const failing = async (work: Promise<unknown>): Promise<RemoteError> => {
  const error = await work.then(
    (result) => result,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RemoteError);
  return error as RemoteError;
};

describe("a record", () => {
  it("is made with the secret, read without it, changed and removed", async () => {
    const made = await insert();
    expect(made).toMatchObject({ ...FIELDS, access_token_lifespan: "1800", sys_mod_count: "0" });
    expect(await stored(made.sys_id)).toMatchObject({ client_secret: SECRET });
    expect(await client().get(made.sys_id)).toEqual(made);
    const changed = await client().update(made.sys_id, { access_token_lifespan: "900", client_secret: new Secret("another0fTheTableTest") });
    expect(changed).toMatchObject({ name: "Odeus", access_token_lifespan: "900", sys_mod_count: "1" });
    expect(await stored(made.sys_id)).toMatchObject({ client_secret: "another0fTheTableTest" });
    expect([await client().remove(made.sys_id), await client().remove(made.sys_id)]).toEqual([true, false]);
    // Nothing but columns that exist, and the secret is asked for in no call.
    await world.changeServiceNow({ refusesUnknownColumns: true });
    expect((await insert()).sys_id).not.toBe(made.sys_id);
    expect((await world.calls()).filter(({ query }) => !/sysparm_fields=/.test(query) || query.includes("client_secret")).map(({ method }) => method)).toEqual([
      "DELETE",
      "DELETE",
    ]);
  });

  it("shows what the instance has ignored or blanked, so that it can be compared", async () => {
    await world.changeServiceNow({ ignoredColumns: ["comments"], blankedColumns: ["redirect_url"] });
    expect(await insert()).toMatchObject({ comments: "", redirect_url: "", name: "Odeus" });
  });

  it("tells a column that is empty from one that this user may not read, and takes it for the latter where nobody can tell", async () => {
    const { sys_id } = await insert({ comments: "" });
    const blanked = () => client().blanked(sys_id, ["comments", "redirect_url"]);
    await world.changeServiceNow({ blankedColumns: ["redirect_url", "comments"] });
    expect(await blanked()).toEqual(["redirect_url"]);
    await world.changeServiceNow({ ignoresQueries: true });
    expect(await blanked()).toEqual(["comments", "redirect_url"]);
    await world.changeServiceNow({ ignoresQueries: false, properties: { "glide.invalid_query.returns_no_rows": "true" }, hiddenRecords: [sys_id] });
    expect(await blanked()).toEqual(["comments", "redirect_url"]);
  });

  it("is gone only for a user who sees others", async () => {
    const { sys_id } = await insert();
    await client().remove(sys_id);
    expect(await client().get(sys_id)).toBeUndefined();
    await world.changeServiceNow({ roles: { [world.serviceNow.username]: [] } });
    expect(await client().get(sys_id)).toBe("hidden");
  });

  it("is hidden where an access rule hides it, alone or with all others", async () => {
    const { sys_id } = await insert();
    await world.changeServiceNow({ hiddenRecords: [sys_id] });
    expect(await client().get(sys_id)).toBe("hidden");
    await world.changeServiceNow({ hiddenRecords: [], roles: { [world.serviceNow.username]: ["itil"] } });
    expect(await client().get(sys_id)).toBe("hidden");
  });

  it("is found all the same where only the first look missed it", async () => {
    const made = await insert();
    await world.fault({ operation: "retrieveRecord", fault: "notFound" });
    expect(await client().get(made.sys_id)).toEqual(made);
  });
});

describe("find", () => {
  const find = (...conditions: [Parameters<ReturnType<typeof client>["find"]>[0][number]["column"], "=" | "LIKE", string][]) =>
    client().find(conditions.map(([column, operator, value]) => ({ column, operator, value })));

  it("meets all conditions to the letter", async () => {
    const made = await insert();
    await world.atServiceNow("POST", "/oauth_entity", { ...FIELDS, name: "odeus", client_id: "b", comments: "by Odeus-stack:shop/prod" });
    expect(await find(["name", "=", "Odeus"])).toEqual([made]);
    expect(await find(["comments", "LIKE", "odeus-stack:shop/prod"])).toEqual([made]);
    expect(await find(["type", "=", "client"], ["client_id", "=", FIELDS.client_id])).toEqual([made]);
    expect(await find(["name", "=", "Odeus"], ["client_id", "=", "b"])).toEqual([]);
  });

  it("holds rows against the query, which the instance may ignore", async () => {
    const made = await insert();
    await world.changeServiceNow({ ignoresQueries: true });
    expect((await find()).length).toBeGreaterThan(1);
    expect(await find(["client_id", "=", FIELDS.client_id])).toEqual([made]);
    expect(await find(["comments", "LIKE", "nobody's mark"])).toEqual([]);
    await client().remove(made.sys_id);
    expect(await client().get(made.sys_id)).toBeUndefined();
  });

  it("reads all pages, also where access rules empty one", async () => {
    const ids = [];
    for (let count = 0; count < 205; count += 1) {
      const { result } = (await world.atServiceNow("POST", "/oauth_entity", { name: `Many ${count}`, type: "many" })).body;
      ids.push(result["sys_id"] ?? "");
    }
    await world.changeServiceNow({ hiddenRecords: [...ids].sort().slice(0, 100) });
    expect(await find(["type", "=", "many"])).toHaveLength(105);
    expect((await world.calls()).map(({ operation }) => operation)).toEqual(["retrieveRecords", "retrieveRecords", "retrieveRecords"]);
  });

  it("refuses a value that would be more than a value, before any call", async () => {
    await expect(find(["name", "=", "x^ORname!=x"])).rejects.toThrow(ConfigError);
    await expect(find(["name", "=", "x^ORname!=x"])).rejects.toThrow(/ServiceNow cannot look for "x\^ORname!=x"/);
    expect(await world.calls()).toEqual([]);
  });

  it.each(["a&b=c", "ä +%", "x,y", 'quote " and \\'])("takes %s as it is", async (name) => {
    const made = await insert({ name });
    expect(await find(["name", "=", name])).toEqual([made]);
  });
});

describe("signing in", () => {
  it("is by password or token, and what is wrong is told apart", async () => {
    expect(await client({ token: new Secret(world.serviceNow.token) }).find([])).not.toEqual([]);
    const wrongPassword = await failing(client({ username: world.serviceNow.username, password: new Secret("wrong-password") }).find([]));
    expect(wrongPassword.message).toBe(
      [
        "ServiceNow refused it (401).",
        "It said: User Not Authenticated: Required to provide Auth information.",
        "Check serviceNow.username and serviceNow.password (SERVICENOW_USERNAME, SERVICENOW_PASSWORD): a user who signs in with a password, not through single sign-on.",
      ].join("\n  "),
    );
    await world.changeServiceNow({ properties: { [OAUTH_IS_ACTIVE]: "false" } });
    expect((await failing(client({ token: new Secret(world.serviceNow.token) }).find([]))).message).toContain("none works while OAuth is switched off");
  });

  it("needs the role, which the refusal names", async () => {
    await world.changeServiceNow({ roles: { [world.serviceNow.username]: ["itil"] } });
    const { message, failure } = await failing(insert());
    expect(message).toContain(
      `It said: Operation Failed: ACL Exception Insert Failed due to security constraints.\n  The user "${world.serviceNow.username}" needs`,
    );
    expect(message).toContain("the role oauth_admin");
    expect(failure).toMatchObject({ operation: "createRecord", outcome: "refused", status: 403 });
    expect((await failing(client().update("0".repeat(32), {}))).message).toContain("The record is gone, or hidden.");
  });

  it("reads system properties only as far as the user may", async () => {
    expect(await client().property(OAUTH_IS_ACTIVE)).toBeUndefined();
    const { username, password } = await world.serviceNowUser(["admin"]);
    const admin = client({ username, password: new Secret(password) });
    expect([await admin.property(OAUTH_IS_ACTIVE), await admin.property("no.such.property")]).toEqual(["true", undefined]);
    await world.fault({ operation: "retrieveRecords", fault: "forbidden" });
    expect(await admin.property(OAUTH_IS_ACTIVE)).toBeUndefined();
  });
});

describe("an instance that does not answer as one", () => {
  it.each(["page", "redirect"] as const)("hibernates: %s", async (hibernating) => {
    await world.changeServiceNow({ hibernating });
    const { message } = await failing(client().find([]));
    expect(message).toContain("The instance may be hibernating (a developer instance is woken at https://developer.servicenow.com)");
    // Nor does a page mean that a record is gone.
    await failing(client().remove("0".repeat(32)));
    await failing(client().get("0".repeat(32)));
  });

  it.each([true, false])(
    "has used up the hour's calls: nobody waits, and the message has the time, with a Retry-After (%s) or the time of the reset alone",
    async (saysRetryAfter) => {
      const hour = 3_600_000;
      // To the middle of the next hour, so that none ends meanwhile.
      const ahead = 1.5 * hour - (Date.now() % hour);
      await world.clock(ahead);
      await world.changeServiceNow({ callsPerHour: 1, saysRetryAfter });
      await client().find([]);
      const { message, failure } = await failing(client().find([]));
      expect(await world.calls()).toHaveLength(2);
      const time = /Run again after (\S+)\. A rate limit rule of the instance \(sys_rate_limit_rules\) counts the calls of a user by the hour\./.exec(
        message,
      )?.[1];
      // A time of the instance's own clock, or a time from now on.
      const expected = Date.now() + hour / 2 + (saysRetryAfter ? 0 : ahead);
      expect(Math.abs(Date.parse(time ?? "") - expected)).toBeLessThan(60_000);
      expect(failure).toMatchObject({ status: 429, outcome: "refused" });
    },
  );

  it("lacks the plugin", async () => {
    await world.changeServiceNow({ oauthPlugin: false });
    expect((await failing(client().find([]))).message).toContain("an administrator activates the plugin OAuth 2.0");
  });

  it("is not there", async () => {
    const nowhere = createServiceNowTable({
      baseUrl: "http://127.0.0.1:1",
      signIn: { token: new Secret("token-of-nobody") },
      env,
      limits: { callTimeoutMs: 500, retryMs: 0 },
    });
    const { message, failure } = await failing(nowhere.insert(FIELDS));
    expect(message).toContain("Check serviceNow.instance: an instance on premises can be reached neither from here nor by Odeus.");
    expect(failure.outcome).toBe("unreachable");
  });

  it("never answers: the address may be that of an instance on premises, unless the instance has answered before", async () => {
    const onPremises = "Check serviceNow.instance: an instance on premises can be reached neither from here nor by Odeus.";
    const patience = { callTimeoutMs: 1000, retryMs: 0 };
    await world.fault({ operation: "retrieveRecords", fault: "hang", times: 2 });
    expect((await failing(client(undefined, patience).find([]))).message).toMatch(/gave no answer within [\s\S]*Check serviceNow\.instance/);
    const known = client(undefined, patience);
    await failing(known.find([]));
    await known.find([]);
    await world.fault({ operation: "retrieveRecords", fault: "hang" });
    expect((await failing(known.find([]))).message).not.toContain(onPremises);
  });

  it("is inside a private network: nothing is sent there, unless its host is listed", async () => {
    const config = (settings: Record<string, string>) => createConfig({ setting: (key) => settings[key], environment: {} });
    const table = (settings: Record<string, string>) => {
      const { username, password } = world.serviceNow;
      const [signIn, reach] = [{ username, password: new Secret(password) }, instanceReach(config(settings))];
      return createServiceNowTable({ baseUrl: world.origins.serviceNow, reach, signIn, env, limits: { callTimeoutMs: 1000, retryMs: 0 } });
    };
    expect(() => table({})).toThrow(
      /serviceNow\.instance \(Odeus reaches no instance on premises\): localhost is inside a private network, and no secret is sent there/,
    );
    expect(await world.calls()).toEqual([]);
    expect(await table({ privateHosts: "localhost" }).seesAny()).toBe(true);
    expect(await table({ "endpoints.serviceNow": world.origins.serviceNow }).seesAny()).toBe(true);
  });

  it.each([
    ["a lost answer", { fault: "answerLost" }, "unknown", 1],
    ["trouble", { fault: "serverError", status: 500, effect: true }, "unknown", 1],
    ["a page after the effect", { fault: "html", effect: true }, "unknown", 1],
    ["half an answer", { fault: "bodyTruncated" }, "unknown", 1],
  ] as const)("leaves open after %s whether a record was made, and makes no second one", async (_what, fault, outcome, made) => {
    await world.fault({ operation: "createRecord", times: "always", ...fault });
    const { failure, message } = await failing(insert());
    expect(failure.outcome).toBe(outcome);
    expect(message).not.toContain(SECRET);
    expect((await world.calls()).map(({ operation }) => operation)).toEqual(["createRecord"]);
    await world.clearFaults();
    expect(await client().find([{ column: "client_id", operator: "=", value: FIELDS.client_id }])).toHaveLength(made);
  });

  it("may answer a repeated change and a repeated removal", async () => {
    const { sys_id } = await insert();
    await world.fault({ operation: "updateRecord", fault: "answerLost" }, { operation: "deleteRecord", fault: "answerLost" });
    expect(await client().update(sys_id, { active: "false" })).toMatchObject({ active: "false" });
    // The second try finds nothing any more.
    expect(await client().remove(sys_id)).toBe(false);
    expect(await stored(sys_id)).toBeUndefined();
  });

  it("answers something else than its API", async () => {
    const elsewhere = createServiceNowTable({
      baseUrl: world.origins.odeus,
      signIn: { token: new Secret("token-of-nobody") },
      env,
      limits: { callTimeoutMs: 500, retryMs: 0 },
    });
    // A 404 of another service is no word about a record.
    expect((await failing(elsewhere.remove("0".repeat(32)))).failure).toMatchObject({ status: 404, outcome: "refused" });
    expect((await failing(elsewhere.get("0".repeat(32)))).failure.status).toBe(404);
  });
});

describe("configuration", () => {
  const config = (settings: Record<string, string>) => createConfig({ setting: (key) => settings[key], environment: {} });

  it.each([
    [{}, "dev12345", "https://dev12345.service-now.com"],
    [{ "serviceNow.instance": "contoso" }, undefined, "https://contoso.service-now.com"],
    [{ "serviceNow.instance": "contoso" }, "other", "https://other.service-now.com"],
    [{}, "support.contoso.com", "https://support.contoso.com"],
    [{}, "https://contoso.service-now.com/now/nav/ui/home", "https://contoso.service-now.com"],
    [{ "endpoints.serviceNow": "http://localhost:1/" }, "contoso", "http://localhost:1"],
  ])("%j and %s are %s", (settings, instance, url) => {
    expect(instanceUrl(config(settings as Record<string, string>), instance)).toBe(url);
  });

  it.each([undefined, "http://contoso.example", "not an instance", "user@contoso.example", "-dev"])("no address is made of %s", (instance) => {
    expect(() => instanceUrl(config({}), instance)).toThrow(ConfigError);
  });

  it("takes a token, or a name with its password", () => {
    const both = { "serviceNow.username": "deployer", "serviceNow.password": "password-of-the-test" };
    expect(serviceNowSignIn(config(both))).toMatchObject({ username: "deployer" });
    expect(serviceNowSignIn(config({ ...both, "serviceNow.token": "token-of-the-test" }))).toEqual({ token: expect.any(Secret) });
    expect(() => serviceNowSignIn(config({ "serviceNow.username": "deployer" }))).toThrow(NotConfiguredError);
    expect(() => serviceNowSignIn(config({ ...both, "serviceNow.username": "a:b" }))).toThrow("must not hold a colon");
  });
});
