/** One Odeus workspace as a counterpart of the sandbox: the public API and the app's pages on one origin. */

import { randomBytes } from "node:crypto";
import type { Counterpart, Operation, SandboxReply, SandboxRequest } from "../counterpart.js";
import { type ApiKey, createApi } from "./api.js";
import { errorEnvelope } from "./apiError.js";
import { createConnect, type VendorServers } from "./connect.js";
import { loadContract } from "./contract.js";
import { createSettings } from "./settings.js";
import { createWorkspace, type Integration } from "./workspace.js";

export interface OdeusWorkspaceOptions {
  /** Base URL of this counterpart, known once its listener is up. */
  origin: () => string;
  now(): Date;
  /** The workspace's name; it decides the ids of the built-in integrations. */
  name: string;
  /** Certificate that the authorization servers' https is checked against. */
  ca?: () => string;
  servers: VendorServers;
}

export interface OdeusWorkspace {
  counterpart: Counterpart;
  /** `full` may use the Integrations API and read the audit log; `withoutScope` is a key for something else. */
  apiKeys: { full: string; withoutScope: string };
  workspaceId: string;
  /** Ids of the built-in integrations by slug. */
  integrations: Record<string, string>;
  /** The clients of its own in its slots, secrets included. */
  heldClients(): { slug: string; clientId: string; clientSecret: string | undefined }[];
  /** Takes over what `counterpart.state()` of an earlier workspace of this name gave. */
  restore(saved: { integrations: Integration[] }): void;
}

export function createOdeusWorkspace(options: OdeusWorkspaceOptions): OdeusWorkspace {
  const workspace = createWorkspace(options.name, options.now, options.origin);
  const full = newKey("key-deploy", "deploy", ["INTEGRATION_API", "AUDIT_LOG_API"]);
  const withoutScope = newKey("key-assistant", "assistant", ["ASSISTANT_API"]);
  const doors: Door[] = [
    createApi(workspace, loadContract(), [full, withoutScope]),
    createConnect(workspace, options.servers, () => options.ca?.()),
    createSettings(workspace),
  ];

  const counterpart: Counterpart = {
    name: "odeus",
    operation: (method, path) => doors.map((door) => door.operation(method, path)).find((operation) => operation !== undefined),
    async handle(request) {
      const door = doors.find(({ operation }) => operation(request.method, request.path) !== undefined);
      return door === undefined ? errorEnvelope(404, "no such route") : door.handle(request);
    },
    errorReply: (status) => errorEnvelope(status, ERROR_TEXTS[status] ?? "something went wrong"),
    state: () => ({
      workspaceId: workspace.id,
      requestsPerMinute: workspace.requestsPerMinute,
      integrations: [...workspace.integrations.values()],
      connections: workspace.connections,
      audit: workspace.audit,
    }),
  };
  const integrations = Object.fromEntries([...workspace.integrations.values()].map(({ slug, id }) => [slug, id]));
  return {
    counterpart,
    apiKeys: { full: full.key, withoutScope: withoutScope.key },
    workspaceId: workspace.id,
    integrations,
    heldClients: () =>
      [...workspace.integrations.values()].flatMap(({ slug, client }) =>
        client === undefined ? [] : [{ slug, clientId: client.clientId, clientSecret: client.clientSecret }],
      ),
    restore: (saved) => workspace.restore(saved.integrations),
  };
}

interface Door {
  operation(method: string, path: string): Operation | undefined;
  handle(request: SandboxRequest): SandboxReply | Promise<SandboxReply>;
}

const ERROR_TEXTS: Record<number, string> = {
  401: "the API key is not valid",
  403: "the API key lacks the scope INTEGRATION_API",
  404: "not found",
  409: "the integration does not use OAuth",
  413: "the request is too large",
  429: "too many requests",
  500: "internal error",
  503: "temporarily unavailable",
  529: "overloaded",
};

function newKey(id: string, name: string, scopes: string[]): ApiKey {
  return { id, name, scopes, key: `sk-od-${randomBytes(24).toString("hex")}` };
}
