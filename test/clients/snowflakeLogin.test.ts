/** Who logs in to which Snowflake account: every way to write the account, every way to log in, and what is said of a wrong one. */

import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { loginOf } from "../../src/clients/snowflakeLogin.js";
import { createConfig } from "../../src/core/config.js";
import { ConfigError, NotConfiguredError } from "../../src/core/errors.js";

const PASSWORD = "password-of-the-login-test";
const login = (environment: Record<string, string>) => loginOf(createConfig({ setting: () => undefined, environment }));
const withPassword = (environment: Record<string, string> = {}) =>
  login({ SNOWFLAKE_ACCOUNT: "contoso-eu", SNOWFLAKE_USER: "deployer", SNOWFLAKE_PASSWORD: PASSWORD, ...environment });
const jwt = (claims: object): string => ["eyJhbGciOiJFUzI1NiJ9", Buffer.from(JSON.stringify(claims)).toString("base64url"), "c2lnbmF0dXJl"].join(".");

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const PEM = rsa.export({ type: "pkcs8", format: "pem" }).toString();
const PASSPHRASE = "passphrase-of-the-login-test";
const ENCRYPTED = rsa.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: PASSPHRASE }).toString();

describe("the account", () => {
  it.each([
    ["contoso-eu", "CONTOSO-EU", "contoso-eu.snowflakecomputing.com"],
    ["CONTOSO-MY_ACCOUNT", "CONTOSO-MY_ACCOUNT", "contoso-my-account.snowflakecomputing.com"],
    ["xy12345.us-east-2.aws", "XY12345.US-EAST-2.AWS", "xy12345.us-east-2.aws.snowflakecomputing.com"],
    ["xy12345.us-west-2", "XY12345.US-WEST-2", "xy12345.snowflakecomputing.com"],
    ["xy12345", "XY12345", "xy12345.snowflakecomputing.com"],
    ["xy12345.cn-northwest-1", "XY12345.CN-NORTHWEST-1", "xy12345.cn-northwest-1.snowflakecomputing.cn"],
    ["contoso-eu.privatelink", "CONTOSO-EU.PRIVATELINK", "contoso-eu.privatelink.snowflakecomputing.com"],
    ["https://contoso-eu.snowflakecomputing.com", "CONTOSO-EU", "contoso-eu.snowflakecomputing.com"],
    ["https://Contoso-EU.snowflakecomputing.com:443/console/login#/", "CONTOSO-EU", "contoso-eu.snowflakecomputing.com"],
    ["xy12345.west-europe.azure.snowflakecomputing.com", "XY12345.WEST-EUROPE.AZURE", "xy12345.west-europe.azure.snowflakecomputing.com"],
    [" contoso-eu\n", "CONTOSO-EU", "contoso-eu.snowflakecomputing.com"],
  ])("%j is %s at %s", (written, account, host) => {
    expect(withPassword({ SNOWFLAKE_ACCOUNT: written })).toMatchObject({ account, host, origin: `https://${host}` });
  });

  it.each(["https://app.snowflake.com/contoso/eu/#/homepage", "https://example.com", "contoso/eu", "contoso eu", "contoso--eu", "-a", "a."])(
    "%j is none",
    (written) => {
      expect(() => withPassword({ SNOWFLAKE_ACCOUNT: written })).toThrow(/is no account identifier: write ORGANIZATION-ACCOUNT/);
    },
  );

  it("can be somewhere else, on this machine also without TLS", () => {
    const elsewhere = withPassword({ SNOWFLAKE_HOST: "127.0.0.1", SNOWFLAKE_PORT: "8443", SNOWFLAKE_PROTOCOL: "HTTP" });
    expect(elsewhere).toMatchObject({ account: "CONTOSO-EU", origin: "http://127.0.0.1:8443", host: "127.0.0.1:8443" });
    expect(withPassword({ SNOWFLAKE_HOST: "account.contoso.example" }).origin).toBe("https://account.contoso.example");
  });

  it.each<[Record<string, string>, RegExp]>([
    [{ SNOWFLAKE_PROTOCOL: "http" }, /must start with https:\/\//],
    [{ SNOWFLAKE_HOST: "10.0.0.1", SNOWFLAKE_PROTOCOL: "http" }, /must start with https:\/\//],
    [{ SNOWFLAKE_PROTOCOL: "ftp" }, /must start with https:\/\//],
    [{ SNOWFLAKE_HOST: "https://contoso.example" }, /must be a host name alone/],
    [{ SNOWFLAKE_HOST: "user@contoso.example" }, /must be a host name alone/],
    [{ SNOWFLAKE_PORT: "no" }, /must be a number/],
    [{ SNOWFLAKE_PORT: "99999" }, /is not a web address/],
  ])("is not reached by %j", (environment, told) => {
    expect(() => withPassword(environment)).toThrow(told);
    expect(() => withPassword(environment)).toThrow(ConfigError);
  });
});

describe("the way to log in", () => {
  const OAUTH = jwt({ iss: "https://login.contoso.example", sub: "deployer" });

  it.each<[string, Record<string, string>, string]>([
    ["a password", { SNOWFLAKE_PASSWORD: PASSWORD }, "SNOWFLAKE"],
    ["a key", { SNOWFLAKE_PRIVATE_KEY: PEM }, "SNOWFLAKE_JWT"],
    ["a programmatic access token", { SNOWFLAKE_TOKEN: jwt({ p: "1:2", iss: "SF:1049", exp: 1 }) }, "PROGRAMMATIC_ACCESS_TOKEN"],
    ["a token of a form that nobody knows", { SNOWFLAKE_TOKEN: "pat-without-a-form" }, "PROGRAMMATIC_ACCESS_TOKEN"],
    ["three parts that are no JSON", { SNOWFLAKE_TOKEN: "a.b.c" }, "PROGRAMMATIC_ACCESS_TOKEN"],
    ["Snowflake's own OAuth token", { SNOWFLAKE_TOKEN: "ver:1-hint:12345-abcdef" }, "OAUTH"],
    ["another issuer's OAuth token", { SNOWFLAKE_TOKEN: OAUTH }, "OAUTH"],
    ["a key before a token before a password", { SNOWFLAKE_PRIVATE_KEY: PEM, SNOWFLAKE_TOKEN: OAUTH, SNOWFLAKE_PASSWORD: PASSWORD }, "SNOWFLAKE_JWT"],
    ["a token before a password", { SNOWFLAKE_TOKEN: OAUTH, SNOWFLAKE_PASSWORD: PASSWORD }, "OAUTH"],
  ])("follows from %s", (_what, credentials, authenticator) => {
    expect(login({ SNOWFLAKE_ACCOUNT: "contoso-eu", SNOWFLAKE_USER: "deployer", ...credentials })).toMatchObject({ authenticator });
  });

  it("is the one that is named, in any case, and takes along only what it needs", () => {
    const all = { SNOWFLAKE_PRIVATE_KEY: PEM, SNOWFLAKE_TOKEN: OAUTH };
    const named = withPassword({ ...all, SNOWFLAKE_AUTHENTICATOR: "snowflake" });
    expect(named).toMatchObject({ authenticator: "SNOWFLAKE", user: "deployer" });
    expect([named.password?.open(), named.privateKey, named.token]).toEqual([PASSWORD, undefined, undefined]);
    expect(withPassword({ ...all, SNOWFLAKE_AUTHENTICATOR: "programmatic_access_token" }).token?.open()).toBe(OAUTH);
  });

  it.each(["externalbrowser", "https://contoso.okta.com", "OAUTH_AUTHORIZATION_CODE", "username_password_mfa"])(
    "is not %s, which needs a person",
    (authenticator) => {
      expect(() => withPassword({ SNOWFLAKE_AUTHENTICATOR: authenticator })).toThrow(/needs a person at a browser or phone; it must be one of SNOWFLAKE_JWT/);
    },
  );

  it("is none that the driver would take for a password", () => {
    expect(() => withPassword({ SNOWFLAKE_AUTHENTICATOR: "JWT" })).toThrow(/is not one that works here; it must be one of SNOWFLAKE_JWT/);
  });

  it("may be a workload's identity", () => {
    const identity = { SNOWFLAKE_ACCOUNT: "contoso-eu", SNOWFLAKE_AUTHENTICATOR: "WORKLOAD_IDENTITY" };
    expect(login({ ...identity, SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER: "aws" })).toMatchObject({ workloadIdentityProvider: "AWS", token: undefined });
    expect(login({ ...identity, SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER: "OIDC", SNOWFLAKE_TOKEN: OAUTH }).token?.open()).toBe(OAUTH);
    expect(() => login({ ...identity, SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER: "OIDC" })).toThrow(/needs SNOWFLAKE_TOKEN/);
    expect(() => login(identity)).toThrow(/needs SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER/);
    expect(() => login({ ...identity, SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER: "HEROKU" })).toThrow(/must be one of AWS, AZURE, GCP, OIDC/);
  });

  it("needs no user with a token", () => {
    expect(login({ SNOWFLAKE_ACCOUNT: "contoso-eu", SNOWFLAKE_TOKEN: OAUTH }).user).toBeUndefined();
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ["account", { SNOWFLAKE_ACCOUNT: "" }, /no Snowflake account: set SNOWFLAKE_ACCOUNT/],
    ["user", { SNOWFLAKE_USER: "" }, /no Snowflake user: set SNOWFLAKE_USER/],
    ["credentials", { SNOWFLAKE_PASSWORD: "" }, /no credentials for Snowflake: set SNOWFLAKE_PRIVATE_KEY/],
    ["key", { SNOWFLAKE_AUTHENTICATOR: "SNOWFLAKE_JWT" }, /with SNOWFLAKE_JWT needs SNOWFLAKE_PRIVATE_KEY or/],
    ["token", { SNOWFLAKE_AUTHENTICATOR: "OAUTH" }, /with OAUTH needs SNOWFLAKE_TOKEN/],
  ])("is told to lack its %s, so that a preview goes on", (_what, environment, told) => {
    expect(() => withPassword(environment)).toThrow(told);
    expect(() => withPassword(environment)).toThrow(NotConfiguredError);
  });
});

describe("the private key", () => {
  const key = (pem: string, more: Record<string, string> = {}) => withPassword({ SNOWFLAKE_PRIVATE_KEY: pem, ...more }).privateKey?.open();

  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "odeus-key-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is taken in every form of PEM", () => {
    expect(key(PEM)).toBe(PEM);
    expect(key(PEM.trim().replaceAll("\n", "\\n"))).toBe(PEM);
    expect(key(rsa.export({ type: "pkcs1", format: "pem" }).toString())).toBe(PEM);
    expect(key(ENCRYPTED, { SNOWFLAKE_PRIVATE_KEY_PASSPHRASE: PASSPHRASE })).toBe(PEM);
  });

  it("may stand in a file", () => {
    const file = path.join(folder, "key.p8");
    writeFileSync(file, ENCRYPTED);
    const more = { SNOWFLAKE_PRIVATE_KEY_PATH: file, SNOWFLAKE_PRIVATE_KEY_PASSPHRASE: PASSPHRASE };
    expect(withPassword(more)).toMatchObject({ authenticator: "SNOWFLAKE_JWT" });
    expect(withPassword(more).privateKey?.open()).toBe(PEM);
    expect(() => withPassword({ SNOWFLAKE_PRIVATE_KEY_PATH: path.join(folder, "none") })).toThrow(/none cannot be read \(ENOENT\)/);
  });

  it.each<[string, string, Record<string, string>, RegExp]>([
    ["no PEM", "hello", {}, /is not a private key as PEM text/],
    ["a broken PEM", PEM.replace(/\n.{10}/, "\nAAAAAAAAAA"), {}, /is not a private key as PEM text/],
    ["an encrypted one without a passphrase", ENCRYPTED, {}, /is encrypted: set SNOWFLAKE_PRIVATE_KEY_PASSPHRASE/],
    ["a wrong passphrase", ENCRYPTED, { SNOWFLAKE_PRIVATE_KEY_PASSPHRASE: "no" }, /does not open with SNOWFLAKE_PRIVATE_KEY_PASSPHRASE/],
    [
      "another kind",
      generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      {},
      /is of the kind ed25519; Snowflake takes RSA/,
    ],
  ])("is refused: %s", (_what, pem, more, told) => {
    expect(() => key(pem, more)).toThrow(told);
  });
});
