/** What the control API does to an account: a person's hands, and switches for what differs from one real account to another. */

import { generateKeyPairSync, randomBytes } from "node:crypto";
import {
  type Account,
  type AccountSettings,
  ADMIN_ROLE,
  type ForeignIntegration,
  newProgrammaticAccessToken,
  type Role,
  setRole,
  setUser,
  type User,
} from "./account.js";
import { PROPERTIES } from "./integrationProperties.js";
import { runStatement } from "./runStatement.js";
import type { Ending } from "./sessions.js";
import type { SnowflakeCounterpart } from "./snowflakeCounterpart.js";
import { policyAttached } from "./sqlError.js";

const ENDINGS: Ending[] = ["session", "master", "invalid", "gone"];
const SETTINGS: { [Name in keyof AccountSettings]: (value: unknown) => boolean } = {
  addPrivilegedRoles: (value) => typeof value === "boolean",
  secretKeyCase: (value) => value === "upper" || value === "lower",
  secretsNeed: (value) => value === "ownership" || value === ADMIN_ROLE,
  enabledByDefault: (value) => typeof value === "boolean",
  missingProperties: (value) => Array.isArray(value) && value.every((name) => Object.hasOwn(PROPERTIES, name)),
  cacheLagMilliseconds: (value) => typeof value === "number" && value >= 0,
};

type Handler = (counterpart: SnowflakeCounterpart, body: Record<string, unknown>, name: string) => unknown;

/** By method, kind of object and what is done to it; the name of the object stands between the two. */
const HANDLERS: Record<string, Handler> = {
  /** Any statement, as ACCOUNTADMIN unless a role is named. Without a session, a record or lag. */
  "POST statements": ({ account }, { sql, role = ADMIN_ROLE }) => {
    const user = account.users.get("DEPLOYER") as User;
    const { columns, rows } = runStatement(account, { user, role: String(role), warehouse: undefined, sessionId: 0 }, String(sql));
    return { columns: columns.map(({ name }) => name), rows };
  },
  "PUT settings": ({ account }, body) => {
    for (const [name, value] of Object.entries(body)) {
      if (!Object.hasOwn(SETTINGS, name) || !SETTINGS[name as keyof AccountSettings](value)) throw new Error(`${name}: no such setting, or no such value`);
    }
    Object.assign(account.settings, body);
  },
  /** Ends the sessions that are open now. */
  "POST sessions": ({ sessions }, { ending }) => {
    if (!ENDINGS.includes(ending as Ending)) throw new Error(`ending is one of ${ENDINGS.join(", ")}`);
    sessions.end(ending as Ending);
  },
  "PUT users": ({ account }, body, name) => setUser(account, name, body as Partial<User>),
  "DELETE users": ({ account }, _body, name) => void account.users.delete(name),
  /** A new RSA key, registered as the user's only one. */
  "POST users keyPair": ({ account }, _body, name) => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    setUser(account, existing(account, name).name, { publicKeys: [publicKey.export({ type: "spki", format: "der" }).toString("base64")] });
    return { privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) };
  },
  "POST users programmaticAccessToken": ({ account }, _body, name) => {
    const token = newProgrammaticAccessToken();
    setUser(account, name, { programmaticAccessTokens: [...existing(account, name).programmaticAccessTokens, token] });
    return { token };
  },
  /** An OAuth access token as an external authorization server would issue it. */
  "POST users accessToken": ({ account }, { role, expired }, name) => {
    const token = randomBytes(48).toString("base64url");
    account.foreignTokens.set(token, { user: existing(account, name).name, role: typeof role === "string" ? role : undefined, expired: expired === true });
    return { token };
  },
  "PUT roles": ({ account }, body, name) => setRole(account, name, body as Partial<Role>),
  "DELETE roles": ({ account }, _body, name) => void account.roles.delete(name),
  "PUT networkPolicies": ({ account }, _body, name) => void account.networkPolicies.add(name),
  "DELETE networkPolicies": ({ account }, _body, name) => {
    const holder = [...account.integrations.values()].find((each) => each.kind === "oauth" && each.properties.NETWORK_POLICY === name);
    if (holder !== undefined) throw policyAttached(name, holder.name);
    account.networkPolicies.delete(name);
  },
  /** Somebody else's integration of another type; of one that is there, the named parts. */
  "PUT integrations": ({ account }, body, name) => {
    const before = account.integrations.get(name);
    if (before !== undefined) return void Object.assign(before, body);
    const standard = { owner: ADMIN_ROLE, type: "SAML2", category: "SECURITY", enabled: true, comment: "" };
    account.integrations.set(name, { ...standard, ...(body as Partial<ForeignIntegration>), kind: "foreign", name, createdOn: account.now() });
  },
};

/** `path` is what follows `/snowflake`. Undefined: there is no such call. */
export function controlAccount(counterpart: SnowflakeCounterpart, method: string, path: string[], body: unknown): { answer: unknown } | undefined {
  const [kind = "", name = "", action] = path;
  const handler = HANDLERS[[method, kind, ...(action === undefined ? [] : [action])].join(" ")];
  return handler === undefined ? undefined : { answer: handler(counterpart, (body ?? {}) as Record<string, unknown>, name) };
}

function existing(account: Account, name: string): User {
  const user = account.users.get(name);
  if (user === undefined) throw new Error(`the account has no user ${name}`);
  return user;
}
