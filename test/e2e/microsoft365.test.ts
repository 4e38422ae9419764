/**
 * examples/microsoft365 on the real engine: one Entra app for seven integrations, and each secret in the vault. The vault alone is
 * a mock (test/support/standIns/azureNative.ts).
 */

import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { programOf } from "../../tools/engine.js";
import { connectUser } from "../support/browser.js";
import { type EngineStack, type SlotNow, startEngineStack } from "../support/engineStack.js";
import { REPOSITORY } from "../support/hostProcess.js";
import * as azure from "../support/standIns/azureNative.js";

const PROJECT = "odeus-microsoft365";
const SLUGS = ["outlook-email", "outlook-calendar", "sharepoint", "onedrive", "excel", "microsoft-teams", "planner"];

let stage: EngineStack;
let program: PulumiFn;
let output = "";
beforeAll(async () => {
  stage = await startEngineStack({ project: PROJECT });
  program = programOf(path.join(REPOSITORY, "examples/microsoft365/index.ts"), { "@pulumi/azure-native": azure });
  await stage.stack.setAllConfig({ resourceGroup: { value: "identity" }, vault: { value: "contoso-vault" } });
}, 60_000);
afterAll(() => stage?.close());

const up = async () => {
  const command = await stage.up(program);
  output += command.output;
  return command;
};
const slots = (): Promise<SlotNow[]> => Promise.all(SLUGS.map((slug) => stage.slot(slug)));
const inSlots = async (): Promise<(string | undefined)[]> => [...new Set((await slots()).map(({ client }) => client?.clientSecret))];
const inVault = () => azure.versions.map(({ value }) => value);

it("makes one app for all seven, everything about it proven, and puts its secret into slots and vault alone", async () => {
  expect((await up()).failure).toBeUndefined();
  const app = await stage.app();
  const now = await slots();
  expect(new Set(now.map(({ client }) => client?.clientId))).toEqual(new Set([app.appId]));
  expect((app.properties["web"] as { redirectUris: string[] }).redirectUris.sort()).toEqual(now.map(({ redirectUrl }) => redirectUrl).sort());
  const outputs = await stage.stack.outputs();
  expect(outputs["proven"]?.value).toEqual(["secret", "redirectUrl", "scopes", "consent"]);
  expect(await inSlots()).toEqual(inVault());
  expect(azure.versions).toEqual([
    {
      vaultName: "contoso-vault",
      secretName: "odeus-microsoft365",
      value: expect.stringMatching(/.{16,}/),
      contentType: `client secret of ${app.appId}`,
      attributes: { expires: Math.floor(Date.parse(app.passwordCredentials[0]?.endDateTime ?? "") / 1000) },
    },
  ]);
}, 60_000);

it("lets a user connect to each of them", async () => {
  const ca = readFileSync(process.env["SANDBOX_CA"] ?? "", "utf8");
  for (const slug of SLUGS) {
    const startUrl = `${stage.world.origins.odeus}/integrations/${stage.world.integrations[slug]}/connect?user=ada`;
    expect(await connectUser({ startUrl, user: "ada", ca })).toMatchObject({ connected: true, consentShows: "Odeus for Contoso" });
  }
}, 60_000);

it("changes nothing in a second up", async () => {
  const { changes, calls } = await up();
  expect([Object.keys(changes), calls]).toEqual([["same"], []]);
  expect(inVault()).toHaveLength(1);
}, 60_000);

it("puts a new secret into all slots and the vault when it is rotated", async () => {
  const before = inVault();
  await stage.stack.setConfig("secretRound", { value: "second" });
  expect((await up()).failure).toBeUndefined();
  expect(inVault()).toHaveLength(2);
  expect(inVault()[1]).not.toBe(before[0]);
  expect(await inSlots()).toEqual([inVault()[1]]);
}, 60_000);

it("shows the secrets nowhere, and keeps them encrypted in state", () => {
  const state = readFileSync(path.join(stage.engine.backend, ".pulumi", "stacks", PROJECT, `${stage.stack.name}.json`), "utf8");
  // The search sees: what is no secret is found.
  expect(state).toContain("odeus-microsoft365");
  for (const value of inVault()) {
    expect(output).not.toContain(value);
    expect(state).not.toContain(value);
  }
});

it("takes the app away on destroy, and gives every slot back", async () => {
  expect((await stage.destroy()).failure).toBeUndefined();
  expect(await stage.apps()).toEqual([]);
  expect((await slots()).filter(({ client }) => client !== undefined)).toEqual([]);
}, 60_000);
