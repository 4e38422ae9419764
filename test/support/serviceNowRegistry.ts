/** An OAuthClientConfig with an entry of ServiceNow's application registry, as the engine drives it, and a second integration to enter it in. */

import type { RecordedCall } from "../../src/sandbox/calls.js";
import type { Row } from "../../src/sandbox/serviceNow/instance.js";
import type { ServiceNowChange } from "../../src/sandbox/serviceNow/serviceNowCounterpart.js";
import { type Connected, connectUser } from "./browser.js";
import { type HostStarter, type Made, type Stage, startAgain, startStage } from "./oauthClientConfig.js";
import type { Inputs } from "./providerHost.js";

const SWITCHES: ServiceNowChange = {
  ignoredColumns: [],
  hiddenRecords: [],
  hidesNewRecords: false,
  lateRecords: 0,
  blankedColumns: [],
  ignoresQueries: false,
  // The vendor ignores them, so that nobody would notice.
  refusesUnknownColumns: true,
  hibernating: "no",
  callsPerHour: null,
  saysRetryAfter: true,
  oauthPlugin: true,
};

export interface ServiceNowStage extends Stage {
  /** Slug of an integration made from scratch, which signs its users in to the same instance. */
  hr: string;
  /** What a program declares of an entry "Odeus": settings of `serviceNow`, and what stands beside it. */
  declared(settings?: Inputs, more?: Inputs): Inputs;
  /** The same for both integrations. */
  forBoth(settings?: Inputs, more?: Inputs): Inputs;
  /** All entries that no instance comes with. */
  records(): Promise<Row[]>;
  /** The one that is there. */
  record(): Promise<Row>;
  /** An administrator's hand on the one that is there. */
  edit(values: Row): Promise<void>;
  /** An entry that somebody else has made; answers it whole. */
  foreign(values?: Row): Promise<Row>;
  /** Whether the instance takes what the slot holds; the ServiceNow integration's without a slug. */
  works(slug?: string): Promise<boolean>;
  /** A person connects an integration; the ServiceNow integration without a slug. */
  signIn(user?: string, slug?: string): Promise<Connected>;
  /** Whether the workspace gets another access token for a person who connected the ServiceNow integration before. */
  staysConnected(user: string): Promise<boolean>;
  /** What the slot of the ServiceNow integration holds as the secret. */
  secret(): Promise<string | undefined>;
  /** Names of the changing calls since the last `clear`. */
  operations(): Promise<string[]>;
  /** Columns of the writes at the instance since the last `clear`, in order. */
  written(): Promise<Record<string, string>[]>;
  switches(change: ServiceNowChange): Promise<void>;
  refreshed(made: Made, name?: string): Promise<Made>;
  /** Another process, as the next run of the engine has it. It ends with this stage at the latest, also when a test fails. */
  again(environment?: Record<string, string>): Promise<ServiceNowStage>;
}

export async function startServiceNowStage(start: HostStarter, environment: Record<string, string> = {}): Promise<ServiceNowStage> {
  const base = await startStage(start, { environment });
  const name = "HR portal";
  await base.world.odeus("POST", "/integrations/v1/create", { name, authType: "OAUTH" });
  const { body } = await base.world.odeus<{ integrations: { name: string; slug: string }[] }>("GET", "/integrations/v1/get");
  const hr = body.integrations.find((one) => one.name === name)?.slug ?? "";
  return stageOn(base, hr, start);
}

function stageOn(base: Stage, hr: string, start: HostStarter): ServiceNowStage {
  const { world } = base;
  const others: Stage[] = [];
  const { instance, username } = world.serviceNow;
  const shipped = ["Mobile API", "ServiceNow Agent"];
  const declaredFor = (...slugs: string[]) => {
    const integrations = slugs.map((integration) => ({ integration }));
    return (settings: Inputs = {}, more: Inputs = {}): Inputs => ({ integrations, serviceNow: { name: "Odeus", ...settings }, ...more });
  };
  const writes = (call: RecordedCall) => ["createRecord", "updateRecord"].includes(call.operation);
  const stage: ServiceNowStage = {
    ...base,
    hr,
    declared: declaredFor("servicenow"),
    forBoth: declaredFor("servicenow", hr),
    records: async () => (await world.state()).serviceNow.tables.oauth_entity.filter((row) => !shipped.includes(row["name"] ?? "")),
    async record() {
      const [only, ...more] = await stage.records();
      if (only === undefined || more.length > 0) throw new Error(`${more.length + (only === undefined ? 0 : 1)} entries in place of one`);
      return only;
    },
    async edit(values) {
      await world.atServiceNow("PATCH", `/oauth_entity/${(await stage.record())["sys_id"]}`, values);
    },
    async foreign(values = {}) {
      const row = { name: "Odeus", type: "client", redirect_url: "https://theirs.example/callback", client_secret: "theirSecret", ...values };
      const { result } = (await world.atServiceNow("POST", "/oauth_entity", row)).body;
      return result;
    },
    async works(slug = "servicenow") {
      const { client } = await base.slot(slug);
      return client?.clientSecret !== undefined && world.accepted("serviceNow", client.clientId, client.clientSecret);
    },
    async signIn(user = "ada", slug = "servicenow") {
      const { id } = await base.slot(slug);
      return connectUser({ startUrl: `${world.origins.odeus}/integrations/${id}/connect?${new URLSearchParams({ user, instance })}`, user });
    },
    async staysConnected(user) {
      const path = `/integrations/${world.integrations["servicenow"]}/connections/refresh?user=${user}`;
      return (await world.odeus<{ refreshed: boolean }>("POST", path)).body.refreshed;
    },
    secret: async () => (await base.slot("servicenow")).client?.clientSecret,
    operations: async () => (await base.changingCalls()).map(({ operation }) => operation),
    written: async () => (await world.calls()).filter(writes).map(({ requestBody }) => JSON.parse(requestBody) as Record<string, string>),
    switches: (change) => world.changeServiceNow(change),
    async refreshed(made, name) {
      const seen = await base.refresh(made, name);
      if (seen === undefined) throw new Error("the refresh says that it is gone");
      return seen;
    },
    async again(environment) {
      const next = stageOn(await startAgain(base, start, environment), hr, start);
      others.push(next);
      return next;
    },
    async stop() {
      for (const other of others) await other.host.stop();
      await base.stop();
    },
    async clear() {
      await world.clock(0);
      await world.changeServiceNow({
        ...SWITCHES,
        properties: { "com.snc.platform.security.oauth.is.active": "true" },
        roles: { [username]: ["oauth_admin"] },
      });
      for (const row of await stage.records()) await world.atServiceNow("DELETE", `/oauth_entity/${row["sys_id"]}`);
      await base.clear();
    },
  };
  return stage;
}

/** The same resource, as if time had passed: the provider decides by recorded times alone. */
export const aged = (made: Made, days: number): Made => ({
  ...made,
  state: { ...made.state, secretCreatedAt: new Date(Date.now() - days * 86_400_000).toISOString() },
});
