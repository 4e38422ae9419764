/** Ends the sandbox that globalSetup started. */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

export default async function endSandbox(): Promise<void> {
  const child = (globalThis as { sandbox?: ChildProcess }).sandbox;
  if (child === undefined || child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
