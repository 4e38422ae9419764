/** Snowflake's refusals and lost answers as errors for people: what is known of the effect, and what to do. */

import { RemoteError, type RemoteFailure } from "../core/errors.js";
import { type HttpLimits, neverSent, untrusted } from "./http.js";
import { runAgainAfter } from "./retryAfter.js";
import { type DriverFailure, refuses } from "./snowflakeDriver.js";
import type { SnowflakeLogin } from "./snowflakeLogin.js";

/** Snowflake's numbers that callers decide by. */
export const SNOWFLAKE_CODES = {
  alreadyExists: "002002",
  /** Gone, or not to be seen by this role: Snowflake does not tell which. */
  gone: "002003",
  noPrivilege: "003001",
  syntax: "001003",
  invalidValue: "001008",
  rolesBlocked: "003629",
} as const;

export interface Attempt {
  operation: string;
  login: SnowflakeLogin;
  limits: HttpLimits;
  tries: number;
  /** Tries that may have taken effect, although no answer told so. */
  unanswered?: number;
  /** Of the latest answer to it. */
  status?: number | undefined;
  now: Date;
}

type Told = Omit<RemoteFailure, "service" | "operation" | "host">;

/** A login that failed: no statement was sent, so nothing has happened. */
export function loginError(failure: DriverFailure, attempt: Attempt): RemoteError {
  const { login } = attempt;
  if (failure.kind === "refused") {
    return remoteError(attempt, {
      outcome: "refused",
      code: failure.code,
      said: `did not let ${login.user ?? "us"} log in to account ${login.account}`,
      words: failure.words,
      remedy: REMEDIES[failure.code]?.(attempt) ?? byWords(failure.words) ?? "Check the SNOWFLAKE_ variables, or odeus:snowflake.",
    });
  }
  if (failure.kind === "status" && (failure.status === 403 || failure.status === 404)) {
    return remoteError(attempt, { outcome: "refused", status: failure.status, said: `knows no account at ${login.host}`, remedy: ACCOUNT_REMEDY });
  }
  const told = exchange(failure, attempt);
  return remoteError(attempt, { ...told, outcome: failure.kind === "status" && failure.status < 500 ? "refused" : "unreachable" });
}

/**
 * A statement that failed. What was not answered may have taken effect. So may one that was answered at a second try, after a
 * first one that was not: whether Snowflake then tells of the first one, or says that the name is taken, is nowhere promised.
 */
export function statementError(failure: DriverFailure, attempt: Attempt): RemoteError {
  const outcome = (attempt.unanswered ?? 0) === 0 && saidNo(failure) ? "refused" : "unknown";
  if (failure.kind !== "refused") return remoteError(attempt, { ...exchange(failure, attempt), outcome });
  const { code, sqlState, queryId, words } = failure;
  const said = sqlState === undefined ? "refused it" : `refused it with SQL state ${sqlState}`;
  return remoteError(attempt, { outcome, code, requestId: queryId, said, words, remedy: REMEDIES[code]?.(attempt) });
}

function saidNo(failure: DriverFailure): boolean {
  if (failure.kind === "refused") return !UNDECIDED.has(failure.sqlState ?? "");
  if (failure.kind === "status") return refuses(failure.status);
  return failure.kind === "sessionOver";
}

/** A statement that we stopped waiting for. */
export function noAnswer(attempt: Attempt, waitedMs: number): RemoteError {
  const { status, tries } = attempt;
  const seconds = Math.round(waitedMs / 1000);
  const again = tries > 1 ? `, ${tries} tries` : "";
  const said = status === undefined || status < 400 ? `gave no answer within ${seconds} s${again}` : `answered ${status} for ${seconds} s${again}`;
  return remoteError(attempt, { outcome: "unknown", ...(status === undefined || status < 400 ? {} : { status }), said, remedy: "Run again." });
}

function remoteError({ operation, login }: Attempt, told: Told): RemoteError {
  return new RemoteError({ service: "Snowflake", operation, host: login.host, ...told });
}

function exchange(failure: DriverFailure, { login, limits, tries, now }: Attempt): Omit<Told, "outcome"> {
  const again = tries > 1 ? `, ${tries} tries` : "";
  switch (failure.kind) {
    case "status":
      if (failure.status === 429) return { status: 429, said: `throttles${again}`, remedy: runAgainAfter(failure.retryAfter, now) };
      if (failure.status >= 300 && failure.status < 400) {
        const remedy = "Set SNOWFLAKE_ACCOUNT or SNOWFLAKE_HOST to where the account really is.";
        return { status: failure.status, said: "sent us elsewhere, and credentials are never sent on", remedy };
      }
      return { status: failure.status, said: `answered ${failure.status}${again}`, remedy: "Run again when Snowflake answers." };
    case "lost":
      if (failure.code === "ECONNABORTED" || failure.code === "ETIMEDOUT")
        return { said: `gave no answer within ${Math.round(limits.callTimeoutMs / 1000)} s${again}`, remedy: "Run again." };
      if (failure.code === "ENOTFOUND") return { said: `cannot be reached: there is no host ${login.host} (ENOTFOUND)`, remedy: ACCOUNT_REMEDY };
      if (neverSent(failure.code)) {
        return {
          said: `cannot be reached at ${login.host} (${failure.code}${again})`,
          remedy: "Check the account, and the network of the machine that runs Pulumi.",
        };
      }
      if (untrusted(failure.code)) {
        return {
          said: `answers at ${login.host} with a certificate that is not trusted (${failure.code})`,
          remedy: "Name your certificate authority in NODE_EXTRA_CA_CERTS; there is no way to skip the check.",
        };
      }
      if (failure.code === "ERR_BAD_RESPONSE" || failure.code === "ERR_CANCELED")
        return { said: `broke off its answer or sent far too much${again}`, remedy: "Run again." };
      return { said: `closed the connection without an answer (${failure.code}${again})`, remedy: "Run again." };
    case "garbled":
      return {
        said: "answered with something that is not Snowflake's",
        remedy: `Check that ${login.host} is the account itself and not a proxy or a sign-in page.`,
      };
    case "sessionOver":
      return { said: "ended the session as soon as it had begun", remedy: "Run again." };
    case "unsent":
      return {
        said: "was not asked: the driver could not prepare the call",
        words: failure.words,
        remedy: "Check the SNOWFLAKE_ variables, or odeus:snowflake.",
      };
    case "refused":
      return { said: "refused it", words: failure.words };
  }
}

/** Internal error, and a statement that was cancelled or ran out of time: the service does not say how far it had come. */
const UNDECIDED = new Set(["XX000", "57014"]);

const ACCOUNT_REMEDY =
  "Check SNOWFLAKE_ACCOUNT: ORGANIZATION-ACCOUNT, as Snowflake shows it under View account details, or LOCATOR.REGION (with .CLOUD or .privatelink where the account's web address has it).";

const roleOf = ({ role }: SnowflakeLogin): string => (role === undefined ? "the user's default role" : `the role ${role}`);
const privilege = ({ operation, login }: Attempt): string => {
  const role = roleOf(login);
  if (operation === "create") return `Grant CREATE INTEGRATION ON ACCOUNT to ${role}, or name another one in SNOWFLAKE_ROLE.`;
  if (operation === "clientSecrets")
    return `Reading client secrets needs OWNERSHIP of the integration, or ACCOUNTADMIN, if ownership is not enough. Set SNOWFLAKE_ROLE to such a role, in place of ${role}.`;
  if (operation === "describe" || operation === "show") return `Grant USAGE on the integration to ${role}, or name another one in SNOWFLAKE_ROLE.`;
  return `Grant OWNERSHIP of the integration to ${role}, or name the role that made it in SNOWFLAKE_ROLE.`;
};
const addressNotAdmitted = (): string => "Check the network policy of the account or of the user: it has to admit the address of the machine that runs Pulumi.";
const newOAuthToken = (): string => "Get a new OAuth access token into SNOWFLAKE_TOKEN.";

const REMEDIES: Readonly<Record<string, (attempt: Attempt) => string>> = {
  "002002": () => "Choose another name, or take over the one that is there.",
  "002003": ({ login }) => `What it names is gone, or ${roleOf(login)} may not see it: for an integration, a role needs USAGE or OWNERSHIP.`,
  "003001": privilege,
  "001003": () =>
    "This account may not know a parameter yet that is newer than it; if all of them are documented for it, this is a fault of this provider, please report it.",
  "001008": () => "Correct the value that Snowflake names.",
  "001492": () => "Detach the network policy first.",
  // Snowflake's own words name another parameter than the one that is at fault.
  "390316": () => "Every redirect URL must begin with https://, unless non-TLS redirect URLs are allowed for the integration.",
  "003629": () =>
    "Roles that are blocked can be neither pre-authorised nor allowed: take them out there. Where the list of blocked roles lacks privileged roles, add the roles that Snowflake names.",
  "390100": () => "Check SNOWFLAKE_USER and SNOWFLAKE_PASSWORD.",
  "390101": () => "An administrator has disabled the user: ALTER USER … SET DISABLED = FALSE enables it.",
  "390102": () => "Too many logins were refused, so the user is locked for a while (15 minutes, as a rule): correct the credentials, and run again later.",
  "390144": () =>
    "Check SNOWFLAKE_USER and SNOWFLAKE_ACCOUNT, that the user's RSA_PUBLIC_KEY_FP in DESC USER is the fingerprint of the private key, and the clock of this machine.",
  "390189": () => "Check SNOWFLAKE_ROLE: the role must exist and be granted to the user; a programmatic access token may be restricted to one role.",
  "390303": newOAuthToken,
  "390318": newOAuthToken,
  "390420": addressNotAdmitted,
  "390422": addressNotAdmitted,
  "390432": () => "Snowflake accepts programmatic access tokens only from users under a network policy: attach one to the user.",
  "394400": () =>
    "Check SNOWFLAKE_TOKEN: the programmatic access token is wrong, expired, disabled or another user's. ALTER USER … ADD PROGRAMMATIC ACCESS TOKEN makes a new one.",
};

/** Where the number is not known for sure: fragile, so it gives advice only and no decision hangs on it. */
function byWords(words: string): string | undefined {
  if (/not allowed to access Snowflake/i.test(words)) return addressNotAdmitted();
  if (/multi-factor|\bMFA\b/i.test(words)) return "Use a key pair or a programmatic access token: nobody can confirm a second factor here.";
  return undefined;
}
