/** The workspace settings: a page to look at, and the switches that only a person's hand in a test may turn. */

import { randomUUID } from "node:crypto";
import type { Operation, SandboxReply, SandboxRequest } from "../counterpart.js";
import { escapeHtml, renderPage } from "../page.js";
import { ApiError, errorEnvelope } from "./apiError.js";
import { asksForInstance } from "./connect.js";
import { type Integration, modeOf, usesOAuth, type Workspace } from "./workspace.js";

export interface Settings {
  operation(method: string, path: string): Operation | undefined;
  handle(request: SandboxRequest): SandboxReply;
}

/** What a test may change by hand beside the API's own calls. */
type IntegrationSwitches = Partial<
  Pick<Integration, "enabled" | "buildByOdeus" | "odeusClientAvailable" | "clientSecretRequired" | "tenantIdSupported" | "defaultScopes" | "redirectUrl">
>;
const SWITCHES = ["enabled", "buildByOdeus", "odeusClientAvailable", "clientSecretRequired", "tenantIdSupported", "defaultScopes", "redirectUrl"];

const PAGE = "/settings";
const ONE = /^\/settings\/integrations\/([^/]+)$/;
const ENTRIES = /^\/settings\/integrations\/([^/]+)\/(actions|triggers)$/;

export function createSettings(workspace: Workspace): Settings {
  const find = (id: string | undefined): Integration => {
    const integration = workspace.integrations.get(id ?? "");
    if (integration === undefined) throw new ApiError(404, "no such integration");
    return integration;
  };

  const change = ({ method, path, body }: SandboxRequest): SandboxReply => {
    if (method === "DELETE") {
      const { id } = find(ONE.exec(path)?.[1]);
      workspace.integrations.delete(id);
      workspace.connections = workspace.connections.filter(({ integrationId }) => integrationId !== id);
      return { status: 200, body: { id } };
    }
    const values = JSON.parse(body) as Record<string, unknown>;
    const entries = method === "POST" ? ENTRIES.exec(path) : null;
    if (entries !== null) {
      const list = find(entries[1])[entries[2] as "actions" | "triggers"];
      const entry = { id: randomUUID(), name: String(values["name"] ?? "Action"), description: String(values["description"] ?? "") };
      list.push(entry);
      return { status: 201, body: entry };
    }
    if (path === PAGE) {
      const { requestsPerMinute, minuteMilliseconds = workspace.minuteMilliseconds } = values;
      if (typeof requestsPerMinute !== "number") throw new ApiError(400, "requestsPerMinute must be a number");
      if (typeof minuteMilliseconds !== "number") throw new ApiError(400, "minuteMilliseconds must be a number");
      Object.assign(workspace, { requestsPerMinute, minuteMilliseconds });
      return { status: 200, body: { requestsPerMinute, minuteMilliseconds } };
    }
    const unknown = Object.keys(values).filter((name) => !SWITCHES.includes(name));
    if (unknown.length > 0) throw new ApiError(400, `unknown: ${unknown.join(", ")}`);
    const { id } = Object.assign(find(ONE.exec(path)?.[1]), values as IntegrationSwitches);
    return { status: 200, body: { id, ...values } };
  };

  return {
    operation(method, path) {
      if (method === "GET" && (path === PAGE || path === "/")) return { name: "showSettings", changes: false };
      if (method === "PATCH" && (path === PAGE || ONE.test(path))) return { name: "changeSettings", changes: true };
      if (method === "DELETE" && ONE.test(path)) return { name: "deleteIntegration", changes: true };
      if (method === "POST" && ENTRIES.test(path)) return { name: "changeSettings", changes: true };
      return undefined;
    },
    handle(request) {
      if (request.method === "GET") return { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: settingsPage(workspace) };
      if (!request.byHand) return errorEnvelope(403, "settings are changed by hand only");
      try {
        return change(request);
      } catch (problem) {
        if (problem instanceof ApiError) return errorEnvelope(problem.status, problem.message);
        throw problem;
      }
    },
  };
}

/** The product's words for the states of an integration. */
const STATES = { ODEUS: "Odeus client", CUSTOM: "Your client", NONE: "Configure" } as const;

function settingsPage(workspace: Workspace): string {
  const rows = [...workspace.integrations.values()].filter(usesOAuth).map((integration) => {
    const { id, slug, name, client } = integration;
    const state = STATES[modeOf(integration)];
    const instance = asksForInstance(integration) ? ' <input name="instance" placeholder="instance" required>' : "";
    return `<li><strong>${escapeHtml(name)}</strong> (${escapeHtml(slug)}): ${state}${client === undefined ? "" : `, ${escapeHtml(client.clientId)}`}
<form action="/integrations/${id}/connect"><input name="user" value="ada">${instance} <button>Connect</button></form></li>`;
  });
  return renderPage({ title: `Workspace ${workspace.name}: integrations`, content: `<ul>${rows.join("\n")}</ul>`, marks: { page: "settings" } });
}
