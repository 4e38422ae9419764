/** What we write, read by a tokenizer that shares nothing with it: every value comes back, and there is never a second statement. */

import * as fc from "fast-check";
import { nameProblem, storedName } from "../../src/clients/snowflakeNames.js";
import { type IntegrationParameters, render, type Statement } from "../../src/clients/snowflakeSql.js";
import { readStatement } from "../../src/sandbox/snowflake/statement.js";

describe("statements as the reference writes them", () => {
  it.each<[Statement, string]>([
    [
      {
        kind: "create",
        name: "ODEUS",
        parameters: {
          COMMENT: "it's ours",
          OAUTH_REFRESH_TOKEN_VALIDITY: 86_400,
          OAUTH_CLIENT_TYPE: "CONFIDENTIAL",
          ENABLED: true,
          OAUTH_REDIRECT_URI: "https://app.example/cb",
          OAUTH_ALTERNATE_REDIRECT_URIS: ["https://a.example/x", "https://b.example/y"],
          OAUTH_USE_SECONDARY_ROLES: "NONE",
          BLOCKED_ROLES_LIST: ["SYSADMIN", "a b"],
          NETWORK_POLICY: "OFFICE",
        },
      },
      "CREATE SECURITY INTEGRATION \"ODEUS\" TYPE = OAUTH OAUTH_CLIENT = CUSTOM ENABLED = TRUE OAUTH_CLIENT_TYPE = 'CONFIDENTIAL' " +
        "OAUTH_REDIRECT_URI = 'https://app.example/cb' OAUTH_ALTERNATE_REDIRECT_URIS = ('https://a.example/x', 'https://b.example/y') " +
        'OAUTH_USE_SECONDARY_ROLES = NONE BLOCKED_ROLES_LIST = ("SYSADMIN", "a b") OAUTH_REFRESH_TOKEN_VALIDITY = 86400 ' +
        "NETWORK_POLICY = 'OFFICE' COMMENT = 'it\\'s ours'",
    ],
    [
      { kind: "alterSet", name: 'a"b', parameters: { ENABLED: false, PRE_AUTHORIZED_ROLES_LIST: [] } },
      'ALTER SECURITY INTEGRATION "a""b" SET ENABLED = FALSE, PRE_AUTHORIZED_ROLES_LIST = ()',
    ],
    [{ kind: "alterUnset", name: "X", parameters: ["NETWORK_POLICY", "COMMENT"] }, 'ALTER SECURITY INTEGRATION "X" UNSET NETWORK_POLICY, COMMENT'],
    [{ kind: "refreshSecret", name: "X", slot: 1 }, 'ALTER SECURITY INTEGRATION "X" REFRESH OAUTH_CLIENT_SECRET'],
    [{ kind: "refreshSecret", name: "X", slot: 2 }, 'ALTER SECURITY INTEGRATION "X" REFRESH OAUTH_CLIENT_SECRET_2'],
    [{ kind: "drop", name: "X" }, 'DROP SECURITY INTEGRATION "X"'],
    [{ kind: "describe", name: "X" }, 'DESCRIBE SECURITY INTEGRATION "X"'],
    [{ kind: "show", name: "A_B%" }, "SHOW SECURITY INTEGRATIONS LIKE 'A\\\\_B\\\\%'"],
    [{ kind: "clientSecrets", name: "dbt Cloud" }, "SELECT SYSTEM$SHOW_OAUTH_CLIENT_SECRETS('dbt Cloud')"],
    [{ kind: "currentRole" }, "SELECT CURRENT_ROLE()"],
  ])("%j", (statement, sql) => {
    expect(render(statement)).toBe(sql);
  });

  it.each([
    ["OFFICE", "'OFFICE'"],
    ["office", `'"office"'`],
    ['of"fice', `'"of""fice"'`],
    ["o'f", `'"o\\'f"'`],
  ])("network policy %j is the literal %s", (policy, literal) => {
    expect(render({ kind: "alterSet", name: "X", parameters: { NETWORK_POLICY: policy } })).toBe(
      `ALTER SECURITY INTEGRATION "X" SET NETWORK_POLICY = ${literal}`,
    );
  });
});

/** Letters and blanks, and above all what means something to SQL. */
const text = fc
  .oneof(
    fc.string({ unit: "binary" }),
    fc
      .array(fc.constantFrom("'", '"', "\\", ";", "--", "/*", "*/", "$$", "\n", "\r", "\t", "\b", "\f", "%", "_", "`", "a", " ", "0", "OR REPLACE", "é", "😀"))
      .map((parts) => parts.join("")),
  )
  .filter((value) => !value.includes("\0"));
const name = text.filter((value) => nameProblem(`"${value.replaceAll('"', '""')}"`) === undefined);
const maybe = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(values, { nil: undefined });

const parameters: fc.Arbitrary<IntegrationParameters> = fc.record({
  ENABLED: maybe(fc.boolean()),
  OAUTH_CLIENT_TYPE: fc.constantFrom("CONFIDENTIAL", "PUBLIC"),
  OAUTH_REDIRECT_URI: text,
  OAUTH_ALTERNATE_REDIRECT_URIS: maybe(fc.array(text)),
  OAUTH_ENFORCE_PKCE: maybe(fc.boolean()),
  OAUTH_ANY_ROLE_MODE: maybe(fc.constantFrom("DISABLE", "ENABLE", "ENABLE_FOR_PRIVILEGE")),
  OAUTH_USE_SECONDARY_ROLES: maybe(fc.constantFrom("IMPLICIT", "NONE")),
  PRE_AUTHORIZED_ROLES_LIST: maybe(fc.array(name)),
  ALLOWED_ROLES_LIST: maybe(fc.array(name)),
  BLOCKED_ROLES_LIST: maybe(fc.array(name)),
  OAUTH_ACCESS_TOKEN_VALIDITY: maybe(fc.nat()),
  OAUTH_REFRESH_TOKEN_VALIDITY: maybe(fc.nat()),
  NETWORK_POLICY: maybe(name),
  OAUTH_CLIENT_RSA_PUBLIC_KEY: maybe(text),
  COMMENT: maybe(text),
});
const given = (values: object): object => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
/** The reader keeps the text of a policy; what is named by it is in another rule of Snowflake's. */
const asRead = ({ NETWORK_POLICY, ...rest }: IntegrationParameters): object => ({
  ...given(rest),
  ...(NETWORK_POLICY === undefined ? {} : { NETWORK_POLICY: expect.any(String) }),
});

describe("whatever the values are", () => {
  it("CREATE says them, once, and nothing else", () => {
    fc.assert(
      fc.property(name, parameters, (stored, values) => {
        expect(readStatement(render({ kind: "create", name: stored, parameters: values }))).toEqual({
          kind: "create",
          name: stored,
          orReplace: false,
          ifNotExists: false,
          properties: { TYPE: "OAUTH", OAUTH_CLIENT: "CUSTOM", ...asRead(values) },
        });
      }),
      { numRuns: 500 },
    );
  });

  it("ALTER SET says them, and nothing else", () => {
    fc.assert(
      fc.property(name, parameters, (stored, { OAUTH_CLIENT_TYPE: _, ...values }) => {
        const sql = render({ kind: "alterSet", name: stored, parameters: values });
        expect(readStatement(sql)).toEqual({ kind: "set", name: stored, ifExists: false, properties: asRead(values) });
      }),
      { numRuns: 500 },
    );
  });

  it("a network policy is named with its case", () => {
    fc.assert(
      fc.property(name, (policy) => {
        const read = readStatement(render({ kind: "alterSet", name: "X", parameters: { NETWORK_POLICY: policy } }));
        expect(read).toMatchObject({ kind: "set" });
        if (read.kind === "set") expect(storedName(read.properties.NETWORK_POLICY ?? "")).toBe(policy);
      }),
    );
  });

  it("the other statements are about this integration", () => {
    fc.assert(
      fc.property(name, (stored) => {
        const read = (kind: "drop" | "describe" | "show" | "clientSecrets") => readStatement(render({ kind, name: stored }));
        expect(read("drop")).toEqual({ kind: "drop", name: stored, ifExists: false });
        expect(read("describe")).toEqual({ kind: "describe", name: stored });
        expect(read("clientSecrets")).toMatchObject({ kind: "select", columns: [{ function: "SYSTEM$SHOW_OAUTH_CLIENT_SECRETS", argument: stored }] });
        const shown = read("show");
        expect(shown).toMatchObject({ kind: "showIntegrations", securityOnly: true });
        if (shown.kind === "showIntegrations") expect(meant(shown.like ?? "")).toBe(stored);
        expect(readStatement(render({ kind: "refreshSecret", name: stored, slot: 2 }))).toEqual({ kind: "refresh", name: stored, ifExists: false, slot: 2 });
        expect(readStatement(render({ kind: "alterUnset", name: stored, parameters: ["COMMENT"] }))).toMatchObject({ kind: "unset", properties: ["COMMENT"] });
      }),
      { numRuns: 300 },
    );
  });

  it("the other client's id and secrets are never replaced", () => {
    fc.assert(
      fc.property(name, parameters, (stored, values) => {
        expect(render({ kind: "create", name: stored, parameters: values })).toMatch(/^CREATE SECURITY INTEGRATION "/);
      }),
    );
  });
});

/** The only text that a LIKE pattern matches; fails on a wildcard. */
function meant(pattern: string): string {
  expect(pattern.replace(/\\[\\%_]/g, "")).not.toMatch(/[\\%_]/);
  return pattern.replace(/\\([\\%_])/g, "$1");
}

describe("what no statement can say", () => {
  it.each<[string, string, Statement]>([
    ["NUL in a name", "a name or text holds the character NUL", { kind: "drop", name: "a\0b" }],
    ["NUL in a text", "a name or text holds the character NUL", { kind: "alterSet", name: "X", parameters: { COMMENT: "\0" } }],
    ["an empty name", "a name is empty", { kind: "drop", name: "" }],
    ["an empty role", "a name is empty", { kind: "alterSet", name: "X", parameters: { ALLOWED_ROLES_LIST: [""] } }],
    ["nothing to set", "there is nothing to change", { kind: "alterSet", name: "X", parameters: {} }],
    ["nothing to set, but in words", "there is nothing to change", { kind: "alterSet", name: "X", parameters: { COMMENT: undefined } }],
    ["nothing to unset", "there is nothing to change", { kind: "alterUnset", name: "X", parameters: [] }],
    ["a broken number", "a value is no integer", { kind: "alterSet", name: "X", parameters: { OAUTH_REFRESH_TOKEN_VALIDITY: Number.NaN } }],
    ["a word that is none", "a value is no keyword", { kind: "alterSet", name: "X", parameters: { OAUTH_USE_SECONDARY_ROLES: "NONE; DROP" } }],
    ["a text for a list", "a value is no roles", { kind: "alterSet", name: "X", parameters: { BLOCKED_ROLES_LIST: "A" as never } }],
    ["a parameter that is none", "OAUTH is no parameter of a security integration", { kind: "create", name: "X", parameters: { OAUTH: true } as object }],
    ["a parameter without UNSET", "OAUTH_REDIRECT_URI cannot be unset", { kind: "alterUnset", name: "X", parameters: ["OAUTH_REDIRECT_URI" as "COMMENT"] }],
  ])("%s is refused: %s", (_what, message, statement) => {
    expect(() => render(statement)).toThrow(new Error(message));
  });
});
