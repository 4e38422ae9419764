/**
 * Loaded before everything else into a provider process (NODE_OPTIONS): writes down the arguments and the whole environment of every
 * child that it starts, and what stood in the files that it removes again.
 */

const fs = require("node:fs");
const path = require("node:path");
const childProcess = require("node:child_process");

const { SPAWN_RECORD, REMOVED_RECORD, HOME, TMPDIR } = process.env;
// A child is no provider.
for (const name of ["NODE_OPTIONS", "SPAWN_RECORD", "REMOVED_RECORD"]) delete process.env[name];

const record = (args, environment = process.env) => fs.appendFileSync(SPAWN_RECORD, `${JSON.stringify({ arguments: args, environment })}\n`);

const { spawn } = childProcess.ChildProcess.prototype;
childProcess.ChildProcess.prototype.spawn = function (options) {
  record(options.args, options.envPairs ?? []);
  return spawn.call(this, options);
};
for (const name of ["spawnSync", "execFileSync"]) {
  const original = childProcess[name];
  childProcess[name] = function (file, args, options, ...rest) {
    const given = Array.isArray(args) ? args : [];
    record([file, ...given], (Array.isArray(args) ? options : args)?.env);
    return original.call(this, file, args, options, ...rest);
  };
}
const { execSync } = childProcess;
childProcess.execSync = function (command, options) {
  record([command], options?.env);
  return execSync.call(this, command, options);
};

const folders = [HOME, TMPDIR, process.cwd()];
function keep(file) {
  const full = path.resolve(String(file));
  if (!folders.some((folder) => full.startsWith(folder + path.sep))) return;
  const stat = fs.statSync(full, { throwIfNoEntry: false });
  if (stat?.isDirectory()) for (const entry of fs.readdirSync(full)) keep(path.join(full, entry));
  else if (stat?.isFile()) fs.appendFileSync(REMOVED_RECORD, `${full}\n${fs.readFileSync(full, "latin1")}\n`, "latin1");
}
for (const [owner, names] of [
  [fs, ["unlinkSync", "unlink", "rmSync", "rm"]],
  [fs.promises, ["unlink", "rm"]],
]) {
  for (const name of names) {
    const original = owner[name];
    owner[name] = function (file, ...rest) {
      keep(file);
      return original.call(this, file, ...rest);
    };
  }
}
require("node:module").syncBuiltinESMExports();
