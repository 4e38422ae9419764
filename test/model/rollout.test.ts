/** The same rollout code as in production, in thousands of histories: declared, changed, rotated, edited by hand, interrupted anywhere. */

import * as fc from "fast-check";
import { history } from "./commands.js";
import { HISTORIES } from "./histories.js";
import { play } from "./history.js";

type Vendors = typeof import("./vendors.js");
const mockVendors = (): Vendors => jest.requireActual<Vendors>("./vendors.js");
jest.mock("../../src/authorizationServers/entra.js", () => ({
  createEntraServer: (...options: unknown[]) => mockVendors().createEntraServer(options[0] as never),
}));
jest.mock("../../src/authorizationServers/serviceNow.js", () => ({
  createServiceNowServer: (...options: unknown[]) => mockVendors().createServiceNowServer(options[0] as never),
}));
jest.mock("../../src/authorizationServers/snowflake.js", () => ({
  createSnowflakeServer: (...options: unknown[]) => mockVendors().createSnowflakeServer(options[0] as never),
}));
jest.mock("../../src/authorizationServers/existing.js", () => ({
  createExistingServer: (...options: unknown[]) => mockVendors().createExistingServer(options[0] as never),
}));
jest.mock("../../src/resources/workspaceApi.js", () => ({
  limitsOf: () => mockVendors().limitsOf(),
  odeusOf: (options: unknown) => mockVendors().odeusOf(options as never),
}));

/** The same histories for every change, so that none fails for what another one brought in; `make model` plays others. */
const SEED = 20261128;
const wished = process.env["ODEUS_MODEL_SEED"];
const seed = wished === "random" ? Date.now() % 2 ** 31 : Number(wished ?? SEED);
const numRuns = Number(process.env["ODEUS_MODEL_RUNS"] ?? 3000);

// A run that succeeds tells it too.
beforeAll(() => void process.stderr.write(`model: ${numRuns} histories, seed ${seed}\n`));

it.each(HISTORIES)("%s", async (_what, histories) => {
  for (const each of histories) await play(each);
});

// Others: ODEUS_MODEL_SEED=random, or the seed that was printed. Longer: ODEUS_MODEL_RUNS=100000.
it(`holds in ${numRuns} histories (seed ${seed})`, async () => {
  await fc.assert(fc.asyncProperty(history, play), { seed, numRuns });
}, 600_000);
