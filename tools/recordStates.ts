/** `npx tsx tools/recordStates.ts`: states of this version, made by the real engine in both hosts, into test/states/<version>/. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { Properties } from "../src/core/value.js";
import { type Args, DECLARE, type Declare, type EngineStack, type InState, type Kind, startEngineStack } from "../test/support/engineStack.js";
import startSandbox from "../test/support/globalSetup.js";
import endSandbox from "../test/support/globalTeardown.js";
import { asRecording, type RecordedStates, remotesOf } from "../test/support/recordedStates.js";

const ROOT = path.join(__dirname, "..");
const { version } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as { version: string };
const SIGNATURE = "4dabf18193072939515e22adb298388d";

async function main(): Promise<void> {
  const folder = path.join(ROOT, "test/states", version);
  mkdirSync(folder, { recursive: true });
  await startSandbox();
  try {
    for (const [host, declare] of DECLARE) {
      const file = path.join(folder, `${host}.json`);
      writeFileSync(file, await record(host, declare));
      process.stdout.write(`${path.relative(ROOT, file)}\n`);
    }
  } finally {
    await endSandbox();
  }
}

async function record(host: RecordedStates["host"], declare: Declare): Promise<string> {
  const stack = await startEngineStack({ project: "recorded" });
  try {
    const program = await programOf(stack, declare);
    must(await stack.up(program("first", "first")));
    must(await stack.up(program("second", "first")));
    // The second of its two slots refuses the new secret: a rotation that the next run finishes.
    await stack.world.fault({ operation: "putOAuthClient", fault: "conflict", call: 1 });
    const { failure } = await stack.up(program("second", "second"));
    if (failure === undefined) throw new Error("the rotation was to stay unfinished");
    await stack.world.clearFaults();

    const { deployment } = await stack.stack.exportStack();
    const all = (deployment as { resources: InState[] }).resources.filter(({ type }) => !type.startsWith("pulumi:"));
    const provider = all.map(({ outputs }) => outputs["__provider"]).find((text) => typeof text === "string");
    const { held, secrets } = await remotesOf(stack.world);
    const recorded: RecordedStates = {
      ...{ version, host, recordedAt: new Date().toISOString() },
      ...(typeof provider === "string" ? { provider } : {}),
      resources: all.map(({ urn, id, type, inputs, outputs }) => ({
        ...{ name: urn.split("::").at(-1) ?? "", kind: type.split(":").at(-1) as Kind, urn, id },
        ...{ inputs: visible(inputs), state: visible(outputs) },
      })),
      world: held,
    };
    return await asRecording(recorded, stack.world, secrets);
  } finally {
    await stack.close();
  }
}

/** Every kind of client there is: registered, made by hand, on an integration made from scratch; fresh, rotated, unfinished. */
async function programOf(stack: EngineStack, declare: Declare): Promise<(rotation: string, unfinished: string) => () => Promise<void>> {
  const { world } = stack;
  const { redirectUrl, defaultScopes } = await stack.slot("jira");
  const jira = await world.vendorClient("atlassian", { redirectUris: [redirectUrl], scopes: defaultScopes });
  const makeWarehouse = () => declare("CustomIntegration", "warehouse", { name: "Warehouse", description: "Tables" });
  // Its redirect URL exists once it does, and is asked about at the client.
  must(await stack.up(async () => void makeWarehouse()));
  const sql = await world.vendorClient("atlassian", { redirectUris: [(await stack.slot("warehouse")).redirectUrl], scopes: ["sql"] });
  const endpoints = { authorizationUrl: `${world.origins.atlassian}/authorize`, tokenUrl: `${world.origins.atlassian}/oauth/token` };
  const uses = (...slugs: string[]): Args => ({ integrations: slugs.map((integration) => ({ integration })) });
  return (rotation, unfinished) => async () => {
    declare("OAuthClientConfig", "mail", {
      integrations: [{ integration: "outlook-email" }, { integration: "sharepoint", scopes: ["Sites.Read.All", "offline_access"] }],
      entra: { displayName: "Odeus mail", grantAdminConsent: true, notes: "Run by IT", additionalRedirectUrls: ["https://example.com/also"] },
    });
    declare("OAuthClientConfig", "jira", { ...uses("jira"), existing: jira });
    declare("OAuthClientConfig", "sql", { integrations: [{ integration: makeWarehouse().slug, scopes: ["sql"] }], existing: { ...sql, ...endpoints } });
    const lakehouse = declare("CustomIntegration", "lakehouse", { name: "Lakehouse" });
    declare("SnowflakeSecurityIntegration", "tables", {
      ...{ name: "ODEUS", integration: lakehouse.slug, oauthAllowNonTlsRedirectUri: true, comment: "Run by IT" },
      rotation: { triggers: { run: rotation } },
    });
    declare("OAuthClientConfig", "desk", { ...uses("servicenow"), serviceNow: { name: "Odeus desk" }, rotation: { triggers: { run: rotation } } });
    declare("OAuthClientConfig", "rotated", { ...uses("excel"), entra: { displayName: "Odeus tables" }, rotation: { triggers: { run: rotation } } });
    declare("OAuthClientConfig", "unfinished", {
      ...uses("outlook-calendar", "entra-directory"),
      entra: { displayName: "Odeus calendar" },
      rotation: { triggers: { run: unfinished } },
    });
  };
}

function must({ failure }: { failure: string | undefined }): void {
  if (failure !== undefined) throw new Error(failure);
}

/** Without the engine's marks of secrets, and without the hidden properties of a host. */
function visible(properties: Record<string, unknown>): Properties {
  const open = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(open);
    const { [SIGNATURE]: signature, plaintext } = value as Record<string, unknown>;
    if (signature !== undefined && typeof plaintext === "string") return JSON.parse(plaintext) as unknown;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, open(each)]));
  };
  return Object.fromEntries(Object.entries(properties).flatMap(([name, value]) => (name.startsWith("__") ? [] : [[name, open(value)]]))) as Properties;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
