/**
 * The SQL that we send, as data, and the one place that turns it into text. Snowflake takes no bind variables in these
 * statements, so every value stands in the text; all quoting of this project is in this file, and that of names in snowflakeNames.ts.
 */

import { needsNoQuotes, quoted } from "./snowflakeNames.js";

/** What the value of a parameter is in JavaScript. */
interface Forms {
  boolean: boolean;
  integer: number;
  /** Text in single quotes. */
  literal: string;
  literals: readonly string[];
  /** A bare word. */
  keyword: string;
  /** Stored names of roles. */
  roles: readonly string[];
  /** The stored name of a network policy. */
  policy: string;
}

interface Parameter {
  is: keyof Forms;
  /** UNSET takes it; for all others the way back is SET to the default. */
  unset?: true;
}

/** Parameters of CREATE and ALTER SECURITY INTEGRATION with TYPE = OAUTH, OAUTH_CLIENT = CUSTOM, in the order in which they are sent. */
const PARAMETERS = {
  ENABLED: { is: "boolean", unset: true },
  /** CREATE only, like the name. */
  OAUTH_CLIENT_TYPE: { is: "literal" },
  OAUTH_REDIRECT_URI: { is: "literal" },
  OAUTH_ALTERNATE_REDIRECT_URIS: { is: "literals" },
  OAUTH_ALLOW_NON_TLS_REDIRECT_URI: { is: "boolean" },
  OAUTH_ENFORCE_PKCE: { is: "boolean" },
  OAUTH_ENABLE_ROLE_SELECTION: { is: "boolean" },
  OAUTH_ANY_ROLE_MODE: { is: "keyword" },
  OAUTH_USE_SECONDARY_ROLES: { is: "keyword", unset: true },
  PRE_AUTHORIZED_ROLES_LIST: { is: "roles" },
  ALLOWED_ROLES_LIST: { is: "roles" },
  BLOCKED_ROLES_LIST: { is: "roles" },
  OAUTH_ISSUE_REFRESH_TOKENS: { is: "boolean" },
  OAUTH_ACCESS_TOKEN_VALIDITY: { is: "integer" },
  OAUTH_REFRESH_TOKEN_VALIDITY: { is: "integer" },
  OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED: { is: "boolean" },
  NETWORK_POLICY: { is: "policy", unset: true },
  OAUTH_CLIENT_RSA_PUBLIC_KEY: { is: "literal", unset: true },
  OAUTH_CLIENT_RSA_PUBLIC_KEY_2: { is: "literal", unset: true },
  IS_AGENTIC: { is: "boolean", unset: true },
  USE_PRIVATELINK_FOR_AUTHORIZATION_ENDPOINT: { is: "boolean" },
  COMMENT: { is: "literal", unset: true },
} as const satisfies Record<string, Parameter>;

type Parameters = typeof PARAMETERS;
export type ParameterName = keyof Parameters;
/** Values of parameters, under Snowflake's own names. */
export type IntegrationParameters = { readonly [Name in ParameterName]?: Forms[Parameters[Name]["is"]] | undefined };
export type UnsettableParameter = { [Name in ParameterName]: Parameters[Name] extends { unset: true } ? Name : never }[ParameterName];

/** Names are stored names: exactly as the account keeps them. */
export type Statement =
  | { kind: "create"; name: string; parameters: IntegrationParameters }
  | { kind: "alterSet"; name: string; parameters: IntegrationParameters }
  | { kind: "alterUnset"; name: string; parameters: readonly UnsettableParameter[] }
  | { kind: "refreshSecret"; name: string; slot: 1 | 2 }
  | { kind: "drop"; name: string }
  | { kind: "describe"; name: string }
  | { kind: "show"; name: string }
  | { kind: "list" }
  | { kind: "clientSecrets"; name: string }
  | { kind: "currentRole" };

/** One statement, without a semicolon. Throws on what no statement can say; the message holds no value. */
export function render(statement: Statement): string {
  switch (statement.kind) {
    case "create":
      // Never OR REPLACE, which makes a new client id and new secrets, and never IF NOT EXISTS, which takes somebody else's silently.
      return `CREATE SECURITY INTEGRATION ${identifier(statement.name)} TYPE = OAUTH OAUTH_CLIENT = CUSTOM ${assignments(statement.parameters).join(" ")}`;
    case "alterSet":
      return `ALTER SECURITY INTEGRATION ${identifier(statement.name)} SET ${some(assignments(statement.parameters)).join(", ")}`;
    case "alterUnset":
      return `ALTER SECURITY INTEGRATION ${identifier(statement.name)} UNSET ${some(statement.parameters.map(unsettable)).join(", ")}`;
    case "refreshSecret":
      return `ALTER SECURITY INTEGRATION ${identifier(statement.name)} REFRESH ${statement.slot === 1 ? "OAUTH_CLIENT_SECRET" : "OAUTH_CLIENT_SECRET_2"}`;
    case "drop":
      return `DROP SECURITY INTEGRATION ${identifier(statement.name)}`;
    case "describe":
      return `DESCRIBE SECURITY INTEGRATION ${identifier(statement.name)}`;
    case "show":
      return `SHOW SECURITY INTEGRATIONS LIKE ${literal(pattern(statement.name))}`;
    case "list":
      return "SHOW SECURITY INTEGRATIONS";
    case "clientSecrets":
      // The stored name without quotes of its own: with them, the function does not find it.
      return `SELECT SYSTEM$SHOW_OAUTH_CLIENT_SECRETS(${literal(statement.name)})`;
    case "currentRole":
      return "SELECT CURRENT_ROLE()";
  }
}

function assignments(parameters: IntegrationParameters): string[] {
  for (const name of Object.keys(parameters)) known(name);
  return (Object.keys(PARAMETERS) as ParameterName[]).flatMap((name) => {
    const value = parameters[name];
    return value === undefined ? [] : [`${name} = ${written(PARAMETERS[name].is, value)}`];
  });
}

function written(form: keyof Forms, value: Forms[keyof Forms]): string {
  if (form === "boolean" && typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (form === "integer" && Number.isSafeInteger(value)) return String(value);
  if (form === "keyword" && typeof value === "string" && /^[A-Z_]+$/.test(value)) return value;
  if (form === "literal" && typeof value === "string") return literal(value);
  if (form === "literals" && Array.isArray(value)) return `(${value.map(literal).join(", ")})`;
  if (form === "roles" && Array.isArray(value)) return `(${value.map(identifier).join(", ")})`;
  // A string that names a policy: without double quotes inside, the name is read in capitals.
  if (form === "policy" && typeof value === "string") return literal(needsNoQuotes(value) ? value : identifier(value));
  throw new Error(`a value is no ${form}`);
}

function identifier(stored: string): string {
  if (stored === "") throw new Error("a name is empty");
  return quoted(withoutNul(stored));
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "'": "\\'", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A single-quoted string constant, in which the backslash escapes. */
function literal(text: string): string {
  return `'${withoutNul(text).replace(/[\\'\b\f\n\r\t]/g, (character) => ESCAPES[character] ?? character)}'`;
}

/** A LIKE pattern that means this text alone, in any case. */
function pattern(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

/** Documented as an escape, but no name or text of the account can hold it. */
function withoutNul(text: string): string {
  if (text.includes("\0")) throw new Error("a name or text holds the character NUL");
  return text;
}

function some<T>(items: readonly T[]): readonly T[] {
  if (items.length === 0) throw new Error("there is nothing to change");
  return items;
}

function known(name: string): Parameter {
  const parameter = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name as ParameterName] : undefined;
  if (parameter === undefined) throw new Error(`${name} is no parameter of a security integration`);
  return parameter;
}

function unsettable(name: UnsettableParameter): string {
  if (known(name).unset !== true) throw new Error(`${name} cannot be unset`);
  return name;
}
