/** Who logs in to which Snowflake account, and how: the configuration taken apart and checked before the driver sees any of it. */

import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Config } from "../core/config.js";
import { ConfigError, NotConfiguredError } from "../core/errors.js";
import { Secret } from "../core/secret.js";
import { requireSafeUrl } from "./http.js";

/** Ways that need no person. The driver takes any other word for a password login. */
const AUTHENTICATORS = ["SNOWFLAKE_JWT", "PROGRAMMATIC_ACCESS_TOKEN", "OAUTH", "WORKLOAD_IDENTITY", "SNOWFLAKE"] as const;
type Authenticator = (typeof AUTHENTICATORS)[number];
const WITH_A_PERSON = /^(EXTERNALBROWSER|OAUTH_AUTHORIZATION_CODE|USERNAME_PASSWORD_MFA|HTTPS:\/\/.*)$/;
const PROVIDERS = ["AWS", "AZURE", "GCP", "OIDC"];

export interface SnowflakeLogin {
  /** The account identifier in capitals: ORGANIZATION-ACCOUNT, or LOCATOR.REGION. */
  account: string;
  /** Where the account answers: protocol, host, and the port where it is not the protocol's own. */
  origin: string;
  host: string;
  /** Left out with tokens that name their user. */
  user: string | undefined;
  role: string | undefined;
  authenticator: Authenticator;
  password?: Secret | undefined;
  /** PEM without a passphrase. */
  privateKey?: Secret | undefined;
  token?: Secret | undefined;
  workloadIdentityProvider?: string | undefined;
}

/** What the configuration says; what is missing or wrong in it is told in one sentence. */
export function loginOf(config: Config): SnowflakeLogin {
  const { account, host } = accountOf(config);
  const authenticator = authenticatorOf(config);
  const user = config.text("snowflakeUser");
  const needsUser = authenticator === "SNOWFLAKE" || authenticator === "SNOWFLAKE_JWT";
  if (user === undefined && needsUser) throw new NotConfiguredError("no Snowflake user: set SNOWFLAKE_USER, or odeus:snowflake.user.");
  return {
    account,
    ...addressOf(config, host),
    user,
    role: config.text("snowflakeRole"),
    authenticator,
    ...credentialsOf(config, authenticator),
  };
}

function accountOf(config: Config): { account: string; host: string } {
  const written = (config.text("snowflakeAccount") ?? "").trim();
  if (written === "") {
    throw new NotConfiguredError("no Snowflake account: set SNOWFLAKE_ACCOUNT, or `pulumi config set --path odeus:snowflake.account ORGANIZATION-ACCOUNT`.");
  }
  const address = /^(?:https?:\/\/)?([^/:?#\s]+)/i.exec(written)?.[1] ?? "";
  const domain = /^(.+)\.snowflakecomputing\.([a-z]+)$/i.exec(address);
  const account = domain?.[1] ?? (/[:/]/.test(written) ? "" : written);
  if (!/^\w+([.-]\w+)*$/.test(account)) {
    throw new ConfigError(
      "snowflake.account (SNOWFLAKE_ACCOUNT) is no account identifier: write ORGANIZATION-ACCOUNT, as Snowflake shows it under View account details, or LOCATOR.REGION.",
    );
  }
  return { account: account.toUpperCase(), host: hostOf(account, domain?.[2]) };
}

/** The host names of Snowflake's guide on account identifiers: no region for us-west-2, .cn for regions in China. */
function hostOf(account: string, domain: string | undefined): string {
  // The certificate is for both spellings, but not every TLS library takes an underscore in a host.
  const name = account
    .toLowerCase()
    .replaceAll("_", "-")
    .replace(/^([^.]+)\.us-west-2$/, "$1");
  return `${name}.snowflakecomputing.${domain?.toLowerCase() ?? (/\.cn-/.test(name) ? "cn" : "com")}`;
}

function addressOf(config: Config, byAccount: string): { origin: string; host: string } {
  const host = config.text("snowflakeHost") ?? byAccount;
  const port = config.text("snowflakePort");
  const protocol = (config.text("snowflakeProtocol") ?? "https").toLowerCase();
  if (/[/@\s]/.test(host))
    throw new ConfigError("snowflake.host (SNOWFLAKE_HOST) must be a host name alone; the rest goes into snowflake.protocol and snowflake.port.");
  if (port !== undefined && !/^\d{1,5}$/.test(port)) throw new ConfigError("snowflake.port (SNOWFLAKE_PORT) must be a number.");
  const url = requireSafeUrl(`${protocol}://${host}${port === undefined ? "" : `:${port}`}`, "the address of Snowflake (snowflake.protocol, host, port)");
  return { origin: url.origin, host: url.host };
}

function authenticatorOf(config: Config): Authenticator {
  const named = config.text("snowflakeAuthenticator")?.toUpperCase();
  const known = AUTHENTICATORS.find((each) => each === named);
  if (known !== undefined) return known;
  if (named !== undefined) {
    const why = WITH_A_PERSON.test(named) ? "needs a person at a browser or phone" : "is not one that works here";
    throw new ConfigError(`snowflake.authenticator (SNOWFLAKE_AUTHENTICATOR) ${why}; it must be one of ${AUTHENTICATORS.join(", ")}.`);
  }
  if (config.text("snowflakePrivateKey") !== undefined || config.text("snowflakePrivateKeyPath") !== undefined) return "SNOWFLAKE_JWT";
  const token = config.secret("snowflakeToken");
  if (token !== undefined) return isOAuthToken(token) ? "OAUTH" : "PROGRAMMATIC_ACCESS_TOKEN";
  if (config.secret("snowflakePassword") !== undefined) return "SNOWFLAKE";
  throw new NotConfiguredError(
    "no credentials for Snowflake: set SNOWFLAKE_PRIVATE_KEY (key pair), SNOWFLAKE_TOKEN (programmatic access token or OAuth), or SNOWFLAKE_PASSWORD.",
  );
}

/**
 * By form, since nobody documents one: Snowflake's own OAuth tokens begin with "ver:", those of another issuer are JSON web
 * tokens of that issuer, and programmatic access tokens are JSON web tokens of an issuer "SF:...".
 */
function isOAuthToken(token: Secret): boolean {
  const text = token.open();
  if (text.startsWith("ver:")) return true;
  const parts = text.split(".");
  if (parts.length !== 3) return false;
  try {
    const { iss } = JSON.parse(Buffer.from(parts[1] ?? "", "base64url").toString("utf8")) as { iss?: unknown };
    return typeof iss === "string" && !iss.startsWith("SF:");
  } catch {
    return false;
  }
}

function credentialsOf(config: Config, authenticator: Authenticator): Pick<SnowflakeLogin, "password" | "privateKey" | "token" | "workloadIdentityProvider"> {
  const needed = <T>(value: T | undefined, what: string): T => {
    if (value === undefined) throw new NotConfiguredError(`logging in to Snowflake with ${authenticator} needs ${what}.`);
    return value;
  };
  const token = config.secret("snowflakeToken");
  switch (authenticator) {
    case "SNOWFLAKE":
      return { password: needed(config.secret("snowflakePassword"), "SNOWFLAKE_PASSWORD") };
    case "SNOWFLAKE_JWT":
      return {
        privateKey: keyOf(needed(pemOf(config), "SNOWFLAKE_PRIVATE_KEY or SNOWFLAKE_PRIVATE_KEY_PATH"), config.secret("snowflakePrivateKeyPassphrase")),
      };
    case "PROGRAMMATIC_ACCESS_TOKEN":
    case "OAUTH":
      return { token: needed(token, "SNOWFLAKE_TOKEN") };
    case "WORKLOAD_IDENTITY": {
      const provider = needed(config.text("snowflakeWorkloadIdentityProvider")?.toUpperCase(), "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER");
      if (!PROVIDERS.includes(provider)) throw new ConfigError(`snowflake.workloadIdentityProvider must be one of ${PROVIDERS.join(", ")}.`);
      return { workloadIdentityProvider: provider, token: provider === "OIDC" ? needed(token, "SNOWFLAKE_TOKEN") : undefined };
    }
  }
}

function pemOf(config: Config): Secret | undefined {
  const text = config.text("snowflakePrivateKey");
  // A PEM that went through an environment file often has \n for its line ends.
  if (text !== undefined) return new Secret(text.includes("\n") ? text : text.replaceAll("\\n", "\n"));
  const path = config.text("snowflakePrivateKeyPath");
  if (path === undefined) return undefined;
  try {
    return new Secret(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ConfigError(
      `snowflake.privateKeyPath (SNOWFLAKE_PRIVATE_KEY_PATH): ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "no code"}).`,
    );
  }
}

/** Opened here, because the driver's own words for a wrong passphrase or another kind of key are OpenSSL's. */
function keyOf(pem: Secret, passphrase: Secret | undefined): Secret {
  const what = "the private key (SNOWFLAKE_PRIVATE_KEY or SNOWFLAKE_PRIVATE_KEY_PATH)";
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem.open().trim(), format: "pem", ...(passphrase === undefined ? {} : { passphrase: passphrase.open() }) });
  } catch {
    const encrypted = /ENCRYPTED/.test(pem.open());
    if (!encrypted) throw new ConfigError(`${what} is not a private key as PEM text (-----BEGIN PRIVATE KEY-----).`);
    throw new ConfigError(
      passphrase === undefined ? `${what} is encrypted: set SNOWFLAKE_PRIVATE_KEY_PASSPHRASE.` : `${what} does not open with SNOWFLAKE_PRIVATE_KEY_PASSPHRASE.`,
    );
  }
  if (key.asymmetricKeyType !== "rsa") throw new ConfigError(`${what} is of the kind ${key.asymmetricKeyType}; Snowflake takes RSA.`);
  return new Secret(key.export({ format: "pem", type: "pkcs8" }).toString());
}
