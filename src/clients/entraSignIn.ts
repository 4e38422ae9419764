/** Signs in to Microsoft Entra by @azure/identity, which is loaded only when something really needs a token. */

import { createRequire } from "node:module";
import * as path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { TokenCredential } from "@azure/identity";
import type { Config } from "../core/config.js";
import type { Env } from "../core/env.js";
import { ConfigError, NotConfiguredError, OdeusError, RemoteError } from "../core/errors.js";
import { Secret } from "../core/secret.js";
import { untilStopped } from "../core/wait.js";
import { type HttpLimits, requireSafeUrl } from "./http.js";
import { nextDelay } from "./retryAfter.js";
import { lostOn, passing, type Wire, watched } from "./signInWire.js";

/** Sign-in hosts and Graph roots of the national clouds (names as azuread users know them). */
const CLOUDS: Readonly<Record<string, { authority: string; graph: string }>> = {
  public: { authority: "https://login.microsoftonline.com", graph: "https://graph.microsoft.com/v1.0" },
  usgovernment: { authority: "https://login.microsoftonline.us", graph: "https://graph.microsoft.us/v1.0" },
  china: { authority: "https://login.chinacloudapi.cn", graph: "https://microsoftgraph.chinacloudapi.cn/v1.0" },
};

export interface Cloud {
  /** Without a slash at the end. */
  authority: string;
  /** Graph root with its version, without a slash at the end. */
  graph: string;
}

/** Who signed in, as the token says. */
export interface SignedIn {
  token: Secret;
  tenantId: string | undefined;
  /** Name or client id of the identity, for messages. */
  identity: string;
}

export function cloudOf(config: Config): Cloud {
  const cloud = knownCloud(config);
  if (cloud !== undefined) return cloud;
  throw new ConfigError(`entra.environment (ARM_ENVIRONMENT) is "${config.text("entraEnvironment")}"; it must be one of ${Object.keys(CLOUDS).join(", ")}.`);
}

/** For what may have nothing to do with Entra: undefined where the environment, which other providers read too, names a cloud that is not known here. */
export function knownCloud(config: Config): Cloud | undefined {
  const cloud = CLOUDS[(config.text("entraEnvironment") ?? "public").toLowerCase()];
  if (cloud === undefined) return undefined;
  const bare = (url: string): string => url.replace(/\/+$/, "");
  return { authority: bare(config.text("entraAuthority") ?? cloud.authority), graph: bare(config.text("entraGraph") ?? cloud.graph) };
}

interface Session {
  signedIn: SignedIn;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** One session per configuration and tenant, shared by all resources, also while the first of them is still signing in. */
const sessions = new WeakMap<Config, Map<string, Promise<Session>>>();
/** A token is replaced this long before it ends, so that no call arrives with one that has just ended. */
const MARGIN_MS = 300_000;

export async function signIn(config: Config, tenantId: string | undefined, env: Env, limits: HttpLimits): Promise<SignedIn> {
  const cloud = cloudOf(config);
  requireSafeUrl(cloud.authority, "entra.authorityHost");
  const known = sessions.get(config) ?? new Map<string, Promise<Session>>();
  sessions.set(config, known);
  const key = tenantId ?? "";
  const open = (): Promise<Session> => {
    const opening = openSession(config, cloud, tenantId, env, limits);
    known.set(key, opening);
    opening.catch(() => known.delete(key));
    return opening;
  };
  const session = await untilStopped(known.get(key) ?? open(), env.signal);
  if (session.expiresAt - MARGIN_MS > env.now().getTime()) return session.signedIn;
  return (await untilStopped(open(), env.signal)).signedIn;
}

/** Signs in anew next time: the token was refused before its time. */
export function forgetSession(config: Config, tenantId: string | undefined): void {
  sessions.get(config)?.delete(tenantId ?? "");
}

async function openSession(config: Config, cloud: Cloud, tenantId: string | undefined, env: Env, limits: HttpLimits): Promise<Session> {
  const startedAt = env.now().getTime();
  for (let tries = 1; ; tries += 1) {
    const wire: Wire = {};
    try {
      // A new credential for every try: the library remembers throttling and refuses by itself from then on.
      const answer = await createCredential(await loadIdentity(), config, cloud, tenantId, watched(wire, limits)).getToken(
        `${new URL(cloud.graph).origin}/.default`,
      );
      if (answer === null) throw new Error("no token");
      return { signedIn: readToken(new Secret(answer.token)), expiresAt: answer.expiresOnTimestamp };
    } catch (error) {
      if (error instanceof OdeusError) throw error;
      if (config.text("entraClientId") === undefined && error instanceof Error && UNAVAILABLE.has(error.name)) {
        throw new NotConfiguredError(
          "no credentials for Microsoft Entra: set ARM_TENANT_ID, ARM_CLIENT_ID and ARM_CLIENT_SECRET (or ARM_USE_OIDC and ARM_OIDC_TOKEN), or sign in with `az login`.",
        );
      }
      const now = env.now();
      const delay = nextDelay(tries, wire.retryAfter, now, env.random());
      if (!passing(wire) || now.getTime() - startedAt + delay > limits.retryMs) {
        const host = new URL(cloud.authority).host;
        throw refusal(error, host, tenantId, wire, lostOn(wire, host, limits, tries, now));
      }
      // Not the operation's own sleep: others wait for this session too.
      await wait(delay, undefined, { ref: false });
    }
  }
}

/** Errors by which @azure/identity says that its chain found nothing to sign in with. */
const UNAVAILABLE = new Set(["CredentialUnavailableError", "AggregateAuthenticationError", "ChainedTokenCredentialAuthenticationFailed"]);

function createCredential(identity: Identity, config: Config, cloud: Cloud, tenantId: string | undefined, wire: ReturnType<typeof watched>): TokenCredential {
  // A host of one's own is no public cloud, and asking the public one about it would fail.
  const options = { ...wire, authorityHost: cloud.authority, disableInstanceDiscovery: config.text("entraAuthority") !== undefined };
  const clientId = config.text("entraClientId");
  const secret = config.secret("entraClientSecret");
  const oidc = config.text("entraUseOidc") === "true" ? config.secret("entraOidcToken") : undefined;
  if (clientId !== undefined && (secret !== undefined || oidc !== undefined)) {
    if (tenantId === undefined) throw new ConfigError("no tenant: set entra.tenantId on the resource, odeus:entra.tenantId, or ARM_TENANT_ID.");
    if (oidc !== undefined) return new identity.ClientAssertionCredential(tenantId, clientId, async () => oidc.open(), options);
    if (secret !== undefined) return new identity.ClientSecretCredential(tenantId, clientId, secret.open(), options);
  }
  return new identity.DefaultAzureCredential({ ...options, ...(tenantId === undefined ? {} : { tenantId }) });
}

type Identity = typeof import("./azureIdentity.js");

/** The plugin's own copy, the package beside ours, or the one in the project that Pulumi runs in. */
async function loadIdentity(): Promise<Identity> {
  const fromProject = (): Identity => createRequire(path.join(process.cwd(), "_.js"))("@azure/identity") as Identity;
  try {
    return await import("./azureIdentity.js").catch(fromProject);
  } catch {
    throw new ConfigError(
      "signing in to Microsoft Entra needs the package @azure/identity: run `npm install @azure/identity@4.13` in the project (or beside the plugin).",
    );
  }
}

function readToken(token: Secret): SignedIn {
  const payload = token.open().split(".")[1];
  let claims: Record<string, unknown> = {};
  try {
    claims = payload === undefined ? {} : (JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Record<string, unknown>);
  } catch {
    // Access tokens are opaque by contract; what cannot be read is simply not known.
  }
  const text = (name: string): string | undefined => (typeof claims[name] === "string" ? (claims[name] as string) : undefined);
  return { token, tenantId: text("tid"), identity: text("app_displayname") ?? text("upn") ?? text("appid") ?? "the signed-in identity" };
}

/** What the numbers hint at (facts of Microsoft's sign-in error list); the decision never hangs on them. */
const HINTS: Readonly<Record<string, string>> = {
  "7000215": "The client secret of the deploying identity is wrong: check ARM_CLIENT_SECRET (the value, not its id).",
  "7000222": "The client secret of the deploying identity has expired: make a new one.",
  "700016": "The deploying identity does not exist in this tenant: check ARM_CLIENT_ID, and the tenant.",
  "700038": "That is no client id: check ARM_CLIENT_ID.",
  "90033": "Microsoft calls this passing: run again.",
  "90002": "There is no such tenant in this cloud: check the tenant id and entra.environment.",
  "7000229": "The deploying identity has no service principal in this tenant.",
};

function refusal(error: unknown, host: string, tenantId: string | undefined, wire: Wire, lost: ReturnType<typeof lostOn>): RemoteError {
  const text = error instanceof Error ? error.message : "";
  const number = wire.number ?? /AADSTS(\d+)/.exec(text)?.[1];
  const common = { service: "Microsoft Entra", operation: "signIn", host, outcome: "refused" as const };
  // The library's words for a lost exchange lead astray, or quote what came in place of an answer.
  if (lost !== undefined) return new RemoteError({ ...common, ...lost });
  return new RemoteError({
    ...common,
    said: `did not let us sign in${tenantId === undefined ? "" : ` to tenant ${tenantId}`}`,
    ...(number === undefined ? {} : { code: `AADSTS${number}` }),
    words: wire.words ?? text.split(/Trace ID|\n/)[0] ?? "",
    remedy: (number === undefined ? undefined : HINTS[number]) ?? "Set ARM_TENANT_ID, ARM_CLIENT_ID and ARM_CLIENT_SECRET, or sign in with `az login`.",
  });
}
