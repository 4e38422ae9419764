/** Days on which the account does not do as it should: rights that are lost, logins that fail, sessions that end, answers that do not come, two resources at once. */

import type { Fault } from "../../src/sandbox/faults.js";
import { ADMIN_ROLE, DEPLOYER_ROLE } from "../../src/sandbox/snowflake/account.js";
import { failureOf, HOSTS, type Made } from "../support/oauthClientConfig.js";
import { startPluginProcess } from "../support/pluginProcess.js";
import type { Inputs } from "../support/providerHost.js";
import { type SnowflakeStage, standAlone, startSnowflakeStage } from "../support/snowflakeIntegration.js";

const rotated = (inputs: Inputs, round = "1"): Inputs => ({ ...inputs, rotation: { triggers: { round } } });

/** In a process of its own, with another configuration. */
async function configured<T>(stage: SnowflakeStage, environment: Record<string, string>, work: (other: SnowflakeStage) => Promise<T>): Promise<T> {
  const other = await stage.again(environment);
  return work(other).finally(() => other.host.stop());
}
const picture = async (stage: SnowflakeStage) => [await stage.integrations(), await stage.slot(stage.place.slug)];
async function quiet(stage: SnowflakeStage, made: Made): Promise<void> {
  expect((await stage.refreshed(made)).state["drift"]).toEqual([]);
  expect((await stage.plan(made)).changes).toBe(false);
  expect(await stage.login()).toBe(true);
}

describe.each(HOSTS)("a bad day of Snowflake through the %s host", (_name, start) => {
  let stage: SnowflakeStage;
  beforeAll(async () => {
    stage = await startSnowflakeStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  describe("on which the role has lost its rights", () => {
    const DRIFT = "security integration ODEUS is gone from account CONTOSO-SANDBOX, or this role has lost its rights on it (Snowflake does not tell which)";

    it("nothing counts as deleted: a refresh keeps it, an update changes nothing, and with the rights back all is quiet", async () => {
      const made = await stage.up(stage.declared());
      await stage.world.atSnowflake.integration("ODEUS", { owner: ADMIN_ROLE });
      const was = await picture(stage);
      await stage.world.clearCalls();
      const seen = await stage.refreshed(made);
      expect(seen.state).toMatchObject({ clientId: made.state["clientId"], drift: [DRIFT] });
      // The second witness.
      expect(await stage.statements()).toEqual(expect.arrayContaining(["DESC", "SHOW"]));
      expect((await stage.plan(seen)).changes).toBe(true);
      const failure = await stage.failingUp(stage.declared(), seen);
      expect(failure.message).toMatch(/\(002002[\s\S]*It exists, and role ODEUS_DEPLOYER has no rights on it\. Grant it OWNERSHIP[\s\S]*Nothing was changed\./);
      expect(failure.partial).toBeUndefined();
      expect(await picture(stage)).toEqual(was);
      expect(await stage.login()).toBe(true);
      await stage.world.atSnowflake.integration("ODEUS", { owner: DEPLOYER_ROLE });
      await quiet(stage, await stage.refreshed(seen));
    });

    it("nothing counts as deleted where no workspace holds the client, either", async () => {
      const made = await stage.up(standAlone());
      await stage.world.atSnowflake.integration("ODEUS", { owner: ADMIN_ROLE });
      expect((await stage.refreshed(made)).state).toMatchObject({ clientId: made.state["clientId"], drift: [DRIFT] });
    });

    it("a role that may only look is told which right it lacks, and nothing is changed", async () => {
      const made = await stage.up(stage.declared());
      await stage.world.atSnowflake.integration("ODEUS", { owner: ADMIN_ROLE });
      await stage.world.atSnowflake.role(DEPLOYER_ROLE, { usage: ["ODEUS"] });
      const was = await picture(stage);
      const told = [await stage.failingUp(stage.declared({ comment: "after" }), made), await stage.failingUp(rotated(stage.declared()), made)];
      for (const { message, partial } of told) {
        expect(message).toMatch(/\(003001[\s\S]*OWNERSHIP of the integration/);
        expect(partial).toBeUndefined();
      }
      expect(await picture(stage)).toEqual(was);
    });

    it("a role that may only look refreshes all but the secret, and says so", async () => {
      const made = await stage.up(stage.declared());
      await stage.world.atSnowflake.integration("ODEUS", { owner: ADMIN_ROLE });
      await stage.world.atSnowflake.role(DEPLOYER_ROLE, { usage: ["ODEUS"] });
      expect((await stage.refreshed(made)).state).toEqual(made.state);
      await stage.byHand("ALTER SECURITY INTEGRATION ODEUS SET ENABLED = FALSE");
      expect((await stage.refreshed(made)).inputs["enabled"]).toBe(false);
      const note = /^the secret in use of security integration ODEUS was not compared: .*\(003001[\s\S]*OWNERSHIP of the integration/;
      expect(stage.said("INFO")).toEqual([expect.stringMatching(note), expect.stringMatching(note)]);
    });

    it("another role than the one that made it is told so by a destroy, which drops nothing and gives no state away", async () => {
      const made = await stage.up(standAlone());
      const { message } = await configured(stage, { SNOWFLAKE_ROLE: "ANALYST" }, (analyst) => failureOf(analyst.destroy(made)));
      expect(message).toMatch(
        /Snowflake shows role ANALYST no security integration ODEUS in account CONTOSO-SANDBOX: it is gone, or the role has lost its rights on it/,
      );
      expect(message).toContain("Use the role that owns it, or ACCOUNTADMIN");
      expect(Object.keys(await stage.integrations())).toEqual(["ODEUS"]);
      await configured(stage, { SNOWFLAKE_ROLE: ADMIN_ROLE }, (admin) => admin.destroy(made));
      expect(await stage.integrations()).toEqual({});
    });

    it.each([
      ["that stands alone", () => standAlone()],
      ["whose place in the workspace still holds its client", () => stage.declared()],
    ])("a destroy of one %s is refused, and neither the place nor the state is given away", async (_what, inputs) => {
      const made = await stage.up(inputs());
      await stage.world.atSnowflake.integration("ODEUS", { owner: ADMIN_ROLE });
      const was = await picture(stage);
      const { message } = await failureOf(stage.destroy(made));
      expect(message).toMatch(/Snowflake shows role ODEUS_DEPLOYER no security integration ODEUS[\s\S]*Use the role that owns it, or ACCOUNTADMIN/);
      expect(await picture(stage)).toEqual(was);
      await configured(stage, { SNOWFLAKE_ROLE: ADMIN_ROLE }, (admin) => admin.destroy(made));
      expect(await stage.integrations()).toEqual({});
      expect((await stage.slot(stage.place.slug)).client).toBeUndefined();
    });

    it("one whose place was given back counts as dropped by a run that died, with a warning that says what to do", async () => {
      const made = await stage.up(stage.declared());
      await stage.world.odeus("DELETE", `/integrations/v1/${stage.place.id}/oauth-client`);
      await stage.world.atSnowflake.integration("ODEUS", { owner: ADMIN_ROLE });
      await stage.destroy(made);
      expect(stage.said("WARNING")).toContainEqual(
        expect.stringMatching(/counts as dropped; if ODEUS_DEPLOYER has only lost its rights on it, drop it by hand/),
      );
    });

    it("of creating, a create says which grant is missing", async () => {
      await stage.world.atSnowflake.role(DEPLOYER_ROLE, { createIntegration: false });
      const failure = await stage.failingUp(stage.declared());
      expect(failure.message).toMatch(/\(003001[\s\S]*Grant CREATE INTEGRATION ON ACCOUNT to the role ODEUS_DEPLOYER[\s\S]*Nothing was changed\./);
      expect((await stage.slot(stage.place.slug)).client).toBeUndefined();
    });
  });

  it.each(["session", "master", "invalid", "gone"] as const)("on which the session ends (%s), the next statement is run in a new one, once", async (ending) => {
    const made = await stage.up(stage.declared());
    await stage.world.clearCalls();
    await stage.world.atSnowflake.endSessions(ending);
    const next = await stage.up(rotated(stage.declared()), made);
    expect(await stage.sql()).toEqual(['ALTER SECURITY INTEGRATION "ODEUS" REFRESH OAUTH_CLIENT_SECRET_2']);
    expect(await stage.slotInUse()).toBe(2);
    const operations = (await stage.world.calls()).map(({ operation }) => operation);
    // The renewed token for what can be renewed, and another login for the rest.
    expect([operations.includes("renew"), operations.includes("login")]).toEqual([ending === "session" || ending === "master", ending !== "session"]);
    await quiet(stage, next);
  });

  it("with two resources at once they log in once, and each has its own", async () => {
    await configured(stage, {}, async (other) => {
      await stage.world.clearCalls();
      const inputs = [stage.declared({ name: "one" }), standAlone({ name: "two", exportClientSecret: true })] as const;
      const [one, two] = await Promise.all([other.up(inputs[0], undefined, "one"), other.up(inputs[1], undefined, "two")]);
      expect((await stage.world.calls()).filter(({ operation }) => operation === "login")).toHaveLength(1);
      const [first, second] = await Promise.all([other.up(rotated(inputs[0]), one, "one"), other.up(rotated(inputs[1]), two, "two")]);
      const made = await stage.integrations();
      expect([first.state["clientId"], second.state["clientId"]]).toEqual([made["ONE"]?.clientId, made["TWO"]?.clientId]);
      expect((await stage.slot(stage.place.slug)).client).toMatchObject({ clientId: made["ONE"]?.clientId, clientSecret: made["ONE"]?.secrets[1] });
      expect(second.state["clientSecret"]).toBe(made["TWO"]?.secrets[1]);
      await Promise.all([other.destroy(first, "one"), other.destroy(second, "two")]);
      expect(await stage.integrations()).toEqual({});
      expect((await stage.world.calls()).filter(({ operation }) => operation === "login")).toHaveLength(1);
    });
  });
});

// How logins and answers fail is the same in both hosts.
describe("a bad day of Snowflake's service", () => {
  let stage: SnowflakeStage;
  beforeAll(async () => {
    stage = await startSnowflakeStage(startPluginProcess);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  describe("on which nobody is let in", () => {
    it.each<[string, Record<string, string>, (stage: SnowflakeStage) => Promise<unknown>, RegExp]>([
      [
        "with a wrong password",
        { SNOWFLAKE_PASSWORD: "wrong-password-of-the-test" },
        async () => undefined,
        /\(390100\)[\s\S]*Check SNOWFLAKE_USER and SNOWFLAKE_PASSWORD/,
      ],
      [
        "with a role that was taken away",
        {},
        ({ world }) => world.atSnowflake.user("DEPLOYER", { roles: ["ANALYST"] }),
        /\(390189\)[\s\S]*Check SNOWFLAKE_ROLE/,
      ],
      [
        "from an address that is not admitted",
        {},
        ({ world }) => world.fault({ counterpart: "snowflake", operation: "login", fault: "forbidden", times: "always" }),
        /\(390422\)[\s\S]*network policy/,
      ],
      [
        "for as long as it is tried",
        {},
        ({ world }) => world.fault({ counterpart: "snowflake", operation: "login", fault: "serverError", times: "always" }),
        /Snowflake answered 503/,
      ],
    ])("%s: create, refresh and update say so, and all stays as it is", async (_what, environment, arrange, expected) => {
      const made = await stage.up(stage.declared());
      const was = await picture(stage);
      await arrange(stage);
      await configured(stage, environment, async (other) => {
        const told = [
          await other.failingUp(standAlone({ name: "other" }), undefined, "other"),
          await failureOf(other.refresh(made)),
          await other.failingUp(stage.declared({ comment: "after" }), made),
        ];
        for (const { message, partial } of told) {
          expect(message).toMatch(expected);
          expect(partial).toBeUndefined();
        }
      });
      await stage.world.clearFaults();
      expect(await picture(stage)).toEqual(was);
    });
  });

  describe("on which answers do not come", () => {
    const once = (operation: string, fault: Fault["fault"]): Fault => ({ counterpart: "snowflake", operation, fault });

    it("for a while, a create and a rotation wait, and do everything once", async () => {
      await configured(stage, { ODEUS_RETRY_SECONDS: "30" }, async (patient) => {
        await stage.world.fault(once("login", "serverError"), once("statement:CREATE", "serverError"));
        const made = await patient.up(stage.declared());
        await stage.world.fault(once("statement:REFRESH", "serverError"));
        const next = await patient.up(rotated(stage.declared()), made);
        expect(next.state).toMatchObject({ clientId: made.state["clientId"], activeSecretSlot: 2, drift: [] });
        expect(await stage.slotInUse()).toBe(2);
        await quiet(stage, next);
      });
    });

    it("for good after CREATE and after REFRESH, the secret that is really there is the one entered", async () => {
      await stage.world.fault({ ...once("statement:CREATE", "hang"), effect: true });
      const made = await stage.up(stage.declared());
      expect(await stage.sql()).toHaveLength(1);
      expect([made.state["clientId"], await stage.slotInUse()]).toEqual([(await stage.integration()).clientId, 1]);
      const [, idle] = (await stage.integration()).secrets;
      await stage.world.clearCalls();
      await stage.world.fault({ ...once("statement:REFRESH", "hang"), effect: true });
      const next = await stage.up(rotated(stage.declared()), made);
      expect(await stage.sql("REFRESH")).toHaveLength(1);
      expect((await stage.integration()).secrets[1]).not.toBe(idle);
      expect(await stage.slotInUse()).toBe(2);
      await quiet(stage, next);
    });
  });

  it("on which the repeat of a create without an answer is told that the name is taken, what the first try made is taken, and dropped again where the rest fails", async () => {
    await configured(stage, { ODEUS_RETRY_SECONDS: "30" }, async (patient) => {
      const create = { counterpart: "snowflake", operation: "statement:CREATE" };
      await stage.world.fault({ ...create, fault: "answerLost" }, { ...create, fault: "conflict" });
      await quiet(stage, await patient.up(stage.declared()));
      await stage.clear();
      await stage.world.fault({ ...create, fault: "answerLost" }, { ...create, fault: "conflict" }, { operation: "updateIntegrationAuth", fault: "forbidden" });
      const { message, partial } = await patient.failingUp(stage.declared());
      expect(message).toMatch(/Undone: .*security integration ODEUS is dropped\. Nothing is left behind\./);
      expect(partial).toBeUndefined();
      expect(await stage.integrations()).toEqual({});
    });
  });

  it("an idle session is closed, and the next operation opens another one", async () => {
    const made = await stage.up(standAlone());
    const operations = async () => (await stage.world.calls()).map(({ operation }) => operation);
    while (!(await operations()).includes("close")) await new Promise((done) => setTimeout(done, 50));
    await stage.world.clearCalls();
    await stage.refreshed(made);
    expect((await operations())[0]).toBe("login");
  });
});

describe("the account of a state, through the plugin", () => {
  let stage: SnowflakeStage;
  let made: Made;
  beforeAll(async () => {
    stage = await startSnowflakeStage(startPluginProcess);
    made = await stage.up(stage.declared());
  });
  afterAll(() => stage.stop());

  it.each(["contoso-sandbox", "CONTOSO_SANDBOX", "contoso-sandbox.privatelink", "https://contoso-sandbox.snowflakecomputing.com/console"])(
    "is the same one when it is written %s",
    async (account) => {
      const other = await stage.again({ SNOWFLAKE_ACCOUNT: account });
      expect((await other.refreshed(made)).state).toEqual(made.state);
      const next = await other.up(stage.declared({ comment: account }), made);
      await other.host.stop();
      expect(next.state).toMatchObject({ clientId: made.state["clientId"], drift: [] });
      expect((await stage.integration()).properties.COMMENT.startsWith(`${account} [`)).toBe(true);
    },
  );

  it.each([
    (locator: string) => locator,
    (locator: string) => `${locator}.us-gov-west-1.aws`,
    (locator: string) => `https://${locator}.snowflakecomputing.mil`,
  ])("is the same one when it is written by its locator: the recorded client is there", async (written) => {
    const account = written((await stage.world.state()).snowflake.locator);
    const other = await stage.again({ SNOWFLAKE_ACCOUNT: account });
    expect((await other.refreshed(made)).state).toEqual(made.state);
    const next = await other.up(stage.declared({ comment: account }), made);
    expect(next.state).toMatchObject({ clientId: made.state["clientId"], drift: [] });
    await stage.world.clearCalls();
    await other.refreshed(next);
    // From now on it is the state's own.
    expect((await stage.statements()).sort()).toEqual(["DESC", "SECRETS"]);
    await other.host.stop();
  });

  it.each<[string, (stage: SnowflakeStage) => Promise<unknown>, RegExp]>([
    [
      "its client does not show",
      ({ byHand }) => byHand("DROP INTEGRATION ODEUS"),
      /this state belongs to Snowflake account CONTOSO-SANDBOX, the credentials are for account \S+, and this client does not show there\. Use credentials for the first/,
    ],
    [
      "nobody is let in",
      ({ world }) => world.fault({ counterpart: "snowflake", operation: "login", fault: "unauthorized", times: "always" }),
      /asking account \S+ whether it is CONTOSO-SANDBOX, to which this state belongs: Snowflake did not let DEPLOYER log in/,
    ],
  ])("is another one when it is written otherwise and %s: nothing is changed there", async (_what, arrange, expected) => {
    await stage.clear();
    const declared = await stage.up(stage.declared());
    await arrange(stage);
    const was = await picture(stage);
    await stage.world.clearCalls();
    const other = await stage.again({ SNOWFLAKE_ACCOUNT: (await stage.world.state()).snowflake.locator });
    const told = [
      await failureOf(other.refresh(declared)),
      await other.failingUp(stage.declared({ comment: "x" }), declared),
      await failureOf(other.destroy(declared)),
    ];
    await other.host.stop();
    for (const { message } of told) expect(message).toMatch(expected);
    expect(await picture(stage)).toEqual(was);
    expect(await stage.changingCalls()).toEqual([]);
  });
});
