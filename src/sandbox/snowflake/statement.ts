/** Reads one SQL statement of the forms that managing OAuth clients takes, or refuses it as the service would. */

import { type PropertyName, type PropertyValues, REQUIRED_PROPERTIES } from "./integrationProperties.js";
import { readProperties, readUnsettable } from "./propertyValues.js";
import { missingOptions, severalStatements } from "./sqlError.js";
import { type Token, tokensOf } from "./sqlTokens.js";
import { type StatementText, statementText } from "./statementText.js";

export type Statement =
  | { kind: "create"; name: string; orReplace: boolean; ifNotExists: boolean; properties: Partial<PropertyValues> }
  | { kind: "set"; name: string; ifExists: boolean; properties: Partial<PropertyValues> }
  | { kind: "unset"; name: string; ifExists: boolean; properties: PropertyName[] }
  | { kind: "refresh"; name: string; ifExists: boolean; slot: 1 | 2 }
  | { kind: "drop"; name: string; ifExists: boolean }
  | { kind: "describe"; name: string }
  | { kind: "showIntegrations"; securityOnly: boolean; like: string | undefined }
  | { kind: "showParameters"; like: string | undefined }
  | { kind: "select"; columns: SelectColumn[] };

export interface SelectColumn {
  /** Upper-case; undefined for a plain number. */
  function: string | undefined;
  /** The one text argument, or the number. */
  argument: string | undefined;
  /** The column's name: the alias, or the expression. */
  label: string;
}

/** Names are in their stored form. Throws an SqlError. */
export function readStatement(sql: string): Statement {
  const statements = splitStatements(tokensOf(sql));
  if (statements.length > 1) throw severalStatements(statements.length);
  const text = statementText(sql, statements[0] ?? []);
  const statement = read(text);
  text.expectEnd();
  return statement;
}

/** What the statement is called in the record and in faults, also when it cannot be read. */
export function statementName(sql: string): string {
  const words = wordsOf(sql);
  switch (words[0]) {
    case "CREATE":
    case "DROP":
    case "SHOW":
      return words[0] === "SHOW" && words[1] === "PARAMETERS" ? "PARAMETERS" : words[0];
    case "ALTER":
      return words.includes("REFRESH") ? "REFRESH" : "ALTER";
    case "DESC":
    case "DESCRIBE":
      return "DESC";
    case "SELECT":
      return words[1] === "SYSTEM$SHOW_OAUTH_CLIENT_SECRETS" ? "SECRETS" : "SELECT";
    default:
      return "OTHER";
  }
}

function wordsOf(sql: string): string[] {
  try {
    return tokensOf(sql).flatMap(({ kind, text }) => (kind === "word" ? [text.toUpperCase()] : []));
  } catch {
    return [];
  }
}

/** A semicolon may end the statement; behind it, only another statement counts. */
function splitStatements(tokens: Token[]): Token[][] {
  const statements: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === "sign" && token.text === ";") statements.push([]);
    else statements.at(-1)?.push(token);
  }
  return statements.filter((statement) => statement.length > 0);
}

function read(text: StatementText): Statement {
  if (text.takeWords("CREATE")) return readCreate(text);
  if (text.takeWords("ALTER")) return readAlter(text);
  if (text.takeWords("DROP")) {
    text.takeWords("SECURITY");
    text.expectWords("INTEGRATION");
    const ifExists = text.takeWords("IF", "EXISTS");
    return { kind: "drop", name: text.expectName(), ifExists };
  }
  if (text.takeWords("DESC") || text.takeWords("DESCRIBE")) {
    text.takeWords("SECURITY");
    text.expectWords("INTEGRATION");
    return { kind: "describe", name: text.expectName() };
  }
  if (text.takeWords("SHOW")) return readShow(text);
  if (text.takeWords("SELECT")) return readSelect(text);
  throw text.unexpected();
}

function readCreate(text: StatementText): Statement {
  const orReplace = text.takeWords("OR", "REPLACE");
  text.expectWords("SECURITY", "INTEGRATION");
  // The two exclude each other.
  const refused = text.unexpected();
  const ifNotExists = text.takeWords("IF", "NOT", "EXISTS");
  if (orReplace && ifNotExists) throw refused;
  // Documented for integrations: unquoted, they begin with a letter.
  if (text.peek()?.source.startsWith("_")) throw text.unexpected();
  const name = text.expectName();
  const properties = readProperties(text, { commas: false, altering: false });
  const missing = REQUIRED_PROPERTIES.filter((property) => properties[property] === undefined);
  if (missing.length > 0) throw missingOptions(missing);
  return { kind: "create", name, orReplace, ifNotExists, properties };
}

function readAlter(text: StatementText): Statement {
  text.takeWords("SECURITY");
  text.expectWords("INTEGRATION");
  const ifExists = text.takeWords("IF", "EXISTS");
  const name = text.expectName();
  if (text.takeWords("SET")) return { kind: "set", name, ifExists, properties: readProperties(text, { commas: true, altering: true }) };
  if (text.takeWords("REFRESH")) {
    if (text.takeWords("OAUTH_CLIENT_SECRET")) return { kind: "refresh", name, ifExists, slot: 1 };
    text.expectWords("OAUTH_CLIENT_SECRET_2");
    return { kind: "refresh", name, ifExists, slot: 2 };
  }
  text.expectWords("UNSET");
  const properties: PropertyName[] = [];
  do properties.push(readUnsettable(text));
  while (text.takeSign(","));
  return { kind: "unset", name, ifExists, properties };
}

function readShow(text: StatementText): Statement {
  if (text.takeWords("PARAMETERS")) {
    const like = readLike(text);
    text.expectWords("IN", "ACCOUNT");
    return { kind: "showParameters", like };
  }
  const securityOnly = text.takeWords("SECURITY");
  text.expectWords("INTEGRATIONS");
  return { kind: "showIntegrations", securityOnly, like: readLike(text) };
}

const readLike = (text: StatementText): string | undefined => (text.takeWords("LIKE") ? text.expectText() : undefined);

function readSelect(text: StatementText): Statement {
  const columns: SelectColumn[] = [];
  do columns.push(readColumn(text));
  while (text.takeSign(","));
  return { kind: "select", columns };
}

/** A function of no or one text argument, or a number; with an alias if one is given. */
function readColumn(text: StatementText): SelectColumn {
  const number = text.take("number");
  if (number !== undefined) return { function: undefined, argument: number.text, label: readAlias(text) ?? number.text };
  const word = text.take("word");
  if (word === undefined) throw text.unexpected();
  const name = word.text.toUpperCase();
  text.expectSign("(");
  const argument = text.take("text");
  text.expectSign(")");
  // The service names an unaliased column by its expression.
  return { function: name, argument: argument?.text, label: readAlias(text) ?? `${name}(${argument?.source ?? ""})` };
}

function readAlias(text: StatementText): string | undefined {
  if (text.takeWords("AS")) return text.expectName();
  const next = text.peek()?.kind;
  return next === "word" || next === "name" ? text.expectName() : undefined;
}
