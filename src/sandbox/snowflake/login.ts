/** Who logs in, by each of the forms that need no browser: password, key pair, programmatic access token, OAuth access token. */

import { randomUUID, verify } from "node:crypto";
import { type Account, hasRole, isAccountName, type User } from "./account.js";
import { fingerprint, publicKeyOf } from "./publicKey.js";

/** What the driver sends below `data`. */
export interface LoginData {
  ACCOUNT_NAME?: string;
  LOGIN_NAME?: string;
  PASSWORD?: string;
  TOKEN?: string;
  AUTHENTICATOR?: string;
}

export interface LoginRefusal {
  code: string;
  message: string;
}

export interface LoggedIn {
  user: User;
  role: string;
}

/** Whose access token this is, for tokens of the account's own OAuth server. */
export type FindTokenOwner = (token: string) => Promise<{ user: string; role: string | undefined } | undefined>;

const refusal = (code: string, message: string): LoginRefusal => ({ code, message });
const wrongPassword = () => refusal("390100", "Incorrect username or password was specified.");
const wrongKey = () => refusal("390144", `JWT token is invalid. [${randomUUID()}]`);

export async function logIn(account: Account, data: LoginData, wantedRole: string | null, findTokenOwner: FindTokenOwner): Promise<LoggedIn | LoginRefusal> {
  // Which code an account answers that is not the one of the address is a guess.
  if (!isAccountName(account, data.ACCOUNT_NAME ?? "")) return wrongPassword();
  const found = await authenticate(account, data, findTokenOwner);
  if ("code" in found) return found;
  const { user, tokenRole } = found;
  if (user.disabled) return refusal("390101", "User access disabled. Contact your local system administrator.");
  // A token of the OAuth server is bound to one role.
  const role = tokenRole ?? (wantedRole === null ? user.defaultRole : unquoted(wantedRole));
  if (!account.roles.has(role) || !hasRole(user, role) || (tokenRole !== undefined && wantedRole !== null && unquoted(wantedRole) !== tokenRole)) {
    const text = `Role '${wantedRole ?? role}' specified in the connect string does not exist or not authorized. Contact your local system administrator, or attempt to login with another role, e.g. PUBLIC.`;
    return refusal("390189", text);
  }
  return { user, role };
}

type Authenticated = { user: User; tokenRole?: string | undefined };

async function authenticate(account: Account, data: LoginData, findTokenOwner: FindTokenOwner): Promise<Authenticated | LoginRefusal> {
  const user = findUser(account, data.LOGIN_NAME);
  const token = data.TOKEN ?? "";
  switch ((data.AUTHENTICATOR ?? "SNOWFLAKE").toUpperCase()) {
    case "SNOWFLAKE":
      return user?.password === undefined || data.PASSWORD !== user.password ? wrongPassword() : { user };
    case "SNOWFLAKE_JWT":
      return user === undefined || !isSignedBy(account, user, token) ? wrongKey() : { user };
    case "PROGRAMMATIC_ACCESS_TOKEN": {
      // The name may be left out: the token says whose it is.
      const owner = [...account.users.values()].find(({ programmaticAccessTokens }) => programmaticAccessTokens.includes(token));
      const foreign = data.LOGIN_NAME !== undefined && data.LOGIN_NAME !== "" && owner !== user;
      return owner === undefined || foreign ? refusal("394400", "Programmatic access token is invalid.") : { user: owner };
    }
    case "OAUTH":
      return authenticateOAuth(account, token, findTokenOwner);
    default:
      // No source has the code for an authenticator that an account does not offer.
      return refusal("390139", "The specified authenticator is not accepted by your Snowflake account configuration.");
  }
}

async function authenticateOAuth(account: Account, token: string, findTokenOwner: FindTokenOwner): Promise<Authenticated | LoginRefusal> {
  const foreign = account.foreignTokens.get(token);
  if (foreign?.expired) return refusal("390318", "OAuth access token expired. [sandbox]");
  const owner = foreign ?? (await findTokenOwner(token));
  const user = owner && findUser(account, owner.user);
  return user === undefined ? refusal("390303", "Invalid OAuth access token. [sandbox]") : { user, tokenRole: owner?.role };
}

/** Login names do not heed case. */
const findUser = (account: Account, name: string | undefined): User | undefined => account.users.get(name?.toUpperCase() ?? "");

/** As an identifier in the connection: unquoted it is folded. */
const unquoted = (name: string): string => (/^".*"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name.toUpperCase());

/** A JWT in the documented form, signed by one of the user's registered keys. Its times are on the real clock, as the signer's are. */
function isSignedBy(account: Account, user: User, token: string): boolean {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const claims = jsonOf(payload);
  if (claims === undefined || jsonOf(header)?.["alg"] !== "RS256") return false;
  const [, accountName = "", userName = "", print = ""] = /^(.+?)\.([^.]+)\.(SHA256:.+)$/.exec(String(claims["iss"])) ?? [];
  const key = publicKeyOf(user.publicKeys.find((each) => fingerprint(each) === print) ?? "");
  if (key === undefined || claims["sub"] !== `${accountName}.${userName}` || userName !== user.name || !isAccountName(account, accountName)) return false;
  if (!(millisecondsOf(claims["exp"]) > Date.now())) return false;
  return verify("RSA-SHA256", Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url"));
}

/** The JavaScript driver writes milliseconds where the standard has seconds, and the service takes it. */
const millisecondsOf = (time: unknown): number => (typeof time !== "number" ? 0 : time > 1e11 ? time : time * 1000);

function jsonOf(part: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8")) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
