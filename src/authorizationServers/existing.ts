/** A client made by hand or by another resource: it is proven and entered, never changed or deleted. */

import { cloudOf } from "../clients/entraSignIn.js";
import { type HttpLimits, requireSafeUrl } from "../clients/http.js";
import type { Authentication, Endpoint } from "../clients/oauth.js";
import { readMetadata, type ServerMetadata } from "../clients/oauthMetadata.js";
import { hostList, PrivateNetworkError, requirePublic } from "../clients/privateNetwork.js";
import type { Config } from "../core/config.js";
import type { Env } from "../core/env.js";
import { ConfigError, messageOf, OdeusError } from "../core/errors.js";
import type { Secret } from "../core/secret.js";
import { formProblems, formWarnings, ONE_CALLBACK, sharedWarning } from "./clientForms.js";
import type { AuthorizationServer, Check, ClientWish, Finding, IssuedSecret, ProbeAnswer, RegisteredClient } from "./contract.js";
import { authorizationUrlOf, CONSOLES, isEntra, tenantIn, tokenUrlOf, type Vendor, vendorOf } from "./presets.js";
import { BY_HAND, clientCredentialsProbe, type Probe, pairedProbe, pushedProbe } from "./probes.js";
import { useProbes } from "./useProbes.js";

export interface ExistingOptions {
  clientId: string;
  /** Undefined: none is given, or it is not known yet. */
  clientSecret: string | undefined;
  tenantId: string | undefined;
  issuer: string | undefined;
  authorizationUrl: string | undefined;
  tokenUrl: string | undefined;
  config: Config;
  env: Env;
  limits: HttpLimits;
  /** The URN of another resource with the same client, where people have not been told of the two. */
  sharer: (clientId: string) => string | undefined;
}

/** How long Microsoft may refuse what was just made; 4 to 18 seconds were reported for a secret. */
const FRESH_MS = 30_000;
/** Parts of that time between one try and the next: each try with a secret that is wrong stands in the tenant's sign-in log. */
const PAUSES = [1 / 6, 1 / 3, 1 / 2];

/** Where the server can be asked. */
interface Endpoints {
  token: Endpoint | undefined;
  authorization: Endpoint | undefined;
  pushed: Endpoint | undefined;
  /** Undefined: nobody knows. */
  authentication: Authentication | undefined;
  /** Why the metadata that the program names is of no use. */
  problem?: string;
}

const isRejected = ({ verdict }: ProbeAnswer): boolean => verdict === "rejected";

export function createExistingServer(options: ExistingOptions): AuthorizationServer {
  const { clientId, clientSecret: given, tenantId, issuer, authorizationUrl, tokenUrl, config, env, limits } = options;
  const client: RegisteredClient = { clientId, objects: {}, ...(tenantId === undefined ? {} : { tenantId }) };
  const atEntra = (url: string | undefined): boolean => url !== undefined && isEntra(url, config);
  /** The server's own address tells more than the name of an integration. */
  const vendorFor = (wish: ClientWish): Vendor | undefined => (atEntra(tokenUrl ?? issuer) ? "microsoft" : vendorOf(clientId, wish.builtIn));
  const privateHosts = hostList(config.text("privateHosts"));
  const named = (what: string, url: string | undefined): Endpoint | undefined => (url === undefined ? undefined : { url, reach: { what, privateHosts } });

  let asked: Promise<ServerMetadata | string> | undefined;
  /** The reason as text where the metadata is of no use. */
  const metadata = (url: string): Promise<ServerMetadata | string> =>
    (asked ??= readMetadata(url, privateHosts, env, limits).catch((error: unknown) => {
      if (env.signal.aborted || error instanceof PrivateNetworkError) throw error;
      return `The metadata of ${url} could not be used: ${messageOf(error)}`;
    }));

  async function endpointsFor(wish: ClientWish): Promise<Endpoints> {
    const vendor = vendorFor(wish);
    const read = issuer === undefined ? undefined : await metadata(issuer);
    const told = typeof read === "object" ? read : undefined;
    const preset = (url: typeof tokenUrlOf): Endpoint | undefined =>
      vendor === undefined || issuer !== undefined ? undefined : { url: url(vendor, config, tenantId) };
    const token = named("existing.tokenUrl", tokenUrl) ?? told?.token ?? preset(tokenUrlOf);
    return {
      token,
      authorization: named("existing.authorizationUrl", authorizationUrl) ?? told?.authorization ?? preset(authorizationUrlOf),
      pushed: told?.pushed,
      // Only of a vendor's own endpoint is it known that it takes the secret in the body.
      authentication: told?.authentication ?? (token?.reach === undefined ? "post" : undefined),
      ...(typeof read === "string" ? { problem: read } : {}),
    };
  }

  /** At Microsoft, what another resource has just made is refused for seconds, seldom for longer. */
  async function whileFresh<T>(refused: (answer: T) => boolean, ask: () => Promise<T>): Promise<T> {
    const budgetMs = Math.min(FRESH_MS, config.seconds("verifySeconds", 300) * 1000);
    let answer = await ask();
    for (const part of PAUSES) {
      if (!refused(answer)) break;
      await env.sleep(budgetMs * part);
      answer = await ask();
    }
    return answer;
  }

  const throughTenant = (probe: Probe): Promise<ProbeAnswer> =>
    whileFresh(isRejected, () => clientCredentialsProbe(probe, `${new URL(cloudOf(config).graph).origin}/.default`));

  const probing = (endpoint: Endpoint, clientSecret: Secret, authentication: Authentication | undefined): Probe => ({
    endpoint,
    clientId,
    clientSecret,
    authentication,
    env,
    limits,
  });

  return {
    kind: "existing",
    secrets: "given",
    title: `client ${clientId}`,
    acceptances: 1,
    markPlace: "none",
    hasEndpoints: authorizationUrl !== undefined && tokenUrl !== undefined,
    endpoints: () => (authorizationUrl === undefined || tokenUrl === undefined ? undefined : { authorizationUrl, tokenUrl }),
    slotTenant: () => tenantId,
    async prepare(wish) {
      for (const [name, url] of Object.entries({ issuer, authorizationUrl, tokenUrl }))
        if (url !== undefined) requirePublic(requireSafeUrl(url, `existing.${name}`), { what: `existing.${name}`, privateHosts });
      // By now the integrations that the program names by their ids have their slugs.
      const problems = formProblems({ clientId, clientSecret: given }, wish.builtIn);
      if (problems.length > 0) throw new ConfigError(problems.join("\n  "));
      const other = vendorFor(wish) === "atlassian" ? options.sharer(clientId) : undefined;
      return { warnings: [...formWarnings(wish.builtIn), ...(other === undefined ? [] : [sharedWarning(wish.builtIn, other)])] };
    },
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
      const { token, pushed, authentication, problem } = await endpointsFor(wish);
      // A made-up code proves nothing at Microsoft, which looks at the code's form first; a token for the client alone does.
      if (token !== undefined && atEntra(token.url)) {
        const url = [token.url, tokenUrlOf("microsoft", config, tenantId)].find((one) => tenantIn(one, config) !== undefined);
        if (url !== undefined) return throughTenant(probing({ ...token, url }, clientSecret, authentication));
        const remedy = tokenUrl === undefined ? "set existing.tenantId" : "name it in existing.tokenUrl";
        const detail = `Microsoft proves a client only with its tenant; ${remedy} to have it proven. ${BY_HAND}`;
        return { verdict: "inconclusive", method: "none", detail };
      }
      const [redirectUrl] = wish.redirectUrls;
      if (pushed !== undefined && redirectUrl !== undefined) {
        const answer = await pushedProbe(probing(pushed, clientSecret, authentication), { redirectUrl, scopes: wish.scopes });
        if (answer !== undefined) return answer;
      }
      // Without a redirect URL, any will do: then no integration uses the client.
      if (token !== undefined) return pairedProbe(probing(token, clientSecret, authentication), redirectUrl ?? "https://localhost/");
      const why = problem ?? "No token endpoint is known for this client; set existing.tokenUrl to have it proven.";
      return { verdict: "unavailable", method: "none", detail: `${why} ${BY_HAND}` };
    },

    async probeUse(_client, secret, wish) {
      const { authorization, pushed, authentication } = await endpointsFor(wish);
      const ready = pushed === undefined || secret === undefined ? undefined : probing(pushed, secret, authentication);
      const ask = (): Promise<Check[]> => useProbes({ clientId, env, limits, authorization, pushed: ready }, wish);
      const checks = atEntra(authorization?.url) ? await whileFresh((answers) => answers.some(isRejected), ask) : await ask();
      if (vendorFor(wish) !== "atlassian") return checks;
      return checks.map((check) => (check.property === "redirectUrl" && isRejected(check) ? { ...check, detail: `${check.detail} ${ONE_CALLBACK}` } : check));
    },

    async observe(_client, _mark, wish) {
      const vendor = vendorFor(wish);
      const place = vendor === undefined ? "the app" : CONSOLES[vendor];
      const byAdministrator = vendor === "microsoft" ? `, and where they may not, an administrator grants it in ${place}` : "";
      const unproven = (property: Finding["property"], detail: string): Finding => ({ property, state: "unproven", detail });
      const findings = [
        unproven("redirectUrl", `Nobody can read the registered redirect URLs: compare them in ${place} with the output redirectUrls, to the letter.`),
        unproven("scopes", `Nobody can read the registered scopes: compare them in ${place} with the output effectiveScopes; upper and lower case count.`),
        unproven("consent", `Whether people may consent shows when one connects${byAdministrator}: connect one user.`),
      ];
      return { exists: true, drift: [], notes: [], settings: {}, findings };
    },
    successor: async () => undefined,
    delete: async () => undefined,
    outputs: () => ({}),
  };
}
