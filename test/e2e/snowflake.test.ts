/** The Snowflake guide on the real engine, in TypeScript (dynamic host) and YAML (plugin): from nothing to a connected user, rotated, and gone again. */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { programOf, startEngine } from "../../tools/engine.js";
import { type Connected, connectUser } from "../support/browser.js";
import { type EngineStack, engineStackOf } from "../support/engineStack.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { send, startWorld, type World } from "../support/sandbox.js";

const PROJECT = "odeus-snowflake";
const TYPESCRIPT = path.join(REPOSITORY, "examples/snowflake/index.ts");

/** The YAML twin in a folder of its own: the CLI writes the stack's settings beside the program. */
function yamlProject(folder: string): string {
  cpSync(path.join(REPOSITORY, "examples/snowflake-yaml"), folder, { recursive: true });
  const file = path.join(folder, "Pulumi.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("path: ../../bin", `path: ${path.join(REPOSITORY, "bin")}`));
  return folder;
}

function everyFile(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "utf8")).join("\n");
}

describe.each(["TypeScript", "YAML"])("the Snowflake example in %s", (language) => {
  let world: World;
  let stack: EngineStack;
  let program: PulumiFn | undefined;
  let folder: string;
  let said = "";

  beforeAll(async () => {
    world = await startWorld();
    const engine = await startEngine(world.environment);
    folder = mkdtempSync(path.join(tmpdir(), "odeus-e2e-"));
    program = language === "TypeScript" ? programOf(TYPESCRIPT) : undefined;
    const made = await engine.stack(program === undefined ? { folder: yamlProject(folder) } : { project: PROJECT, program });
    stack = engineStackOf(made, PROJECT, engine, world);
    await stack.stack.setConfig("allowNonTlsRedirectUri", { value: "true" });
  }, 60_000);
  afterAll(async () => {
    await stack?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const up = async () => {
    const command = await stack.up(program);
    said += command.output;
    return command;
  };
  const atAccount = async () => (await world.state()).snowflake.integrations.find((one) => one.kind === "oauth");
  const connectionPath = (of: string): string => `${world.origins.odeus}/integrations/${stack.resource("snowflake").id}/${of}?user=ada`;
  const connect = (): Promise<Connected> => connectUser({ startUrl: connectionPath("connect"), user: "ada" });

  it("makes integration and security integration in one up, and a user connects", async () => {
    const made = await up();
    expect(made).toMatchObject({ failure: undefined, changes: { create: 3 } });
    expect(made.changing.filter((operation) => operation.startsWith("statement:"))).toEqual(["statement:CREATE"]);
    // What was entered is read back, once.
    const entered = made.calls.findIndex(({ operation }) => operation === "updateIntegrationAuth");
    const afterwards = made.calls.slice(entered + 1).map(({ operation }) => operation);
    expect(afterwards.sort()).toEqual(["getIntegration", "getOAuthClient"]);
    expect(made.output).toContain("refresh tokens are valid for 1 day: users sign in again that often");
    const outputs = Object.fromEntries(Object.entries(await stack.stack.outputs()).map(([name, { value }]) => [name, value]));
    expect(outputs).toEqual({
      redirectUrl: stack.resource("snowflake").outputs["redirectUrl"],
      clientId: (await atAccount())?.clientId,
      authorizationUrl: `${world.origins.snowflake}/oauth/authorize`,
    });
    expect(await connect()).toMatchObject({ connected: true, scopes: expect.arrayContaining(["refresh_token"]) });
  }, 60_000);

  it("calls nobody in a second up", async () => {
    expect(await up()).toMatchObject({ failure: undefined, changes: { same: 3 }, calls: [] });
  }, 60_000);

  it("renews the idle secret on request: who is connected stays so, and who connects does so with the new one", async () => {
    const before = await atAccount();
    await stack.stack.setConfig("secretRound", { value: "second" });
    const rotated = await up();
    expect(rotated).toMatchObject({ failure: undefined, changes: { same: 2, update: 1 } });
    expect(rotated.changing).toEqual(["statement:REFRESH", "updateIntegrationAuth"]);
    const after = await atAccount();
    expect(after?.clientId).toBe(before?.clientId);
    expect(after?.secrets[0]).toBe(before?.secrets[0]);
    expect(after?.secrets[1]).not.toBe(before?.secrets[1]);
    expect((await stack.slot("snowflake")).client?.clientSecret).toBe(after?.secrets[1]);
    expect(stack.resource("client").outputs).toMatchObject({ activeSecretSlot: 2, drift: [] });
    expect((await send(connectionPath("connections/refresh"), { method: "POST" })).body).toMatchObject({ refreshed: true });
    expect(await connect()).toMatchObject({ connected: true });
    expect(await up()).toMatchObject({ failure: undefined, changes: { same: 3 }, changing: [] });
  }, 60_000);

  it("refreshes an untouched stack without a difference or a changing call", async () => {
    expect(await stack.refresh({ expectNoChanges: true })).toMatchObject({ failure: undefined, changing: [] });
  }, 60_000);

  it("keeps every secret out of output and state", async () => {
    const state = everyFile(stack.engine.backend);
    const integration = await atAccount();
    // The search sees: what is no secret is found.
    expect(state.includes(integration?.clientId ?? "it is gone")).toBe(true);
    const secrets = [...(integration?.secrets ?? []), world.environment["SNOWFLAKE_PASSWORD"] ?? "", world.environment["ODEUS_API_KEY"] ?? ""];
    expect(secrets).toHaveLength(4);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(10);
      expect([said.includes(secret), state.includes(secret)]).toEqual([false, false]);
    }
  });

  it("drops the security integration on destroy, and leaves the workspace integration without a client", async () => {
    const destroyed = await stack.destroy();
    expect(destroyed).toMatchObject({ failure: undefined, changes: { delete: 3 } });
    expect(destroyed.output).toContain('the integration "Snowflake" stays in the workspace');
    expect(await atAccount()).toBeUndefined();
    expect((await stack.slot("snowflake")).client).toBeUndefined();
  }, 60_000);
});
