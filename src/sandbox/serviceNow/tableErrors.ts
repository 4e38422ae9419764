/** Errors in the envelope and the words of the Table API. */

import type { SandboxReply } from "../counterpart.js";

export class TableError extends Error {
  readonly status: number;
  readonly detail: string | null;
  constructor(status: number, message: string, detail: string | null) {
    super(message);
    this.status = status;
    this.detail = detail;
  }
}

export const notAuthenticated = (): TableError => new TableError(401, "User Not Authenticated", "Required to provide Auth information");

/** The vendor's one answer for a row that is not there and for one that an access rule hides. */
export const noRecord = (): TableError => new TableError(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval");

export const notAllowed = (what: "Insert" | "Update" | "Delete"): TableError =>
  new TableError(403, "Operation Failed", `ACL Exception ${what} Failed due to security constraints`);

/** Words for statuses that only a fault answers with. */
const BY_STATUS: Record<number, [message: string, detail: string]> = {
  400: ["Bad Request", "the operation failed for unknown reasons"],
  401: ["User Not Authenticated", "Required to provide Auth information"],
  403: ["Operation Failed", "ACL Exception Update Failed due to security constraints"],
  404: ["No Record found", "Record doesn't exist or ACL restricts the record retrieval"],
  409: ["Operation Failed", "The record is being changed by somebody else"],
  429: ["Rate limit exceeded", "Rate limit of 500 requests per hour for Table API exceeded"],
  500: ["Unexpected error", "Transaction cancelled: maximum execution time exceeded"],
};

export function tableErrorOfStatus(status: number): TableError {
  const [message, detail] = BY_STATUS[status] ?? ["Unexpected error", "The instance cannot answer just now"];
  return new TableError(status, message, detail);
}

export function tableErrorReply({ status, message, detail }: TableError, headers: Record<string, string> = {}): SandboxReply {
  return {
    status,
    headers: { ...headers, ...(status === 401 ? { "www-authenticate": 'BASIC realm="Service-now"' } : {}) },
    body: { error: { message, detail }, status: "failure" },
  };
}
