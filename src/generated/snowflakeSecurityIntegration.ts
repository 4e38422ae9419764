// Generated from the resource definitions by tools/generate.ts. Do not edit.

import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../provider/dynamic.js";
import type { RetiringSecret, RolloutRecord, SnowflakeRotation, SnowflakeRotationArgs, Verification } from "./types.js";

/** Arguments of {@link SnowflakeSecurityIntegration}. */
export interface SnowflakeSecurityIntegrationArgs {
  /** Name of the security integration. `odeus` and `ODEUS` are one name, `"odeus"` (with its quotes) is another. Another name makes another integration first and drops this one afterwards: another client id, so users sign in again. */
  name: pulumi.Input<string>;
  /** Id (UUID) or slug of the workspace integration that uses the client, as a rule a `CustomIntegration`. Absent: the Snowflake side alone. */
  integration?: pulumi.Input<string | undefined> | undefined;
  /** OAUTH_REDIRECT_URI, only without `integration`, whose own redirect URL is used otherwise. Without a query. */
  oauthRedirectUri?: pulumi.Input<string | undefined> | undefined;
  /**
   * ENABLED. Always sent, because the account's own default depends on its age.
   * @default true
   */
  enabled?: pulumi.Input<boolean | undefined> | undefined;
  /**
   * OAUTH_CLIENT_TYPE. One of `CONFIDENTIAL`, `PUBLIC`. It cannot be altered: the integration is dropped and made anew, which cannot be undone.
   * @default "CONFIDENTIAL"
   */
  oauthClientType?: pulumi.Input<"CONFIDENTIAL" | "PUBLIC" | undefined> | undefined;
  /** OAUTH_ISSUE_REFRESH_TOKENS. Snowflake's default: true. Off, users sign in again every ten minutes. */
  oauthIssueRefreshTokens?: pulumi.Input<boolean | undefined> | undefined;
  /** OAUTH_REFRESH_TOKEN_VALIDITY, in seconds. Snowflake's default: 7776000 (90 days); as a rule 86400 to 7776000. It is how often users sign in. */
  oauthRefreshTokenValiditySeconds?: pulumi.Input<number | undefined> | undefined;
  /** OAUTH_ENFORCE_PKCE. Snowflake's default: false. */
  oauthEnforcePkce?: pulumi.Input<boolean | undefined> | undefined;
  /** OAUTH_USE_SECONDARY_ROLES. Snowflake's default: NONE. One of `IMPLICIT`, `NONE`. */
  oauthUseSecondaryRoles?: pulumi.Input<"IMPLICIT" | "NONE" | undefined> | undefined;
  /** OAUTH_ALTERNATE_REDIRECT_URIS, beside the redirect URI. DESC does not show them, so a change by hand is not seen. Written whole, and only where some are or were declared. Order without meaning. */
  oauthAlternateRedirectUris?: pulumi.Input<pulumi.Input<string>[] | undefined> | undefined;
  /** OAUTH_ALLOW_NON_TLS_REDIRECT_URI. Snowflake's default: false; for tests on one machine only. */
  oauthAllowNonTlsRedirectUri?: pulumi.Input<boolean | undefined> | undefined;
  /** OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED. Snowflake's default: false. */
  oauthSingleUseRefreshTokensRequired?: pulumi.Input<boolean | undefined> | undefined;
  /** PRE_AUTHORIZED_ROLES_LIST: users of these roles are not asked for consent. Names as in Snowflake: `analyst` and `ANALYST` are one, `"analyst"` is another. Order without meaning. */
  preAuthorizedRoles?: pulumi.Input<pulumi.Input<string>[] | undefined> | undefined;
  /** ALLOWED_ROLES_LIST: only these roles may sign in; not with `oauthUseSecondaryRoles: IMPLICIT`. Names as in Snowflake: `analyst` and `ANALYST` are one, `"analyst"` is another. Order without meaning. */
  allowedRoles?: pulumi.Input<pulumi.Input<string>[] | undefined> | undefined;
  /** BLOCKED_ROLES_LIST: these roles may not sign in. The account adds its privileged roles by itself. Names as in Snowflake: `analyst` and `ANALYST` are one, `"analyst"` is another. Order without meaning. */
  blockedRoles?: pulumi.Input<pulumi.Input<string>[] | undefined> | undefined;
  /** NETWORK_POLICY: name of the network policy for token requests; Odeus's addresses must be in it. */
  networkPolicy?: pulumi.Input<string | undefined> | undefined;
  /** COMMENT. Our mark stands behind it in brackets. */
  comment?: pulumi.Input<string | undefined> | undefined;
  /** Scopes that the workspace asks for. Default: `refresh_token`, unless `oauthIssueRefreshTokens` is off. `session:role:NAME` fixes the role, in capitals unless it was created in quotes. Order without meaning. */
  scopes?: pulumi.Input<pulumi.Input<string>[] | undefined> | undefined;
  /** When the client secret is replaced. */
  rotation?: pulumi.Input<SnowflakeRotationArgs | undefined> | undefined;
  /**
   * Compare client id and secret with what the account shows before users meet them. Different: undone and failed.
   * @default true
   */
  verify?: pulumi.Input<boolean | undefined> | undefined;
  /** Take over an integration of this name that others made, on create, or where one has replaced ours. It gets our mark and what is declared. */
  adopt?: pulumi.Input<boolean | undefined> | undefined;
  /** Client ids that may be pushed out of the workspace integration although they are not ours. They cannot be put back: their secret is not readable. */
  replaceClientIds?: pulumi.Input<pulumi.Input<string>[] | undefined> | undefined;
  /**
   * Give the client secret as the secret output `clientSecret`, for a vault.
   * @default false
   */
  exportClientSecret?: pulumi.Input<boolean | undefined> | undefined;
}

const TEXT = {
  kind: "SnowflakeSecurityIntegration",
  outputs: ["clientId", "secretCreatedAt", "retiring", "verification", "drift", "clientSecret", "rollout", "authorizationUrl", "tokenUrl", "redirectUrl", "activeSecretSlot"],
  secretOutputs: ["clientSecret"],
};

/** A Snowflake OAuth security integration for a custom client: created, its credentials read and entered in a workspace integration, and later changed, rotated, undone and dropped. */
export class SnowflakeSecurityIntegration extends DynamicResource {
  /** Name of the security integration. `odeus` and `ODEUS` are one name, `"odeus"` (with its quotes) is another. Another name makes another integration first and drops this one afterwards: another client id, so users sign in again. */
  declare readonly name: pulumi.Output<string>;
  /** Id (UUID) or slug of the workspace integration that uses the client, as a rule a `CustomIntegration`. Absent: the Snowflake side alone. */
  declare readonly integration: pulumi.Output<string | undefined>;
  /** OAUTH_REDIRECT_URI, only without `integration`, whose own redirect URL is used otherwise. Without a query. */
  declare readonly oauthRedirectUri: pulumi.Output<string | undefined>;
  /** ENABLED. Always sent, because the account's own default depends on its age. */
  declare readonly enabled: pulumi.Output<boolean>;
  /** OAUTH_CLIENT_TYPE. One of `CONFIDENTIAL`, `PUBLIC`. It cannot be altered: the integration is dropped and made anew, which cannot be undone. */
  declare readonly oauthClientType: pulumi.Output<"CONFIDENTIAL" | "PUBLIC">;
  /** OAUTH_ISSUE_REFRESH_TOKENS. Snowflake's default: true. Off, users sign in again every ten minutes. */
  declare readonly oauthIssueRefreshTokens: pulumi.Output<boolean | undefined>;
  /** OAUTH_REFRESH_TOKEN_VALIDITY, in seconds. Snowflake's default: 7776000 (90 days); as a rule 86400 to 7776000. It is how often users sign in. */
  declare readonly oauthRefreshTokenValiditySeconds: pulumi.Output<number | undefined>;
  /** OAUTH_ENFORCE_PKCE. Snowflake's default: false. */
  declare readonly oauthEnforcePkce: pulumi.Output<boolean | undefined>;
  /** OAUTH_USE_SECONDARY_ROLES. Snowflake's default: NONE. One of `IMPLICIT`, `NONE`. */
  declare readonly oauthUseSecondaryRoles: pulumi.Output<"IMPLICIT" | "NONE" | undefined>;
  /** OAUTH_ALTERNATE_REDIRECT_URIS, beside the redirect URI. DESC does not show them, so a change by hand is not seen. Written whole, and only where some are or were declared. Order without meaning. */
  declare readonly oauthAlternateRedirectUris: pulumi.Output<string[] | undefined>;
  /** OAUTH_ALLOW_NON_TLS_REDIRECT_URI. Snowflake's default: false; for tests on one machine only. */
  declare readonly oauthAllowNonTlsRedirectUri: pulumi.Output<boolean | undefined>;
  /** OAUTH_SINGLE_USE_REFRESH_TOKENS_REQUIRED. Snowflake's default: false. */
  declare readonly oauthSingleUseRefreshTokensRequired: pulumi.Output<boolean | undefined>;
  /** PRE_AUTHORIZED_ROLES_LIST: users of these roles are not asked for consent. Names as in Snowflake: `analyst` and `ANALYST` are one, `"analyst"` is another. Order without meaning. */
  declare readonly preAuthorizedRoles: pulumi.Output<string[] | undefined>;
  /** ALLOWED_ROLES_LIST: only these roles may sign in; not with `oauthUseSecondaryRoles: IMPLICIT`. Names as in Snowflake: `analyst` and `ANALYST` are one, `"analyst"` is another. Order without meaning. */
  declare readonly allowedRoles: pulumi.Output<string[] | undefined>;
  /** BLOCKED_ROLES_LIST: these roles may not sign in. The account adds its privileged roles by itself. Names as in Snowflake: `analyst` and `ANALYST` are one, `"analyst"` is another. Order without meaning. */
  declare readonly blockedRoles: pulumi.Output<string[] | undefined>;
  /** NETWORK_POLICY: name of the network policy for token requests; Odeus's addresses must be in it. */
  declare readonly networkPolicy: pulumi.Output<string | undefined>;
  /** COMMENT. Our mark stands behind it in brackets. */
  declare readonly comment: pulumi.Output<string | undefined>;
  /** Scopes that the workspace asks for. Default: `refresh_token`, unless `oauthIssueRefreshTokens` is off. `session:role:NAME` fixes the role, in capitals unless it was created in quotes. Order without meaning. */
  declare readonly scopes: pulumi.Output<string[] | undefined>;
  /** When the client secret is replaced. */
  declare readonly rotation: pulumi.Output<SnowflakeRotation | undefined>;
  /** Compare client id and secret with what the account shows before users meet them. Different: undone and failed. */
  declare readonly verify: pulumi.Output<boolean>;
  /** Take over an integration of this name that others made, on create, or where one has replaced ours. It gets our mark and what is declared. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Client ids that may be pushed out of the workspace integration although they are not ours. They cannot be put back: their secret is not readable. */
  declare readonly replaceClientIds: pulumi.Output<string[] | undefined>;
  /** Give the client secret as the secret output `clientSecret`, for a vault. */
  declare readonly exportClientSecret: pulumi.Output<boolean>;
  /** Client id, made by the account. */
  declare readonly clientId: pulumi.Output<string | undefined>;
  /** When the secret in use was first entered by this resource (RFC 3339, UTC). */
  declare readonly secretCreatedAt: pulumi.Output<string | undefined>;
  /** Previous secrets in their overlap. */
  declare readonly retiring: pulumi.Output<RetiringSecret[] | undefined>;
  /** What was proven about the client, and what could not be. */
  declare readonly verification: pulumi.Output<Verification | undefined>;
  /** What is not as declared, in sentences; empty when all is right. The next `up` mends it. */
  declare readonly drift: pulumi.Output<string[] | undefined>;
  /** The client secret, when `exportClientSecret` is on. */
  declare readonly clientSecret: pulumi.Output<string | undefined>;
  /** Bookkeeping of this resource: the objects it made, for the next run to find. */
  declare readonly rollout: pulumi.Output<RolloutRecord | undefined>;
  /** Authorization endpoint, as the account shows it. */
  declare readonly authorizationUrl: pulumi.Output<string | undefined>;
  /** Token endpoint, for tokens and refreshed tokens, as the account shows it. */
  declare readonly tokenUrl: pulumi.Output<string | undefined>;
  /** Redirect URI that is registered. */
  declare readonly redirectUrl: pulumi.Output<string | undefined>;
  /** Which of the two secrets is in use: 1 or 2. */
  declare readonly activeSecretSlot: pulumi.Output<number | undefined>;

  /**
   * @param name The resource's name in the stack.
   * @param args What is declared.
   * @param opts Options that every Pulumi resource has.
   */
  constructor(name: string, args: SnowflakeSecurityIntegrationArgs, opts?: pulumi.CustomResourceOptions) {
    super(TEXT, name, args, opts);
  }
}
