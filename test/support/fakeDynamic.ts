/** What the dynamic server requires in tests, in place of the package's own handlers. */

import { createDynamicHandlers } from "../../src/provider/dynamicHandlers.js";
import { fakeResource } from "./fakeResource.js";

export const dynamic = createDynamicHandlers({ resources: [fakeResource], now: () => new Date(), args: process.argv.slice(2), environment: process.env });
