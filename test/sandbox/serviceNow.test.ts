/** The ServiceNow counterpart behaves as facts about the Table API and the OAuth endpoints say, towards programs and people. */

import type { Row } from "../../src/sandbox/serviceNow/instance.js";
import { connectUser } from "../support/browser.js";
import { type Reply, send, startWorld, type World } from "../support/sandbox.js";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const CLIENT = { name: "Odeus", type: "client", redirect_url: "https://odeus.example/callback", client_id: "id-of-odeus", client_secret: "secret0fOdeus" };
const ALL = "/api/now/table/oauth_entity";

const basic = ({ username, password }: { username: string; password: string }) => `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const authorization = basic(world.serviceNow);
  const content = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  return send(world.origins.serviceNow + path, { method, headers: { authorization, "content-type": "application/json", ...headers }, ...content });
}

const rowOf = (reply: Reply) => (reply.body as { result: Row }).result;
const rowsOf = (reply: Reply) => (reply.body as { result: Row[] }).result;
const errorOf = (reply: Reply) => (reply.body as { error: { message: string; detail: string } }).error;
const query = (text: string, more = "") => call("GET", `${ALL}?sysparm_query=${encodeURIComponent(text)}${more}`);
const namesOf = (reply: Reply) => rowsOf(reply).map(({ name }) => name);

describe("a record", () => {
  it("is made with 201 and its place, and everything in it is text", async () => {
    const made = await call("POST", ALL, { ...CLIENT, active: true, access_token_lifespan: 900 });
    expect([made.status, made.headers.location]).toEqual([201, `${world.origins.serviceNow}${ALL}/${rowOf(made).sys_id}`]);
    expect(rowOf(made)).toMatchObject({
      sys_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      client_id: "id-of-odeus",
      active: "true",
      access_token_lifespan: "900",
      refresh_token_lifespan: "8640000",
      sys_created_on: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      sys_created_by: world.serviceNow.username,
      sys_mod_count: "0",
    });
  });

  it("gets an id and a secret of its own where none was sent", async () => {
    const { sys_id, client_id } = rowOf(await call("POST", ALL, { name: "Generated", type: "client", client_secret: "" }));
    expect(client_id).toMatch(/^[0-9a-f]{32}$/);
    const { tables } = (await world.state()).serviceNow;
    expect(tables.oauth_entity.find((row) => row["sys_id"] === sys_id)?.["client_secret"]).toMatch(/^[0-9a-f]{32}$/);
  });

  it("never shows its secret, and each change of the record shows another text in its place", async () => {
    const made = await call("POST", ALL, CLIENT);
    const path = `${ALL}/${rowOf(made).sys_id}`;
    const replies = [
      made,
      await call("GET", path),
      await call("GET", `${path}?sysparm_display_value=true`),
      await call("GET", `${path}?sysparm_display_value=all`),
      await call("PATCH", path, { comments: "x" }),
      await query("client_id=id-of-odeus"),
    ];
    expect(replies.filter(({ text }) => text.includes(CLIENT.client_secret))).toEqual([]);
    expect(rowOf(replies[2] as Reply).client_secret).toBe("*********");
    expect(rowOf(replies[4] as Reply).client_secret).not.toBe(rowOf(made).client_secret);
    expect(rowsOf(await query(`client_secret=${CLIENT.client_secret}`))).toEqual([]);
  });

  it("is changed in the columns sent, and unknown ones and those of the system are ignored without a word", async () => {
    const { sys_id } = rowOf(await call("POST", ALL, { ...CLIENT, token_lifetime: "1", sys_id: "0".repeat(32) }));
    expect(sys_id).not.toBe("0".repeat(32));
    const changed = await call("PATCH", `${ALL}/${sys_id}`, { comments: "mark", sys_created_by: "me", refresh_token_lifetime: 1 });
    expect([changed.status, rowOf(changed)]).toEqual([200, expect.objectContaining({ comments: "mark", name: "Odeus", sys_mod_count: "1" })]);
    expect(rowOf(changed)).not.toMatchObject({ sys_created_by: "me" });
    expect(changed.text).not.toContain("lifetime");
    expect(rowOf(await call("PUT", `${ALL}/${sys_id}`, { active: "false" }))).toMatchObject({ comments: "mark", active: "false" });
    await world.changeServiceNow({ refusesUnknownColumns: true });
    expect(errorOf(await call("PATCH", `${ALL}/${sys_id}`, { token_lifetime: "1" })).detail).toBe("token_lifetime");
  });

  it("is deleted once, with nothing in the answer", async () => {
    const { sys_id } = rowOf(await call("POST", ALL, CLIENT));
    const gone = await call("DELETE", `${ALL}/${sys_id}`);
    expect([gone.status, gone.text]).toEqual([204, ""]);
    const again = await call("DELETE", `${ALL}/${sys_id}`);
    expect([again.status, again.body]).toEqual([
      404,
      { error: { message: "No Record found", detail: "Record doesn't exist or ACL restricts the record retrieval" }, status: "failure" },
    ]);
  });

  it("is not answered where that is asked for", async () => {
    const made = await call("POST", ALL, CLIENT, { "x-no-response-body": "true" });
    expect([made.status, made.text, made.headers.location]).toEqual([201, "", expect.stringContaining(ALL)]);
  });

  it("takes a body that is one record of JSON", async () => {
    expect([(await call("POST", ALL, "{broken")).status, (await call("POST", ALL, "[]")).status]).toEqual([400, 400]);
    expect((await call("POST", ALL, { ...CLIENT })).status).toBe(201);
    expect(errorOf(await call("POST", ALL, { ...CLIENT, name: "Another" })).detail).toContain("client_id");
  });
});

describe("a query", () => {
  beforeEach(async () => {
    for (const [name, comments] of [
      ["Alpha", "one"],
      ["Beta", "two"],
      ["alphabet", "two one"],
    ])
      await world.atServiceNow("POST", "/oauth_entity", { name, comments, type: "client" });
  });

  it.each([
    ["name=Alpha", ["Alpha"]],
    ["name!=Alpha^commentsLIKEtwo", ["Beta", "alphabet"]],
    ["nameSTARTSWITHal^ORnameENDSWITHta", ["Beta", "alphabet"]],
    ["commentsLIKEone^ORDERBYDESCname", ["alphabet", "Alpha"]],
    ["commentsLIKEt^ORDERBYname", ["Beta", "alphabet"]],
    ["logo_urlISEMPTY^nameLIKElph", ["Alpha", "alphabet"]],
    ["logo_urlISNOTEMPTY", []],
    ["name=nobody", []],
  ])("%s", async (text, names) => {
    expect(namesOf(await query(text))).toEqual(names);
  });

  it.each(["nmae=Alpha", "name~Alpha", "NAME=Alpha"])("that makes no sense finds every row: %s", async (text) => {
    expect(rowsOf(await query(text))).toHaveLength(5);
    await world.changeServiceNow({ properties: { "glide.invalid_query.returns_no_rows": "true" } });
    expect(rowsOf(await query(text))).toEqual([]);
  });

  it("is paged with a count and a link, and shows the columns asked for", async () => {
    const page = await query("ORDERBYname", "&sysparm_limit=2&sysparm_offset=1&sysparm_fields=name,nothing");
    expect(page.body).toEqual({ result: [{ name: "Beta" }, { name: "Mobile API" }] });
    expect(page.headers).toMatchObject({ "x-total-count": "5", link: expect.stringMatching(/sysparm_offset=3.*rel="next"/) });
    expect((await query("ORDERBYname", "&sysparm_offset=4")).headers.link).toBeUndefined();
  });

  it("without a result is an empty list, and in v1 a 404", async () => {
    expect((await call("GET", `/api/now/v2/table/oauth_entity?sysparm_query=name%3Dnobody`)).body).toEqual({ result: [] });
    expect((await call("GET", `/api/now/v1/table/oauth_entity?sysparm_query=name%3Dnobody`)).status).toBe(404);
  });

  it("shows references with a link, unless that is left out", async () => {
    const [shown] = rowsOf(await query("name=Alpha", "&sysparm_fields=sys_scope"));
    expect(shown).toEqual({ sys_scope: { link: expect.stringContaining("/sys_scope/global"), value: "global" } });
    expect(rowsOf(await query("name=Alpha", "&sysparm_fields=sys_scope&sysparm_exclude_reference_link=true"))).toEqual([{ sys_scope: "global" }]);
  });
});

describe("who may call", () => {
  it.each([
    ["nobody", ""],
    ["a wrong password", basic({ username: "admin", password: "admin" })],
    ["an unknown token", "Bearer nobody"],
  ])("not %s", async (_who, authorization) => {
    const refused = await call("GET", ALL, undefined, { authorization });
    expect([refused.status, errorOf(refused)]).toEqual([401, { message: "User Not Authenticated", detail: "Required to provide Auth information" }]);
    expect(refused.headers["www-authenticate"]).toContain("BASIC");
  });

  it.each(["oauth_admin", "mi_admin", "admin"])("a user with the role %s, by password or token", async (role) => {
    const user = await world.serviceNowUser([role]);
    expect((await call("GET", ALL, undefined, { authorization: `Bearer ${user.token}` })).status).toBe(200);
    expect((await call("POST", ALL, CLIENT, { authorization: basic(user) })).status).toBe(201);
  });

  it("without the role nothing is seen, and nothing can be made", async () => {
    const { sys_id } = rowOf(await call("POST", ALL, CLIENT));
    await world.changeServiceNow({ roles: { [world.serviceNow.username]: ["itil"] } });
    const listed = await query("client_id=id-of-odeus");
    expect([listed.status, rowsOf(listed), listed.headers["x-total-count"]]).toEqual([200, [], "1"]);
    expect((await call("GET", `${ALL}/${sys_id}`)).status).toBe(404);
    expect((await call("PATCH", `${ALL}/${sys_id}`, { active: "false" })).status).toBe(404);
    expect(errorOf(await call("POST", ALL, { name: "X" }))).toEqual({
      message: "Operation Failed",
      detail: "ACL Exception Insert Failed due to security constraints",
    });
  });

  it("properties are for administrators", async () => {
    const path = "/api/now/table/sys_properties?sysparm_query=name%3Dcom.snc.platform.security.oauth.is.active";
    expect(rowsOf(await call("GET", path))).toEqual([]);
    const admin = await world.serviceNowUser(["admin"]);
    expect(rowsOf(await call("GET", path, undefined, { authorization: basic(admin) }))).toMatchObject([{ value: "true" }]);
  });
});

describe("switches", () => {
  it("ignored columns, hidden records and blanked columns", async () => {
    await world.changeServiceNow({ ignoredColumns: ["comments"], blankedColumns: ["redirect_url"] });
    const made = rowOf(await call("POST", ALL, { ...CLIENT, comments: "mark" }));
    expect(made).toMatchObject({ comments: "", redirect_url: "" });
    const byHand = await world.atServiceNow("GET", `/oauth_entity/${made.sys_id}`);
    expect(byHand.body.result).toMatchObject({ redirect_url: CLIENT.redirect_url });
    await world.changeServiceNow({ hiddenRecords: [made.sys_id ?? ""] });
    expect((await call("GET", `${ALL}/${made.sys_id}`)).status).toBe(404);
    const listed = await query("client_id=id-of-odeus");
    expect([rowsOf(listed), listed.headers["x-total-count"]]).toEqual([[], "1"]);
  });

  it("records that a user has made, and may not see", async () => {
    await world.changeServiceNow({ hidesNewRecords: true });
    const { sys_id } = rowOf(await call("POST", ALL, CLIENT));
    expect([(await call("GET", `${ALL}/${sys_id}`)).status, (await call("DELETE", `${ALL}/${sys_id}`)).status]).toEqual([404, 404]);
    expect((await world.atServiceNow("GET", `/oauth_entity/${sys_id}`)).status).toBe(200);
  });

  it("a write that is ignored as a whole, or changes nothing, counts as no change", async () => {
    const { sys_id } = rowOf(await call("POST", ALL, CLIENT));
    await world.changeServiceNow({ ignoredColumns: ["client_secret"] });
    for (const body of [{ client_secret: "another0ne" }, { name: CLIENT.name }])
      expect(rowOf(await call("PATCH", `${ALL}/${sys_id}`, body))).toMatchObject({ sys_mod_count: "0" });
    await world.changeServiceNow({ ignoredColumns: [] });
    expect(rowOf(await call("PATCH", `${ALL}/${sys_id}`, { client_secret: "another0ne" }))).toMatchObject({ sys_mod_count: "1" });
  });

  it("late records: so many queries that would have found one do not", async () => {
    await world.changeServiceNow({ lateRecords: 1 });
    await call("POST", ALL, CLIENT);
    expect(rowsOf(await query("name=nobody"))).toEqual([]);
    expect(rowsOf(await query("name=Odeus"))).toEqual([]);
    expect(rowsOf(await query("name=Odeus"))).toHaveLength(1);
  });

  it("the limit of a page comes before the access rules", async () => {
    const rows = rowsOf(await query("ORDERBYname"));
    await world.changeServiceNow({ hiddenRecords: [rows[0]?.sys_id ?? ""] });
    expect(rowsOf(await query("ORDERBYname", "&sysparm_limit=1"))).toEqual([]);
  });

  it("an hour's calls of one user", async () => {
    const hour = 3_600_000;
    // To the middle of an hour, so that none ends meanwhile.
    await world.clock(hour / 2 - (Date.now() % hour));
    await world.changeServiceNow({ callsPerHour: 2 });
    const statuses = [await query(""), await query(""), await query("")];
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(errorOf(statuses[2] as Reply)).toEqual({ message: "Rate limit exceeded", detail: "Rate limit of 2 requests per hour for Table API exceeded" });
    const { headers } = statuses[2] as Reply;
    expect(headers).toMatchObject({ "x-ratelimit-limit": "2", "x-ratelimit-rule": expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(Number(headers["x-ratelimit-reset"]) % 3600).toBe(0);
    expect(Math.abs(Number(headers["retry-after"]) - 1800)).toBeLessThan(60);
    await world.changeServiceNow({ saysRetryAfter: false });
    expect((await query("")).headers).toEqual(expect.not.objectContaining({ "retry-after": expect.anything() }));
    const other = await world.serviceNowUser(["admin"]);
    expect((await call("GET", ALL, undefined, { authorization: basic(other) })).status).toBe(200);
    const given = await world.serviceNowUser(["admin"], { username: "both", password: "0f-two-instances" });
    expect(given).toMatchObject({ username: "both", password: "0f-two-instances", roles: ["admin"] });
    expect((await call("GET", ALL, undefined, { authorization: basic(given) })).status).toBe(200);
    await world.clock(hour * 1.5 - (Date.now() % hour));
    expect((await query("")).status).toBe(200);
  });

  it("a hibernating instance answers a page, or sends elsewhere, on every path", async () => {
    await world.changeServiceNow({ hibernating: "page" });
    for (const path of [ALL, "/oauth_auth.do?client_id=x"]) {
      const page = await call("GET", path);
      expect([page.status, page.headers["content-type"], page.text]).toEqual([
        200,
        expect.stringContaining("text/html"),
        expect.stringContaining("hibernating"),
      ]);
    }
    await world.changeServiceNow({ hibernating: "redirect" });
    expect((await call("POST", ALL, CLIENT)).status).toBe(302);
  });

  it("an instance without the plugin has no such table", async () => {
    await world.changeServiceNow({ oauthPlugin: false });
    const refused = await query("");
    expect([refused.status, errorOf(refused).message]).toEqual([400, "Invalid table oauth_entity"]);
  });

  it("what no switch or user is called is refused", async () => {
    await expect(world.changeServiceNow({ hibernate: true } as never)).rejects.toThrow(/unknown switches: hibernate; known: .*hibernating/);
    await expect(world.changeServiceNow({ roles: { nobody: [] } })).rejects.toThrow(/no user nobody/);
  });
});

test("calls are recorded by the vendor's names, and faults answer in its envelope", async () => {
  const { sys_id } = rowOf(await call("POST", ALL, CLIENT));
  await query("");
  for (const method of ["GET", "PATCH", "PUT", "DELETE"]) await call(method, `${ALL}/${sys_id}`, method === "PATCH" || method === "PUT" ? {} : undefined);
  expect((await world.calls()).map(({ operation, changes }) => [operation, changes])).toEqual([
    ["createRecord", true],
    ["retrieveRecords", false],
    ["retrieveRecord", false],
    ["updateRecord", true],
    ["modifyRecord", true],
    ["deleteRecord", true],
  ]);
  await world.fault(
    { counterpart: "serviceNow", operation: "createRecord", fault: "forbidden" },
    { counterpart: "serviceNow", operation: "token", fault: "serverError" },
  );
  expect((await call("POST", ALL, CLIENT)).body).toMatchObject({ error: { message: "Operation Failed" }, status: "failure" });
  expect((await send(`${world.origins.serviceNow}/oauth_token.do`, { method: "POST" })).body).toEqual({
    error: "server_error",
    error_description: "access_denied",
  });
});

describe("people who connect", () => {
  const callback = () => `${world.origins.odeus}/api/integrations/${world.integrations["servicenow"]}/callback`;
  const secret = "aSecretOfThisTest";

  /** A record as the provider makes it, entered in the workspace. */
  async function registered(change: Row = {}): Promise<string> {
    const row = { ...CLIENT, client_secret: secret, redirect_url: callback(), ...change };
    const { result } = (await world.atServiceNow("POST", "/oauth_entity", row)).body;
    await world.odeus("PUT", `/integrations/v1/${world.integrations["servicenow"]}/oauth-client`, { clientId: CLIENT.client_id, clientSecret: secret });
    return result["sys_id"] ?? "";
  }

  function connect(user = "ada", instance = world.serviceNow.instance) {
    const startUrl = `${world.origins.odeus}/integrations/${world.integrations["servicenow"]}/connect?user=${user}&instance=${instance}`;
    return connectUser({ startUrl, user });
  }
  const change = (sysId: string, row: Row) => world.atServiceNow("PATCH", `/oauth_entity/${sysId}`, row);
  const refresh = () => world.odeus("POST", `/integrations/${world.integrations["servicenow"]}/connections/refresh?user=ada`);

  it("sign in at the instance they name, and stay connected", async () => {
    await registered();
    expect(await connect()).toMatchObject({ connected: true, consentShows: "Odeus", scopes: ["useraccount"] });
    expect((await refresh()).body).toMatchObject({ refreshed: true });
  });

  it("have to name an instance that exists", async () => {
    await registered();
    expect([(await connect("ada", "")).error, (await connect("ada", "elsewhere")).error]).toEqual(["instance_required", "no_server"]);
  });

  it("feel another secret at once: there is one slot", async () => {
    const sysId = await registered();
    await connect();
    await change(sysId, { client_secret: "anotherSecret" });
    expect((await connect()).error).toBe("invalid_client");
    expect((await refresh()).body).toMatchObject({ refreshed: false });
    expect([await world.accepted("serviceNow", CLIENT.client_id, secret), await world.accepted("serviceNow", CLIENT.client_id, "anotherSecret")]).toEqual([
      false,
      true,
    ]);
  });

  it("are turned away while the record is inactive, or OAuth is switched off", async () => {
    const sysId = await registered();
    await change(sysId, { active: "false" });
    expect((await connect()).error).toBe("invalid_client");
    await change(sysId, { active: "true" });
    await world.changeServiceNow({ properties: { "com.snc.platform.security.oauth.is.active": "false" } });
    expect((await connect()).error).toBe("invalid_client");
    expect(await world.accepted("serviceNow", CLIENT.client_id, secret)).toBe(false);
  });

  it("need the role oauth_user, which only the token endpoint tells", async () => {
    await registered();
    const refused = await connect("norole");
    expect(refused).toMatchObject({ connected: false, consentShows: "Odeus", error: "invalid_client" });
    await world.changeServiceNow({ roles: { norole: ["oauth_user"] } });
    expect((await connect("norole")).connected).toBe(true);
  });

  it("come back to the first redirect URL where theirs is not among them", async () => {
    const elsewhere = `${world.origins.odeus}/api/integrations/${world.integrations["jira"]}/callback`;
    const sysId = await registered({ redirect_url: elsewhere });
    expect((await connect()).hops.at(-1)).toContain(elsewhere);
    await change(sysId, { redirect_url: `${elsewhere},${callback()}` });
    expect((await connect()).connected).toBe(true);
    await change(sysId, { redirect_url: `${callback()}/` });
    expect((await connect()).connected).toBe(false);
  });

  it("get tokens that live as long as the record says, up to the instance's own limit", async () => {
    const sysId = await registered({ access_token_lifespan: "900" });
    const lifetime = async () => {
      await connect();
      const { connections } = (await world.state<{ odeus: { connections: { connectedAt: string; accessTokenExpiresAt: string }[] } }>()).odeus;
      return (Date.parse(connections[0]?.accessTokenExpiresAt ?? "") - Date.parse(connections[0]?.connectedAt ?? "")) / 1000;
    };
    expect(await lifetime()).toBe(900);
    await change(sysId, { access_token_lifespan: "7200" });
    await world.changeServiceNow({ properties: { "glide.oauth.access_token.expire_in.system_max_seconds": "1800" } });
    expect(await lifetime()).toBe(1800);
  });

  it("need a state, unless a property says otherwise", async () => {
    await registered();
    const startUrl = `${world.origins.serviceNow}/oauth_auth.do?response_type=code&client_id=${CLIENT.client_id}&redirect_uri=${encodeURIComponent(callback())}`;
    expect((await connectUser({ startUrl, user: "ada" })).error).toBe("state_missing");
    await world.changeServiceNow({ properties: { "glide.oauth.state.parameter.required": "false" } });
    expect((await connectUser({ startUrl, user: "ada" })).consentShows).toBe("Odeus");
  });

  it("the token endpoint has one answer for a made-up code, whatever the secret", async () => {
    await registered();
    const ask = (client_secret: string) => {
      const form = { grant_type: "authorization_code", code: "x".repeat(43), redirect_uri: callback(), client_id: CLIENT.client_id, client_secret };
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      return send(`${world.origins.serviceNow}/oauth_token.do`, { method: "POST", headers, body: new URLSearchParams(form).toString() });
    };
    for (const reply of [await ask(secret), await ask("a-wrong-secret")])
      expect([reply.status, reply.body]).toEqual([401, { error: "server_error", error_description: "access_denied" }]);
  });
});
