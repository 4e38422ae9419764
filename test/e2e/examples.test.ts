/** The Pulumi.yaml of each TypeScript example, as the CLI reads it. The other tests run their programs inline, without it. */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { type Engine, startEngine } from "../../tools/engine.js";
import { REPOSITORY } from "../support/hostProcess.js";

const EXAMPLES = path.join(REPOSITORY, "examples");
const projectOf = (example: string) =>
  parse(readFileSync(path.join(EXAMPLES, example, "Pulumi.yaml"), "utf8")) as { runtime: string; config?: Record<string, unknown> };
const examples = readdirSync(EXAMPLES).filter((example) => projectOf(example).runtime === "nodejs");

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine({});
});
afterAll(() => engine?.close());

it.each(examples)(
  "%s needs the configuration that its program cannot do without, and no more",
  async (example) => {
    const program = readFileSync(path.join(EXAMPLES, example, "index.ts"), "utf8");
    const read = (how: RegExp) => [...program.matchAll(how)].map(([, key = ""]) => key);
    const [needed, optional] = [read(/config\.require\w*\("(\w+)"/g), read(/config\.get\w*\("(\w+)"/g)];
    expect(Object.keys(projectOf(example).config ?? {}).sort()).toEqual([...needed, ...optional].sort());

    const folder = mkdtempSync(path.join(tmpdir(), "odeus-example-"));
    try {
      cpSync(path.join(EXAMPLES, example, "Pulumi.yaml"), path.join(folder, "Pulumi.yaml"));
      const stack = await engine.stack({ folder });
      const missing = async (): Promise<string> => {
        const said = await stack.preview({ color: "never" }).then(
          () => "",
          // Without the program the command fails in the end; what counts is whether it comes so far.
          (error: Error) => error.message,
        );
        return /missing configuration values? .*/.exec(said)?.[0] ?? "";
      };
      const before = await missing();
      for (const key of needed) expect(before).toContain(`'${key}'`);
      for (const key of optional) expect(before).not.toContain(`'${key}'`);
      for (const key of needed) await stack.setConfig(key, { value: "given" });
      expect(await missing()).toBe("");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  60_000,
);
