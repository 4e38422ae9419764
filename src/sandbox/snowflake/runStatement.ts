/** Runs a statement for a session: who asks is known, and what it may see and do follows from its role. */

import { type Account, ADMIN_ROLE, ownsIntegration, seesIntegration, type User } from "./account.js";
import { describeIntegration, showIntegrations } from "./integrationRows.js";
import { alterIntegration, createIntegration, dropIntegration, findIntegration } from "./integrationStatements.js";
import { type ColumnType, isLike, type ResultSet, statusRow, textColumns } from "./resultSet.js";
import { invalidValue, noPrivilegeOnIntegration, unknownFunction } from "./sqlError.js";
import { readStatement, type SelectColumn, type Statement } from "./statement.js";

/** Who runs it. */
export interface Actor {
  user: User;
  role: string;
  warehouse: string | undefined;
  sessionId: number;
}

export function runStatement(account: Account, actor: Actor, sql: string): ResultSet {
  const statement = readStatement(sql);
  const { role } = actor;
  switch (statement.kind) {
    case "create":
      return statusRow(createIntegration(account, role, statement));
    case "set":
    case "unset":
    case "refresh":
      return statusRow(alterIntegration(account, role, statement));
    case "drop":
      return statusRow(dropIntegration(account, role, statement));
    case "describe":
      return describeIntegration(account, findIntegration(account, role, statement.name));
    case "showIntegrations":
      return showIntegrations(account, role, statement);
    case "showParameters":
      return showParameters(account, statement.like);
    case "select":
      return select(account, actor, statement);
  }
}

const PRIVILEGED_ROLES_PARAMETER = "OAUTH_ADD_PRIVILEGED_ROLES_TO_BLOCKED_LIST";

function showParameters(account: Account, like: string | undefined): ResultSet {
  const { addPrivilegedRoles } = account.settings;
  const description = "Whether the privileged roles are added to the blocked roles of OAuth integrations";
  const level = addPrivilegedRoles ? "" : "ACCOUNT";
  const parameters = [[PRIVILEGED_ROLES_PARAMETER, String(addPrivilegedRoles), "true", level, description, "BOOLEAN"]];
  return { columns: textColumns("key", "value", "default", "level", "description", "type"), rows: parameters.filter(([key = ""]) => isLike(key, like)) };
}

function select(account: Account, actor: Actor, { columns }: Extract<Statement, { kind: "select" }>): ResultSet {
  const cells = columns.map((column) => cellOf(account, actor, column));
  return { columns: columns.map(({ label }, index) => ({ name: label, type: cells[index]?.type ?? "text" })), rows: [cells.map(({ value }) => value)] };
}

interface Cell {
  type: ColumnType;
  value: string | null;
}

const text = (value: string | null): Cell => ({ type: "text", value });

function cellOf(account: Account, { user, role, warehouse, sessionId }: Actor, { function: name, argument }: SelectColumn): Cell {
  if (name === undefined) return { type: "fixed", value: argument ?? null };
  if (name === "SYSTEM$SHOW_OAUTH_CLIENT_SECRETS") return text(clientSecrets(account, role, argument ?? ""));
  if (argument !== undefined) throw unknownFunction(name);
  switch (name) {
    case "CURRENT_USER":
      return text(user.name);
    case "CURRENT_ROLE":
      return text(role);
    case "CURRENT_ACCOUNT":
      return text(account.locator);
    case "CURRENT_ACCOUNT_NAME":
      return text(account.name);
    case "CURRENT_ORGANIZATION_NAME":
      return text(account.organization);
    case "CURRENT_REGION":
      return text("PUBLIC.AWS_EU_CENTRAL_1");
    case "CURRENT_SESSION":
      return text(String(sessionId));
    case "CURRENT_WAREHOUSE":
      return text(warehouse ?? null);
    case "CURRENT_DATABASE":
    case "CURRENT_SCHEMA":
      return text(null);
    case "CURRENT_VERSION":
      return text("9.32.1");
    case "CURRENT_AVAILABLE_ROLES":
      return text(JSON.stringify([...new Set([...user.roles, "PUBLIC"])]));
    default:
      throw unknownFunction(name);
  }
}

/** Takes the stored name as it is: no folding, and no quotes inside. Keys and their order are as in pasted outputs. */
function clientSecrets(account: Account, role: string, name: string): string {
  const integration = account.integrations.get(name);
  if (integration?.kind !== "oauth" || !seesIntegration(account, role, integration)) throw invalidValue(`'${name}'`, "OAuth Client Integration name");
  const allowed = account.settings.secretsNeed === "ownership" ? ownsIntegration(role, integration) : role === ADMIN_ROLE;
  if (!allowed) throw noPrivilegeOnIntegration(name);
  const [first, second] = integration.secrets;
  const shown = { OAUTH_CLIENT_SECRET_2: second, OAUTH_CLIENT_SECRET: first, OAUTH_CLIENT_ID: integration.clientId };
  if (account.settings.secretKeyCase === "upper") return JSON.stringify(shown);
  return JSON.stringify(Object.fromEntries(Object.entries(shown).map(([key, value]) => [key.toLowerCase(), value])));
}
