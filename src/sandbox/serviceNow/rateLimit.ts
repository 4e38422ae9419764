/** The rate limit rule of an instance: so many calls of the Table API per user and hour of the clock. */

import { randomBytes } from "node:crypto";
import type { Instance } from "./instance.js";
import { TableError } from "./tableErrors.js";

const HOUR = 3_600_000;

export interface RateLimit {
  /** Counts the call of a user. Answers the headers to send, and the refusal where the hour's calls are used up. */
  count(username: string): { headers: Record<string, string>; refusal?: TableError };
}

export function createRateLimit(instance: Instance): RateLimit {
  const rule = randomBytes(16).toString("hex");
  const counts = new Map<string, number>();
  return {
    count(username) {
      const limit = instance.switches.callsPerHour;
      if (limit === null) return { headers: {} };
      const moment = instance.now().getTime();
      const hour = Math.floor(moment / HOUR);
      const key = `${hour} ${username}`;
      const calls = (counts.get(key) ?? 0) + 1;
      counts.set(key, calls);
      const reset = (hour + 1) * HOUR;
      // That an answer within the limit has these headers too is a guess.
      const headers = { "x-ratelimit-limit": String(limit), "x-ratelimit-reset": String(reset / 1000), "x-ratelimit-rule": rule };
      if (calls <= limit) return { headers };
      return {
        headers: { ...headers, ...(instance.switches.saysRetryAfter ? { "retry-after": String(Math.ceil((reset - moment) / 1000)) } : {}) },
        refusal: new TableError(429, "Rate limit exceeded", `Rate limit of ${limit} requests per hour for Table API exceeded`),
      };
    },
  };
}
