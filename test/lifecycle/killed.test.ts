/** The process dies by SIGKILL right after a call took effect: the next `up` of the same declaration picks the work up. */

import { entra, HOSTS, type Made, type Stage, startAgain, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

const SLUGS = ["outlook-email", "sharepoint"];
const LOGO = { kind: "asset", hash: "one", text: "GIF89a-a-small-picture" } as const;
const INPUTS: Inputs = { integrations: uses(...SLUGS), entra: entra({ grantAdminConsent: true, logo: LOGO }) };

/** A changing call, and which of its kind. */
type At = [operation: string, call: number];
const CREATE: At[] = [
  ["upsertApplication", 0],
  ["upsertServicePrincipal", 0],
  ["createGrant", 0],
  ["putLogo", 0],
  ["addPassword", 0],
  ["putOAuthClient", 0],
  ["putOAuthClient", 1],
];
const AFTER: Inputs = {
  integrations: uses("outlook-email", "excel"),
  entra: entra({ grantAdminConsent: true, logo: LOGO, notes: "after" }),
  rotation: { overlapHours: 0 },
};
const UPDATE: At[] = [
  ["patchApplication", 0],
  ["patchGrant", 0],
  ["addPassword", 0],
  ["putOAuthClient", 0],
  ["putOAuthClient", 1],
  ["deleteOAuthClient", 0],
  ["patchApplication", 1],
  ["patchGrant", 1],
  ["removePassword", 0],
];
const DELETE: At[] = [
  ["deleteOAuthClient", 0],
  ["deleteOAuthClient", 1],
  ["deleteGrant", 0],
  ["deleteApplication", 0],
];

describe.each(HOSTS)("a killed %s process", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  /** Another process on the same world does this work and is killed at that call. */
  async function killedAt([operation, call]: At, work: (victim: Stage) => Promise<unknown>): Promise<void> {
    const victim = await startAgain(stage, start);
    await stage.world.fault({ fault: "killAfter", operation, call, pid: victim.host.pid });
    await expect(work(victim)).rejects.toThrow();
    expect(await victim.host.exited).toBe("SIGKILL");
    await victim.host.stop();
    await stage.world.clearFaults();
  }

  async function operations(work: () => Promise<unknown>): Promise<string[]> {
    await stage.world.clearCalls();
    await work();
    return (await stage.changingCalls()).map(({ operation }) => operation).sort();
  }

  /** One app, one secret in all slots that Entra takes, and every secret of ours is accounted for. */
  async function whole(made: Made, slugs: string[]): Promise<void> {
    const app = await stage.app();
    expect(made.state).toMatchObject({ clientId: app.appId, drift: [] });
    const { client } = made.state["rollout"] as { client: Record<string, string> };
    const known = [client["secretKeyId"], ...(made.state["retiring"] as { keyId: string }[]).map(({ keyId }) => keyId)];
    expect(app.passwordCredentials.map(({ keyId }) => keyId).sort()).toEqual(known.sort());
    const current = app.passwordCredentials.find(({ keyId }) => keyId === client["secretKeyId"])?.secretText;
    for (const slug of slugs) expect((await stage.slot(slug)).client).toMatchObject({ clientId: app.appId, clientSecret: current });
    for (const slug of slugs) expect(await stage.works(slug)).toBe(true);
    expect((await stage.refresh(made))?.state["drift"]).toEqual([]);
    expect((await stage.plan(made)).changes).toBe(false);
    expect(await stage.connect("outlook-email")).toMatchObject({ connected: true });
  }

  it("has a place in these tables for each changing call", async () => {
    let made = {} as Made;
    expect(
      await operations(async () => {
        made = await stage.up(INPUTS);
      }),
    ).toEqual(CREATE.map(([operation]) => operation).sort());
    expect(
      await operations(async () => {
        made = await stage.up(AFTER, made);
      }),
    ).toEqual(UPDATE.map(([operation]) => operation).sort());
    expect(await operations(() => stage.destroy(made))).toEqual(DELETE.map(([operation]) => operation).sort());
  });

  it.each(CREATE)("in a create, after %s %i, is followed by a create that makes one app and one secret of it", async (...at) => {
    await killedAt(at, (victim) => victim.up(INPUTS));
    await whole(await stage.up(INPUTS), SLUGS);
  });

  it.each(UPDATE)("in an update, after %s %i, is followed by the same update with the old state", async (...at) => {
    const made = await stage.up(INPUTS);
    await killedAt(at, (victim) => victim.up(AFTER, made));
    expect(await stage.works("outlook-email")).toBe(true);
    await whole(await stage.up(AFTER, made), ["outlook-email", "excel"]);
    expect((await stage.slot("sharepoint")).client).toBeUndefined();
  });

  it.each(DELETE)("in a delete, after %s %i, is followed by the same delete", async (...at) => {
    const made = await stage.up(INPUTS);
    await killedAt(at, (victim) => victim.destroy(made));
    await stage.destroy(made);
    for (const slug of SLUGS) expect((await stage.slot(slug)).client).toBeUndefined();
    expect((await stage.apps()).map(({ deletedDateTime }) => deletedDateTime)).toEqual([expect.any(String)]);
  });

  it("in a create, is followed by a create of another declaration under the same name, which makes it of the same app", async () => {
    await killedAt(["putOAuthClient", 1], (victim) => victim.up(INPUTS));
    // Nobody is told what it holds, and the program does not name it.
    await stage.world.odeus("PUT", stage.slotPath("jira"), { clientId: "somebody-elses", clientSecret: "theirs", scopeSync: true });
    const jira = `/settings/integrations/${stage.world.integrations["jira"]}`;
    await stage.world.odeus("PATCH", jira, { enabled: false });
    const made = await stage.up({ integrations: uses(...SLUGS, "excel"), entra: entra({ displayName: "Another name" }) });
    await stage.world.odeus("PATCH", jira, { enabled: true });
    await whole(made, [...SLUGS, "excel"]);
    expect((await stage.app()).properties["displayName"]).toBe("Another name");
  });

  it("in a create, is followed by one that declares a slot no more, which is given back with what it needed", async () => {
    await killedAt(["putOAuthClient", 1], (victim) => victim.up(INPUTS));
    const made = await stage.up(AFTER);
    await whole(made, ["outlook-email", "excel"]);
    const { client, redirectUrl } = await stage.slot("sharepoint");
    expect(client).toBeUndefined();
    const { redirectUris } = (await stage.app()).properties["web"] as { redirectUris: string[] };
    expect(redirectUris).toHaveLength(2);
    expect(redirectUris).not.toContain(redirectUrl);
  });
});
