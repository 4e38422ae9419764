// Generated from the resource definitions by tools/generate.ts. Do not edit.

import type * as pulumi from "@pulumi/pulumi";

/** A Microsoft Entra app registration with service principal and client secret, made and kept by this resource. */
export interface EntraApp {
  /** Name of the app registration; people read it on the consent page. At most 120 characters. */
  displayName: string;
  /** Tenant that holds the app registration. Default: the tenant of the provider's credentials. A change makes a new app in the other tenant: users sign in again when their access token ends. */
  tenantId?: string | undefined;
  /** Whose accounts may sign in, in Microsoft's own words. Default: `AzureADMyOrg`; an app that others made (adopted or imported) keeps its own. With AzureADMyOrg the tenant is entered in the workspace too. One of `AzureADMyOrg`, `AzureADMultipleOrgs`, `AzureADandPersonalMicrosoftAccount`, `PersonalMicrosoftAccount`. */
  signInAudience?: "AzureADMyOrg" | "AzureADMultipleOrgs" | "AzureADandPersonalMicrosoftAccount" | "PersonalMicrosoftAccount" | undefined;
  /** Logo shown on the consent page: a JPEG, PNG or GIF file of at most 100 KB. */
  logo?: pulumi.asset.Asset | undefined;
  /** Home page shown to people. */
  homepageUrl?: string | undefined;
  /** Privacy statement linked on the consent page. */
  privacyStatementUrl?: string | undefined;
  /** Terms of service linked on the consent page. */
  termsOfServiceUrl?: string | undefined;
  /** Notes for the tenant's administrators. At most 1,024 characters. */
  notes?: string | undefined;
  /** Grant tenant-wide admin consent for the scopes in use (needs DelegatedPermissionGrant.ReadWrite.All). Otherwise users or an administrator consent; see `adminConsentUrl`. */
  grantAdminConsent: boolean;
  /** Redirect URLs beside those of the integrations. Order without meaning. */
  additionalRedirectUrls?: string[] | undefined;
  /** Lifetime of each client secret, in days. */
  secretLifetimeDays: number;
  /** Destroy removes the app for good. Otherwise it can be restored for 30 days, and a create after it restores it. */
  purgeOnDestroy: boolean;
}

/** A Microsoft Entra app registration with service principal and client secret, made and kept by this resource. */
export interface EntraAppArgs {
  /** Name of the app registration; people read it on the consent page. At most 120 characters. */
  displayName: pulumi.Input<string>;
  /** Tenant that holds the app registration. Default: the tenant of the provider's credentials. A change makes a new app in the other tenant: users sign in again when their access token ends. */
  tenantId?: pulumi.Input<string | undefined> | undefined;
  /** Whose accounts may sign in, in Microsoft's own words. Default: `AzureADMyOrg`; an app that others made (adopted or imported) keeps its own. With AzureADMyOrg the tenant is entered in the workspace too. One of `AzureADMyOrg`, `AzureADMultipleOrgs`, `AzureADandPersonalMicrosoftAccount`, `PersonalMicrosoftAccount`. */
  signInAudience?: pulumi.Input<"AzureADMyOrg" | "AzureADMultipleOrgs" | "AzureADandPersonalMicrosoftAccount" | "PersonalMicrosoftAccount" | undefined> | undefined;
  /** Logo shown on the consent page: a JPEG, PNG or GIF file of at most 100 KB. */
  logo?: pulumi.Input<pulumi.asset.Asset | undefined> | undefined;
  /** Home page shown to people. */
  homepageUrl?: pulumi.Input<string | undefined> | undefined;
  /** Privacy statement linked on the consent page. */
  privacyStatementUrl?: pulumi.Input<string | undefined> | undefined;
  /** Terms of service linked on the consent page. */
  termsOfServiceUrl?: pulumi.Input<string | undefined> | undefined;
  /** Notes for the tenant's administrators. At most 1,024 characters. */
  notes?: pulumi.Input<string | undefined> | undefined;
  /**
   * Grant tenant-wide admin consent for the scopes in use (needs DelegatedPermissionGrant.ReadWrite.All). Otherwise users or an administrator consent; see `adminConsentUrl`.
   * @default false
   */
  grantAdminConsent?: pulumi.Input<boolean | undefined> | undefined;
  /** Redirect URLs beside those of the integrations. Order without meaning. */
  additionalRedirectUrls?: pulumi.Input<pulumi.Input<string>[] | undefined> | undefined;
  /**
   * Lifetime of each client secret, in days.
   * @default 180
   */
  secretLifetimeDays?: pulumi.Input<number | undefined> | undefined;
  /**
   * Destroy removes the app for good. Otherwise it can be restored for 30 days, and a create after it restores it.
   * @default false
   */
  purgeOnDestroy?: pulumi.Input<boolean | undefined> | undefined;
}

/** A client made by hand or by another resource. It is checked and entered, never changed or deleted. */
export interface ExistingClient {
  /** Client id, as the authorization server shows it. */
  clientId: string;
  /** Client secret. Required where the integration requires one. */
  clientSecret?: string | undefined;
  /** Tenant id or domain, for integrations that take one (Microsoft). */
  tenantId?: string | undefined;
  /** Issuer of the authorization server (RFC 8414); its metadata names the endpoints. */
  issuer?: string | undefined;
  /** Authorization endpoint. Preset for Google, Atlassian and Microsoft. */
  authorizationUrl?: string | undefined;
  /** Token endpoint, used to prove the client. Preset for Google, Atlassian and Microsoft. */
  tokenUrl?: string | undefined;
}

/** A client made by hand or by another resource. It is checked and entered, never changed or deleted. */
export interface ExistingClientArgs {
  /** Client id, as the authorization server shows it. */
  clientId: pulumi.Input<string>;
  /** Client secret. Required where the integration requires one. */
  clientSecret?: pulumi.Input<string | undefined> | undefined;
  /** Tenant id or domain, for integrations that take one (Microsoft). */
  tenantId?: pulumi.Input<string | undefined> | undefined;
  /** Issuer of the authorization server (RFC 8414); its metadata names the endpoints. */
  issuer?: pulumi.Input<string | undefined> | undefined;
  /** Authorization endpoint. Preset for Google, Atlassian and Microsoft. */
  authorizationUrl?: pulumi.Input<string | undefined> | undefined;
  /** Token endpoint, used to prove the client. Preset for Google, Atlassian and Microsoft. */
  tokenUrl?: pulumi.Input<string | undefined> | undefined;
}

/** One integration of the workspace. */
export interface IntegrationSummary {
  /** Id (UUID) of the integration. */
  id: string;
  /** Short name, as `integrations[].integration` takes it. */
  slug: string;
  /** Name shown to people. */
  name: string;
  /** Description shown to people. */
  description: string;
  /** NONE, API_KEY, SERVICE_ACCOUNT, OAUTH or OAUTH_DCR. */
  authType: string;
  /** True: built by Odeus. False: made from scratch in this workspace. */
  builtIn: boolean;
  /** Whose OAuth client is in use: ODEUS, CUSTOM or NONE. Absent without OAuth. */
  clientMode?: string | undefined;
  /** Whether Odeus has a client of its own for it. Absent without OAuth. */
  odeusClientAvailable?: boolean | undefined;
}

/** One integration that uses the client. */
export interface IntegrationUse {
  /** Id (UUID) or slug of the workspace integration, for example `outlook-email`. */
  integration: string;
  /** Exactly these scopes, kept by this program (scope sync off). Case-sensitive, order without meaning. Absent: the workspace's own list, kept in sync by the workspace. */
  scopes?: string[] | undefined;
}

/** One integration that uses the client. */
export interface IntegrationUseArgs {
  /** Id (UUID) or slug of the workspace integration, for example `outlook-email`. */
  integration: pulumi.Input<string>;
  /** Exactly these scopes, kept by this program (scope sync off). Case-sensitive, order without meaning. Absent: the workspace's own list, kept in sync by the workspace. */
  scopes?: pulumi.Input<pulumi.Input<string>[] | undefined> | undefined;
}

/** A previous secret in its overlap. */
export interface RetiringSecret {
  /** Id of the secret at the authorization server. */
  keyId: string;
  /** When its overlap is over (RFC 3339, UTC); an `up` after it removes it. */
  removableFrom: string;
}

/** What a later run needs to find its own work again. */
export interface RolloutRecord {
  /** Shape of this record. */
  version: number;
  /** Base URL of the workspace's API; absent where no integration is declared. */
  workspace?: string | undefined;
  /** Kind of the client in use, for example entra or existing. */
  kind: string;
  /** Tells this resource from one that replaces it under the same name. */
  generation?: string | undefined;
  /** Ids of the client's objects at the authorization server. */
  client: { [key: string]: string };
  /** The slots, by integration id. */
  slots: { [key: string]: SlotRecord };
  /** Earlier clients that are still to be taken away. */
  replaced?: ({ [key: string]: string })[] | undefined;
  /** What may be registered at the client beside what the recorded inputs need; an update takes away what is not declared then. */
  surplus?: SurplusRegistrations | undefined;
  /** Settings of the client that an update wrote before it failed, with their values; the inputs before them are kept. */
  attempted?: { [key: string]: unknown } | undefined;
  /** A slot lacks the current secret, and only a new one can mend it. Only `true`. */
  replacesSecret?: true | undefined;
  /** Work that an earlier run left, in sentences; part of `drift` until it is done. */
  unfinished?: string[] | undefined;
}

/** When the client secret is replaced, and how long the previous one stays valid. */
export interface Rotation {
  /** Issue a new secret when the current one is this many days old. */
  everyDays?: number | undefined;
  /** Issue a new secret when the current one has this many days left, or fewer. 0: not before it has ended. Not for `serviceNow`, whose secret has no end. */
  renewBeforeExpiryDays: number;
  /** How long the previous secret stays valid after the new one is in use, in hours. 0 removes it in the same `up`. Not for `serviceNow`, where it ends at once. */
  overlapHours: number;
  /** Any change of this map asks for a new secret now. */
  triggers?: { [key: string]: string } | undefined;
}

/** When the client secret is replaced, and how long the previous one stays valid. */
export interface RotationArgs {
  /** Issue a new secret when the current one is this many days old. */
  everyDays?: pulumi.Input<number | undefined> | undefined;
  /**
   * Issue a new secret when the current one has this many days left, or fewer. 0: not before it has ended. Not for `serviceNow`, whose secret has no end.
   * @default 14
   */
  renewBeforeExpiryDays?: pulumi.Input<number | undefined> | undefined;
  /**
   * How long the previous secret stays valid after the new one is in use, in hours. 0 removes it in the same `up`. Not for `serviceNow`, where it ends at once.
   * @default 1
   */
  overlapHours?: pulumi.Input<number | undefined> | undefined;
  /** Any change of this map asks for a new secret now. */
  triggers?: pulumi.Input<{ [key: string]: pulumi.Input<string> } | undefined> | undefined;
}

/** An entry of ServiceNow's application registry, made and kept by this resource. It has one secret at a time. */
export interface ServiceNowRegistry {
  /** Subdomain of the instance (contoso for contoso.service-now.com), or its whole address. Default: odeus:serviceNow.instance or SERVICENOW_INSTANCE. A change makes a new entry on the other instance: users sign in again. */
  instance?: string | undefined;
  /** Name of the entry in the application registry; unique on the instance. */
  name: string;
  /** Whether the entry serves requests. Default: true. */
  active?: boolean | undefined;
  /** How long access tokens are valid, in seconds. The instance's default: 1800; a system property may end them sooner. */
  accessTokenLifespanSeconds?: number | undefined;
  /** How long refresh tokens are valid, in seconds. The instance's default: 8640000 (100 days). */
  refreshTokenLifespanSeconds?: number | undefined;
  /** Comments for the instance's administrators. Our mark stands behind them in brackets. */
  comments?: string | undefined;
}

/** An entry of ServiceNow's application registry, made and kept by this resource. It has one secret at a time. */
export interface ServiceNowRegistryArgs {
  /** Subdomain of the instance (contoso for contoso.service-now.com), or its whole address. Default: odeus:serviceNow.instance or SERVICENOW_INSTANCE. A change makes a new entry on the other instance: users sign in again. */
  instance?: pulumi.Input<string | undefined> | undefined;
  /** Name of the entry in the application registry; unique on the instance. */
  name: pulumi.Input<string>;
  /** Whether the entry serves requests. Default: true. */
  active?: pulumi.Input<boolean | undefined> | undefined;
  /** How long access tokens are valid, in seconds. The instance's default: 1800; a system property may end them sooner. */
  accessTokenLifespanSeconds?: pulumi.Input<number | undefined> | undefined;
  /** How long refresh tokens are valid, in seconds. The instance's default: 8640000 (100 days). */
  refreshTokenLifespanSeconds?: pulumi.Input<number | undefined> | undefined;
  /** Comments for the instance's administrators. Our mark stands behind them in brackets. */
  comments?: pulumi.Input<string | undefined> | undefined;
}

/** One workspace slot as this resource left it. */
export interface SlotRecord {
  /** The integration as the program wrote it. */
  integration: string;
  /** Its slug. */
  slug?: string | undefined;
  /** When the workspace last took a secret from us, by its own clock. */
  secretUpdatedAt?: string | undefined;
  /** Whether the workspace keeps the scopes. */
  scopeSync?: boolean | undefined;
  /** True: the integration was made from scratch. */
  custom?: boolean | undefined;
  /** A tenant that others had entered with this client, which needs none: it stays. */
  tenantId?: string | undefined;
}

/** When the client secret is replaced, and how long the previous one stays valid. Snowflake's secrets have no end of their own. */
export interface SnowflakeRotation {
  /** Renew the idle secret and use it when the one in use is this many days old. */
  everyDays?: number | undefined;
  /** How long the previous secret stays valid after the new one is in use, in hours; then its slot is renewed. 0 renews it in the same `up`. */
  overlapHours: number;
  /** Any change of this map asks for a new secret now. */
  triggers?: { [key: string]: string } | undefined;
}

/** When the client secret is replaced, and how long the previous one stays valid. Snowflake's secrets have no end of their own. */
export interface SnowflakeRotationArgs {
  /** Renew the idle secret and use it when the one in use is this many days old. */
  everyDays?: pulumi.Input<number | undefined> | undefined;
  /**
   * How long the previous secret stays valid after the new one is in use, in hours; then its slot is renewed. 0 renews it in the same `up`.
   * @default 1
   */
  overlapHours?: pulumi.Input<number | undefined> | undefined;
  /** Any change of this map asks for a new secret now. */
  triggers?: pulumi.Input<{ [key: string]: pulumi.Input<string> } | undefined> | undefined;
}

/** Redirect URLs and scopes of an earlier declaration, or of an update that failed. */
export interface SurplusRegistrations {
  /** Redirect URLs that are needed no more. */
  redirectUrls: string[];
  /** Scopes that are needed no more. */
  scopes: string[];
}

/** What was proven about the client before users met it. */
export interface Verification {
  /** Of the secret: accepted, rejected, inconclusive, unavailable, or skipped. */
  verdict: string;
  /** How it was asked, for example `client credentials`. */
  method: string;
  /** For people: what the server answered, and how to prove by hand what is not proven. */
  detail: string;
  /** What is proven: any of secret, redirectUrl, scopes, consent. */
  proven: string[];
  /** What could not be proven without a user. */
  unproven: string[];
  /** The same, property by property. */
  checks?: VerificationCheck[] | undefined;
  /** When it was asked (RFC 3339, UTC). */
  checkedAt: string;
}

/** One property of the client, and what is proven of it. */
export interface VerificationCheck {
  /** What was asked about. One of `secret`, `redirectUrl`, `scopes`, `consent`, `client`. */
  property: "secret" | "redirectUrl" | "scopes" | "consent" | "client";
  /** accepted, rejected, inconclusive or unavailable. One of `accepted`, `rejected`, `inconclusive`, `unavailable`. */
  verdict: "accepted" | "rejected" | "inconclusive" | "unavailable";
  /** How: `read back`, or the probe, for example `client credentials`; `none` where there is no way. */
  method: string;
  /** What was answered; where that proves nothing, how to prove it by hand. */
  detail: string;
}
