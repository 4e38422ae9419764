/** What a SnowflakeSecurityIntegration is: the parameters of CREATE SECURITY INTEGRATION for a custom client, and where it is entered. */

import * as z from "zod";
import { rolloutOutputs } from "../rolloutState.js";

const text = (longest: number) => z.string().min(1).max(longest);
/** 255 characters, in quotes, each of them maybe a quote that is doubled. */
const LONGEST_NAME = 512;
const roleList = (what: string) =>
  z
    .array(text(LONGEST_NAME))
    .optional()
    .describe(`${what} Names as in Snowflake: \`analyst\` and \`ANALYST\` are one, \`"analyst"\` is another. Order without meaning.`);

const rotation = z
  .object({
    everyDays: z.int().min(1).max(730).optional().describe("Renew the idle secret and use it when the one in use is this many days old."),
    overlapHours: z
      .int()
      .min(0)
      .max(8760)
      .default(1)
      .describe("How long the previous secret stays valid after the new one is in use, in hours; then its slot is renewed. 0 renews it in the same `up`."),
    triggers: z.record(z.string(), z.string()).optional().describe("Any change of this map asks for a new secret now."),
  })
  .meta({
    id: "SnowflakeRotation",
    description: "When the client secret is replaced, and how long the previous one stays valid. Snowflake's secrets have no end of their own.",
  });

export const inputs = z.strictObject({
  name: text(LONGEST_NAME)
    .describe('Name of the security integration. `odeus` and `ODEUS` are one name, `"odeus"` (with its quotes) is another.')
    .meta({ onChange: "Another name makes another integration first and drops this one afterwards: another client id, so users sign in again." }),
  integration: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe("Id (UUID) or slug of the workspace integration that uses the client, as a rule a `CustomIntegration`. Absent: the Snowflake side alone."),
  oauthRedirectUri: z
    .string()
    .min(1)
    .max(2000)
    .optional()
    .describe("OAUTH_REDIRECT_URI, only without `integration`, whose own redirect URL is used otherwise. Without a query."),
  enabled: z.boolean().default(true).describe("ENABLED. Always sent, because the account's own default depends on its age."),
  oauthClientType: z
    .enum(["CONFIDENTIAL", "PUBLIC"])
    .default("CONFIDENTIAL")
    .describe("OAUTH_CLIENT_TYPE.")
    .meta({ onChange: "It cannot be altered: the integration is dropped and made anew, which cannot be undone." }),
  oauthIssueRefreshTokens: z
    .boolean()
    .optional()
    .describe("OAUTH_ISSUE_REFRESH_TOKENS. Snowflake's default: true. Off, users sign in again every ten minutes."),
  oauthRefreshTokenValiditySeconds: z
    .int()
    .min(0)
    .optional()
    .describe("OAUTH_REFRESH_TOKEN_VALIDITY, in seconds. Snowflake's default: 7776000 (90 days); as a rule 86400 to 7776000. It is how often users sign in."),
  oauthEnforcePkce: z.boolean().optional().describe("OAUTH_ENFORCE_PKCE. Snowflake's default: false."),
  oauthUseSecondaryRoles: z.enum(["IMPLICIT", "NONE"]).optional().describe("OAUTH_USE_SECONDARY_ROLES. Snowflake's default: NONE."),
  oauthAlternateRedirectUris: z
    .array(z.string().min(1).max(2000))
    .optional()
    .describe(
      "OAUTH_ALTERNATE_REDIRECT_URIS, beside the redirect URI. DESC does not show them, so a change by hand is not seen. Written whole, and only where some are or were declared. Order without meaning.",
    ),
  oauthAllowNonTlsRedirectUri: z.boolean().optional().describe("OAUTH_ALLOW_NON_TLS_REDIRECT_URI. Snowflake's default: false; for tests on one machine only."),
  oauthSingleUseRefreshTokensRequired: z.boolean().optional().describe("OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED. Snowflake's default: false."),
  preAuthorizedRoles: roleList("PRE_AUTHORIZED_ROLES_LIST: users of these roles are not asked for consent."),
  allowedRoles: roleList("ALLOWED_ROLES_LIST: only these roles may sign in; not with `oauthUseSecondaryRoles: IMPLICIT`."),
  blockedRoles: roleList("BLOCKED_ROLES_LIST: these roles may not sign in. The account adds its privileged roles by itself."),
  networkPolicy: text(LONGEST_NAME).optional().describe("NETWORK_POLICY: name of the network policy for token requests; Odeus's addresses must be in it."),
  comment: z.string().max(10_000).optional().describe("COMMENT. Our mark stands behind it in brackets."),
  scopes: z
    .array(text(500))
    .optional()
    .describe(
      "Scopes that the workspace asks for. Default: `refresh_token`, unless `oauthIssueRefreshTokens` is off. `session:role:NAME` fixes the role, in capitals unless it was created in quotes. Order without meaning.",
    ),
  rotation: rotation.optional().describe("When the client secret is replaced."),
  verify: z.boolean().default(true).describe("Compare client id and secret with what the account shows before users meet them. Different: undone and failed."),
  adopt: z
    .boolean()
    .optional()
    .describe("Take over an integration of this name that others made, on create, or where one has replaced ours. It gets our mark and what is declared."),
  replaceClientIds: z
    .array(text(500))
    .optional()
    .describe(
      "Client ids that may be pushed out of the workspace integration although they are not ours. They cannot be put back: their secret is not readable.",
    ),
  exportClientSecret: z.boolean().default(false).describe("Give the client secret as the secret output `clientSecret`, for a vault."),
});

export const outputs = z.object({
  ...rolloutOutputs,
  clientId: z.string().optional().describe("Client id, made by the account."),
  authorizationUrl: z.string().optional().describe("Authorization endpoint, as the account shows it."),
  tokenUrl: z.string().optional().describe("Token endpoint, for tokens and refreshed tokens, as the account shows it."),
  redirectUrl: z.string().optional().describe("Redirect URI that is registered."),
  activeSecretSlot: z.int().optional().describe("Which of the two secrets is in use: 1 or 2."),
  secretCreatedAt: z.string().optional().describe("When the secret in use was first entered by this resource (RFC 3339, UTC)."),
});

export type SnowflakeInputs = z.output<typeof inputs>;
export type SnowflakeState = SnowflakeInputs & z.output<typeof outputs>;

export const description =
  "A Snowflake OAuth security integration for a custom client: created, its credentials read and entered in a workspace integration, and later changed, rotated, undone and dropped.";
