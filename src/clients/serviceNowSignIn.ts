/** Which ServiceNow instance is meant, and who signs in to its API. */

import type { Config } from "../core/config.js";
import { ConfigError, NotConfiguredError } from "../core/errors.js";
import type { Secret } from "../core/secret.js";
import { requireSafeUrl } from "./http.js";
import { hostList, type Reach } from "./privateNetwork.js";

export type ServiceNowSignIn = { username: string; password: Secret } | { token: Secret };

const SUBDOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i;

/** Origin of an instance, named by its subdomain or by its whole address; without a name, the configured one. */
export function instanceUrl(config: Config, instance: string | undefined): string {
  const named = instance ?? config.text("serviceNowInstance");
  if (named === undefined)
    throw new NotConfiguredError("no ServiceNow instance: set serviceNow.instance on the resource, odeus:serviceNow.instance, or SERVICENOW_INSTANCE.");
  const endpoint = config.text("serviceNowEndpoint");
  if (endpoint !== undefined) return requireSafeUrl(endpoint, "endpoints.serviceNow").origin;
  return requireSafeUrl(addressOf(named), "serviceNow.instance").origin;
}

/** Odeus calls an instance over the public internet. Undefined: it is a sandbox's, by its endpoint. */
export function instanceReach(config: Config): Reach | undefined {
  if (config.text("serviceNowEndpoint") !== undefined) return undefined;
  return { what: "serviceNow.instance (Odeus reaches no instance on premises)", privateHosts: hostList(config.text("privateHosts")) };
}

/** Origin of an instance as the program names it; undefined where that is none. */
export function instanceOrigin(named: string): string | undefined {
  const address = addressOf(named);
  return URL.canParse(address) ? new URL(address).origin : undefined;
}

function addressOf(named: string): string {
  if (SUBDOMAIN.test(named)) return `https://${named}.service-now.com`;
  // A bare word with other characters is no host either: left alone, it is refused.
  return named.includes(".") && !named.includes("://") ? `https://${named}` : named;
}

/** A token comes before a password, as the narrower of the two. */
export function serviceNowSignIn(config: Config): ServiceNowSignIn {
  const token = config.secret("serviceNowToken");
  if (token !== undefined) return { token };
  const [username, password] = [config.text("serviceNowUsername"), config.secret("serviceNowPassword")];
  if (username === undefined || password === undefined)
    throw new NotConfiguredError(
      "no credentials for ServiceNow: set SERVICENOW_USERNAME and SERVICENOW_PASSWORD, or SERVICENOW_TOKEN. The user needs the role oauth_admin.",
    );
  // RFC 7617, section 2: the first colon ends the name.
  if (username.includes(":")) throw new ConfigError("serviceNow.username (SERVICENOW_USERNAME) must not hold a colon.");
  return { username, password };
}

export function authorizationOf(signIn: ServiceNowSignIn): string {
  if ("token" in signIn) return `Bearer ${signIn.token.open()}`;
  return `Basic ${Buffer.from(`${signIn.username}:${signIn.password.open()}`).toString("base64")}`;
}
