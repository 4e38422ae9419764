/** The SDK's own dynamic provider process, with our constant provider text. */

import { join } from "node:path";
import { type HostKind, startHost } from "./hostProcess.js";
import { asText } from "./pluginProcess.js";
import type { HostOptions, ProviderHost } from "./providerHost.js";

/** What the classes send, for ever: it stands in the state of every user. */
export const PROVIDER_TEXT = `exports.handler = () => require("@odeus/pulumi/lifecycle").dynamic;`;

export interface DynamicOptions extends HostOptions {
  /** The file that exports `dynamic`, in place of the package's own handlers. */
  handlers?: string;
  /** Another SDK's server, or another Node. */
  command?: readonly string[];
}

export const FAKE_HANDLERS = join(__dirname, "fakeDynamic.ts");

export function startDynamicProcess({ handlers, command, ...options }: DynamicOptions = {}): Promise<ProviderHost> {
  const text = handlers === undefined ? PROVIDER_TEXT : `exports.handler = () => require(${JSON.stringify(handlers)}).dynamic;`;
  const kind: HostKind = {
    name: "dynamic",
    command: command ?? [process.execPath, ...(handlers === undefined ? [] : ["--import", "tsx"]), require.resolve("@pulumi/pulumi/cmd/dynamic-provider")],
    token: (resource) => `pulumi-nodejs:dynamic/odeus:${resource}`,
    hidden: (urn) => ({ __urn: urn, __provider: text }),
    // This host gets the whole stack configuration, all namespaces.
    configuration: (config) => Object.fromEntries(Object.entries(config).map(([name, value]) => [`odeus:${name}`, asText(value)])),
    full: false,
  };
  return startHost(kind, options);
}
