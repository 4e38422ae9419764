/**
 * Runs an installed program on the engine, as a user's own Automation API program would: started in the project's folder, with
 * the project's packages. Arguments: the program's file, its configuration as JSON, the steps. Prints one line of JSON a step.
 */

const { createRequire } = require("node:module");
const { resolve } = require("node:path");

const project = createRequire(resolve("program.js"));
const { LocalWorkspace, PulumiCommand } = project("@pulumi/pulumi/automation");

const [file = "", config = "{}", ...steps] = process.argv.slice(2);

async function program() {
  const path = project.resolve(resolve(file));
  delete require.cache[path];
  return project(path);
}

async function main() {
  const root = process.env["PULUMI_CLI_ROOT"];
  const pulumiCommand = await PulumiCommand.get(root === undefined ? {} : { root });
  const name = "odeus-quickstart";
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: file.replace(/\W/g, "-"), projectName: name, program },
    { pulumiCommand, workDir: process.cwd(), projectSettings: { name, runtime: "nodejs", backend: { url: process.env["PULUMI_BACKEND_URL"] } } },
  );
  await stack.setAllConfig(JSON.parse(config));
  for (const step of steps) {
    let [output, answer] = ["", {}];
    try {
      const { summary, outputs = {} } = await stack[step]({ onOutput: (text) => (output += text), color: "never" });
      const values = Object.fromEntries(Object.entries(outputs).map(([key, { value }]) => [key, value]));
      answer = { changes: summary.resourceChanges, outputs: values };
    } catch (error) {
      answer = { error: String(error.message) };
    }
    process.stdout.write(`${JSON.stringify({ step, ...answer, output })}\n`);
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
