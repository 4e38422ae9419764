/**
 * The sandbox as a process: control API, one world, and what to put into the environment.
 *
 *   odeus-sandbox [--json] [--parent PID]
 *
 * --json    one line of JSON on standard output when all is ready: { control, caFile, world }
 * --parent  ends when this process is gone
 */

import { parseArgs } from "node:util";
import { createCertificates } from "./certificates.js";
import { startControl } from "./control.js";
import type { WorldDescription } from "./world.js";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: "boolean", default: false }, parent: { type: "string" } } });
  const certificates = await createCertificates();
  const control = await startControl(certificates);
  const end = (): void => {
    control.close().finally(() => process.exit(0));
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
  if (values.parent !== undefined) endWith(Number(values.parent), end);

  const { description } = await control.addWorld();
  if (values.json) process.stdout.write(`${JSON.stringify({ control: control.origin, caFile: certificates.caFile, world: description })}\n`);
  else process.stdout.write(forPeople(control.origin, description));
}

/** A test run that was killed leaves no sandbox behind. */
function endWith(parent: number, end: () => void): void {
  if (!Number.isInteger(parent) || parent <= 1) throw new Error("--parent needs a process id");
  setInterval(() => {
    try {
      // Signal 0 asks whether the process is there, and sends nothing.
      process.kill(parent, 0);
    } catch {
      end();
    }
  }, 1000).unref();
}

function forPeople(control: string, { origins, environment, integrations, serviceNow, snowflake }: WorldDescription): string {
  const lines = [
    "The sandbox listens, on this machine only:",
    "",
    `  Odeus workspace      ${origins.odeus}`,
    `  Microsoft Entra      ${origins.entra}  (sign-in; Graph under /v1.0)`,
    `  Atlassian            ${origins.atlassian}`,
    `  Google               ${origins.google}`,
    `  OpenID provider      ${origins.openid}`,
    `  ServiceNow           ${origins.serviceNow}  (instance ${serviceNow.instance})`,
    `  Snowflake            ${origins.snowflake}  (account ${snowflake.account})`,
    `  control API          ${control}/__sandbox/worlds`,
    "",
    `Integrations: ${Object.keys(integrations).join(", ")}`,
    "",
    "Put this into the environment of the program:",
    "",
    ...Object.entries(environment).map(([name, value]) => `export ${name}=${value}`),
    "",
    "Everything is forgotten when the sandbox ends (Ctrl-C).",
    "",
  ];
  return lines.join("\n");
}

main().catch((problem: unknown) => {
  console.error(problem);
  process.exit(1);
});
