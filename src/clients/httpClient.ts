/** axios as http.ts uses it: no redirects, text untouched, repetition only where the call itself asks for it. */

import axios, { type AxiosAdapter, type AxiosInstance } from "axios";
import axiosRetry from "axios-retry";

export interface ClientOptions {
  /** This machine itself, which is never reached through a proxy. */
  loopback: boolean;
  /** In bytes. */
  largestAnswer: number;
}

/** One try, without what repeats it. */
export const sendOnce: AxiosAdapter = axios.getAdapter("http");

export function createClient({ loopback, largestAnswer }: ClientOptions): AxiosInstance {
  const client = axios.create({
    maxRedirects: 0,
    responseType: "text",
    transformResponse: [(data: unknown) => data],
    // Throttling and server trouble are thrown, so that axios-retry sees them; every other answer is the caller's to read.
    validateStatus: (status) => status !== 429 && status < 500,
    maxContentLength: largestAnswer,
    ...(loopback ? { proxy: false as const } : {}),
  });
  axiosRetry(client, { retries: Number.MAX_SAFE_INTEGER, shouldResetTimeout: true, retryCondition: () => false });
  return client;
}
