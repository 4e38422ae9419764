import { type ConfigSource, createConfig } from "../../src/core/config.js";

const source = (settings: Record<string, string>, environment: ConfigSource["environment"] = {}): ConfigSource => ({
  setting: (key) => settings[key],
  environment,
});

it("takes the setting, then the environment in its order", () => {
  expect(createConfig(source({ "entra.tenantId": "set" }, { ARM_TENANT_ID: "arm" })).text("entraTenantId")).toBe("set");
  expect(createConfig(source({}, { ARM_TENANT_ID: "arm", AZURE_TENANT_ID: "azure" })).text("entraTenantId")).toBe("arm");
  expect(createConfig(source({}, { AZURE_TENANT_ID: "azure" })).text("entraTenantId")).toBe("azure");
  expect(createConfig(source({})).text("entraTenantId")).toBeUndefined();
});

it("counts empty text as not set", () => {
  expect(createConfig(source({ apiKey: "" }, { ODEUS_API_KEY: "key" })).text("apiKey")).toBe("key");
  expect(createConfig(source({}, { ODEUS_API_KEY: "" })).secret("apiKey")).toBeUndefined();
});

it("reads a value when it is asked for, not before", () => {
  const environment: Record<string, string> = {};
  const config = createConfig(source({}, environment));
  expect(config.text("owner")).toBeUndefined();
  environment["ODEUS_OWNER"] = "later";
  expect(config.text("owner")).toBe("later");
});

it.each([
  [undefined, []],
  ["one", ["one"]],
  [" one, two,,three four ", ["one", "two", "three", "four"]],
])("reads the list %j as %j", (text, expected) => {
  expect(createConfig(source({}, { ODEUS_ABANDON_CLIENT_IDS: text })).list("abandonClientIds")).toEqual(expected);
});

it("hands out secrets closed", () => {
  const secret = createConfig(source({ apiKey: "key-of-the-config-test" })).secret("apiKey");
  expect(String(secret)).toBe("[secret]");
  expect(secret?.open()).toBe("key-of-the-config-test");
});

it.each<[string, number]>([
  ["7", 7],
  ["0", 0],
  ["0.5", 0.5],
  ["soon", 30],
  ["-1", 30],
  ["Infinity", 30],
])("reads %s seconds as %d", (text, expected) => {
  expect(createConfig(source({ callTimeoutSeconds: text })).seconds("callTimeoutSeconds", 30)).toBe(expected);
});
