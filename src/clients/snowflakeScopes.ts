/** The scopes that Snowflake's own OAuth server knows: refresh_token, and one that says which role a session has. */

import { needsNoQuotes } from "./snowflakeNames.js";

export const ANY_ROLE = "session:role-any";
const ROLE = "session:role:";
const ENCODED_ROLE = "session:role-encoded:";

/** The stored name of the role that this scope names. No letter is made a capital: a small one means that the role was created in quotes. */
export function roleIn(scope: string): string | undefined {
  const written = [ROLE, ENCODED_ROLE].find((form) => scope.startsWith(form));
  if (written === undefined || scope === written) return undefined;
  const name = scope.slice(written.length);
  if (written === ROLE) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

/** What is wrong with a list of scopes, which the sign-in page refuses whole (390308): the place of each, and a sentence. */
export function scopeProblems(scopes: readonly string[]): { index: number; problem: string }[] {
  let session: string | undefined;
  return scopes.flatMap((scope, index) => {
    if (scope === "refresh_token") return [];
    if (scope !== ANY_ROLE && roleIn(scope) === undefined)
      return [{ index, problem: `is none that Snowflake knows (390308): refresh_token, ${ROLE}NAME, ${ENCODED_ROLE}NAME or ${ANY_ROLE}` }];
    const before = session;
    session ??= scope;
    return before === undefined || before === scope ? [] : [{ index, problem: `names a second role beside ${before}; Snowflake takes one (390308)` }];
  });
}

/** The role in capitals, where the scope names it in small letters that need no quotes: as a rule, a slip. */
export function likelyRole(scope: string): string | undefined {
  const capitals = roleIn(scope)?.toUpperCase() ?? "";
  return needsNoQuotes(capitals) && capitals !== roleIn(scope) ? capitals : undefined;
}
