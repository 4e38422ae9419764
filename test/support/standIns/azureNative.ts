/**
 * What examples/microsoft365 uses of @pulumi/azure-native (136 MB installed, and a plugin beside it), under the same names and
 * types, for the real engine. A mock: the vault is a list in this process.
 */

import * as pulumi from "@pulumi/pulumi";

export interface SecretProperties {
  value?: string | undefined;
  contentType?: string;
  attributes?: { expires?: number };
}

/** Every version of a secret that a vault was given, in order. */
export const versions: (SecretProperties & { vaultName: string; secretName: string })[] = [];

interface SecretArgs {
  resourceGroupName: pulumi.Input<string>;
  vaultName: pulumi.Input<string>;
  secretName: pulumi.Input<string>;
  properties: pulumi.Input<{
    value?: pulumi.Input<string | undefined>;
    contentType?: pulumi.Input<string>;
    attributes?: pulumi.Input<{ expires?: pulumi.Input<number> }>;
  }>;
}

/** A component, which needs no plugin; what is not known yet does not reach the vault. */
class Secret extends pulumi.ComponentResource {
  constructor(name: string, args: SecretArgs, options?: pulumi.ComponentResourceOptions) {
    super("azure-native:keyvault:Secret", name, {}, options);
    const { vaultName, secretName, properties } = args;
    pulumi.output({ vaultName, secretName, properties }).apply((known) => {
      const last = versions.at(-1);
      const version = { vaultName: known.vaultName, secretName: known.secretName, ...known.properties };
      if (!pulumi.runtime.isDryRun() && last?.value !== version.value) versions.push(version);
    });
    this.registerOutputs({ properties });
  }
}

export const keyvault = { Secret };
