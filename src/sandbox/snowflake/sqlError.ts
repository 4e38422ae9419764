/**
 * Why a statement is refused: Snowflake's code, SQL state and words. Codes and the cores of the texts are as pasted in public
 * issues and tests; where a code is a guess, docs/sandbox.md says so.
 */

export class SqlError extends Error {
  readonly code: string;
  readonly sqlState: string;

  constructor(code: string, sqlState: string, message: string) {
    super(message);
    this.code = code;
    this.sqlState = sqlState;
  }
}

const compilation = (code: string, sqlState: string, text: string) => new SqlError(code, sqlState, `SQL compilation error:\n${text}`);
const access = (text: string) => new SqlError("003001", "42501", `SQL access control error:\n${text}`);

/** `found` is the first thing that does not fit, as it was written. Positions count from 0, lines from 1, as the service does. */
export function syntaxError(sql: string, at: number, found: string): SqlError {
  const before = sql.slice(0, at);
  const position = at - (before.lastIndexOf("\n") + 1);
  return compilation("001003", "42000", `syntax error line ${before.split("\n").length} at position ${position} unexpected '${found}'.`);
}

export const invalidValue = (value: string, parameter: string) => compilation("001008", "22023", `invalid value [${value}] for parameter '${parameter}'`);
export const duplicateProperty = (property: string) => compilation("001003", "42000", `syntax error: property '${property}' is given twice.`);
export const missingOptions = (names: string[]) => compilation("002029", "42601", `Missing option(s): [${names.join(", ")}].`);
export const nameTooLong = (name: string) => compilation("001003", "42000", `Object name '${name}' exceeds maximum length limit of 255 characters.`);
export const severalStatements = (count: number) =>
  new SqlError("000008", "0A000", `Actual statement count ${count} did not match the desired statement count 1.`);
export const unknownFunction = (name: string) => compilation("002140", "42601", `Unknown function ${name}.`);

export const alreadyExists = (name: string) => compilation("002002", "42710", `Object '${name}' already exists.`);
export const doesNotExist = (kind: "Integration" | "Role" | "Network policy", name: string) =>
  compilation("002003", "02000", `${kind} '${name}' does not exist or not authorized.`);

export const noPrivilegeOnAccount = (account: string) => access(`Insufficient privileges to operate on account '${account}'.`);
export const noPrivilegeOnIntegration = (name: string) => access(`Insufficient privileges to operate on integration '${name}'.`);

export const tlsRequired = (uri: string) =>
  compilation("390316", "22023", `The redirect URI [${uri}] must use TLS unless OAUTH_ALLOW_NON_TLS_REDIRECT_URI is set to true.`);
export const rolesAreBlocked = (roles: string[]) => new SqlError("003629", "42501", `Roles [${[...roles].sort().join(", ")}] are blocked.`);
export const policyAttached = (policy: string, integration: string) =>
  compilation("001492", "42601", `Cannot drop network policy '${policy}', because it is attached to INTEGRATION '${integration}'.`);
