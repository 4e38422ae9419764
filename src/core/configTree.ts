/** The configuration keys grouped as a program writes them: `entra.tenantId` is the property `tenantId` of the object `entra`. */

import { CONFIG, type ConfigKey } from "./config.js";

export interface ConfigValue extends ConfigKey {
  type: "string" | "number" | "boolean";
}

export interface ConfigTree {
  values: Readonly<Record<string, ConfigValue>>;
  groups: Readonly<Record<string, Readonly<Record<string, ConfigValue>>>>;
}

/** What each group is for. */
export const GROUPS: Readonly<Record<string, string>> = {
  entra: "Tenant, identity and cloud that Entra app registrations are managed with.",
  snowflake: "Account and credentials that Snowflake security integrations are managed with, under the names of Snowflake's own tools.",
  serviceNow: "Instance and credentials that entries of ServiceNow's application registry are managed with.",
  endpoints: "Addresses in place of the vendors' own, for a sandbox.",
};

export const CONFIG_TREE: ConfigTree = grouped(Object.values(CONFIG));

function grouped(keys: readonly ConfigKey[]): ConfigTree {
  const values: Record<string, ConfigValue> = {};
  const groups: Record<string, Record<string, ConfigValue>> = {};
  for (const entry of keys) {
    const [first = "", second] = entry.key.split(".");
    const value = { ...entry, type: typeOf(second ?? first) };
    if (second === undefined) values[first] = value;
    else groups[first] = { ...groups[first], [second]: value };
  }
  return { values, groups };
}

/** Units are part of every name, so the name tells the type. */
function typeOf(name: string): ConfigValue["type"] {
  if (/(Seconds|PerMinute)$/.test(name)) return "number";
  return /^use[A-Z]/.test(name) ? "boolean" : "string";
}
