/** What the OAuth server reads and keeps: clients from the counterpart's store, everything else in memory. */

import type { Adapter, AdapterPayload, ClientMetadata } from "oidc-provider";
import type { OAuthServerOptions } from "./oauthServer.js";

/** Where the client of a registration without any redirect URI points to, for oidc-provider insists on one. */
const NO_REDIRECT_URI = "https://no-redirect-uri.invalid/";
/** What a client may say of its tokens beyond the standard's metadata. */
export const LIFETIMES = ["accessTokenSeconds", "refreshTokenSeconds"] as const;

/** Clients come from the counterpart's store at every look; nothing is ever written back to it. */
export function clientAdapter(options: OAuthServerOptions): Adapter {
  const nothing = async () => undefined;
  return {
    async find(id) {
      const client = await options.findClient(id);
      if (client === undefined) return undefined;
      const metadata: ClientMetadata = {
        client_id: client.clientId,
        client_name: client.name,
        client_secret: "compared by compareClientSecret",
        redirect_uris: client.redirectUris.length === 0 ? [NO_REDIRECT_URI] : client.redirectUris,
        grant_types: client.grantTypes,
        response_types: client.grantTypes.includes("authorization_code") ? ["code"] : [],
        token_endpoint_auth_method: "client_secret_post",
        id_token_signed_response_alg: "ES256",
        ...Object.fromEntries(LIFETIMES.filter((name) => client[name] !== undefined).map((name) => [name, client[name]])),
      };
      return metadata as AdapterPayload;
    },
    upsert: nothing,
    findByUserCode: nothing,
    findByUid: nothing,
    consume: nothing,
    destroy: nothing,
    revokeByGrantId: nothing,
  };
}

export interface StoredEntry {
  payload: AdapterPayload;
  expiresAt: number;
}

/** Codes, tokens, sessions and grants, for as long as the process lives. */
export function memoryAdapter(stored: Map<string, Map<string, StoredEntry>>, model: string): Adapter {
  const entries = stored.get(model) ?? new Map<string, StoredEntry>();
  stored.set(model, entries);
  const live = (entry: StoredEntry | undefined) => (entry !== undefined && entry.expiresAt > Date.now() ? entry.payload : undefined);
  return {
    async upsert(id, payload, expiresIn) {
      entries.set(id, { payload, expiresAt: expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000 });
    },
    find: async (id) => live(entries.get(id)),
    findByUid: async (uid) => live([...entries.values()].find(({ payload }) => payload.uid === uid)),
    findByUserCode: async () => undefined,
    async consume(id) {
      const entry = entries.get(id);
      if (entry !== undefined) entry.payload = { ...entry.payload, consumed: Math.floor(Date.now() / 1000) };
    },
    async destroy(id) {
      entries.delete(id);
    },
    async revokeByGrantId(grantId) {
      for (const [id, { payload }] of entries) if (payload.grantId === grantId) entries.delete(id);
    },
  };
}
