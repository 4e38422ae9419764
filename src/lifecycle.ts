/**
 * `@odeus/pulumi/lifecycle`: what the text in every user's state requires by name, for ever. It is called by the dynamic
 * server alone, so it has no type of its own; its shape is `DynamicHandlers`.
 */

import { dynamic as handlers } from "./provider/dynamicHandlers.js";

export const dynamic: object = handlers;
