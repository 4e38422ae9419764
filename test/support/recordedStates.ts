/**
 * Resources as a version of the package left them, with what the remotes held: written by tools/recordStates.ts, read by
 * test/states. Whatever belongs to one world stands as `{{name}}`, every secret as a mask, and times count from the recording.
 */

import { digestOf } from "../../src/authorizationServers/snowflakeSecrets.js";
import { Secret } from "../../src/core/secret.js";
import type { Properties } from "../../src/core/value.js";
import type { Kind } from "./engineStack.js";
import type { World, WorldState } from "./sandbox.js";

export interface RecordedResource {
  name: string;
  kind: Kind;
  urn: string;
  id: string;
  inputs: Properties;
  state: Properties;
}

export interface RecordedStates {
  version: string;
  host: "plugin" | "dynamic";
  recordedAt: string;
  /** What the dynamic host evaluates; the text stands in every user's state. */
  provider?: string;
  resources: RecordedResource[];
  world: object;
}

/** What is different in every world, by the name it has in a recording. */
async function ofThisWorld(world: World): Promise<[name: string, value: string][]> {
  const { entra } = await world.state();
  const deployers = entra.tenants.map(({ servicePrincipals }, index): [string, string] => [
    `deployer${index}`,
    servicePrincipals.find(({ appId }) => appId === world.deployer.clientId)?.id ?? "none",
  ]);
  const origins = (["odeus", "entra", "atlassian", "serviceNow", "snowflake"] as const).flatMap((name): [string, string][] => [
    [name, world.origins[name]],
    // Sentences name a server by host and port.
    [`${name}Host`, new URL(world.origins[name]).host],
  ]);
  return [...origins, ["tenant0", world.tenantId], ["tenant1", world.secondTenantId], ["deployer", world.deployer.clientId], ...deployers];
}

export async function asRecording(recorded: RecordedStates, world: World, secrets: readonly string[]): Promise<string> {
  let text = JSON.stringify(recorded, null, 2);
  for (const [name, value] of await ofThisWorld(world)) text = text.replaceAll(value, `{{${name}}}`);
  for (const [index, secret] of [...new Set(secrets)].entries()) {
    const mask = `masked-secret-number-${index + 1}`;
    // What is kept of a secret, to know it again by, is then that of its mask.
    text = text.replaceAll(secret, mask).replaceAll(digestOf(new Secret(secret)), digestOf(new Secret(mask)));
  }
  return `${text}\n`;
}

/** The recording as if it had been made in this world, a moment ago; the world takes over what the remotes held. */
export async function inWorld(text: string, world: World): Promise<RecordedStates> {
  let here = text;
  for (const [name, value] of await ofThisWorld(world)) here = here.replaceAll(`{{${name}}}`, value);
  const { recordedAt } = JSON.parse(here) as RecordedStates;
  const passed = Date.now() - Date.parse(recordedAt);
  const recorded = JSON.parse(
    here.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, (time) => new Date(Date.parse(time) + passed).toISOString()),
  ) as RecordedStates;
  await world.restore(recorded.world);
  return recorded;
}

/** The part of the remotes that recorded resources refer to, and the secrets in it. */
export async function remotesOf(world: World): Promise<{ held: object; secrets: string[] }> {
  type Integration = { client?: { clientSecret?: string }; custom?: object };
  const { odeus, entra, atlassian, serviceNow, snowflake } = await world.state<WorldState & { odeus: { integrations: Integration[] } }>();
  const integrations = odeus.integrations.filter(({ client, custom }) => client !== undefined || custom !== undefined);
  const tenants = entra.tenants.map(({ id: _id, servicePrincipals, applications, grants }) => ({
    applications: applications.map((application) => ({
      ...application,
      passwordCredentials: application.passwordCredentials.map((credential) => ({ ...credential, hint: "abc" })),
    })),
    servicePrincipals: servicePrincipals.filter(({ appId }) => appId !== world.deployer.clientId),
    grants,
  }));
  const entries = serviceNow.tables.oauth_entity.filter((row) => row["sys_created_by"] !== "system");
  const security = snowflake.integrations.filter((one) => one.kind === "oauth");
  const secrets = [
    ...integrations.flatMap(({ client }) => client?.clientSecret ?? []),
    ...entra.tenants.flatMap(({ applications }) => applications.flatMap((one) => one.passwordCredentials.map(({ secretText }) => secretText))),
    ...atlassian.clients.flatMap((client) => client.secrets),
    ...entries.flatMap((entry) => entry["client_secret"] ?? []),
    ...security.flatMap((one) => one.secrets),
  ];
  const held = {
    ...{ odeus: { integrations }, entra: { tenants }, atlassian: { clients: atlassian.clients } },
    ...{ serviceNow: { tables: { oauth_entity: entries } }, snowflake: { integrations: security } },
  };
  return { held, secrets };
}
