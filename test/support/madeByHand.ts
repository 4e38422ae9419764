/** What persons made at each remote and entered in the workspace, before any program knew of it. */

import type { WorldOptions } from "../../src/sandbox/world.js";
import type { EngineStack } from "./engineStack.js";
import { appByHand, endedSecret, graphPermissions } from "./entraByHand.js";
import type { World } from "./sandbox.js";

/** The right for one's own apps does not reach those of others. */
export const WORLD: WorldOptions = { permissions: ["Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"] };
const slotOf = (world: World, slug: string) => `/integrations/v1/${world.integrations[slug]}/oauth-client`;

/** One client for each server, in outlook-email, jira, servicenow and in "Warehouse", and an app in no slot. */
export async function madeByHand(stack: Pick<EngineStack, "slot" | "world">) {
  const { world } = stack;
  const mail = await stack.slot("outlook-email");
  const app = await appByHand(world, {
    displayName: "Mail by hand",
    web: { redirectUris: [mail.redirectUrl] },
    requiredResourceAccess: await graphPermissions(world, mail.defaultScopes),
  });
  await endedSecret(world, app);
  await world.odeus("PUT", slotOf(world, "outlook-email"), { clientId: app.appId, clientSecret: app.secret, tenantId: world.tenantId, scopeSync: true });

  const { redirectUrl, defaultScopes } = await stack.slot("jira");
  const jira = await world.vendorClient("atlassian", { redirectUris: [redirectUrl], scopes: defaultScopes });
  await world.odeus("PUT", slotOf(world, "jira"), { ...jira, scopeSync: true });

  const desk = { client_secret: "theirSecretIsLongEnough", redirect_url: (await stack.slot("servicenow")).redirectUrl, name: "By hand", type: "client" };
  const { result: entry } = (await world.atServiceNow("POST", "/oauth_entity", desk)).body;
  const deskId = String(entry["client_id"]);
  await world.odeus("PUT", slotOf(world, "servicenow"), { clientId: deskId, clientSecret: desk.client_secret, scopeSync: true });

  await world.odeus("POST", "/integrations/v1/create", { name: "Warehouse", description: "Tables", authType: "OAUTH" });
  const warehouse = (await stack.slot("warehouse")) as Awaited<ReturnType<typeof stack.slot>> & { id: string };
  await world.atSnowflake.run(
    `CREATE SECURITY INTEGRATION BY_HAND TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'CONFIDENTIAL' OAUTH_ALLOW_NON_TLS_REDIRECT_URI = TRUE OAUTH_REDIRECT_URI = '${warehouse.redirectUrl}'`,
    "ODEUS_DEPLOYER",
  );
  const held = (await world.state()).snowflake.integrations.find((one) => one.kind === "oauth");
  const oauthClient = {
    ...{ clientId: held?.clientId, clientSecret: held?.secrets[1], scopes: "refresh_token" },
    ...{ authUrl: `${world.origins.snowflake}/oauth/authorize`, tokenUrl: `${world.origins.snowflake}/oauth/token-request` },
  };
  await world.odeus("PATCH", `/integrations/v1/${warehouse.id}/auth`, { authType: "OAUTH", oauthClient });
  return {
    ...{ app, jira, deskId, deskSecret: desk.client_secret, deskEntry: entry["sys_id"] },
    warehouseId: warehouse.id,
    tablesId: held?.clientId,
    spare: await appByHand(world, { displayName: "In no slot" }),
  };
}
