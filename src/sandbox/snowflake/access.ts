/** What a program needs to log in to the account of a world, and what a test knows of it. */

import { type Account, ADMIN_ROLE, DEPLOYER_ROLE, type User } from "./account.js";

export interface SnowflakeAccess {
  /** As drivers want it: organisation and account name. */
  account: string;
  /** May create integrations with its default role, and act as each of the roles below. */
  deployer: { user: string; password: string; programmaticAccessToken: string };
  roles: { admin: string; deployer: string; withoutRights: string };
}

export function accessOf(account: Account): SnowflakeAccess {
  const { name, password = "", programmaticAccessTokens } = account.users.get("DEPLOYER") as User;
  return {
    account: `${account.organization}-${account.name}`,
    deployer: { user: name, password, programmaticAccessToken: programmaticAccessTokens[0] ?? "" },
    roles: { admin: ADMIN_ROLE, deployer: DEPLOYER_ROLE, withoutRights: "ANALYST" },
  };
}

export function environmentOf(account: Account): Record<string, string> {
  const { account: name, deployer, roles } = accessOf(account);
  const { hostname, port } = new URL(account.origin());
  return {
    SNOWFLAKE_ACCOUNT: name,
    SNOWFLAKE_USER: deployer.user,
    SNOWFLAKE_PASSWORD: deployer.password,
    SNOWFLAKE_ROLE: roles.deployer,
    SNOWFLAKE_HOST: hostname,
    SNOWFLAKE_PORT: port,
    SNOWFLAKE_PROTOCOL: "http",
  };
}
