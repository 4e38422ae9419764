/** Request bodies of Graph, checked against the closed schema that was cut from Graph's own metadata (data/README.md). */

import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { SandboxRequest } from "../counterpart.js";
import schema from "../data/graph-application.schema.json";
import { badRequest, GraphError } from "./graphErrors.js";

export type Body = Record<string, unknown>;
export type BodyType = "application" | "servicePrincipal" | "oAuth2PermissionGrant" | "addPasswordRequest" | "removePasswordRequest" | "restoreRequest";

// strict would refuse the annotations of the CSDL (readOnly beside type lists, $comment on properties).
const ajv = addFormats(new Ajv2020({ strict: false, allErrors: false }));
ajv.addSchema(schema);

/** The body as an object of this type; Graph's 400 when it is none. */
export function readRequestBody(request: SandboxRequest, type: BodyType): Body {
  let body: unknown;
  try {
    body = JSON.parse(request.body === "" && type === "restoreRequest" ? "{}" : request.body);
  } catch {
    throw new GraphError(
      400,
      "BadRequest",
      "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
    );
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new GraphError(400, "BadRequest", "Unable to read JSON request payload: an object is expected.");
  }
  const validate = ajv.getSchema(`${schema.$id}#/$defs/${type}`);
  if (validate === undefined) throw new Error(`no schema for ${type}`);
  if (validate(body) !== true) throw badRequest(describe(validate.errors?.[0], type));
  return body as Body;
}

function describe(problem: ErrorObject | undefined, type: BodyType): string {
  const at =
    problem?.instancePath
      .split("/")
      .filter((part) => part !== "")
      .join(".") ?? "";
  const extra = (problem?.params as { additionalProperty?: string } | undefined)?.additionalProperty;
  if (extra !== undefined) return `Property '${at === "" ? extra : `${at}.${extra}`}' does not exist as a declared property or extension property.`;
  return `Invalid value specified for property '${at}' of resource '${type}': ${problem?.message ?? "not valid"}.`;
}
