/** An update that fails before any slot holds a new secret: everything is as it was, and the state before is still true. */

import type { Fault } from "../../src/sandbox/faults.js";
import { entra, HOSTS, type Made, type Stage, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

const FAULTS: [string, Pick<Fault, "fault" | "effect">][] = [
  ["fails", { fault: "serverError" }],
  ["is refused", { fault: "forbidden" }],
  ["has its effect and no answer", { fault: "answerLost" }],
];

const SLUGS = ["outlook-email", "sharepoint", "excel"];
const declared = (): Inputs => ({ integrations: uses("outlook-email", "sharepoint"), entra: entra({ grantAdminConsent: true, notes: "before" }) });

/** What is changed, and the calls that change something before a slot holds a new secret. */
const UPDATES: [string, Inputs, string[]][] = [
  [
    "scopes, consent and the app's own settings",
    {
      integrations: [{ integration: "outlook-email", scopes: ["Mail.Read"] }, ...uses("sharepoint")],
      entra: entra({ displayName: "New name", grantAdminConsent: true, additionalRedirectUrls: ["https://a.example/"] }),
    },
    ["patchApplication", "patchGrant", "patchOAuthClient"],
  ],
  [
    "one integration more",
    { integrations: uses(...SLUGS), entra: entra({ grantAdminConsent: true, notes: "after" }) },
    ["patchApplication", "patchGrant", "addPassword"],
  ],
  ["a trigger of a new secret", { ...declared(), rotation: { triggers: { when: "now" } } }, ["addPassword"]],
];

describe.each(HOSTS)("an update that fails through the %s host", (_name, start) => {
  let stage: Stage;
  let made: Made;
  beforeAll(async () => {
    // Nothing is tried again by itself: each fault is met by one call, and the way back may use the same one.
    stage = await startStage(start, { environment: { ODEUS_RETRY_SECONDS: "0" } });
  });
  beforeEach(async () => {
    await stage.clear();
    made = await stage.up(declared());
  });
  afterAll(() => stage.stop());

  async function picture(): Promise<unknown> {
    const app = await stage.app();
    const clients = await Promise.all(SLUGS.map(async (slug) => (await stage.slot(slug)).client));
    return sorted({
      properties: app.properties,
      secrets: app.passwordCredentials.map(({ secretText }) => secretText),
      consent: await stage.grantedScopes(),
      slots: clients.map((client) => client && { ...client, updatedAt: "" }),
    });
  }

  describe.each(UPDATES)("of %s", (_what, after, calls) => {
    it("has a place in this table for each of its changing calls", async () => {
      await stage.world.clearCalls();
      await stage.up(after, made);
      const operations = (await stage.changingCalls()).map(({ operation }) => operation);
      // Entering slots with a secret, and what comes after it, goes forward.
      const entering = operations.indexOf("putOAuthClient");
      expect([...new Set(entering < 0 ? operations : operations.slice(0, entering))].sort()).toEqual([...calls].sort());
    });

    describe.each(FAULTS)("when a call %s", (how, fault) => {
      it.each(calls)("at %s", async (operation) => {
        const was = await picture();
        await stage.world.fault({ ...fault, operation });
        const outcome = await stage.up(after, made).catch((error: unknown) => error);
        await stage.world.clearFaults();
        // A lost answer is followed by a look, and a secret whose answer was lost is issued again: no failure.
        if (!(outcome instanceof Error)) {
          expect(how === "has its effect and no answer" || operation === "addPassword").toBe(true);
          expect((await stage.plan(outcome as Made)).changes).toBe(false);
          return;
        }
        expect(outcome).not.toHaveProperty("partial.id");
        expect(outcome.message).toMatch(/Undone: .*Nothing is left behind|Nothing was changed/);
        expect(await picture()).toEqual(was);
        expect((await stage.refresh(made))?.state["drift"]).toEqual([]);
        const next = await stage.up(after, made);
        expect((await stage.refresh(next))?.state["drift"]).toEqual([]);
        expect(await Promise.all([stage.works("outlook-email"), stage.works("sharepoint")])).toEqual([true, true]);
      });
    });
  });

  // The former picture could not be put back: nobody can read it.
  it("of the logo, when a slot refuses: the former logo has never been replaced", async () => {
    const withLogo = (hash: string, text: string): Inputs => ({ ...declared(), entra: entra({ logo: { kind: "asset", hash, text } }) });
    made = await stage.up(withLogo("one", "GIF89a-one"), made);
    const after = { ...withLogo("two", "GIF89a-number-two"), integrations: [{ integration: "outlook-email", scopes: ["Mail.Read"] }, ...uses("sharepoint")] };
    await stage.world.fault({ operation: "patchOAuthClient", fault: "forbidden" });
    await stage.failingUp(after, made);
    expect((await stage.app()).logo?.bytes).toBe("GIF89a-one".length);
  });
});

/** Without the order of lists. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).sort((a, b) => ((JSON.stringify(a) ?? "") < (JSON.stringify(b) ?? "") ? -1 : 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, sorted(each)]));
}
