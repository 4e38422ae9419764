/** How a Snowflake security integration is written and compared: parameters, roles, what the server adds, and our mark in its comment. */

import { asWritten, storedName } from "../clients/snowflakeNames.js";
import type { IntegrationParameters, ParameterName, UnsettableParameter } from "../clients/snowflakeSql.js";
import { booleanOf, integerOf, listOf } from "../clients/snowflakeValues.js";
import { type Mark, readComment, withMark } from "../core/mark.js";
import { minus, sameSet } from "../core/sets.js";

/** Settings of the integration in the names of the inputs; roles and policies as the program wrote them. */
export interface SnowflakeSettings {
  enabled?: boolean;
  oauthClientType?: string;
  oauthIssueRefreshTokens?: boolean;
  oauthRefreshTokenValiditySeconds?: number;
  oauthEnforcePkce?: boolean;
  oauthUseSecondaryRoles?: string;
  oauthAllowNonTlsRedirectUri?: boolean;
  oauthSingleUseRefreshTokensRequired?: boolean;
  preAuthorizedRoles?: string[];
  allowedRoles?: string[];
  blockedRoles?: string[];
  networkPolicy?: string;
  comment?: string;
}

export type SettingName = keyof SnowflakeSettings;
/** What DESC answers: property to value, as text. */
export type Described = ReadonlyMap<string, string>;

interface Setting {
  parameter: ParameterName;
  form: "boolean" | "integer" | "text" | "roles" | "policy";
  /** What stands where nobody has set it. */
  standard: boolean | number | string | string[];
  /** UNSET takes it; otherwise the way back is SET to the standard. */
  unset?: true;
}

const SETTINGS: Readonly<Record<Exclude<SettingName, "comment">, Setting>> = {
  enabled: { parameter: "ENABLED", form: "boolean", standard: true },
  oauthClientType: { parameter: "OAUTH_CLIENT_TYPE", form: "text", standard: "CONFIDENTIAL" },
  oauthIssueRefreshTokens: { parameter: "OAUTH_ISSUE_REFRESH_TOKENS", form: "boolean", standard: true },
  oauthRefreshTokenValiditySeconds: { parameter: "OAUTH_REFRESH_TOKEN_VALIDITY", form: "integer", standard: 7_776_000 },
  oauthEnforcePkce: { parameter: "OAUTH_ENFORCE_PKCE", form: "boolean", standard: false },
  oauthUseSecondaryRoles: { parameter: "OAUTH_USE_SECONDARY_ROLES", form: "text", standard: "NONE" },
  oauthAllowNonTlsRedirectUri: { parameter: "OAUTH_ALLOW_NON_TLS_REDIRECT_URI", form: "boolean", standard: false },
  oauthSingleUseRefreshTokensRequired: { parameter: "OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED", form: "boolean", standard: false },
  preAuthorizedRoles: { parameter: "PRE_AUTHORIZED_ROLES_LIST", form: "roles", standard: [] },
  allowedRoles: { parameter: "ALLOWED_ROLES_LIST", form: "roles", standard: [] },
  blockedRoles: { parameter: "BLOCKED_ROLES_LIST", form: "roles", standard: [] },
  networkPolicy: { parameter: "NETWORK_POLICY", form: "policy", standard: "", unset: true },
};
const NAMES = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];
/** What the program may set, by the names of the inputs. */
export const SETTING_NAMES: readonly SettingName[] = [...NAMES, "comment"];

/** Added to every BLOCKED_ROLES_LIST by the server (account parameter OAUTH_ADD_PRIVILEGED_ROLES_TO_BLOCKED_LIST). */
export const PRIVILEGED_ROLES = ["ACCOUNTADMIN", "SECURITYADMIN", "ORGADMIN", "GLOBALORGADMIN"];

type Value = boolean | number | string | string[];

/** Registered without its query; that of a request does not count (documentation of OAUTH_REDIRECT_URI). */
export const registered = (redirectUrl: string): string => redirectUrl.replace(/\?[^#]*/, "");

export const withoutTls = (redirectUrl: string): boolean => redirectUrl.startsWith("http:");

/** The value as it is sent. */
function sent({ form }: Setting, value: Value): Value {
  if (form === "roles") return (value as string[]).map(storedName);
  return form === "policy" && value !== "" ? storedName(value as string) : value;
}

/** The value that stands there now; undefined where DESC says nothing (older accounts lack rows). */
function standing({ parameter, form }: Setting, described: Described): Value | undefined {
  const text = described.get(parameter);
  if (text === undefined) return undefined;
  if (form === "boolean") return booleanOf(text);
  if (form === "integer") return integerOf(text);
  return form === "roles" ? listOf(text) : text;
}

/** `formerly`: what the program wrote before, which the server has not added by itself. */
function equal(setting: Setting, wished: Value, now: Value | undefined, formerly?: Value): boolean {
  if (now === undefined) return false;
  if (!Array.isArray(wished) || !Array.isArray(now)) return wished === now;
  if (setting.parameter !== "BLOCKED_ROLES_LIST") return sameSet(wished, now);
  const added = minus(PRIVILEGED_ROLES, [...wished, ...(Array.isArray(formerly) ? formerly : [])]);
  return sameSet(wished, minus(now, added));
}

/** Redirect URIs without TLS may be in a list that is about to be narrowed: what allows them goes with the last of them. */
function allowing(settings: SnowflakeSettings, redirectUrls: readonly string[]): SnowflakeSettings {
  return redirectUrls.some(withoutTls) ? { ...settings, oauthAllowNonTlsRedirectUri: true } : settings;
}

/** Everything that CREATE is told. */
export function createParameters(settings: SnowflakeSettings, mark: Mark, redirectUrls: readonly string[]): IntegrationParameters {
  const parameters: Record<string, Value> = {};
  const meant = allowing(settings, redirectUrls);
  for (const name of NAMES) {
    const value = meant[name];
    if (value !== undefined) parameters[SETTINGS[name].parameter] = sent(SETTINGS[name], value);
  }
  const [primary = "", ...alternates] = redirectUrls.map(registered);
  return {
    ...parameters,
    // The default of ENABLED depends on the account's age.
    ENABLED: settings.enabled ?? true,
    OAUTH_CLIENT_TYPE: settings.oauthClientType ?? "CONFIDENTIAL",
    OAUTH_REDIRECT_URI: primary,
    ...(alternates.length === 0 ? {} : { OAUTH_ALTERNATE_REDIRECT_URIS: alternates }),
    COMMENT: withMark(settings.comment ?? "", mark),
  };
}

export interface IntegrationChange {
  set: IntegrationParameters;
  unset: UnsettableParameter[];
}

/** What has to be written so that the integration is as wished, and what to write to take that back. Undefined: nothing. */
export function integrationChange(
  described: Described,
  settings: SnowflakeSettings,
  /** What the program set before: only that goes back to its standard. */
  formerly: SnowflakeSettings,
  mark: Mark,
  /** `alternates`: what stands there beside the first one, as far as is recorded; undefined: not ours to write. */
  redirects: { wished: readonly string[]; alternates: readonly string[] | undefined },
): { forward: IntegrationChange; back: IntegrationChange } | undefined {
  const forward: Record<string, Value> = {};
  const back: Record<string, Value> = {};
  const unset: UnsettableParameter[] = [];
  const unsetBack: UnsettableParameter[] = [];
  const meant = allowing(settings, redirects.wished);
  for (const name of NAMES) {
    const setting = SETTINGS[name];
    const { parameter } = setting;
    // Another client type is another client: the engine replaces the resource.
    if (name === "oauthClientType") continue;
    const before = formerly[name] === undefined ? undefined : sent(setting, formerly[name]);
    const value = meant[name] ?? (before === undefined ? undefined : setting.standard);
    if (value === undefined) continue;
    const wished = sent(setting, value);
    const now = standing(setting, described) ?? before ?? setting.standard;
    if (equal(setting, wished, now, before)) continue;
    if (setting.unset && wished === "") unset.push(parameter as UnsettableParameter);
    else forward[parameter] = wished;
    if (setting.unset && now === "") unsetBack.push(parameter as UnsettableParameter);
    // Whole: an account may demand the roles that it adds, or not add them again.
    else back[parameter] = now;
  }
  const [primary = "", ...alternates] = redirects.wished.map(registered);
  if (described.get("OAUTH_REDIRECT_URI") !== primary) {
    forward["OAUTH_REDIRECT_URI"] = primary;
    back["OAUTH_REDIRECT_URI"] = described.get("OAUTH_REDIRECT_URI") ?? "";
  }
  const echoed = described.get("OAUTH_ALTERNATE_REDIRECT_URIS");
  const alternatesNow = redirects.alternates === undefined || echoed === undefined ? redirects.alternates : listOf(echoed);
  if (alternatesNow !== undefined && !sameSet(alternates, alternatesNow)) {
    forward["OAUTH_ALTERNATE_REDIRECT_URIS"] = alternates;
    back["OAUTH_ALTERNATE_REDIRECT_URIS"] = [...alternatesNow];
  }
  const comment = described.get("COMMENT") ?? "";
  const declaresComment = settings.comment !== undefined || formerly.comment !== undefined;
  const wishedComment = withMark(declaresComment ? (settings.comment ?? "") : readComment(comment).comment, mark);
  if (comment !== wishedComment) {
    forward["COMMENT"] = wishedComment;
    if (comment === "") unsetBack.push("COMMENT");
    else back["COMMENT"] = comment;
  }
  if (Object.keys(forward).length + unset.length === 0) return undefined;
  return { forward: { set: forward, unset }, back: { set: back, unset: unsetBack } };
}

/** The declared settings as they stand now, in the program's own words where they mean the same. */
export function settingsNow(described: Described, settings: SnowflakeSettings): Record<string, unknown> {
  const now: Record<string, unknown> = {};
  for (const name of NAMES) {
    const value = settings[name];
    const stands = standing(SETTINGS[name], described);
    if (value === undefined || stands === undefined) continue;
    now[name] = equal(SETTINGS[name], sent(SETTINGS[name], value), stands) ? value : written(SETTINGS[name], stands, value);
  }
  if (settings.comment !== undefined) now["comment"] = readComment(described.get("COMMENT") ?? "").comment;
  return now;
}

/** Everything that is not at its standard, as a program would write it: for an import. */
export function settingsFound(described: Described): SnowflakeSettings {
  const found: Record<string, unknown> = {};
  for (const name of NAMES) {
    const setting = SETTINGS[name];
    const stands = standing(setting, described);
    if (stands === undefined || equal(setting, setting.standard, stands)) continue;
    found[name] = written(setting, stands, undefined);
  }
  const { comment } = readComment(described.get("COMMENT") ?? "");
  return { ...found, ...(comment === "" ? {} : { comment }) };
}

/** A stored value in the words of a program; roles that the program wrote keep its spelling and order. */
function written({ form, parameter }: Setting, stands: Value, program: Value | undefined): Value | undefined {
  if (form === "policy") return stands === "" ? undefined : asWritten(stands as string);
  if (form !== "roles") return stands;
  const words = Array.isArray(program) ? program : [];
  const stored = words.map(storedName);
  const shown = parameter === "BLOCKED_ROLES_LIST" ? minus(stands as string[], minus(PRIVILEGED_ROLES, stored)) : (stands as string[]);
  return [...words.filter((word) => shown.includes(storedName(word))), ...minus(shown, stored).map(asWritten)];
}

/** Roles that may sign in with this client are none of these. */
export function blockedRoles(described: Described): string[] {
  return listOf(described.get("BLOCKED_ROLES_LIST") ?? "");
}
