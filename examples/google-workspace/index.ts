import * as odeus from "@odeus/pulumi";
import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

// The APIs that the integrations call; without them people can sign in, and every action fails.
const apis = ["gmail", "drive", "calendar-json"].map((api) => new gcp.projects.Service(api, { service: `${api}.googleapis.com`, disableOnDestroy: false }));

// No API of Google's makes a web-application client: this one was made in the console, and its secret was put into Secret Manager.
const stored = gcp.secretmanager.getSecretVersionAccessOutput({ secret: config.get("clientSecretName") ?? "odeus-google-client-secret" });

const google = new odeus.OAuthClientConfig(
  "google",
  {
    integrations: [{ integration: "gmail" }, { integration: "google-drive" }, { integration: "google-calendar" }],
    existing: { clientId: config.require("googleClientId"), clientSecret: pulumi.secret(stored.secretData) },
  },
  { dependsOn: apis },
);

// To be registered at the client, to the letter; `up` refuses the client until they are.
export const redirectUrls = google.redirectUrls;
export const scopes = google.effectiveScopes;
export const verification = google.verification;
