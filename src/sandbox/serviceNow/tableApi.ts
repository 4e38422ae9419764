/** The Table API of an instance: who calls, what they may see, and the five calls on a table. */

import type { Operation, SandboxReply, SandboxRequest } from "../counterpart.js";
import { parseQuery } from "./encodedQuery.js";
import { type ApiUser, addRow, changeRow, type Instance, OAUTH_ENTITY, PROPERTY, type Row, type Table } from "./instance.js";
import { createRateLimit } from "./rateLimit.js";
import { noRecord, notAllowed, notAuthenticated, TableError, tableErrorReply } from "./tableErrors.js";
import { showRow, storedValue } from "./tableView.js";

/** Without a version the newest answers; v1 differs in one point. */
const ROUTE = /^\/api\/now\/(?:(v[12])\/)?table\/([a-z0-9_]+)(?:\/([^/]+))?$/;

/** The vendor's own names of the calls, for one record and for the table. */
const ONE: Record<string, string> = { GET: "retrieveRecord", PUT: "modifyRecord", PATCH: "updateRecord", DELETE: "deleteRecord" };
const ALL: Record<string, string> = { GET: "retrieveRecords", POST: "createRecord" };

/** The documented default of sysparm_limit. */
const DEFAULT_LIMIT = 10_000;

interface Call {
  request: SandboxRequest;
  tableName: string;
  table: Table;
  user: Pick<ApiUser, "username" | "roles">;
  version: string | undefined;
  sysId: string;
}

export interface TableApi {
  operation(method: string, path: string): Operation | undefined;
  answer(request: SandboxRequest): SandboxReply;
}

export function createTableApi(instance: Instance): TableApi {
  const rateLimit = createRateLimit(instance);

  const operation = (method: string, path: string): Operation | undefined => {
    const found = ROUTE.exec(path);
    const name = found === null ? undefined : (found[3] === undefined ? ALL : ONE)[method];
    return name === undefined ? undefined : { name, changes: method !== "GET" };
  };

  const answer = (request: SandboxRequest): SandboxReply => {
    let headers: Record<string, string> = {};
    try {
      const user = request.byHand ? { username: "admin", roles: ["admin"] } : authenticate(instance, request.headers["authorization"]);
      if (!request.byHand) {
        const counted = rateLimit.count(user.username);
        headers = counted.headers;
        if (counted.refusal !== undefined) throw counted.refusal;
      }
      const [, version, tableName = "", sysId = ""] = ROUTE.exec(request.path) ?? [];
      const table = instance.tables[tableName];
      if (table === undefined || (tableName === OAUTH_ENTITY && !instance.switches.oauthPlugin)) throw new TableError(400, `Invalid table ${tableName}`, null);
      const handler = HANDLERS[operation(request.method, request.path)?.name ?? ""];
      if (handler === undefined) throw new TableError(405, "Method not supported", request.method);
      const reply = handler(instance, { request, tableName, table, user, version, sysId });
      return { ...reply, headers: { ...headers, ...reply.headers } };
    } catch (problem) {
      if (problem instanceof TableError) return tableErrorReply(problem, headers);
      throw problem;
    }
  };

  return { operation, answer };
}

function authenticate(instance: Instance, authorization = ""): ApiUser {
  const [, scheme = "", credentials = ""] = /^(\w+) (.+)$/.exec(authorization) ?? [];
  const pair = Buffer.from(credentials, "base64").toString("utf8");
  const user = instance.apiUsers.find(({ username, password, token }) => {
    if (/^basic$/i.test(scheme)) return pair === `${username}:${password}`;
    // That a token is refused while OAuth is switched off is a guess.
    return /^bearer$/i.test(scheme) && credentials === token && instance.property(PROPERTY.oauthIsActive) === "true";
  });
  if (user === undefined) throw notAuthenticated();
  return user;
}

const HANDLERS: Record<string, (instance: Instance, call: Call) => SandboxReply> = {
  retrieveRecords(instance, call) {
    const { request, table, version } = call;
    const found = withoutLate(instance, call, queriedRows(instance, call));
    const limit = Number(request.query.get("sysparm_limit") ?? DEFAULT_LIMIT);
    const offset = Number(request.query.get("sysparm_offset") ?? 0);
    // Documented: the limit is applied before the access rules, so an empty page does not prove that no row exists.
    const rows = found.slice(offset, offset + limit).filter((row) => isVisible(instance, call, row));
    if (version === "v1" && rows.length === 0) throw noRecord();
    return {
      status: 200,
      // A guess: counted like the limit, before the access rules.
      headers: { "x-total-count": String(found.length), ...nextLink(request, offset + limit, limit, found.length) },
      body: { result: rows.map((row) => showRow(instance, table, row, request)) },
    };
  },

  retrieveRecord(instance, call) {
    return { status: 200, body: { result: showRow(instance, call.table, visibleRow(instance, call), call.request) } };
  },

  createRecord(instance, call) {
    const { request, tableName, user } = call;
    if (!isManager(call)) throw notAllowed("Insert");
    const values = writable(instance, call);
    refuseDuplicate(call, values, undefined);
    const row = addRow(instance, tableName, values, user.username);
    return { ...written(instance, call, row, 201), headers: { location: `${request.origin}/api/now/table/${tableName}/${row["sys_id"]}` } };
  },

  updateRecord: changeRecord,
  // The same here: columns that a PUT leaves out stay as they are.
  modifyRecord: changeRecord,

  deleteRecord(instance, call) {
    const row = visibleRow(instance, call);
    call.table.rows.delete(row["sys_id"] ?? "");
    return { status: 204 };
  },
};

function changeRecord(instance: Instance, call: Call): SandboxReply {
  const row = visibleRow(instance, call);
  const values = writable(instance, call);
  refuseDuplicate(call, values, row);
  changeRow(instance, row, values, call.user.username);
  return written(instance, call, row, 200);
}

function queriedRows(instance: Instance, { request, table }: Call): Row[] {
  const columns = instance.switches.ignoresQueries && !request.byHand ? [] : table.columns;
  const { matches, order, invalid } = parseQuery(request.query.get("sysparm_query") ?? "", columns);
  if (invalid && instance.property(PROPERTY.invalidQueryReturnsNoRows) === "true") return [];
  const rows = [...table.rows.values()].filter((row) => matches((column) => storedValue(row, column)));
  return rows.sort((one, other) => {
    for (const { column, descending } of order) {
      const [left = "", right = ""] = [one[column], other[column]];
      if (left !== right) return left < right === descending ? 1 : -1;
    }
    return 0;
  });
}

/** Without the records that such a query still misses; each that would have found one counts. */
function withoutLate({ switches }: Instance, { user, request }: Call, rows: Row[]): Row[] {
  if (switches.lateRecords === 0 || request.byHand) return rows;
  const shown = rows.filter((row) => row["sys_created_by"] !== user.username);
  if (shown.length < rows.length) switches.lateRecords -= 1;
  return shown;
}

const isManager = ({ user, table }: Call): boolean => user.roles.some((role) => table.roles.includes(role));

function isVisible(instance: Instance, call: Call, row: Row): boolean {
  const { hiddenRecords, hidesNewRecords } = instance.switches;
  if (!isManager(call) || call.request.byHand) return isManager(call);
  return !hiddenRecords.includes(row["sys_id"] ?? "") && !(hidesNewRecords && row["sys_created_by"] === call.user.username);
}

/** Absent and hidden are one answer, also to a write. */
function visibleRow(instance: Instance, call: Call): Row {
  const row = call.table.rows.get(call.sysId);
  if (row === undefined || !isVisible(instance, call, row)) throw noRecord();
  return row;
}

/** What of the body is stored: known columns only, none of the system's, everything as text. The rest is ignored without a word. */
function writable(instance: Instance, { request, table }: Call): Row {
  let given: unknown;
  try {
    given = JSON.parse(request.body === "" ? "{}" : request.body);
  } catch {
    throw new TableError(400, "Exception while reading request", "The payload is not valid JSON.");
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw new TableError(400, "Bad Request", "One record is expected.");
  const entries = Object.entries(given).filter(([, value]) => value !== null && value !== undefined);
  const unknown = entries.map(([column]) => column).filter((column) => !table.columns.includes(column));
  if (unknown.length > 0 && instance.switches.refusesUnknownColumns) throw new TableError(400, "Unknown columns, as the switch says", unknown.join(", "));
  return Object.fromEntries(
    entries
      .filter(([column]) => table.columns.includes(column) && !column.startsWith("sys_"))
      .filter(([column]) => request.byHand || !instance.switches.ignoredColumns.includes(column))
      .map(([column, value]) => [column, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

/** Two clients of one name or id are refused. That this rule of the form holds for this API too is a guess, as are its words. */
function refuseDuplicate({ tableName, table }: Call, values: Row, self: Row | undefined): void {
  if (tableName !== OAUTH_ENTITY) return;
  for (const column of ["name", "client_id"]) {
    const value = values[column];
    const other = value ? [...table.rows.values()].find((row) => row !== self && row[column] === value) : undefined;
    if (other !== undefined) throw new TableError(403, "Operation Failed", `Error during insert of ${tableName}: unique key violation on ${column}`);
  }
}

function written(instance: Instance, { request, table }: Call, row: Row, status: number): SandboxReply {
  if (request.headers["x-no-response-body"] === "true") return { status };
  return { status, body: { result: showRow(instance, table, row, request) } };
}

function nextLink({ origin, path, query }: SandboxRequest, offset: number, limit: number, total: number): Record<string, string> {
  if (offset >= total) return {};
  const next = new URLSearchParams(query);
  next.set("sysparm_offset", String(offset));
  next.set("sysparm_limit", String(limit));
  return { link: `<${origin}${path}?${next}>;rel="next"` };
}
