import * as fc from "fast-check";
import * as z from "zod";
import { EVERY, secretPaths, shapeProblems, withDefaults } from "../../src/core/check.js";
import { type Properties, UNKNOWN } from "../../src/core/value.js";

const use = z.object({ integration: z.string().min(1).max(5), scopes: z.array(z.string().min(1)).optional() });
const app = z
  .object({
    title: z.string(),
    clientSecret: z.string().optional().meta({ secret: true }),
    lifetimeDays: z.int().min(1).max(730).default(180),
    audience: z.enum(["own", "any"]).default("own"),
  })
  .meta({ id: "CheckTestApp", description: "An app." });
const definition = z.strictObject({
  integrations: z.array(use).min(1),
  app: app.optional(),
  scopes: z.record(z.string(), z.array(z.string())).optional(),
  credentials: z.array(z.object({ value: z.string().meta({ secret: true }) })).optional(),
  tenant: z.string().regex(/^t-/, { message: "is not a tenant" }).optional(),
  link: z.url().optional(),
  ratio: z.number().gt(0).lt(1).optional(),
  verify: z.boolean().default(true),
  list: z.array(z.string()).default(["a"]),
  triggers: z.record(z.string(), z.string()).optional(),
});
const fit = { integrations: [{ integration: "mail" }] };

describe("shapeProblems", () => {
  it("finds nothing wrong with inputs that fit", () => {
    expect(shapeProblems(definition, { ...fit, app: { title: "x", lifetimeDays: 1, audience: "any" }, verify: false })).toEqual([]);
  });

  it.each<[string, Properties, string[]]>([
    ["a missing property", {}, ["integrations: is required"]],
    ["a missing nested property", { integrations: [{}] }, ["integrations[0].integration: is required"]],
    ["an empty list", { integrations: [] }, ["integrations: must have at least 1 element"]],
    ["an empty text", { integrations: [{ integration: "" }] }, ["integrations[0].integration: must not be empty"]],
    ["a long text", { integrations: [{ integration: "too long" }] }, ["integrations[0].integration: must be at most 5 characters"]],
    ["another type", { ...fit, verify: "yes" }, ["verify: must be true or false"]],
    ["text for an object", { ...fit, app: "x" }, ["app: must be an object"]],
    ["a number for a text", { ...fit, tenant: 3 }, ["tenant: must be text"]],
    ["text for a list", { integrations: "mail" }, ["integrations: must be a list"]],
    ["a fraction", { ...fit, app: { title: "x", lifetimeDays: 1.5 } }, ["app.lifetimeDays: must be a whole number"]],
    ["a small number", { ...fit, app: { title: "x", lifetimeDays: 0 } }, ["app.lifetimeDays: must be at least 1"]],
    ["an exclusive bound", { ...fit, ratio: 1 }, ["ratio: must be less than 1"]],
    ["a value outside the list", { ...fit, app: { title: "x", audience: "all" } }, ['app.audience: must be one of "own", "any"']],
    ["a form with words of its own", { ...fit, tenant: "x" }, ["tenant: is not a tenant"]],
    ["a form without", { ...fit, link: "x" }, ["link: must be a URL"]],
    ["a key that needs quotes", { ...fit, scopes: { "outlook-email": [1] } }, ['scopes["outlook-email"][0]: must be text']],
    ["an unknown property", { ...fit, nothing: 1 }, ["nothing: is not a known property"]],
    ["a misspelt property", { ...fit, verfy: true }, ['verfy: is not a known property. Did you mean "verify"?']],
    ["an unknown property of an object that zod leaves open", { ...fit, app: { title: "x", zzz: 1 } }, ["app.zzz: is not a known property"]],
    ["a property named like one of every object", { ...fit, constructor: 1 }, ["constructor: is not a known property"]],
  ])("reports %s", (_, inputs, problems) => {
    expect(shapeProblems(definition, inputs)).toEqual(problems);
  });

  it("reports all problems at once", () => {
    expect(shapeProblems(definition, { integrations: [{ integration: "" }, { scopes: [7] }], verify: 1, x: 1 })).toHaveLength(5);
  });

  it("takes unknown values at any depth, and still sees what is beside them", () => {
    expect(shapeProblems(definition, { integrations: UNKNOWN, app: UNKNOWN, scopes: { mail: UNKNOWN }, verify: UNKNOWN })).toEqual([]);
    expect(shapeProblems(definition, { integrations: [UNKNOWN, { integration: UNKNOWN, scopes: [UNKNOWN, ""] }] })).toEqual([
      "integrations[1].scopes[1]: must not be empty",
    ]);
  });

  it("never repeats a rejected value", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12, unit: fc.constantFrom(..."abcdefgh01234567".split("")) }), (value) => {
        const wrong: Properties = {
          integrations: [{ integration: value, scopes: value }],
          app: { title: { value }, audience: value },
          verify: value,
          tenant: value,
          link: value,
        };
        expect(shapeProblems(definition, wrong).join("\n")).not.toContain(value);
      }),
    );
  });
});

describe("withDefaults", () => {
  it("fills in what is not given, in objects that are given only", () => {
    expect(withDefaults(definition, { ...fit })).toEqual({ ...fit, verify: true, list: ["a"] });
    expect(withDefaults(definition, { ...fit, app: { title: "x" } })).toMatchObject({ app: { title: "x", lifetimeDays: 180, audience: "own" } });
  });

  it("counts null as not given, and keeps unknown values", () => {
    expect(withDefaults(definition, { integrations: UNKNOWN, app: { title: UNKNOWN, lifetimeDays: null, audience: UNKNOWN }, verify: null })).toEqual({
      integrations: UNKNOWN,
      app: { title: UNKNOWN, lifetimeDays: 180, audience: UNKNOWN },
      verify: true,
      list: ["a"],
    });
  });

  it("takes a number in a map of texts for its text, as YAML reads it from a configuration, and no other number", () => {
    const given = withDefaults(definition, { ...fit, triggers: { when: 2, on: true, late: UNKNOWN, never: null, nested: [1] }, tenant: 3 });
    expect(given).toMatchObject({ triggers: { when: "2", on: "true", late: UNKNOWN, nested: [1] }, tenant: 3 });
    expect(shapeProblems(definition, given)).toEqual(["tenant: must be text", "triggers.nested: must be text"]);
  });

  it("keeps the order in which the program wrote, and what it does not know", () => {
    expect(Object.keys(withDefaults(definition, { verify: false, zzz: 1, integrations: [] }))).toEqual(["verify", "zzz", "integrations", "list"]);
  });

  it("changes nothing the second time", () => {
    const once = withDefaults(definition, { ...fit, app: { title: "x" } });
    expect(withDefaults(definition, once)).toEqual(once);
    expect(shapeProblems(definition, once)).toEqual([]);
  });
});

it("secretPaths finds secrets in objects, lists and types with a name", () => {
  expect(secretPaths(definition)).toEqual([
    ["app", "clientSecret"],
    ["credentials", EVERY, "value"],
  ]);
});
