/** The plugin process with the fake resource in place of the product's own. */

import { startPlugin } from "../../src/provider/pluginServer.js";
import { createService } from "../../src/provider/service.js";
import { fakeResource } from "./fakeResource.js";

startPlugin(async () => createService({ resources: [fakeResource], now: () => new Date(), args: process.argv.slice(2), environment: process.env }));
