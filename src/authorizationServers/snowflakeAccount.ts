/** Whether the credentials are for the account of the state, which may be written in several ways. */

import type { SnowflakeApi } from "../clients/snowflake.js";
import { SNOWFLAKE_CODES } from "../clients/snowflakeErrors.js";
import { ConfigError, doing, isRemote } from "../core/errors.js";
import type { RegisteredClient } from "./contract.js";

/** By its identifier; or, as one account has several, by the recorded client: its id is random, so it shows in no other account. Reads only. */
export async function requireSameAccount(snowflake: SnowflakeApi, name: string, recorded: RegisteredClient | undefined): Promise<void> {
  const former = recorded?.objects["account"];
  const { account } = snowflake;
  if (recorded === undefined || former === undefined || inUrls(former) === inUrls(account)) return;
  const clientId = await doing(`asking account ${account} whether it is ${former}, to which this state belongs`, () => clientIdOf(snowflake, name));
  if (clientId === recorded.clientId) return;
  throw new ConfigError(
    `this state belongs to Snowflake account ${former}, the credentials are for account ${account}, and this client does not show there. Use credentials for the first; if the two are one account, write it as the first, or use the role that owns the integration. Nothing was changed.`,
  );
}

async function clientIdOf(snowflake: SnowflakeApi, name: string): Promise<string | undefined> {
  try {
    return (await snowflake.describe(name)).get("OAUTH_CLIENT_ID");
  } catch (error) {
    if (isRemote(error, undefined, SNOWFLAKE_CODES.gone)) return undefined;
    throw error;
  }
}

/** As it stands in web addresses: one account may be written with underscores or hyphens, and over a private link. */
function inUrls(account: string): string {
  return account.replaceAll("_", "-").replace(/\.PRIVATELINK$/, "");
}
