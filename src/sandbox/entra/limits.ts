/** Limits on app registrations that depend on who may sign in (Microsoft's own table by signInAudience). Checked on the whole object after a write. */

import { badRequest } from "./graphErrors.js";

const AUDIENCES = ["AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"];

interface Limits {
  redirectUris: number;
  displayName: number;
  permissions: number;
  permissionsPerApi: number;
  secrets: number;
  queryAllowed: boolean;
}

// 1000 stands for "about 1000 items over all collections".
const ORGANISATIONS: Limits = { redirectUris: 256, displayName: 120, permissions: 400, permissionsPerApi: 400, secrets: 1000, queryAllowed: true };
const PERSONAL: Limits = { redirectUris: 100, displayName: 90, permissions: 200, permissionsPerApi: 30, secrets: 2, queryAllowed: false };

export function limitsOf(signInAudience: unknown): Limits {
  return String(signInAudience).includes("Personal") ? PERSONAL : ORGANISATIONS;
}

const invalid = (property: string, why: string) => badRequest(`Invalid value specified for property '${property}' of resource 'Application': ${why}.`);

interface CheckedApplication {
  displayName?: unknown;
  description?: unknown;
  signInAudience?: unknown;
  tags?: string[];
  web?: { redirectUris?: string[] };
  spa?: { redirectUris?: string[] };
  publicClient?: { redirectUris?: string[] };
  api?: { requestedAccessTokenVersion?: unknown };
  requiredResourceAccess?: { resourceAppId?: string; resourceAccess?: { id?: string; type?: string | null }[] }[];
}

export function checkApplication(application: Record<string, unknown>): void {
  const { displayName, description, signInAudience, tags = [], web, spa, publicClient, api, requiredResourceAccess = [] } = application as CheckedApplication;
  if (!AUDIENCES.includes(String(signInAudience))) throw invalid("signInAudience", `one of ${AUDIENCES.join(", ")} is expected`);
  const limits = limitsOf(signInAudience);
  if (typeof displayName !== "string" || displayName === "") throw badRequest("A value is required for property 'displayName' of resource 'Application'.");
  if (displayName.length > limits.displayName) throw invalid("displayName", `more than ${limits.displayName} characters`);
  if (typeof description === "string" && description.length > 1024) throw invalid("description", "more than 1024 characters");
  checkTags(tags);
  const redirectUris = [web, spa, publicClient].flatMap((platform) => platform?.redirectUris ?? []);
  if (redirectUris.length > limits.redirectUris) throw invalid("redirectUris", `more than ${limits.redirectUris} redirect URIs`);
  if (new Set(web?.redirectUris).size !== (web?.redirectUris ?? []).length) throw invalid("redirectUris", "a redirect URI is given twice");
  for (const uri of web?.redirectUris ?? []) checkRedirectUri(uri, limits);
  checkPermissions(requiredResourceAccess, limits);
  if (limits === PERSONAL && api?.requestedAccessTokenVersion !== 2) {
    throw invalid("api.requestedAccessTokenVersion", "2 is required for applications of personal accounts");
  }
}

function checkTags(tags: string[]): void {
  if (new Set(tags).size !== tags.length) throw invalid("tags", "a tag is given twice");
  for (const tag of tags) if (tag.length < 1 || tag.length > 256 || /\s/.test(tag)) throw invalid("tags", "a tag has 1 to 256 characters and no white space");
}

function checkRedirectUri(uri: string, { queryAllowed }: Limits): void {
  const refuse = (why: string) => invalid("redirectUris", `${uri.slice(0, 300)}: ${why}`);
  if (uri.length > 256) throw refuse("more than 256 characters");
  // The vendor refuses ! $ ' ( ) , and ; by name; wildcards and fragments are refused for new registrations.
  if (/[!$'(),;*#\s]/.test(uri)) throw refuse("a character that is not allowed");
  if (!URL.canParse(uri)) throw refuse("not an absolute URI");
  const url = new URL(uri);
  const loopback = url.hostname === "localhost" || url.hostname === "127.0.0.1";
  if (url.protocol !== "https:" && !(url.protocol === "http:" && loopback)) throw refuse("must start with https, or http://localhost");
  if (url.search !== "" && !queryAllowed) throw refuse("no query string for applications of personal accounts");
}

function checkPermissions(access: NonNullable<CheckedApplication["requiredResourceAccess"]>, limits: Limits): void {
  if (access.length > 50) throw invalid("requiredResourceAccess", "more than 50 APIs");
  const counts = access.map(({ resourceAccess = [] }) => resourceAccess.length);
  if (counts.reduce((sum, count) => sum + count, 0) > limits.permissions)
    throw invalid("requiredResourceAccess", `more than ${limits.permissions} permissions`);
  if (counts.some((count) => count > limits.permissionsPerApi))
    throw invalid("requiredResourceAccess", `more than ${limits.permissionsPerApi} permissions of one API`);
  for (const { resourceAppId, resourceAccess = [] } of access) {
    if (resourceAppId === undefined) throw invalid("requiredResourceAccess", "resourceAppId is required");
    for (const { id, type } of resourceAccess)
      if (id === undefined || (type !== "Scope" && type !== "Role"))
        throw invalid("requiredResourceAccess", "each permission has an id and the type Scope or Role");
  }
}
