/** An application as Graph shows it, and how a written body becomes part of it. */

import type { Application, PasswordCredential, Tenant } from "./directory.js";

type Properties = Record<string, unknown>;

const isObject = (value: unknown): value is Properties => typeof value === "object" && value !== null && !Array.isArray(value);

/** Values of what nobody wrote. */
const DEFAULTS: Properties = {
  applicationTemplateId: null,
  disabledByMicrosoftStatus: null,
  displayName: null,
  description: null,
  groupMembershipClaims: null,
  isDisabled: null,
  identifierUris: [],
  isDeviceOnlyAuthSupported: null,
  isFallbackPublicClient: null,
  notes: null,
  serviceManagementReference: null,
  // Typings name this as the default; older samples of a bare POST show AzureADandPersonalMicrosoftAccount.
  signInAudience: "AzureADMyOrg",
  tags: [],
  tokenEncryptionKeyId: null,
  samlMetadataUrl: null,
  defaultRedirectUri: null,
  certification: null,
  optionalClaims: null,
  servicePrincipalLockConfiguration: null,
  requestSignatureVerification: null,
  addIns: [],
  appRoles: [],
  keyCredentials: [],
  requiredResourceAccess: [],
  api: { acceptMappedClaims: null, knownClientApplications: [], requestedAccessTokenVersion: null, oauth2PermissionScopes: [], preAuthorizedApplications: [] },
  info: { termsOfServiceUrl: null, supportUrl: null, privacyStatementUrl: null, marketingUrl: null, logoUrl: null },
  parentalControlSettings: { countriesBlockedForMinors: [], legalAgeGroupRule: "Allow" },
  verifiedPublisher: { displayName: null, verifiedPublisherId: null, addedDateTime: null },
  publicClient: { redirectUris: [] },
  spa: { redirectUris: [] },
  web: { homePageUrl: null, logoutUrl: null, redirectUris: [], implicitGrantSettings: { enableAccessTokenIssuance: false, enableIdTokenIssuance: false } },
};

/** Top-level properties left out keep their value, nested objects are merged per property, collections are replaced whole. */
export function mergeProperties(stored: Properties, written: Properties): Properties {
  const merged = { ...stored };
  for (const [name, value] of Object.entries(written)) {
    const before = merged[name];
    merged[name] = isObject(value) ? mergeProperties(isObject(before) ? before : {}, value) : value;
  }
  return merged;
}

/** The logo has a call of its own: a PATCH of info.logoUrl answers 204 and changes nothing. */
export function withoutLogoUrl(body: Properties): Properties {
  if (!isObject(body["info"])) return body;
  const { logoUrl: _, ...info } = body["info"];
  return { ...body, info };
}

export function viewPassword({ refusals: _, secretText: __, ...credential }: PasswordCredential): Properties {
  return { customKeyIdentifier: null, ...credential, secretText: null };
}

export function viewApplication(application: Application, tenant: Tenant, origin: string): Properties {
  const full = mergeProperties(structuredClone(DEFAULTS), application.properties);
  for (const [name, value] of Object.entries(DEFAULTS)) if (full[name] === null && isObject(value)) full[name] = structuredClone(value);
  const web = full["web"] as { redirectUris: string[] } & Properties;
  const info = full["info"] as Properties;
  return {
    id: application.id,
    deletedDateTime: application.deletedDateTime,
    appId: application.appId,
    createdByAppId: application.createdByAppId,
    createdDateTime: application.createdDateTime,
    uniqueName: application.uniqueName,
    publisherDomain: tenant.domain,
    ...full,
    info: { ...info, logoUrl: application.logo === undefined ? null : `${origin}/logos/${application.id}` },
    // Redirect URIs have no order at Graph; here they come back in another one than was written, and a second time as settings.
    web: { ...web, redirectUris: [...web.redirectUris].reverse(), redirectUriSettings: web.redirectUris.map((uri) => ({ uri, index: null })) },
    passwordCredentials: application.passwordCredentials.map(viewPassword),
  };
}
