/** The Odeus API, call by call (api/odeus.openapi.yaml). Answers are trusted only as far as they are shaped like the contract. */

import type { Env } from "../core/env.js";
import { NotConfiguredError, RemoteError } from "../core/errors.js";
import type { Secret } from "../core/secret.js";
import { createSideBySide } from "../core/sideBySide.js";
import type {
  AuthChange,
  Integration,
  IntegrationChange,
  IntegrationSummary,
  NewIntegration,
  OAuthClient,
  OAuthClientChange,
  OAuthClientEntry,
} from "../generated/odeusApi.js";
import type { CallLimit } from "./callLimit.js";
import { createHttp, type HttpAnswer, type HttpCall, type HttpLimits } from "./http.js";

export interface OdeusApi {
  readonly baseUrl: string;
  listIntegrations(): Promise<IntegrationSummary[]>;
  /** The list as an operation beside this one may have got it a moment ago (then it is not `new`): enough to find an integration, not to miss one. */
  recentIntegrations(): Promise<{ all: IntegrationSummary[]; new: boolean }>;
  /** A custom integration with OAuth. Not idempotent: after a lost answer, look for its name first. */
  createIntegration(integration: NewIntegration): Promise<Integration>;
  getIntegration(integrationId: string): Promise<Integration>;
  updateIntegration(integrationId: string, change: IntegrationChange): Promise<Integration>;
  /** Of a custom integration. authType is required on every call, and authFields are replaced whole. */
  updateIntegrationAuth(integrationId: string, change: AuthChange): Promise<Integration>;
  getOAuthClient(integrationId: string): Promise<OAuthClient>;
  putOAuthClient(integrationId: string, entry: OAuthClientEntry): Promise<OAuthClient>;
  patchOAuthClient(integrationId: string, change: OAuthClientChange): Promise<OAuthClient>;
  /** An empty slot counts as reverted. */
  deleteOAuthClient(integrationId: string): Promise<void>;
}

export interface OdeusApiOptions {
  baseUrl: string;
  apiKey: Secret;
  env: Env;
  limits: HttpLimits;
  /** What the workspace takes in a minute; undefined: its calls are not counted. */
  callLimit?: CallLimit | undefined;
}

/** Sent so that the workspace's audit log names what made a change. */
const USER_AGENT = "odeus-pulumi";

const lists = createSideBySide<IntegrationSummary[]>(10_000);

export function createOdeusApi(options: OdeusApiOptions): OdeusApi {
  const http = createHttp({
    service: "Odeus",
    baseUrl: options.baseUrl,
    env: options.env,
    limits: options.limits,
    turns: options.callLimit?.turns(options.env.signal),
    headers: async () => ({ Authorization: `Bearer ${options.apiKey.open()}`, "User-Agent": USER_AGENT }),
    wordsOf,
  });
  const host = new URL(options.baseUrl).host;

  const workspace = `${options.baseUrl} ${options.apiKey.open()}`;

  async function send(call: HttpCall): Promise<HttpAnswer> {
    const answer = await http(call).finally(() => {
      // A list that was asked for before this change may lack it. Slots are not part of what is looked up in the list.
      if (call.method !== "GET" && !call.path.endsWith("/oauth-client")) lists.forget(workspace, options.env);
    });
    if (answer.status < 400) return answer;
    throw new RemoteError({
      service: "Odeus",
      operation: call.operation,
      host,
      outcome: "refused",
      status: answer.status,
      said: "refused it",
      ...wordsOf(answer.json),
      remedy: REMEDIES[answer.status],
    });
  }

  const integration = (integrationId: string) => `/integrations/v1/${encodeURIComponent(integrationId)}`;
  const integrationOf = (answer: HttpAnswer, operation: string): Integration => shaped<Integration>(answer, operation, host, "integration", ["id", "slug"]);
  const slot = (integrationId: string) => `/integrations/v1/${encodeURIComponent(integrationId)}/oauth-client`;
  const slotOf = (answer: HttpAnswer, operation: string): OAuthClient =>
    shaped<OAuthClient>(answer, operation, host, "oauthClient", ["integrationId", "mode", "redirectUrl"]);

  async function getOAuthClient(id: string): Promise<OAuthClient> {
    return slotOf(await send({ operation: "getOAuthClient", method: "GET", path: slot(id), repeat: "repeatable" }), "getOAuthClient");
  }

  async function slotOrNone(id: string): Promise<OAuthClient | undefined> {
    try {
      return await getOAuthClient(id);
    } catch (error) {
      if (error instanceof RemoteError && error.failure.status === 404) return undefined;
      throw error;
    }
  }

  async function listIntegrations(): Promise<IntegrationSummary[]> {
    const answer = await send({ operation: "listIntegrations", method: "GET", path: "/integrations/v1/get", repeat: "repeatable" });
    return shaped<IntegrationSummary[]>(answer, "listIntegrations", host, "integrations", ["length"]);
  }

  return {
    baseUrl: options.baseUrl,
    listIntegrations,
    async recentIntegrations() {
      let asked = false;
      const all = await lists.ask(workspace, options.env, () => {
        asked = true;
        return listIntegrations();
      });
      return { all, new: asked };
    },
    async createIntegration(json) {
      return integrationOf(
        await send({ operation: "createIntegration", method: "POST", path: "/integrations/v1/create", json, repeat: "throttled" }),
        "createIntegration",
      );
    },
    async getIntegration(id) {
      return integrationOf(await send({ operation: "getIntegration", method: "GET", path: integration(id), repeat: "repeatable" }), "getIntegration");
    },
    async updateIntegration(id, json) {
      return integrationOf(
        await send({ operation: "updateIntegration", method: "PATCH", path: integration(id), json, repeat: "repeatable" }),
        "updateIntegration",
      );
    },
    async updateIntegrationAuth(id, json) {
      return integrationOf(
        await send({ operation: "updateIntegrationAuth", method: "PATCH", path: `${integration(id)}/auth`, json, repeat: "repeatable" }),
        "updateIntegrationAuth",
      );
    },
    getOAuthClient,
    // PUT and PATCH of one body are idempotent (odeus contract, section 6), so a lost answer may simply be repeated.
    async putOAuthClient(id, json) {
      return slotOf(await send({ operation: "putOAuthClient", method: "PUT", path: slot(id), json, repeat: "repeatable" }), "putOAuthClient");
    },
    async patchOAuthClient(id, json) {
      return slotOf(await send({ operation: "patchOAuthClient", method: "PATCH", path: slot(id), json, repeat: "repeatable" }), "patchOAuthClient");
    },
    async deleteOAuthClient(id) {
      try {
        await send({ operation: "deleteOAuthClient", method: "DELETE", path: slot(id), repeat: "repeatable" });
      } catch (error) {
        if (!(error instanceof RemoteError && error.failure.status === 404)) throw error;
        // The second of two deletes answers 404: the first one, or somebody else, has done it, if the slot says so too.
        if ((await slotOrNone(id))?.mode === "CUSTOM") throw error;
      }
    },
  };
}

const REMEDIES: Readonly<Record<number, string>> = {
  401: "Check the API key (odeus:apiKey or ODEUS_API_KEY): Workspace settings > API keys.",
  403: "The API key needs the scope INTEGRATION_API; a workspace that admits only some networks must admit the machine that runs Pulumi.",
  404: "Check that the integration is still in the workspace, and the base URL (odeus:baseUrl or ODEUS_BASE_URL); run again.",
};

/** The address and key from the configuration, or one sentence on what to set. */
export function requireApiKey(key: Secret | undefined): Secret {
  if (key === undefined)
    throw new NotConfiguredError(
      "no Odeus API key: set ODEUS_API_KEY, or `pulumi config set --secret odeus:apiKey`. A workspace admin makes one under Workspace settings > API keys, with the scope INTEGRATION_API.",
    );
  return key;
}

/** Both error shapes of the API: the nested envelope, and the flat one of user management. */
function wordsOf(json: unknown): { code?: string; words?: string } {
  const body = (json ?? {}) as { error?: { type?: unknown; message?: unknown }; message?: unknown };
  const code = body.error?.type;
  const words = body.error?.message ?? body.message;
  return { ...(typeof code === "string" ? { code } : {}), ...(typeof words === "string" ? { words } : {}) };
}

function shaped<T>(answer: HttpAnswer, operation: string, host: string, wrapper: string, required: string[]): T {
  const value = (answer.json as Record<string, unknown> | undefined)?.[wrapper] as Record<string, unknown> | undefined;
  if (value === undefined || value === null || required.some((name) => value[name] === undefined)) {
    throw new RemoteError({
      service: "Odeus",
      operation,
      host,
      outcome: "unknown",
      status: answer.status,
      said: `answered without the expected \`${wrapper}\``,
      remedy: "Check the base URL (odeus:baseUrl or ODEUS_BASE_URL): a dedicated deployment answers at https://<domain>/api/public.",
    });
  }
  return value as T;
}
