/** What the plugin looks at in a preview of a ServiceNow client: names, rights, slots; without a change. The engine asks the dynamic host for none. */

import { UNKNOWN } from "../../src/core/value.js";
import { failureOf, type Made } from "../support/oauthClientConfig.js";
import { startPluginProcess } from "../support/pluginProcess.js";
import type { Inputs } from "../support/providerHost.js";
import { type ServiceNowStage, startServiceNowStage } from "../support/serviceNowRegistry.js";

let stage: ServiceNowStage;
beforeAll(async () => {
  stage = await startServiceNowStage(startPluginProcess);
});
beforeEach(() => stage.clear());
afterEach(async () => expect(await stage.operations()).toEqual([]));
afterAll(() => stage.stop());

async function preview(inputs: Inputs, on = stage) {
  const { inputs: news, failures } = await on.host.check(on.urn(), inputs);
  expect(failures).toEqual([]);
  return (await on.host.create(on.urn(), news, { preview: true })).state;
}

it("tells redirect URLs and scopes, and leaves open what only `up` can know", async () => {
  const { redirectUrl } = await stage.slot("servicenow");
  const known = { redirectUrls: { servicenow: redirectUrl }, effectiveScopes: { servicenow: ["useraccount"] } };
  expect(await preview(stage.declared())).toMatchObject({ ...known, clientId: UNKNOWN, verification: UNKNOWN });
});

it("of an update opens what a new secret may change", async () => {
  const made = await stage.up(stage.declared({}, { exportClientSecret: true }));
  await stage.world.clearCalls();
  const { inputs } = await stage.host.check(stage.urn(), stage.forBoth({}, { exportClientSecret: true }), made.inputs);
  const { state } = await stage.host.update(stage.urn(), made.id, made.state, inputs, { preview: true });
  expect(state).toMatchObject({ clientId: made.state["clientId"], clientSecret: UNKNOWN, secretCreatedAt: UNKNOWN });
  expect(state["redirectUrls"]).toHaveProperty(stage.hr);
});

const GAP = "gets a new client secret in place of its only one, which nobody can read: sign-ins fail in the moment until it is entered";

it("tells the gap that a slot changed by hand makes, also where no refresh has seen it", async () => {
  const made = await stage.up(stage.declared());
  await stage.world.odeus("PATCH", stage.slotPath("servicenow"), { clientSecret: "by-hand" });
  await stage.world.clearCalls();
  const told = async (state: Made["state"]) => {
    const { inputs } = await stage.host.check(stage.urn(), stage.declared({ comments: "after" }), made.inputs);
    await stage.host.update(stage.urn(), made.id, state, inputs, { preview: true });
    return stage.said("WARNING").filter((line) => line.includes(GAP)).length;
  };
  expect(await told(made.state)).toBe(1);
  // The plan of what a refresh has seen says it in its own words.
  expect(await told((await stage.refreshed(made)).state)).toBe(1);
});

it("tells the gap that a resource of another name makes, which takes its client over", async () => {
  await stage.up(stage.declared(), undefined, "desk");
  const next = await stage.again();
  await stage.world.clearCalls();
  const { inputs } = await next.host.check(next.urn("portal"), stage.declared());
  await next.host.create(next.urn("portal"), inputs, { preview: true });
  expect(next.said("WARNING").join()).toContain(GAP);
  await next.host.stop();
});

it.each<[string, (stage: ServiceNowStage) => Promise<unknown>, RegExp]>([
  ["a name that is taken", ({ foreign }) => foreign(), /it exists \(client [0-9a-f]{32}\), and this stack did not make it/],
  ["a user without the role", ({ switches, world }) => switches({ roles: { [world.serviceNow.username]: ["itil"] } }), /Give the user the role oauth_admin/],
  [
    "a slot with a stranger's client",
    ({ world, slotPath }) => world.odeus("PUT", slotPath("servicenow"), { clientId: "somebody-elses", clientSecret: "their-secret" }),
    /servicenow already holds client somebody-elses/,
  ],
])("refuses %s", async (_what, arrange, expected) => {
  await arrange(stage);
  expect((await failureOf(preview(stage.declared()))).message).toMatch(expected);
});

it.each([
  ["credentials", { SERVICENOW_USERNAME: "", SERVICENOW_PASSWORD: "" }, "no credentials for ServiceNow"],
  ["an instance", { SERVICENOW_INSTANCE: "" }, "no ServiceNow instance"],
])("without %s says in one line that nothing was checked", async (_what, environment, reason) => {
  const other = await stage.again(environment);
  await preview(stage.declared(), other);
  await other.host.stop();
  expect(other.said()).toEqual([expect.stringMatching(`^not checked against the workspace and the authorization server: .*${reason}`)]);
});

it("of an instance that is not known yet says which input it waits for", async () => {
  await preview(stage.declared({ instance: UNKNOWN }));
  expect(stage.said()).toEqual([expect.stringContaining("serviceNow.instance is not known before `up`")]);
});
