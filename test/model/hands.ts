/** What people do by hand, at the server and in the workspace. */

import { type StoredClient, scopesOf } from "../../src/sandbox/odeus/workspace.js";
import type { HandEdit } from "./commands.js";
import { FOREIGN } from "./declarations.js";
import type { Invariants } from "./invariants.js";
import { isOurs, type ModelClient, type World } from "./world.js";

export function editByHand(world: World, invariants: Invariants, { what, at }: HandEdit): void {
  const slots = [...world.slots.values()];
  const slot = slots[at % slots.length];
  const ours = world.clients.filter((client) => isOurs(client) && !client.binned);
  const client = ours[at % Math.max(1, ours.length)];
  if (slot === undefined) return;
  const { clientId, clientSecret } = slot.client ?? {};
  const whole: StoredClient | undefined = slot.client;
  switch (what) {
    case "slotGivenBack":
      slot.client = undefined;
      break;
    case "slotToAnotherClient": {
      const stamp = world.stamp();
      const client = { clientId: FOREIGN, clientSecret: `§${FOREIGN}§`, tenantId: null, scopeSync: true, scopes: [] };
      slot.client = { ...client, clientSecretUpdatedAt: stamp, createdAt: stamp, updatedAt: stamp };
      break;
    }
    case "secretInSlotReplaced":
      if (whole !== undefined) Object.assign(whole, { clientSecret: "mistyped", clientSecretUpdatedAt: world.stamp() });
      invariants.slotWrittenByHand(slot.id);
      break;
    case "scopesInSlotChanged":
      if (whole !== undefined && slot.custom === undefined)
        Object.assign(whole, whole.scopeSync ? { scopeSync: false, scopes: [...scopesOf(slot), "By.Hand"] } : { scopeSync: true, scopes: [] });
      break;
    case "redirectUrlOfIntegrationMoved":
      slot.redirectUrl = `${slot.redirectUrl}/moved`;
      break;
    case "integrationNeedsMoreScopes":
      if (slot.custom === undefined) slot.defaultScopes = [...slot.defaultScopes, `More.${world.id()}`];
      break;
    default:
      if (client !== undefined) editClient(world, invariants, client, what);
  }
  invariants.left(clientId, clientSecret);
}

function editClient(world: World, invariants: Invariants, client: ModelClient, what: HandEdit["what"]): void {
  const { byHand } = client;
  const secret = { label: "by hand", createdAt: world.clock, refusals: 0, flickers: false };
  if (what === "redirectUrlRemoved")
    client.urls = client.urls.filter((url) => byHand.urls.includes(url)).concat(client.urls.filter((url) => !byHand.urls.includes(url)).slice(1));
  if (what === "scopeRemoved") client.scopes = client.scopes.filter((scope) => byHand.scopes.includes(scope));
  if (what === "settingChanged") for (const key of ["notes", "comments", "comment"]) if (key in client.settings) client.settings[key] = "by hand";
  if (what === "clientDeleted" && client.kind === "entra") client.binned = true;
  else if (what === "clientDeleted" || what === "clientPurged") world.clients = world.clients.filter((one) => one !== client);
  if (what === "redirectUrlAdded") {
    const url = `https://by-hand.example/${world.id()}`;
    client.urls = [...client.urls, url];
    byHand.urls.push(url);
  }
  if (what === "signInMadeImpossible" && client.kind === "entra") client.whole = false;
  if (client.kind === "entra" && what === "secretRemoved")
    client.secrets = client.secrets
      .filter(({ keyId }) => byHand.keyIds.includes(keyId))
      .concat(client.secrets.filter(({ keyId }) => !byHand.keyIds.includes(keyId)).slice(1));
  if (client.kind === "entra" && what === "secretAdded") {
    const keyId = `by-hand-${world.id()}`;
    client.secrets = [...client.secrets, { ...secret, keyId, value: world.secretValue() }];
    byHand.keyIds.push(keyId);
  }
  // ServiceNow shows nobody that its secret is another one.
  if (client.kind === "snowflake" && what === "secretRenewed")
    client.secrets = client.secrets.map((one, index) => (index === 0 ? { ...one, value: world.secretValue() } : one));
  // OR REPLACE: the name stays, everything else is new.
  if (client.kind === "snowflake" && what === "clientReplaced") {
    const { mark: _lost, ...rest } = client;
    const secrets = client.secrets.map(({ keyId }) => ({ ...secret, label: "slot", keyId, value: world.secretValue() }));
    world.clients = world.clients.map((one) => (one === client ? { ...rest, clientId: `snowflake-${world.id()}`, secrets } : one));
    for (const { clientId } of world.clients) if (clientId.startsWith("snowflake-")) invariants.allowed.adoptable.add(clientId);
  }
}
