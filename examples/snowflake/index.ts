import * as odeus from "@odeus/pulumi";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

// The integration "from scratch": it has the redirect URL, and takes client and endpoints.
const snowflake = new odeus.CustomIntegration("snowflake", { name: "Snowflake", description: "Query the warehouse" });

// The account makes client id and secrets; they are read and entered in the integration, with the account's own URLs.
const client = new odeus.SnowflakeSecurityIntegration("client", {
  name: "ODEUS",
  integration: snowflake.slug,
  scopes: ["refresh_token"],
  oauthIssueRefreshTokens: true,
  oauthRefreshTokenValiditySeconds: 86_400, // The guide's value: users sign in daily. Left out, it is 90 days.
  oauthAllowNonTlsRedirectUri: config.getBoolean("allowNonTlsRedirectUri") ?? false, // Only the sandbox needs it.
  rotation: { triggers: { round: config.get("secretRound") ?? "first" } },
});

export const redirectUrl = snowflake.redirectUrl;
export const clientId = client.clientId;
export const authorizationUrl = client.authorizationUrl;
