/** The base of the classes that TypeScript programs use: dynamic resources without serialized code. */

import * as pulumi from "@pulumi/pulumi";

/**
 * The code that the dynamic server evaluates, for ever: it is recorded in the state of every resource. Serialized functions
 * would change with every compiler and break under a bundler; this text never changes.
 */
const PROVIDER = `exports.handler = () => require("@odeus/pulumi/lifecycle").dynamic;`;

export interface ResourceText {
  /** The last part of the token. */
  kind: string;
  /** Names of the computed outputs. */
  outputs: readonly string[];
  /** Those outputs that are secret. */
  secretOutputs: readonly string[];
}

export abstract class DynamicResource extends pulumi.CustomResource {
  protected constructor({ kind, outputs, secretOutputs }: ResourceText, name: string, args: object | undefined, opts?: pulumi.CustomResourceOptions) {
    const type = `pulumi-nodejs:dynamic/odeus:${kind}`;
    // Outputs have to be named before they exist, or the program never sees them.
    const open = Object.fromEntries(outputs.map((output) => [output, undefined]));
    const urn = pulumi.createUrn(name, type, opts?.parent);
    const options = secretOutputs.length === 0 ? opts : pulumi.mergeOptions(opts, { additionalSecretOutputs: [...secretOutputs] });
    super(type, name, { ...open, ...args, __urn: urn, __provider: PROVIDER }, options);
  }
}
