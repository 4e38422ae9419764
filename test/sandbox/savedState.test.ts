/** A world takes over what another one held: ids, secrets and all, at its own addresses. */

import { startWorld, type World, type WorldState } from "../support/sandbox.js";

let former: World;
let world: World;
beforeAll(async () => {
  [former, world] = await Promise.all([startWorld(), startWorld()]);
});
afterAll(() => Promise.all([former.close(), world.close()]));

type Slots = { integrations: { slug: string; redirectUrl: string; client?: object }[] };

const CREATE =
  "CREATE SECURITY INTEGRATION TABLES TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'CONFIDENTIAL' OAUTH_REDIRECT_URI = 'https://app.example'";

it("integrations with their clients, apps, entries and security integrations with their secrets, and the vendors' clients", async () => {
  const { body: app } = await former.graph<{ id: string; appId: string }>("POST", "/applications", { displayName: "Mail" });
  const { body: secret } = await former.graph<{ secretText: string }>("POST", `/applications/${app.id}/addPassword`, { passwordCredential: {} });
  await former.graph("POST", "/servicePrincipals", { appId: app.appId });
  const slot = `/integrations/v1/${former.integrations["outlook-email"]}/oauth-client`;
  await former.odeus("PUT", slot, { clientId: app.appId, clientSecret: secret.secretText, tenantId: former.tenantId });
  const made = await former.odeus<{ integration: { id: string; slug: string } }>("POST", "/integrations/v1/create", { name: "Warehouse", authType: "OAUTH" });
  const jira = await former.vendorClient("atlassian", { redirectUris: ["https://example.com/back"] });

  const { body: desk } = await former.atServiceNow("POST", "/oauth_entity", { name: "Desk", type: "client", client_secret: "theSecretOfDesk" });
  await former.atSnowflake.run(CREATE);
  const tables = (await former.state()).snowflake.integrations.find((one) => one.kind === "oauth");

  const saved = await former.state<WorldState & { odeus: Slots }>();
  await world.restore(saved);

  const now = await world.state<WorldState & { odeus: Slots }>();
  expect(await world.accepted("entra", app.appId, secret.secretText)).toBe(true);
  expect(await world.accepted("serviceNow", desk.result["client_id"] ?? "", "theSecretOfDesk")).toBe(true);
  expect(await world.accepted("snowflake", tables?.clientId ?? "", tables?.secrets[1] ?? "")).toBe(true);
  expect((await world.atSnowflake.run("SHOW SECURITY INTEGRATIONS LIKE 'TABLES'")).rows).toHaveLength(1);
  expect(await world.accepted("atlassian", jira.clientId, jira.clientSecret)).toBe(true);
  expect(now.entra.tenants[0]?.applications).toEqual(saved.entra.tenants[0]?.applications);
  const find = ({ odeus }: { odeus: Slots }, slug: string) => odeus.integrations.find((one) => one.slug === slug);
  expect(find(now, "outlook-email")?.client).toEqual(find(saved, "outlook-email")?.client);
  expect(made.status).toBe(201);
  expect(find(now, "warehouse")).toEqual({ ...find(saved, "warehouse"), redirectUrl: expect.stringContaining(world.origins.odeus) });
  // Microsoft Graph's own service principal is there once, under the id that grants refer to.
  const graphs = now.entra.tenants[0]?.servicePrincipals.filter(({ displayName }) => displayName === "Microsoft Graph");
  expect(graphs).toEqual(saved.entra.tenants[0]?.servicePrincipals.filter(({ displayName }) => displayName === "Microsoft Graph"));
});

it("a workspace of another name has integrations of other ids", async () => {
  const other = await startWorld({ workspace: "Fabrikam" });
  expect(Object.keys(other.integrations)).toEqual(Object.keys(world.integrations));
  expect(Object.values(other.integrations)).not.toEqual(expect.arrayContaining([world.integrations["jira"]]));
  await other.close();
});
