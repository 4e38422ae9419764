/** A resource in memory, for tests of the hosts: its `name` says what happens to it. */

import * as z from "zod";
import { CancelledError } from "../../src/core/errors.js";
import type { AssetValue, Properties } from "../../src/core/value.js";
import { PartialFailure, type Resource } from "../../src/resources/resource.js";

const app = z
  .object({
    title: z.string().min(1).max(12).describe("Title."),
    clientSecret: z.string().optional().describe("Secret.").meta({ secret: true }),
    logo: z.custom<AssetValue>().optional().describe("Logo.").meta({ ref: "pulumi.json#/Asset" }),
    lifetimeDays: z.int().min(1).default(180).describe("Lifetime, in days."),
  })
  .meta({ id: "FakeApp", description: "A fake app." });

const use = z.object({ integration: z.string().min(1), scopes: z.array(z.string().min(1)).optional() }).meta({ id: "FakeUse", description: "A fake use." });

/** The value that is made by create and must never be seen bare. */
export const GENERATED_SECRET = "generated-secret-value-1";

export const fakeResource: Resource = {
  kind: "FakeClient",
  description: "A fake client.",
  inputs: z.strictObject({
    name: z.string().max(40).describe("What happens: fail, partial, hang, crash, gone, or nothing special."),
    integrations: z.array(use).min(1).optional().describe("Users of the client."),
    app: app.optional().describe("The app."),
    tokens: z
      .array(z.string().meta({ secret: true }))
      .optional()
      .describe("Secret texts."),
    scopes: z.record(z.string(), z.array(z.string())).optional().describe("Scopes by name."),
    mode: z.enum(["plain", "fancy"]).default("plain").describe("Mode."),
    verify: z.boolean().default(true).describe("Verify."),
  }),
  outputs: z.object({
    clientId: z.string().describe("Client id."),
    generated: z.string().optional().describe("Generated secret.").meta({ secret: true }),
    drift: z.array(z.string()).optional().describe("Drift."),
  }),

  check: (inputs) => (inputs["name"] === "refused" ? ["name: is refused"] : []),
  slots: (inputs) => (Array.isArray(inputs["integrations"]) ? inputs["integrations"].flatMap((each) => slotOf(each)) : []),

  diff(state, inputs) {
    const differences = ["name", "app", "mode"]
      .filter((name) => JSON.stringify(state[name]) !== JSON.stringify(inputs[name]))
      .map((path) => ({ path: path === "app" ? "app.title" : path, kind: "update" as const, input: true }));
    const drift = Array.isArray(state["drift"]) && state["drift"].length > 0 ? [{ path: "drift", kind: "delete" as const, input: false }] : [];
    return { differences: [...differences, ...drift], announcements: state["name"] === inputs["name"] ? [] : ["another name: users sign in again"] };
  },

  async create({ env, config }, inputs) {
    env.say.progress("making the client");
    env.say.info(`key is ${config.text("apiKey") ?? "missing"}, ${GENERATED_SECRET}`);
    const state = { ...inputs, clientId: "client-1", generated: GENERATED_SECRET, drift: [], leftOut: undefined };
    switch (inputs["name"]) {
      case "fail":
        throw new TypeError(`cannot: ${GENERATED_SECRET}`);
      case "partial":
        throw new PartialFailure("fake/1", { ...state, drift: ["unfinished"] }, ["making the client: half done", `second ${GENERATED_SECRET}`]);
      case "crash":
        setImmediate(() => {
          throw new Error("a stray error");
        });
        return new Promise((_, reject) => env.signal.addEventListener("abort", () => reject(env.signal.reason)));
      case "hang":
        try {
          await env.sleep(60_000);
        } catch (error) {
          if (!(error instanceof CancelledError)) throw error;
          throw new PartialFailure("fake/1", state, [error.message]);
        }
    }
    return { id: "fake/1", state };
  },

  async preview({ env }, _inputs, state) {
    env.say.info("looked, and touched nothing");
    return state === undefined ? { drift: [] } : { clientId: state["clientId"], drift: [], generated: undefined };
  },

  async read(_context, id, state, inputs) {
    if (state["name"] === "gone") return undefined;
    return { id, state: { ...state, clientId: "client-2" }, inputs };
  },

  async update(_context, id, state, inputs) {
    if (inputs["name"] === "partial") throw new PartialFailure(id, { ...state, drift: ["unfinished"] }, ["updating the client: half done"]);
    return { id, state: { ...state, ...inputs, drift: [] } };
  },

  async delete({ env }, id, state) {
    if (state["name"] === "fail") throw new Error(`deleting ${id}: refused`);
    env.say.warning(`${id} is kept in the bin`);
  },
};

function slotOf(use: Properties[string]): string[] {
  const integration = (use as Properties | null)?.["integration"];
  return typeof integration === "string" ? [integration] : [];
}
