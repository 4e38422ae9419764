/** What an OAuthClientConfig is: names, types, units, defaults, secrets and the text people read in their editor. */

import * as z from "zod";
import type { AssetValue } from "../../core/value.js";
import { rolloutOutputs } from "../rolloutState.js";

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const unpadded = (text: string): boolean => text === text.trim();
/** Pasted blanks around an id or a secret are the documented cause of "invalid client". */
const pasted = (longest: number) => z.string().min(1).max(longest).refine(unpadded, { message: "must not start or end with a blank" });
const webAddress = () =>
  z
    .string()
    .max(256)
    .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), { message: "must be a web address (https://...)" });

const integrationUse = z
  .object({
    integration: pasted(100).describe("Id (UUID) or slug of the workspace integration, for example `outlook-email`."),
    scopes: z
      .array(
        z
          .string()
          .min(1)
          .max(500)
          .refine((text) => !/\s/.test(text), { message: "must not hold a blank; one scope an element" }),
      )
      .optional()
      .describe(
        "Exactly these scopes, kept by this program (scope sync off). Case-sensitive, order without meaning. Absent: the workspace's own list, kept in sync by the workspace.",
      ),
  })
  .meta({ id: "IntegrationUse", description: "One integration that uses the client." });

const entra = z
  .object({
    displayName: z
      .string()
      .min(1)
      .max(120)
      .refine(unpadded, { message: "must not start or end with a blank" })
      .describe("Name of the app registration; people read it on the consent page. At most 120 characters."),
    tenantId: z
      .string()
      .regex(GUID, { message: "is not a GUID" })
      .optional()
      .describe("Tenant that holds the app registration. Default: the tenant of the provider's credentials.")
      .meta({ onChange: "A change makes a new app in the other tenant: users sign in again when their access token ends." }),
    signInAudience: z
      .enum(["AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"])
      .optional()
      .describe(
        "Whose accounts may sign in, in Microsoft's own words. Default: `AzureADMyOrg`; an app that others made (adopted or imported) keeps its own. With AzureADMyOrg the tenant is entered in the workspace too.",
      ),
    logo: z
      .custom<AssetValue>((value) => typeof value === "object" && value !== null && (value as AssetValue).kind === "asset", {
        message: "must be a file (asset): JPEG, PNG or GIF, at most 100 KB",
      })
      .optional()
      .describe("Logo shown on the consent page: a JPEG, PNG or GIF file of at most 100 KB.")
      .meta({ ref: "pulumi.json#/Asset" }),
    homepageUrl: webAddress().optional().describe("Home page shown to people."),
    privacyStatementUrl: webAddress().optional().describe("Privacy statement linked on the consent page."),
    termsOfServiceUrl: webAddress().optional().describe("Terms of service linked on the consent page."),
    notes: z.string().max(1024).optional().describe("Notes for the tenant's administrators. At most 1,024 characters."),
    grantAdminConsent: z
      .boolean()
      .default(false)
      .describe(
        "Grant tenant-wide admin consent for the scopes in use (needs DelegatedPermissionGrant.ReadWrite.All). Otherwise users or an administrator consent; see `adminConsentUrl`.",
      ),
    additionalRedirectUrls: z.array(webAddress()).optional().describe("Redirect URLs beside those of the integrations. Order without meaning."),
    secretLifetimeDays: z.int().min(1).max(730).default(180).describe("Lifetime of each client secret, in days."),
    purgeOnDestroy: z
      .boolean()
      .default(false)
      .describe("Destroy removes the app for good. Otherwise it can be restored for 30 days, and a create after it restores it."),
  })
  .meta({ id: "EntraApp", description: "A Microsoft Entra app registration with service principal and client secret, made and kept by this resource." });

const serviceNow = z
  .object({
    instance: pasted(256)
      .optional()
      .describe(
        "Subdomain of the instance (contoso for contoso.service-now.com), or its whole address. Default: odeus:serviceNow.instance or SERVICENOW_INSTANCE.",
      )
      .meta({ onChange: "A change makes a new entry on the other instance: users sign in again." }),
    name: z
      .string()
      .min(1)
      .max(100)
      .refine(unpadded, { message: "must not start or end with a blank" })
      .refine((text) => !text.includes("^"), { message: "must not hold the character ^, which ServiceNow cannot look for" })
      .describe("Name of the entry in the application registry; unique on the instance."),
    active: z.boolean().optional().describe("Whether the entry serves requests. Default: true."),
    accessTokenLifespanSeconds: z
      .int()
      .min(1)
      .optional()
      .describe("How long access tokens are valid, in seconds. The instance's default: 1800; a system property may end them sooner."),
    refreshTokenLifespanSeconds: z
      .int()
      .min(1)
      .optional()
      .describe("How long refresh tokens are valid, in seconds. The instance's default: 8640000 (100 days)."),
    comments: z.string().max(3000).optional().describe("Comments for the instance's administrators. Our mark stands behind them in brackets."),
  })
  .meta({
    id: "ServiceNowRegistry",
    description: "An entry of ServiceNow's application registry, made and kept by this resource. It has one secret at a time.",
  });

const existing = z
  .object({
    clientId: pasted(500).describe("Client id, as the authorization server shows it."),
    clientSecret: pasted(500).optional().describe("Client secret. Required where the integration requires one.").meta({ secret: true }),
    tenantId: pasted(500).optional().describe("Tenant id or domain, for integrations that take one (Microsoft)."),
    issuer: webAddress().optional().describe("Issuer of the authorization server (RFC 8414); its metadata names the endpoints."),
    authorizationUrl: webAddress().optional().describe("Authorization endpoint. Preset for Google, Atlassian and Microsoft."),
    tokenUrl: webAddress().optional().describe("Token endpoint, used to prove the client. Preset for Google, Atlassian and Microsoft."),
  })
  .meta({ id: "ExistingClient", description: "A client made by hand or by another resource. It is checked and entered, never changed or deleted." });

/** What check fills in where a rotation does not say. */
export const ROTATION_STANDARD = { renewBeforeExpiryDays: 14, overlapHours: 1 };

const rotation = z
  .object({
    everyDays: z.int().min(1).max(730).optional().describe("Issue a new secret when the current one is this many days old."),
    renewBeforeExpiryDays: z
      .int()
      .min(0)
      .max(365)
      .default(ROTATION_STANDARD.renewBeforeExpiryDays)
      .describe(
        "Issue a new secret when the current one has this many days left, or fewer. 0: not before it has ended. Not for `serviceNow`, whose secret has no end.",
      ),
    overlapHours: z
      .int()
      .min(0)
      .max(8760)
      .default(ROTATION_STANDARD.overlapHours)
      .describe(
        "How long the previous secret stays valid after the new one is in use, in hours. 0 removes it in the same `up`. Not for `serviceNow`, where it ends at once.",
      ),
    triggers: z.record(z.string(), z.string()).optional().describe("Any change of this map asks for a new secret now."),
  })
  .meta({ id: "Rotation", description: "When the client secret is replaced, and how long the previous one stays valid." });

export const inputs = z.strictObject({
  integrations: z
    .array(integrationUse)
    .min(1)
    .describe("The integrations that use this client; one client may serve several. Order without meaning, no integration twice.")
    .meta({
      onChange: "An integration added is entered with a new secret where the current one is kept nowhere; one removed falls back to Odeus's own client.",
    }),
  entra: entra
    .optional()
    .describe("The client is a Microsoft Entra app registration that this resource makes and keeps. One of `entra`, `serviceNow` and `existing`."),
  serviceNow: serviceNow
    .optional()
    .describe(
      "The client is an entry of a ServiceNow instance's application registry that this resource makes and keeps. One of `entra`, `serviceNow` and `existing`.",
    )
    .meta({ onChange: "A new secret ends the former one at once; it is entered in the same moment." }),
  existing: existing
    .optional()
    .describe("The client was made by hand (Google and Atlassian offer no API) or by another resource. One of `entra`, `serviceNow` and `existing`.")
    .meta({ onChange: "With another client id, users sign in again when their access token ends." }),
  rotation: rotation.optional().describe("When the client secret is replaced. Not for `existing`, whose secret is yours."),
  verify: z
    .boolean()
    .default(true)
    .describe("Prove the client at the authorization server before users meet it. Rejected: undone and failed. Not provable: a warning."),
  adoptClientId: pasted(500)
    .optional()
    .describe(
      "Take over the client with this id, which others made: at the authorization server, and in the slots that hold it. It gets our mark, a new secret and what is declared here; what others added stays. Not for `existing`.",
    )
    .meta({ onChange: "With the id of another client than the one in use, users sign in again when their access token ends." }),
  replaceClientIds: z
    .array(pasted(500))
    .optional()
    .describe("Client ids that may be pushed out of a slot although they are not ours. They cannot be put back: their secret is not readable."),
  exportClientSecret: z
    .boolean()
    .default(false)
    .describe("Give the client secret as the secret output `clientSecret`, for a vault. Switched on later, it issues a new secret."),
});

export const outputs = z.object({
  ...rolloutOutputs,
  tenantId: z.string().optional().describe("Tenant of the client, where it has one."),
  redirectUrls: z.record(z.string(), z.string()).optional().describe("Redirect URL of each integration, keyed as the program wrote it."),
  effectiveScopes: z.record(z.string(), z.array(z.string())).optional().describe("Scopes in force for each integration, keyed as the program wrote it."),
  appObjectId: z.string().optional().describe("Object id of the Entra app registration."),
  adminConsentUrl: z.string().optional().describe("Page on which an administrator can grant tenant-wide consent (Entra)."),
  secretExpiresAt: z.string().optional().describe("When the current secret expires (RFC 3339, UTC)."),
});

export type OAuthClientConfigInputs = z.output<typeof inputs>;
export type OAuthClientConfigOutputs = z.output<typeof outputs>;
export type EntraInputs = z.output<typeof entra>;
export type ServiceNowInputs = z.output<typeof serviceNow>;
export type ExistingInputs = z.output<typeof existing>;
export type RotationInputs = z.output<typeof rotation>;
export type OAuthClientConfigState = OAuthClientConfigInputs & OAuthClientConfigOutputs;

export const description =
  "The OAuth client that a set of workspace integrations uses, from its app at the authorization server to the workspace: registered, given a secret, proven, entered, and later changed, rotated, undone and removed.";
