/** An entry of the application registry that others made: taken over, given back where that fails, imported, and left alone where it is another stack's. */

import { markOf, withMark } from "../../src/core/mark.js";
import type { Row } from "../../src/sandbox/serviceNow/instance.js";
import { failureOf, HOSTS, keptOf, type Made } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";
import { type ServiceNowStage, startServiceNowStage } from "../support/serviceNowRegistry.js";

const THEIRS = withMark("theirs", markOf("urn:pulumi:prod::shop::odeus:index:OAuthClientConfig::desk", undefined));

describe.each(HOSTS)("an entry of others through the %s host", (name, start) => {
  let stage: ServiceNowStage;
  beforeAll(async () => {
    stage = await startServiceNowStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  /** An entry made by hand, in the slot. */
  async function byHand(values: Row = {}): Promise<Row> {
    const { redirectUrl } = await stage.slot("servicenow");
    const record = await stage.foreign({
      name: "By hand",
      comments: "made in the form",
      redirect_url: `https://theirs.example/callback, ${redirectUrl}`,
      access_token_lifespan: "600",
      client_secret: "theirSecretIsLongEnough",
      ...values,
    });
    await stage.world.odeus("PUT", stage.slotPath("servicenow"), { clientId: record["client_id"], clientSecret: "theirSecretIsLongEnough", scopeSync: true });
    await stage.world.clearCalls();
    return record;
  }
  const adopting = (record: Row, more: Inputs = {}): Inputs => stage.declared({}, { adoptClientId: record["client_id"], ...more });

  describe("is adopted", () => {
    it("with our mark behind its comment, our redirect URL first, a new secret, and what others set left as it is", async () => {
      const record = await byHand();
      const made = await stage.up(adopting(record));
      expect(made.id).toBe(`serviceNow/${record["client_id"]}`);
      const now = await stage.record();
      const { redirectUrl } = await stage.slot("servicenow");
      expect(now).toMatchObject({
        sys_id: record["sys_id"],
        client_id: record["client_id"],
        name: "Odeus",
        access_token_lifespan: "600",
        redirect_url: `${redirectUrl},https://theirs.example/callback`,
        comments: expect.stringMatching(/^made in the form \[odeus-key:/),
      });
      expect(now["client_secret"]).not.toBe("theirSecretIsLongEnough");
      expect(await stage.works()).toBe(true);
      expect(stage.said("INFO").join()).toContain("is taken over: it gets our mark, what is declared here, and a new secret in place of its only one");
      expect(await stage.plan(made, made.inputs)).toEqual({ changes: false, said: [] });
      await stage.destroy(made);
      expect(await stage.records()).toEqual([]);
    });

    it("and given back whole where the first write is refused", async () => {
      const record = await byHand();
      const before = await stage.record();
      await stage.world.fault({ operation: "updateRecord", call: 1, fault: "forbidden" });
      const failure = await stage.failingUp(adopting(record));
      expect(failure.partial).toBeUndefined();
      const { sys_mod_count: _count, sys_updated_on: _on, sys_updated_by: _by, ...rest } = before;
      expect(await stage.record()).toMatchObject(rest);
      expect(await stage.works()).toBe(true);
    });

    it.each([
      ["an empty slot", {}],
      ["a slot of others", { replaceClientIds: ["somebody-elses"] }],
    ])("into %s, and kept where that fails: its only secret is gone by then, and nothing is said to be as it was", async (_what, more) => {
      const record = await byHand();
      if ("replaceClientIds" in more)
        await stage.world.odeus("PUT", stage.slotPath("servicenow"), { clientId: "somebody-elses", clientSecret: "theirs", scopeSync: true });
      else await stage.world.odeus("DELETE", stage.slotPath("servicenow"));
      await stage.world.clearCalls();
      await stage.world.fault({ operation: "putOAuthClient", fault: "forbidden", times: 1 });
      const failure = await stage.failingUp(adopting(record, more));
      const reasons = failure.partial?.reasons.join(" ");
      expect(reasons).toMatch(/the former one may have ended.* and so may whoever else uses client .*\. Run again now/);
      expect(failure.partial?.state).toMatchObject({ clientId: record["client_id"] });
      const { inputs } = await stage.host.check(stage.urn(), adopting(record, more));
      const made = await stage.up(inputs, keptOf(failure, inputs));
      expect(made.state).toMatchObject({ clientId: record["client_id"], drift: [] });
      expect(await stage.works()).toBe(true);
      expect(await stage.plan(made, made.inputs)).toEqual({ changes: false, said: [] });
    });

    it.each<[string, Row, RegExp]>([
      [
        "another stack's",
        { comments: THEIRS },
        /is that of OAuthClientConfig desk of stack shop\/prod.*one owner.*the part in brackets at the end of its comments/,
      ],
      ["an outbound one, to which nobody can sign in", { type: "oauth_provider" }, /is of the type oauth_provider.*nobody can sign in to it/],
    ])("but not where it is %s", async (_what, values, expected) => {
      const record = await byHand(values);
      expect((await stage.failingUp(adopting(record))).message).toMatch(expected);
      expect(await stage.operations()).toEqual([]);
    });

    it("but not where nobody sees it, or its id would be more than an id", async () => {
      for (const adoptClientId of ["0".repeat(32), "x^ORclient_id!=x"])
        expect((await stage.failingUp(stage.declared({}, { adoptClientId }))).message).toMatch(/adoptClientId: nothing with the client id .* can be seen/);
      expect(await stage.operations()).toEqual([]);
    });

    it("by the resource of a lost state, and by one of another name in this stack", async () => {
      const first = await stage.up(stage.declared(), undefined, "desk");
      const record = await stage.record();
      const next = await stage.again();
      // Its slot was emptied by hand, so nothing but the program can tell a new name from a namesake.
      await stage.world.odeus("DELETE", stage.slotPath("servicenow"));
      const refused = await next.failingUp(stage.declared(), undefined, "portal");
      expect(refused.message).toContain(
        "is that of OAuthClientConfig desk of stack demo/dev. Choose another serviceNow.name, or take it over with adoptClientId",
      );
      const made = await next.up(adopting(record), undefined, "portal");
      await next.host.stop();
      expect(made.state["clientId"]).toBe(first.state["clientId"]);
      expect((await stage.record())["comments"]).toContain("OAuthClientConfig%2Fportal");
      expect(await stage.works()).toBe(true);
    });
  });

  if (name === "dynamic") return;
  // The dynamic host has no import: the engine does not offer it one.
  describe("is imported", () => {
    const imported = async (id: string): Promise<Made> => {
      const found = await stage.host.read(stage.urn(), id);
      if (found === undefined) throw new Error(`${id} was answered as gone`);
      return found;
    };

    it("by its client id with all its settings: nothing is changed, and the next up is quiet", async () => {
      const record = await byHand();
      await stage.edit({ redirect_url: `${(await stage.slot("servicenow")).redirectUrl}, https://theirs.example/callback` });
      const before = await stage.record();
      const made = await imported(`serviceNow/${record["client_id"]}`);
      expect(made.inputs).toMatchObject({
        integrations: [{ integration: "servicenow" }],
        serviceNow: { name: "By hand", comments: "made in the form", accessTokenLifespanSeconds: 600, refreshTokenLifespanSeconds: 8_640_000 },
      });
      expect(made.state).toMatchObject({
        clientId: record["client_id"],
        drift: [],
        verification: { verdict: "unavailable", proven: ["redirectUrl"], unproven: ["secret", "scopes", "consent"] },
      });
      expect(stage.said("INFO").join()).toContain("https://theirs.example/callback");
      expect(await stage.plan(made, made.inputs)).toEqual({ changes: false, said: [] });
      expect(await stage.operations()).toEqual([]);
      expect(await stage.record()).toEqual(before);
      expect(await stage.refresh(made)).toEqual(made);
    });

    it("and keeps its secret until a rotation, which is due by the age of the record", async () => {
      const record = await byHand();
      const made = await imported(`serviceNow/${record["client_id"]}`);
      expect(made.state["drift"]).toEqual([expect.stringContaining("before our redirect URL")]);
      const next = await stage.up(made.inputs, made);
      expect(Object.keys((await stage.written())[0] ?? {})).toEqual(["redirect_url", "comments"]);
      expect(await stage.secret()).toBe("theirSecretIsLongEnough");
      expect(next.state["secretCreatedAt"]).toBe(`${record["sys_created_on"]?.replace(" ", "T")}Z`);
      const rotated = await stage.up({ ...made.inputs, rotation: { triggers: { by: "hand" } } }, next);
      expect(await stage.secret()).not.toBe("theirSecretIsLongEnough");
      expect(await stage.works()).toBe(true);
      expect(rotated.state["retiring"]).toEqual([]);
    });

    it("with a warning where it carries another stack's mark", async () => {
      const record = await byHand({ comments: THEIRS });
      const made = await imported(`serviceNow/${record["client_id"]}`);
      expect(made.inputs["serviceNow"]).toMatchObject({ comments: "theirs" });
      expect(stage.said("WARNING").join()).toContain("carries the mark of OAuthClientConfig desk of stack shop/prod");
    });

    it("but not where it cannot be seen, or no slot holds it", async () => {
      const refusal = async (id: string) => (await failureOf(stage.host.read(stage.urn(), id))).message;
      expect(await refusal(`serviceNow/${"0".repeat(32)}`)).toMatch(/no entry of the application registry with this client id can be seen.*oauth_admin/);
      const { client_id } = await stage.foreign();
      expect(await refusal(`serviceNow/${client_id}`)).toMatch(/no integration of the workspace at .* holds this client.*adoptClientId/);
    });
  });
});
