/** Removing an Entra app and bringing it back: a deleted app stays restorable for 30 days, unless it is purged. */

import type { Application, Graph } from "../clients/graph.js";
import type { Env } from "../core/env.js";
import { isRemote, mayHaveHappened } from "../core/errors.js";
import { markOfTags } from "../core/mark.js";
import { askUntil, type Patience } from "../core/wait.js";

export interface RecycleBin {
  /** `final`: purged too. Gone already is done. */
  remove(objectId: string, final: boolean): Promise<void>;
  restore(objectId: string): Promise<void>;
  /** A deleted app with a mark of ours, which can be restored; listing deleted apps is a right that not every identity has. */
  deletedOfOurs(clientId: string): Promise<Application | undefined>;
}

export function createRecycleBin(graph: Graph, env: Env, name: string, patience: Patience): RecycleBin {
  return { remove, restore, deletedOfOurs };

  async function deletedOfOurs(clientId: string): Promise<Application | undefined> {
    try {
      return (await graph.listDeletedApplications()).find(({ appId, tags }) => appId === clientId && markOfTags(tags) !== undefined);
    } catch (error) {
      if (isRemote(error, 403)) return undefined;
      throw error;
    }
  }

  async function remove(objectId: string, final: boolean): Promise<void> {
    // A 404 right after a create may only mean that this server has not heard of it: the recycle bin is the witness.
    await askUntil<boolean>(
      { env, budgetMs: 8000 },
      (gone) => gone,
      async () => (await graph.deleteApplication(objectId)) || (await graph.getDeletedApplication(objectId)) !== undefined,
    );
    if (!final) return;
    try {
      await askUntil<boolean>(
        { env, budgetMs: 8000 },
        (gone) => gone,
        async () => (await graph.purgeDeletedApplication(objectId)) || (await graph.getApplication(objectId)) === undefined,
      );
    } catch (error) {
      // Tenants can protect deleted apps from being purged; they then stay restorable, which is no failure of a destroy.
      if (!isRemote(error, 400)) throw error;
      env.say.warning(`${name} is deleted but could not be purged (the tenant protects deleted apps); it disappears after 30 days.`);
    }
  }

  async function restore(objectId: string): Promise<void> {
    try {
      await graph.restoreDeletedApplication(objectId);
    } catch (error) {
      // A lost answer, or somebody was quicker: restored is what it has to be.
      if (!mayHaveHappened(error) && !isRemote(error, 404)) throw error;
    }
    await askUntil<Application | undefined>(
      patience,
      (app) => app !== undefined,
      () => graph.getApplication(objectId),
    );
  }
}
