/** Public keys as the account keeps them: the base64 body of the DER form, without the PEM lines around it. */

import { createHash, createPublicKey, type KeyObject } from "node:crypto";

/** Undefined where the text is no key. */
export function publicKeyOf(body: string): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(body, "base64"), format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

/** As DESC and key pair logins have it; empty without a key. */
export const fingerprint = (body: string): string => (body === "" ? "" : `SHA256:${createHash("sha256").update(Buffer.from(body, "base64")).digest("base64")}`);
