/** Odeus for Pulumi: what a TypeScript program imports. */

// Written so that the old compiler which the SDK brings for programs without their own can read the declarations.
export { OAuthClientConfig } from "./generated/oauthClientConfig.js";
export type { OAuthClientConfigArgs } from "./generated/oauthClientConfig.js";
export * from "./generated/types.js";
