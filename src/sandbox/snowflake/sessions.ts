/** Sessions of an account: their tokens, what renews them, what ends them, and the answers already given in them. */

import { randomBytes, randomInt } from "node:crypto";
import type { SandboxReply } from "../counterpart.js";
import type { User } from "./account.js";
import type { SessionView } from "./replies.js";

/** How a test ends the sessions that are open now. */
export type Ending =
  /** The session tokens are to be renewed. */
  | "session"
  /** And cannot be. */
  | "master"
  | "invalid"
  | "gone";

export interface Session {
  id: number;
  user: User;
  role: string;
  warehouse: string | undefined;
  token: string;
  masterToken: string;
  ending: Ending | undefined;
  /** By request id: a statement that comes again has no second effect. */
  answers: Map<string, SandboxReply>;
}

export interface SessionRefusal {
  code: string;
  message: string;
}

const REFUSALS: Record<Ending, SessionRefusal> = {
  session: { code: "390112", message: "Your session has expired. Please login again." },
  master: { code: "390112", message: "Your session has expired. Please login again." },
  invalid: { code: "390104", message: "Session token is invalid." },
  gone: { code: "390111", message: "Session no longer exists.  New login required to access the service." },
};

export interface Sessions {
  open(user: User, role: string, warehouse: string | undefined): Session;
  /** The session of `Snowflake Token="..."`, or why there is none. */
  find(authorization: string | undefined): Session | SessionRefusal;
  /** A new session token for the master token. */
  renew(authorization: string | undefined): Session | SessionRefusal;
  close(session: Session): void;
  end(ending: Ending): void;
  list(): Omit<Session, "answers">[];
}

export function createSessions(): Sessions {
  const sessions = new Set<Session>();
  const newToken = () => `ver:3-hint:${randomInt(1e9, 1e10)}-ETMsDgAAA${randomBytes(48).toString("base64")}`;
  const tokenOf = (authorization: string | undefined) => /^Snowflake Token="([^"]+)"$/.exec(authorization ?? "")?.[1];
  return {
    open(user, role, warehouse) {
      const id = randomInt(1e12, 2e14);
      const session: Session = { id, user, role, warehouse, token: newToken(), masterToken: newToken(), ending: undefined, answers: new Map() };
      sessions.add(session);
      return session;
    },
    find(authorization) {
      const token = tokenOf(authorization);
      const session = [...sessions].find((each) => each.token === token);
      if (session === undefined) return REFUSALS.invalid;
      return session.ending === undefined ? session : REFUSALS[session.ending];
    },
    renew(authorization) {
      const token = tokenOf(authorization);
      const session = [...sessions].find((each) => each.masterToken === token);
      if (session === undefined) return REFUSALS.invalid;
      if (session.ending === "master") return { code: "390114", message: "Authentication token has expired.  The user must authenticate again." };
      if (session.ending === "gone" || session.ending === "invalid") return REFUSALS[session.ending];
      Object.assign(session, { token: newToken(), masterToken: newToken(), ending: undefined });
      return session;
    },
    close: (session) => void sessions.delete(session),
    end(ending) {
      for (const session of sessions) session.ending = ending;
    },
    list: () => [...sessions].map(({ answers: _, ...session }) => session),
  };
}

export const sessionView = ({ id, user, role, warehouse, token, masterToken }: Session): SessionView => ({
  id,
  user: user.name,
  role,
  warehouse,
  token,
  masterToken,
});
