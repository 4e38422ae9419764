/** The watch asks after every call, before the answer, whether what the slots hold is taken; and sees what no look from outside could. */

import { send, startWorld, type World } from "../support/sandbox.js";

let world: World;
let clientId: string;
let clientSecret: string;
beforeEach(async () => {
  world = await startWorld();
  ({ clientId, clientSecret } = await world.vendorClient("atlassian", {}));
});
afterEach(() => world.close());

const slot = () => `/integrations/v1/${world.integrations["jira"]}/oauth-client`;
const put = (secret: string) =>
  send(world.origins.odeus + slot(), {
    method: "PUT",
    headers: { authorization: `Bearer ${world.apiKeys.full}`, "content-type": "application/json" },
    body: JSON.stringify({ clientId, clientSecret: secret }),
  });

it("sees a secret that is not taken, for as long as the slot holds it", async () => {
  await world.watch("entra", "atlassian");
  await put("wrong");
  await put(clientSecret);
  await put("wrong again");
  await put(clientSecret);
  const refused = { slug: "jira", clientId };
  expect(await world.watched()).toEqual({
    looks: 4,
    refusals: [
      { call: 0, ...refused },
      { call: 2, ...refused },
    ],
  });
});

it("sees what ends at the server while the slot goes on holding it", async () => {
  await put(clientSecret);
  await world.clearCalls();
  await world.changeVendorClient("atlassian", clientId, { secrets: ["another"] });
  await world.watch("atlassian");
  await send(world.origins.odeus + slot(), { headers: { authorization: `Bearer ${world.apiKeys.full}` } });
  expect(await world.watched()).toMatchObject({ looks: 1, refusals: [{ call: 0, slug: "jira" }] });
});

it.each([
  ["answerLost", 1],
  ["bodyTruncated", 1],
  ["serverError", 0],
  ["reset", 0],
] as const)("looks after a call that meets the fault %s", async (fault, refusals) => {
  await world.fault({ operation: "putOAuthClient", fault });
  await world.watch("atlassian");
  await put("wrong").catch(() => undefined);
  expect(await world.watched()).toMatchObject({ looks: 1, refusals: { length: refusals } });
});

it("rests until servers are named, and once none are", async () => {
  await put("wrong");
  expect(await world.watched()).toEqual({ looks: 0, refusals: [] });
  await world.watch("atlassian");
  await world.watch();
  await put("wrong");
  expect(await world.watched()).toEqual({ looks: 0, refusals: [] });
});

it("knows no other servers than those that can be asked", async () => {
  await expect(world.watch("nobody" as never)).rejects.toThrow("the servers are");
});
