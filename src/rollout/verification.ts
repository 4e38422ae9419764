/** What is proven about a client before users meet it: kept check by check, told as the verdict on the secret and two lists. */

import type { AuthorizationServer, Check, Finding } from "../authorizationServers/contract.js";
import { OdeusError } from "../core/errors.js";

export interface Verification {
  /** verify was off: nothing was asked. */
  skipped: boolean;
  checks: Check[];
  checkedAt: string;
}

const PROPERTIES = ["secret", "redirectUrl", "scopes", "consent"];
const SPOKEN: Record<Check["property"], string> = {
  secret: "the client secret",
  redirectUrl: "the redirect URL",
  scopes: "the list of scopes",
  consent: "consent",
  client: "the client",
};
/** Of what was read, not asked: it is read again in every run. */
const READ = "read back";
const NONE = "none";

/** Before anything was asked, and where there is no secret to ask about: what can be read back stands beside it. */
export function unasked({ secrets }: AuthorizationServer, verify: boolean, now: Date): Verification {
  const detail =
    secrets === "given"
      ? "No client secret is given, so none was asked about."
      : "The client secret was entered earlier and its value is kept nowhere, so it was not asked about; the next one is.";
  return { skipped: !verify, checks: verify ? [{ property: "secret", verdict: "unavailable", method: NONE, detail }] : [], checkedAt: now.toISOString() };
}

/**
 * The checks as they stand once the client was read back. What can be read counts; what cannot was asked by this run, or by an
 * earlier one that had the same to ask about.
 */
export function withFindings({ checks, ...rest }: Verification, findings: readonly Finding[]): Verification {
  const asked = checks.filter(({ property, method }) => property === "secret" || (method !== READ && method !== NONE));
  const read = findings.map((finding): Check => {
    const live = asked.find(({ property }) => property === finding.property);
    return finding.state === "unproven" && live !== undefined ? withRemedy(live, finding) : ofFinding(finding);
  });
  return { ...rest, checks: [...asked.filter(({ property }) => !findings.some((finding) => finding.property === property)), ...read] };
}

function ofFinding({ property, state, detail }: Finding): Check {
  const verdict = state === "proven" ? "accepted" : state === "wrong" ? "rejected" : "unavailable";
  return { property, verdict, method: state === "unproven" ? NONE : READ, detail: sentence(detail) };
}

/** Where asking proved nothing, the finding says how to prove it by hand. */
function withRemedy(live: Check, { detail }: Finding): Check {
  const remedy = sentence(detail);
  return live.verdict === "accepted" || live.detail.includes(remedy) ? live : { ...live, detail: `${live.detail} ${remedy}` };
}

const sentence = (text: string): string => (text === "" || /[.!?]$/.test(text) ? text : `${text}.`);

/** What people read of it. */
export function summaryOf({ skipped, checks, checkedAt }: Verification): Record<"verdict" | "method" | "detail" | "checkedAt", string> & {
  proven: string[];
  unproven: string[];
  checks: Check[];
} {
  if (skipped)
    return { verdict: "skipped", method: NONE, detail: "verify is off, so nothing was asked.", proven: [], unproven: [...PROPERTIES], checks: [], checkedAt };
  const secret = checks.find(({ property }) => property === "secret");
  const open = checks.filter(({ verdict }) => verdict !== "accepted");
  const others = open.filter((check) => check !== secret).map(({ property, detail }) => `${property}: ${detail}`);
  return {
    verdict: secret?.verdict ?? "unavailable",
    method: secret?.method ?? NONE,
    detail: [secret?.detail ?? "", ...others].filter((text) => text !== "").join(" "),
    proven: checks.filter((check) => !open.includes(check)).map(({ property }) => property),
    unproven: open.map(({ property }) => property),
    checks,
    checkedAt,
  };
}

/** One line for each check that was asked and proved nothing. */
export function warningsOf(checks: readonly Check[]): string[] {
  return checks.flatMap(({ property, verdict, detail }) => (verdict === "accepted" ? [] : [`${SPOKEN[property]} is not proven (${verdict}): ${detail}`]));
}

/** Throws where the server has said no: users would be told the same. */
export function requireNotRejected(server: AuthorizationServer, checks: readonly Check[], budgetMs: number): void {
  const rejected = checks.filter(({ verdict }) => verdict === "rejected");
  if (rejected.length === 0) return;
  const given = server.secrets === "given";
  const waited = given ? "" : ` for ${Math.round(budgetMs / 1000)} s`;
  const details = rejected.map(({ detail }) => detail).join("\n  ");
  throw new OdeusError(`proving ${server.title}: rejected${waited}. ${details}${advice()}`);

  function advice(): string {
    if (!rejected.some(({ property }) => property === "secret")) return "";
    return given
      ? "\n  Check both at the authorization server: the id and the secret belong together, the secret is the value and not its id, nothing is cut off."
      : "\n  Run again; if it stays so, the authorization server's own sign-in log says why.";
  }
}
