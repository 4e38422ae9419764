/** What an Entra app lacks of the wish, what others added to it, and what its being read proves. */

import type { Application, ServicePrincipal } from "../clients/graph.js";
import { minus } from "../core/sets.js";
import type { ClientWish, Finding, KnownSecrets, Observation } from "./contract.js";
import { compare, type EntraSettings, settingsOf } from "./entraApplication.js";
import { bareScope, type ScopeCatalogue } from "./entraScopes.js";

export interface AppAsRead {
  app: Application;
  servicePrincipal: ServicePrincipal | undefined;
  /** Scopes of the tenant-wide consent; read only where the program asks for one. */
  granted: string[];
  /** The app as people know it. */
  name: string;
  settings: EntraSettings;
  /** Of an app that others made, as it was last seen. */
  standingAudience: string | undefined;
  catalogue: ScopeCatalogue;
}

export function observation(read: AppAsRead, wish: ClientWish, { keyIds: known, current }: KnownSecrets): Observation {
  const { app, servicePrincipal, granted, name, settings, standingAudience, catalogue } = read;
  const wishedIds = wish.scopes.flatMap((scope) => catalogue.idOf.get(bareScope(scope)) ?? []);
  const found = compare(app, wish.redirectUrls, wishedIds);
  const names = (ids: string[]) => ids.map((id) => catalogue.nameOf.get(id) ?? id).join(", ");
  const unconsented = settings.grantAdminConsent ? minus(wish.scopes.map(bareScope), granted) : [];
  // One in its overlap may end at any time: what is gone already counts as removed when its time comes.
  const missing = current?.keyId !== undefined && !app.passwordCredentials.some(({ keyId }) => keyId === current.keyId);
  const strangers = app.passwordCredentials.filter(({ keyId }) => !known.includes(keyId)).length;
  const drift = [
    found.missingUrls.length > 0 ? `${name} lacks the redirect URL ${found.missingUrls.join(", ")}` : "",
    found.missingScopes.length > 0 ? `${name} lacks the scopes ${names(found.missingScopes)}` : "",
    servicePrincipal === undefined ? `${name} has no service principal: nobody can sign in` : "",
    app.isDisabled === true ? `${name} is deactivated: nobody can sign in` : "",
    servicePrincipal?.accountEnabled === false ? `${name} is disabled: nobody can sign in` : "",
    unconsented.length > 0 ? `admin consent is missing for ${unconsented.join(", ")}` : "",
    settings.signInAudience === undefined && app.signInAudience !== standingAudience
      ? `${name} has the audience ${app.signInAudience} by now, and had ${standingAudience} when it was entered`
      : "",
    missing ? `the secret of ${name} was removed at Entra (key ${current?.keyId})` : "",
  ].filter((sentence) => sentence !== "");
  const notes = [
    found.extraUrls.length > 0 ? `${name} also has redirect URLs that are not ours; they stay: ${found.extraUrls.join(", ")}` : "",
    found.extraScopes.length > 0 ? `${name} also has scopes that are not ours; they stay: ${names(found.extraScopes)}` : "",
    strangers > 0 ? `${name} also has ${strangers} secret${strangers === 1 ? "" : "s"} that this stack does not know; they stay` : "",
  ].filter((sentence) => sentence !== "");
  const proof = (property: Finding["property"], wrong: boolean, detail: string): Finding => ({
    property,
    state: wrong ? "wrong" : "proven",
    detail: wrong ? detail : "",
  });
  const findings: Finding[] = [
    proof("redirectUrl", found.missingUrls.length > 0, `${name} lacks the redirect URL ${found.missingUrls.join(", ")}`),
    proof("scopes", found.missingScopes.length > 0, `${name} lacks the scopes ${names(found.missingScopes)}`),
    settings.grantAdminConsent
      ? proof("consent", unconsented.length > 0, `admin consent is missing for ${unconsented.join(", ")}`)
      : {
          property: "consent",
          state: "unproven",
          detail: "Whether people may consent shows when one connects: set grantAdminConsent, or open adminConsentUrl as an administrator.",
        },
  ];
  return { exists: true, drift, notes, findings, settings: settingsOf(app, settings) };
}
