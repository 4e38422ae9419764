/**
 * Provider configuration as the two hosts receive it. Both get text: an object arrives as its JSON, and secrets are wrapped,
 * in the plugin at the top, in stack configuration also inside the JSON.
 */

import { unknownName, type ValuePath } from "../core/check.js";
import { CONFIG, type Config, type ConfigName, type ConfigSource, createConfig } from "../core/config.js";
import { CONFIG_TREE, type ConfigValue } from "../core/configTree.js";
import { ConfigError } from "../core/errors.js";
import { isAsset, type Properties, UNKNOWN, type Value } from "../core/value.js";
import { decode, textsAt, type WireProperties } from "./propertyValues.js";

/** Configuration from top-level values. The scrubber learns its secrets at once, not when they are first used. */
export function configuration(top: (name: string) => Value, environment: ConfigSource["environment"]): Config {
  const config = createConfig({ setting: (key) => setting(top, key), environment });
  for (const name of Object.keys(CONFIG) as ConfigName[]) if ("secret" in CONFIG[name]) learn(config, name);
  return config;
}

function learn(config: Config, name: ConfigName): void {
  try {
    config.secret(name);
  } catch {
    // A value that is not known yet fails where it is needed, not before.
  }
}

function setting(top: (name: string) => Value, key: string): string | undefined {
  const [first = "", ...rest] = key.split(".");
  let value = top(first);
  for (const name of rest) {
    if (value === UNKNOWN) break;
    value = asObject(value)?.[name];
  }
  // Falling back to the environment here could reach another workspace or tenant than the one meant.
  if (value === UNKNOWN) throw new ConfigError(`odeus:${key} is not known yet: its value comes from a resource that does not exist yet`);
  return typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

function asObject(value: Value): Properties | undefined {
  const parsed = typeof value === "string" ? parse(value) : value;
  return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) && !isAsset(parsed) ? parsed : undefined;
}

function parse(text: string): Value {
  try {
    const { value } = decode({ value: JSON.parse(text) } as WireProperties);
    return value;
  } catch {
    return undefined;
  }
}

/** Texts that nothing may say. One secret makes the object around it a secret as a whole; what is none by its name stays sayable. */
export function secretTexts(args: Properties, secrets: readonly ValuePath[]): string[] {
  const paths = secrets.flatMap((path): ValuePath[] => {
    const [name = ""] = path;
    const [group, given] = [CONFIG_TREE.groups[name], args[name]];
    if (path.length > 1 || group === undefined || typeof given !== "object" || given === null) return [path];
    return Object.keys(given).flatMap((inner) => (group[inner] === undefined || group[inner].secret === true ? [[name, inner]] : []));
  });
  return textsAt(args, paths);
}

/** What the engine adds to the arguments of every provider. */
const ENGINE_KEYS = new Set(["version", "pluginDownloadURL", "pluginChecksums"]);

const NO_KEY = "is not a configuration key of the provider";

/** What is wrong with the provider's arguments: all of it, never with a value. */
export function configurationProblems(args: Properties): string[] {
  const known = [...Object.keys(CONFIG_TREE.values), ...Object.keys(CONFIG_TREE.groups)];
  return Object.entries(args).flatMap(([name, value]) => {
    if (ENGINE_KEYS.has(name) || name.startsWith("__") || value === UNKNOWN || value === null) return [];
    const single = CONFIG_TREE.values[name];
    if (single !== undefined) return valueProblem(name, single, value);
    const group = CONFIG_TREE.groups[name];
    if (group === undefined) return [`${name}: ${unknownName(NO_KEY, name, known)}`];
    const properties = asObject(value);
    if (properties === undefined) return [`${name}: must be an object`];
    return Object.entries(properties).flatMap(([inner, each]) => {
      const property = group[inner];
      if (property !== undefined) return valueProblem(`${name}.${inner}`, property, each);
      return [`${name}.${inner}: ${unknownName(NO_KEY, inner, Object.keys(group))}`];
    });
  });
}

function valueProblem(path: string, { type }: ConfigValue, value: Value): string[] {
  if (value === UNKNOWN || value === null || value === "") return [];
  if (type === "number")
    return Number.isFinite(Number(value)) && Number(value) >= 0 ? [] : [`${path}: must be a number${path.endsWith("Seconds") ? " of seconds" : ""}`];
  if (type === "boolean") return /^(true|false)$/.test(String(value)) ? [] : [`${path}: must be true or false`];
  return typeof value === "object" ? [`${path}: must be text`] : [];
}

/** The arguments that hold secrets; an object is secret as a whole, since it travels as one text. */
export function secretArguments(args: Properties): ValuePath[] {
  const secretValues = Object.keys(CONFIG_TREE.values).filter((name) => CONFIG_TREE.values[name]?.secret === true);
  const secretGroups = Object.entries(CONFIG_TREE.groups).filter(([name, group]) => {
    const given = asObject(args[name]);
    return given !== undefined && Object.entries(group).some(([inner, { secret }]) => secret === true && given[inner] !== undefined);
  });
  return [...secretValues, ...secretGroups.map(([name]) => name)].map((name) => [name]);
}
