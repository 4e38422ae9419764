/** The plugin process with the fake resource in place of the product's own. */

import { startPlugin } from "../../src/provider/pluginServer.js";
import { createService } from "../../src/provider/service.js";
import { fakeResource } from "./fakeResource.js";

startPlugin(async (log) => createService({ resources: [fakeResource], now: () => new Date(), log, environment: process.env }));
