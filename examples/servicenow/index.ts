import * as odeus from "@odeus/pulumi";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

// Odeus has no client of its own for ServiceNow. The instance is SERVICENOW_INSTANCE, or odeus:serviceNow.instance.
const desk = new odeus.OAuthClientConfig("desk", {
  integrations: [{ integration: "servicenow" }],
  serviceNow: {
    name: "Odeus for Contoso",
    comments: "Signs the users of Odeus in. Kept by the platform team.",
    refreshTokenLifespanSeconds: 2_592_000, // Who stays away for 30 days signs in again. Left out, it is 100 days.
  },
  rotation: { triggers: { round: config.get("secretRound") ?? "first" } },
});

export const clientId = desk.clientId;
export const redirectUrls = desk.redirectUrls;
