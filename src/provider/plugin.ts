/** The plugin's entry: `pulumi-resource-odeus` starts this file. */

import { codeCache } from "./codeCache.js";
import { setV8Flags } from "./v8Flags.js";

setV8Flags(process.versions.node);
const cache = codeCache(__dirname);
const { runPlugin } = cache.load("pluginMain.js") as typeof import("./pluginMain.js");
// The answer goes out first. Without work the cache would lack what most processes need: functions are in it once they have run.
runPlugin(() => setImmediate(cache.save));
