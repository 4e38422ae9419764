/** Ctrl-C during `pulumi up`: the engine asks the plugin to stop, what exists is recorded, and the next `up` finishes. */

import { descendants } from "../support/descendants.js";
import { declareInPlugin, type EngineStack, startEngineStack } from "../support/engineStack.js";

let stack: EngineStack;
beforeAll(async () => {
  // Longer than the test: no time limit of ours ends the call.
  stack = await startEngineStack({ project: "interrupted", environment: { ODEUS_CALL_TIMEOUT_SECONDS: "300" } });
}, 60_000);
afterAll(() => stack?.close());

const program = (displayName: string) => async () => {
  declareInPlugin("OAuthClientConfig", "mail", { integrations: [{ integration: "outlook-email" }], entra: { displayName } });
};

/** An `up` that is interrupted while this call has no answer; what it said. */
async function interruptedIn(operation: string, displayName: string): Promise<string> {
  await stack.world.fault({ operation, fault: "hang" });
  const running = stack.up(program(displayName));
  while (!(await stack.world.calls()).some(({ fault }) => fault === "hang")) await new Promise((done) => setTimeout(done, 50));
  const [engine, ...more] = descendants().filter(({ command }) => /(^|\/)pulumi up /.test(command));
  expect(more).toEqual([]);
  process.kill(engine?.pid ?? Number.NaN, "SIGINT");
  const { failure } = await running;
  await stack.world.clearFaults();
  return failure ?? "it succeeded";
}

it("in a create", async () => {
  const said = await interruptedIn("putOAuthClient", "Odeus mail");
  const { appId } = await stack.app();
  expect(said).toContain(`What exists is recorded (client ${appId}); the next up finishes.`);
  expect(stack.resource("mail")).toMatchObject({ id: `entra/${appId}`, outputs: { clientId: appId } });
  expect(await stack.up(program("Odeus mail"))).toMatchObject({ failure: undefined, changes: { same: 1, update: 1 } });
  expect((await stack.app()).appId).toBe(appId);
  expect(await stack.works("outlook-email")).toBe(true);
  expect(await stack.up(program("Odeus mail"))).toMatchObject({ failure: undefined, changes: { same: 2 }, calls: [] });
}, 60_000);

it("in an update", async () => {
  const said = await interruptedIn("patchApplication", "Odeus post");
  expect(said).toContain("stopped");
  expect(await stack.works("outlook-email")).toBe(true);
  expect(await stack.up(program("Odeus post"))).toMatchObject({ failure: undefined });
  expect((await stack.app()).properties).toMatchObject({ displayName: "Odeus post" });
  expect(await stack.up(program("Odeus post"))).toMatchObject({ failure: undefined, changes: { same: 2 }, calls: [] });
}, 60_000);
