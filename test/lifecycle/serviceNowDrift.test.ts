/** What people change at a ServiceNow client behind our back: a refresh tells it, the next `up` mends it, and then all is quiet. */

import type { Row } from "../../src/sandbox/serviceNow/instance.js";
import { HOSTS, type Made } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";
import { type ServiceNowStage, startServiceNowStage } from "../support/serviceNowRegistry.js";

interface HandEdit {
  values: (stage: ServiceNowStage) => Promise<Row>;
  drift: RegExp;
  /** What the next `up` writes. */
  written: (stage: ServiceNowStage) => Promise<Row>;
}
const ours = async (stage: ServiceNowStage) => (await stage.slot("servicenow")).redirectUrl;

const EDITS: [string, HandEdit][] = [
  [
    "the redirect URL is removed",
    { values: async () => ({ redirect_url: "" }), drift: /lacks the redirect URL http/, written: async (stage) => ({ redirect_url: await ours(stage) }) },
  ],
  [
    "the redirect URL is another one",
    {
      values: async () => ({ redirect_url: "https://typo.example/callback" }),
      drift: /lacks the redirect URL http/,
      written: async (stage) => ({ redirect_url: `${await ours(stage)},https://typo.example/callback` }),
    },
  ],
  [
    "the redirect URL stands behind another one, which ServiceNow falls back to",
    {
      values: async (stage) => ({ redirect_url: `https://theirs.example/callback, ${await ours(stage)}` }),
      drift: /has https:\/\/theirs\.example\/callback before our redirect URL; ServiceNow falls back to the first/,
      written: async (stage) => ({ redirect_url: `${await ours(stage)},https://theirs.example/callback` }),
    },
  ],
  [
    "it is made inactive",
    { values: async () => ({ active: "false" }), drift: /was made inactive: nobody can sign in/, written: async () => ({ active: "true" }) },
  ],
  [
    "its type is another one",
    {
      values: async () => ({ type: "oauth_provider" }),
      drift: /is of the type oauth_provider by now: nobody can sign in/,
      written: async () => ({ type: "client" }),
    },
  ],
  [
    "the client id is changed",
    {
      values: async () => ({ client_id: "changedByHand" }),
      drift: /has the client id changedByHand by now/,
      written: async (stage) => ({ client_id: (await stage.slot("servicenow")).client?.clientId ?? "" }),
    },
  ],
];

/** Settings that the program has: the engine shows them as a difference of the inputs. */
const DECLARED: Inputs = { active: true, accessTokenLifespanSeconds: 900, refreshTokenLifespanSeconds: 86_400, comments: "for the helpdesk" };
const SETTINGS: [string, Row, Inputs][] = [
  ["the name", { name: "Another" }, { name: "Another" }],
  ["inactive", { active: "false" }, { active: false }],
  ["the life of access tokens", { access_token_lifespan: "60" }, { accessTokenLifespanSeconds: 60 }],
  ["the life of refresh tokens", { refresh_token_lifespan: "61" }, { refreshTokenLifespanSeconds: 61 }],
];

describe.each(HOSTS)("drift of a ServiceNow client through the %s host", (_name, start) => {
  let stage: ServiceNowStage;
  beforeAll(async () => {
    stage = await startServiceNowStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  /** The update that the next `up` makes, and the quiet after it. */
  async function mended(seen: Made, inputs: Inputs): Promise<Made> {
    await stage.world.clearCalls();
    const next = await stage.up(inputs, seen);
    expect(next).toMatchObject({ changed: true, state: { drift: [] } });
    expect(await stage.plan(await stage.refreshed(next), inputs)).toEqual({ changes: false, said: [] });
    expect(await stage.works()).toBe(true);
    expect(await stage.signIn()).toMatchObject({ connected: true });
    return next;
  }

  it("is none of an untouched one, and a refresh changes nothing", async () => {
    const made = await stage.up(stage.declared(DECLARED));
    await stage.world.clearCalls();
    expect(await stage.refreshed(made)).toEqual({ id: made.id, state: made.state, inputs: made.inputs });
    expect(await stage.operations()).toEqual([]);
  });

  it.each(EDITS)("when %s", async (_what, { values, drift, written }) => {
    const made = await stage.up(stage.declared());
    await stage.edit(await values(stage));
    const seen = await stage.refreshed(made);
    expect(seen.state["drift"]).toEqual([expect.stringMatching(drift)]);
    expect(await stage.plan(seen, stage.declared())).toEqual({ changes: true, said: [expect.stringMatching(/^not as declared, and mended by this update: /)] });
    await mended(seen, stage.declared());
    expect(await stage.written()).toEqual([await written(stage)]);
    expect((await stage.record())["client_id"]).toBe(made.state["clientId"]);
  });

  it.each(SETTINGS)("in %s shows in the inputs, where the program has it", async (_what, values, read) => {
    const inputs = stage.declared(DECLARED);
    const made = await stage.up(inputs);
    const before = await stage.record();
    await stage.edit(values);
    const seen = await stage.refreshed(made);
    expect(seen.state["drift"]).toEqual([]);
    expect(seen.inputs["serviceNow"]).toEqual({ name: "Odeus", ...DECLARED, ...read });
    await mended(seen, inputs);
    const [column = ""] = Object.keys(values);
    expect(await stage.written()).toEqual([{ [column]: before[column] }]);
  });

  it("in the comment shows in the inputs, and the mark comes back with it", async () => {
    const inputs = stage.declared(DECLARED);
    const made = await stage.up(inputs);
    const { comments } = await stage.record();
    await stage.edit({ comments: "mine now" });
    const seen = await stage.refreshed(made);
    expect(seen.inputs["serviceNow"]).toMatchObject({ comments: "mine now" });
    await mended(seen, inputs);
    expect((await stage.record())["comments"]).toBe(comments);
  });

  it("when the record is deleted: a new one takes its place", async () => {
    const made = await stage.up(stage.declared());
    await stage.world.atServiceNow("DELETE", `/oauth_entity/${(await stage.record())["sys_id"]}`);
    const seen = await stage.refreshed(made);
    expect(seen.state["drift"]).toEqual([expect.stringMatching(/application registry "Odeus" on \S+ is gone from the instance/)]);
    const next = await mended(seen, stage.declared());
    expect(next.id).toBe(made.id);
    expect(next.state["clientId"]).toBe((await stage.record())["client_id"]);
    expect(next.state["clientId"]).not.toBe(made.state["clientId"]);
  });

  it("when record and slot are both gone: so is the resource", async () => {
    const made = await stage.up(stage.declared());
    await stage.world.atServiceNow("DELETE", `/oauth_entity/${(await stage.record())["sys_id"]}`);
    await stage.world.odeus("DELETE", stage.slotPath("servicenow"));
    expect(await stage.refresh(made)).toBeUndefined();
  });

  it.each<[string, string, unknown, RegExp]>([
    ["emptied", "DELETE", undefined, /servicenow has no client any more/],
    ["given another secret", "PATCH", { clientSecret: "by-hand" }, /the client secret in servicenow was replaced by hand/],
  ])("when the slot is %s: a new secret is set and entered", async (_what, method, body, drift) => {
    const made = await stage.up(stage.declared());
    const before = await stage.record();
    await stage.world.odeus(method, stage.slotPath("servicenow"), body);
    const seen = await stage.refreshed(made);
    expect(seen.state["drift"]).toEqual([expect.stringMatching(drift)]);
    const { said } = await stage.plan(seen, stage.declared());
    expect(said).toEqual([
      expect.stringMatching(drift),
      expect.stringMatching(/^the current client secret is not in every integration, .*sign-ins in the moment/),
    ]);
    await mended(seen, stage.declared());
    expect(await stage.written()).toEqual([{ client_secret: expect.not.stringMatching(before["client_secret"] ?? "") }]);
  });

  it("in columns that this user may not read is none, with a warning that names them; an update leaves what others wrote there", async () => {
    const made = await stage.up(stage.declared(DECLARED));
    const theirs = `${await ours(stage)},https://theirs.example/callback`;
    await stage.edit({ redirect_url: theirs, comments: `read me ${(await stage.record())["comments"]}` });
    const { comments } = await stage.record();
    await stage.switches({ blankedColumns: ["redirect_url", "comments", "active", "client_id"] });
    const seen = await stage.refreshed(made);
    expect(seen).toMatchObject({ inputs: made.inputs, state: { drift: [], clientId: made.state["clientId"] } });
    expect(stage.said("WARNING").slice(-1)).toEqual([
      expect.stringMatching(
        /this user may not read client_id, active, redirect_url, comments, so what stands there is neither compared nor proven\. Let the role oauth_admin/,
      ),
    ]);
    expect(await stage.plan(seen, stage.declared(DECLARED))).toEqual({ changes: false, said: [] });

    const next = await stage.up(stage.declared({ ...DECLARED, active: false, accessTokenLifespanSeconds: 60 }), seen);
    expect((await stage.written()).at(-1)).toEqual({ active: "false", access_token_lifespan: "60" });
    expect(await stage.record()).toMatchObject({ redirect_url: theirs, comments, active: "false", client_id: made.state["clientId"] });
    expect(next.state).toMatchObject({ clientId: made.state["clientId"], drift: [] });
  });

  it("of the instance's limit for access tokens is a warning of the plan's own run", async () => {
    const { username, password } = await stage.world.serviceNowUser(["admin"]);
    await stage.switches({ properties: { "glide.oauth.access_token.expire_in.system_max_seconds": "600" } });
    const admin = await stage.again({ SERVICENOW_USERNAME: username, SERVICENOW_PASSWORD: password });
    await admin.up(stage.declared({ accessTokenLifespanSeconds: 900 }));
    expect(admin.said("WARNING").join()).toContain("serviceNow.accessTokenLifespanSeconds: the instance ends access tokens after 600 s");
    await admin.host.stop();
    await stage.switches({ properties: { "glide.oauth.access_token.expire_in.system_max_seconds": "" } });
  });
});
