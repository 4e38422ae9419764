/** The workspace's API as it is configured: where it answers, with which key, and how patient we are with it. */

import { sharedCallLimit } from "../clients/callLimit.js";
import type { HttpLimits } from "../clients/http.js";
import { createOdeusApi, type OdeusApi, requireApiKey } from "../clients/odeus.js";
import type { Config } from "../core/config.js";
import type { Env } from "../core/env.js";

const DEFAULT_BASE_URL = "https://api.odeus.ai";
/** Documented, for all of a workspace's keys together. */
const DEFAULT_REQUESTS_PER_MINUTE = 500;

export function limitsOf(config: Config): HttpLimits {
  return { callTimeoutMs: config.seconds("callTimeoutSeconds", 30) * 1000, retryMs: config.seconds("retrySeconds", 120) * 1000 };
}

export function odeusOf({ config, env }: { config: Config; env: Env }): OdeusApi {
  const baseUrl = (config.text("baseUrl") ?? DEFAULT_BASE_URL).replace(/\/+$/, "");
  const apiKey = requireApiKey(config.secret("apiKey"));
  const perMinute = config.count("requestsPerMinute", DEFAULT_REQUESTS_PER_MINUTE);
  const callLimit = perMinute === 0 ? undefined : sharedCallLimit(`${baseUrl} ${apiKey.open()}`, perMinute);
  return createOdeusApi({ baseUrl, apiKey, env, limits: limitsOf(config), callLimit });
}
