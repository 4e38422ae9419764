/** The resources of this package: the only list of them. */

import type { Resource } from "./resource.js";

export const resources: readonly Resource[] = [];
