/** The sandbox's reader of SQL: identifiers, literals, comments, and what is no statement of its forms. */

import { SqlError } from "../../src/sandbox/snowflake/sqlError.js";
import { readStatement, statementName } from "../../src/sandbox/snowflake/statement.js";

const BACKSLASH = "\\";
const NEEDED = "TYPE = OAUTH OAUTH_CLIENT = CUSTOM OAUTH_CLIENT_TYPE = 'PUBLIC' OAUTH_REDIRECT_URI = 'https://a.example'";
const REQUIRED = { TYPE: "OAUTH", OAUTH_CLIENT: "CUSTOM", OAUTH_CLIENT_TYPE: "PUBLIC", OAUTH_REDIRECT_URI: "https://a.example" };

function codeOf(sql: string): string {
  try {
    return `read as ${JSON.stringify(readStatement(sql))}`;
  } catch (problem) {
    if (problem instanceof SqlError) return problem.code;
    throw problem;
  }
}

const comment = (literal: string): unknown => {
  const statement = readStatement(`ALTER INTEGRATION a SET COMMENT = ${literal}`);
  return statement.kind === "set" ? statement.properties.COMMENT : statement;
};

const nameIn = (written: string): unknown => {
  const statement = readStatement(`DESC INTEGRATION ${written}`);
  return statement.kind === "describe" ? statement.name : statement;
};

describe("identifiers", () => {
  it.each([
    ["odeus", "ODEUS"],
    ["Odeus_1$", "ODEUS_1$"],
    ['"Odeus"', "Odeus"],
    ['"say ""hi"" \\n; -- /*"', 'say "hi" \\n; -- /*'],
    ['"größe"', "größe"],
    [`"${"x".repeat(255)}"`, "x".repeat(255)],
  ])("%s is stored as %s", (written, stored) => {
    expect(nameIn(written)).toBe(stored);
  });

  it.each(['""', "1st", "größe", "'odeus'", "a.b", "a-b", '"a', `"${"x".repeat(256)}"`, "x".repeat(256), '"a\0b"'])("%j is none", (written) => {
    expect(codeOf(`DESC INTEGRATION ${written}`)).toBe("001003");
  });
});

describe("literals", () => {
  it.each([
    ["'it''s'", "it's"],
    [`'it${BACKSLASH}'s'`, "it's"],
    [`'a${BACKSLASH}${BACKSLASH}'`, `a${BACKSLASH}`],
    [`'${BACKSLASH}b${BACKSLASH}f${BACKSLASH}n${BACKSLASH}r${BACKSLASH}t${BACKSLASH}"'`, '\b\f\n\r\t"'],
    [`'${BACKSLASH}101${BACKSLASH}x42${BACKSLASH}u0043${BACKSLASH}ud83d${BACKSLASH}ude00'`, "ABC😀"],
    [`'${BACKSLASH}q${BACKSLASH}%'`, "q%"],
    ["'two\nlines -- no comment'", "two\nlines -- no comment"],
    ["''", ""],
    [`$$it's ${BACKSLASH}n$$`, `it's ${BACKSLASH}n`],
  ])("%s", (literal, value) => {
    expect(comment(literal)).toBe(value);
  });

  it.each([
    "'open",
    `'open${BACKSLASH}'`,
    "'it's'",
    `'${BACKSLASH}0'`,
    `'${BACKSLASH}000'`,
    `'${BACKSLASH}u0000'`,
    "'a\0b'",
    "$$a$b",
    '"name"',
    "word",
    "1",
    "('list')",
  ])("%j is none", (literal) => {
    expect(codeOf(`ALTER INTEGRATION a SET COMMENT = ${literal}`)).toBe("001003");
  });
});

describe("statements", () => {
  it.each([
    [`CREATE SECURITY INTEGRATION a ${NEEDED}`, { kind: "create", name: "A", orReplace: false, ifNotExists: false, properties: REQUIRED }],
    [`create or replace security integration "a"\n${NEEDED};`, { kind: "create", name: "a", orReplace: true, ifNotExists: false, properties: REQUIRED }],
    [
      `CREATE SECURITY INTEGRATION IF NOT EXISTS a ${NEEDED} BLOCKED_ROLES_LIST = ('r', '"r"', "r s", R) OAUTH_ALTERNATE_REDIRECT_URIS = () ENABLED=false`,
      {
        kind: "create",
        name: "A",
        orReplace: false,
        ifNotExists: true,
        properties: { ...REQUIRED, BLOCKED_ROLES_LIST: ["R", "r", "r s", "R"], OAUTH_ALTERNATE_REDIRECT_URIS: [], ENABLED: false },
      },
    ],
    [
      "ALTER SECURITY INTEGRATION IF EXISTS a SET ENABLED = TRUE, OAUTH_REFRESH_TOKEN_VALIDITY = 86400\nOAUTH_USE_SECONDARY_ROLES = none",
      { kind: "set", name: "A", ifExists: true, properties: { ENABLED: true, OAUTH_REFRESH_TOKEN_VALIDITY: 86400, OAUTH_USE_SECONDARY_ROLES: "NONE" } },
    ],
    ["ALTER INTEGRATION a UNSET COMMENT, NETWORK_POLICY", { kind: "unset", name: "A", ifExists: false, properties: ["COMMENT", "NETWORK_POLICY"] }],
    ["ALTER SECURITY INTEGRATION a REFRESH OAUTH_CLIENT_SECRET", { kind: "refresh", name: "A", ifExists: false, slot: 1 }],
    ["ALTER INTEGRATION a REFRESH OAUTH_CLIENT_SECRET_2", { kind: "refresh", name: "A", ifExists: false, slot: 2 }],
    ["DROP SECURITY INTEGRATION IF EXISTS a", { kind: "drop", name: "A", ifExists: true }],
    ["-- before\nDESCRIBE // in between\n SECURITY /* ; */ INTEGRATION a; ; -- after", { kind: "describe", name: "A" }],
    ["SHOW INTEGRATIONS", { kind: "showIntegrations", securityOnly: false, like: undefined }],
    ["SHOW SECURITY INTEGRATIONS LIKE 'a\\\\_b'", { kind: "showIntegrations", securityOnly: true, like: "a\\_b" }],
    ["SHOW PARAMETERS LIKE 'x%' IN ACCOUNT", { kind: "showParameters", like: "x%" }],
    [
      "SELECT SYSTEM$SHOW_OAUTH_CLIENT_SECRETS('a') AS s, current_role() \"R\", 1",
      {
        kind: "select",
        columns: [
          { function: "SYSTEM$SHOW_OAUTH_CLIENT_SECRETS", argument: "a", label: "S" },
          { function: "CURRENT_ROLE", argument: undefined, label: "R" },
          { function: undefined, argument: "1", label: "1" },
        ],
      },
    ],
  ])("%s", (sql, statement) => {
    expect(readStatement(sql)).toEqual(statement);
  });

  it.each([
    ["001003", ""],
    ["001003", "-- nothing"],
    ["001003", "TRUNCATE TABLE t"],
    ["001003", "CREATE INTEGRATION a TYPE = OAUTH"],
    ["001003", `CREATE OR REPLACE SECURITY INTEGRATION IF NOT EXISTS a ${NEEDED}`],
    ["001003", `CREATE SECURITY INTEGRATION _a ${NEEDED}`],
    ["001003", `CREATE SECURITY INTEGRATION ${NEEDED}`],
    ["001003", `CREATE SECURITY INTEGRATION a ${NEEDED}, ENABLED = TRUE`],
    ["001003", `CREATE SECURITY INTEGRATION a ${NEEDED} ENABLED = TRUE ENABLED = TRUE`],
    ["001003", `CREATE SECURITY INTEGRATION a ${NEEDED} OAUTH_COLOUR = 'red'`],
    ["001003", `CREATE SECURITY INTEGRATION a ${NEEDED} "ENABLED" = TRUE`],
    ["002029", "CREATE SECURITY INTEGRATION a TYPE = OAUTH"],
    ["001003", "ALTER INTEGRATION a SET"],
    ["001003", "ALTER INTEGRATION a SET ENABLED = TRUE,"],
    ["001003", "ALTER INTEGRATION a SET OAUTH_CLIENT_TYPE = 'PUBLIC'"],
    ["001003", "ALTER INTEGRATION a UNSET OAUTH_REDIRECT_URI"],
    ["001003", "ALTER INTEGRATION a UNSET ENABLED COMMENT"],
    ["001003", "ALTER INTEGRATION a SET ENABLED = TRUE UNSET COMMENT"],
    ["001003", "ALTER INTEGRATION a REFRESH OAUTH_CLIENT_SECRET_3"],
    ["001003", "ALTER INTEGRATION a RENAME TO b"],
    ["001003", "ALTER INTEGRATION a SET BLOCKED_ROLES_LIST = ('r',)"],
    ["001003", "ALTER INTEGRATION a SET BLOCKED_ROLES_LIST = r"],
    ["001008", "ALTER INTEGRATION a SET OAUTH_REFRESH_TOKEN_VALIDITY = 99999999999999999999"],
    ["001003", "DROP INTEGRATION a CASCADE"],
    ["001003", "DESC INTEGRATION"],
    ["001003", "SHOW INTEGRATIONS LIKE pattern"],
    ["001003", "SHOW PARAMETERS"],
    ["001003", "SELECT SYSTEM$SHOW_OAUTH_CLIENT_SECRETS"],
    ["001003", "SELECT 'text'"],
    ["001003", "DESC INTEGRATION a /* open"],
    ["000008", "DESC INTEGRATION a; DESC INTEGRATION b"],
    ["000008", "DESC INTEGRATION a; anything"],
  ])("%s: %s", (code, sql) => {
    expect(codeOf(sql)).toBe(code);
  });

  it("say where they go wrong", () => {
    expect(() => readStatement("DESC INTEGRATION a\n  AND MORE")).toThrow("syntax error line 2 at position 2 unexpected 'AND'.");
    expect(() => readStatement("DROP INTEGRATION")).toThrow("syntax error line 1 at position 16 unexpected '<EOF>'.");
  });
});

it("names a statement even when it cannot be read", () => {
  const named = ["DESC nothing", "alter integration a refresh something", "SELECT SYSTEM$SHOW_OAUTH_CLIENT_SECRETS('x'", "'", "GRANT ALL"].map(statementName);
  expect(named).toEqual(["DESC", "REFRESH", "SECRETS", "OTHER", "OTHER"]);
});
