/** Rows as the Table API shows them: chosen columns, raw or display values, and no secret in any form. */

import { createHmac, randomBytes } from "node:crypto";
import type { SandboxRequest } from "../counterpart.js";
import type { Instance, Row, Table } from "./instance.js";

const encryptionKey = randomBytes(32);
const MASK = "*********";

/** What the database holds. A client secret is encrypted, and another text after every change of its row. */
export function storedValue(row: Row, column: string): string {
  const value = row[column] ?? "";
  if (column !== "client_secret" || value === "") return value;
  return createHmac("sha256", encryptionKey).update(`${row["sys_id"]} ${row["sys_mod_count"]} ${value}`).digest("base64");
}

export function showRow(instance: Instance, table: Table, row: Row, { query, origin, byHand }: SandboxRequest): Record<string, unknown> {
  const asked = query.get("sysparm_fields");
  // Unknown names in the list are ignored.
  const columns = asked ? table.columns.filter((column) => asked.split(",").includes(column)) : table.columns;
  return Object.fromEntries(
    columns.map((column) => {
      const blank = !byHand && instance.switches.blankedColumns.includes(column);
      return [column, blank ? "" : showValue(row, column, query, origin)];
    }),
  );
}

function showValue(row: Row, column: string, query: URLSearchParams, origin: string): unknown {
  const value = storedValue(row, column);
  const display = column === "client_secret" && value !== "" ? MASK : column === "sys_scope" ? "Global" : value;
  const form = query.get("sysparm_display_value") ?? "false";
  const link = column === "sys_scope" && query.get("sysparm_exclude_reference_link") !== "true" ? { link: `${origin}/api/now/table/sys_scope/${value}` } : {};
  if (form === "all") return { display_value: display, value, ...link };
  const shown = form === "true" ? display : value;
  if (!("link" in link)) return shown;
  return form === "true" ? { display_value: shown, ...link } : { ...link, value: shown };
}
