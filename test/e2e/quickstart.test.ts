/** The quickstart on the real engine: TypeScript through the Automation API (dynamic host), YAML through the CLI (plugin). */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { type Engine, programOf, startEngine } from "../../tools/engine.js";
import { connectUser } from "../support/browser.js";
import { startWorld, type World } from "../support/sandbox.js";

const ROOT = path.join(__dirname, "..", "..");
const TYPESCRIPT = path.join(ROOT, "examples/quickstart/index.ts");

/** The YAML twin in a folder of its own: the CLI writes the stack's settings beside the program. */
function yamlProject(folder: string): string {
  const project = path.join(folder, "quickstart-yaml");
  cpSync(path.join(ROOT, "examples/quickstart-yaml"), project, { recursive: true });
  const file = path.join(project, "Pulumi.yaml");
  const text = readFileSync(file, "utf8").replace("path: ../../bin", `path: ${path.join(ROOT, "bin")}`);
  writeFileSync(file, text);
  return project;
}

function everyFile(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "utf8")).join("\n");
}

const HOSTS = ["TypeScript", "YAML"] as const;

describe.each(HOSTS)("the quickstart in %s", (language) => {
  let world: World;
  let engine: Engine;
  let stack: Stack;
  let folder: string;
  let output = "";
  const listen = {
    onOutput: (text: string) => {
      output += text;
    },
  };
  const jiraSecrets: string[] = [];

  beforeAll(async () => {
    world = await startWorld();
    engine = await startEngine(world.environment);
    folder = mkdtempSync(path.join(tmpdir(), "odeus-e2e-"));
    stack =
      language === "TypeScript"
        ? await engine.stack({ project: "odeus-quickstart", program: programOf(TYPESCRIPT) })
        : await engine.stack({ folder: yamlProject(folder) });
    const jira = await world.odeus<{ oauthClient: { redirectUrl: string; defaultScopes: string[] } }>(
      "GET",
      `/integrations/v1/${world.integrations["jira"]}/oauth-client`,
    );
    const client = await world.vendorClient("atlassian", { redirectUris: [jira.body.oauthClient.redirectUrl], scopes: jira.body.oauthClient.defaultScopes });
    jiraSecrets.push(client.clientSecret);
    await stack.setAllConfig({ jiraClientId: { value: client.clientId }, jiraClientSecret: { value: client.clientSecret, secret: true } });
  }, 120_000);
  afterAll(async () => {
    engine?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    await world?.close();
  });

  const slot = async (slug: string) =>
    (await world.odeus<{ oauthClient: { mode: string; clientId: string } }>("GET", `/integrations/v1/${world.integrations[slug]}/oauth-client`)).body
      .oauthClient;

  it("previews without a changing call", async () => {
    await world.clearCalls();
    const { changeSummary } = await stack.preview(listen);
    expect(changeSummary.create).toBe(3);
    expect((await world.calls()).filter(({ changes }) => changes)).toEqual([]);
  }, 60_000);

  it("creates both clients, and a user connects with each", async () => {
    const { summary, outputs } = await stack.up(listen);
    expect(summary.resourceChanges).toEqual({ create: 3 });
    const ids = outputs["clientIds"]?.value as { microsoft: string; jira: string };
    expect((await slot("outlook-email")).clientId).toBe(ids.microsoft);
    expect((await slot("sharepoint")).clientId).toBe(ids.microsoft);
    expect((await slot("jira")).clientId).toBe(ids.jira);
    for (const slug of ["outlook-email", "jira"]) {
      const startUrl = `${world.environment["ODEUS_BASE_URL"]}/integrations/${world.integrations[slug]}/connect?user=ada`;
      const result = await connectUser({ startUrl, user: "ada", ca: readFileSync(process.env["SANDBOX_CA"] ?? "", "utf8") });
      expect(result.text).toMatch(/connected/i);
      expect(result.connected).toBe(true);
    }
  }, 60_000);

  it("changes nothing and calls nobody in a second up", async () => {
    await world.clearCalls();
    const { summary } = await stack.up(listen);
    expect(summary.resourceChanges).toEqual({ same: 3 });
    expect(await world.calls()).toEqual([]);
  }, 60_000);

  it("refreshes an untouched stack without a difference or a changing call", async () => {
    await world.clearCalls();
    await stack.refresh({ ...listen, expectNoChanges: true });
    expect((await world.calls()).filter(({ changes, operation }) => changes || operation === "addPassword")).toEqual([]);
  }, 60_000);

  it("shows what was changed by hand after a refresh, mends it in the next up, and is quiet after that", async () => {
    await world.odeus("DELETE", `/integrations/v1/${world.integrations["sharepoint"]}/oauth-client`);
    const refreshed = await stack.refresh(listen);
    expect(refreshed.summary.resourceChanges).toMatchObject({ update: 1 });
    output = "";
    const mended = await stack.up(listen);
    expect(mended.summary.resourceChanges).toEqual({ same: 2, update: 1 });
    expect(output).toContain("sharepoint was switched back to Odeus's own client");
    expect((await slot("sharepoint")).mode).toBe("CUSTOM");
    expect((await stack.up(listen)).summary.resourceChanges).toEqual({ same: 3 });
  }, 90_000);

  it("keeps every secret encrypted in state and out of the output", async () => {
    const { outputs } = await stack.up(listen);
    const state = everyFile(engine.backend);
    // The search sees: what is no secret is found.
    const clientIds = outputs["clientIds"]?.value as { jira: string } | undefined;
    expect(state).toContain(clientIds?.jira ?? "the program exports no client ids");
    for (const secret of [...jiraSecrets, world.environment["ODEUS_API_KEY"] ?? "", world.environment["ARM_CLIENT_SECRET"] ?? ""]) {
      expect(secret.length).toBeGreaterThan(20);
      expect(output).not.toContain(secret);
      expect(state).not.toContain(secret);
    }
  });

  it("gives everything back on destroy", async () => {
    await stack.destroy(listen);
    for (const slug of ["outlook-email", "sharepoint", "jira"]) expect((await slot(slug)).mode).toBe("ODEUS");
    const { entra } = await world.state();
    const applications = entra.tenants.flatMap((tenant) => tenant.applications);
    expect(applications.map(({ deletedDateTime }) => deletedDateTime !== null)).toEqual([true]);
  }, 60_000);
});
