/** Which security integration a name means, what another name or type does, and whose an integration is. */

import { markOf, withMark } from "../../src/core/mark.js";
import { DEPLOYER_ROLE } from "../../src/sandbox/snowflake/account.js";
import { HOSTS, type Made, type Stage } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";
import { type SnowflakeStage, standAlone, startSnowflakeStage } from "../support/snowflakeIntegration.js";

const BARE = "TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'CONFIDENTIAL' OAUTH_REDIRECT_URI = 'https://app.example/callback'";
const markedFor = (urn: string): string => withMark("", markOf(urn, undefined));
const THEIRS = markedFor("urn:pulumi:prod::shop::odeus:index:SnowflakeSecurityIntegration::snow");

describe.each(HOSTS)("the identity of a security integration through the %s host", (_name, start) => {
  let stage: SnowflakeStage;
  beforeAll(async () => {
    stage = await startSnowflakeStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const diff = async (made: Made, inputs: Inputs) => {
    const lines = stage.host.lines.length;
    const { inputs: news } = await stage.host.check(stage.urn(), inputs, made.inputs);
    const answer = await stage.host.diff(stage.urn(), made.id, made.state, news);
    return { ...answer, said: stage.host.lines.slice(lines).map(({ message }) => message) };
  };
  const byOwner = (sql: string) => stage.world.atSnowflake.run(sql, DEPLOYER_ROLE);
  /** What the engine does with the original of a replacement, as it does it: under the same name, in the same run. */
  const deleteOriginal = (run: Stage, original: Made) => run.host.delete(run.urn(), original.id, original.state);

  it.each([
    ["odeus", "ODEUS"],
    ["Odeus", '"ODEUS"'],
    ['"ODEUS"', "oDEUS"],
  ])("%s and %s are one name", async (first, then) => {
    const made = await stage.up(standAlone({ name: first }));
    expect(Object.keys(await stage.integrations())).toEqual(["ODEUS"]);
    expect(made.id).toBe("ODEUS");
    expect((await diff(made, standAlone({ name: then }))).changes).toBe(false);
  });

  it("a name in quotes keeps its letters, and is another one", async () => {
    const made = await stage.up(standAlone({ name: '"odeus"' }));
    expect(made.id).toBe("odeus");
    expect(Object.keys(await stage.integrations())).toEqual(["odeus"]);
    expect(await diff(made, standAlone({ name: "odeus" }))).toMatchObject({ changes: true, replaces: ["name"], deleteBeforeReplace: false });
  });

  it("another name makes and enters another one before the old one is dropped, and says so", async () => {
    const original = await stage.up(stage.declared());
    const [secret] = (await stage.integration()).secrets;
    const answer = await diff(original, stage.declared({ name: "odeus_two" }));
    expect(answer).toMatchObject({ replaces: ["name"], deleteBeforeReplace: false });
    expect(answer.said.join("\n")).toContain(
      "another security integration (odeus_two) is made and entered before odeus is dropped: another client id, so users sign in again",
    );
    const run = await stage.again();
    const made = await run.up(stage.declared({ name: "odeus_two" }));
    expect(made.id).toBe("ODEUS_TWO");
    expect(await stage.login()).toBe(true);
    expect(await stage.world.accepted("snowflake", String(original.state["clientId"]), secret)).toBe(true);
    await deleteOriginal(run, original);
    expect(run.said("INFO").join()).toContain("holds another client by now and is left alone");
    await run.host.stop();
    expect(Object.keys(await stage.integrations())).toEqual(["ODEUS_TWO"]);
    expect(await stage.login()).toBe(true);
    expect(await stage.connect(stage.place.slug)).toMatchObject({ connected: true });
    expect((await stage.refreshed(made)).state["drift"]).toEqual([]);
  });

  it("one of another type in its place is told as such, and left alone", async () => {
    const made = await stage.up(stage.declared());
    await stage.byHand("DROP INTEGRATION ODEUS");
    await stage.world.atSnowflake.integration("ODEUS", { owner: DEPLOYER_ROLE });
    await stage.world.clearCalls();
    expect((await stage.failingUp(stage.declared({ comment: "after" }), made)).message).toContain(
      "it has no client id, so it is none of a custom OAuth client",
    );
    expect(await stage.changingCalls()).toEqual([]);
  });

  it("a place that others hold is told although one of the stack's integrations vanishes while its owner is looked for", async () => {
    await stage.up(standAlone({ name: "bystander" }), undefined, "bystander");
    await stage.world.odeus("PUT", `/integrations/v1/${stage.place.id}/oauth-client`, { clientId: "somebody-elses", clientSecret: "their-secret" });
    await stage.world.fault({ operation: "statement:DESC", fault: "notFound", call: 1 });
    expect((await stage.failingUp(stage.declared())).message).toContain("warehouse already holds client somebody-elses");
    expect(await stage.statements()).toEqual(expect.arrayContaining(["SHOW"]));
  });

  it("another client type drops it before it is made anew, and says that there is no way back", async () => {
    const original = await stage.up(stage.declared());
    const answer = await diff(original, stage.declared({ oauthClientType: "PUBLIC" }));
    expect(answer).toMatchObject({ replaces: ["oauthClientType"], deleteBeforeReplace: true });
    expect(answer.said.join("\n")).toContain(
      "another client type: odeus is dropped and made anew, which cannot be undone; until it is entered nobody can sign in",
    );
    const run = await stage.again();
    await run.host.diff(run.urn(), original.id, original.state, (await run.host.check(run.urn(), stage.declared({ oauthClientType: "PUBLIC" }))).inputs);
    // The engine asks for the inputs again, without the original in mind.
    await run.host.check(run.urn(), stage.declared({ oauthClientType: "PUBLIC" }));
    await deleteOriginal(run, original);
    expect(await stage.integrations()).toEqual({});
    expect((await stage.slot(stage.place.slug)).client).toBeUndefined();
    const made = await run.up(stage.declared({ oauthClientType: "PUBLIC" }));
    await run.host.stop();
    expect(made.state["clientId"]).not.toBe(original.state["clientId"]);
    expect((await stage.integration()).properties.OAUTH_CLIENT_TYPE).toBe("PUBLIC");
    expect(await stage.login()).toBe(true);
  });

  it("another name and another type at once are made beside it", async () => {
    const original = await stage.up(standAlone());
    const answer = await diff(original, standAlone({ name: "other", oauthClientType: "PUBLIC" }));
    expect(answer.replaces.sort()).toEqual(["name", "oauthClientType"]);
    expect(answer.deleteBeforeReplace).toBe(false);
  });

  it("roles are compared as they are stored, lists without their order, and an empty one is none", async () => {
    await stage.world.atSnowflake.role("analyst");
    const made = await stage.up(standAlone({ preAuthorizedRoles: ["Analyst", '"PUBLIC"'], blockedRoles: [] }));
    const { blockedRoles: _none, ...same } = standAlone({ preAuthorizedRoles: ["public", '"ANALYST"'] });
    expect((await diff(made, same)).changes).toBe(false);
    const other = await stage.up(standAlone({ preAuthorizedRoles: ['"analyst"', "public"] }), made);
    expect(other.changed).toBe(true);
    expect((await stage.integration()).properties.PRE_AUTHORIZED_ROLES_LIST).toEqual(["PUBLIC", "analyst"]);
  });

  describe("is refused", () => {
    const refusal = async (inputs: Inputs, name?: string): Promise<string> => {
      const { message, partial } = await stage.failingUp(inputs, undefined, name);
      expect(partial).toBeUndefined();
      return message;
    };

    it("to two resources of one program, however they write the name or the place", async () => {
      const check = (name: string, inputs: Inputs) => stage.host.check(stage.urn(name), inputs);
      await check("first", stage.declared());
      expect((await check("second", standAlone({ name: '"ODEUS"' }))).failures).toEqual([expect.stringMatching(/ODEUS.* is also claimed by .*"first"/)]);
      expect((await check("second", stage.declared({ name: "other" }))).failures).toEqual([expect.stringMatching(/integration: .*"warehouse".*"first"/)]);
      expect((await check("second", standAlone({ name: '"odeus"' }))).failures).toEqual([]);
      // By its id, which nobody can tell before the workspace is asked.
      expect((await check("second", stage.declared({ name: "other", integration: stage.place.id }))).failures).toEqual([]);
      expect(await refusal(stage.declared(), "first")).toMatch(/"warehouse" is also claimed by second/);
      expect(await stage.integrations()).toEqual({});
    });

    it.each([
      ["of another stack, with its owner", `${THEIRS}`, /is that of SnowflakeSecurityIntegration snow of stack shop\/prod/],
      [
        "of nobody, with what can be done",
        "made by hand",
        /this stack did not make it\. Set adopt to take it over, import it \(pulumi import \.\.\. "ODEUS"\)/,
      ],
    ])("where the name is that %s", async (_whose, comment, words) => {
      await byOwner(`CREATE SECURITY INTEGRATION ODEUS ${BARE} COMMENT = '${comment}'`);
      const before = await stage.integration();
      expect(await refusal(stage.declared())).toMatch(words);
      expect(await stage.integration()).toEqual(before);
      expect((await stage.slot(stage.place.slug)).client).toBeUndefined();
      expect(await stage.sql()).toEqual([]);
    });

    it("where this role may not see the one that has the name", async () => {
      await stage.byHand(`CREATE SECURITY INTEGRATION ODEUS ${BARE}`);
      expect(await refusal(stage.declared())).toMatch(/002002[\s\S]*It exists, and role ODEUS_DEPLOYER has no rights on it/);
      expect((await stage.integration()).owner).toBe("ACCOUNTADMIN");
    });

    it("where the name is that of another kind of integration, adopted or not", async () => {
      await stage.world.atSnowflake.integration("ODEUS", { owner: DEPLOYER_ROLE });
      expect(await refusal(standAlone())).toContain("this stack did not make it");
      expect(await refusal(standAlone({ adopt: true }))).toContain("it cannot be adopted");
    });

    it("where it was replaced by hand, and is another stack's by now", async () => {
      const made = await stage.up(stage.declared());
      await byOwner(`CREATE OR REPLACE SECURITY INTEGRATION ODEUS ${BARE} COMMENT = '${THEIRS}'`);
      const theirs = await stage.integration();
      const failure = await stage.failingUp(stage.declared({ comment: "ours" }), made);
      expect(failure.message).toContain("is by now that of SnowflakeSecurityIntegration snow of stack shop/prod");
      await stage.destroy(made);
      expect(await stage.integration()).toEqual(theirs);
      expect((await stage.slot(stage.place.slug)).client).toBeUndefined();
    });
  });

  it("a resource that has another name in the program keeps its integration, and the old one leaves it alone", async () => {
    const before = await stage.up(stage.declared());
    const { clientId, secrets } = await stage.integration();
    const run = await stage.again();
    const after = await run.up(stage.declared(), undefined, "renamed");
    // The old one is declared no more.
    await deleteOriginal(run, before);
    expect(run.said("INFO").join()).toContain("is by now that of SnowflakeSecurityIntegration renamed");
    expect(await stage.integration()).toMatchObject({ clientId, secrets });
    expect(after.state).toMatchObject({ clientId, drift: [] });
    expect(await stage.login()).toBe(true);
    expect((await run.refreshed(after, "renamed")).state["drift"]).toEqual([]);
    await run.destroy(after, "renamed");
    await run.host.stop();
    expect(await stage.integrations()).toEqual({});
  });

  it("a resource that the engine replaces without a reason keeps its integration", async () => {
    const original = await stage.up(stage.declared());
    const { clientId } = await stage.integration();
    const run = await stage.again();
    const made = await run.up(stage.declared());
    await deleteOriginal(run, original);
    await run.host.stop();
    expect((await stage.integration()).clientId).toBe(clientId);
    expect(await stage.login()).toBe(true);
    expect((await stage.refreshed(made)).state["drift"]).toEqual([]);
  });
});
