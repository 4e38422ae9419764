/**
 * ServiceNow's Table API, call by call, for application registries (table oauth_entity). It says little and ignores much:
 * unknown columns in a body and invalid parts of a query without a word, so every write has to be read back, and every row that
 * a query finds is held against the query here.
 */

import type { Env } from "../core/env.js";
import { ConfigError, RemoteError } from "../core/errors.js";
import type { Secret } from "../core/secret.js";
import { createHttp, type HttpAnswer, type HttpCall, type HttpLimits } from "./http.js";
import type { Reach } from "./privateNetwork.js";
import { authorizationOf, type ServiceNowSignIn } from "./serviceNowSignIn.js";

/** What is read of a record; client_secret is never asked for, since nobody can read it. */
const COLUMNS = [
  "sys_id",
  "name",
  "client_id",
  "type",
  "active",
  "redirect_url",
  "access_token_lifespan",
  "refresh_token_lifespan",
  "comments",
  "sys_created_on",
  "sys_updated_on",
  "sys_updated_by",
  "sys_mod_count",
] as const;
export type Column = (typeof COLUMNS)[number];

/** Every value is text, also a number or "true". An empty column may be one that this user may not read: see `blanked`. Times are UTC, `2026-01-31 13:00:00`. */
export type ClientRecord = Readonly<Record<Column, string>>;

/** What is written: any part of it. */
export type ClientFields = Partial<Record<Exclude<Column, `sys_${string}`>, string>> & { client_secret?: Secret };

export interface Condition {
  column: Column;
  /** LIKE finds the value anywhere in the column. Both tell upper from lower case. */
  operator: "=" | "LIKE";
  value: string;
}

export interface ServiceNowTable {
  /** The instance's origin. */
  readonly baseUrl: string;
  /** The records that meet all conditions, of those that this user may see. */
  find(conditions: readonly Condition[]): Promise<ClientRecord[]>;
  /** Undefined: it is gone, as far as a user can tell who sees other records. "hidden": the instance may just not show it to this user. */
  get(sysId: string): Promise<ClientRecord | "hidden" | undefined>;
  /** Of these columns, which this record shows empty, those that hold something which this user may not read. */
  blanked(sysId: string, columns: readonly Column[]): Promise<Column[]>;
  /** Whether this user sees any record. Every instance comes with some of its own: who sees none lacks the role. */
  seesAny(): Promise<boolean>;
  /** Not idempotent: after a lost answer, look for its client_id first. */
  insert(fields: ClientFields): Promise<ClientRecord>;
  /** Changes these columns, as far as the instance takes them: compare what comes back. */
  update(sysId: string, fields: ClientFields): Promise<ClientRecord>;
  /** False: there was no such record to see. */
  remove(sysId: string): Promise<boolean>;
  /** A system property; undefined where it is not set, or not for this user to read, which needs more than oauth_admin. */
  property(name: string): Promise<string | undefined>;
}

export interface ServiceNowTableOptions {
  /** The instance's origin. */
  baseUrl: string;
  reach?: Reach | undefined;
  signIn: ServiceNowSignIn;
  env: Env;
  limits: HttpLimits;
}

/** System properties that decide what a client is good for (product documentation). */
export const OAUTH_IS_ACTIVE = "com.snc.platform.security.oauth.is.active";
export const LONGEST_ACCESS_TOKEN_SECONDS = "glide.oauth.access_token.expire_in.system_max_seconds";

/** For people, where OAUTH_IS_ACTIVE is "false". */
export const OAUTH_IS_OFF = `OAuth is switched off on this instance, so nobody can connect: an administrator sets the system property ${OAUTH_IS_ACTIVE} to true.`;

const TABLE = "/api/now/table/oauth_entity";
const SHAPE = { sysparm_fields: COLUMNS.join(","), sysparm_exclude_reference_link: "true" };
type Row = Record<string, unknown>;

/** Rows asked for at once. */
const PAGE = 100;

export function createServiceNowTable({ baseUrl, reach, signIn, env, limits }: ServiceNowTableOptions): ServiceNowTable {
  const host = new URL(baseUrl).host;
  const http = createHttp({
    ...{ service: "ServiceNow", baseUrl, env, limits, wordsOf, reach, resetHeader: "x-ratelimit-reset" },
    headers: async () => ({ Authorization: authorizationOf(signIn) }),
  });

  /** Whether anything has come from there: then it is no instance that nobody reaches. */
  let reached = false;

  /** The answer, also one that says no. */
  async function ask(call: HttpCall): Promise<HttpAnswer> {
    try {
      const answer = await http(call);
      reached = true;
      return answer;
    } catch (error) {
      throw error instanceof RemoteError ? advised(error, reached) : error;
    }
  }

  async function send(call: HttpCall): Promise<HttpAnswer> {
    return accepted(await ask(call), call);
  }

  function accepted(answer: HttpAnswer, { operation }: HttpCall): HttpAnswer {
    const { status } = answer;
    if (status < 400) return answer;
    const { words } = wordsOf(answer.json);
    throw new RemoteError({
      ...{ service: "ServiceNow", operation, host, outcome: "refused", status, said: "refused it", words },
      remedy: remedyFor(status, words, signIn),
    });
  }

  function rowsOf(answer: HttpAnswer, operation: string): Row[] {
    const { result } = (answer.json ?? {}) as { result?: unknown };
    if (Array.isArray(result)) return result as Row[];
    throw unexpected(answer, operation);
  }

  function recordOf(answer: HttpAnswer, operation: string): ClientRecord {
    const { result } = (answer.json ?? {}) as { result?: Row | null };
    const record = readRecord(result ?? {});
    if (record.sys_id !== "") return record;
    throw unexpected(answer, operation);
  }

  function unexpected({ status }: HttpAnswer, operation: string): RemoteError {
    return new RemoteError({
      ...{ service: "ServiceNow", operation, host, outcome: "unknown", status, said: "answered without the expected `result`" },
      remedy: `Check that ${host} is a ServiceNow instance.`,
    });
  }

  /** What was found, how many rows came at all, and how many there are by the instance's own count. `enough`: that many rows end it. */
  async function search(
    conditions: readonly Condition[],
    enough = Number.POSITIVE_INFINITY,
  ): Promise<{ found: ClientRecord[]; seen: number; counted: number }> {
    const sysparm_query = [...conditions.map(encoded), "ORDERBYsys_id"].join("^");
    const rows: ClientRecord[] = [];
    let counted = 0;
    for (let offset = 0; offset === 0 || (offset < counted && rows.length < enough); offset += PAGE) {
      const query = { ...SHAPE, sysparm_query, sysparm_limit: String(PAGE), sysparm_offset: String(offset) };
      const answer = await send({ operation: "retrieveRecords", method: "GET", path: TABLE, query, repeat: "repeatable" });
      const page = rowsOf(answer, "retrieveRecords").map(readRecord);
      rows.push(...page);
      // Access rules take rows off a page, so a short page need not be the last one: the count tells, where there is one.
      counted = Number(answer.headers["x-total-count"] ?? rows.length + (page.length < PAGE ? 0 : 1));
    }
    return { found: rows.filter((row) => conditions.every((condition) => meets(row, condition))), seen: rows.length, counted };
  }

  const seesAny = async (): Promise<boolean> => (await search([], 1)).seen > 0;

  /** Whether the instance finds this record by that condition, which is looked up in what it holds and not in what it shows. */
  async function holds(sysId: string, condition: string): Promise<boolean> {
    const query = { sysparm_fields: "sys_id", sysparm_query: `sys_id=${plain(sysId)}^${condition}`, sysparm_limit: String(PAGE) };
    const answer = await send({ operation: "retrieveRecords", method: "GET", path: TABLE, query, repeat: "repeatable" });
    return rowsOf(answer, "retrieveRecords").some((row) => textOf(row["sys_id"]) === sysId);
  }

  const one = (sysId: string) => `${TABLE}/${encodeURIComponent(sysId)}`;

  return {
    baseUrl,
    find: async (conditions) => (await search(conditions)).found,

    async get(sysId) {
      const call = { operation: "retrieveRecord", method: "GET", path: one(sysId), query: SHAPE, repeat: "repeatable" } as const;
      const answer = await ask(call);
      if (!says(answer, 404)) return recordOf(accepted(answer, call), call.operation);
      // 404 is the answer for a record that is gone and for one that an access rule hides.
      const { found, seen, counted } = await search([{ column: "sys_id", operator: "=", value: sysId }]);
      if (found[0] !== undefined) return found[0];
      if (counted > seen) return "hidden";
      // Who sees no record at all may not see ours either.
      return (await seesAny()) ? undefined : "hidden";
    },

    seesAny,

    async blanked(sysId, columns) {
      const answers = await Promise.all(
        columns.map(async (column) => {
          // Both, since an instance that does not know such a condition, or forbids it, answers the two alike.
          const [empty, filled] = await Promise.all([holds(sysId, `${column}ISEMPTY`), holds(sysId, `${column}ISNOTEMPTY`)]);
          return empty && !filled ? [] : [column];
        }),
      );
      return answers.flat();
    },

    async insert(fields) {
      // Only what surely had no effect is sent again: a second record would be another client.
      const call = { operation: "createRecord", method: "POST", path: TABLE, query: SHAPE, json: opened(fields), repeat: "throttled" } as const;
      return recordOf(await send(call), call.operation);
    },

    async update(sysId, fields) {
      const call = { operation: "updateRecord", method: "PATCH", path: one(sysId), query: SHAPE, json: opened(fields), repeat: "repeatable" } as const;
      return recordOf(await send(call), call.operation);
    },

    async remove(sysId) {
      const call = { operation: "deleteRecord", method: "DELETE", path: one(sysId), repeat: "repeatable" } as const;
      const answer = await ask(call);
      if (says(answer, 404)) return false;
      accepted(answer, call);
      return true;
    },

    async property(name) {
      const query = { sysparm_query: `name=${plain(name)}`, sysparm_fields: "name,value", sysparm_limit: String(PAGE) };
      const call = { operation: "retrieveRecords", method: "GET", path: "/api/now/table/sys_properties", query, repeat: "repeatable" } as const;
      const answer = await ask(call);
      if (says(answer, 403) || says(answer, 404)) return undefined;
      const row = rowsOf(accepted(answer, call), call.operation).find((entry) => entry["name"] === name);
      return row === undefined ? undefined : textOf(row["value"]);
    },
  };
}

/** Whether the Table API itself answers with this status: without its envelope it is somebody else's. */
function says(answer: HttpAnswer, status: number): boolean {
  return answer.status === status && (answer.json as { status?: unknown } | undefined)?.status === "failure";
}

function encoded({ column, operator, value }: Condition): string {
  return `${column}${operator}${plain(value)}`;
}

/** There is no way to write `^` inside a value: it would begin another condition. */
function plain(value: string): string {
  if (value.includes("^")) throw new ConfigError(`ServiceNow cannot look for "${value}": a value must not hold the character ^.`);
  return value;
}

function meets(row: ClientRecord, { column, operator, value }: Condition): boolean {
  return operator === "=" ? row[column] === value : row[column].includes(value);
}

function opened({ client_secret, ...fields }: ClientFields): Record<string, string> {
  return client_secret === undefined ? fields : { ...fields, client_secret: client_secret.open() };
}

function readRecord(row: Row): ClientRecord {
  return Object.fromEntries(COLUMNS.map((column) => [column, textOf(row[column])])) as Record<Column, string>;
}

/** A column as text; a reference is an object that holds its value. */
function textOf(value: unknown): string {
  if (typeof value === "object" && value !== null) return textOf((value as { value?: unknown }).value);
  return value === undefined || value === null ? "" : String(value);
}

function wordsOf(json: unknown): { words?: string } {
  const error = ((json ?? {}) as { error?: { message?: unknown; detail?: unknown } }).error;
  const words = [error?.message, error?.detail].filter((part) => typeof part === "string" && part !== "").join(": ");
  return words === "" ? {} : { words };
}

const whoOf = (signIn: ServiceNowSignIn): string => ("token" in signIn ? "The user of the token" : `The user "${signIn.username}"`);

/** What to do about a refusal. Words of the instance choose a hint and decide nothing. */
function remedyFor(status: number, words: string | undefined, signIn: ServiceNowSignIn): string | undefined {
  const role = `${whoOf(signIn)} needs the role oauth_admin (mi_admin or admin also do)`;
  switch (status) {
    case 400:
      return words?.startsWith("Invalid table")
        ? "The instance has no application registries: an administrator activates the plugin OAuth 2.0 (com.snc.platform.security.oauth)."
        : undefined;
    case 401:
      return "token" in signIn
        ? "Check serviceNow.token (SERVICENOW_TOKEN): an access token ends after 30 minutes unless the instance says otherwise, and none works while OAuth is switched off."
        : "Check serviceNow.username and serviceNow.password (SERVICENOW_USERNAME, SERVICENOW_PASSWORD): a user who signs in with a password, not through single sign-on.";
    case 403:
      return `${role}; a business rule or data policy of the instance may refuse it too.`;
    case 404:
      return `The record is gone, or hidden. ${role}.`;
    case 409:
      return "Run again when nobody else is changing it.";
    default:
      return undefined;
  }
}

/** What a person can do about an answer that is none of the Table API's. */
function advised(error: RemoteError, reached: boolean): RemoteError {
  const { status, page, remedy } = error.failure;
  if (status === 429) return error.advise(`${remedy} A rate limit rule of the instance (sys_rate_limit_rules) counts the calls of a user by the hour.`);
  // A page or a redirect in place of JSON.
  if (page || (status !== undefined && status < 500))
    return error.advise(
      "The instance may be hibernating (a developer instance is woken at https://developer.servicenow.com), not exist, or be behind a sign-in page. Check serviceNow.instance: it has to be a cloud instance, whose API answers without single sign-on.",
    );
  if (status === undefined && !reached)
    return error.advise(`${remedy} Check serviceNow.instance: an instance on premises can be reached neither from here nor by Odeus.`);
  return error;
}
