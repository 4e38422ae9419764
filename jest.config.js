/** Tests run on the sources through swc; types are checked by tsc alone. The sandbox they talk to is the built one. */

const swc = ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } }];
// Packages that exist as ES modules only: jest's require takes them once they are transformed.
const esModules = "openid-client|oauth4webapi|jose|p-queue|p-timeout";

module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  transform: { "^.+\\.ts$": swc, [`/node_modules/(${esModules})/.+\\.m?js$`]: swc },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules})/)`],
  // Imports are written as the compiled files will be named.
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  globalSetup: "./test/support/globalSetup.ts",
  globalTeardown: "./test/support/globalTeardown.ts",
  testTimeout: 30_000,
  // The tests wait for other processes most of the time: jest's own default leaves one of two cores idle.
  maxWorkers: 2,
};
