/** Odeus for Pulumi: what a TypeScript program imports. */

export * from "./generated/types.js";
