/** The plugin's entry: `pulumi-resource-odeus` starts this file. */

import { startPlugin } from "./pluginServer.js";
import { setV8Flags } from "./v8Flags.js";

setV8Flags(process.versions.node);
startPlugin(async (log) => {
  const [{ createService }, { functions, resources }] = await Promise.all([import("./service.js"), import("../resources/registry.js")]);
  return createService({ resources, functions, now: () => new Date(), log, environment: process.env });
});
