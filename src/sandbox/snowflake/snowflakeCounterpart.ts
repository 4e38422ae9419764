/** A Snowflake account as one origin: the protocol of the vendor's drivers, and the OAuth endpoints its integrations stand for. */

import type { Counterpart, Operation, SandboxReply, SandboxRequest } from "../counterpart.js";
import { type Account, createAccount, type Integration } from "./account.js";
import { type LoginData, logIn } from "./login.js";
import { createOAuthEndpoints, type OAuthEndpoints, TOKEN_PATH } from "./oauthEndpoints.js";
import { loggedIn, loginRefused, nothing, queryFailed, queryResult, renewed, sessionRefused } from "./replies.js";
import { runStatement } from "./runStatement.js";
import { createSessions, type Session, type Sessions, sessionView } from "./sessions.js";
import { SqlError } from "./sqlError.js";
import { statementName } from "./statement.js";
import { tokenError } from "./tokenRequest.js";

export interface SnowflakeCounterpart extends Counterpart {
  account: Account;
  sessions: Sessions;
  /** Whether the token endpoint takes this pair now. */
  accepts(clientId: string, secret: string): Promise<boolean>;
  /** Takes over the integrations that `state()` gave. */
  restore(saved: { integrations: Integration[] }): void;
}

export interface SnowflakeOptions {
  /** Base URL, known once the listener is up. */
  origin: () => string;
  now(): Date;
}

const QUERY = "/queries/v1/query-request";
const LOGIN = "/session/v1/login-request";
const ROUTES: Record<string, string> = {
  [LOGIN]: "login",
  "/session/token-request": "renew",
  "/session": "close",
  "/session/heartbeat": "heartbeat",
  "/queries/v1/abort-request": "abort",
  "/telemetry/send": "telemetry",
};
const CHANGING = ["CREATE", "ALTER", "REFRESH", "DROP"];

export function createSnowflakeCounterpart({ origin, now }: SnowflakeOptions): SnowflakeCounterpart {
  const account = createAccount(origin, now);
  const sessions = createSessions();
  const oauth = createOAuthEndpoints(account);

  const operation = (method: string, path: string, body = ""): Operation | undefined => {
    if (method === "POST" && path === QUERY) {
      const name = statementName(sqlOf(body));
      return { name: `statement:${name}`, changes: CHANGING.includes(name) };
    }
    const name = method === "POST" ? ROUTES[path] : undefined;
    return name === undefined ? oauth.operation(method, path) : { name, changes: false };
  };

  return {
    name: "snowflake",
    account,
    sessions,
    operation,
    async handle(request) {
      switch (operation(request.method, request.path, request.body)?.name) {
        case "login":
          return answerLogin(account, sessions, oauth, request);
        case "token":
          return oauth.handle(request);
        case "renew": {
          const session = sessions.renew(request.headers["authorization"]);
          return "code" in session ? sessionRefused(session.code, session.message) : renewed(sessionView(session));
        }
        case "close":
          return inSession(sessions, request, (session) => {
            sessions.close(session);
            return nothing();
          });
        case "heartbeat":
        case "abort":
        case "telemetry":
          return inSession(sessions, request, nothing);
        default:
          return inSession(sessions, request, (session) => answerQuery(account, session, request));
      }
    },
    readKey: ({ path, body }) => (path === QUERY ? sqlOf(body) : undefined),
    raw: (_method, path) => oauth.isPage(path),
    handleRaw: (incoming, outgoing) => oauth.handleRaw(incoming, outgoing),
    accepts: (clientId, secret) => oauth.accepts(clientId, secret),
    restore(saved) {
      for (const one of saved.integrations) account.integrations.set(one.name, { ...one, createdOn: new Date(one.createdOn) });
    },
    errorReply: (status, path) => errorReply(status, path, now()),
    state: () => ({ ...showAccount(account), sessions: sessions.list() }),
  };
}

function inSession(sessions: Sessions, { headers }: SandboxRequest, answer: (session: Session) => SandboxReply): SandboxReply {
  const session = sessions.find(headers["authorization"]);
  return "code" in session ? sessionRefused(session.code, session.message) : answer(session);
}

async function answerLogin(account: Account, sessions: Sessions, oauth: OAuthEndpoints, { body, query }: SandboxRequest): Promise<SandboxReply> {
  const data = (jsonOf(body)["data"] ?? {}) as LoginData;
  const answer = await logIn(account, data, query.get("roleName"), (token) => oauth.ownerOf(token));
  if ("code" in answer) return loginRefused(answer.code, answer.message, data.AUTHENTICATOR?.toUpperCase());
  return loggedIn(sessionView(sessions.open(answer.user, answer.role, query.get("warehouse") ?? undefined)));
}

/** The driver repeats a request under the same id after it lost the answer, and gets that answer. */
function answerQuery(account: Account, session: Session, { query, body }: SandboxRequest): SandboxReply {
  const requestId = query.get("requestId") ?? "";
  const reply = session.answers.get(requestId) ?? runQuery(account, session, sqlOf(body));
  if (requestId !== "") session.answers.set(requestId, reply);
  return reply;
}

function runQuery(account: Account, session: Session, sql: string): SandboxReply {
  const { user, role, warehouse, id } = session;
  try {
    return queryResult(runStatement(account, { user, role, warehouse, sessionId: id }, sql), sessionView(session), account.now());
  } catch (problem) {
    if (problem instanceof SqlError) return queryFailed(problem, account.now());
    throw problem;
  }
}

/** What can be said in the protocol is said in it, with HTTP 200; the rest is an HTTP error with a body of the same form. */
function errorReply(status: number, path: string, now: Date): SandboxReply {
  const sql = SQL_ERRORS[status];
  if (path === QUERY && sql !== undefined) return queryFailed(sql, now);
  if (path === TOKEN_PATH) return status === 401 || status === 403 ? tokenError("invalid_client") : { ...tokenError("invalid_request"), status };
  const login = LOGIN_ERRORS[status];
  if (path === LOGIN && login !== undefined) return loginRefused(login.code, login.message, undefined);
  const code = status === 401 ? "390104" : String(status);
  return { status, body: { data: null, code, message: `the service answers ${status}`, success: false, headers: null } };
}

const SQL_ERRORS: Record<number, { code: string; sqlState: string; message: string }> = {
  403: { code: "003001", sqlState: "42501", message: "SQL access control error:\nInsufficient privileges to operate on account 'SANDBOX'." },
  404: { code: "002003", sqlState: "02000", message: "SQL compilation error:\nIntegration 'X' does not exist or not authorized." },
  409: { code: "002002", sqlState: "42710", message: "SQL compilation error:\nObject 'X' already exists." },
};
const LOGIN_ERRORS: Record<number, { code: string; message: string }> = {
  401: { code: "390100", message: "Incorrect username or password was specified." },
  403: { code: "390422", message: "Incoming request with IP/Token 127.0.0.1 is not allowed to access Snowflake." },
};

const sqlOf = (body: string): string => String(jsonOf(body)["sqlText"] ?? "");

function jsonOf(body: string): Record<string, unknown> {
  try {
    return (JSON.parse(body) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function showAccount({ roles, users, networkPolicies, integrations, settings, organization, name, locator }: Account): Record<string, unknown> {
  return {
    organization,
    name,
    locator,
    settings,
    roles: [...roles.values()],
    users: [...users.values()],
    networkPolicies: [...networkPolicies],
    integrations: [...integrations.values()],
  };
}
