/** The public API of the workspace: from a route to what is stored, and back in the words of the contract. */

import type { Operation, SandboxReply, SandboxRequest } from "../counterpart.js";
import { ApiError, errorEnvelope } from "./apiError.js";
import type { Contract, ContractCall } from "./contract.js";
import { type AuthChange, changeAuth, customOnly, showOAuth } from "./customIntegration.js";
import { changeClient, enterClient, type OAuthClientChange, type OAuthClientEntry, showSlot } from "./oauthClientSlot.js";
import { type Actor, type AuthType, type Integration, modeOf, usesOAuth, type Workspace } from "./workspace.js";

export interface ApiKey {
  id: string;
  name: string;
  key: string;
  scopes: string[];
}

export interface Api {
  operation(method: string, path: string): Operation | undefined;
  handle(request: SandboxRequest): SandboxReply;
}

const AUDIT_PATH = /^\/audit-logs\/([^/]+)$/;
/** The documented page size. */
const AUDIT_PAGE = 50;

export function createApi(workspace: Workspace, contract: Contract, apiKeys: ApiKey[]): Api {
  const handle = (request: SandboxRequest): SandboxReply => {
    const audit = request.method === "GET" ? AUDIT_PATH.exec(request.path) : null;
    const actor = authenticate(workspace, apiKeys, request, audit === null ? "INTEGRATION_API" : "AUDIT_LOG_API");
    if (audit !== null) return { status: 200, body: auditLog(workspace, audit[1] ?? "", request.query) };
    const call = contract.match(request.method, request.path);
    if (call === undefined) throw new ApiError(404, "no such route");
    const body = parseBody(request);
    const problem = contract.requestProblem(call, body);
    if (problem !== undefined) throw new ApiError(400, problem);
    return answer(workspace, actor, call, body);
  };

  return {
    operation(method, path) {
      if (method === "GET" && AUDIT_PATH.test(path)) return { name: "listAuditLog", changes: false };
      const call = contract.match(method, path);
      return call && { name: call.operationId, changes: method !== "GET" };
    },
    handle(request) {
      let reply: SandboxReply;
      try {
        reply = handle(request);
      } catch (problem) {
        if (!(problem instanceof ApiError)) throw problem;
        reply = errorEnvelope(problem.status, problem.message);
      }
      const call = contract.match(request.method, request.path);
      const broken = call && contract.replyProblem(call, reply.status, reply.body);
      return broken === undefined ? reply : errorEnvelope(500, `the sandbox breaks its contract: ${broken}`);
    },
  };
}

/** Who is calling. The scope belongs to the key, not to the person who made it. */
function authenticate(workspace: Workspace, apiKeys: ApiKey[], request: SandboxRequest, scope: string): Actor {
  const client = { ipAddress: "127.0.0.1", userAgent: request.headers["user-agent"] ?? "" };
  if (request.byHand) return { id: "by-hand", type: "USER", name: "a person", ...client };
  if (request.headers["origin"] !== undefined) throw new ApiError(403, "calls from a browser are not allowed");
  const bearer = /^Bearer (.+)$/i.exec(request.headers["authorization"] ?? "")?.[1];
  const known = apiKeys.find(({ key }) => key === bearer);
  if (known === undefined) throw new ApiError(401, bearer === undefined ? "an API key is required" : "the API key is not valid");
  if (!workspace.allowCall()) throw new ApiError(429, `more than ${workspace.requestsPerMinute} requests in a minute`);
  if (!known.scopes.includes(scope)) throw new ApiError(403, `the API key lacks the scope ${scope}`);
  return { id: known.id, type: "API_KEY", name: known.name, ...client };
}

function parseBody(request: SandboxRequest): unknown {
  if (request.body === "") return undefined;
  try {
    return JSON.parse(request.body);
  } catch {
    throw new ApiError(400, "the body is not JSON");
  }
}

function answer(workspace: Workspace, actor: Actor, call: ContractCall, body: unknown): SandboxReply {
  switch (call.operationId) {
    case "listIntegrations":
      return { status: 200, body: { integrations: [...workspace.integrations.values()].map(summary) } };
    case "createIntegration": {
      const { name, description = "", authType = "NONE" } = body as { name: string; description?: string; authType?: AuthType };
      const integration = workspace.addCustomIntegration(name, description, authType);
      workspace.record(actor, "integration.created", "Integration", integration.id, null, summary(integration));
      return { status: 201, body: { integration: details(integration) } };
    }
    case "getIntegration":
      return { status: 200, body: { integration: details(find(workspace, call)) } };
    case "updateIntegration": {
      const integration = customOnly(find(workspace, call));
      const before = summary(integration);
      const { name, description } = body as { name?: string; description?: string };
      if (name !== undefined) integration.name = name;
      if (description !== undefined) integration.description = description;
      workspace.record(actor, "integration.updated", "Integration", integration.id, before, summary(integration));
      return { status: 200, body: { integration: details(integration) } };
    }
    case "updateIntegrationAuth": {
      const integration = customOnly(find(workspace, call));
      const before = auditView(integration);
      changeAuth(workspace, integration, body as AuthChange);
      workspace.record(actor, "integration.updated", "Integration", integration.id, before, auditView(integration));
      return { status: 200, body: { integration: details(integration) } };
    }
    case "getOAuthClient":
      return { status: 200, body: { oauthClient: showSlot(withSlot(workspace, call)) } };
    case "putOAuthClient":
    case "patchOAuthClient":
    case "deleteOAuthClient":
      return changeSlot(workspace, actor, call, withSlot(workspace, call), body);
    default:
      throw new ApiError(500, `the sandbox does not serve ${call.operationId}`);
  }
}

function changeSlot(workspace: Workspace, actor: Actor, call: ContractCall, integration: Integration, body: unknown): SandboxReply {
  const before = integration.client === undefined ? null : auditView(integration);
  const log = (verb: string) =>
    workspace.record(
      actor,
      `integration_oauth_client.${verb}`,
      "IntegrationOAuthClient",
      integration.id,
      before,
      integration.client === undefined ? null : auditView(integration),
    );
  if (call.operationId === "deleteOAuthClient") {
    if (before === null) throw new ApiError(404, "no OAuth client is configured for this integration");
    integration.client = undefined;
    log("deleted");
    return { status: 200, body: { success: true } };
  }
  if (call.operationId === "putOAuthClient") enterClient(integration, body as OAuthClientEntry, workspace.stamp);
  else changeClient(integration, body as OAuthClientChange, workspace.stamp);
  log(before === null ? "created" : "updated");
  return { status: before === null ? 201 : 200, body: { oauthClient: showSlot(integration) } };
}

function find(workspace: Workspace, call: ContractCall): Integration {
  const integration = workspace.integrations.get(call.id ?? "");
  if (integration === undefined) throw new ApiError(404, "no such integration");
  return integration;
}

function withSlot(workspace: Workspace, call: ContractCall): Integration {
  const integration = find(workspace, call);
  if (!usesOAuth(integration)) throw new ApiError(409, `the integration uses ${integration.authType}, not OAuth`);
  if (!integration.enabled) throw new ApiError(409, "the integration is not enabled");
  return integration;
}

function summary(integration: Integration): Record<string, unknown> {
  const { id, slug, name, description, authType, buildByOdeus, actions } = integration;
  const oauth = usesOAuth(integration) ? { mode: modeOf(integration), odeusClientAvailable: integration.odeusClientAvailable } : null;
  return { id, slug, name, description, authType, buildByOdeus, oauth, actions };
}

function details(integration: Integration): Record<string, unknown> {
  const { id, slug, name, description, authType, buildByOdeus, custom, actions, triggers } = integration;
  return {
    id,
    slug,
    name,
    description,
    authType,
    buildByOdeus,
    actions,
    triggers,
    ...(custom?.authTestCode === undefined ? {} : { authTestCode: custom.authTestCode }),
    authFields: custom?.authFields ?? [],
    oauthClient: showOAuth(integration),
  };
}

/** The audit log tells that a secret changed, by its date, and never what it is. */
function auditView(integration: Integration): Record<string, unknown> {
  return { ...showSlot(integration), authType: integration.authType, oauthClient: showOAuth(integration) };
}

function auditLog(workspace: Workspace, workspaceId: string, query: URLSearchParams): unknown {
  if (workspaceId !== workspace.id) throw new ApiError(403, "the API key belongs to another workspace");
  const [from, to, entityType, actorId] = ["from", "to", "entity_type", "actor_id"].map((name) => query.get(name));
  const found = workspace.audit.filter(
    (entry) =>
      (!from || entry.created_at >= from) &&
      (!to || entry.created_at <= to) &&
      (!entityType || entry.entity_type === entityType) &&
      (!actorId || entry.actor_id === actorId),
  );
  const start = Math.max(0, found.findIndex(({ id }) => id === query.get("cursor")) + 1);
  const data = found.slice(start, start + AUDIT_PAGE);
  return { data, next_cursor: start + AUDIT_PAGE < found.length ? (data.at(-1)?.id ?? null) : null };
}
