/** How a TypeScript program asks a function: an ordinary call in the program's own process, configured like the dynamic host. */

import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../core/errors.js";
import type { Properties } from "../core/value.js";
import type { Lifecycle } from "./lifecycle.js";

/** One for all calls: those that run side by side share what they read. */
let lifecycle: Lifecycle | undefined;

export async function callFunction<T>(name: string, args: Properties): Promise<T> {
  // Loaded when a program first asks: most programs only declare.
  const [{ configuration }, { createEngineLog }, { createLifecycle }, { functions, resources }] = await Promise.all([
    import("./configuration.js"),
    import("./engineLog.js"),
    import("./lifecycle.js"),
    import("../resources/registry.js"),
  ]);
  const stack = new pulumi.Config("odeus");
  lifecycle ??= createLifecycle({ resources, functions, now: () => new Date(), log: createEngineLog() });
  try {
    const { result, failures } = await lifecycle.invoke(
      name,
      configuration((key) => stack.get(key), process.env),
      args,
    );
    if (failures.length > 0) throw new Error(failures.join("; "));
    return result as T;
  } catch (error) {
    // This kind ends the program with its message alone; the stack of another would be that of this package.
    throw new pulumi.RunError(`${name}: ${messageOf(error)}`);
  }
}
