/** Snowflake, statement by statement, for OAuth clients of one's own (TYPE = OAUTH, OAUTH_CLIENT = CUSTOM). No decisions: callers read the codes. */

import type { Config } from "../core/config.js";
import type { Env } from "../core/env.js";
import { RemoteError } from "../core/errors.js";
import { Secret } from "../core/secret.js";
import type { HttpLimits } from "./http.js";
import { type Connections, createConnections } from "./snowflakeConnection.js";
import type { Row } from "./snowflakeDriver.js";
import { loginOf } from "./snowflakeLogin.js";
import { type IntegrationParameters, render, type Statement, type UnsettableParameter } from "./snowflakeSql.js";

/** A row of SHOW SECURITY INTEGRATIONS. */
export interface IntegrationRow {
  /** The stored name. */
  name: string;
  /** "OAUTH - CUSTOM" for clients of one's own. */
  type: string;
  enabled: string;
  comment: string;
}

export interface ClientSecrets {
  clientId: string;
  /** Both are valid at all times. */
  secrets: readonly [Secret, Secret];
}

/** Names are stored names (snowflakeNames.ts). Every failed call rejects with a RemoteError whose code is Snowflake's number. */
export interface SnowflakeApi {
  /** The account identifier in capitals. */
  readonly account: string;
  readonly host: string;
  execute(statement: Statement): Promise<Row[]>;
  create(name: string, parameters: IntegrationParameters): Promise<void>;
  alterSet(name: string, parameters: IntegrationParameters): Promise<void>;
  /** Another statement than alterSet: the two together are not atomic. */
  alterUnset(name: string, parameters: readonly UnsettableParameter[]): Promise<void>;
  /** Makes another secret each time it is run: after a lost answer, read before running it again. */
  refreshSecret(name: string, slot: 1 | 2): Promise<void>;
  drop(name: string): Promise<void>;
  /** Property to value, as text. */
  describe(name: string): Promise<Map<string, string>>;
  /** Lists only what the role may see: undefined does not mean that it is gone. */
  show(name: string): Promise<IntegrationRow | undefined>;
  /** All that the role may see. */
  list(): Promise<IntegrationRow[]>;
  clientSecrets(name: string): Promise<ClientSecrets>;
  /** The stored name of the role that statements are run with; empty where there is none. */
  currentRole(): Promise<string>;
}

export interface SnowflakeOptions {
  config: Config;
  env: Env;
  limits: HttpLimits;
  connections?: Connections;
}

/** One for the process: operations run side by side, and one after the other with small pauses. */
const shared = createConnections(3_000);

/** Reads the configuration at once; logs in with the first statement. */
export function createSnowflake({ config, env, limits, connections = shared }: SnowflakeOptions): SnowflakeApi {
  const login = loginOf(config);
  const execute = (statement: Statement): Promise<Row[]> => connections.execute({ login, env, limits }, statement.kind, render(statement));
  const change = async (statement: Statement): Promise<void> => void (await execute(statement));

  return {
    account: login.account,
    host: login.host,
    execute,
    create: (name, parameters) => change({ kind: "create", name, parameters }),
    alterSet: (name, parameters) => change({ kind: "alterSet", name, parameters }),
    alterUnset: (name, parameters) => change({ kind: "alterUnset", name, parameters }),
    refreshSecret: (name, slot) => change({ kind: "refreshSecret", name, slot }),
    drop: (name) => change({ kind: "drop", name }),
    async describe(name) {
      const rows = (await execute({ kind: "describe", name })).map(byLowerCase);
      return new Map(rows.map((row) => [row("property"), row("property_value")]));
    },
    async show(name) {
      // LIKE takes no notice of case.
      return (await execute({ kind: "show", name })).map(integrationRow).find((row) => row.name === name);
    },
    list: async () => (await execute({ kind: "list" })).map(integrationRow),
    async clientSecrets(name) {
      const [row = {}] = await execute({ kind: "clientSecrets", name });
      const answer = clientSecretsIn(Object.values(row)[0]);
      if (answer !== undefined) return answer;
      throw new RemoteError({
        service: "Snowflake",
        operation: "clientSecrets",
        host: login.host,
        outcome: "refused",
        said: "answered SYSTEM$SHOW_OAUTH_CLIENT_SECRETS in a form that this provider does not know",
        remedy: "Please report it, without the answer.",
      });
    },
    async currentRole() {
      const [row = {}] = await execute({ kind: "currentRole" });
      return Object.values(row)[0] ?? "";
    },
  };
}

/** Column names come in small letters from SHOW and DESC, and in capitals from everything else. */
function byLowerCase(row: Row): (column: string) => string {
  const values = new Map(Object.entries(row).map(([column, value]) => [column.toLowerCase(), value ?? ""]));
  return (column) => values.get(column) ?? "";
}

function integrationRow(row: Row): IntegrationRow {
  const value = byLowerCase(row);
  return { name: value("name"), type: value("type"), enabled: value("enabled"), comment: value("comment") };
}

/** One cell of JSON; its keys are small in the documentation and capital in accounts. */
function clientSecretsIn(cell: string | null | undefined): ClientSecrets | undefined {
  const whole = new Secret(cell ?? "");
  let values: Map<string, unknown>;
  try {
    values = new Map(Object.entries(JSON.parse(whole.open()) as object).map(([key, value]) => [key.toUpperCase(), value]));
  } catch {
    // JSON.parse would quote the cell.
    return undefined;
  }
  const [clientId, first, second] = ["OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_CLIENT_SECRET_2"].map((key) => values.get(key));
  if (typeof clientId !== "string" || typeof first !== "string" || typeof second !== "string") return undefined;
  return { clientId, secrets: [new Secret(first), new Secret(second)] };
}
