/**
 * The integrations as the OAuth endpoints see them: the vendor caches integrations, so a change can be felt there some time after
 * its statement (the setting `cacheLagMilliseconds`).
 */

import type { Account, Integration, OAuthIntegration } from "./account.js";

/** Keeps what there is now for the endpoints; call it before a change. */
export function keepForOAuth(account: Account, name: string): void {
  const { cacheLagMilliseconds } = account.settings;
  if (cacheLagMilliseconds === 0) return;
  const before = account.integrations.get(name);
  account.formerIntegrations.push({
    name,
    integration: before === undefined ? undefined : { ...before },
    until: account.now().getTime() + cacheLagMilliseconds,
  });
}

/** The enabled integration of this client id, as the endpoints know it now. */
export function findByClientId(account: Account, clientId: string): OAuthIntegration | undefined {
  const moment = account.now().getTime();
  const seen = new Map<string, Integration>(account.integrations);
  // The oldest that still counts comes last, and stays.
  for (const { name, integration, until } of account.formerIntegrations.toReversed()) {
    if (until <= moment) continue;
    if (integration === undefined) seen.delete(name);
    else seen.set(name, integration);
  }
  return [...seen.values()].find(
    (integration): integration is OAuthIntegration => integration.kind === "oauth" && integration.clientId === clientId && integration.properties.ENABLED,
  );
}
