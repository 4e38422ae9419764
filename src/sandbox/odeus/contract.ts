/**
 * The Odeus API as its OpenAPI document has it, used in both directions: what the client sends and what the sandbox answers.
 * Two sides that are held to one text cannot drift apart.
 */

import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parse } from "yaml";
import { contractText } from "./contractText.js";

export interface ContractCall {
  operationId: string;
  method: string;
  /** The integration's id, where the path has one. */
  id: string | undefined;
}

export interface Contract {
  /** The operation behind a method and a path; undefined for an unknown route. */
  match(method: string, path: string): ContractCall | undefined;
  /** What is wrong with a request, undefined when nothing is. Names properties, never values: one may be a secret. */
  requestProblem(call: ContractCall, body: unknown): string | undefined;
  /** What is wrong with an answer, undefined when nothing is. */
  replyProblem(call: ContractCall, status: number, body: unknown): string | undefined;
}

const METHODS = ["get", "post", "put", "patch", "delete"];
const JSON_TYPE = "application~1json";

interface OpenApiOperation {
  operationId: string;
  requestBody?: unknown;
  responses: Record<string, { $ref?: string }>;
}

interface OpenApiDocument {
  paths: Record<string, Record<string, unknown>>;
}

/** Answers what is wrong; nothing, when the value fits its schema. */
type Check = (value: unknown) => ErrorObject[];

interface KnownOperation {
  operationId: string;
  method: string;
  pathPattern: RegExp;
  body: Check | undefined;
  /** By status, and "default". */
  replies: Map<string, Check>;
}

let loaded: Contract | undefined;

/** Read once per process: every workspace of a sandbox is held to the same text. */
export function loadContract(): Contract {
  loaded ??= readContract();
  return loaded;
}

function readContract(): Contract {
  const document = parse(contractText()) as OpenApiDocument;
  // OpenAPI keywords around the schemas are none of JSON Schema's.
  const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema(document, "odeus");
  // Compiled when first needed: one run meets few of them.
  const check =
    (pointer: string): Check =>
    (value) => {
      const validate = ajv.getSchema(`odeus#${pointer}`);
      if (validate === undefined) throw new Error(`the contract has nothing at ${pointer}`);
      return validate(value) ? [] : (validate.errors ?? []);
    };

  const operations = new Map<string, KnownOperation>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method] as OpenApiOperation | undefined;
      if (operation === undefined) continue;
      const pointer = `/paths/${path.replaceAll("/", "~1").replaceAll("{", "%7B").replaceAll("}", "%7D")}/${method}`;
      const replies = Object.entries(operation.responses).map(([status, response]): [string, Check] => [
        status,
        check(`${response.$ref === undefined ? `${pointer}/responses/${status}` : response.$ref.slice(1)}/content/${JSON_TYPE}/schema`),
      ]);
      operations.set(operation.operationId, {
        operationId: operation.operationId,
        method: method.toUpperCase(),
        pathPattern: new RegExp(`^${path.replace("{id}", "([^/]+)")}$`),
        body: operation.requestBody === undefined ? undefined : check(`${pointer}/requestBody/content/${JSON_TYPE}/schema`),
        replies: new Map(replies),
      });
    }
  }
  const idProblems = check("/components/parameters/IntegrationId/schema");

  return {
    match(method, path) {
      // A fixed path (/get, /create) wins over one with a parameter.
      const matching = [...operations.values()]
        .map((operation) => ({ operation, found: operation.method === method ? operation.pathPattern.exec(path) : null }))
        .filter(({ found }) => found !== null)
        .sort((one, other) => (one.found?.length ?? 0) - (other.found?.length ?? 0))[0];
      return matching && { operationId: matching.operation.operationId, method, id: matching.found?.[1] };
    },
    requestProblem(call, body) {
      if (call.id !== undefined && idProblems(call.id).length > 0) return "id must be a UUID";
      return describe(operations.get(call.operationId)?.body?.(body) ?? [], "body");
    },
    replyProblem(call, status, body) {
      const replies = operations.get(call.operationId)?.replies;
      // "default" is the error envelope: a success that is not listed breaks the contract.
      const problems = replies?.get(String(status)) ?? (status >= 400 ? replies?.get("default") : undefined);
      return problems === undefined ? `status ${status} is not in the contract` : describe(problems(body), "answer");
    },
  };
}

function describe(errors: ErrorObject[], whole: string): string | undefined {
  if (errors.length === 0) return undefined;
  const sentences = errors.map(({ instancePath, message, keyword, params }) => {
    const place = instancePath === "" ? whole : instancePath.slice(1).replaceAll("/", ".");
    const extra = keyword === "additionalProperties" ? ` (${String((params as { additionalProperty?: unknown }).additionalProperty)})` : "";
    return `${place} ${message ?? "is not valid"}${extra}`;
  });
  return [...new Set(sentences)].join("; ");
}
