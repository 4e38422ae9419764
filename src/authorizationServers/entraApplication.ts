/** How an Entra app registration is written and compared: tags, redirect URLs, permissions, and what others added to them. */

import { type Application, type ApplicationBody, MICROSOFT_GRAPH_APP_ID, type PasswordCredential, type RequiredResourceAccess } from "../clients/graph.js";
import { isMarkTag, type Mark, tagsOf } from "../core/mark.js";
import { converged, minus, sameSet, union } from "../core/sets.js";
import type { ClientWish, Sighting } from "./contract.js";

/** Vendor settings of the app, as the program gives them. */
export interface EntraSettings {
  displayName: string;
  /** Left out, an app made here has the standard, and one that others made keeps its own. */
  signInAudience?: string;
  logo?: { hash: string; content: () => Promise<Buffer> };
  homepageUrl?: string;
  privacyStatementUrl?: string;
  termsOfServiceUrl?: string;
  notes?: string;
  grantAdminConsent: boolean;
  secretLifetimeDays: number;
  purgeOnDestroy: boolean;
}

/** The audience of an app made here for which the program names none. */
export const STANDARD_AUDIENCE = "AzureADMyOrg";

/** Whose accounts may sign in. `standing`: the audience of an app that others made, as it was last seen. */
export function audienceOf({ signInAudience }: EntraSettings, standing: string | undefined): string {
  return signInAudience ?? standing ?? STANDARD_AUDIENCE;
}

/** The permissions of Microsoft Graph with these ids, as one entry. */
function access(scopeIds: readonly string[]): RequiredResourceAccess {
  return { resourceAppId: MICROSOFT_GRAPH_APP_ID, resourceAccess: scopeIds.map((id) => ({ id, type: "Scope" })) };
}

export function scopeIdsOf(application: Application): string[] {
  const entry = application.requiredResourceAccess.find((required) => required.resourceAppId === MICROSOFT_GRAPH_APP_ID);
  return (entry?.resourceAccess ?? []).filter(({ type }) => type === "Scope").map(({ id }) => id);
}

/** Everything that a new app gets in its one creating call. */
export function newBody(settings: EntraSettings, mark: Mark, wish: ClientWish, scopeIds: readonly string[]): ApplicationBody {
  return {
    displayName: settings.displayName,
    signInAudience: audienceOf(settings, undefined),
    notes: settings.notes ?? null,
    tags: tagsOf(mark),
    web: { redirectUris: wish.redirectUrls, homePageUrl: settings.homepageUrl ?? null },
    info: { privacyStatementUrl: settings.privacyStatementUrl ?? null, termsOfServiceUrl: settings.termsOfServiceUrl ?? null },
    requiredResourceAccess: [access(scopeIds)],
    ...(takesPersonalAccounts(settings) ? { api: { requestedAccessTokenVersion: PERSONAL_TOKENS } } : {}),
  };
}

/** Version of access tokens, which Graph demands of apps for personal accounts and leaves to all others. */
const PERSONAL_TOKENS = 2;
const takesPersonalAccounts = ({ signInAudience = "" }: EntraSettings): boolean => signInAudience.includes("PersonalMicrosoftAccount");

/** Settings that a program may leave open: what it no longer names is cleared, and what it never named is somebody else's. */
type Open = "homepageUrl" | "privacyStatementUrl" | "termsOfServiceUrl" | "notes";

/**
 * What has to be written so that the app is as wished, and what to write to take that back. Undefined: nothing.
 * `formerly`: what the program said when this app was last written.
 */
export function change(
  application: Application,
  settings: EntraSettings,
  formerly: Partial<EntraSettings>,
  mark: Mark,
  redirects: { wished: string[]; formerly: string[] },
  scopeIds: { wished: string[]; formerly: string[] },
): { forward: ApplicationBody; back: ApplicationBody } | undefined {
  const forward: ApplicationBody = {};
  const back: ApplicationBody = {};
  const wished = (name: Open, stands: string | null): string | null => settings[name] ?? (name in formerly ? null : stands);
  const { displayName, signInAudience = application.signInAudience } = settings;
  for (const [name, value] of Object.entries({ displayName, signInAudience, notes: wished("notes", application.notes) })) {
    const stands = application[name as "displayName" | "signInAudience" | "notes"];
    if (value === stands) continue;
    Object.assign(forward, { [name]: value });
    Object.assign(back, { [name]: stands });
  }
  const tokens = application.api?.requestedAccessTokenVersion ?? null;
  if (takesPersonalAccounts(settings) && tokens !== PERSONAL_TOKENS) {
    forward.api = { requestedAccessTokenVersion: PERSONAL_TOKENS };
    back.api = { requestedAccessTokenVersion: tokens };
  }
  if (application.isDisabled === true) {
    forward.isDisabled = false;
    back.isDisabled = true;
  }
  const tags = union(
    application.tags.filter((tag) => !isMarkTag(tag)),
    tagsOf(mark),
  );
  if (!sameSet(tags, application.tags)) {
    forward.tags = tags;
    back.tags = application.tags;
  }
  const web: NonNullable<ApplicationBody["web"]> = {};
  const redirectUris = converged(application.web.redirectUris, redirects.wished, redirects.formerly);
  if (!sameSet(redirectUris, application.web.redirectUris)) web.redirectUris = redirectUris;
  const homePageUrl = wished("homepageUrl", application.web.homePageUrl);
  if (homePageUrl !== application.web.homePageUrl) web.homePageUrl = homePageUrl;
  if (Object.keys(web).length > 0) {
    forward.web = web;
    back.web = {
      ...("redirectUris" in web ? { redirectUris: application.web.redirectUris } : {}),
      ...("homePageUrl" in web ? { homePageUrl: application.web.homePageUrl } : {}),
    };
  }
  const was = { privacyStatementUrl: application.info.privacyStatementUrl ?? null, termsOfServiceUrl: application.info.termsOfServiceUrl ?? null };
  const info = {
    privacyStatementUrl: wished("privacyStatementUrl", was.privacyStatementUrl),
    termsOfServiceUrl: wished("termsOfServiceUrl", was.termsOfServiceUrl),
  };
  if (info.privacyStatementUrl !== was.privacyStatementUrl || info.termsOfServiceUrl !== was.termsOfServiceUrl) {
    forward.info = info;
    back.info = was;
  }
  const current = scopeIdsOf(application);
  const ids = converged(current, scopeIds.wished, scopeIds.formerly);
  if (!sameSet(ids, current)) {
    // The collection is replaced whole, so what others registered is sent along; app roles of Graph sit in the same entry.
    const others = application.requiredResourceAccess.filter((required) => required.resourceAppId !== MICROSOFT_GRAPH_APP_ID);
    const roles = application.requiredResourceAccess
      .filter((required) => required.resourceAppId === MICROSOFT_GRAPH_APP_ID)
      .flatMap((required) => required.resourceAccess.filter(({ type }) => type !== "Scope"));
    const graph = { ...access(ids), resourceAccess: [...roles, ...access(ids).resourceAccess] };
    forward.requiredResourceAccess = graph.resourceAccess.length === 0 ? others : [...others, graph];
    back.requiredResourceAccess = application.requiredResourceAccess;
  }
  return Object.keys(forward).length === 0 ? undefined : { forward, back };
}

/** The settings as the app has them now; only those that the program set, in the program's own names. */
export function settingsOf(application: Application, settings: EntraSettings): Record<string, unknown> {
  const now = Object.entries(settingsNow(application)).filter(([name]) => name in settings);
  // The standard audience holds without being written down, so only another one is news.
  return Object.fromEntries(now.filter(([name, value]) => name !== "signInAudience" || value !== settings.signInAudience));
}

/** What stands in this app and is written over by these settings, with its name: for people who have it taken over. */
export function overwritten(application: Application, settings: EntraSettings): string[] {
  const declared = settings as unknown as Record<string, unknown>;
  const other = Object.entries(settingsNow(application)).filter(([name, stands]) => name in declared && stands !== undefined && stands !== declared[name]);
  return other.map(([name, stands]) => `${name} ${JSON.stringify(stands)}`);
}

function settingsNow(application: Application): Record<string, unknown> {
  return {
    displayName: application.displayName,
    signInAudience: application.signInAudience,
    homepageUrl: application.web.homePageUrl ?? undefined,
    privacyStatementUrl: application.info.privacyStatementUrl ?? undefined,
    termsOfServiceUrl: application.info.termsOfServiceUrl ?? undefined,
    notes: application.notes ?? undefined,
  };
}

/** An app that this program did not make, or does not know: all its settings, and the secret that ends first of those that can be in use. */
export function seen(application: Application, now: Date): Pick<Sighting, "settings" | "secret"> {
  const settings = Object.fromEntries(Object.entries(settingsNow(application)).filter(([, value]) => value !== undefined));
  const ends = ({ endDateTime }: PasswordCredential): number => (endDateTime === null ? Number.POSITIVE_INFINITY : Date.parse(endDateTime));
  // Entra keeps secrets that have ended. Where nothing else is left, the last that ended is the one that people had signed in with.
  const byEnd = application.passwordCredentials.toSorted((one, other) => (ends(one) < ends(other) ? -1 : 1));
  const first = byEnd.find((one) => ends(one) > now.getTime()) ?? byEnd.at(-1);
  if (first?.startDateTime == null) return { settings };
  return { settings, secret: { createdAt: first.startDateTime, ...(first.endDateTime === null ? {} : { expiresAt: first.endDateTime }) } };
}

/** What the app lacks of the wish, and what it has beyond it. */
export function compare(
  application: Application,
  redirectUrls: string[],
  scopeIds: string[],
): { missingUrls: string[]; extraUrls: string[]; missingScopes: string[]; extraScopes: string[] } {
  const scopes = scopeIdsOf(application);
  return {
    missingUrls: minus(redirectUrls, application.web.redirectUris),
    extraUrls: minus(application.web.redirectUris, redirectUrls),
    missingScopes: minus(scopeIds, scopes),
    extraScopes: minus(scopes, scopeIds),
  };
}
