/** The plugin with a resource that gives secrets away. */

import { startPlugin } from "../src/provider/pluginServer.js";
import { createService } from "../src/provider/service.js";
import { leaking } from "./leaking.js";

startPlugin(async (log) => createService({ resources: [leaking], now: () => new Date(), log, environment: process.env }));
