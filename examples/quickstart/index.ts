import * as odeus from "@odeus/pulumi";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

// One Microsoft Entra app for two integrations: registered, given a secret, proven and entered by `pulumi up`.
const microsoft = new odeus.OAuthClientConfig("microsoft", {
  integrations: [{ integration: "outlook-email" }, { integration: "sharepoint" }],
  entra: { displayName: "Odeus for Contoso", grantAdminConsent: true },
});

// Atlassian offers no API to make a client, so this one was made by hand; it is proven and entered.
const jira = new odeus.OAuthClientConfig("jira", {
  integrations: [{ integration: "jira" }],
  existing: { clientId: config.require("jiraClientId"), clientSecret: config.requireSecret("jiraClientSecret") },
});

export const clientIds = { microsoft: microsoft.clientId, jira: jira.clientId };
export const redirectUrls = pulumi.all([microsoft.redirectUrls, jira.redirectUrls]).apply(([first, second]) => ({ ...first, ...second }));
