/** Provider configuration: provider argument, then stack config, then environment variable, read when it is needed. */

import { Secret } from "./secret.js";

/** Where configuration values come from, first match wins; the hosts build it. Keys are paths such as `entra.clientId`. */
export interface ConfigSource {
  /** The value of a provider argument or stack config entry, as text. */
  setting(key: string): string | undefined;
  environment: Readonly<Record<string, string | undefined>>;
}

/** One configuration value: its key under `odeus:`, and the environment variables that may hold it, in order. */
export interface ConfigKey {
  key: string;
  environment: readonly string[];
  description: string;
  secret?: boolean;
}

/** Every value the provider can be configured with. schema.json and the README's table are written from this list. */
export const CONFIG = {
  apiKey: { key: "apiKey", environment: ["ODEUS_API_KEY"], secret: true, description: "Key of the Odeus workspace, with the scope INTEGRATION_API." },
  baseUrl: {
    key: "baseUrl",
    environment: ["ODEUS_BASE_URL"],
    description: "Where the Odeus API answers. Default https://api.odeus.ai; a dedicated deployment answers at https://<domain>/api/public.",
  },
  owner: {
    key: "owner",
    environment: ["ODEUS_OWNER"],
    description: "A word that tells two state backends with equal project and stack names apart. It is part of the mark on what is made.",
  },
  retrySeconds: {
    key: "retrySeconds",
    environment: ["ODEUS_RETRY_SECONDS"],
    description: "How long a call that a server throttles, or cannot serve just now, is tried again, in seconds. Default 120.",
  },
  callTimeoutSeconds: {
    key: "callTimeoutSeconds",
    environment: ["ODEUS_CALL_TIMEOUT_SECONDS"],
    description: "How long one call may take before its outcome counts as unknown, in seconds. Default 30.",
  },
  verifySeconds: {
    key: "verifySeconds",
    environment: ["ODEUS_VERIFY_SECONDS"],
    description: "How long to wait until a new secret is accepted, in seconds. Default 300.",
  },
  requestsPerMinute: {
    key: "requestsPerMinute",
    environment: ["ODEUS_REQUESTS_PER_MINUTE"],
    description:
      "How many calls the workspace takes in a minute, from all who use it. More wait for their turn. 0: no call waits before the workspace refuses it. Default 500.",
  },
  privateHosts: {
    key: "privateHosts",
    environment: ["ODEUS_PRIVATE_HOSTS"],
    description:
      "Hosts inside your own network, separated by commas, at which, on any port, the issuer and the endpoints of an existing client may be, or a ServiceNow instance. All others must be on the public internet.",
  },
  abandonClientIds: {
    key: "abandonClientIds",
    environment: ["ODEUS_ABANDON_CLIENT_IDS"],
    description:
      "Client ids, separated by commas, of former clients that can be removed no more, such as those of an instance or a tenant that is closed. They are left where they are, and forgotten.",
  },
  entraTenantId: {
    key: "entra.tenantId",
    environment: ["ARM_TENANT_ID", "AZURE_TENANT_ID"],
    description: "Tenant to sign in to, and the default tenant of app registrations.",
  },
  entraClientId: { key: "entra.clientId", environment: ["ARM_CLIENT_ID"], description: "Client id of the deploying service principal." },
  entraClientSecret: {
    key: "entra.clientSecret",
    environment: ["ARM_CLIENT_SECRET"],
    secret: true,
    description: "Client secret of the deploying service principal.",
  },
  entraUseOidc: { key: "entra.useOidc", environment: ["ARM_USE_OIDC"], description: "true: sign in with a federated token (oidcToken) in place of a secret." },
  entraOidcToken: { key: "entra.oidcToken", environment: ["ARM_OIDC_TOKEN"], secret: true, description: "The federated token, used with useOidc." },
  entraEnvironment: { key: "entra.environment", environment: ["ARM_ENVIRONMENT"], description: "Cloud: public (default), usgovernment or china." },
  entraAuthority: {
    key: "entra.authorityHost",
    environment: ["AZURE_AUTHORITY_HOST"],
    description: "Sign-in host in place of the cloud's own, for a sandbox.",
  },
  entraGraph: {
    key: "entra.graphEndpoint",
    environment: ["ODEUS_GRAPH_ENDPOINT"],
    description: "Microsoft Graph root in place of the cloud's own, for a sandbox.",
  },
  snowflakeAccount: {
    key: "snowflake.account",
    environment: ["SNOWFLAKE_ACCOUNT"],
    description: "Snowflake account, as ORGANIZATION-ACCOUNT or LOCATOR.REGION; the account's web address is taken apart.",
  },
  snowflakeUser: { key: "snowflake.user", environment: ["SNOWFLAKE_USER"], description: "Snowflake user that deploys." },
  snowflakePassword: {
    key: "snowflake.password",
    environment: ["SNOWFLAKE_PASSWORD"],
    secret: true,
    description: "Its password. Snowflake is blocking passwords without a second factor: prefer a key or a token.",
  },
  snowflakePrivateKey: {
    key: "snowflake.privateKey",
    environment: ["SNOWFLAKE_PRIVATE_KEY"],
    secret: true,
    description: "Private key of its key pair, as PEM text.",
  },
  snowflakePrivateKeyPath: {
    key: "snowflake.privateKeyPath",
    environment: ["SNOWFLAKE_PRIVATE_KEY_PATH"],
    description: "File that holds the private key.",
  },
  snowflakePrivateKeyPassphrase: {
    key: "snowflake.privateKeyPassphrase",
    environment: ["SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"],
    secret: true,
    description: "Passphrase of an encrypted private key.",
  },
  snowflakeToken: {
    key: "snowflake.token",
    environment: ["SNOWFLAKE_TOKEN"],
    secret: true,
    description: "Programmatic access token, OAuth access token, or the OIDC token of a workload identity.",
  },
  snowflakeAuthenticator: {
    key: "snowflake.authenticator",
    environment: ["SNOWFLAKE_AUTHENTICATOR"],
    description:
      "How to log in: SNOWFLAKE_JWT (key pair), PROGRAMMATIC_ACCESS_TOKEN, OAUTH, WORKLOAD_IDENTITY or SNOWFLAKE (password). Default: by what is set, in the order key, token, password.",
  },
  snowflakeWorkloadIdentityProvider: {
    key: "snowflake.workloadIdentityProvider",
    environment: ["SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER"],
    description: "AWS, AZURE, GCP or OIDC; used with WORKLOAD_IDENTITY.",
  },
  snowflakeRole: {
    key: "snowflake.role",
    environment: ["SNOWFLAKE_ROLE"],
    description: "Snowflake role to act in. Default: the user's own default role.",
  },
  snowflakeHost: {
    key: "snowflake.host",
    environment: ["SNOWFLAKE_HOST"],
    description: "Host in place of the one that follows from the account, for a sandbox.",
  },
  snowflakePort: { key: "snowflake.port", environment: ["SNOWFLAKE_PORT"], description: "Port of that host. Default: the protocol's own." },
  snowflakeProtocol: {
    key: "snowflake.protocol",
    environment: ["SNOWFLAKE_PROTOCOL"],
    description: "https (default), or http for this machine itself.",
  },
  serviceNowInstance: {
    key: "serviceNow.instance",
    environment: ["SERVICENOW_INSTANCE"],
    description: "ServiceNow instance: what stands before .service-now.com in its address, or its whole address. The default of application registries.",
  },
  serviceNowUsername: {
    key: "serviceNow.username",
    environment: ["SERVICENOW_USERNAME"],
    description: "ServiceNow user that deploys, with the role oauth_admin.",
  },
  serviceNowPassword: { key: "serviceNow.password", environment: ["SERVICENOW_PASSWORD"], secret: true, description: "Password of that user." },
  serviceNowToken: {
    key: "serviceNow.token",
    environment: ["SERVICENOW_TOKEN"],
    secret: true,
    description: "OAuth access token of the ServiceNow user that deploys, in place of name and password.",
  },
  atlassianEndpoint: {
    key: "endpoints.atlassian",
    environment: ["ODEUS_ENDPOINT_ATLASSIAN"],
    description: "Origin of Atlassian's OAuth server in place of https://auth.atlassian.com, for a sandbox.",
  },
  googleEndpoint: {
    key: "endpoints.google",
    environment: ["ODEUS_ENDPOINT_GOOGLE"],
    description: "Origin of Google's OAuth server in place of its own two, for a sandbox.",
  },
  serviceNowEndpoint: {
    key: "endpoints.serviceNow",
    environment: ["ODEUS_ENDPOINT_SERVICENOW"],
    description: "Origin in place of every ServiceNow instance's own, for a sandbox.",
  },
} as const satisfies Record<string, ConfigKey>;

export type ConfigName = keyof typeof CONFIG;

export interface Config {
  /** The value, or undefined where nothing is set. Empty text counts as not set. */
  text(name: ConfigName): string | undefined;
  /** A secret value, opened only where a client sends it. */
  secret(name: ConfigName): Secret | undefined;
  /** A number of seconds, or the default. */
  seconds(name: ConfigName, byDefault: number): number;
  /** A whole number, or the default. */
  count(name: ConfigName, byDefault: number): number;
  /** What stands between commas or blanks. */
  list(name: ConfigName): string[];
  /** Environment that child libraries may need to see (sign-in chains). */
  environment: Readonly<Record<string, string | undefined>>;
}

export function createConfig(source: ConfigSource): Config {
  const text = (name: ConfigName): string | undefined => {
    const { key, environment } = CONFIG[name];
    const values = [source.setting(key), ...environment.map((variable) => source.environment[variable])];
    return values.find((value) => value !== undefined && value !== "");
  };
  const number = (name: ConfigName, byDefault: number): number => {
    const value = Number(text(name));
    return text(name) !== undefined && Number.isFinite(value) && value >= 0 ? value : byDefault;
  };
  return {
    text,
    secret(name) {
      const value = text(name);
      return value === undefined ? undefined : new Secret(value);
    },
    seconds: number,
    count: (name, byDefault) => Math.ceil(number(name, byDefault)),
    list: (name) => (text(name) ?? "").split(/[\s,]+/).filter((part) => part !== ""),
    environment: source.environment,
  };
}
