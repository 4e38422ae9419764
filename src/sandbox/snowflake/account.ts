/** What a Snowflake account holds: users, roles, network policies, integrations. What may be done with them is decided elsewhere. */

import { randomBytes, randomInt } from "node:crypto";
import type { PropertyName, PropertyValues } from "./integrationProperties.js";

export const ADMIN_ROLE = "ACCOUNTADMIN";
/** Where the account has them, the server blocks these for OAuth. */
const PRIVILEGED_ROLES = ["ACCOUNTADMIN", "SECURITYADMIN", "ORGADMIN", "GLOBALORGADMIN"];
export const DEPLOYER_ROLE = "ODEUS_DEPLOYER";

export interface Role {
  name: string;
  /** The privilege CREATE INTEGRATION on the account. */
  createIntegration: boolean;
  /** Integrations it has USAGE on. */
  usage: string[];
}

export interface User {
  name: string;
  password: string | undefined;
  /** RSA_PUBLIC_KEY and RSA_PUBLIC_KEY_2: base64 of the key's DER form. */
  publicKeys: string[];
  programmaticAccessTokens: string[];
  roles: string[];
  defaultRole: string;
  disabled: boolean;
}

/** Made by CREATE SECURITY INTEGRATION with TYPE = OAUTH and OAUTH_CLIENT = CUSTOM. */
export interface OAuthIntegration {
  kind: "oauth";
  name: string;
  owner: string;
  createdOn: Date;
  clientId: string;
  /** Both slots, always filled. */
  secrets: [string, string];
  properties: PropertyValues;
}

/** An integration of another type, made by somebody's hand. It takes the name all the same. */
export interface ForeignIntegration {
  kind: "foreign";
  name: string;
  owner: string;
  createdOn: Date;
  /** As SHOW has it, such as "SAML2". */
  type: string;
  category: string;
  enabled: boolean;
  comment: string;
}

export type Integration = OAuthIntegration | ForeignIntegration;

/** An access token that was not issued by the account's own OAuth server. */
export interface ForeignToken {
  user: string;
  role: string | undefined;
  expired: boolean;
}

export interface AccountSettings {
  /** The account parameter OAUTH_ADD_PRIVILEGED_ROLES_TO_BLOCKED_LIST. */
  addPrivilegedRoles: boolean;
  /** How SYSTEM$SHOW_OAUTH_CLIENT_SECRETS spells its keys. */
  secretKeyCase: "upper" | "lower";
  /** What the secrets function asks for; the vendor does not say. */
  secretsNeed: "ownership" | "ACCOUNTADMIN";
  /** FALSE before bundle 2026_01. */
  enabledByDefault: boolean;
  /** Properties that this account is too old for. */
  missingProperties: PropertyName[];
  /** How long the OAuth endpoints go on with the integration of before a statement. */
  cacheLagMilliseconds: number;
}

export interface Account {
  organization: string;
  name: string;
  locator: string;
  roles: Map<string, Role>;
  users: Map<string, User>;
  networkPolicies: Set<string>;
  /** By stored name; all types share one name space. */
  integrations: Map<string, Integration>;
  /** What the OAuth endpoints still go by, oldest first; undefined: that there was none. */
  formerIntegrations: { name: string; integration: Integration | undefined; until: number }[];
  foreignTokens: Map<string, ForeignToken>;
  settings: AccountSettings;
  /** Base URL, known once the listener is up. */
  origin(): string;
  now(): Date;
}

export function createAccount(origin: () => string, now: () => Date): Account {
  const account: Account = {
    organization: "CONTOSO",
    name: "SANDBOX",
    locator: `SB${randomInt(10_000, 100_000)}`,
    roles: new Map(),
    users: new Map(),
    networkPolicies: new Set(["ODEUS_EGRESS"]),
    integrations: new Map(),
    formerIntegrations: [],
    foreignTokens: new Map(),
    settings: {
      addPrivilegedRoles: true,
      secretKeyCase: "upper",
      secretsNeed: "ownership",
      enabledByDefault: true,
      missingProperties: [],
      cacheLagMilliseconds: 0,
    },
    origin,
    now,
  };
  for (const name of [ADMIN_ROLE, "SECURITYADMIN", "USERADMIN", "SYSADMIN", "PUBLIC", "ANALYST"]) setRole(account, name, {});
  setRole(account, DEPLOYER_ROLE, { createIntegration: true });
  setUser(account, "DEPLOYER", {
    password: randomBytes(18).toString("base64url"),
    programmaticAccessTokens: [newProgrammaticAccessToken()],
    roles: [DEPLOYER_ROLE, "ANALYST", ADMIN_ROLE],
    defaultRole: DEPLOYER_ROLE,
  });
  for (const name of ["ADA", "GRACE"]) setUser(account, name, { password: randomBytes(18).toString("base64url"), roles: ["ANALYST"], defaultRole: "ANALYST" });
  return account;
}

export function setRole(account: Account, name: string, change: Partial<Omit<Role, "name">>): void {
  account.roles.set(name, { createIntegration: false, usage: [], ...account.roles.get(name), ...change, name });
}

export function setUser(account: Account, name: string, change: Partial<Omit<User, "name">>): void {
  const nobody = { password: undefined, publicKeys: [], programmaticAccessTokens: [], roles: [], defaultRole: "PUBLIC", disabled: false };
  account.users.set(name, { ...nobody, ...account.users.get(name), ...change, name });
}

export const newProgrammaticAccessToken = (): string => randomBytes(96).toString("base64url");

/** In the vendor's forms: base64 of 20 and of 32 bytes, so `+`, `/` and `=` occur. */
export const newClientId = (): string => randomBytes(20).toString("base64");
export const newClientSecret = (): string => randomBytes(32).toString("base64");

export const privilegedRoles = ({ roles }: Account): string[] => PRIVILEGED_ROLES.filter((name) => roles.has(name));

export const isOrganizationAccount = ({ roles }: Account): boolean => roles.has("ORGADMIN") || roles.has("GLOBALORGADMIN");

/** Whether the user may act as the role; PUBLIC is everybody's. */
export const hasRole = (user: User, role: string): boolean => role === "PUBLIC" || user.roles.includes(role);

/** The account as clients may name it: organisation and name, or the locator, each with a region behind it or not. */
export function isAccountName(account: Account, given: string): boolean {
  const bare = (given.split(".")[0] ?? "").toUpperCase().replaceAll("_", "-");
  return bare === `${account.organization}-${account.name}` || bare === account.locator;
}

export const ownsIntegration = (role: string, { owner }: Integration): boolean => role === ADMIN_ROLE || role === owner;

/** SHOW, DESC and every statement that names an integration find only what the role has OWNERSHIP or USAGE of. */
export const seesIntegration = (account: Account, role: string, integration: Integration): boolean =>
  ownsIntegration(role, integration) || account.roles.get(role)?.usage.includes(integration.name) === true;
