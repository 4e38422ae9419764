/**
 * What the README's program uses of @pulumi/azuread, under the same names and types, for the real engine: dynamic resources, whose
 * outputs are known only in `up`. A mock: the app is one that the test made, and its id and secret come from the environment.
 */

import * as pulumi from "@pulumi/pulumi";

export const STAND_IN_CLIENT_ID = "STAND_IN_CLIENT_ID";
export const STAND_IN_CLIENT_SECRET = "STAND_IN_CLIENT_SECRET";

// The engine runs what is written here in another process: each function stands alone.
const application: pulumi.dynamic.ResourceProvider = {
  create: async () => ({ id: "/applications/stand-in", outs: { clientId: process.env["STAND_IN_CLIENT_ID"] } }),
};
const password: pulumi.dynamic.ResourceProvider = {
  create: async () => ({ id: "/applications/stand-in/password", outs: { value: process.env["STAND_IN_CLIENT_SECRET"] } }),
};
const nothingElse: pulumi.dynamic.ResourceProvider = {
  create: async (inputs) => ({ id: "stand-in", outs: inputs }),
};

export class ApplicationRegistration extends pulumi.dynamic.Resource {
  declare readonly clientId: pulumi.Output<string>;
  constructor(name: string, args: { displayName: pulumi.Input<string> }, options?: pulumi.CustomResourceOptions) {
    super(application, name, { clientId: undefined, ...args }, options, "azuread", "ApplicationRegistration");
  }
}

export class ApplicationPassword extends pulumi.dynamic.Resource {
  declare readonly value: pulumi.Output<string>;
  constructor(name: string, args: { applicationId: pulumi.Input<string> }, options?: pulumi.CustomResourceOptions) {
    super(password, name, { value: undefined, ...args }, { ...options, additionalSecretOutputs: ["value"] }, "azuread", "ApplicationPassword");
  }
}

export class ServicePrincipal extends pulumi.dynamic.Resource {
  constructor(name: string, args: { clientId: pulumi.Input<string> }, options?: pulumi.CustomResourceOptions) {
    super(nothingElse, name, args, options, "azuread", "ServicePrincipal");
  }
}

export class ApplicationRedirectUris extends pulumi.dynamic.Resource {
  constructor(
    name: string,
    args: { applicationId: pulumi.Input<string>; type: pulumi.Input<string>; redirectUris: pulumi.Input<pulumi.Input<string>[]> },
    options?: pulumi.CustomResourceOptions,
  ) {
    super(nothingElse, name, args, options, "azuread", "ApplicationRedirectUris");
  }
}
