/** Rules of a SnowflakeSecurityIntegration beyond the shape of its values. Pure: no clock, environment or network; unknown values pass. */

import { PRIVILEGED_ROLES } from "../../authorizationServers/snowflakeIntegration.js";
import { integrationNameProblem, nameProblem, storedName } from "../../clients/snowflakeNames.js";
import { likelyRole, roleIn, scopeProblems } from "../../clients/snowflakeScopes.js";
import { type Properties, UNKNOWN, type Value } from "../../core/value.js";
import { list } from "../differences.js";

const ROLE_LISTS = ["preAuthorizedRoles", "allowedRoles", "blockedRoles"];
const WEEK = 7 * 86_400;

export function problemsOf(inputs: Properties): string[] {
  const { name, integration, oauthRedirectUri, networkPolicy, comment, scopes, oauthIssueRefreshTokens } = inputs;
  const problems: string[] = [];
  const said = (path: string, problem: string | undefined): void => void (problem !== undefined && problems.push(`${path}: ${problem}`));
  if (typeof name === "string") said("name", integrationNameProblem(name));
  if (typeof networkPolicy === "string") said("networkPolicy", nameProblem(networkPolicy));
  if (typeof comment === "string" && comment.includes("\0")) said("comment", "must not hold the character NUL");
  if (integration === undefined && oauthRedirectUri === undefined)
    problems.push("one of integration and oauthRedirectUri is required: it says where Snowflake sends users back to");
  if (integration !== undefined && oauthRedirectUri !== undefined)
    said("oauthRedirectUri", "is only for an integration without a workspace integration, whose own redirect URL is used");
  problems.push(...roleProblems(inputs), ...redirectProblems(inputs));
  const asked = list(scopes);
  const words = asked.map((scope) => (typeof scope === "string" && !/\s/.test(scope) ? scope : "refresh_token"));
  for (const { index, problem } of scopeProblems(words)) said(`scopes[${index}]`, problem);
  problems.push(...scopeRoleProblems(inputs, words));
  asked.forEach((scope, index) => {
    if (typeof scope !== "string") return;
    if (/\s/.test(scope)) said(`scopes[${index}]`, "must not hold a blank; one scope an element");
    if (asked.indexOf(scope) < index) said(`scopes[${index}]`, "is named twice");
    if (scope === "refresh_token" && oauthIssueRefreshTokens === false)
      said(`scopes[${index}]`, "asks for refresh tokens, which oauthIssueRefreshTokens turns off");
  });
  return problems;
}

function roleProblems(inputs: Properties): string[] {
  const problems = ROLE_LISTS.flatMap((property) => {
    const seen = new Set<string>();
    return list(inputs[property]).flatMap((role, index) => {
      if (typeof role !== "string") return [];
      const where = `${property}[${index}]`;
      const problem = nameProblem(role);
      if (problem !== undefined) return [`${where}: ${problem}`];
      const twice = seen.has(storedName(role));
      seen.add(storedName(role));
      return twice ? [`${where}: is named twice (Snowflake stores ${storedName(role)})`] : [];
    });
  });
  if (list(inputs["allowedRoles"]).length > 0 && inputs["oauthUseSecondaryRoles"] === "IMPLICIT")
    problems.push("allowedRoles: are not possible with oauthUseSecondaryRoles IMPLICIT");
  return problems;
}

/** Snowflake takes such a scope, and lets nobody in. */
function scopeRoleProblems({ blockedRoles, allowedRoles }: Properties, scopes: readonly string[]): string[] {
  const stored = (roles: Value): string[] =>
    list(roles).flatMap((role) => (typeof role === "string" && nameProblem(role) === undefined ? storedName(role) : []));
  const [blocked, allowed] = [stored(blockedRoles), stored(allowedRoles)];
  // A list that is not wholly known may name the role.
  const closed = allowed.length > 0 && list(allowedRoles).length === allowed.length;
  return scopes.flatMap((scope, index) => {
    const role = roleIn(scope);
    if (role === undefined) return [];
    if (blocked.includes(role)) return [`scopes[${index}]: asks for the role ${role}, which blockedRoles blocks`];
    return closed && !allowed.includes(role) ? [`scopes[${index}]: asks for the role ${role}, which is not among allowedRoles`] : [];
  });
}

function redirectProblems(inputs: Properties): string[] {
  const { oauthRedirectUri, oauthAlternateRedirectUris, oauthAllowNonTlsRedirectUri } = inputs;
  const uris: [string, Value][] = [
    ["oauthRedirectUri", oauthRedirectUri],
    ...list(oauthAlternateRedirectUris).map((uri, index): [string, Value] => [`oauthAlternateRedirectUris[${index}]`, uri]),
  ];
  return uris.flatMap(([path, uri], index) => {
    if (typeof uri !== "string") return [];
    if (!URL.canParse(uri) || !/^https?:$/.test(new URL(uri).protocol)) return [`${path}: must be a web address (https://...)`];
    if (uri.includes("\0")) return [`${path}: must not hold the character NUL`];
    if (/[?#]/.test(uri)) return [`${path}: must have no query and no fragment: Snowflake compares without a query`];
    if (new URL(uri).protocol === "http:" && oauthAllowNonTlsRedirectUri !== true && oauthAllowNonTlsRedirectUri !== UNKNOWN)
      return [`${path}: must start with https://, or Snowflake refuses it (390316); for a test on this machine, set oauthAllowNonTlsRedirectUri`];
    return uris.findIndex(([, other]) => other === uri) < index ? [`${path}: is named twice`] : [];
  });
}

/** What these settings mean to people; said once, before they take effect. `only`: those that these inputs decide. */
export function announcementsOf(inputs: Properties, only: (input: string) => boolean = () => true): string[] {
  const found: string[] = [];
  const validity = inputs["oauthRefreshTokenValiditySeconds"];
  if (only("oauthRefreshTokenValiditySeconds") && typeof validity === "number") {
    if (validity < WEEK) found.push(`refresh tokens are valid for ${inWords(validity)}: users sign in again that often (Snowflake's default is 90 days)`);
    if (validity < 86_400 || validity > 7_776_000)
      found.push(
        `oauthRefreshTokenValiditySeconds: ${validity} is outside of 86400 to 7776000; Snowflake takes it only where the account's bounds were changed`,
      );
  }
  if ((only("scopes") || only("oauthIssueRefreshTokens")) && !scopesOf(inputs).includes("refresh_token") && inputs["scopes"] !== UNKNOWN)
    found.push("the scope refresh_token is not asked for: users sign in again every ten minutes");
  for (const scope of only("scopes") ? scopesOf(inputs) : []) {
    const meant = likelyRole(scope);
    if (meant !== undefined) found.push(`the scope ${scope} means a role that was created in quotes and small letters; for ${meant}, write it in capitals`);
  }
  const privileged = list(inputs["preAuthorizedRoles"]).filter((role) => typeof role === "string" && PRIVILEGED_ROLES.includes(storedName(role)));
  if (only("preAuthorizedRoles") && privileged.length > 0)
    found.push(`preAuthorizedRoles: ${privileged.join(", ")} is a privileged role; Snowflake's documentation forbids it, and blocks such roles by default`);
  if (only("networkPolicy") && inputs["networkPolicy"] !== undefined)
    found.push("networkPolicy: token requests come from Odeus's addresses, which must be allowed in it, or every sign-in fails");
  if (only("oauthAllowNonTlsRedirectUri") && inputs["oauthAllowNonTlsRedirectUri"] === true)
    found.push("oauthAllowNonTlsRedirectUri: codes travel without encryption; for a test on this machine only");
  if (only("enabled") && inputs["enabled"] === false) found.push("enabled is off: nobody can sign in with this client");
  return found;
}

/** The scopes that the workspace asks for. */
export function scopesOf(inputs: Properties): string[] {
  const { scopes, oauthIssueRefreshTokens } = inputs;
  if (Array.isArray(scopes)) return scopes.filter((scope): scope is string => typeof scope === "string");
  return oauthIssueRefreshTokens === false ? [] : ["refresh_token"];
}

function inWords(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} day${seconds === 86_400 ? "" : "s"}`;
  return seconds >= 3600 ? `${Math.round(seconds / 3600)} h` : `${seconds} s`;
}

/** What no other resource may claim: the workspace integration, and the security integration itself. */
export function claimsOf({ integration, name }: Properties): string[] {
  const own = typeof name === "string" && nameProblem(name) === undefined ? [`the security integration ${storedName(name)}`] : [];
  return typeof integration === "string" ? [integration, ...own] : own;
}
