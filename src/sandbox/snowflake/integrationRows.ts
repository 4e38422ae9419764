/** Integrations as DESC and SHOW list them. Columns, row names, types and defaults are those of real outputs pasted in public. */

import { type Account, type Integration, type OAuthIntegration, seesIntegration } from "./account.js";
import { fingerprint } from "./publicKey.js";
import { isLike, type ResultSet, textColumns, timestampCell } from "./resultSet.js";

type Row = [property: string, type: "Boolean" | "String" | "Long" | "List", value: string, standard: string];

export function describeIntegration(account: Account, integration: Integration): ResultSet {
  const rows: Row[] = integration.kind === "oauth" ? oauthRows(account, integration) : [["ENABLED", "Boolean", String(integration.enabled), "false"]];
  return { columns: textColumns("property", "property_type", "property_value", "property_default"), rows };
}

/**
 * Alternate redirect URIs, the access token's validity, role selection and IS_AGENTIC are not echoed, as far as anybody has seen.
 * The vendor's order varies; this one is nobody's.
 */
function oauthRows(account: Account, { clientId, properties }: OAuthIntegration): Row[] {
  const root = account.origin();
  const roots = [root, root.replace("localhost", "127.0.0.1")];
  const rows: Row[] = [
    ["ENABLED", "Boolean", String(properties.ENABLED), String(account.settings.enabledByDefault)],
    ["OAUTH_REDIRECT_URI", "String", properties.OAUTH_REDIRECT_URI, ""],
    ["OAUTH_CLIENT_TYPE", "String", properties.OAUTH_CLIENT_TYPE, "CONFIDENTIAL"],
    ["OAUTH_ISSUE_REFRESH_TOKENS", "Boolean", String(properties.OAUTH_ISSUE_REFRESH_TOKENS), "true"],
    ["OAUTH_REFRESH_TOKEN_VALIDITY", "Long", String(properties.OAUTH_REFRESH_TOKEN_VALIDITY), "7776000"],
    ["OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED", "Boolean", String(properties.OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED), "false"],
    ["OAUTH_ENFORCE_PKCE", "Boolean", String(properties.OAUTH_ENFORCE_PKCE), "false"],
    ["OAUTH_ALLOW_NON_TLS_REDIRECT_URI", "Boolean", String(properties.OAUTH_ALLOW_NON_TLS_REDIRECT_URI), "false"],
    ["OAUTH_USE_SECONDARY_ROLES", "String", properties.OAUTH_USE_SECONDARY_ROLES, "NONE"],
    ["OAUTH_ANY_ROLE_MODE", "String", properties.OAUTH_ANY_ROLE_MODE, "DISABLE"],
    ["OAUTH_CLIENT_ID", "String", clientId, ""],
    ["OAUTH_AUTHORIZATION_ENDPOINT", "String", `${root}/oauth/authorize`, ""],
    ["OAUTH_TOKEN_ENDPOINT", "String", `${root}/oauth/token-request`, ""],
    ["OAUTH_ALLOWED_AUTHORIZATION_ENDPOINTS", "List", listCell(roots.map((each) => `${each}/oauth/authorize`)), "[]"],
    ["OAUTH_ALLOWED_TOKEN_ENDPOINTS", "List", listCell(roots.map((each) => `${each}/oauth/token-request`)), "[]"],
    ["PRE_AUTHORIZED_ROLES_LIST", "List", roleCell(properties.PRE_AUTHORIZED_ROLES_LIST), "[]"],
    ["ALLOWED_ROLES_LIST", "List", roleCell(properties.ALLOWED_ROLES_LIST), "[]"],
    ["BLOCKED_ROLES_LIST", "List", roleCell(properties.BLOCKED_ROLES_LIST), "[]"],
    ["OAUTH_CLIENT_RSA_PUBLIC_KEY_FP", "String", fingerprint(properties.OAUTH_CLIENT_RSA_PUBLIC_KEY), ""],
    ["OAUTH_CLIENT_RSA_PUBLIC_KEY_2_FP", "String", fingerprint(properties.OAUTH_CLIENT_RSA_PUBLIC_KEY_2), ""],
    ["USE_PRIVATELINK_FOR_AUTHORIZATION_ENDPOINT", "Boolean", String(properties.USE_PRIVATELINK_FOR_AUTHORIZATION_ENDPOINT), "false"],
    ["NETWORK_POLICY", "String", properties.NETWORK_POLICY, ""],
    ["COMMENT", "String", properties.COMMENT, ""],
  ];
  const missing: string[] = account.settings.missingProperties;
  return rows.filter(([property]) => !missing.includes(property));
}

const listCell = (values: string[]): string => values.join(",");

/** Names that are not plain upper-case words stand in double quotes here; a guess. */
const roleCell = (names: string[]): string => listCell(names.map((name) => (/^[A-Z_][A-Z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)));

export function showIntegrations(account: Account, role: string, { securityOnly, like }: { securityOnly: boolean; like: string | undefined }): ResultSet {
  const shown = [...account.integrations.values()].filter(
    (integration) => seesIntegration(account, role, integration) && isLike(integration.name, like) && (!securityOnly || categoryOf(integration) === "SECURITY"),
  );
  return {
    columns: [...textColumns("name", "type", "category", "enabled", "comment"), { name: "created_on", type: "timestamp_ltz" }],
    rows: shown.map((integration) => [
      integration.name,
      integration.kind === "oauth" ? "OAUTH - CUSTOM" : integration.type,
      categoryOf(integration),
      String(integration.kind === "oauth" ? integration.properties.ENABLED : integration.enabled),
      (integration.kind === "oauth" ? integration.properties.COMMENT : integration.comment) || null,
      timestampCell(integration.createdOn),
    ]),
  };
}

const categoryOf = (integration: Integration): string => (integration.kind === "oauth" ? "SECURITY" : integration.category);
