/** getIntegration and getIntegrations in programs: YAML asks the plugin, a TypeScript program makes an ordinary call. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { getIntegration, getIntegrations, OAuthClientConfig } from "@odeus/pulumi";
import { RunError } from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { stringify } from "yaml";
import { type Engine, startEngine } from "../../tools/engine.js";
import { type Command, type EngineStack, engineStackOf } from "../support/engineStack.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { startWorld, type World } from "../support/sandbox.js";

const PROJECT = "functions";
const DISPLAY_NAME = "Odeus mail";

let world: World;
let engine: Engine;
let folder: string;
let mail: string;
beforeAll(async () => {
  world = await startWorld();
  mail = world.integrations["outlook-email"] ?? "";
  for (const _ of [1, 2]) await world.odeus("POST", "/integrations/v1/create", { name: "Twin", authType: "OAUTH" });
  engine = await startEngine(world.environment);
  folder = mkdtempSync(path.join(tmpdir(), "odeus-e2e-"));
}, 60_000);
afterAll(async () => {
  engine?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  await world?.close();
});

interface Asking {
  /** Looks the mail integration up by id, slug and name, lists all, and makes a client from the answers. */
  useAll(): Promise<Command>;
  /** A preview that asks for one integration. */
  ask(integration: string): Promise<Command>;
  stage: EngineStack;
}

async function inYaml(): Promise<Asking> {
  const write = (program: object) => {
    const plugins = { providers: [{ name: "odeus", path: path.join(REPOSITORY, "bin") }] };
    writeFileSync(path.join(folder, "Pulumi.yaml"), stringify({ name: PROJECT, runtime: "yaml", plugins, ...program }));
  };
  const lookUp = (integration: string) => ({ "fn::invoke": { function: "odeus:getIntegration", arguments: { integration } } });
  write({});
  const stage = engineStackOf(await engine.stack({ folder, name: "yaml" }), PROJECT, engine, world);
  return {
    stage,
    useAll() {
      const client = {
        integrations: [{ integration: `\${bySlug.id}`, scopes: `\${byId.defaultScopes}` }],
        entra: { displayName: DISPLAY_NAME, additionalRedirectUrls: [`\${byName.redirectUrl}?also`] },
      };
      write({
        variables: {
          ...{ byId: lookUp(mail), bySlug: lookUp("outlook-email"), byName: lookUp("Outlook Email") },
          all: { "fn::invoke": { function: "odeus:getIntegrations", arguments: {} } },
        },
        resources: { mail: { type: "odeus:OAuthClientConfig", properties: client } },
        outputs: { first: `\${all.integrations[0].slug}`, found: `\${byName}` },
      });
      return stage.up();
    },
    ask(integration) {
      write({ variables: { found: lookUp(integration) }, outputs: { id: `\${found.id}` } });
      return stage.preview();
    },
  };
}

async function inTypeScript(): Promise<Asking> {
  const stack = await engine.stack({ project: PROJECT, name: "typescript", program: async () => undefined });
  // An inline program runs in this process, whose environment holds nothing of a world.
  await stack.setAllConfig({
    "odeus:baseUrl": { value: world.environment["ODEUS_BASE_URL"] ?? "" },
    "odeus:apiKey": { value: world.environment["ODEUS_API_KEY"] ?? "", secret: true },
  });
  const stage = engineStackOf(stack, PROJECT, engine, world);
  const useAll: PulumiFn = async () => {
    const [byId, bySlug, byName] = await Promise.all([mail, "outlook-email", "Outlook Email"].map((integration) => getIntegration({ integration })));
    const { integrations } = await getIntegrations();
    if (byId?.defaultScopes === undefined || bySlug === undefined) throw new Error("nothing was found");
    new OAuthClientConfig("mail", {
      integrations: [{ integration: bySlug.id, scopes: byId.defaultScopes }],
      entra: { displayName: DISPLAY_NAME, additionalRedirectUrls: [`${byName?.redirectUrl}?also`] },
    });
    return { first: integrations[0]?.slug, found: byName };
  };
  return {
    stage,
    useAll: () => stage.up(useAll),
    async ask(integration) {
      let said: unknown;
      // A program that throws ends with what the engine prints of it, and with a rejection that jest takes for the test's own.
      const command = await stage.preview(async () => {
        said = await getIntegration({ integration }).catch((error: unknown) => error);
      });
      return { ...command, ...(RunError.isInstance(said) ? { failure: said.message } : {}) };
    },
  };
}

describe.each([
  ["YAML", inYaml],
  ["TypeScript", inTypeScript],
] as const)("the functions in %s", (language, start) => {
  let asking: Asking;
  beforeAll(async () => {
    asking = await start();
  }, 60_000);

  it("answer by id, slug and exact name, for inputs of a resource and for outputs", async () => {
    const used = await asking.useAll();
    expect(used).toMatchObject({ failure: undefined, changes: { create: 2 } });
    // Three look-ups, the list itself and the resource. YAML asks one after the other; what a program asks at once is read once.
    expect(used.calls.filter(({ operation }) => operation === "listIntegrations")).toHaveLength(language === "YAML" ? 5 : 3);
    const { redirectUrl, defaultScopes } = await asking.stage.slot("outlook-email");
    const { first, found } = await asking.stage.stack.outputs();
    expect(found?.value).toMatchObject({ id: mail, slug: "outlook-email", name: "Outlook Email", builtIn: true, clientMode: "ODEUS", redirectUrl });
    expect(Object.keys(world.integrations)).toContain(first?.value);
    expect(asking.stage.resource("mail").outputs).toMatchObject({ effectiveScopes: { [mail]: defaultScopes }, redirectUrls: { [mail]: redirectUrl } });
    expect((await asking.stage.app()).properties["web"]).toMatchObject({ redirectUris: expect.arrayContaining([redirectUrl, `${redirectUrl}?also`]) });
    await asking.stage.destroy();
  }, 60_000);

  it("list both when two have the name", async () => {
    const { failure } = await asking.ask("Twin");
    expect(failure).toMatch(/2 integrations are named "Twin": twin \([0-9a-f-]{36}\), twin-2 \([0-9a-f-]{36}\)\. Use the id or the slug\./);
  }, 60_000);

  it("suggest the near one when none has it", async () => {
    const { failure } = await asking.ask("jirra");
    expect(failure).toContain('the workspace has no integration "jirra". Did you mean "jira"');
  }, 60_000);
});
