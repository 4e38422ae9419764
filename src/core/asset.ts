/** The content of a file or text that the program gave as an asset. */

import { readFile } from "node:fs/promises";
import { ConfigError } from "./errors.js";
import type { AssetValue } from "./value.js";

/** A path is relative to the folder in which Pulumi runs, as everywhere in Pulumi. */
export async function readAsset(asset: AssetValue): Promise<Buffer> {
  if (asset.text !== undefined) return Buffer.from(asset.text);
  if (asset.path === undefined) throw new ConfigError("the asset must be a file or text of this project; one behind a web address is not fetched.");
  try {
    return await readFile(asset.path);
  } catch {
    throw new ConfigError(`the asset file ${asset.path} cannot be read.`);
  }
}
