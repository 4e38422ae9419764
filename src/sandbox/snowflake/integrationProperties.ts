/**
 * The properties of a security integration with TYPE = OAUTH and OAUTH_CLIENT = CUSTOM: their kinds, defaults, and what ALTER may
 * do with them, as in the reference of CREATE and ALTER SECURITY INTEGRATION (Snowflake OAuth).
 */

export interface PropertyValues {
  TYPE: string;
  OAUTH_CLIENT: string;
  OAUTH_CLIENT_TYPE: string;
  OAUTH_REDIRECT_URI: string;
  OAUTH_ALTERNATE_REDIRECT_URIS: string[];
  OAUTH_ALLOW_NON_TLS_REDIRECT_URI: boolean;
  ENABLED: boolean;
  OAUTH_ENFORCE_PKCE: boolean;
  OAUTH_ENABLE_ROLE_SELECTION: boolean;
  OAUTH_ANY_ROLE_MODE: string;
  OAUTH_USE_SECONDARY_ROLES: string;
  /** Stored names of roles, here and in the two lists below. */
  PRE_AUTHORIZED_ROLES_LIST: string[];
  ALLOWED_ROLES_LIST: string[];
  BLOCKED_ROLES_LIST: string[];
  OAUTH_ISSUE_REFRESH_TOKENS: boolean;
  OAUTH_ACCESS_TOKEN_VALIDITY: number;
  OAUTH_REFRESH_TOKEN_VALIDITY: number;
  OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED: boolean;
  NETWORK_POLICY: string;
  OAUTH_CLIENT_RSA_PUBLIC_KEY: string;
  OAUTH_CLIENT_RSA_PUBLIC_KEY_2: string;
  IS_AGENTIC: boolean;
  USE_PRIVATELINK_FOR_AUTHORIZATION_ENDPOINT: boolean;
  COMMENT: string;
}

export type PropertyName = keyof PropertyValues;

export type PropertyForm =
  | { form: "boolean" | "text" | "integer" | "roles" | "texts" }
  /** One of some words; `quoted` says how it may be written. */
  | { form: "choice"; choices: string[]; quoted: "never" | "optional" };

export interface PropertyRule<Value> {
  form: PropertyForm;
  alter: "set and unset" | "set" | "never";
  /** What stands when CREATE does not name it; a property without must be named. */
  value?: Value;
}

const flag = (value: boolean, alter: PropertyRule<boolean>["alter"] = "set"): PropertyRule<boolean> => ({ form: { form: "boolean" }, alter, value });
const roles: PropertyRule<string[]> = { form: { form: "roles" }, alter: "set", value: [] };
const optionalText: PropertyRule<string> = { form: { form: "text" }, alter: "set and unset", value: "" };
const choice = (choices: string[], alter: PropertyRule<string>["alter"], value?: string, quoted: "never" | "optional" = "never"): PropertyRule<string> => ({
  form: { form: "choice", choices, quoted },
  alter,
  ...(value === undefined ? {} : { value }),
});

export const PROPERTIES: { [Name in PropertyName]: PropertyRule<PropertyValues[Name]> } = {
  TYPE: choice(["OAUTH"], "never"),
  OAUTH_CLIENT: choice(["CUSTOM"], "never"),
  // The reference quotes it, the product's guide for its users does not.
  OAUTH_CLIENT_TYPE: choice(["CONFIDENTIAL", "PUBLIC"], "never", undefined, "optional"),
  OAUTH_REDIRECT_URI: { form: { form: "text" }, alter: "set" },
  OAUTH_ALTERNATE_REDIRECT_URIS: { form: { form: "texts" }, alter: "set", value: [] },
  OAUTH_ALLOW_NON_TLS_REDIRECT_URI: flag(false),
  // TRUE since bundle 2026_01; the account's setting `enabledByDefault` brings the time before back.
  ENABLED: flag(true, "set and unset"),
  OAUTH_ENFORCE_PKCE: flag(false),
  OAUTH_ENABLE_ROLE_SELECTION: flag(false),
  OAUTH_ANY_ROLE_MODE: choice(["DISABLE", "ENABLE", "ENABLE_FOR_PRIVILEGE"], "set", "DISABLE"),
  OAUTH_USE_SECONDARY_ROLES: choice(["IMPLICIT", "NONE"], "set and unset", "NONE"),
  PRE_AUTHORIZED_ROLES_LIST: roles,
  ALLOWED_ROLES_LIST: roles,
  BLOCKED_ROLES_LIST: roles,
  OAUTH_ISSUE_REFRESH_TOKENS: flag(true),
  OAUTH_ACCESS_TOKEN_VALIDITY: { form: { form: "integer" }, alter: "set", value: 600 },
  OAUTH_REFRESH_TOKEN_VALIDITY: { form: { form: "integer" }, alter: "set", value: 7_776_000 },
  OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED: flag(false),
  NETWORK_POLICY: optionalText,
  OAUTH_CLIENT_RSA_PUBLIC_KEY: optionalText,
  OAUTH_CLIENT_RSA_PUBLIC_KEY_2: optionalText,
  IS_AGENTIC: flag(false, "set and unset"),
  USE_PRIVATELINK_FOR_AUTHORIZATION_ENDPOINT: flag(false),
  COMMENT: optionalText,
};

export const isPropertyName = (name: string): name is PropertyName => Object.hasOwn(PROPERTIES, name);

export const REQUIRED_PROPERTIES = (Object.keys(PROPERTIES) as PropertyName[]).filter((name) => PROPERTIES[name].value === undefined);
