/** The ServiceNow example on the real engine, in TypeScript (dynamic host) and YAML (plugin): from nothing to a connected user, rotated, and gone again. */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { programOf, startEngine } from "../../tools/engine.js";
import { type Connected, connectUser } from "../support/browser.js";
import { type EngineStack, engineStackOf } from "../support/engineStack.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { startWorld, type World } from "../support/sandbox.js";

const PROJECT = "odeus-servicenow";
const TYPESCRIPT = path.join(REPOSITORY, "examples/servicenow/index.ts");

/** The YAML twin in a folder of its own: the CLI writes the stack's settings beside the program. */
function yamlProject(folder: string): string {
  cpSync(path.join(REPOSITORY, "examples/servicenow-yaml"), folder, { recursive: true });
  const file = path.join(folder, "Pulumi.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("path: ../../bin", `path: ${path.join(REPOSITORY, "bin")}`));
  return folder;
}

function everyFile(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "utf8")).join("\n");
}

describe.each(["TypeScript", "YAML"])("the ServiceNow example in %s", (language) => {
  let world: World;
  let stack: EngineStack;
  let program: PulumiFn | undefined;
  let folder: string;
  let said = "";
  const secrets: string[] = [];

  beforeAll(async () => {
    world = await startWorld();
    const engine = await startEngine(world.environment);
    folder = mkdtempSync(path.join(tmpdir(), "odeus-e2e-"));
    program = language === "TypeScript" ? programOf(TYPESCRIPT) : undefined;
    const made = await engine.stack(program === undefined ? { folder: yamlProject(folder) } : { project: PROJECT, program });
    stack = engineStackOf(made, PROJECT, engine, world);
  }, 60_000);
  afterAll(async () => {
    await stack?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const up = async () => {
    const command = await stack.up(program);
    said += command.output;
    secrets.push((await record())?.["client_secret"] ?? "");
    return command;
  };
  const record = async () => (await world.state()).serviceNow.tables.oauth_entity.find(({ name }) => name === "Odeus for Contoso");
  const connectionPath = (of: string) => `/integrations/${world.integrations["servicenow"]}/${of}?user=ada&instance=${world.serviceNow.instance}`;
  const connect = (): Promise<Connected> => connectUser({ startUrl: world.origins.odeus + connectionPath("connect"), user: "ada" });

  it("makes the entry and enters it in one up, says what nobody can prove, and a user connects", async () => {
    const made = await up();
    expect(made).toMatchObject({ failure: undefined, changes: { create: 2 }, changing: ["createRecord", "putOAuthClient"] });
    expect(made.output).toContain("the client secret is not proven (inconclusive): ServiceNow shows nobody a secret");
    const { client_id, redirect_url, comments } = (await record()) ?? {};
    const outputs = Object.fromEntries(Object.entries(await stack.stack.outputs()).map(([name, { value }]) => [name, value]));
    expect(outputs).toMatchObject({ clientId: client_id, redirectUrls: { servicenow: redirect_url } });
    expect(stack.resource("desk").outputs).toMatchObject({ verification: { proven: ["redirectUrl"] } });
    expect(comments).toMatch(/^Signs the users of Odeus in\. Kept by the platform team\. \[odeus-key:/);
    expect(await connect()).toMatchObject({ connected: true, consentShows: "Odeus for Contoso" });
  }, 60_000);

  it("calls nobody in a second up", async () => {
    expect(await up()).toMatchObject({ failure: undefined, changes: { same: 2 }, calls: [] });
  }, 60_000);

  it("announces the gap of a new secret, sets and enters it with two calls, and who is connected stays so", async () => {
    const before = await record();
    await stack.stack.setConfig("secretRound", { value: "2" });
    const preview = await stack.preview(program);
    expect(preview.output).toContain("ServiceNow has one at a time, so sign-ins in the moment between the two fail");
    expect(preview.changing).toEqual([]);
    expect(await up()).toMatchObject({ failure: undefined, changes: { same: 1, update: 1 }, changing: ["updateRecord", "putOAuthClient"] });
    const after = await record();
    expect(after?.["client_id"]).toBe(before?.["client_id"]);
    expect(after?.["client_secret"]).not.toBe(before?.["client_secret"]);
    expect((await stack.slot("servicenow")).client?.clientSecret).toBe(after?.["client_secret"]);
    expect((await world.odeus("POST", connectionPath("connections/refresh"))).body).toMatchObject({ refreshed: true });
    expect(await connect()).toMatchObject({ connected: true });
  }, 60_000);

  it("refreshes an untouched stack without a difference or a changing call", async () => {
    expect(await stack.refresh({ expectNoChanges: true })).toMatchObject({ failure: undefined, changing: [] });
  }, 60_000);

  it("keeps every secret out of output and state", async () => {
    const state = everyFile(stack.engine.backend);
    // The search sees: what is no secret is found.
    expect(state.includes((await record())?.["client_id"] ?? "it is gone")).toBe(true);
    const all = [...new Set(secrets), world.serviceNow.password, world.environment["ODEUS_API_KEY"] ?? ""];
    expect(all).toHaveLength(4);
    for (const secret of all) {
      expect(secret.length).toBeGreaterThan(10);
      expect([said.includes(secret), state.includes(secret)]).toEqual([false, false]);
    }
  });

  it("removes the entry on destroy, and the integration has no client", async () => {
    expect(await stack.destroy()).toMatchObject({ failure: undefined, changes: { delete: 2 }, changing: ["deleteOAuthClient", "deleteRecord"] });
    expect(await record()).toBeUndefined();
    expect((await stack.slot("servicenow")).client).toBeUndefined();
  }, 60_000);
});
