/** What the dynamic server requires, in place of the package's own handlers: a resource that gives secrets away. */

import { createDynamicHandlers } from "../src/provider/dynamicHandlers.js";
import { leaking } from "./leaking.js";

export const dynamic = createDynamicHandlers({ resources: [leaking], now: () => new Date(), args: process.argv.slice(2), environment: process.env });
