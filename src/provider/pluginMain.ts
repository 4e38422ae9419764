/** The plugin with all that it serves, as one bundle: see plugin.ts, which loads it. */

import { startPlugin } from "./pluginServer.js";

/** `worked` is called after each answer about a resource or a function. */
export function runPlugin(worked: () => void): void {
  startPlugin(async (log) => {
    const [{ createService }, { functions, resources }] = await Promise.all([import("./service.js"), import("../resources/registry.js")]);
    return createService({ resources, functions, now: () => new Date(), log, environment: process.env });
  }, worked);
}
