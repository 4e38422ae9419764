/**
 * The envelopes of the driver protocol. Key sets and types are those of the vendor's own test stubs, which test/sandbox holds
 * them to; a logical error is HTTP 200 like everything else.
 */

import { randomBytes } from "node:crypto";
import type { SandboxReply } from "../counterpart.js";
import type { Column, ColumnType, ResultSet } from "./resultSet.js";
import type { SqlError } from "./sqlError.js";

/** Of the session, as the driver wants them to read results by. */
const PARAMETERS = [
  { name: "TIMEZONE", value: "America/Los_Angeles" },
  { name: "TIMESTAMP_OUTPUT_FORMAT", value: "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM" },
  { name: "TIMESTAMP_LTZ_OUTPUT_FORMAT", value: "" },
  { name: "CLIENT_SESSION_KEEP_ALIVE", value: false },
  { name: "QUERY_CONTEXT_CACHE_SIZE", value: 5 },
  { name: "CLIENT_PREFETCH_THREADS", value: 4 },
];

export const SESSION_SECONDS = 3600;
export const MASTER_SECONDS = 14_400;

export interface SessionView {
  id: number;
  user: string;
  role: string;
  warehouse: string | undefined;
  token: string;
  masterToken: string;
}

const ok = (data: unknown): SandboxReply => ({ status: 200, body: { data, code: null, message: null, success: true } });

export const nothing = (): SandboxReply => ok(null);

export function loggedIn({ id, user, role, warehouse, token, masterToken }: SessionView): SandboxReply {
  return ok({
    masterToken,
    token,
    validityInSeconds: SESSION_SECONDS,
    masterValidityInSeconds: MASTER_SECONDS,
    displayUserName: user,
    serverVersion: "9.32.1",
    firstLogin: false,
    remMeToken: null,
    remMeValidityInSeconds: 0,
    healthCheckInterval: 45,
    newClientForUpgrade: null,
    sessionId: id,
    parameters: PARAMETERS,
    sessionInfo: { databaseName: null, schemaName: null, warehouseName: warehouse ?? "", roleName: role },
    idToken: null,
    idTokenValidityInSeconds: 0,
    responseData: null,
    mfaToken: null,
    mfaTokenValidityInSeconds: 0,
  });
}

export function loginRefused(code: string, message: string, authenticator: string | undefined): SandboxReply {
  // A refused key pair is answered without data.
  const data = authenticator === "SNOWFLAKE_JWT" ? null : { nextAction: "RETRY_LOGIN", authnMethod: authenticator ?? "USERNAME_PASSWORD", signInOptions: {} };
  return { status: 200, body: { data, code, message, success: false, headers: null } };
}

export function renewed({ token, masterToken, id }: SessionView): SandboxReply {
  const data = { sessionToken: token, validityInSecondsST: SESSION_SECONDS, masterToken, validityInSecondsMT: MASTER_SECONDS, sessionId: id };
  return { status: 200, body: { data, code: null, message: null, success: true, headers: null } };
}

/** A refusal about the session itself, for which the driver renews or gives up. */
export const sessionRefused = (code: string, message: string): SandboxReply => ({
  status: 200,
  body: { data: null, code, message, success: false, headers: null },
});

export function queryResult({ columns, rows }: ResultSet, { role, warehouse }: SessionView, now: Date): SandboxReply {
  return ok({
    parameters: PARAMETERS,
    rowtype: columns.map(columnView),
    rowset: rows,
    total: rows.length,
    returned: rows.length,
    queryId: newQueryId(),
    databaseProvider: null,
    finalDatabaseName: null,
    finalSchemaName: null,
    finalWarehouseName: warehouse ?? null,
    finalRoleName: role,
    numberOfBinds: 0,
    arrayBindSupported: false,
    statementTypeId: 4096,
    version: 1,
    sendResultTime: now.getTime(),
    queryResultFormat: "json",
    queryContext: queryContext(now),
  });
}

export function queryFailed({ code, sqlState, message }: Pick<SqlError, "code" | "sqlState" | "message">, now: Date): SandboxReply {
  const data = { errorCode: code, age: 0, sqlState, queryId: newQueryId(), queryContext: queryContext(now) };
  return { status: 200, body: { data, code, message, success: false, headers: null } };
}

const PRECISION: Record<ColumnType, { precision: number; scale: number }> = {
  text: { precision: 0, scale: 0 },
  boolean: { precision: 0, scale: 0 },
  fixed: { precision: 38, scale: 0 },
  timestamp_ltz: { precision: 0, scale: 3 },
};

function columnView({ name, type }: Column): object {
  return { name, database: "", schema: "", table: "", nullable: true, ...PRECISION[type], byteLength: null, length: null, type, collation: null };
}

const queryContext = (now: Date) => ({ entries: [{ id: 0, timestamp: now.getTime() * 1000, priority: 0, context: "" }] });

function newQueryId(): string {
  const part = (bytes: number) => randomBytes(bytes).toString("hex");
  return `01${part(3)}-0000-${part(2)}-0000-${part(6)}`;
}
