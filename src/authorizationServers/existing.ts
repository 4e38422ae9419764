/** A client made by hand or by another resource: it is proven and entered, never changed or deleted. */

import { requestToken, type TokenAnswer } from "../clients/oauth.js";
import type { HttpLimits } from "../clients/http.js";
import type { Env } from "../core/env.js";
import { Secret } from "../core/secret.js";
import type { AuthorizationServer, Finding, IssuedSecret, ProbeAnswer, RegisteredClient } from "./contract.js";

export interface ExistingOptions {
  clientId: string;
  clientSecret: Secret | undefined;
  tenantId: string | undefined;
  /** Where to prove the client; undefined where nobody knows. */
  tokenUrl: string | undefined;
  env: Env;
  limits: HttpLimits;
}

const METHOD = "paired token request";
const BY_HAND = "Connect one user to be sure.";

export function createExistingServer(options: ExistingOptions): AuthorizationServer {
  const { clientId, clientSecret, tenantId, tokenUrl, env, limits } = options;
  const client: RegisteredClient = { clientId, objects: {}, ...(tenantId === undefined ? {} : { tenantId }) };
  const unproven = (property: Finding["property"], detail: string): Finding => ({ property, state: "unproven", detail });

  return {
    kind: "existing",
    secrets: "given",
    title: `client ${clientId}`,
    acceptances: 1,
    slotTenant: () => tenantId,
    prepare: async () => ({ warnings: [] }),
    find: async () => undefined,
    // A hand-made client has no field that we could read, so nobody can say whose it is.
    ownerOf: async () => undefined,
    recall: async () => client,
    register: async () => client,
    converge: async () => client,
    addSecret: async (): Promise<IssuedSecret> => ({ keyId: "given", value: clientSecret ?? new Secret(""), createdAt: env.now().toISOString() }),
    removeSecret: async () => undefined,
    markedSecrets: async () => [],

    /** The same request with the real secret and with a random one: only a difference proves anything (facts: verification, B3). */
    async probe(_client, secret): Promise<ProbeAnswer> {
      if (tokenUrl === undefined) return { verdict: "unavailable", method: METHOD, detail: `no token endpoint is known for this client; set existing.tokenUrl to have it proven. ${BY_HAND}` };
      // No server can have issued this code: the answer tells about the client only.
      const grant = { grant_type: "authorization_code", code: env.randomHex(48), redirect_uri: "https://localhost/", code_verifier: env.randomHex(48) };
      const ask = (clientSecretSent: Secret): Promise<TokenAnswer> => requestToken({ tokenUrl, clientId, clientSecret: clientSecretSent, grant, env, limits });
      const real = await ask(secret);
      if (real.kind === "none") return unavailable(tokenUrl, real.why);
      const random = await ask(new Secret(env.randomHex(Math.max(16, secret.open().length))));
      if (random.kind === "none") return unavailable(tokenUrl, random.why);
      return { method: METHOD, ...compared(real, random, new URL(tokenUrl).host) };
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
    delete: async () => undefined,
    outputs: () => ({}),
  };
}

function unavailable(tokenUrl: string, why: string): ProbeAnswer {
  return { verdict: "unavailable", method: METHOD, detail: `the token endpoint at ${new URL(tokenUrl).host} gave no usable answer: ${why}. ${BY_HAND}` };
}

type Answered = Extract<TokenAnswer, { kind: "answer" }>;

/** Words in which servers refuse a client; used only to tell which of two answers is the refusal, never as proof alone. */
function refusesClient(answer: Answered): boolean {
  return answer.status === 401 || ["invalid_client", "incorrect_client_credentials", "bad_client_secret", "invalid_client_id", "invalid_client_secret"].includes(answer.error ?? "");
}

export function compared(real: Answered, random: Answered, host: string): Pick<ProbeAnswer, "verdict" | "detail"> {
  const same = real.status === random.status && real.error === random.error && real.issued === random.issued;
  const said = `${real.status} ${real.error ?? (real.issued ? "a token" : "no error name")}`;
  if (!same && !refusesClient(real)) return { verdict: "accepted", detail: `${host} tells this secret from a random one, and takes it.` };
  if (same && refusesClient(real) && !real.issued) return { verdict: "rejected", detail: `${host} refuses the client id or the secret (${said}), just as it refuses a random one.` };
  if (same) return { verdict: "inconclusive", detail: `${host} gives the same answer (${said}) to this secret and to a random one, so the secret is not proven. ${BY_HAND}` };
  return { verdict: "inconclusive", detail: `${host} refuses this secret (${said}) and answers a random one otherwise, which proves nothing. ${BY_HAND}` };
}
