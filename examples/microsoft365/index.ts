import * as odeus from "@odeus/pulumi";
import * as azure from "@pulumi/azure-native";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const slugs = ["outlook-email", "outlook-calendar", "sharepoint", "onedrive", "excel", "microsoft-teams", "planner"];

// One app for all seven: one consent page, one secret, seven redirect URLs. An app for each would ask people for less at a time.
const microsoft = new odeus.OAuthClientConfig("microsoft365", {
  integrations: slugs.map((integration) => ({ integration })),
  entra: { displayName: "Odeus for Contoso", grantAdminConsent: true },
  rotation: { everyDays: 90, triggers: { round: config.get("secretRound") ?? "first" } },
  exportClientSecret: true,
});

// With every rotation the vault gets a new version of the secret.
new azure.keyvault.Secret("odeus-client-secret", {
  resourceGroupName: config.require("resourceGroup"),
  vaultName: config.require("vault"),
  secretName: "odeus-microsoft365",
  properties: {
    value: microsoft.clientSecret,
    contentType: microsoft.clientId.apply((id) => `client secret of ${id}`),
    attributes: { expires: microsoft.secretExpiresAt.apply((time) => Math.floor(Date.parse(time ?? "") / 1000)) },
  },
});

export const clientId = microsoft.clientId;
export const redirectUrls = microsoft.redirectUrls;
export const proven = microsoft.verification.apply((verification) => verification?.proven);
