/** Taking everything back: the slots first, then the client, so that nobody signs in with a client that is gone. */

import type { AuthorizationServer, RegisteredClient } from "../authorizationServers/contract.js";
import { CancelledError, doing, messageOf, OdeusError } from "../core/errors.js";
import { requireSameWorkspace } from "../workspace/integrations.js";
import { revert } from "../workspace/slot.js";
import { revertOwn } from "./leave.js";
import { findSlot } from "./observe.js";
import { type FormerClient, namesOf, type Recorded } from "./record.js";
import type { Stage } from "./stage.js";

export async function remove(stage: Stage, recorded: Recorded): Promise<void> {
  const { server, env } = stage;
  const { client } = recorded;
  if (client === undefined) return;
  const own = [client, ...recorded.replaced].map(({ clientId }) => clientId);
  const successor = await server.successor(client, stage.mark);
  if (successor !== undefined) {
    env.say.info(`${server.title} is by now that of ${successor}, and is left alone with the slots that use it.`);
    return handOver(stage, recorded);
  }
  const slots = Object.entries(recorded.slots);
  const unseen = await server.unseen?.(client);
  // Only a slot that was given back tells that a run which died has removed the client.
  if (unseen !== undefined && (slots.length === 0 || (await isHeld(stage, recorded, client)))) throw unseen;
  if (slots.length > 0) env.say.progress(`giving back ${slots.map(([, { written }]) => written).join(", ")}`);

  const results = await Promise.allSettled(
    slots.map(async ([id, slot]) => {
      const { written } = slot;
      const claimant = stage.claims.claimedByOther(stage.urn, namesOf(id, slot));
      if (claimant !== undefined) {
        const now = await stage.odeus.getOAuthClient(id);
        // Held by a client that stays (given by the program), the slot goes on working without us.
        if (now.clientId !== null && own.includes(now.clientId) && server.secrets !== "given")
          throw new OdeusError(`${written} still holds this client, and ${claimant.split("::").pop()} has not taken it over.`);
        return "left" as const;
      }
      const result = await doing(written, () => revertOwn(stage, id, own));
      if (result === "held by another") env.say.info(`${written} holds another client by now and is left alone.`);
      return result;
    }),
  );
  const failures = results.flatMap((result) => (result.status === "rejected" ? [messageOf(result.reason)] : []));
  if (failures.length > 0)
    throw new OdeusError(`giving back the slots of ${server.title}: ${failures.join("\n  ")}\n  The client is kept until its slots are given back. Run again.`);
  const outcomes = results.map((result) => (result.status === "fulfilled" ? result.value : undefined));
  if (outcomes.length > 0 && outcomes.every((outcome) => outcome === "unknown integration"))
    await requireSameWorkspace(
      stage.odeus,
      slots.map(([id]) => id),
    );

  if (server.secrets !== "given") env.say.progress(`removing ${server.title}`);
  await server.delete(client, "asConfigured");
  await removeFormer(stage, recorded.replaced);
}

async function isHeld({ odeus }: Stage, { slots }: Recorded, client: RegisteredClient): Promise<boolean> {
  const found = await Promise.all(Object.entries(slots).map(([id, { written, custom }]) => findSlot(odeus, written, id, custom)));
  return found.some((slot) => slot?.clientId === client.clientId);
}

/** The client lives on in the resource that replaces this one: only slots that nobody declares any more are given back. */
export async function handOver(stage: Stage, recorded: Recorded): Promise<void> {
  const { client } = recorded;
  if (client === undefined) return;
  for (const [id, slot] of Object.entries(recorded.slots)) {
    const { written } = slot;
    const names = namesOf(id, slot);
    // A run that declares nothing (a destroy) says nothing about what is still wanted.
    if (!stage.claims.leavesOut(stage.urn, names) || stage.claims.claimedByOther(stage.urn, names) !== undefined) continue;
    stage.env.say.progress(`giving back ${written}`);
    await doing(`giving back ${written}`, () => revert(stage.odeus, id, client.clientId));
  }
  await removeFormer(stage, recorded.replaced);
}

/** Earlier clients, except those that are somebody else's by now. Each is told when it is done. */
export async function removeFormer(stage: Stage, former: readonly FormerClient[], onDone: (client: FormerClient) => void = () => undefined): Promise<void> {
  for (const client of former) {
    const server = stage.serverOf(client);
    if (stage.abandoned.includes(client.clientId)) stage.env.say.warning(`${server.title} (client ${client.clientId}) is left where it is, and forgotten.`);
    else await removeOne(stage, server, client);
    onDone(client);
  }
}

async function removeOne({ mark, env }: Stage, server: AuthorizationServer, client: FormerClient): Promise<void> {
  try {
    const successor = await server.successor(client, mark);
    if (successor !== undefined) return env.say.info(`${server.title} is by now that of ${successor}, and is left alone with what is registered there.`);
    env.say.progress(`removing ${server.title}`);
    await server.delete(client, "asConfigured");
  } catch (error) {
    if (!(error instanceof OdeusError) || error instanceof CancelledError) throw error;
    // Closed, or out of reach for these credentials, it would stand in the way of every run.
    throw new OdeusError(
      `${error.message}\n  Where nobody can remove the former client ${client.clientId} from here any more, remove it by hand and name it in odeus:abandonClientIds or ODEUS_ABANDON_CLIENT_IDS.`,
    );
  }
}
