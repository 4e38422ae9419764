/** The sandbox as a process of its own, for the demo: started, awaited, spoken to, ended. */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { RecordedCall } from "../src/sandbox/calls";
import type { WorldDescription } from "../src/sandbox/world";

export interface Sandbox {
  world: WorldDescription;
  /** Certificate authority of its https side. */
  ca: string;
  calls(): Promise<RecordedCall[]>;
  clearCalls(): Promise<void>;
  /** A client made by hand at the Atlassian counterpart. */
  atlassianClient(client: { name: string; redirectUris: string[]; scopes: string[] }): Promise<{ clientId: string; clientSecret: string }>;
  /** The workspace as a person sees it: its own API, with no key asked. By slug of a built-in integration, or by id. */
  slot(integration: string): Promise<Slot>;
  /** The client secret that the workspace holds, which its API shows to nobody. */
  enteredSecret(id: string): Promise<string | undefined>;
  /** What the workspace does when an access token ends. False: the user has to sign in again. */
  refreshConnection(id: string, user: string): Promise<boolean>;
  /** Of the Snowflake account, as its administrator sees them. */
  securityIntegrations(): Promise<SecurityIntegration[]>;
  /** Of the ServiceNow instance's application registry, as its administrator sees them; without those that every instance has. */
  registryEntries(): Promise<Record<string, string>[]>;
  /** App registrations of the tenant, by state. */
  applications(): Promise<{ active: string[]; deleted: string[] }>;
  close(): void;
}

export interface Slot {
  mode: string;
  clientId: string | null;
  redirectUrl: string;
  scopes: string[];
  defaultScopes: string[];
}

export interface SecurityIntegration {
  name: string;
  clientId: string;
  secrets: [string, string];
}

export async function startSandbox(): Promise<Sandbox> {
  const main = path.join(__dirname, "..", "dist", "sandbox", "main.js");
  const child = spawn(process.execPath, [main, "--json", "--parent", String(process.pid)], { stdio: ["ignore", "pipe", "inherit"] });
  const ready = await new Promise<{ control: string; caFile: string; world: WorldDescription }>((resolve, reject) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n")) resolve(JSON.parse(text) as { control: string; caFile: string; world: WorldDescription });
    });
    child.once("exit", (code) => reject(new Error(`the sandbox ended with code ${code} before it was ready`)));
  });
  const { control, world } = ready;
  const ask = async <T>(method: string, route: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${control}/__sandbox/worlds/${world.id}${route}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`the sandbox answered ${answer.status} to ${method} ${route}: ${await answer.text()}`);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  };
  return {
    world,
    ca: readFileSync(ready.caFile, "utf8"),
    async calls() {
      const answer = await ask<RecordedCall[] | { calls: RecordedCall[] }>("GET", "/calls");
      return Array.isArray(answer) ? answer : answer.calls;
    },
    clearCalls: () => ask("DELETE", "/calls"),
    atlassianClient: (client) => ask("POST", "/vendors/atlassian/clients", client),
    async slot(integration) {
      const url = `${world.environment["ODEUS_BASE_URL"]}/integrations/v1/${world.integrations[integration] ?? integration}/oauth-client`;
      const answer = await fetch(url, { headers: { "x-sandbox-by-hand": "1" } });
      return ((await answer.json()) as { oauthClient: Slot }).oauthClient;
    },
    async enteredSecret(id) {
      const { odeus } = await ask<{ odeus: { integrations: { id: string; client?: { clientSecret?: string } }[] } }>("GET", "/state");
      return odeus.integrations.find((one) => one.id === id)?.client?.clientSecret;
    },
    async refreshConnection(id, user) {
      const answer = await fetch(`${world.environment["ODEUS_BASE_URL"]}/integrations/${id}/connections/refresh?user=${user}`, { method: "POST" });
      return ((await answer.json()) as { refreshed: boolean }).refreshed;
    },
    async securityIntegrations() {
      const { snowflake } = await ask<{ snowflake: { integrations: SecurityIntegration[] } }>("GET", "/state");
      return snowflake.integrations;
    },
    async registryEntries() {
      const { serviceNow } = await ask<{ serviceNow: { tables: { oauth_entity: Record<string, string>[] } } }>("GET", "/state");
      return serviceNow.tables.oauth_entity.filter(({ sys_created_by }) => sys_created_by !== "system");
    },
    async applications() {
      const state = await ask<{ entra: { tenants: { applications: { appId: string; deletedDateTime: string | null }[] }[] } }>("GET", "/state");
      const all = state.entra.tenants.flatMap(({ applications }) => applications);
      return {
        active: all.filter(({ deletedDateTime }) => deletedDateTime === null).map(({ appId }) => appId),
        deleted: all.filter(({ deletedDateTime }) => deletedDateTime !== null).map(({ appId }) => appId),
      };
    },
    close: () => void child.kill(),
  };
}
