/** A statement's tokens, taken one by one; what does not fit is refused where it stands. */

import { doesNotExist, nameTooLong, type SqlError, syntaxError } from "./sqlError.js";
import { type Token, type TokenKind, tokensOf } from "./sqlTokens.js";

const LONGEST_NAME = 255;

export interface StatementText {
  /** The token that comes next. */
  peek(): Token | undefined;
  take(kind: TokenKind): Token | undefined;
  /** Takes these words, in any case, if they all come next. */
  takeWords(...words: string[]): boolean;
  takeSign(sign: string): boolean;
  expectWords(...words: string[]): void;
  expectSign(sign: string): void;
  expectText(): string;
  /** The stored form of an identifier: unquoted ones are folded to upper case. */
  expectName(): string;
  expectEnd(): void;
  /** The refusal of what comes next. */
  unexpected(): SqlError;
}

/** `tokens` are those of one statement of `sql`. */
export function statementText(sql: string, tokens: Token[]): StatementText {
  let at = 0;
  const isWord = (token: Token | undefined, word: string) => token?.kind === "word" && token.text.toUpperCase() === word;

  const text: StatementText = {
    peek: () => tokens[at],
    take(kind) {
      const token = tokens[at];
      if (token?.kind !== kind) return undefined;
      at += 1;
      return token;
    },
    takeWords(...words) {
      if (!words.every((word, index) => isWord(tokens[at + index], word))) return false;
      at += words.length;
      return true;
    },
    takeSign(sign) {
      const token = tokens[at];
      if (token?.kind !== "sign" || token.text !== sign) return false;
      at += 1;
      return true;
    },
    expectWords(...words) {
      for (const word of words) if (!text.takeWords(word)) throw text.unexpected();
    },
    expectSign(sign) {
      if (!text.takeSign(sign)) throw text.unexpected();
    },
    expectText() {
      const token = text.take("text");
      if (token === undefined) throw text.unexpected();
      return token.text;
    },
    expectName() {
      const token = text.peek();
      if ((token?.kind !== "name" && token?.kind !== "word") || token.text === "") throw text.unexpected();
      at += 1;
      return storedName(token);
    },
    expectEnd() {
      if (tokens[at] !== undefined) throw text.unexpected();
    },
    unexpected() {
      const token = tokens[at];
      return token === undefined ? syntaxError(sql, sql.length, "<EOF>") : syntaxError(sql, token.at, token.source);
    },
  };
  return text;
}

export function storedName({ kind, text }: Pick<Token, "kind" | "text">): string {
  if ([...text].length > LONGEST_NAME) throw nameTooLong(text);
  return kind === "name" ? text : text.toUpperCase();
}

/**
 * An identifier inside a literal, as role lists and NETWORK_POLICY have it: unquoted it is folded, and inner double quotes keep
 * its case. That this holds for roles is a guess.
 */
export function nameInLiteral(literal: string, kind: "Role" | "Network policy"): string {
  const [token, ...more] = namesIn(literal);
  if (token === undefined || more.length > 0 || (token.kind !== "name" && token.kind !== "word")) throw doesNotExist(kind, literal);
  return storedName(token);
}

function namesIn(literal: string): Token[] {
  try {
    return tokensOf(literal);
  } catch {
    return [];
  }
}
