/** What `make mutants` breaks: each a text of the sources, what takes its place, and the tests that should see it. */

export interface Mutant {
  name: string;
  file: string;
  /** Stands in the file exactly once. */
  from: string;
  to: string;
  suite: keyof typeof SUITES;
}

export interface Suite {
  files: string[];
  /** Only tests whose name holds this. */
  named?: string;
  /** The tests start the built plugin. */
  built?: boolean;
}

/** Processes of the dynamic host would load this package by its name, which is the tree that is not broken. */
const THROUGH_THE_PLUGIN = "plugin";

export const SUITES = {
  model: { files: ["test/model/rollout.test.ts"] },
  rotation: { files: ["test/lifecycle/rotation.test.ts"], named: THROUGH_THE_PLUGIN, built: true },
  forward: { files: ["test/lifecycle/forward.test.ts"], named: THROUGH_THE_PLUGIN, built: true },
  snowflake: { files: ["test/lifecycle/snowflakeRotation.test.ts"], named: THROUGH_THE_PLUGIN, built: true },
  snowflakeDrift: { files: ["test/lifecycle/snowflakeDrift.test.ts"], named: THROUGH_THE_PLUGIN, built: true },
  snowflakeEntry: { files: ["test/lifecycle/snowflakeUndo.test.ts"], named: "plugin host whose create fails once it is entered", built: true },
  driver: { files: ["test/clients/snowflake.test.ts", "test/clients/snowflakeDriver.test.ts", "test/clients/snowflakeFailures.test.ts"] },
  destroy: { files: ["test/lifecycle/destroy.test.ts"], named: THROUGH_THE_PLUGIN, built: true },
  table: { files: ["test/clients/serviceNowTable.test.ts"] },
  serviceNow: { files: ["test/lifecycle/serviceNowBadDays.test.ts"], named: THROUGH_THE_PLUGIN, built: true },
  network: { files: ["test/clients/privateNetwork.test.ts"] },
  hosts: { files: ["test/provider/hosts.test.ts"], named: THROUGH_THE_PLUGIN },
  matrix: { files: ["test/faults/sample.test.ts"], named: "rotate.* plugin$", built: true },
  wire: { files: ["test/provider/propertyValues.test.ts"] },
  probes: { files: ["test/authorizationServers/probes.test.ts"] },
  reach: { files: ["test/clients/privateNetwork.test.ts", "test/clients/http.test.ts"] },
  verification: { files: ["test/lifecycle/verification.test.ts"], named: THROUGH_THE_PLUGIN, built: true },
} satisfies Record<string, Suite>;

const nothing = "/* nothing */";

export const MUTANTS: readonly Mutant[] = [
  {
    name: "no look-up by our mark",
    file: "src/rollout/survey.ts",
    from: "if (adoptClientId === undefined) return server.find(mark, held);",
    to: "if (adoptClientId === undefined) return undefined;",
    suite: "model",
  },
  {
    name: "no pruning of our own stray secrets",
    file: "src/rollout/issue.ts",
    from: "else await stage.server.removeSecret(client, keyId);",
    to: nothing,
    suite: "model",
  },
  {
    name: "a stray secret that a slot may hold is removed",
    file: "src/rollout/issue.ts",
    from: "const inUse = await writtenSince(issuing);",
    to: "const inUse = false;",
    suite: "model",
  },
  {
    name: "the old secret is removed before the new one is issued",
    file: "src/rollout/issue.ts",
    from: 'env.say.progress("issuing a client secret");',
    to: "if (draft.secret?.keyId !== undefined) await server.removeSecret(client, draft.secret.keyId);",
    suite: "model",
  },
  {
    name: "no overlap",
    file: "src/rollout/rollOut.ts",
    from: "wish.overlapMs === 0 ? draft.retiring : due",
    to: "due.length === 0 ? draft.retiring : due",
    suite: "model",
  },
  {
    name: "an overlap of days is over after an hour",
    file: "src/rollout/retire.ts",
    from: "env.now().getTime() + overlapMs).toISOString();\n  // An earlier",
    to: "env.now().getTime() + Math.min(overlapMs, 3_600_000)).toISOString();\n  // An earlier",
    suite: "model",
  },
  {
    name: "entered before it is verified",
    file: "src/rollout/rollOut.ts",
    from: "if (progress.replacing) return { whole: true, secret, proveAfter: true };",
    to: "if (secret !== undefined) return { whole: true, secret, proveAfter: true };",
    suite: "model",
  },
  {
    name: "one acceptance proves a secret",
    file: "src/rollout/secret.ts",
    from: "if (inARow >= server.acceptances) return answer;",
    to: "if (inARow >= 1) return answer;",
    suite: "model",
  },
  {
    name: "undone although a slot holds the new secret",
    file: "src/rollout/rollOut.ts",
    from: 'progress.forward ||= entry.whole && places.some(({ slot }) => slot.mode === "CUSTOM" && slot.clientId === client.clientId);',
    to: nothing,
    suite: "model",
  },
  {
    name: "an undo that fails is passed over",
    file: "src/rollout/undo.ts",
    from: "return {\n            undone,\n            left: [",
    to: "if (log.length >= 0) continue;\n          return {\n            undone,\n            left: [",
    suite: "model",
  },
  {
    name: "a slot is given back without a look at what it holds",
    file: "src/workspace/slot.ts",
    from: 'if (slot.clientId !== clientId) return "held by another";',
    to: nothing,
    suite: "model",
  },
  {
    name: "no slot claims",
    file: "src/core/claims.ts",
    from: "filter(([other, theirs]) => other !== urn && theirs.has(slot))",
    to: "filter(([other, theirs]) => other !== urn && theirs.has(slot) && theirs.size < 0)",
    suite: "model",
  },
  {
    name: "a client that others have in a slot is pushed out",
    file: "src/rollout/places.ts",
    from: "const refused = await occupied(server, mark, use.written, slot, wish.replaceClientIds, own);",
    to: "const refused = undefined;",
    suite: "model",
  },
  {
    name: "an earlier client is removed while a slot holds it",
    file: "src/rollout/leave.ts",
    from: "kept.clientIds.push(clientId);",
    to: nothing,
    suite: "model",
  },
  {
    name: "what an earlier declaration needed is forgotten",
    file: "src/rollout/rollOut.ts",
    from: "if (surplus.redirectUrls.length + surplus.scopes.length > 0) draft.surplus = surplus;",
    to: nothing,
    suite: "model",
  },
  {
    name: "planned slots are recorded nowhere",
    file: "src/rollout/rollOut.ts",
    from: "for (const place of places) draft.slots[place.integration.id] ??= { ...slotRecord(place), secretUpdatedAt: PLANNED };",
    to: nothing,
    suite: "model",
  },
  {
    name: "a slot without the current secret is not owed one",
    file: "src/rollout/issue.ts",
    from: "(secretUpdatedAt === PLANNED ? { ...slot, secretUpdatedAt } : slot)",
    to: "(secretUpdatedAt === undefined ? slot : { ...slot, secretUpdatedAt })",
    suite: "model",
  },
  {
    name: "of two secrets, the one in use is renewed",
    file: "src/rollout/issue.ts",
    from: "idleMayBeInUse: await writtenSince(issuing)",
    to: "idleMayBeInUse: false",
    suite: "model",
  },
  {
    name: "who has replaced a client is not asked",
    file: "src/rollout/remove.ts",
    from: "const successor = await server.successor(client, stage.mark);\n  if (successor !== undefined) {",
    to: "const successor = undefined;\n  if (successor !== undefined) {",
    suite: "model",
  },
  {
    name: "a secret in an error",
    file: "src/rollout/enter.ts",
    from: "return doing(`entering the client in ",
    to: "return doing(entry.secret?.open() + `: entering the client in ",
    suite: "model",
  },
  {
    name: "a secret in the state that nobody asked for",
    file: "src/rollout/issue.ts",
    from: "if (wish.exportSecret) draft.value = value;\n  else delete draft.value;",
    to: "draft.value = value;",
    suite: "model",
  },
  {
    name: "Entra: an addPassword without an answer is repeated without a read",
    file: "src/authorizationServers/entraSecrets.ts",
    from: "await removeThisOne();\n          const issued = await issue();",
    to: "const issued = await issue();",
    suite: "rotation",
  },
  {
    name: "Snowflake: what the account shows after a renewal is not looked at",
    file: "src/authorizationServers/snowflakeSecrets.ts",
    from: "if (now.digest !== before.digest) return now;",
    to: "if (now.digest !== undefined) return now;",
    suite: "snowflake",
  },
  {
    name: "an undone entry leaves its endpoints in an integration made from scratch",
    file: "src/rollout/enter.ts",
    from: "if (written && slot.custom !== undefined) await restoreParts(stage.odeus, slot);",
    to: "void written;",
    suite: "snowflakeEntry",
  },
  {
    name: "ServiceNow: what was written is not compared",
    file: "src/authorizationServers/serviceNow.ts",
    from: 'if (columns.length > 0) throw ignored(columns.join(", "));',
    to: nothing,
    suite: "serviceNow",
  },
  {
    name: "ServiceNow: a new secret that the instance has dropped is entered",
    file: "src/authorizationServers/serviceNow.ts",
    from: 'if (after !== "" && after === before) throw ignored("client_secret");',
    to: nothing,
    suite: "serviceNow",
  },
  {
    name: "ServiceNow: rows are not held against the query",
    file: "src/clients/serviceNowTable.ts",
    from: "found: rows.filter((row) => conditions.every((condition) => meets(row, condition)))",
    to: "found: rows",
    suite: "table",
  },
  {
    name: "ServiceNow: a record that is hidden counts as gone",
    file: "src/clients/serviceNowTable.ts",
    from: 'if (counted > seen) return "hidden";',
    to: nothing,
    suite: "table",
  },
  {
    name: "ServiceNow: an instance inside a private network gets the password",
    file: "src/clients/serviceNowTable.ts",
    from: "wordsOf, reach, resetHeader",
    to: "wordsOf, resetHeader",
    suite: "table",
  },
  {
    name: "a name that leads into a private network is connected to",
    file: "src/clients/http.ts",
    from: "...(guard === undefined ? {} : { lookup:",
    to: "...(guard === undefined ? {} : { unused:",
    suite: "network",
  },
  {
    name: "Snowflake: any row of SHOW counts as the one asked for",
    file: "src/clients/snowflake.ts",
    from: ".find((row) => row.name === name)",
    to: ".find((row) => row.name !== undefined)",
    suite: "driver",
  },
  {
    name: "Snowflake: the driver may send a failed statement again",
    file: "src/clients/snowflakeDriver.ts",
    from: "streamResult: true,",
    to: "streamResult: false,",
    suite: "driver",
  },
  {
    name: "Snowflake: the driver reports how the account is written",
    file: "src/clients/snowflakeDriver.ts",
    from: 'process.env["SF_TELEMETRY_DISABLE_CONNECTION_SHAPE"] ??= "1";',
    to: nothing,
    suite: "driver",
  },
  {
    name: "Snowflake: a refused login is tried again",
    file: "src/clients/snowflakeConnection.ts",
    from: "known.set(key, error);",
    to: "known.delete(key);",
    suite: "driver",
  },
  {
    name: "Snowflake: blocked roles that the account adds are drift",
    file: "src/authorizationServers/snowflakeIntegration.ts",
    from: "return sameSet(wished, minus(now, added));",
    to: "return sameSet(wished, minus(now, added.slice(added.length)));",
    suite: "snowflakeDrift",
  },
  {
    name: "one 404 of the workspace counts as gone",
    file: "src/workspace/slot.ts",
    from: "if (isRemote(error, 404) && !(await odeus.listIntegrations()).some(({ id }) => id === integrationId)) return",
    to: "if (isRemote(error, 404)) return",
    suite: "destroy",
  },
  {
    name: "the state of a partial failure leaves unsealed",
    file: "src/provider/service.ts",
    from: "initFailed(error, encode(error.state, [...lifecycle.secretPaths(kind), ...secrets]))",
    to: "initFailed(error, encode(error.state))",
    suite: "hosts",
  },
  {
    name: "what a failed update has left is not reported",
    file: "src/provider/service.ts",
    from: "if (!(error instanceof PartialFailure)) throw error;\n      throw new SealedFailure",
    to: "if (error instanceof Error) throw error;\n      throw new SealedFailure",
    suite: "forward",
  },
  {
    name: "secret inputs leave unsealed",
    file: "src/provider/propertyValues.ts",
    from: "return encodeObject(properties, secrets);",
    to: "return encodeObject(properties, secrets.slice(secrets.length));",
    suite: "wire",
  },
  {
    name: "the same answer to a random secret proves the real one",
    file: "src/authorizationServers/probes.ts",
    from: "if (sameAnswer(real, other) || !judges(real)) return false;",
    to: "if (!judges(real)) return false;",
    suite: "probes",
  },
  {
    name: "trouble that a random secret meets proves the real one",
    file: "src/authorizationServers/probes.ts",
    from: "return granted || (error === undefined ? status === 401 : !PASSING.test(error));",
    to: "return true;",
    suite: "probes",
  },
  {
    name: "a random secret that a limit refuses is sent again",
    file: "src/authorizationServers/probes.ts",
    from: 'clientSecret: wrong }, parameters, "never");',
    to: "clientSecret: wrong }, parameters);",
    suite: "probes",
  },
  {
    name: "a redirect is followed with the secret",
    file: "src/clients/httpClient.ts",
    from: "maxRedirects: 0,",
    to: "maxRedirects: 5,",
    suite: "reach",
  },
  {
    name: "a secret goes to a name that leads inside a private network",
    file: "src/clients/privateNetwork.ts",
    from: "const inside = bare(name) === host ? found.find(({ address }) => isPrivateAddress(address)) : undefined;",
    to: "const inside = found.find(({ address }) => address.length < 0);",
    suite: "reach",
  },
  {
    name: "a second wrong secret is tried where the first has told",
    file: "src/authorizationServers/existing.ts",
    from: "if (answer !== undefined) return answer;",
    to: 'if (answer?.verdict === "rejected") return answer;',
    suite: "verification",
  },
  {
    name: "a given secret is asked about in every update",
    file: "src/rollout/rollOut.ts",
    from: "const anew = wish.givenChanged || !stage.continues || open;",
    to: "const anew = true;",
    suite: "verification",
  },
  {
    name: "Entra: an addPassword that may have arrived is repeated by itself",
    file: "src/clients/graph.ts",
    from: 'json: { passwordCredential: { displayName, endDateTime } },\n        repeat: "throttled",',
    to: 'json: { passwordCredential: { displayName, endDateTime } },\n        repeat: "repeatable",',
    suite: "matrix",
  },
  {
    name: "Entra: secrets that others have added are taken for ours",
    file: "src/authorizationServers/entraSecrets.ts",
    from: "return ours.map(({ keyId }) => keyId);",
    to: "return (ours.length === 0 ? ours : app.passwordCredentials).map(({ keyId }) => keyId);",
    suite: "matrix",
  },
  {
    name: "Snowflake: the secret before never ends",
    file: "src/authorizationServers/snowflake.ts",
    from: 'which ends it`, () => secrets.renew(keyId === "2" ? 2 : 1)),',
    to: "which ends it`, async () => void keyId),",
    suite: "matrix",
  },
  {
    name: "ServiceNow: something comes between setting a secret and entering it",
    file: "src/rollout/rollOut.ts",
    from: "if (progress.replacing) return {",
    to: "if (progress.replacing) await server.successor(client, mark);\n      if (progress.replacing) return {",
    suite: "matrix",
  },
];
