/** Loaded before everything else into a provider process (NODE_OPTIONS): writes down the arguments and environment of every child that it starts. */

const { appendFileSync } = require("node:fs");
const childProcess = require("node:child_process");

const file = process.env.SPAWN_RECORD;
// A child is no provider.
delete process.env.NODE_OPTIONS;
delete process.env.SPAWN_RECORD;

/** What a child is given that its parent was not. */
const added = (environment) => Object.entries(environment ?? {}).filter(([name, value]) => process.env[name] !== value);
const record = (args, environment) => appendFileSync(file, `${JSON.stringify({ arguments: args, environment: added(environment) })}\n`);

const { spawn } = childProcess.ChildProcess.prototype;
childProcess.ChildProcess.prototype.spawn = function (options) {
  record(options.args, Object.fromEntries((options.envPairs ?? []).map((pair) => pair.split(/=(.*)/s).slice(0, 2))));
  return spawn.call(this, options);
};
for (const name of ["spawnSync", "execFileSync"]) {
  const original = childProcess[name];
  childProcess[name] = function (file_, args, options, ...rest) {
    const given = Array.isArray(args) ? args : [];
    record([file_, ...given], (Array.isArray(args) ? options : args)?.env);
    return original.call(this, file_, args, options, ...rest);
  };
}
const { execSync } = childProcess;
childProcess.execSync = function (command, options) {
  record([command], options?.env);
  return execSync.call(this, command, options);
};
