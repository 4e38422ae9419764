/** What is known beforehand of the vendors whose clients are made by hand: found by the integration, by the form of the client id, or by an address. */

import { cloudOf, knownCloud } from "../clients/entraSignIn.js";
import type { Config } from "../core/config.js";

export type Vendor = "google" | "atlassian" | "microsoft";

/** Slugs of built-in integrations, by the first word or words (docs/assumptions.md: the spelling is ours). */
const SLUGS: readonly [RegExp, Vendor][] = [
  [/^(google|gmail)/, "google"],
  [/^(jira|confluence|atlassian)/, "atlassian"],
  [/^(outlook|sharepoint|onedrive|excel|microsoft|planner|entra|teams)/, "microsoft"],
];

/** Where a person sees and changes what is registered. */
export const CONSOLES: Readonly<Record<Vendor, string>> = {
  google: "the Google Cloud console (APIs & Services, Credentials)",
  atlassian: "the Atlassian developer console (your app, Authorization and Permissions)",
  microsoft: "the Entra admin centre (App registrations, Authentication and API permissions)",
};

export function vendorOfSlug(slug: string): Vendor | undefined {
  return SLUGS.find(([pattern]) => pattern.test(slug))?.[1];
}

/** `builtIn`: slugs of built-in integrations. */
export function vendorOf(clientId: string, builtIn: readonly string[]): Vendor | undefined {
  if (clientId.endsWith(".apps.googleusercontent.com")) return "google";
  const vendors = new Set(builtIn.map(vendorOfSlug));
  return vendors.size === 1 ? [...vendors][0] : undefined;
}

/** Whether an address is at the sign-in host of Entra, whatever integration it is for. */
export function isEntra(url: string, config: Config): boolean {
  return partsAtEntra(url, config) !== undefined;
}

/** What stands in place of a tenant where accounts of several sign in. */
const NO_TENANT = ["", "common", "organizations", "consumers"];

/** The tenant, by its id or a domain, that an address at Entra's sign-in host names. */
export function tenantIn(url: string, config: Config): string | undefined {
  const [first = ""] = partsAtEntra(url, config) ?? [];
  return NO_TENANT.includes(first.toLowerCase()) ? undefined : first;
}

/** The parts of the path. Undefined at any other host. */
function partsAtEntra(url: string, config: Config): string[] | undefined {
  const authority = `${knownCloud(config)?.authority ?? ""}/`;
  if (!URL.canParse(authority) || !URL.canParse(url)) return undefined;
  const [root, { origin, pathname }] = [new URL(authority), new URL(url)];
  return origin === root.origin && pathname.startsWith(root.pathname) ? pathname.slice(root.pathname.length).split("/") : undefined;
}

export function tokenUrlOf(vendor: Vendor, config: Config, tenantId: string | undefined): string {
  switch (vendor) {
    case "google":
      return `${googleOf(config, "https://oauth2.googleapis.com")}/token`;
    case "atlassian":
      return `${atlassianOf(config)}/oauth/token`;
    case "microsoft":
      return `${microsoftOf(config, tenantId)}/token`;
  }
}

export function authorizationUrlOf(vendor: Vendor, config: Config, tenantId: string | undefined): string {
  switch (vendor) {
    case "google":
      return `${googleOf(config, "https://accounts.google.com")}/o/oauth2/v2/auth`;
    case "atlassian":
      return `${atlassianOf(config)}/authorize`;
    case "microsoft":
      return `${microsoftOf(config, tenantId)}/authorize`;
  }
}

const bare = (url: string): string => url.replace(/\/+$/, "");
const googleOf = (config: Config, origin: string): string => bare(config.text("googleEndpoint") ?? origin);
const atlassianOf = (config: Config): string => bare(config.text("atlassianEndpoint") ?? "https://auth.atlassian.com");
const microsoftOf = (config: Config, tenantId: string | undefined): string =>
  `${cloudOf(config).authority}/${encodeURIComponent(tenantId ?? "organizations")}/oauth2/v2.0`;
