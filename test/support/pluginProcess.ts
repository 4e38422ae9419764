/** The plugin as the engine starts it: the built executable, or the fake one of the host tests. */

import { join } from "node:path";
import { type HostKind, REPOSITORY, startHost } from "./hostProcess.js";
import type { HostOptions, Input, ProviderHost } from "./providerHost.js";
import { SecretInput } from "./providerHost.js";

export interface PluginOptions extends HostOptions {
  command?: readonly string[];
}

export const FAKE_PLUGIN = [process.execPath, "--import", "tsx", join(__dirname, "fakePlugin.ts")];

export function startPluginProcess({ command, ...options }: PluginOptions = {}): Promise<ProviderHost> {
  const kind: HostKind = {
    name: "plugin",
    command: command ?? [join(REPOSITORY, "bin", "pulumi-resource-odeus")],
    token: (resource) => `odeus:index:${resource}`,
    hidden: () => ({}),
    configuration: (config) => Object.fromEntries(Object.entries(config).map(([name, value]) => [name, asText(value)])),
    full: true,
  };
  return startHost(kind, options);
}

/** Provider arguments are text: the engine and the SDKs send an object as its JSON. */
export function asText(value: Input): Input {
  if (value instanceof SecretInput) return new SecretInput(asText(value.value));
  return typeof value === "string" || typeof value === "symbol" ? value : JSON.stringify(value);
}
