/** Forms of the ids and secrets that vendors give out, and what looks like one and is none. Pure, for check. */

import { type Vendor, vendorOfSlug } from "./presets.js";

/** What a program says of a hand-made client; undefined where nothing is said, or nothing is known yet. */
export interface Given {
  clientId: string | undefined;
  clientSecret: string | undefined;
}

/** Early ids have no second part. Desktop and mobile clients have the same form, so only the console tells those apart. */
const GOOGLE_ID = /^\d+(-[\w-]+)?\.apps\.googleusercontent\.com$/i;
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const MAKE_ONE =
  'Make a client in the Google Cloud console (APIs & Services, Credentials, OAuth client ID) of the type "Web application"; its id ends in .apps.googleusercontent.com.';

/** Reasons, each starting with the path of the property and never with a value. `builtIn`: slugs of built-in integrations. */
export function formProblems({ clientId, clientSecret }: Given, builtIn: readonly string[]): string[] {
  const vendors = new Set(builtIn.map(vendorOfSlug));
  const forVendor = (vendor: Vendor): boolean => vendors.has(vendor);
  const google = clientId !== undefined && forVendor("google") && !GOOGLE_ID.test(clientId) ? googleProblem(clientId) : undefined;
  const swapped =
    clientSecret === undefined
      ? undefined
      : clientSecret === clientId
        ? "is the same text as existing.clientId"
        : forVendor("microsoft") && GUID.test(clientSecret)
          ? "has the form of an id: Entra shows a secret's id beside its value, and the value is meant, which it shows once"
          : undefined;
  return [
    ...(google === undefined ? [] : [`existing.clientId: ${google} ${MAKE_ONE}`]),
    ...(swapped === undefined ? [] : [`existing.clientSecret: ${swapped}`]),
  ];
}

function googleProblem(clientId: string): string {
  // The id that IAM generates is a GUID; its resource name is the other output that people take.
  if (GUID.test(clientId) || /(^|\/)oauthClients\//.test(clientId))
    return "is that of a gcp.iam.OauthClient, which signs in users of workforce identity federation to Google Cloud and cannot serve Gmail, Drive or Calendar.";
  if (/^com\.googleusercontent\.apps\./i.test(clientId)) return "is the URL scheme of a mobile client, which has no secret.";
  if (/(^\d+$)|\.gserviceaccount\.com$/i.test(clientId)) return "is a service account's, with which no user can sign in.";
  return "is not of the form of a Google web-application client (a gcp.iam.OauthClient cannot serve Gmail, Drive or Calendar).";
}

export const ONE_CALLBACK = "An Atlassian app has one callback URL: users can connect to one integration only. Make an app for each, and a resource for each.";

export const atlassianOnly = (builtIn: readonly string[]): string[] => builtIn.filter((slug) => vendorOfSlug(slug) === "atlassian");

/** `other`: the URN of the resource that has the same app. */
export function sharedWarning(builtIn: readonly string[], other: string): string {
  return `${builtIn.join(" and ")} shares its Atlassian app with the resource ${other.split("::").pop()}. ${ONE_CALLBACK}`;
}

/** Sentences for a client that works, and not for everything it is declared for. */
export function formWarnings(builtIn: readonly string[]): string[] {
  const atlassian = atlassianOnly(builtIn);
  if (atlassian.length < 2) return [];
  return [`${atlassian.join(" and ")} share one Atlassian app. ${ONE_CALLBACK}`];
}
