/** Reads `NAME = value` pairs of CREATE and ALTER, each value in the form its property takes. */

import { isPropertyName, PROPERTIES, type PropertyForm, type PropertyName, type PropertyValues } from "./integrationProperties.js";
import { duplicateProperty, invalidValue } from "./sqlError.js";
import type { Token } from "./sqlTokens.js";
import { nameInLiteral, type StatementText, storedName } from "./statementText.js";

type Value = PropertyValues[PropertyName];

/** In SET the pairs may be parted by commas; in CREATE the reference has none. */
export function readProperties(text: StatementText, { commas, altering }: { commas: boolean; altering: boolean }): Partial<PropertyValues> {
  const values: Partial<Record<PropertyName, Value>> = {};
  let wanted = altering;
  while (wanted || text.peek() !== undefined) {
    const name = readPropertyName(text, (property) => !altering || PROPERTIES[property].alter !== "never");
    if (name in values) throw duplicateProperty(name);
    text.expectSign("=");
    values[name] = readValue(text, name, PROPERTIES[name].form);
    wanted = commas && text.takeSign(",");
  }
  return values as Partial<PropertyValues>;
}

export const readUnsettable = (text: StatementText): PropertyName => readPropertyName(text, (property) => PROPERTIES[property].alter === "set and unset");

function readPropertyName(text: StatementText, allowed: (name: PropertyName) => boolean): PropertyName {
  const token = text.peek();
  const name = token?.kind === "word" ? token.text.toUpperCase() : "";
  if (!isPropertyName(name) || !allowed(name)) throw text.unexpected();
  text.take("word");
  return name;
}

function readValue(text: StatementText, name: PropertyName, form: PropertyForm): Value {
  switch (form.form) {
    case "boolean": {
      const word = expectWord(text);
      if (word !== "TRUE" && word !== "FALSE") throw invalidValue(word, name);
      return word === "TRUE";
    }
    case "integer": {
      const number = text.take("number");
      if (number === undefined) throw text.unexpected();
      if (!/^-?\d+$/.test(number.text) || !Number.isSafeInteger(Number(number.text))) throw invalidValue(number.text, name);
      return Number(number.text);
    }
    case "text":
      return text.expectText();
    case "choice": {
      const quoted = form.quoted === "optional" ? text.take("text") : undefined;
      const word = quoted?.text.toUpperCase() ?? expectWord(text);
      if (!form.choices.includes(word)) throw invalidValue(quoted?.text ?? word, name);
      return word;
    }
    case "texts":
      return readList(text, () => text.expectText());
    case "roles":
      return readList(text, () => readRole(text));
  }
}

function expectWord(text: StatementText): string {
  const word = text.take("word");
  if (word === undefined) throw text.unexpected();
  return word.text.toUpperCase();
}

function readList<Item>(text: StatementText, readItem: () => Item): Item[] {
  text.expectSign("(");
  const items: Item[] = [];
  if (text.takeSign(")")) return items;
  do items.push(readItem());
  while (text.takeSign(","));
  text.expectSign(")");
  return items;
}

/** The reference writes roles in single quotes; identifiers are seen to work too. */
function readRole(text: StatementText): string {
  const literal = text.take("text");
  if (literal !== undefined) return nameInLiteral(literal.text, "Role");
  const token: Token | undefined = text.take("name") ?? text.take("word");
  if (token === undefined) throw text.unexpected();
  return storedName(token);
}
