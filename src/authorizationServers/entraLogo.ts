/** An app's logo. Graph has no call that reads the one before, so one that takes another's place cannot be undone, and is put last. */

import type { Graph } from "../clients/graph.js";
import { ConfigError } from "../core/errors.js";
import { type Patience, untilReady } from "../core/wait.js";
import type { RegisteredClient } from "./contract.js";
import type { EntraSettings } from "./entraApplication.js";
import { notReplicated } from "./entraConsent.js";

export interface NewLogo {
  hash: string;
  content: Buffer;
  type: string;
}

/** The declared logo where the client does not have it yet. Refuses what is no picture that Graph takes. */
export async function newLogo({ logo }: EntraSettings, { objects }: RegisteredClient): Promise<NewLogo | undefined> {
  if (logo === undefined || logo.hash === objects["logoHash"]) return undefined;
  const content = await logo.content();
  return { hash: logo.hash, content, type: imageType(content) };
}

/** The client with it. */
export async function withLogo(
  graph: Graph,
  patience: Patience,
  settings: EntraSettings,
  client: RegisteredClient,
  objectId: string,
): Promise<RegisteredClient> {
  const logo = await newLogo(settings, client);
  if (logo === undefined) return client;
  await untilReady(patience, notReplicated, () => graph.putLogo(objectId, logo.type, logo.content));
  return { ...client, objects: { ...client.objects, logoHash: logo.hash } };
}

/** Media type by the first bytes; Graph takes JPEG, PNG and GIF. */
function imageType(content: Buffer): string {
  const start = content.subarray(0, 4).toString("latin1");
  if (start === "\x89PNG") return "image/png";
  if (start.startsWith("\xff\xd8")) return "image/jpeg";
  if (start.startsWith("GIF8")) return "image/gif";
  throw new ConfigError("entra.logo: is not a JPEG, PNG or GIF file.");
}
