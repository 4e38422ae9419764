/** Token endpoints of the vendors whose clients are made by hand, found by the integration or by the form of the client id. */

import { cloudOf } from "../clients/entraSignIn.js";
import type { Config } from "../core/config.js";

export type Vendor = "google" | "atlassian" | "microsoft";

/** Slugs of built-in integrations, by the first word or words (docs/assumptions.md: the spelling is ours). */
const SLUGS: readonly [RegExp, Vendor][] = [
  [/^(google|gmail)/, "google"],
  [/^(jira|confluence|atlassian)/, "atlassian"],
  [/^(outlook|sharepoint|onedrive|excel|microsoft|planner|entra|teams)/, "microsoft"],
];

export function vendorOf(clientId: string, integrations: readonly string[]): Vendor | undefined {
  if (clientId.endsWith(".apps.googleusercontent.com")) return "google";
  const vendors = new Set(integrations.map((slug) => SLUGS.find(([pattern]) => pattern.test(slug))?.[1]));
  return vendors.size === 1 ? [...vendors][0] : undefined;
}

export function tokenUrlOf(vendor: Vendor, config: Config, tenantId: string | undefined): string {
  const bare = (url: string): string => url.replace(/\/+$/, "");
  switch (vendor) {
    case "google":
      return `${bare(config.text("googleEndpoint") ?? "https://oauth2.googleapis.com")}/token`;
    case "atlassian":
      return `${bare(config.text("atlassianEndpoint") ?? "https://auth.atlassian.com")}/oauth/token`;
    case "microsoft":
      return `${cloudOf(config).authority}/${encodeURIComponent(tenantId ?? "organizations")}/oauth2/v2.0/token`;
  }
}
