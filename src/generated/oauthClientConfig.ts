// Generated from the resource definitions by tools/generate.ts. Do not edit.

import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../provider/dynamic.js";
import type { EntraApp, EntraAppArgs, ExistingClient, ExistingClientArgs, IntegrationUse, IntegrationUseArgs, RetiringSecret, RolloutRecord, Rotation, RotationArgs, ServiceNowRegistry, ServiceNowRegistryArgs, Verification } from "./types.js";

/** Arguments of {@link OAuthClientConfig}. */
export interface OAuthClientConfigArgs {
  /** The integrations that use this client; one client may serve several. Order without meaning, no integration twice. An integration added is entered with a new secret where the current one is kept nowhere; one removed falls back to Odeus's own client. */
  integrations: pulumi.Input<pulumi.Input<IntegrationUseArgs>[]>;
  /** The client is a Microsoft Entra app registration that this resource makes and keeps. One of `entra`, `serviceNow` and `existing`. */
  entra?: pulumi.Input<EntraAppArgs | undefined> | undefined;
  /** The client is an entry of a ServiceNow instance's application registry that this resource makes and keeps. One of `entra`, `serviceNow` and `existing`. A new secret ends the former one at once; it is entered in the same moment. */
  serviceNow?: pulumi.Input<ServiceNowRegistryArgs | undefined> | undefined;
  /** The client was made by hand (Google and Atlassian offer no API) or by another resource. One of `entra`, `serviceNow` and `existing`. With another client id, users sign in again when their access token ends. */
  existing?: pulumi.Input<ExistingClientArgs | undefined> | undefined;
  /** When the client secret is replaced. Not for `existing`, whose secret is yours. */
  rotation?: pulumi.Input<RotationArgs | undefined> | undefined;
  /**
   * Prove the client at the authorization server before users meet it. Rejected: undone and failed. Not provable: a warning.
   * @default true
   */
  verify?: pulumi.Input<boolean | undefined> | undefined;
  /** Take over the client with this id, which others made: at the authorization server, and in the slots that hold it. It gets our mark, a new secret and what is declared here; what others added stays. Not for `existing`. With the id of another client than the one in use, users sign in again when their access token ends. */
  adoptClientId?: pulumi.Input<string | undefined> | undefined;
  /** Client ids that may be pushed out of a slot although they are not ours. They cannot be put back: their secret is not readable. */
  replaceClientIds?: pulumi.Input<pulumi.Input<string>[] | undefined> | undefined;
  /**
   * Give the client secret as the secret output `clientSecret`, for a vault. Switched on later, it issues a new secret.
   * @default false
   */
  exportClientSecret?: pulumi.Input<boolean | undefined> | undefined;
}

const TEXT = {
  kind: "OAuthClientConfig",
  outputs: ["clientId", "secretCreatedAt", "retiring", "verification", "drift", "clientSecret", "rollout", "tenantId", "redirectUrls", "effectiveScopes", "appObjectId", "adminConsentUrl", "secretExpiresAt"],
  secretOutputs: ["clientSecret"],
};

/** The OAuth client that a set of workspace integrations uses, from its app at the authorization server to the workspace: registered, given a secret, proven, entered, and later changed, rotated, undone and removed. */
export class OAuthClientConfig extends DynamicResource {
  /** The integrations that use this client; one client may serve several. Order without meaning, no integration twice. An integration added is entered with a new secret where the current one is kept nowhere; one removed falls back to Odeus's own client. */
  declare readonly integrations: pulumi.Output<IntegrationUse[]>;
  /** The client is a Microsoft Entra app registration that this resource makes and keeps. One of `entra`, `serviceNow` and `existing`. */
  declare readonly entra: pulumi.Output<EntraApp | undefined>;
  /** The client is an entry of a ServiceNow instance's application registry that this resource makes and keeps. One of `entra`, `serviceNow` and `existing`. A new secret ends the former one at once; it is entered in the same moment. */
  declare readonly serviceNow: pulumi.Output<ServiceNowRegistry | undefined>;
  /** The client was made by hand (Google and Atlassian offer no API) or by another resource. One of `entra`, `serviceNow` and `existing`. With another client id, users sign in again when their access token ends. */
  declare readonly existing: pulumi.Output<ExistingClient | undefined>;
  /** When the client secret is replaced. Not for `existing`, whose secret is yours. */
  declare readonly rotation: pulumi.Output<Rotation | undefined>;
  /** Prove the client at the authorization server before users meet it. Rejected: undone and failed. Not provable: a warning. */
  declare readonly verify: pulumi.Output<boolean>;
  /** Take over the client with this id, which others made: at the authorization server, and in the slots that hold it. It gets our mark, a new secret and what is declared here; what others added stays. Not for `existing`. With the id of another client than the one in use, users sign in again when their access token ends. */
  declare readonly adoptClientId: pulumi.Output<string | undefined>;
  /** Client ids that may be pushed out of a slot although they are not ours. They cannot be put back: their secret is not readable. */
  declare readonly replaceClientIds: pulumi.Output<string[] | undefined>;
  /** Give the client secret as the secret output `clientSecret`, for a vault. Switched on later, it issues a new secret. */
  declare readonly exportClientSecret: pulumi.Output<boolean>;
  /** Client id in use now. (The resource's id names the first one and never changes.) */
  declare readonly clientId: pulumi.Output<string | undefined>;
  /** When the current secret was issued (RFC 3339, UTC). */
  declare readonly secretCreatedAt: pulumi.Output<string | undefined>;
  /** Previous secrets in their overlap. */
  declare readonly retiring: pulumi.Output<RetiringSecret[] | undefined>;
  /** What was proven about the client, and what could not be. */
  declare readonly verification: pulumi.Output<Verification | undefined>;
  /** What is not as declared, in sentences; empty when all is right. The next `up` mends it. */
  declare readonly drift: pulumi.Output<string[] | undefined>;
  /** The client secret, when `exportClientSecret` is on. */
  declare readonly clientSecret: pulumi.Output<string | undefined>;
  /** Bookkeeping of this resource: the objects it made, for the next run to find. */
  declare readonly rollout: pulumi.Output<RolloutRecord | undefined>;
  /** Tenant of the client, where it has one. */
  declare readonly tenantId: pulumi.Output<string | undefined>;
  /** Redirect URL of each integration, keyed as the program wrote it. */
  declare readonly redirectUrls: pulumi.Output<{ [key: string]: string } | undefined>;
  /** Scopes in force for each integration, keyed as the program wrote it. */
  declare readonly effectiveScopes: pulumi.Output<{ [key: string]: string[] } | undefined>;
  /** Object id of the Entra app registration. */
  declare readonly appObjectId: pulumi.Output<string | undefined>;
  /** Page on which an administrator can grant tenant-wide consent (Entra). */
  declare readonly adminConsentUrl: pulumi.Output<string | undefined>;
  /** When the current secret expires (RFC 3339, UTC). */
  declare readonly secretExpiresAt: pulumi.Output<string | undefined>;

  /**
   * @param name The resource's name in the stack.
   * @param args What is declared.
   * @param opts Options that every Pulumi resource has.
   */
  constructor(name: string, args: OAuthClientConfigArgs, opts?: pulumi.CustomResourceOptions) {
    super(TEXT, name, args, opts);
  }
}
