/** CREATE, ALTER and DROP of security integrations: who may, what is refused, and what the server adds by itself. */

import {
  type Account,
  ADMIN_ROLE,
  type Integration,
  isOrganizationAccount,
  newClientId,
  newClientSecret,
  type OAuthIntegration,
  ownsIntegration,
  privilegedRoles,
  seesIntegration,
} from "./account.js";
import { PROPERTIES, type PropertyName, type PropertyValues } from "./integrationProperties.js";
import { keepForOAuth } from "./oauthView.js";
import { publicKeyOf } from "./publicKey.js";
import {
  alreadyExists,
  doesNotExist,
  invalidValue,
  noPrivilegeOnAccount,
  noPrivilegeOnIntegration,
  rolesAreBlocked,
  syntaxError,
  tlsRequired,
} from "./sqlError.js";
import type { Statement } from "./statement.js";
import { nameInLiteral } from "./statementText.js";

type Of<Kind extends Statement["kind"]> = Extract<Statement, { kind: Kind }>;

const SMALLEST_KEY_BITS = 2048;
const ACCESS_TOKEN_SECONDS = { from: 60, to: 3600 };

/** Each answers the words of the status row. */
export function createIntegration(account: Account, role: string, statement: Of<"create">): string {
  const { name, orReplace, ifNotExists, properties: given } = statement;
  refuseMissing(account, Object.keys(given) as PropertyName[]);
  if (role !== ADMIN_ROLE && account.roles.get(role)?.createIntegration !== true) throw noPrivilegeOnAccount(account.locator);
  const before = account.integrations.get(name);
  if (before !== undefined && ifNotExists) return `${name} already exists, statement succeeded.`;
  // Whether the role may see it or not: the name is taken.
  if (before !== undefined && !orReplace) throw alreadyExists(name);
  if (before !== undefined && !ownsIntegration(role, before)) throw noPrivilegeOnIntegration(name);
  const properties = checked(account, { ...defaults(account), ...given } as PropertyValues, { BLOCKED_ROLES_LIST: [], ...given });
  // OR REPLACE is a DROP and a CREATE in one: id and both secrets are new, and grants are gone.
  remove(account, name);
  account.integrations.set(name, {
    kind: "oauth",
    name,
    owner: role,
    createdOn: account.now(),
    clientId: newClientId(),
    secrets: [newClientSecret(), newClientSecret()],
    properties,
  });
  return `Integration ${name} successfully created.`;
}

const EXECUTED = "Statement executed successfully.";

export function alterIntegration(account: Account, role: string, statement: Of<"set"> | Of<"unset"> | Of<"refresh">): string {
  if (statement.kind === "set") refuseMissing(account, Object.keys(statement.properties) as PropertyName[]);
  if (statement.kind === "unset") refuseMissing(account, statement.properties);
  const found = findOwned(account, role, statement.name, statement.ifExists);
  if (found === undefined) return EXECUTED;
  const integration = oauthOnly(found);
  if (statement.kind === "refresh") {
    const renewed = newClientSecret();
    keepForOAuth(account, integration.name);
    integration.secrets = statement.slot === 1 ? [renewed, integration.secrets[1]] : [integration.secrets[0], renewed];
    return EXECUTED;
  }
  const change = statement.kind === "set" ? statement.properties : Object.fromEntries(statement.properties.map((name) => [name, defaults(account)[name]]));
  const properties = checked(account, { ...integration.properties, ...change }, change);
  keepForOAuth(account, integration.name);
  integration.properties = properties;
  return EXECUTED;
}

export function dropIntegration(account: Account, role: string, { name, ifExists }: Of<"drop">): string {
  if (findOwned(account, role, name, ifExists) === undefined) return `Drop statement executed successfully (${name} already dropped).`;
  remove(account, name);
  return `${name} successfully dropped.`;
}

function remove(account: Account, name: string): void {
  keepForOAuth(account, name);
  account.integrations.delete(name);
  for (const role of account.roles.values()) role.usage = role.usage.filter((each) => each !== name);
}

/** The integration, if the role sees it. */
export function findIntegration(account: Account, role: string, name: string): Integration {
  const integration = account.integrations.get(name);
  if (integration === undefined || !seesIntegration(account, role, integration)) throw doesNotExist("Integration", name);
  return integration;
}

function findOwned(account: Account, role: string, name: string, ifExists: boolean): Integration | undefined {
  const integration = account.integrations.get(name);
  const seen = integration !== undefined && seesIntegration(account, role, integration);
  if (!seen && ifExists) return undefined;
  const found = findIntegration(account, role, name);
  if (!ownsIntegration(role, found)) throw noPrivilegeOnIntegration(name);
  return found;
}

/** No property and no secret of ours fits an integration of another type. */
function oauthOnly(integration: Integration): OAuthIntegration {
  if (integration.kind === "foreign") throw invalidValue(integration.type, "TYPE");
  return integration;
}

function defaults(account: Account): Partial<PropertyValues> {
  const values = Object.fromEntries(Object.entries(PROPERTIES).map(([name, { value }]) => [name, value]));
  return { ...values, ENABLED: account.settings.enabledByDefault };
}

/** An account that is too old for a property does not know the word. */
function refuseMissing(account: Account, names: PropertyName[]): void {
  const unknown = names.find((name) => account.settings.missingProperties.includes(name));
  if (unknown !== undefined) throw syntaxError("", 0, unknown);
}

/** Holds the integration as it would be against the rules; `change` says what the statement named. */
function checked(account: Account, wanted: PropertyValues, change: Partial<PropertyValues>): PropertyValues {
  for (const uri of [wanted.OAUTH_REDIRECT_URI, ...wanted.OAUTH_ALTERNATE_REDIRECT_URIS]) checkRedirectUri(uri, wanted.OAUTH_ALLOW_NON_TLS_REDIRECT_URI);
  const seconds = wanted.OAUTH_ACCESS_TOKEN_VALIDITY;
  if (seconds < ACCESS_TOKEN_SECONDS.from || seconds > ACCESS_TOKEN_SECONDS.to) throw invalidValue(String(seconds), "OAUTH_ACCESS_TOKEN_VALIDITY");
  // The documented range (1 to 90 days) is not enforced here: the vendor's own tests set 12345.
  if (wanted.OAUTH_REFRESH_TOKEN_VALIDITY < 1) throw invalidValue(String(wanted.OAUTH_REFRESH_TOKEN_VALIDITY), "OAUTH_REFRESH_TOKEN_VALIDITY");
  for (const name of ["OAUTH_CLIENT_RSA_PUBLIC_KEY", "OAUTH_CLIENT_RSA_PUBLIC_KEY_2"] as const) checkPublicKey(wanted[name], name);
  return {
    ...wanted,
    ...checkedRoles(account, wanted, change),
    ...(change.NETWORK_POLICY === undefined ? {} : { NETWORK_POLICY: existingPolicy(account, change.NETWORK_POLICY) }),
  };
}

function checkRedirectUri(uri: string, plainAllowed: boolean): void {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url === undefined || url.hash !== "") throw invalidValue(uri, "OAUTH_REDIRECT_URI");
  if (url.protocol === "http:" && !plainAllowed) throw tlsRequired(uri);
}

function checkedRoles(account: Account, wanted: PropertyValues, change: Partial<PropertyValues>): Partial<PropertyValues> {
  const lists = ["PRE_AUTHORIZED_ROLES_LIST", "ALLOWED_ROLES_LIST", "BLOCKED_ROLES_LIST"] as const;
  for (const name of lists.flatMap((list) => change[list] ?? [])) if (!account.roles.has(name)) throw doesNotExist("Role", name);
  const blocked = withPrivileged(account, wanted.BLOCKED_ROLES_LIST, change.BLOCKED_ROLES_LIST);
  const conflict = [...wanted.PRE_AUTHORIZED_ROLES_LIST, ...wanted.ALLOWED_ROLES_LIST].filter((name) => blocked.includes(name));
  if (conflict.length > 0) throw rolesAreBlocked([...new Set(conflict)]);
  if (wanted.ALLOWED_ROLES_LIST.length > 0 && wanted.OAUTH_USE_SECONDARY_ROLES !== "NONE")
    throw invalidValue(wanted.OAUTH_USE_SECONDARY_ROLES, "OAUTH_USE_SECONDARY_ROLES");
  const sorted = Object.fromEntries(lists.map((list) => [list, [...new Set(wanted[list])].sort()]));
  return { ...sorted, BLOCKED_ROLES_LIST: blocked };
}

/** The server adds the privileged roles when the list is written, and never takes them out by itself. */
function withPrivileged(account: Account, blocked: string[], given: string[] | undefined): string[] {
  if (given === undefined || !account.settings.addPrivilegedRoles) return [...new Set(blocked)].sort();
  const privileged = privilegedRoles(account);
  // Seen on accounts that run an organisation: an explicit list must hold them all.
  const incomplete = given.length > 0 && privileged.some((name) => !given.includes(name));
  if (incomplete && isOrganizationAccount(account)) throw rolesAreBlocked(privileged);
  return [...new Set([...blocked, ...privileged])].sort();
}

function existingPolicy(account: Account, literal: string): string {
  if (literal === "") return "";
  const name = nameInLiteral(literal, "Network policy");
  if (!account.networkPolicies.has(name)) throw doesNotExist("Network policy", name);
  return name;
}

function checkPublicKey(body: string, property: PropertyName): void {
  const bits = publicKeyOf(body)?.asymmetricKeyDetails?.modulusLength ?? 0;
  if (body !== "" && bits < SMALLEST_KEY_BITS) throw invalidValue(body, property);
}
