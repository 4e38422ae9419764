/** States that versions of this package left behind: the present code reads each without a difference, and finishes what one left undone. */

import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { KINDS } from "../../src/resources/oauthClientConfig/rules.js";
import { resources as known } from "../../src/resources/registry.js";
import { RECORD_VERSION } from "../../src/resources/rolloutState.js";
import { PROVIDER_TEXT, startDynamicProcess } from "../support/dynamicProcess.js";
import { DECLARE, type EngineStack, startEngineStack } from "../support/engineStack.js";
import { REPOSITORY } from "../support/hostProcess.js";
import type { HostStarter } from "../support/oauthClientConfig.js";
import { startPluginProcess } from "../support/pluginProcess.js";
import type { Inputs, ProviderHost } from "../support/providerHost.js";
import { inWorld, type RecordedResource, type RecordedStates } from "../support/recordedStates.js";
import { startWorld, type World, type WorldState } from "../support/sandbox.js";

const versions = readdirSync(__dirname, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

const recordingOf = (version: string, writer: string): string => readFileSync(path.join(__dirname, version, `${writer}.json`), "utf8");

it.each(["plugin", "dynamic"])("there are states of the present version by the %s host, of every kind of resource and client", (writer) => {
  const { version } = JSON.parse(readFileSync(path.join(REPOSITORY, "package.json"), "utf8")) as { version: string };
  const { resources } = JSON.parse(recordingOf(version, writer)) as RecordedStates;
  expect(new Set(resources.map(({ kind }) => kind))).toEqual(new Set(known.map(({ kind }) => kind)));
  expect(KINDS.filter((kind) => resources.every(({ inputs }) => inputs[kind] === undefined))).toEqual([]);
});

/** Inputs that speak for nothing of a recording. */
const NOTHING: Record<RecordedResource["kind"], (name: string) => Inputs> = {
  CustomIntegration: (name) => ({ name }),
  OAuthClientConfig: (name) => ({ integrations: [{ integration: "nothing" }], existing: { clientId: name } }),
  SnowflakeSecurityIntegration: () => ({ name: "NOTHING", oauthRedirectUri: "https://nothing.example/callback" }),
};

/** A stack may move from the dynamic resources to the plugin, not back. */
const READERS: [RecordedStates["host"], string, HostStarter][] = [
  ["plugin", "plugin", startPluginProcess],
  ["dynamic", "dynamic", startDynamicProcess],
  ["dynamic", "plugin", startPluginProcess],
];

describe.each(versions.flatMap((version) => READERS.map((reader) => [version, ...reader] as const)))(
  "states of %s, written by the %s host and read by the %s host",
  (version, writer, _reader, start) => {
    let world: World;
    let host: ProviderHost;
    let recorded: RecordedStates;
    beforeAll(async () => {
      world = await startWorld();
      recorded = await inWorld(recordingOf(version, writer), world);
      host = await start({ environment: { ...world.environment, ODEUS_RETRY_SECONDS: "1", ODEUS_VERIFY_SECONDS: "3" } });
      await host.configure({});
    });
    afterAll(async () => {
      await host?.stop();
      await world?.close();
    });

    const urnOf = ({ kind, name }: RecordedResource) => host.urn(kind, name).replace("dev::demo", "dev::recorded");
    const changingCalls = async () => (await world.calls()).filter(({ changes }) => changes).map(({ operation }) => operation);
    const isUnfinished = ({ state }: RecordedResource) => (state["drift"] as string[] | undefined)?.length === 1;

    it("are whole, and one of them has something left to do", () => {
      expect(recorded.resources.filter(isUnfinished).map(({ name }) => name)).toEqual(["unfinished"]);
      expect(recorded.provider).toBe(writer === "dynamic" ? PROVIDER_TEXT : undefined);
    });

    it("are checked, compared and read without a difference", async () => {
      for (const resource of recorded.resources.filter((one) => !isUnfinished(one))) {
        const { id, inputs, state } = resource as RecordedResource & Record<"inputs" | "state", Inputs>;
        const urn = urnOf(resource);
        expect(await host.check(urn, inputs, inputs)).toEqual({ inputs, failures: [] });
        expect([resource.name, (await host.diff(urn, id, state, inputs)).changes]).toEqual([resource.name, false]);
        const read = await host.read(urn, id, state, inputs);
        expect(read).toMatchObject({ id, inputs: resource.inputs });
        expect([resource.name, read?.state["drift"] ?? []]).toEqual([resource.name, []]);
        expect((await host.diff(urn, id, (read?.state ?? {}) as Inputs, (read?.inputs ?? {}) as Inputs)).changes).toBe(false);
      }
      expect(await changingCalls()).toEqual([]);
    });

    it("are quiet for a program that leaves out the audience, which they all name", async () => {
      for (const resource of recorded.resources.filter((one) => one.inputs["entra"] !== undefined && !isUnfinished(one))) {
        const { signInAudience, ...entra } = resource.inputs["entra"] as Inputs;
        expect(signInAudience).toBe("AzureADMyOrg");
        const { id, state } = resource as RecordedResource & Record<"state", Inputs>;
        const { inputs } = await host.check(urnOf(resource), { ...resource.inputs, entra } as Inputs);
        expect((await host.diff(urnOf(resource), id, state, inputs as Inputs)).changes).toBe(false);
      }
    });

    it("are finished by the next up where a run left something", async () => {
      const [resource] = recorded.resources.filter(isUnfinished) as [RecordedResource & Record<"inputs" | "state", Inputs>];
      const { id, inputs, state } = resource;
      const urn = urnOf(resource);
      expect((await host.diff(urn, id, state, inputs)).changes).toBe(true);
      expect((await host.read(urn, id, state, inputs))?.state["drift"]).toEqual(state["drift"]);
      await host.check(urn, inputs, inputs);
      const updated = await host.update(urn, id, state, inputs);
      expect(updated.state["drift"]).toEqual([]);
      expect((await host.diff(urn, id, updated.state as Inputs, inputs)).changes).toBe(false);
      const { odeus } = await world.state<{ odeus: { integrations: { slug: string; client?: { clientId: string; clientSecret: string } }[] } }>();
      for (const slug of ["outlook-calendar", "entra-directory"]) {
        const client = odeus.integrations.find((one) => one.slug === slug)?.client;
        expect(await world.accepted("entra", client?.clientId ?? "", client?.clientSecret ?? "")).toBe(true);
      }
    });

    it("are destroyed whole", async () => {
      const activeApps = async () => (await world.state()).entra.tenants.flatMap((tenant) => tenant.applications.filter((app) => app.deletedDateTime === null));
      expect(await activeApps()).toHaveLength(3);
      for (const { name, id, state, ...rest } of recorded.resources) {
        const urn = urnOf({ name, id, state, ...rest });
        await host.check(urn, NOTHING[rest.kind](name));
        await host.delete(urn, id, state as Inputs);
      }
      const { odeus, serviceNow, snowflake } = await world.state<WorldState & { odeus: { integrations: { client?: object }[] } }>();
      expect(odeus.integrations.filter(({ client }) => client !== undefined)).toEqual([]);
      expect(snowflake.integrations).toEqual([]);
      expect(serviceNow.tables.oauth_entity.filter((row) => row["sys_created_by"] !== "system")).toEqual([]);
      expect(await activeApps()).toEqual([]);
    });
  },
);

describe.each(DECLARE)("a state of a newer record version in the %s host", (_host, declare) => {
  let stack: EngineStack;
  const program = async () => {
    declare("OAuthClientConfig", "mail", { integrations: [{ integration: "outlook-email" }], entra: { displayName: "Odeus mail" } });
  };
  beforeAll(async () => {
    stack = await startEngineStack({ project: "newer" });
    expect((await stack.up(program)).failure).toBeUndefined();
    const exported = await stack.stack.exportStack();
    const text = JSON.stringify(exported).replaceAll(`"version":${RECORD_VERSION},"workspace"`, `"version":${RECORD_VERSION + 1},"workspace"`);
    await stack.stack.importStack(JSON.parse(text));
  }, 60_000);
  afterAll(() => stack?.close());

  it.each(["up", "refresh", "destroy"] as const)(
    "is refused by %s with what to do, and nothing is lost",
    async (command) => {
      const before = stack.resources();
      expect(before[0]?.outputs["rollout"]).toMatchObject({ version: RECORD_VERSION + 1 });
      const { failure, changing } = await (command === "up" ? stack.up(program) : stack[command]());
      expect(failure).toContain(
        `this state was written by a newer version of the odeus provider (record ${RECORD_VERSION + 1}, this version knows ${RECORD_VERSION}).`,
      );
      expect(failure).toContain("Install that version or a newer one");
      expect(changing).toEqual([]);
      expect(stack.resources()).toEqual(before);
      expect(await stack.works("outlook-email")).toBe(true);
    },
    60_000,
  );
});
