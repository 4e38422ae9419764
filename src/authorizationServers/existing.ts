/** A client made by hand or by another resource: it is proven and entered, never changed or deleted. */

import { cloudOf } from "../clients/entraSignIn.js";
import type { HttpLimits } from "../clients/http.js";
import { discoverTokenUrl } from "../clients/oauth.js";
import type { Config } from "../core/config.js";
import type { Env } from "../core/env.js";
import { messageOf, OdeusError } from "../core/errors.js";
import type { AuthorizationServer, Finding, IssuedSecret, ProbeAnswer, RegisteredClient } from "./contract.js";
import { tokenUrlOf, vendorOf } from "./presets.js";
import { BY_HAND, clientCredentialsProbe, pairedProbe } from "./probes.js";

export interface ExistingOptions {
  clientId: string;
  tenantId: string | undefined;
  issuer: string | undefined;
  authorizationUrl: string | undefined;
  tokenUrl: string | undefined;
  config: Config;
  env: Env;
  limits: HttpLimits;
}

export function createExistingServer(options: ExistingOptions): AuthorizationServer {
  const { clientId, tenantId, authorizationUrl, config, env, limits } = options;
  const client: RegisteredClient = { clientId, objects: {}, ...(tenantId === undefined ? {} : { tenantId }) };
  const unproven = (property: Finding["property"], detail: string): Finding => ({ property, state: "unproven", detail });

  return {
    kind: "existing",
    secrets: "given",
    title: `client ${clientId}`,
    acceptances: 1,
    markPlace: "none",
    hasEndpoints: authorizationUrl !== undefined && options.tokenUrl !== undefined,
    endpoints: () => (authorizationUrl === undefined || options.tokenUrl === undefined ? undefined : { authorizationUrl, tokenUrl: options.tokenUrl }),
    slotTenant: () => tenantId,
    prepare: async () => ({ warnings: [] }),
    find: async () => undefined,
    // A hand-made client has no field that we could read, so nobody can say whose it is.
    lookUp: async () => undefined,
    recall: async () => client,
    register: async () => client,
    complete: async () => client,
    converge: async () => client,
    addSecret: async (): Promise<IssuedSecret> => {
      throw new OdeusError(`client ${clientId} was made by hand: nobody but its owner can issue a secret for it`);
    },
    removeSecret: async () => undefined,
    markedSecrets: async () => [],

    async probe(_client, clientSecret, wish): Promise<ProbeAnswer> {
      const vendor = vendorOf(clientId, wish.integrations);
      const probe = { clientId, clientSecret, env, limits };
      // A made-up code proves nothing at Microsoft, which looks at the code's form first; a token for the client alone does.
      if (vendor === "microsoft" && options.tokenUrl === undefined && tenantId !== undefined) {
        return clientCredentialsProbe({ ...probe, tokenUrl: tokenUrlOf(vendor, config, tenantId) }, `${new URL(cloudOf(config).graph).origin}/.default`);
      }
      if (vendor === "microsoft" && options.tokenUrl === undefined) {
        return {
          verdict: "inconclusive",
          method: "none",
          detail: `Microsoft proves a client only with its tenant; set existing.tenantId to have it proven. ${BY_HAND}`,
        };
      }
      const unknown = (why: string): ProbeAnswer => ({ verdict: "unavailable", method: "none", detail: `${why} ${BY_HAND}` });
      let tokenUrl = options.tokenUrl;
      if (tokenUrl === undefined && options.issuer !== undefined) {
        try {
          tokenUrl = await discoverTokenUrl(options.issuer, env, limits);
        } catch (error) {
          if (env.signal.aborted) throw error;
          return unknown(`The metadata of ${options.issuer} could not be used: ${messageOf(error)}`);
        }
      }
      tokenUrl ??= vendor === undefined ? undefined : tokenUrlOf(vendor, config, tenantId);
      if (tokenUrl === undefined) return unknown("No token endpoint is known for this client; set existing.tokenUrl to have it proven.");
      return pairedProbe({ ...probe, tokenUrl });
    },

    observe: async () => ({
      exists: true,
      drift: [],
      notes: [],
      settings: {},
      findings: [
        unproven("redirectUrl", "the authorization server lets nobody read the registered redirect URLs"),
        unproven("scopes", "the authorization server lets nobody read the registered scopes"),
        unproven("consent", "users consent when they connect"),
      ],
    }),
    successor: async () => undefined,
    delete: async () => undefined,
    outputs: () => ({}),
  };
}
