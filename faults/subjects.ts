/** What the matrix plays: one resource for each authorization server, with the inputs of every operation and a look at what is there. */

import { createHash } from "node:crypto";
import { readComment } from "../src/core/mark.js";
import type { Properties } from "../src/core/value.js";
import type { AcceptingServer } from "../src/sandbox/world.js";
import { type Inputs, secret } from "../test/support/providerHost.js";
import type { World, WorldState } from "../test/support/sandbox.js";

export const SERVERS = ["entra", "existing", "serviceNow", "snowflake"] as const;
export type ServerName = (typeof SERVERS)[number];

/** A client with our mark at its server. */
export interface OurClient {
  clientId: string;
  /** In the recycle bin. */
  deleted: boolean;
  /** Secrets with our mark, by key id. */
  secrets: Record<string, string>;
  /** What others have added to it. */
  theirs: string[];
}

export interface SlotHeld {
  slug: string;
  clientId: string;
  clientSecret: string;
}

/** What stands at the remotes at one moment. */
export interface Picture {
  ours: OurClient[];
  /** Slots that hold any client but a bystander's. */
  slots: SlotHeld[];
  /** Everything that no run of ours may touch. */
  others: string;
}

export interface Subject {
  server: ServerName;
  resource: string;
  /** Where the client in a slot has to work, and where that of the bystander does. */
  accepting: AcceptingServer[];
  /** Of a declaration that speaks for nothing of this. */
  nothing: Inputs;
  first: Inputs;
  changed: Inputs;
  rotated(overlapHours: number): Inputs;
  /** Slugs of the slots that these inputs declare. */
  slotsOf(inputs: Inputs): string[];
  /** The secret that the slots have to hold by this state. */
  current(picture: Picture, state: Properties): string | undefined;
  /** Key ids that this state accounts for; undefined where keys are no things of their own. */
  known(state: Properties): string[] | undefined;
  /** Secrets are never removed, only renewed: one counts from the moment that a slot has held it. */
  alwaysTwo?: true;
  look(): Promise<Picture>;
  /** Somebody adds a redirect URL and, where it can have more, a secret to our client. */
  addTheirs(): Promise<void>;
  /** Takes away by hand whatever a case has left. */
  clear(picture: Picture): Promise<void>;
}

type Look = (state: WorldState) => OurClient[];
type Built = Omit<Subject, "look" | "clear" | "slotsOf" | "nothing" | "addTheirs"> & {
  nothing?: Inputs;
  ours: Look;
  addTheirs?: Subject["addTheirs"];
  remove(client: OurClient): Promise<unknown>;
};

interface Row {
  slug: string;
  id: string;
  client?: { clientId: string; clientSecret?: string };
}
const integrationsIn = (state: WorldState): Row[] => (state.odeus as unknown as { integrations: Row[] }).integrations;

const uses = (...slugs: string[]): Inputs[] => slugs.map((integration) => ({ integration }));
const LOGO = { kind: "asset", hash: "one", text: "GIF89a-a-small-picture" } as const;
const BYSTANDER = "gmail";
const HAS_MARK = "odeus-key:";
const THEIR_URL = "https://somebody.example/callback";

/** Integrations made from scratch, as places for clients. */
const CUSTOM = ["Desk", "Warehouse", "Lakehouse"];

/** Fills a world with what others have made, and answers the four subjects in it. */
export async function prepare(world: World): Promise<Record<ServerName, Subject>> {
  for (const name of CUSTOM) {
    const { body } = await world.odeus<{ integration: { id: string } }>("POST", "/integrations/v1/create", { name, authType: "OAUTH" });
    const authFields = [{ slug: "place", name: "Place", type: "TEXT", required: true }];
    await world.odeus("PATCH", `/integrations/v1/${body.integration.id}/auth`, { authType: "OAUTH", authFields });
  }
  await world.odeus("PATCH", "/settings", { requestsPerMinute: 1_000_000 });
  await bystanders(world);
  const { clientId } = await world.vendorClient("openid", await registeredFor(world, "jira", "confluence", "desk"));
  const given = ["given-first-4f0c6a1b9d27e385", "given-second-9be1c04d7a6f8352"] as const;
  await world.changeVendorClient("openid", clientId, { secrets: [...given] });
  const subjects: Record<ServerName, Built> = {
    entra: entraSubject(world),
    existing: existingSubject(world, clientId, given),
    serviceNow: serviceNowSubject(world),
    snowflake: snowflakeSubject(world),
  };
  return Object.fromEntries(SERVERS.map((server) => [server, subjectOf(world, subjects[server], clientId)])) as Record<ServerName, Subject>;
}

/** What a person registers by hand, for every declaration of the client. */
async function registeredFor(world: World, ...slugs: string[]): Promise<{ redirectUris: string[]; scopes: string[] }> {
  const rows = integrationsIn(await world.state()).filter(({ slug }) => slugs.includes(slug));
  const slots = rows.map(({ id }) =>
    world.odeus<{ oauthClient: { redirectUrl: string; defaultScopes: string[] } }>("GET", `/integrations/v1/${id}/oauth-client`),
  );
  const found = (await Promise.all(slots)).map(({ body }) => body.oauthClient);
  return { redirectUris: found.map(({ redirectUrl }) => redirectUrl), scopes: [...found.flatMap(({ defaultScopes }) => defaultScopes), "read"] };
}

async function bystanders(world: World): Promise<void> {
  const google = await world.vendorClient("google", {});
  await world.odeus("PUT", `/integrations/v1/${world.integrations[BYSTANDER]}/oauth-client`, { ...google, scopeSync: true });
  const { body: app } = await world.graph<{ id: string; appId: string }>("POST", "/applications", { displayName: "Somebody's" });
  await world.graph("POST", "/servicePrincipals", { appId: app.appId });
  await world.graph("POST", `/applications/${app.id}/addPassword`, { passwordCredential: { displayName: "Somebody's" } });
  await world.atServiceNow("POST", "/oauth_entity", { name: "Somebody's", type: "client", comments: "by hand" });
  await world.atSnowflake.run(
    `CREATE SECURITY INTEGRATION SOMEBODYS TYPE = OAUTH ENABLED = TRUE OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'CONFIDENTIAL' OAUTH_REDIRECT_URI = '${THEIR_URL}'`,
  );
  await world.atSnowflake.networkPolicy("OFFICE");
}

function subjectOf(world: World, built: Built, givenClient: string): Subject {
  const { ours, remove, ...rest } = built;
  const othersIn = (state: WorldState, own: string[]): string => {
    const notOwn = <T extends { appId?: string; clientId?: string }>(list: T[]): T[] => list.filter((one) => !own.includes(one.appId ?? one.clientId ?? ""));
    const { applications, servicePrincipals, grants } = state.entra.tenants[0] ?? { applications: [], servicePrincipals: [], grants: [] };
    // One that was deleted stays in the recycle bin, also when its application is purged.
    const living = servicePrincipals.filter(({ deletedDateTime }) => deletedDateTime === null).map(({ id }) => id);
    const principals = servicePrincipals.filter(({ appId }) => own.includes(appId)).map(({ id }) => id);
    return JSON.stringify([
      notOwn(applications),
      notOwn(servicePrincipals).filter(({ id }) => living.includes(id)),
      grants.filter(({ clientId }) => !principals.includes(clientId) && living.includes(clientId)),
      state.serviceNow.tables.oauth_entity.filter((row) => !(row["comments"] ?? "").includes(HAS_MARK)),
      state.snowflake.integrations.filter((one) => !commentOf(one).includes(HAS_MARK)),
      state.openid.clients,
      state.google.clients,
      integrationsIn(state).find(({ slug }) => slug === BYSTANDER),
    ]);
  };
  return {
    addTheirs: async () => undefined,
    nothing: { integrations: uses("nothing-at-all"), existing: { clientId: "nothing-at-all" } },
    ...rest,
    slotsOf: ({ integrations, integration }) =>
      Array.isArray(integrations) ? integrations.map((use) => String((use as Inputs)["integration"])) : [String(integration)],
    async look() {
      const state = await world.state();
      const found = ours(state);
      const entra = state.entra.tenants[0]?.applications.filter(isOurs).map(({ appId }) => appId) ?? [];
      const slots = integrationsIn(state).flatMap(({ slug, client }) =>
        client === undefined || slug === BYSTANDER ? [] : [{ slug, clientId: client.clientId, clientSecret: client.clientSecret ?? "" }],
      );
      return { ours: found, slots, others: othersIn(state, [...entra, givenClient]) };
    },
    async clear({ ours: left, slots }) {
      const ids = new Map(integrationsIn(await world.state()).map(({ slug, id }) => [slug, id]));
      for (const { slug } of slots) await world.odeus("DELETE", `/integrations/v1/${ids.get(slug)}/oauth-client`);
      for (const client of left) await remove(client);
    },
  };
}

type Application = WorldState["entra"]["tenants"][number]["applications"][number];
const isOurs = ({ properties }: Application): boolean => JSON.stringify(properties["tags"] ?? []).includes(HAS_MARK);

const urlsIn = (properties: Record<string, unknown>): string[] => (properties["web"] as { redirectUris?: string[] } | undefined)?.redirectUris ?? [];

const rolloutOf = (state: Properties): Record<string, string> => ((state["rollout"] as Properties | undefined)?.["client"] ?? {}) as Record<string, string>;
export const retiringOf = (state: Properties): string[] => ((state["retiring"] ?? []) as { keyId: string }[]).map(({ keyId }) => keyId);

function entraSubject(world: World): Built {
  const entra = (more: Inputs = {}): Inputs => ({ displayName: "Odeus mail", grantAdminConsent: true, logo: LOGO, ...more });
  const first: Inputs = { integrations: uses("outlook-email", "sharepoint"), entra: entra() };
  return {
    server: "entra",
    resource: "OAuthClientConfig",
    accepting: ["entra", "google"],
    first,
    changed: { integrations: uses("outlook-email", "excel"), entra: entra({ displayName: "Odeus files", notes: "changed" }) },
    rotated: (overlapHours) => ({ ...first, rotation: { overlapHours, triggers: { when: `${overlapHours}` } } }),
    current: ({ ours }, state) => ours.flatMap(({ secrets }) => secrets[rolloutOf(state)["secretKeyId"] ?? ""] ?? [])[0],
    known: (state) => [rolloutOf(state)["secretKeyId"] ?? "none", ...retiringOf(state)],
    ours: (state) =>
      (state.entra.tenants[0]?.applications ?? []).filter(isOurs).map(({ appId, deletedDateTime, passwordCredentials, properties }) => {
        const own = passwordCredentials.filter(({ displayName }) => displayName?.startsWith("odeus-"));
        const theirs = passwordCredentials.filter((one) => !own.includes(one)).map(({ keyId }) => keyId);
        return {
          clientId: appId,
          deleted: deletedDateTime !== null,
          secrets: Object.fromEntries(own.map(({ keyId, secretText }) => [keyId, secretText])),
          theirs: [...theirs, ...urlsIn(properties).filter((url) => url === THEIR_URL)],
        };
      }),
    async addTheirs() {
      const app = (await world.state()).entra.tenants[0]?.applications.find((one) => isOurs(one) && one.deletedDateTime === null);
      if (app === undefined) throw new Error("there is no application of ours to add to");
      await world.graph("PATCH", `/applications/${app.id}`, { web: { redirectUris: [...urlsIn(app.properties), THEIR_URL] } });
      await world.graph("POST", `/applications/${app.id}/addPassword`, { passwordCredential: { displayName: "Somebody's" } });
    },
    async remove({ clientId }) {
      const app = (await world.state()).entra.tenants[0]?.applications.find(({ appId }) => appId === clientId);
      if (app?.deletedDateTime === null) await world.graph("DELETE", `/applications/${app.id}`);
      await world.graph("DELETE", `/directory/deletedItems/${app?.id}`);
    },
  };
}

function existingSubject(world: World, clientId: string, [before, after]: readonly [string, string]): Built {
  const origin = world.origins.openid;
  const existing = (clientSecret: string, more: Inputs = {}): Inputs => ({
    clientId,
    clientSecret: secret(clientSecret),
    authorizationUrl: `${origin}/authorize`,
    tokenUrl: `${origin}/token`,
    ...more,
  });
  const first: Inputs = { integrations: uses("jira", "confluence"), existing: existing(before) };
  return {
    server: "existing",
    resource: "OAuthClientConfig",
    accepting: ["openid", "google"],
    first,
    changed: {
      integrations: [
        { integration: "jira", scopes: ["read:jira-work", "offline_access"] },
        { integration: "desk", scopes: ["read"] },
      ],
      // Proven another way: through what the metadata of the server name.
      existing: existing(before, { issuer: origin }),
    },
    rotated: () => ({ ...first, existing: existing(after) }),
    current: (_picture, state) => (state["existing"] as Properties | undefined)?.["clientSecret"] as string | undefined,
    known: () => undefined,
    ours: () => [],
    remove: async () => undefined,
  };
}

function serviceNowSubject(world: World): Built {
  const serviceNow = (more: Inputs = {}): Inputs => ({ name: "Odeus", accessTokenLifespanSeconds: 1200, ...more });
  const first: Inputs = { integrations: [{ integration: "servicenow" }, { integration: "warehouse", scopes: ["useraccount"] }], serviceNow: serviceNow() };
  return {
    server: "serviceNow",
    resource: "OAuthClientConfig",
    accepting: ["serviceNow", "google"],
    first,
    changed: {
      integrations: [{ integration: "servicenow" }, { integration: "desk", scopes: ["useraccount"] }],
      serviceNow: serviceNow({ accessTokenLifespanSeconds: 900, comments: "changed" }),
    },
    rotated: (overlapHours) => ({ ...first, rotation: { overlapHours, triggers: { when: `${overlapHours}` } } }),
    current: ({ ours }) => ours[0]?.secrets["only"],
    known: () => undefined,
    ours: (state) =>
      state.serviceNow.tables.oauth_entity
        .filter(({ comments = "" }) => readComment(comments).mark !== undefined)
        .map((row) => ({
          clientId: row["client_id"] ?? "",
          deleted: false,
          secrets: { only: row["client_secret"] ?? "" },
          theirs: (row["redirect_url"] ?? "").split(/,\s*/).filter((url) => url === THEIR_URL),
        })),
    async addTheirs() {
      const row = (await world.state()).serviceNow.tables.oauth_entity.find(({ comments = "" }) => comments.includes(HAS_MARK));
      await world.atServiceNow("PATCH", `/oauth_entity/${row?.["sys_id"]}`, { redirect_url: `${row?.["redirect_url"]},${THEIR_URL}` });
    },
    async remove({ clientId }) {
      const row = (await world.state()).serviceNow.tables.oauth_entity.find((one) => one["client_id"] === clientId);
      await world.atServiceNow("DELETE", `/oauth_entity/${row?.["sys_id"]}`);
    },
  };
}

type Integration = WorldState["snowflake"]["integrations"][number];
const commentOf = (one: Integration): string => (one.kind === "oauth" ? String(one.properties.COMMENT ?? "") : one.comment);

function snowflakeSubject(world: World): Built {
  // The workspace of the sandbox has no TLS.
  const declared = (more: Inputs): Inputs => ({ name: "odeus", integration: "warehouse", oauthAllowNonTlsRedirectUri: true, ...more });
  const first = declared({ networkPolicy: "OFFICE", oauthEnforcePkce: true });
  return {
    server: "snowflake",
    resource: "SnowflakeSecurityIntegration",
    accepting: ["snowflake", "google"],
    nothing: { name: "NOTHING_AT_ALL", oauthRedirectUri: "https://nothing.example/callback" },
    first,
    changed: declared({ integration: "lakehouse", oauthEnforcePkce: false, oauthSingleUseRefreshTokensRequired: true, comment: "changed" }),
    rotated: (overlapHours) => ({ ...first, rotation: { overlapHours, triggers: { when: `${overlapHours}` } } }),
    current: ({ ours }, state) => {
      const { secretKeyId = "", secretDigest } = rolloutOf(state);
      const value = ours[0]?.secrets[secretKeyId] ?? "";
      return createHash("sha256")
        .update(value)
        .digest("hex")
        .startsWith(secretDigest ?? "none")
        ? value
        : undefined;
    },
    known: (state) => [rolloutOf(state)["secretKeyId"] ?? "none", ...retiringOf(state)],
    alwaysTwo: true,
    ours: (state) =>
      state.snowflake.integrations.flatMap((one) =>
        one.kind === "oauth" && commentOf(one).includes(HAS_MARK)
          ? [{ clientId: one.clientId, deleted: false, secrets: { "1": one.secrets[0], "2": one.secrets[1] }, theirs: [] }]
          : [],
      ),
    remove: () => world.atSnowflake.run('DROP INTEGRATION "ODEUS"'),
  };
}
