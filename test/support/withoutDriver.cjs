/** Loaded before everything else into a provider process (NODE_OPTIONS): there is no package snowflake-sdk, and whoever looks for it is written down. */

const { appendFileSync } = require("node:fs");
const Module = require("node:module");

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  if (!/^snowflake-sdk(\/|$)/.test(request)) return resolve.call(this, request, ...rest);
  appendFileSync(process.env.DRIVER_LOOKED_FOR, `${request}\n`);
  throw Object.assign(new Error(`Cannot find module '${request}'`), { code: "MODULE_NOT_FOUND" });
};
