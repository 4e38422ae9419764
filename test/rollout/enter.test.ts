/** A slot that somebody fills while a run waits for its secret is left alone. */

import type { RegisteredClient } from "../../src/authorizationServers/contract.js";
import { Secret } from "../../src/core/secret.js";
import { enterPlaces } from "../../src/rollout/enter.js";
import { lookUp, type Place } from "../../src/rollout/places.js";
import type { FormerClient, Wish } from "../../src/rollout/record.js";
import type { Stage } from "../../src/rollout/stage.js";
import { createUndoLog } from "../../src/rollout/undo.js";
import { createModelWorkspace, fillWorkspace, idOfSlug } from "../model/workspace.js";
import { World } from "../model/world.js";

const CLIENT: RegisteredClient = { clientId: "ours", objects: {} };
const MINUTES = 4 * 60_000;

async function stageWith(...slugs: string[]) {
  return prepared(slugs, undefined);
}

/** `former`: the client that all slots hold when they are read. */
async function prepared(slugs: string[], former: FormerClient | undefined) {
  const world = new World();
  fillWorkspace(world);
  const odeus = createModelWorkspace(world);
  if (former !== undefined)
    for (const slug of slugs) await odeus.putOAuthClient(idOfSlug(slug), { clientId: former.clientId, clientSecret: "§former§", scopeSync: true });
  const server = { slotTenant: () => undefined, endpoints: () => undefined };
  const formerSecret = former === undefined ? undefined : new Secret("§former§");
  const stage = { odeus, server, env: world.env({}), formerSecret, serverOf: () => ({ secrets: "given" }) } as unknown as Stage;
  const places = await lookUp(odeus, { uses: slugs.map((written) => ({ written, scopes: undefined })) } as Wish, []);
  const seenAt = world.clock;
  const undo = createUndoLog();
  const enter = () =>
    enterPlaces(
      { stage, seenAt, client: CLIENT, entry: { whole: true, secret: new Secret("§new§") }, former, onFormerSecret: () => {}, undoable: undo.push },
      places,
    );
  /** Somebody enters a client of theirs by hand. */
  const theirs = (slug: string) => odeus.putOAuthClient(idOfSlug(slug), { clientId: "theirs", clientSecret: "theirs", scopeSync: true });
  const held = () => slugs.map((slug) => world.slots.get(idOfSlug(slug))?.client?.clientId);
  return { world, places, undo, enter, theirs, held };
}

it("refuses a slot that got another client since it was read, and says whose", async () => {
  const { world, undo, enter, theirs, held } = await stageWith("mail", "files");
  world.clock += MINUTES;
  await theirs("files");
  const { written, failures } = await enter();
  expect([...written.keys()]).toEqual([idOfSlug("mail")]);
  expect(failures).toEqual([expect.objectContaining({ message: expect.stringMatching(/files holds client theirs by now: .*left alone\. Run again\./) })]);
  await undo.rollBack();
  expect(held()).toEqual([undefined, "theirs"]);
});

it("puts no former client back where somebody has entered another one since, and says whose stays", async () => {
  const { undo, enter, theirs, held } = await prepared(["mail", "files"], { ...CLIENT, clientId: "former", kind: "existing" } as FormerClient);
  expect((await enter()).failures).toEqual([]);
  expect(held()).toEqual(["ours", "ours"]);
  await theirs("mail");
  const { left } = await undo.rollBack();
  expect(left.join()).toContain("somebody has entered client theirs there meanwhile, which stays");
  expect(held()).toEqual(["theirs", "former"]);
});

it("writes what it finds by then, and looks again only at what was read long ago", async () => {
  const late = await stageWith("mail");
  late.world.clock += MINUTES;
  late.world.begin([]);
  expect((await late.enter()).failures).toEqual([]);
  expect(late.world.calls.map(({ name }) => name)).toEqual(["workspace.get", "workspace.put"]);
  const soon = await stageWith("mail");
  soon.world.begin([]);
  expect((await soon.enter()).failures).toEqual([]);
  expect(soon.world.calls.map(({ name }) => name)).toEqual(["workspace.put"]);
});

it("sends the settings of a custom integration back as they are by then", async () => {
  const { world, places, enter } = await stageWith("warehouse");
  const [place] = places as [Place];
  expect(place.slot.custom?.authFields).toEqual([]);
  world.clock += MINUTES;
  const custom = world.slots.get(idOfSlug("warehouse"))?.custom;
  const added = { id: "added", slug: "region", name: "Region", type: "TEXT", required: true };
  custom?.authFields.push(added as never);
  expect((await enter()).failures).toEqual([]);
  expect(custom?.authFields).toEqual([expect.objectContaining({ slug: "region" })]);
});
