/** The certificate authority of one sandbox process and its certificate for localhost, made at start and forgotten at the end. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";

export interface Certificates {
  key: string;
  cert: string;
  /** PEM file for NODE_EXTRA_CA_CERTS, readable by this user only; gone when the process ends. */
  caFile: string;
}

const LIFETIME_DAYS = 30;

export async function createCertificates(): Promise<Certificates> {
  const notAfterDate = new Date(Date.now() + LIFETIME_DAYS * 864e5);
  const ca = await generate([{ name: "commonName", value: "Odeus sandbox CA" }], {
    keyType: "ec",
    algorithm: "sha256",
    notAfterDate,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, critical: true },
    ],
  });
  const leaf = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    notAfterDate,
    ca: { key: ca.private, cert: ca.cert },
    // Only loopback names: the private key of this authority never signs for anything else.
    extensions: [
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  const folder = mkdtempSync(join(tmpdir(), "odeus-sandbox-"));
  const caFile = join(folder, "ca.pem");
  writeFileSync(caFile, ca.cert, { mode: 0o600 });
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return { key: leaf.private, cert: leaf.cert, caFile };
}
