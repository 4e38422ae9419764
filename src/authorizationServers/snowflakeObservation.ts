/** What a Snowflake security integration lacks of the wish, and what its being read proves. */

import { ANY_ROLE, roleIn, scopeProblems } from "../clients/snowflakeScopes.js";
import { booleanOf, listOf } from "../clients/snowflakeValues.js";
import { minus } from "../core/sets.js";
import type { ClientWish, Finding, Observation, RegisteredClient } from "./contract.js";
import { blockedRoles, type Described, registered, type SnowflakeSettings, settingsNow } from "./snowflakeIntegration.js";

export interface IntegrationAsRead {
  now: Described;
  client: RegisteredClient;
  wish: ClientWish;
  settings: SnowflakeSettings;
  /** The integration as people know it. */
  shown: string;
  /** The secret in use is not the recorded one. */
  renewed: boolean;
}

export function observationOf({ now, client, wish, settings, shown, renewed }: IntegrationAsRead): Observation {
  const clientId = now.get("OAUTH_CLIENT_ID");
  const [primary, ...alternates] = wish.redirectUrls.map(registered);
  const echoed = now.get("OAUTH_ALTERNATE_REDIRECT_URIS");
  const missing = [
    ...(primary === undefined || now.get("OAUTH_REDIRECT_URI") === primary ? [] : [primary]),
    ...(echoed === undefined ? [] : minus(alternates, listOf(echoed))),
  ];
  const lacks = `${shown} lacks the redirect URI ${missing.join(", ")} (it has ${now.get("OAUTH_REDIRECT_URI")})`;
  const inTheWay = scopeProblemsOf(now, wish.scopes).map((problem) => `${shown} ${problem}`);
  const disabled = booleanOf(now.get("ENABLED")) === false;

  const drift = [
    clientId === client.clientId ? "" : `${shown} was replaced by hand: its client id is now ${clientId ?? "none"}`,
    missing.length > 0 ? lacks : "",
    renewed ? `the client secret in use of ${shown} was renewed by hand` : "",
    disabled && settings.enabled === undefined ? `${shown} was disabled: nobody can sign in` : "",
  ].filter((sentence) => sentence !== "");
  const findings: Finding[] = [
    missing.length > 0 ? { property: "redirectUrl", state: "wrong", detail: lacks } : { property: "redirectUrl", state: "proven", detail: "" },
    scopesFinding(inTheWay, wish.scopes),
    { property: "consent", state: "unproven", detail: "users consent when they connect, unless their role is pre-authorised" },
  ];
  // The program does not declare what stands in the way, so an update would not mend it.
  return { exists: true, drift, notes: inTheWay, findings, settings: settingsNow(now, settings) };
}

/** Why nobody can sign in with these scopes, or not for long. */
function scopeProblemsOf(now: Described, scopes: readonly string[]): string[] {
  const roles = rolesOf(scopes);
  const blocked = roles.filter((role) => blockedRoles(now).includes(role));
  const allowed = listOf(now.get("ALLOWED_ROLES_LIST") ?? "");
  const kept = allowed.length === 0 ? [] : minus(roles, [...allowed, ...blocked]);
  return [
    ...scopeProblems(scopes).map(({ index, problem }) => `is asked for the scope ${scopes[index]}, which ${problem}`),
    blocked.length > 0 ? `blocks the role ${blocked.join(", ")} that the scopes ask for` : "",
    kept.length > 0 ? `allows only the roles ${allowed.join(", ")}, and the scopes ask for ${kept.join(", ")}` : "",
    scopes.includes(ANY_ROLE) && now.get("OAUTH_ANY_ROLE_MODE") === "DISABLE" ? `lets nobody choose a role (OAUTH_ANY_ROLE_MODE), as ${ANY_ROLE} asks` : "",
    scopes.includes("refresh_token") && booleanOf(now.get("OAUTH_ISSUE_REFRESH_TOKENS")) === false ? "issues no refresh tokens, which the scopes ask for" : "",
  ].filter((sentence) => sentence !== "");
}

function scopesFinding(problems: string[], scopes: readonly string[]): Finding {
  if (problems.length > 0) return { property: "scopes", state: "wrong", detail: problems.join("; ") };
  const roles = rolesOf(scopes);
  if (roles.length === 0) return { property: "scopes", state: "proven", detail: "" };
  return { property: "scopes", state: "unproven", detail: `whether a user has the role ${roles.join(", ")} shows when they connect` };
}

/** Stored names of the roles that session scopes name. */
const rolesOf = (scopes: readonly string[]): string[] => scopes.flatMap((scope) => roleIn(scope) ?? []);
