/** Snowflake's identifiers: as people write them, and as the account stores them. foo, FOO and "FOO" are one name, "foo" is another. */

import { ConfigError } from "../core/errors.js";

/** Stored in capitals when written without quotes. */
const UNQUOTED = /^[A-Za-z_][A-Za-z0-9_$]*$/;
/** With quotes around it: every character stands for itself, a quote is doubled. */
const QUOTED = /^"((?:[^"]|"")+)"$/s;
const LONGEST = 255;

/** What is wrong with a name as written, beginning with "must"; undefined when nothing is. */
export function nameProblem(written: string): string | undefined {
  const stored = read(written);
  if (stored === undefined) {
    return written.startsWith('"')
      ? 'must end in the double quote it begins with, have something in between, and double each quote inside ("a""b")'
      : `must consist of letters, digits, _ and $, and not begin with a digit; any other name stands in double quotes (${quoted(written)})`;
  }
  if (stored.includes("\0")) return "must not hold the character NUL";
  if ([...stored].length > LONGEST) return `must have ${LONGEST} characters at most`;
  return undefined;
}

/** The same for the name of an integration, which begins with a letter also in quotes (CREATE SECURITY INTEGRATION). */
export function integrationNameProblem(written: string): string | undefined {
  const problem = nameProblem(written);
  if (problem !== undefined) return problem;
  return /^\p{L}/u.test(read(written) ?? "") ? undefined : "must begin with a letter";
}

/** The name as the account stores it, in which form alone names may be compared. */
export function storedName(written: string): string {
  const problem = nameProblem(written);
  if (problem !== undefined) throw new ConfigError(`the Snowflake name ${JSON.stringify(written)} ${problem}.`);
  return read(written) ?? written;
}

/** Whether the name means the same without quotes. */
export function needsNoQuotes(stored: string): boolean {
  return UNQUOTED.test(stored) && stored === stored.toUpperCase();
}

/** A stored name as people write it. */
export function asWritten(stored: string): string {
  return needsNoQuotes(stored) ? stored : quoted(stored);
}

/** In double quotes, inside which nothing is special but the quote itself. */
export function quoted(stored: string): string {
  return `"${stored.replaceAll('"', '""')}"`;
}

function read(written: string): string | undefined {
  if (UNQUOTED.test(written)) return written.toUpperCase();
  return QUOTED.exec(written)?.[1]?.replaceAll('""', '"');
}
