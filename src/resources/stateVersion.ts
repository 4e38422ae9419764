/** A state in a shape that is newer than this code: what it holds beyond our own could be lost, so nothing is done with it. */

import { ConfigError } from "../core/errors.js";

export function refuseNewer(found: number, known: number): void {
  if (found <= known) return;
  throw new ConfigError(
    `this state was written by a newer version of the odeus provider (record ${found}, this version knows ${known}). Install that version or a newer one; nothing was read or changed.`,
  );
}
