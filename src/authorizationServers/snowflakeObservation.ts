/** What a Snowflake security integration lacks of the wish, and what its being read proves. */

import { storedName } from "../clients/snowflakeNames.js";
import { listOf } from "../clients/snowflakeValues.js";
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
  const blocked = rolesOf(wish.scopes).filter((role) => blockedRoles(now).includes(role));
  const noRefresh = wish.scopes.includes("refresh_token") && now.get("OAUTH_ISSUE_REFRESH_TOKENS") === "false";
  const scopeProblems = [
    blocked.length > 0 ? `${shown} blocks the role ${blocked.join(", ")} that the scopes ask for` : "",
    noRefresh ? `${shown} issues no refresh tokens, which the scopes ask for` : "",
  ].filter((sentence) => sentence !== "");
  const disabled = now.get("ENABLED") === "false";

  const drift = [
    clientId === client.clientId ? "" : `${shown} was replaced by hand: its client id is now ${clientId ?? "none"}`,
    missing.length > 0 ? lacks : "",
    renewed ? `the client secret in use of ${shown} was renewed by hand` : "",
    disabled && settings.enabled === undefined ? `${shown} was disabled: nobody can sign in` : "",
  ].filter((sentence) => sentence !== "");
  const findings: Finding[] = [
    missing.length > 0 ? { property: "redirectUrl", state: "wrong", detail: lacks } : { property: "redirectUrl", state: "proven", detail: "" },
    scopes(scopeProblems, rolesOf(wish.scopes)),
    { property: "consent", state: "unproven", detail: "users consent when they connect, unless their role is pre-authorised" },
  ];
  // The program does not declare what stands in the way, so an update would not mend it.
  return { exists: true, drift, notes: scopeProblems, findings, settings: settingsNow(now, settings) };
}

function scopes(problems: string[], roles: string[]): Finding {
  if (problems.length > 0) return { property: "scopes", state: "wrong", detail: problems.join("; ") };
  if (roles.length === 0) return { property: "scopes", state: "proven", detail: "" };
  return { property: "scopes", state: "unproven", detail: `whether a user has the role ${roles.join(", ")} shows when they connect` };
}

/** Stored names of the roles that session scopes name: in capitals unless created with quotes, which the scope cannot say. */
function rolesOf(scopeList: readonly string[]): string[] {
  return scopeList.flatMap((scope) => {
    const role = /^session:role:(.+)$/.exec(scope)?.[1];
    return role === undefined ? [] : [/^[A-Za-z_][A-Za-z0-9_$]*$/.test(role) ? storedName(role) : role];
  });
}
