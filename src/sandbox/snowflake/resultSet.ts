/** Rows as statements answer them: every cell is text or NULL, whatever the column's type. */

export type ColumnType = "text" | "boolean" | "fixed" | "timestamp_ltz";

export interface Column {
  name: string;
  type: ColumnType;
}

export interface ResultSet {
  columns: Column[];
  rows: (string | null)[][];
}

export const textColumns = (...names: string[]): Column[] => names.map((name) => ({ name, type: "text" }));

/** What statements that change something answer. */
export const statusRow = (text: string): ResultSet => ({ columns: textColumns("status"), rows: [[text]] });

/** LIKE of the SHOW statements: `_` and `%` are wildcards, case does not count. That a backslash takes their meaning is a guess. */
export function isLike(text: string, pattern: string | undefined): boolean {
  if (pattern === undefined) return true;
  const expression = pattern.replace(/\\([\s\S])|([%_])|([\s\S])/g, (_found, escaped?: string, wildcard?: string, plain?: string) => {
    if (wildcard !== undefined) return wildcard === "%" ? "[\\s\\S]*" : "[\\s\\S]";
    return (escaped ?? plain ?? "").replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  });
  return new RegExp(`^${expression}$`, "i").test(text);
}

/** Seconds since the epoch with a fraction, as the wire has them. */
export const timestampCell = (moment: Date): string => `${(moment.getTime() / 1000).toFixed(3)}000000`;
