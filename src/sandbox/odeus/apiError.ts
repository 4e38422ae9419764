/** The error envelope that all documented Odeus calls share. */

import type { SandboxReply } from "../counterpart.js";

/** Section 5 of the facts. There is no conflict type, so 409 is an invalid request. */
const TYPES: Record<number, string> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  409: "invalid_request_error",
  413: "invalid_request_error",
  429: "rate_limit_error",
  529: "overloaded_error",
};

/** A refusal, thrown where the reason is found and answered at the door. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function errorEnvelope(status: number, message: string): SandboxReply {
  return { status, body: { type: "error", error: { type: TYPES[status] ?? "api_error", message } } };
}
