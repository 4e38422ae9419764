/** Odeus for Pulumi: what a TypeScript program imports. */

export type { CustomIntegrationArgs } from "./generated/customIntegration.js";
export { CustomIntegration } from "./generated/customIntegration.js";
export type { GetIntegrationArgs, GetIntegrationResult, GetIntegrationsResult } from "./generated/functions.js";
export { getIntegration, getIntegrations } from "./generated/functions.js";
export type { OAuthClientConfigArgs } from "./generated/oauthClientConfig.js";
// Written so that the old compiler which the SDK brings for programs without their own can read the declarations.
export { OAuthClientConfig } from "./generated/oauthClientConfig.js";
export type { SnowflakeSecurityIntegrationArgs } from "./generated/snowflakeSecurityIntegration.js";
export { SnowflakeSecurityIntegration } from "./generated/snowflakeSecurityIntegration.js";
export * from "./generated/types.js";
