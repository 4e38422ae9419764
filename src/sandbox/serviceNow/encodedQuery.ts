/**
 * Encoded queries of the Table API: `<column><operator><value>`, joined by `^`. Documented: names, operators and values are
 * case-sensitive, and a part that makes no sense is ignored, so a misspelt filter finds every row.
 */

type Read = (column: string) => string;
type Condition = (read: Read) => boolean;

export interface EncodedQuery {
  matches(read: Read): boolean;
  /** Columns to sort by, the most important first. */
  order: { column: string; descending: boolean }[];
  /** Some part made no sense. */
  invalid: boolean;
}

const CONDITION = /^([a-z][a-z0-9_]*)(!=|=|LIKE|STARTSWITH|ENDSWITH|ISEMPTY$|ISNOTEMPTY$)(.*)$/s;
const TESTS: Record<string, (held: string, value: string) => boolean> = {
  "=": (held, value) => held === value,
  "!=": (held, value) => held !== value,
  LIKE: (held, value) => held.includes(value),
  STARTSWITH: (held, value) => held.startsWith(value),
  ENDSWITH: (held, value) => held.endsWith(value),
  ISEMPTY: (held) => held === "",
  ISNOTEMPTY: (held) => held !== "",
};

export function parseQuery(text: string, columns: readonly string[]): EncodedQuery {
  const all: Condition[][] = [];
  const order: EncodedQuery["order"] = [];
  let invalid = false;
  for (const part of text.split("^").filter((entry) => entry !== "")) {
    const sorting = /^ORDERBY(DESC)?(.+)$/.exec(part);
    if (sorting !== null) {
      if (columns.includes(sorting[2] ?? "")) order.push({ column: sorting[2] ?? "", descending: sorting[1] !== undefined });
      else invalid = true;
      continue;
    }
    // No column begins with a capital letter, so OR is always the word.
    const or = part.startsWith("OR");
    const condition = parseCondition(or ? part.slice(2) : part, columns);
    if (condition === undefined) invalid = true;
    else if (or && all.length > 0) all.at(-1)?.push(condition);
    else all.push([condition]);
  }
  return { matches: (read) => all.every((any) => any.some((condition) => condition(read))), order, invalid };
}

function parseCondition(text: string, columns: readonly string[]): Condition | undefined {
  const [, column = "", operator = "", value = ""] = CONDITION.exec(text) ?? [];
  const test = TESTS[operator];
  return test === undefined || !columns.includes(column) ? undefined : (read) => test(read(column), value);
}
