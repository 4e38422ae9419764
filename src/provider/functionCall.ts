/** How a TypeScript program asks a function: an ordinary call in the program's own process, configured like the dynamic host. */

import * as pulumi from "@pulumi/pulumi";
import type { Properties } from "../core/value.js";

export async function callFunction<T>(name: string, args: Properties): Promise<T> {
  // Loaded when a program first asks: most programs only declare.
  const [{ configuration }, { createEngineLog }, { createLifecycle }, { functions, resources }] = await Promise.all([
    import("./configuration.js"),
    import("./engineLog.js"),
    import("./lifecycle.js"),
    import("../resources/registry.js"),
  ]);
  const stack = new pulumi.Config("odeus");
  const lifecycle = createLifecycle({ resources, functions, now: () => new Date(), log: createEngineLog() });
  const { result, failures } = await lifecycle.invoke(
    name,
    configuration((key) => stack.get(key), process.env),
    args,
  );
  if (failures.length > 0) throw new Error(`${name}: ${failures.join("; ")}`);
  return result as T;
}
