/** Errors of the sign-in endpoints: shapes by AADSTS code from the data, words as the vendor has them. */

import { randomUUID } from "node:crypto";
import type { SandboxReply } from "../counterpart.js";
import data from "../data/entra-token-errors.json";

interface ErrorShape {
  code: number;
  oauthError: string[];
  httpStatus: number | null;
  errorUri: boolean | null;
}

const shapes: ErrorShape[] = data.errors;

/** Why a sign-in ends: the AADSTS number and the text that follows it. */
export interface SignInError {
  code: number;
  text: string;
}

/** The text as it stands in `error_description`, without the trailing ids. */
export const describe = ({ code, text }: SignInError): string => `AADSTS${code}: ${text}`;

/** The value of `error` for this code; where sources differ, the one with the better evidence stands first in the data. */
export function oauthErrorOf(code: number): string {
  return shapes.find((shape) => shape.code === code)?.oauthError[0] ?? "invalid_request";
}

/** The answer of the token endpoint. */
export function tokenErrorReply(error: SignInError, now: Date): SandboxReply {
  const shape = shapes.find((entry) => entry.code === error.code);
  const oauthError = oauthErrorOf(error.code);
  const status = shape?.httpStatus ?? (oauthError === "invalid_client" ? 401 : 400);
  const timestamp = now
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
  const [trace, correlation] = [randomUUID(), randomUUID()];
  return {
    status,
    headers: { "cache-control": "no-store, no-cache" },
    body: {
      error: oauthError,
      error_description: `${describe(error)} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
      error_codes: [error.code],
      timestamp,
      trace_id: trace,
      correlation_id: correlation,
      ...(shape?.errorUri === true ? { error_uri: `https://login.microsoftonline.com/error?code=${error.code}` } : {}),
    },
  };
}

/** What the token endpoint says when nothing more is known than the status (faults). Assumed, but for the envelope. */
export function tokenErrorOfStatus(status: number, now: Date): SandboxReply {
  if (status === 401) return tokenErrorReply(invalidSecret("unknown"), now);
  const reply = tokenErrorReply({ code: 90033, text: "A transient error has occurred. Please try again." }, now);
  const error = status === 429 || status >= 500 ? "temporarily_unavailable" : "invalid_request";
  return { ...reply, status, body: { ...(reply.body as object), error } };
}

export const tenantNotFound = (tenant: string): SignInError => ({
  code: 90002,
  text: `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
});

export const notMultiTenant = (clientId: string, name: string): SignInError => ({
  code: 50194,
  text: `Application '${clientId}'(${name}) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant.`,
});

export const unsupportedGrant = (grant: string): SignInError => ({ code: 70003, text: `The app requested an unsupported grant type '${grant}'.` });

export const malformedClient = (clientId: string): SignInError => ({ code: 700038, text: `${clientId} is not a valid application identifier.` });

export const unknownClient = (clientId: string, tenantName: string): SignInError => ({
  code: 700016,
  text: `Application with identifier '${clientId}' was not found in the directory '${tenantName}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
});

export const noServicePrincipal = (clientId: string, tenantId: string): SignInError => ({
  code: 7000229,
  text: `The client application ${clientId} is missing service principal in the tenant ${tenantId}.`,
});

export const missingSecret = (): SignInError => ({
  code: 7000218,
  text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
});

export const invalidSecret = (clientId: string): SignInError => ({
  code: 7000215,
  text: `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
});

export const expiredSecret = (clientId: string): SignInError => ({ code: 7000222, text: `The provided client secret keys for app '${clientId}' are expired.` });

export const unknownAssertion = (): SignInError => ({ code: 70021, text: "No matching federated identity record found for presented assertion." });

export const invalidScope = (scope: string): SignInError => ({
  code: 70011,
  text: `The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope ${scope} is not valid.`,
});

export const unknownResource = (resource: string, tenantName: string): SignInError => ({
  code: 500011,
  text: `The resource principal named ${resource} was not found in the tenant named ${tenantName}.`,
});

export const malformedGrant = (): SignInError => ({ code: 9002313, text: "Invalid request. Request is malformed or invalid." });

export const expiredGrant = (): SignInError => ({
  code: 70008,
  text: "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.",
});
