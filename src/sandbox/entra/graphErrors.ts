/** Errors in the envelope and the words of Microsoft Graph. */

import { randomUUID } from "node:crypto";
import type { SandboxReply } from "../counterpart.js";

export class GraphError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const badRequest = (message: string): GraphError => new GraphError(400, "Request_BadRequest", message);

export const notFound = (what: string): GraphError =>
  new GraphError(404, "Request_ResourceNotFound", `Resource '${what}' does not exist or one of its queried reference-property objects are not present.`);

export const forbidden = (): GraphError => new GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");

export const sameKey = (message: string): GraphError => new GraphError(409, "Request_MultipleObjectsWithSameKeyValue", message);

export const unauthenticated = (message: string): GraphError => new GraphError(401, "InvalidAuthenticationToken", message);

/** What Graph says when nothing more is known than the status. */
const BY_STATUS: Record<number, [code: string, message: string]> = {
  401: ["InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."],
  403: ["Authorization_RequestDenied", "Insufficient privileges to complete the operation."],
  404: ["Request_ResourceNotFound", "Resource does not exist or one of its queried reference-property objects are not present."],
  409: ["Directory_ConcurrencyViolation", "Cannot process the request because the object is being changed by another request."],
  429: ["TooManyRequests", "Too many requests."],
  500: ["InternalServerError", "An internal server error has occurred."],
  503: ["ServiceUnavailable", "The service is temporarily unavailable. Please try again later."],
  504: ["GatewayTimeout", "The gateway did not receive a response in time."],
};

export function graphErrorOfStatus(status: number): GraphError {
  const [code, message] = BY_STATUS[status] ?? ["UnknownError", "An error has occurred."];
  return new GraphError(status, code, message);
}

export function graphErrorReply(error: GraphError, now: Date, clientRequestId?: string): SandboxReply {
  const requestId = randomUUID();
  const ids = { "request-id": requestId, "client-request-id": clientRequestId ?? requestId };
  const date = now.toISOString().slice(0, 19);
  return {
    status: error.status,
    headers: {
      ...ids,
      ...(error.status === 401 ? { "www-authenticate": 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"' } : {}),
    },
    body: { error: { code: error.code, message: error.message, innerError: { date, ...ids } } },
  };
}
