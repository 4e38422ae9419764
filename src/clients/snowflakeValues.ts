/** Values as DESC SECURITY INTEGRATION answers them: everything is text there, and lists come in two forms. */

/** The elements of `A,B` or `[A, B]`, each without the double quotes it may stand in. They are stored names, so their case is kept. */
export function listOf(text: string): string[] {
  const trimmed = text.trim();
  const inside = trimmed.startsWith("[") && trimmed.endsWith("]") ? trimmed.slice(1, -1) : trimmed;
  // Commas inside double quotes belong to a name; a doubled quote leaves and enters the quotes again.
  const elements = [...inside.matchAll(/(?:"[^"]*"|[^",]|"[^"]*$)+/g)].map(([element]) => element.trim());
  return elements.filter((element) => element !== "").map(withoutQuotes);
}

function withoutQuotes(element: string): string {
  return /^".*"$/s.test(element) && element.length > 1 ? element.slice(1, -1).replaceAll('""', '"') : element;
}

/** true and false as text, or 1 and 0; undefined for anything else. */
export function booleanOf(text: string | undefined): boolean | undefined {
  const value = text?.trim().toLowerCase();
  if (value === "true" || value === "1") return true;
  return value === "false" || value === "0" ? false : undefined;
}

/** A whole number; undefined for anything else. */
export function integerOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*-?\d+\s*$/.test(text) ? Number(text) : undefined;
}
