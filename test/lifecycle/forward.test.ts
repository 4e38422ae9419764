/** Failures after which there is no way back, or none that works: what is left is recorded, and the next `up` finishes it. */

import { appByHand } from "../support/entraByHand.js";
import { entra, HOSTS, keptOf, type Made, type Stage, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

const SLUGS = ["outlook-email", "sharepoint"];

describe.each(HOSTS)("unfinished work through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start, { environment: { ODEUS_RETRY_SECONDS: "0" } });
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const inputs = (more: Inputs = {}): Inputs => ({ integrations: uses(...SLUGS), entra: entra(), ...more });
  const rotated = inputs({ rotation: { triggers: { when: "now" } } });
  const allWork = async (slugs = SLUGS) => (await Promise.all(slugs.map((slug) => stage.works(slug)))).every((works) => works);
  /** Secrets at Entra that the state accounts for, and all that are there. */
  const keys = async ({ state }: Made) => {
    const { client } = state["rollout"] as { client: Record<string, string> };
    const known = [client["secretKeyId"], ...(state["retiring"] as { keyId: string }[]).map(({ keyId }) => keyId)];
    return { known: known.sort(), there: (await stage.app()).passwordCredentials.map(({ keyId }) => keyId).sort() };
  };
  /** The secret that state calls the current one is what the slots hold: the others end with their overlap. */
  async function holdsCurrent({ state }: Made): Promise<void> {
    const { kind, client } = state["rollout"] as { kind: string; client: Record<string, string> };
    if (kind === "existing") return;
    const { passwordCredentials } = await stage.app(String(state["tenantId"]));
    const current = passwordCredentials.find(({ keyId }) => keyId === client["secretKeyId"])?.secretText;
    for (const slug of SLUGS) expect((await stage.slot(slug)).client?.clientSecret).toBe(current);
  }
  /** The `up` after the failure, and what must hold after it. */
  async function finished(kept: Made, declared: Inputs): Promise<Made> {
    expect((await stage.plan(kept, declared)).changes).toBe(true);
    const seen = await stage.refresh(kept);
    expect(seen?.state["drift"]).not.toEqual([]);
    const next = await stage.up(declared, kept);
    expect(next.id).toBe(kept.id);
    expect(next.state["drift"]).toEqual([]);
    expect(await stage.plan(next, declared)).toEqual({ changes: false, said: [] });
    expect((await stage.refresh(next))?.state["drift"]).toEqual([]);
    expect(await allWork()).toBe(true);
    await holdsCurrent(next);
    return next;
  }

  it("of an update whose program is taken back leaves none of its settings at the app", async () => {
    const made = await stage.up(inputs());
    const tried = { ...rotated, entra: entra({ notes: "tried", homepageUrl: "https://tried.example/" }) };
    await stage.world.fault({ operation: "putOAuthClient", fault: "serverError", call: 1 });
    const kept = keptOf(await stage.failingUp(tried, made), made.inputs);
    expect((await stage.app()).properties).toMatchObject({ notes: "tried" });
    await finished(kept, inputs());
    expect((await stage.app()).properties).toMatchObject({ notes: null, web: { homePageUrl: null } });
  });

  it.each([
    ["before its slots are all entered", { operation: "putOAuthClient", fault: "serverError", call: 1 }],
    ["only at what it takes away", { operation: "removePassword", fault: "forbidden", times: "always" }],
  ] as const)("of an update that fails %s, and whose program is taken back, leaves no redirect URL and no scope of it at the app", async (_where, fault) => {
    const made = await stage.up(inputs());
    const registered = async () => {
      const { web, requiredResourceAccess } = (await stage.app()).properties as {
        web: object;
        requiredResourceAccess: { resourceAccess: { id: string }[] }[];
      };
      return [web, requiredResourceAccess.flatMap(({ resourceAccess }) => resourceAccess.map(({ id }) => id)).sort()];
    };
    const before = await registered();
    const [first, ...others] = uses(...SLUGS);
    const tried = {
      integrations: [{ ...first, scopes: ["User.Read", "offline_access", "Notes.Read"] }, ...others],
      entra: entra({ additionalRedirectUrls: ["https://tried.example/callback"] }),
      rotation: { overlapHours: 0, triggers: { when: "now" } },
    };
    await stage.world.fault(fault);
    const kept = keptOf(await stage.failingUp(tried, made), made.inputs);
    await stage.world.clearFaults();
    expect(JSON.stringify(await registered())).toContain("https://tried.example/callback");
    await finished(kept, inputs());
    expect(await registered()).toEqual(before);
  });

  it.each([
    ["the first", 0],
    ["the second", 1],
  ])("of a rotation, when %s of two slots refuses: every slot works all the while, and the next up enters one secret", async (_which, call) => {
    const made = await stage.up(inputs());
    await stage.world.fault({ operation: "putOAuthClient", fault: "serverError", call });
    const failure = await stage.failingUp(rotated, made);
    const kept = keptOf(failure, made.inputs);
    expect(kept.id).toBe(made.id);
    expect(failure.partial?.reasons.join("\n")).toMatch(/Odeus answered 503[\s\S]*The previous secret stays valid/);
    expect(await allWork()).toBe(true);
    expect(await keys(kept)).toMatchObject({ known: (await keys(kept)).there });
    const next = await finished(kept, rotated);
    const [one, two] = await Promise.all(SLUGS.map(async (slug) => (await stage.slot(slug)).client?.clientSecret));
    expect(one).toBe(two);
    expect((await keys(next)).there).toEqual((await keys(next)).known);
  });

  it("is none of a rotation that both slots refuse: the new secret is gone, and the state before is true", async () => {
    const made = await stage.up(inputs());
    const before = (await stage.slot("outlook-email")).client?.clientSecret;
    await stage.world.fault({ operation: "putOAuthClient", fault: "forbidden", times: "always" });
    const failure = await stage.failingUp(rotated, made);
    await stage.world.clearFaults();
    expect(failure.partial).toBeUndefined();
    expect(failure.message).toContain("Undone: the new secret");
    expect((await stage.slot("outlook-email")).client?.clientSecret).toBe(before);
    expect(await allWork()).toBe(true);
    expect((await keys(made)).there).toEqual((await keys(made)).known);
    expect((await stage.refresh(made))?.state["drift"]).toEqual([]);
  });

  it("of a rotation that is given up again in the program: the next up still mends it", async () => {
    const made = await stage.up(inputs());
    await stage.world.fault({ operation: "putOAuthClient", fault: "serverError", call: 1 });
    const kept = keptOf(await stage.failingUp(rotated, made), made.inputs);
    const next = await finished(kept, inputs());
    expect((await keys(next)).there).toEqual((await keys(next)).known);
  });

  // The dynamic host cannot be asked to stop.
  it("of a rotation that is stopped while its secret is proven: recorded, and the next up finishes", async () => {
    if (stage.host.name === "dynamic") return;
    const made = await stage.up(inputs());
    // The proof waits until it is stopped.
    await stage.world.fault({ counterpart: "entra", operation: "token", fault: "hang", times: "always" });
    const from = stage.host.lines.length;
    const working = stage.failingUp(rotated, made);
    while (!stage.host.lines.slice(from).some(({ message }) => message.includes("waiting until it is accepted"))) await stage.world.calls();
    await stage.host.cancel();
    const failure = await working;
    await stage.world.clearFaults();
    expect(failure.partial?.reasons.join("\n")).toContain("the next up finishes");
    expect(await allWork()).toBe(true);
    // Without the trigger, what is owed is the only reason for another secret.
    const next = await finished(keptOf(failure, made.inputs), inputs());
    expect((await keys(next)).there).toEqual((await keys(next)).known);
  });

  it("of an integration added, when its slot refuses: the others keep working", async () => {
    const more = { ...inputs(), integrations: uses(...SLUGS, "excel") };
    const made = await stage.up(inputs());
    await stage.world.fault({ operation: "putOAuthClient", fault: "conflict", call: 2 });
    const kept = keptOf(await stage.failingUp(more, made), made.inputs);
    expect(await allWork()).toBe(true);
    const next = await finished(kept, more);
    expect(await allWork([...SLUGS, "excel"])).toBe(true);
    expect((await keys(next)).there).toEqual((await keys(next)).known);
  });

  it.each([
    ["the slot of an integration removed", "deleteOAuthClient", inputs({ integrations: uses("outlook-email", "sharepoint") }), uses(...SLUGS, "excel")],
    ["the previous secret", "removePassword", inputs({ rotation: { overlapHours: 0, triggers: { when: "now" } } }), uses(...SLUGS)],
  ])("at %s, which only takes away: all that is declared works, and the next up takes it away", async (_what, operation, declared, integrations) => {
    const made = await stage.up(inputs({ integrations }));
    await stage.world.fault({ operation, fault: "forbidden", times: "always" });
    const failure = await stage.failingUp(declared, made);
    await stage.world.clearFaults();
    expect(failure.message).toContain("what is left to take away is recorded");
    expect(await allWork()).toBe(true);
    const next = await finished(keptOf(failure, made.inputs), declared);
    expect((await stage.slot("excel")).client).toBeUndefined();
    expect((await keys(next)).there).toEqual((await keys(next)).known);
    expect((await keys(next)).there).toHaveLength(1);
  });

  describe.each<[string, () => Promise<Inputs>]>([
    ["another tenant", async () => inputs({ entra: entra({ tenantId: stage.world.secondTenantId }) })],
    ["a hand-made client", async () => ({ integrations: uses(...SLUGS), existing: await handMade() })],
  ])("of a move to %s", (_what, to) => {
    it("at the former app: the new client works, and the next up removes the old one", async () => {
      const moved = await to();
      const made = await stage.up(inputs());
      await stage.world.fault({ operation: "deleteApplication", fault: "forbidden", times: "always" });
      const failure = await stage.failingUp(moved, made);
      await stage.world.clearFaults();
      expect(await allWork()).toBe(true);
      await finished(keptOf(failure, made.inputs), moved);
      const former = (await stage.apps()).find(({ appId }) => appId === made.state["clientId"]);
      expect(former?.deletedDateTime).toEqual(expect.any(String));
    });

    it("at the former app: all of it can be destroyed from what was recorded", async () => {
      const made = await stage.up(inputs());
      await stage.world.fault({ operation: "deleteApplication", fault: "forbidden", times: "always" });
      const failure = await stage.failingUp(await to(), made);
      await stage.world.clearFaults();
      await stage.destroy(keptOf(failure, made.inputs));
      for (const slug of SLUGS) expect((await stage.slot(slug)).client).toBeUndefined();
      const former = (await stage.apps()).find(({ appId }) => appId === made.state["clientId"]);
      expect(former?.deletedDateTime).toEqual(expect.any(String));
    });

    it("at the former app: the program may go back to it", async () => {
      const made = await stage.up(inputs());
      await stage.world.fault({ operation: "deleteApplication", fault: "forbidden", times: "always" });
      const failure = await stage.failingUp(await to(), made);
      await stage.world.clearFaults();
      const next = await stage.up(inputs({ entra: entra({ tenantId: stage.world.tenantId }) }), keptOf(failure, made.inputs));
      expect(next.state).toMatchObject({ clientId: made.state["clientId"], drift: [] });
      expect(await allWork()).toBe(true);
      const active = (await stage.apps()).filter(({ deletedDateTime, uniqueName }) => deletedDateTime === null && uniqueName !== null);
      expect(active.map(({ appId }) => appId)).toEqual([made.state["clientId"]]);
      expect((await stage.apps(stage.world.secondTenantId)).filter(({ deletedDateTime }) => deletedDateTime === null)).toEqual([]);
    });
  });

  it("of a move to another tenant that could neither be made nor undone: the former client stays recorded", async () => {
    const moved = inputs({ entra: entra({ tenantId: stage.world.secondTenantId }) });
    const made = await stage.up(inputs());
    await stage.world.fault({ operation: "upsertServicePrincipal", fault: "forbidden" }, { operation: "deleteApplication", fault: "forbidden" });
    const kept = keptOf(await stage.failingUp(moved, made), made.inputs);
    expect(kept.state["clientId"]).toBe(made.state["clientId"]);
    expect(await allWork()).toBe(true);
    const next = await finished(kept, moved);
    expect((await stage.app(stage.world.secondTenantId)).appId).toBe(next.state["clientId"]);
    expect((await stage.apps()).map(({ deletedDateTime }) => deletedDateTime)).toEqual([expect.any(String)]);
  });

  it("of a move, and then of another move before it was finished: both former apps are taken away in the end", async () => {
    const made = await stage.up(inputs());
    await stage.world.fault({ operation: "deleteApplication", fault: "forbidden", times: "always" });
    const failure = await stage.failingUp(inputs({ entra: entra({ tenantId: stage.world.secondTenantId }) }), made);
    await stage.world.clearFaults();
    const byHand = { integrations: uses(...SLUGS), existing: await handMade() };
    await stage.up(byHand, keptOf(failure, made.inputs));
    const ours = [...(await stage.apps()), ...(await stage.apps(stage.world.secondTenantId))].filter(({ uniqueName }) => uniqueName !== null);
    expect(ours.map(({ deletedDateTime }) => deletedDateTime)).toEqual([expect.any(String), expect.any(String)]);
  });

  async function handMade(): Promise<Inputs> {
    const redirectUris = await Promise.all(SLUGS.map(async (slug) => (await stage.slot(slug)).redirectUrl));
    const { appId, secret } = await appByHand(stage.world, { web: { redirectUris } });
    return { clientId: appId, clientSecret: secret, tenantId: stage.world.tenantId };
  }

  describe("of a hand-made client", () => {
    const google = (client: Inputs, ...slugs: string[]): Inputs => ({ integrations: uses(...slugs), existing: client });
    const another = { clientSecret: "GOCSPX-another-one" };
    let client: { clientId: string; clientSecret: string };
    beforeEach(async () => {
      const slots = await Promise.all(["gmail", "google-drive", "google-calendar"].map((slug) => stage.slot(slug)));
      client = await stage.world.vendorClient("google", {
        redirectUris: slots.map(({ redirectUrl }) => redirectUrl),
        scopes: slots.flatMap(({ defaultScopes }) => defaultScopes),
      });
    });
    const works = async (slug: string): Promise<boolean> => {
      const held = (await stage.slot(slug)).client;
      return held?.clientSecret !== undefined && stage.world.accepted("google", held.clientId, held.clientSecret);
    };

    it.each([
      ["the first", 0],
      ["the second", 1],
    ])(
      "whose old secret has ended, when %s of two slots refuses the new one: says where people cannot sign in, and the next up mends it",
      async (_which, call) => {
        const made = await stage.up(google(client, "gmail", "google-drive"));
        await stage.world.changeVendorClient("google", client.clientId, { secrets: [another.clientSecret] });
        await stage.world.fault({ operation: "putOAuthClient", fault: "forbidden", call });
        const declared = google({ ...client, ...another }, "gmail", "google-drive");
        const failure = await stage.failingUp(declared, made);
        const broken = (await works("gmail")) ? "google-drive" : "gmail";
        expect(await works(broken)).toBe(false);
        expect(failure.partial?.reasons.slice(1)).toEqual([
          `${broken} may still hold the secret entered before; if it has ended at the server, users there cannot sign in. Run again now.`,
        ]);
        const kept = keptOf(failure, made.inputs);
        expect(kept.state["drift"]).toEqual([`the program's secret is not yet in ${broken}`]);
        expect((await stage.refresh(kept))?.state["drift"]).toEqual(kept.state["drift"]);
        const next = await stage.up(declared, kept);
        expect(next.state["drift"]).toEqual([]);
        expect(await Promise.all(["gmail", "google-drive"].map(works))).toEqual([true, true]);
      },
    );

    it("whose secret stays, when a slot refuses another endpoint: nobody is said to be shut out", async () => {
      const made = await stage.up(google(client, "gmail", "google-drive"));
      await stage.world.fault({ operation: "putOAuthClient", fault: "forbidden", call: 1 });
      const tokenUrl = `${stage.world.origins.google}/token`;
      const failure = await stage.failingUp(google({ ...client, tokenUrl }, "gmail", "google-drive"), made);
      expect(failure.partial?.reasons.slice(1)).toEqual(["What is left is recorded; the next up goes on from there."]);
      expect(await Promise.all(["gmail", "google-drive"].map(works))).toEqual([true, true]);
    });

    describe("for an integration made from scratch", () => {
      let pages: string;
      let declared: (clientSecret: string, ...slugs: string[]) => Inputs;
      beforeAll(async () => {
        const urn = stage.host.urn("CustomIntegration", "pages");
        const { inputs } = await stage.host.check(urn, { name: "Pages" });
        pages = String((await stage.host.create(urn, inputs)).state["slug"]);
      });
      beforeEach(async () => {
        const [own, jira] = await Promise.all([stage.slot(pages), stage.slot("jira")]);
        const redirectUris = [own.redirectUrl, jira.redirectUrl];
        const { openid } = stage.world.origins;
        client = await stage.world.vendorClient("openid", { redirectUris, scopes: jira.defaultScopes });
        const existing = { clientId: client.clientId, authorizationUrl: `${openid}/authorize`, tokenUrl: `${openid}/token` };
        declared = (clientSecret, ...slugs) => ({ integrations: uses(...slugs), existing: { ...existing, clientSecret } });
      });
      const ended = () => stage.world.changeVendorClient("openid", client.clientId, { secrets: [another.clientSecret] });

      it("which got the new secret, and whose write tells no time: it is not said to lack it", async () => {
        const made = await stage.up(declared(client.clientSecret, pages, "jira"));
        await ended();
        await stage.world.fault({ operation: "putOAuthClient", fault: "forbidden" });
        const failure = await stage.failingUp(declared(another.clientSecret, pages, "jira"), made);
        expect(failure.partial?.reasons[1]).toMatch(/^jira may still hold the secret entered before/);
        expect((await stage.slot(pages)).client?.clientSecret).toBe(another.clientSecret);
      });

      it("which was just added, and alone refuses: it holds no secret of before", async () => {
        const made = await stage.up(declared(client.clientSecret, "jira"));
        await ended();
        await stage.world.fault({ operation: "updateIntegrationAuth", fault: "forbidden" });
        const failure = await stage.failingUp(declared(another.clientSecret, pages, "jira"), made);
        expect(failure.partial?.reasons.slice(1)).toEqual(["What is left is recorded; the next up goes on from there."]);
        const kept = keptOf(failure, made.inputs);
        expect(kept.state["drift"]).toEqual([`the program's secret is not yet in ${pages}`]);
        await stage.up(declared(another.clientSecret, pages, "jira"), kept);
        expect((await stage.slot(pages)).client?.clientSecret).toBe(another.clientSecret);
      });
    });
  });

  it("at the slots of another client: they hold the former client again, with a secret that works, and the next up moves them", async () => {
    const moved = inputs({ entra: entra({ tenantId: stage.world.secondTenantId }) });
    const made = await stage.up(inputs());
    await stage.world.fault({ operation: "putOAuthClient", fault: "conflict", call: 1 });
    const failure = await stage.failingUp(moved, made);
    expect(failure.message).toMatch(/Undone: .*holds the former client again/);
    for (const slug of SLUGS) expect((await stage.slot(slug)).client?.clientId).toBe(made.state["clientId"]);
    expect(await allWork()).toBe(true);
    expect(await stage.apps(stage.world.secondTenantId)).toEqual([]);
    const kept = keptOf(failure, made.inputs);
    expect((await keys(kept)).there).toEqual((await keys(kept)).known);
    // Without the move, one secret for all slots is what is left to do.
    const next = await finished(kept, inputs());
    expect((await keys(next)).there).toEqual((await keys(next)).known);
    await finishedMove(next, moved);
  });

  async function finishedMove(made: Made, moved: Inputs): Promise<void> {
    const there = await stage.up(moved, made);
    expect(there.state["tenantId"]).toBe(stage.world.secondTenantId);
    expect(await allWork()).toBe(true);
  }

  describe("of a create that could not be undone", () => {
    it.each([
      ["the slot cannot be given back", "deleteOAuthClient"],
      ["the app cannot be removed", "deleteApplication"],
      ["the app cannot be purged", "purgeDeletedItem"],
    ])("because %s: id, state and reasons are recorded, and the next up finishes", async (_why, operation) => {
      await stage.world.fault({ operation: "putOAuthClient", fault: "conflict", call: 1 }, { operation, fault: "forbidden", times: "always" });
      const failure = await stage.failingUp(inputs());
      await stage.world.clearFaults();
      expect(failure.partial?.id).toMatch(/^entra\//);
      expect(failure.partial?.reasons.join("\n")).toMatch(/Enable the integration[\s\S]*could not undo so that[\s\S]*the next up goes on from there/);
      const checked = await stage.host.check(stage.urn(), inputs());
      const next = await finished(keptOf(failure, checked.inputs), inputs());
      expect(next.id).toBe(failure.partial?.id);
      expect((await keys(next)).there).toEqual((await keys(next)).known);
    });

    it("before the app was whole: it is recorded all the same, finished by the next up, and destroyed", async () => {
      await stage.world.fault(
        { operation: "upsertServicePrincipal", fault: "forbidden" },
        { operation: "deleteApplication", fault: "forbidden", times: "always" },
      );
      const failure = await stage.failingUp(inputs());
      await stage.world.clearFaults();
      expect(failure.partial?.id).toBe(`entra/${(await stage.app()).appId}`);
      const kept = keptOf(failure, (await stage.host.check(stage.urn(), inputs())).inputs);
      const next = await finished(kept, inputs());
      await stage.destroy(next);
      expect((await stage.apps()).map(({ deletedDateTime }) => deletedDateTime)).toEqual([expect.any(String)]);
    });

    it("is destroyed whole from what was recorded", async () => {
      await stage.world.fault({ operation: "putOAuthClient", fault: "conflict", call: 1 }, { operation: "deleteOAuthClient", fault: "forbidden", times: 3 });
      const failure = await stage.failingUp(inputs());
      await stage.world.clearFaults();
      const checked = await stage.host.check(stage.urn(), inputs());
      await stage.destroy(keptOf(failure, checked.inputs));
      for (const slug of SLUGS) expect((await stage.slot(slug)).client).toBeUndefined();
      expect((await stage.apps()).filter(({ deletedDateTime }) => deletedDateTime === null)).toEqual([]);
    });
  });
});
