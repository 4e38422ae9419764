/** The vendor's driver inside our bundle, in a process of its own: where it is found, what it prints and writes, and that it lets the process end. */

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { bundle } from "../../tools/bundle.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { startWorld, type World } from "../support/sandbox.js";
import { arrived } from "../support/snowflakeApi.js";

/** Prints what each call came to, and ends without being told to. */
const PROGRAM = `
  import { createSnowflake } from "./snowflake.js";
  import { createConfig } from "../core/config.js";
  const env = { now: () => new Date(), random: () => 0, sideBySide: {}, signal: new AbortController().signal };
  const api = (environment) => createSnowflake({ config: createConfig({ setting: () => undefined, environment }), env, limits: { callTimeoutMs: 10_000, retryMs: 0 } });
  const parameters = { ENABLED: true, OAUTH_CLIENT_TYPE: "CONFIDENTIAL", OAUTH_REDIRECT_URI: "https://app.example/callback" };
  const told = (error) => error.failure?.code ?? error.message;
  async function main() {
    const works = api(process.env);
    const outcomes = [await works.create("X", parameters).then(() => "created", told), await works.create("X", parameters).then(() => "created", told)];
    outcomes.push(await works.clientSecrets("X").then((client) => String(client.secrets), told));
    outcomes.push(await api({ ...process.env, SNOWFLAKE_PASSWORD: "wrong" }).show("X").then(() => "shown", told));
    process.stdout.write(JSON.stringify(outcomes));
  }
  void main();
`;

let folder: string;
let world: World;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "odeus-driver-"));
  const outfile = path.join(folder, "plugin", "program.js");
  const stdin = { contents: PROGRAM, resolveDir: path.join(REPOSITORY, "src/clients"), loader: "ts" as const };
  await bundle({ stdin, outfile, external: ["@azure/identity", "snowflake-sdk"] });
  for (const name of ["home", "with", "without"]) mkdirSync(path.join(folder, name));
  mkdirSync(path.join(folder, "with/node_modules"));
  symlinkSync(path.join(REPOSITORY, "node_modules/snowflake-sdk"), path.join(folder, "with/node_modules/snowflake-sdk"));
  world = await startWorld();
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A driver with a way of its own to send. */
const OTHER_DRIVER = `
  module.exports = {
    configure() {},
    createConnection: () => ({
      connect(done) { setImmediate(() => done(undefined, this)); },
      destroy(done) { done(); },
    }),
  };
`;

function run(project: string): Promise<Ended> {
  // The driver keeps what it learns of revoked certificates below the home folder.
  // A client configuration that is not there, by itself, lets its logins fail.
  const env = { HOME: path.join(folder, "home"), SF_CLIENT_CONFIG_FILE: path.join(folder, "none.json"), ...world.environment };
  const child = spawn(process.execPath, [path.join(folder, "plugin/program.js")], { cwd: path.join(folder, project), env });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  for (const channel of ["stdout", "stderr"] as const) {
    child[channel].on("data", (chunk: Buffer) => {
      ended[channel] += chunk.toString("utf8");
    });
  }
  return new Promise((resolve) => child.once("close", (code) => resolve({ ...ended, code })));
}

it("is found in the project's folder, prints nothing, writes nothing, and lets the process end while a session is open", async () => {
  const { code, stdout, stderr } = await run("with");
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual(["created", "002002", "[secret],[secret]", "390100"]);
  expect(code).toBe(0);
  expect(readdirSync(path.join(folder, "with"))).toEqual(["node_modules"]);
  // No telemetry, and nobody waited for the session to become idle.
  expect(await arrived(world)).toEqual({ login: 2, "statement:CREATE": 2, "statement:SECRETS": 1 });
});

it("is refused when its requests cannot be seen", async () => {
  const modules = path.join(folder, "other/node_modules");
  mkdirSync(path.join(modules, "snowflake-sdk"), { recursive: true });
  writeFileSync(path.join(modules, "snowflake-sdk/index.js"), OTHER_DRIVER);
  symlinkSync(path.join(REPOSITORY, "node_modules/axios"), path.join(modules, "axios"));
  const { code, stdout } = await run("other");
  const advice = "this version of the package snowflake-sdk is built in a way that is not known here: run `npm install snowflake-sdk@3.3`.";
  expect(JSON.parse(stdout)).toEqual([advice, advice, advice, advice]);
  expect(code).toBe(0);
});

it("is asked for when it is not there, in the versions that package.json names", async () => {
  const { peerDependencies } = JSON.parse(readFileSync(path.join(REPOSITORY, "package.json"), "utf8")) as { peerDependencies: Record<string, string> };
  const { code, stdout, stderr } = await run("without");
  const advice = `connecting to Snowflake needs the package snowflake-sdk: run \`npm install "snowflake-sdk@${peerDependencies["snowflake-sdk"]}"\` in the project (or beside the plugin).`;
  expect(JSON.parse(stdout)).toEqual([advice, advice, advice, advice]);
  expect([code, stderr]).toEqual([0, ""]);
});
