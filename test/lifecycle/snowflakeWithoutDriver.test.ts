/** Where the vendor's driver is not installed: Snowflake's resource says so and changes nothing, and no other one looks for it. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { entra, failureOf, HOSTS, startStage, uses } from "../support/oauthClientConfig.js";
import { standAlone, startSnowflakeStage } from "../support/snowflakeIntegration.js";

const WITHOUT_DRIVER = path.join(__dirname, "../support/withoutDriver.cjs");
const ADVICE = /connecting to Snowflake needs the package snowflake-sdk: run `npm install "snowflake-sdk@\S+"` in the project/;

describe.each(HOSTS)("without the driver, through the %s host", (_name, start) => {
  let folder: string;
  const lookedFor = (): string => path.join(folder, "looked-for");
  const environment = (): Record<string, string> => ({ NODE_OPTIONS: `--require ${WITHOUT_DRIVER}`, DRIVER_LOOKED_FOR: lookedFor() });
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "odeus-driver-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("a security integration is neither planned nor made nor taken for gone, and what to install is said", async () => {
    const stage = await startSnowflakeStage(start);
    const made = await stage.up(standAlone());
    const bare = await stage.again(environment());
    try {
      const before = await stage.integrations();
      const told = [
        await bare.failingUp(stage.declared({ name: "other" }), undefined, "other"),
        await failureOf(bare.refresh(made)),
        await bare.failingUp(standAlone({ comment: "after" }), made),
        await failureOf(bare.destroy(made)),
      ];
      if (bare.host.name === "plugin") told.push(await failureOf(bare.host.create(bare.urn("third"), standAlone({ name: "third" }), { preview: true })));
      for (const { message, partial } of told) {
        expect(message).toMatch(ADVICE);
        expect(partial).toBeUndefined();
      }
      expect(await stage.integrations()).toEqual(before);
      expect((await stage.slot(stage.place.slug)).client).toBeUndefined();
      expect(existsSync(lookedFor())).toBe(true);
    } finally {
      await bare.host.stop();
      await stage.stop();
    }
  });

  it("a client at another server is made, refreshed and removed, and nobody looks for it", async () => {
    const stage = await startStage(start, { environment: environment() });
    try {
      const made = await stage.up({ integrations: uses("sharepoint"), entra: entra() });
      expect((await stage.refresh(made))?.state["drift"]).toEqual([]);
      await stage.destroy(made);
      expect(existsSync(lookedFor())).toBe(false);
    } finally {
      await stage.stop();
    }
  });
});
