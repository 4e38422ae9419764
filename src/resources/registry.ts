/** The resources of this package: the only list of them. */

import { oauthClientConfig } from "./oauthClientConfig/resource.js";
import type { Resource } from "./resource.js";

export const resources: readonly Resource[] = [oauthClientConfig];
