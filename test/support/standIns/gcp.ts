/**
 * What examples/google-workspace uses of @pulumi/gcp (86 MB installed), under the same names, types and tokens, for Pulumi's
 * mocks. A mock: nothing here talks to Google.
 */

import * as pulumi from "@pulumi/pulumi";

class Service extends pulumi.CustomResource {
  constructor(name: string, args: { service: pulumi.Input<string>; disableOnDestroy?: pulumi.Input<boolean> }, options?: pulumi.CustomResourceOptions) {
    super("gcp:projects/service:Service", name, args, options);
  }
}

export const projects = { Service };

export const secretmanager = {
  getSecretVersionAccessOutput: (args: { secret: pulumi.Input<string> }): pulumi.Output<{ secretData: string }> =>
    pulumi.runtime.invokeOutput("gcp:secretmanager/getSecretVersionAccess:getSecretVersionAccess", args),
};
