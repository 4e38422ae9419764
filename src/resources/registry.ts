/** The resources and functions of this package: the only list of them. */

import { customIntegration } from "./customIntegration.js";
import { getIntegration, getIntegrations } from "./integrationFunctions.js";
import { oauthClientConfig } from "./oauthClientConfig/resource.js";
import type { ProviderFunction, Resource } from "./resource.js";
import { snowflakeSecurityIntegration } from "./snowflakeSecurityIntegration/resource.js";

export const resources: readonly Resource[] = [oauthClientConfig, snowflakeSecurityIntegration, customIntegration];
export const functions: readonly ProviderFunction[] = [getIntegration, getIntegrations];
