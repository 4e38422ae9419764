/** A security integration that cannot be made or changed as asked: afterwards all is as it was, the error says so, and the next up does it. */

import type { Fault } from "../../src/sandbox/faults.js";
import { HOSTS, keptOf, type Made } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";
import { type SnowflakeStage, standAlone, startSnowflakeStage } from "../support/snowflakeIntegration.js";

type Planned = Pick<Fault, "fault" | "effect">;
/** The driver repeats by itself what is answered with an error or cut off; one request that hangs is one failure. */
const unanswered = (operation: string, effect: boolean): Planned => ({ fault: operation.startsWith("statement:") ? "hang" : "serverError", effect });
const REFUSED: [string, (operation: string) => Planned] = ["is refused", () => ({ fault: "forbidden" })];
const FAULTS: [string, (operation: string) => Planned][] = [
  REFUSED,
  ["fails", (operation) => unanswered(operation, false)],
  ["has its effect and fails", (operation) => unanswered(operation, true)],
];
const CREATE = ["statement:CREATE", "updateIntegrationAuth"];
const BACK = "Undone: security integration ODEUS is as it was. Nothing is left behind.";

describe.each(HOSTS)("a security integration through the %s host", (host, start) => {
  let stage: SnowflakeStage;
  beforeAll(async () => {
    // Nothing is tried again by itself: each fault is met by one call, and the way back may use the same one.
    stage = await startSnowflakeStage(start, { environment: { ODEUS_RETRY_SECONDS: "0", ODEUS_CALL_TIMEOUT_SECONDS: "1" } });
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  /** How a call fails is the same in both hosts; what the engine is told then is not. */
  const faults = host === "plugin" ? FAULTS : [REFUSED];
  const operations = async (): Promise<string[]> => (await stage.changingCalls()).map(({ operation }) => operation);
  /** What stands in the account and in the workspace; the idle secret is in use by nobody. */
  async function picture(): Promise<unknown> {
    const { secrets, ...integration } = await stage.integration();
    const { client } = await stage.slot(stage.place.slug);
    return [integration, secrets[0], client && { ...client, updatedAt: "" }];
  }
  const nothing = async (): Promise<void> => {
    expect(await stage.integrations()).toEqual({});
    expect((await stage.slot(stage.place.slug)).client).toBeUndefined();
  };
  async function whole(made: Made, inputs: Inputs): Promise<void> {
    expect(made.state).toMatchObject({ clientId: (await stage.integration()).clientId, drift: [], activeSecretSlot: await stage.slotInUse() });
    expect(await stage.login()).toBe(true);
    expect((await stage.plan(await stage.refreshed(made), inputs)).changes).toBe(false);
  }

  it("of an update that went forward has its standards back once the program takes that update back", async () => {
    const before = stage.declared();
    const made = await stage.up(before);
    const { properties } = await stage.integration();
    const tried = stage.declared({
      ...{ networkPolicy: "odeus_egress", oauthEnforcePkce: true, allowedRoles: ["analyst"], comment: "tried" },
      rotation: { triggers: { round: "1" } },
    });
    await stage.world.fault({ operation: "updateIntegrationAuth", fault: "serverError" });
    const kept = keptOf(await stage.failingUp(tried, made), made.inputs);
    expect((await stage.integration()).properties).toMatchObject({ NETWORK_POLICY: "ODEUS_EGRESS", OAUTH_ENFORCE_PKCE: true });
    const next = await stage.up(before, kept);
    expect((await stage.integration()).properties).toEqual(properties);
    await whole(next, before);
  });

  it("of a failed mending renews nothing, and a rotation that is asked for then does, after what is known is entered", async () => {
    const rotated = (round: string) => stage.declared({ rotation: { triggers: { round } } });
    const made = await stage.up(rotated("1"));
    const before = (await stage.integration()).secrets;
    await stage.world.odeus("PATCH", `/integrations/v1/${stage.place.id}/auth`, { authType: "OAUTH", oauthClient: { clientSecret: "by-hand" } });
    await stage.world.fault({ operation: "updateIntegrationAuth", fault: "serverError", times: "always" });
    const kept = keptOf(await stage.failingUp(rotated("1"), await stage.refreshed(made)), made.inputs);
    await stage.world.clearFaults();
    expect((await stage.plan(kept, rotated("2"))).said.join()).toContain("rotation.triggers changed: the idle secret is renewed");
    const next = await stage.up(rotated("2"), kept);
    const after = (await stage.integration()).secrets;
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([true, false]);
    expect(await stage.slotInUse()).toBe(2);
    expect(next.state).toMatchObject({ activeSecretSlot: 2, drift: [] });
  });

  // What a run wrote, and could not take back, is not declared by the program before it.
  it("of an update that could not be taken back has its standards back, too", async () => {
    const before = stage.declared({ comment: "before" });
    const made = await stage.up(before);
    const { properties } = await stage.integration();
    const tried = stage.declared({
      ...{ networkPolicy: "odeus_egress", blockedRoles: ["sysadmin"], oauthAlternateRedirectUris: ["https://tried.example/callback"] },
      scopes: ["refresh_token", "session:role:ANALYST"],
    });
    await stage.world.fault({ operation: "updateIntegrationAuth", fault: "forbidden" }, { operation: "statement:ALTER", call: 1, fault: "forbidden" });
    const kept = keptOf(await stage.failingUp(tried, made), made.inputs);
    await stage.world.clearFaults();
    expect((await stage.integration()).properties).toMatchObject({
      NETWORK_POLICY: "ODEUS_EGRESS",
      OAUTH_ALTERNATE_REDIRECT_URIS: ["https://tried.example/callback"],
    });
    const next = await stage.up(before, kept);
    expect((await stage.integration()).properties).toEqual(properties);
    await whole(next, before);
  });

  it("of an update whose second statement and its undo failed has no alternate redirect URI of it left", async () => {
    const before = standAlone({ networkPolicy: "odeus_egress" });
    const made = await stage.up(before);
    const { properties } = await stage.integration();
    await stage.world.fault({ operation: "statement:ALTER", call: 1, times: 2, fault: "forbidden" });
    const failure = await stage.failingUp(standAlone({ oauthAlternateRedirectUris: ["https://tried.example/callback"] }), made);
    await stage.world.clearFaults();
    expect((await stage.integration()).properties).toMatchObject({ OAUTH_ALTERNATE_REDIRECT_URIS: ["https://tried.example/callback"] });
    const next = await stage.up(before, keptOf(failure, made.inputs));
    expect((await stage.integration()).properties).toEqual(properties);
    expect((await stage.plan(await stage.refreshed(next), before)).changes).toBe(false);
  });

  describe("whose create", () => {
    const inputs = () => stage.declared({ blockedRoles: ["sysadmin"], comment: "ours" });

    it("is to fail has a place below for each of its changing calls", async () => {
      await stage.up(inputs());
      expect(await operations()).toEqual(CREATE);
    });

    describe.each(faults)("meets a call that %s", (how, fault) => {
      it.each(CREATE)("at %s: nothing is left, or what was lost is found", async (operation) => {
        await stage.world.fault({ ...fault(operation), operation });
        const outcome = await stage.up(inputs()).catch((error: unknown) => error);
        await stage.world.clearFaults();
        if (outcome instanceof Error) {
          expect(outcome).not.toHaveProperty("partial.id");
          const told =
            operation === "statement:CREATE" ? /Nothing was changed\./ : /Undone: .*security integration ODEUS is dropped\. Nothing is left behind\./;
          expect(outcome.message).toMatch(told);
          await nothing();
        } else {
          expect(how).toContain("its effect");
          expect(await operations()).toEqual(CREATE);
        }
        await whole(outcome instanceof Error ? await stage.up(inputs()) : (outcome as Made), inputs());
      });
    });

    it.each(["statement:DESC", "statement:SECRETS"])("cannot read what it made (%s) drops it again", async (operation) => {
      // The first DESC asks whether the name is free.
      await stage.world.fault({ operation, fault: "forbidden", call: operation === "statement:DESC" ? 1 : 0 });
      const failure = await stage.failingUp(inputs());
      expect(failure.partial).toBeUndefined();
      expect(failure.message).toMatch(/\(003001[\s\S]*Undone: security integration ODEUS is dropped\. Nothing is left behind\./);
      await nothing();
    });

    describe("is shown late", () => {
      /** From the first DESC on that follows CREATE: the one before it asks whether the name is free. */
      const late = (times: number | "always"): Fault => ({ operation: "statement:DESC", fault: "staleRead", call: 1, times });

      it.each([2, 3])("by %i answers is waited for", async (times) => {
        await stage.world.fault(late(times));
        const made = await stage.up(inputs());
        expect(await operations()).toEqual(CREATE);
        await whole(made, inputs());
      });

      it("where its own answer was lost, is waited for too", async () => {
        await stage.world.fault({ operation: "statement:CREATE", fault: "hang", effect: true }, late(2));
        const made = await stage.up(inputs());
        expect(await operations()).toEqual(CREATE);
        await whole(made, inputs());
      });

      it("for too long is dropped although it does not show", async () => {
        await stage.world.fault(late("always"));
        const failure = await stage.failingUp(inputs());
        await stage.world.clearFaults();
        expect(failure.partial).toBeUndefined();
        expect(failure.message).toMatch(
          /the account took the statement and does not show the integration[\s\S]*Undone: security integration ODEUS is dropped\. Nothing is left behind\./,
        );
        await nothing();
      });

      it("for too long, and DROP does not find it either, says that it may be there; the next up finds it", async () => {
        await stage.world.fault(late("always"), { operation: "statement:DROP", fault: "notFound" });
        const failure = await stage.failingUp(inputs());
        await stage.world.clearFaults();
        expect(failure.message).toContain("could not undo so that security integration ODEUS is dropped");
        expect(failure.message).not.toMatch(/Nothing was changed|Nothing is left behind/);
        const { clientId } = await stage.integration();
        const made = await stage.up(inputs());
        expect(made.state["clientId"]).toBe(clientId);
        await whole(made, inputs());
      });
    });

    it("shows the secrets of the one that had the name before waits for its own", async () => {
      await stage.destroy(await stage.up(inputs()));
      await stage.world.clearCalls();
      await stage.world.fault({ operation: "statement:SECRETS", fault: "staleRead" });
      const made = await stage.up(inputs());
      expect((await stage.statements()).sort()).toEqual(["CREATE", "DESC", "DESC", "SECRETS", "SECRETS"]);
      expect(await stage.slotInUse()).toBe(1);
      await whole(made, inputs());
    });

    it("shows secrets of another client for good is undone", async () => {
      await stage.destroy(await stage.up(inputs()));
      await stage.world.fault({ operation: "statement:SECRETS", fault: "staleRead", times: "always" });
      const failure = await stage.failingUp(inputs());
      await stage.world.clearFaults();
      expect(failure.message).toMatch(/shows another client id or other secrets than DESC[\s\S]*Undone: security integration ODEUS is dropped/);
      await nothing();
    });

    it("fails once it is entered gives the workspace integration back the endpoints and scopes that a person had entered", async () => {
      const path = `/integrations/v1/${stage.place.id}`;
      const byHand = { authUrl: "https://before.example/authorize", tokenUrl: "https://before.example/token", scopes: "session:role:ANALYST" };
      await stage.world.odeus("PATCH", `${path}/auth`, { authType: "OAUTH", oauthClient: byHand });
      await stage.world.clearCalls();
      // The first reading of the slot finds it free, the second reads it back.
      await stage.world.fault({ operation: "getOAuthClient", fault: "forbidden", call: 1 });
      const failure = await stage.failingUp(inputs());
      expect(failure.message).toMatch(/Undone: warehouse has no client any more.*security integration ODEUS is dropped\. Nothing is left behind\./);
      await nothing();
      const { body } = await stage.world.odeus<{ integration: { oauthClient: object } }>("GET", path);
      expect(body.integration.oauthClient).toEqual(byHand);
      await whole(await stage.up(inputs()), inputs());
    });

    it("needs a right to read secrets that its role lacks is told so, and drops it again", async () => {
      await stage.world.atSnowflake.settings({ secretsNeed: "ACCOUNTADMIN" });
      const failure = await stage.failingUp(inputs());
      expect(failure.partial).toBeUndefined();
      expect(failure.message).toMatch(/needs OWNERSHIP of the integration, or ACCOUNTADMIN[\s\S]*Undone: security integration ODEUS is dropped/);
      await nothing();
    });

    it.each<[string, Planned]>([
      ["is refused", { fault: "forbidden" }],
      ["has its effect and no answer", { fault: "hang", effect: true }],
    ])("fails, and the way back %s: it says so, and the next up of the same declaration goes on", async (_how, fault) => {
      await stage.world.fault({ operation: "updateIntegrationAuth", fault: "forbidden" }, { operation: "statement:DROP", ...fault });
      const failure = await stage.failingUp(inputs());
      await stage.world.clearFaults();
      expect(failure.message).toContain("could not undo so that security integration ODEUS is dropped");
      expect((await stage.slot(stage.place.slug)).client).toBeUndefined();
      const { inputs: checked } = await stage.host.check(stage.urn(), inputs());
      const next = await stage.up(inputs(), keptOf(failure, checked));
      await whole(next, inputs());
    });

    it("fails drops nothing that somebody has put in its place meanwhile", async () => {
      await stage.world.fault({ operation: "updateIntegrationAuth", fault: "hang", times: "always" });
      const failing = stage.failingUp(inputs());
      while (!(await operations()).includes("updateIntegrationAuth")) await new Promise((done) => setImmediate(done));
      const sql =
        "CREATE OR REPLACE SECURITY INTEGRATION ODEUS TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'CONFIDENTIAL' OAUTH_REDIRECT_URI = 'https://a.example/'";
      await stage.world.atSnowflake.run(sql, stage.world.snowflake.roles.deployer);
      const theirs = await stage.integration();
      await failing;
      await stage.world.clearFaults();
      expect(await stage.integration()).toEqual(theirs);
    });
  });

  describe("whose update", () => {
    const former = () => stage.declared({ networkPolicy: "odeus_egress", comment: "before", blockedRoles: ["sysadmin"] });
    /** What is changed, and the calls that change something. */
    const UPDATES: [string, () => Inputs, string[]][] = [
      [
        "of settings, and of a policy that is taken out, and of scopes",
        () => stage.declared({ comment: "after", blockedRoles: ["useradmin"], oauthEnforcePkce: false, scopes: ["refresh_token", "session:role:ANALYST"] }),
        ["statement:ALTER", "statement:ALTER", "updateIntegrationAuth"],
      ],
      ["of the secret", () => ({ ...former(), rotation: { triggers: { when: "now" } } }), ["statement:REFRESH", "updateIntegrationAuth"]],
    ];

    describe.each(UPDATES)("%s", (_what, later, calls) => {
      const places = calls.map((operation, index): [string, number] => [operation, calls.slice(0, index).filter((each) => each === operation).length]);

      it("is to fail has a place below for each of its changing calls", async () => {
        const made = await stage.up(former());
        await stage.world.clearCalls();
        await stage.up(later(), made);
        expect(await operations()).toEqual(calls);
      });

      describe.each(faults)("meets a call that %s", (how, fault) => {
        it.each(places)("at %s %i: all is as it was, or what was lost is found, and the next up does it", async (operation, call) => {
          const made = await stage.up(former());
          const was = await picture();
          await stage.world.clearCalls();
          await stage.world.fault({ ...fault(operation), operation, call });
          const outcome = await stage.up(later(), made).catch((error: unknown) => error);
          await stage.world.clearFaults();
          let kept: Made = made;
          if (outcome instanceof Error) {
            const failure = outcome as Parameters<typeof keptOf>[0];
            if (failure.partial === undefined) {
              expect(failure.message).toMatch(/Nothing was changed\.|Nothing is left behind\./);
              expect(await picture()).toEqual(was);
              expect((await stage.refreshed(made)).state["drift"]).toEqual([]);
            } else {
              // A secret may be entered already: the way is forward.
              expect(calls).toContain("statement:REFRESH");
              expect(failure.message).toContain("The previous secret stays valid");
              kept = keptOf(failure, made.inputs);
            }
            expect(await stage.login()).toBe(true);
          } else expect(how).not.toBe("is refused");
          await whole(outcome instanceof Error ? await stage.up(later(), kept) : (outcome as Made), later());
        });
      });
    });

    it("cannot write its second statement takes back the first, exactly", async () => {
      const made = await stage.up(former());
      const was = await picture();
      await stage.world.fault({ operation: "statement:ALTER", call: 1, fault: "forbidden" });
      const failure = await stage.failingUp(stage.declared({ comment: "after", blockedRoles: [], oauthRefreshTokenValiditySeconds: 864_000 }), made);
      expect(failure.partial).toBeUndefined();
      expect(failure.message).toContain(BACK);
      expect(await picture()).toEqual(was);
    });

    it("cannot be taken back says what is left; the next up goes on from there", async () => {
      const made = await stage.up(former());
      const after = stage.declared({ comment: "after", oauthEnforcePkce: false });
      await stage.world.fault({ operation: "statement:ALTER", call: 1, times: 2, fault: "forbidden" });
      const failure = await stage.failingUp(after, made);
      expect(failure.message).toMatch(/could not undo so that security integration ODEUS is as it was[\s\S]*the next up goes on from there/);
      await whole(await stage.up(after, keptOf(failure, made.inputs)), after);
      expect((await stage.integration()).properties).toMatchObject({ NETWORK_POLICY: "" });
    });

    it("of the redirect URI beside alternate ones cannot drop the former one leaves both, and the next up drops it", async () => {
      const alternate = { oauthAlternateRedirectUris: ["https://kept.example/callback"] };
      const made = await stage.up(standAlone(alternate));
      const after = standAlone({ ...alternate, oauthRedirectUri: "https://new.example/callback" });
      await stage.world.fault({ operation: "statement:ALTER", call: 1, fault: "forbidden" });
      const failure = await stage.failingUp(after, made);
      expect(failure.message).toContain("what is left to take away is recorded");
      expect((await stage.integration()).properties).toMatchObject({
        OAUTH_REDIRECT_URI: "https://new.example/callback",
        OAUTH_ALTERNATE_REDIRECT_URIS: ["https://kept.example/callback", "https://app.example/callback"],
      });
      const next = await stage.up(after, keptOf(failure, made.inputs));
      expect((await stage.integration()).properties).toMatchObject({
        OAUTH_REDIRECT_URI: "https://new.example/callback",
        OAUTH_ALTERNATE_REDIRECT_URIS: ["https://kept.example/callback"],
      });
      expect((await stage.plan(next, after)).changes).toBe(false);
    });
  });

  describe("whose update is taken back once it was written", () => {
    const PLAIN = { oauthRedirectUri: "http://localhost/callback", oauthAllowNonTlsRedirectUri: true };
    const PRIVILEGED = ["accountadmin", "securityadmin", "orgadmin"];
    type Account = Partial<Record<"addPrivilegedRoles" | "runsAnOrganization", boolean>>;

    it.each<[string, Inputs, Inputs, Account]>([
      ["to a redirect URI with TLS, without what allowed the one before", PLAIN, {}, {}],
      ["to a redirect URI without TLS", {}, PLAIN, {}],
      [
        "of blocked roles where the account does not add its privileged ones",
        { blockedRoles: ["sysadmin"] },
        { blockedRoles: [] },
        { addPrivilegedRoles: false },
      ],
      [
        "of blocked roles where the account demands its privileged ones",
        { blockedRoles: ["sysadmin", ...PRIVILEGED] },
        { blockedRoles: ["useradmin", ...PRIVILEGED] },
        { runsAnOrganization: true },
      ],
    ])("%s: all is as it was, and the next up does it", async (_what, before, after, account) => {
      if (account.runsAnOrganization) await stage.world.atSnowflake.role("ORGADMIN");
      const made = await stage.up(standAlone(before));
      await stage.world.atSnowflake.settings({ addPrivilegedRoles: account.addPrivilegedRoles !== false });
      const was = await stage.integration();
      await stage.world.fault({ operation: "statement:SECRETS", fault: "forbidden" });
      const failure = await stage.failingUp(standAlone(after), made);
      expect(failure.partial).toBeUndefined();
      expect(failure.message).toContain(BACK);
      expect(await stage.integration()).toEqual(was);
      const next = await stage.up(standAlone(after), made);
      expect(await stage.integration()).not.toEqual(was);
      expect((await stage.integration()).properties).toMatchObject({
        OAUTH_REDIRECT_URI: standAlone(after)["oauthRedirectUri"],
        OAUTH_ALTERNATE_REDIRECT_URIS: [],
        OAUTH_ALLOW_NON_TLS_REDIRECT_URI: after["oauthAllowNonTlsRedirectUri"] === true,
      });
      expect((await stage.plan(await stage.refreshed(next), standAlone(after))).changes).toBe(false);
      if (account.runsAnOrganization) await stage.world.atSnowflake.removeRole("ORGADMIN");
    });
  });

  describe("whose destroy", () => {
    it.each(["deleteOAuthClient", "statement:DROP"])(
      "meets a refusal at %s leaves no place with a client that is gone, and the next one finishes",
      async (operation) => {
        const made = await stage.up(stage.declared());
        await stage.world.fault({ operation, fault: "forbidden" });
        await expect(stage.destroy(made)).rejects.toThrow(/003001|403/);
        const { client } = await stage.slot(stage.place.slug);
        expect(client === undefined || (await stage.login())).toBe(true);
        await stage.destroy(made);
        await nothing();
      },
    );
  });
});
