// Generated from the resource definitions by tools/generate.ts. Do not edit.

import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../provider/dynamic.js";

/** Arguments of {@link CustomIntegration}. */
export interface CustomIntegrationArgs {
  /** Name shown to people, at most 40 characters. A create takes over an untouched integration of exactly this name. */
  name: pulumi.Input<string>;
  /** Description shown to people, at most 90 characters. */
  description?: pulumi.Input<string | undefined> | undefined;
}

const TEXT = {
  kind: "CustomIntegration",
  outputs: ["stateVersion", "slug", "redirectUrl", "neighbours"],
  secretOutputs: [],
};

/** A workspace integration made "from scratch" with OAuth 2.0: the place where a client that Odeus has no integration for is entered. */
export class CustomIntegration extends DynamicResource {
  /** Name shown to people, at most 40 characters. A create takes over an untouched integration of exactly this name. */
  declare readonly name: pulumi.Output<string>;
  /** Description shown to people, at most 90 characters. */
  declare readonly description: pulumi.Output<string | undefined>;
  /** Shape of this state. */
  declare readonly stateVersion: pulumi.Output<number | undefined>;
  /** Short name, as `integrations[].integration` takes it. */
  declare readonly slug: pulumi.Output<string | undefined>;
  /** Redirect URL to register at the authorization server, to the letter. */
  declare readonly redirectUrl: pulumi.Output<string | undefined>;
  /** Ids of a few integrations that stood beside it: where none of them is known, the API key is for another workspace, and nothing counts as gone. */
  declare readonly neighbours: pulumi.Output<string[] | undefined>;

  /**
   * @param name The resource's name in the stack.
   * @param args What is declared.
   * @param opts Options that every Pulumi resource has.
   */
  constructor(name: string, args: CustomIntegrationArgs, opts?: pulumi.CustomResourceOptions) {
    super(TEXT, name, args, opts);
  }
}
