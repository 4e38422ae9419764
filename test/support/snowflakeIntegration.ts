/** A SnowflakeSecurityIntegration as the engine drives it, with a workspace integration made from scratch to be entered in. */

import { ADMIN_ROLE, DEPLOYER_ROLE, type OAuthIntegration } from "../../src/sandbox/snowflake/account.js";
import { type HostStarter, type Made, type Played, type Stage, startAgain, startStage } from "./oauthClientConfig.js";
import type { Inputs } from "./providerHost.js";

const PLAYED: Played = {
  kind: "SnowflakeSecurityIntegration",
  name: "snowflake",
  nothing: () => ({ name: "NOTHING_AT_ALL", oauthRedirectUri: "https://nothing.example/callback" }),
  server: "snowflake",
};
const AUTH_FIELDS = [{ slug: "warehouse", name: "Warehouse", type: "TEXT", required: true }];
const SETTINGS = { addPrivilegedRoles: true, secretKeyCase: "upper", secretsNeed: "ownership", missingProperties: [], cacheLagMilliseconds: 0 } as const;

export interface SnowflakeStage extends Stage {
  /** The workspace integration made from scratch; it asks its users for a warehouse. */
  place: { id: string; slug: string; redirectUrl: string };
  /** What a program declares of an integration ODEUS that is entered in `place`, over plain http as the sandbox's workspace is. */
  declared(more?: Inputs): Inputs;
  /** All of the account, by stored name. */
  integrations(): Promise<Record<string, OAuthIntegration>>;
  /** The one that is there. */
  integration(): Promise<OAuthIntegration>;
  /** Which of the account's two secrets the workspace holds: 1 or 2; undefined for neither, or another client. */
  slotInUse(): Promise<1 | 2 | undefined>;
  /** Names of the statements since the last `clear`, without logins. */
  statements(): Promise<string[]>;
  /** The text of those statements that change something, or of all that have this name. */
  sql(name?: string): Promise<string[]>;
  /** Whether the account takes what the workspace holds. */
  login(): Promise<boolean>;
  /** A person's hand, as ACCOUNTADMIN. */
  byHand(sql: string): Promise<unknown>;
  refreshed(made: Made, name?: string): Promise<Made>;
  /** Another process, as the next run of the engine has it. */
  again(environment?: Record<string, string>): Promise<SnowflakeStage>;
}

export interface SnowflakeStageOptions {
  environment?: Record<string, string>;
}

export async function startSnowflakeStage(start: HostStarter, { environment = {} }: SnowflakeStageOptions = {}): Promise<SnowflakeStage> {
  const base = await startStage(start, { played: PLAYED, environment });
  const { body } = await base.world.odeus<{ integration: { id: string } }>("POST", "/integrations/v1/create", { name: "Warehouse", authType: "OAUTH" });
  const { id } = body.integration;
  await base.world.odeus("PATCH", `/integrations/v1/${id}/auth`, { authType: "OAUTH", authFields: AUTH_FIELDS });
  const { slug, redirectUrl } = await base.slot("warehouse");
  return stageOn(base, { id, slug, redirectUrl }, start);
}

function stageOn(base: Stage, place: SnowflakeStage["place"], start: HostStarter): SnowflakeStage {
  const { world } = base;
  const ofAccount = async () => (await world.calls()).filter(({ counterpart, operation }) => counterpart === "snowflake" && operation.startsWith("statement:"));
  const stage: SnowflakeStage = {
    ...base,
    place,
    declared: (more = {}) => ({ name: "odeus", integration: place.slug, oauthAllowNonTlsRedirectUri: true, ...more }),
    async integrations() {
      const all = (await world.state()).snowflake.integrations;
      return Object.fromEntries(all.flatMap((each) => (each.kind === "oauth" ? [[each.name, each] as const] : [])));
    },
    async integration() {
      const [only, ...more] = Object.values(await stage.integrations());
      if (only === undefined || more.length > 0) throw new Error(`${more.length + (only === undefined ? 0 : 1)} integrations in place of one`);
      return only;
    },
    async slotInUse() {
      const { client } = await base.slot(place.slug);
      const held = Object.values(await stage.integrations()).find(({ clientId }) => clientId === client?.clientId);
      const index = held?.secrets.indexOf(client?.clientSecret ?? "") ?? -1;
      return index < 0 ? undefined : ((index + 1) as 1 | 2);
    },
    statements: async () => (await ofAccount()).map(({ operation }) => operation.slice("statement:".length)),
    async sql(name) {
      const wanted = (await ofAccount()).filter(({ operation, changes }) => (name === undefined ? changes : operation === `statement:${name}`));
      return wanted.map(({ requestBody }) => (JSON.parse(requestBody) as { sqlText: string }).sqlText);
    },
    login: () => base.works(place.slug),
    byHand: (sql) => world.atSnowflake.run(sql),
    async refreshed(made, name) {
      const seen = await base.refresh(made, name);
      if (seen === undefined) throw new Error("the refresh says that it is gone");
      return seen;
    },
    again: async (environment) => stageOn(await startAgain(base, start, environment), place, start),
    async clear() {
      await base.clear();
      const { integrations } = (await world.state()).snowflake;
      for (const { name } of integrations) await world.atSnowflake.run(`DROP INTEGRATION "${name.replaceAll('"', '""')}"`);
      await world.atSnowflake.settings({ ...SETTINGS, missingProperties: [] });
      await world.atSnowflake.role(DEPLOYER_ROLE, { createIntegration: true, usage: [] });
      await world.atSnowflake.user("DEPLOYER", { roles: [DEPLOYER_ROLE, "ANALYST", ADMIN_ROLE], defaultRole: DEPLOYER_ROLE });
      await world.odeus("PATCH", `/settings/integrations/${place.id}`, { redirectUrl: place.redirectUrl });
      await world.odeus("PATCH", `/integrations/v1/${place.id}/auth`, { authType: "OAUTH", authFields: AUTH_FIELDS, oauthClient: { scopes: "" } });
      await world.clearCalls();
    },
  };
  return stage;
}

/** A resource without a workspace integration. */
export const standAlone = (more: Inputs = {}): Inputs => ({ name: "odeus", oauthRedirectUri: "https://app.example/callback", ...more });
/** The same resource, as if time had passed: the provider decides by recorded times alone. */
export const aged = (made: Made, times: Made["state"]): Made => ({ ...made, state: { ...made.state, ...times } });
export const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
