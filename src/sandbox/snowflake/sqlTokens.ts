/**
 * SQL text cut into tokens, by the documented rules for identifiers, literals and comments. Written for the sandbox alone: it
 * shares nothing with any code that builds statements, so that it can judge them.
 */

import { SqlError, syntaxError } from "./sqlError.js";

export type TokenKind =
  /** An unquoted word, as written. */
  | "word"
  /** A double-quoted identifier, without its quotes. */
  | "name"
  /** A literal in single quotes or `$$`, unescaped. */
  | "text"
  | "number"
  | "sign";

export interface Token {
  kind: TokenKind;
  text: string;
  /** As it stands in the statement. */
  source: string;
  /** Where it begins in the statement. */
  at: number;
}

const BLANK = /[ \t\r\n\f\v]+/y;
const COMMENT = /--[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const WORD = /[A-Za-z_][A-Za-z0-9_$]*/y;
const NAME = /"(?:[^"]|"")*"/y;
const TEXT = /'(?:[^'\\]|''|\\[\s\S])*'/y;
const DOLLAR_TEXT = /\$\$[\s\S]*?\$\$/y;
const NUMBER = /-?\d+(?:\.\d+)?(?![A-Za-z0-9_$])/y;
const SIGN = /[=(),;.]/y;

const ESCAPE = /''|\\(?:([0-7]{3})|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|([\s\S]))/g;
const ESCAPED: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", "0": "\0" };

export function tokensOf(sql: string): Token[] {
  refuseNul(sql);
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  while (at < sql.length) {
    const skipped = take(BLANK) ?? take(COMMENT);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const token = read(take);
    if (token === undefined) throw syntaxError(sql, at, sql[at] ?? "");
    refuseNul(token.text);
    tokens.push({ ...token, at });
    at += token.source.length;
  }
  return tokens;
}

function read(take: (pattern: RegExp) => string | undefined): Pick<Token, "kind" | "text" | "source"> | undefined {
  const text = take(TEXT);
  if (text !== undefined) return { kind: "text", source: text, text: unescaped(text.slice(1, -1)) };
  const dollarText = take(DOLLAR_TEXT);
  if (dollarText !== undefined) return { kind: "text", source: dollarText, text: dollarText.slice(2, -2) };
  const name = take(NAME);
  if (name !== undefined) return { kind: "name", source: name, text: name.slice(1, -1).replaceAll('""', '"') };
  for (const [kind, pattern] of [
    ["word", WORD],
    ["number", NUMBER],
    ["sign", SIGN],
  ] as const) {
    const source = take(pattern);
    if (source !== undefined) return { kind, source, text: source };
  }
  return undefined;
}

/** An escape that is not documented stands for the character behind the backslash. */
function unescaped(text: string): string {
  return text.replace(ESCAPE, (found, octal?: string, hexadecimal?: string, unicode?: string, character?: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    const code = hexadecimal ?? unicode;
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return character === undefined ? found.slice(1) : (ESCAPED[character] ?? character);
  });
}

function refuseNul(text: string): void {
  if (text.includes("\0")) throw new SqlError("001003", "42000", "SQL compilation error:\nparse error: the statement holds a NUL character.");
}
