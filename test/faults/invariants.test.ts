/** The checker of the fault matrix finds what it is there for: a clean case has no violation, and the same case with one thing wrong has that one. */

import { caseNamed } from "../../faults/cases.js";
import type { Command, Evidence } from "../../faults/evidence.js";
import { violationsOf } from "../../faults/invariants.js";
import { LAGS, type Lag } from "../../faults/kinds.js";
import { type Lane, startLane } from "../../faults/lane.js";
import { secondUnmet, unmet } from "../../faults/met.js";
import { runCase } from "../../faults/run.js";
import type { Properties } from "../../src/core/value.js";
import type { RecordedCall } from "../../src/sandbox/calls.js";
import { HostFailure } from "../support/providerHost.js";

const LATE = LAGS["entra"]?.[0] as Lag;

let lane: Lane;
let rotated: Evidence;
let oneSecret: Evidence;
let twoSecrets: Evidence;
beforeAll(async () => {
  lane = await startLane();
  rotated = await runCase(lane, { ...caseNamed("entra rotate addPassword#0 throttledForNow plugin") });
  oneSecret = await runCase(lane, { ...caseNamed("serviceNow rotate putOAuthClient#0 forbidden plugin") });
  twoSecrets = await runCase(lane, { ...caseNamed("snowflake rotate updateIntegrationAuth#0 throttledForNow plugin") });
});
afterAll(() => lane.close());

const found = (evidence: Evidence): string[] => [...new Set(violationsOf(evidence).map(({ invariant }) => invariant))];
const copy = (evidence: Evidence): Evidence => ({
  ...evidence,
  attempts: evidence.attempts.map(copyOf),
  afterwards: evidence.afterwards.map(copyOf),
  previews: evidence.previews.map(copyOf),
});
const copyOf = (command: Command): Command => ({
  ...command,
  picture: structuredClone(command.picture),
  calls: structuredClone(command.calls),
  outcome: { ...command.outcome },
});

function command({ attempts, afterwards, previews }: Evidence, what: Command["what"]): Command {
  const [one] = [...attempts, ...afterwards, ...previews].filter((each) => each.what === what);
  if (one === undefined) throw new Error(`the case has no ${what}`);
  return one;
}

it("finds nothing where nothing is wrong", () => {
  expect(violationsOf(rotated)).toEqual([]);
  expect(violationsOf(oneSecret)).toEqual([]);
  expect(violationsOf(twoSecrets)).toEqual([]);
});

it.each([
  "entra rotate putOAuthClient#1 killAfter then addPassword#0 forbidden plugin",
  "serviceNow rotate updateRecord#0 killAfter then updateRecord#0 forbidden plugin",
])("takes what a dead process left for nothing wrong, as long as no run gets further: %s", async (name) => {
  const evidence = await runCase(lane, caseNamed(name));
  expect(evidence.attempts.map(({ outcome }) => outcome.failure === undefined)).toEqual([false, false, true]);
  expect(violationsOf(evidence)).toEqual([]);
  // Without a death, the same is found.
  for (const attempt of evidence.attempts) attempt.killed = false;
  expect(violationsOf(evidence).length).toBeGreaterThan(0);
});

const call = (operation: string, more: Partial<RecordedCall> = {}): RecordedCall => ({
  ...{ index: 0, counterpart: "entra", operation, changes: true, method: "POST", path: "/", query: "", requestHeaders: {}, requestBody: "", at: 0 },
  ...more,
});
const client = { clientId: "another", deleted: false, secrets: {}, theirs: [] };

it.each<[string, string, (evidence: Evidence) => unknown]>([
  ["I1", "a second client of ours", (one) => command(one, "operation").picture.ours.push(client)],
  ["I1", "no client when all is done", (one) => command(one, "up").picture.ours.splice(0)],
  ["I2", "a secret that no state knows", (one) => Object.assign(command(one, "operation").picture.ours[0]?.secrets ?? {}, { stray: "value" })],
  ["I2", "a slot with another secret than the current one", (one) => Object.assign(command(one, "up").picture.slots[0] ?? {}, { clientSecret: "other" })],
  [
    "I2",
    "a client that a failed create has left",
    (one) => Object.assign(command(one, "operation").outcome, { kept: undefined, failure: new HostFailure(2, "Run again.") }),
  ],
  ["I2", "a secret that outlives its end", (one) => (command(one, "up").endingAccepted = true)],
  ["I2", "a third secret", (one) => Object.assign(command(one, "refresh").picture.ours[0]?.secrets ?? {}, { third: "value" })],
  ["I3", "a slot that the server refused after a call", (one) => (command(one, "operation").refusals = [{ call: 3, slug: "sharepoint", clientId: "x" }])],
  ["I3", "a call that nobody looked at", (one) => (command(one, "operation").looks = 0)],
  ["I4", "a former secret that ended before its overlap", (one) => (command(one, "operation").previousAccepted = false)],
  ["I5", "something of others that was touched", (one) => (command(one, "operation").picture.others = "changed")],
  ["I4", "a former secret that ended inside its overlap", (one) => (command(one, "refresh").previousAccepted = false)],
  ["I5", "what others had added to our client", (one) => command(one, "up").picture.ours[0]?.theirs.splice(0, 1)],
  ["I5", "a secret that outlives its client", (one) => (command(one, "delete").previousAccepted = true)],
  ["I5", "a slot that a delete left filled", (one) => command(one, "delete").picture.slots.push({ slug: "sharepoint", clientId: "x", clientSecret: "y" })],
  ["I6", "a second up that changes something", (one) => command(one, "up").calls.push(call("patchApplication"))],
  ["I7", "a leak", (one) => one.leaks.push("a secret in lines (raw)")],
  ["I8", "a refresh that changes something", (one) => command(one, "refresh").calls.push(call("patchApplication"))],
  ["I8", "a preview that tries a client out", (one) => command(one, "preview").calls.push(call("token", { changes: false, requestBody: "client_id=x" }))],
  [
    "I9",
    "a secret that is issued again, and nothing but a sign-in between",
    (one) => command(one, "operation").calls.push(call("addPassword", { fault: "answerLost" }), call("token", { changes: false }), call("addPassword")),
  ],
  [
    "I9",
    "a secret that is issued again without a look",
    (one) =>
      command(one, "operation").calls.push(call("addPassword", { fault: "answerLost" }), call("putOAuthClient", { counterpart: "odeus" }), call("addPassword")),
  ],
  ["I10", "an operation without an end", (one) => (command(one, "operation").milliseconds = 60_000)],
  ["I10", "an error without a word on what to do", (one) => (command(one, "operation").outcome.failure = new HostFailure(2, "It broke."))],
])("%s: %s", (invariant, _what, spoil) => {
  const spoilt = copy(rotated);
  spoil(spoilt);
  expect(found(spoilt)).toContain(invariant);
});

it.each<[string, (evidence: Evidence) => unknown]>([
  ["a refusal in a run that sets no secret", (one) => (command(one, "up").refusals = [{ call: 0, slug: "servicenow", clientId: "x" }])],
  [
    "anything between setting a secret and entering it",
    (one) => {
      const { calls, refusals } = command(one, "operation");
      refusals.push({ call: calls.length, slug: "servicenow", clientId: "x" });
      calls.push(call("retrieveRecord", { counterpart: "serviceNow", changes: false }));
    },
  ],
  ["a gap that nothing records", (one) => Object.assign(command(one, "operation").outcome, { kept: { ...command(one, "operation").outcome.kept, state: {} } })],
])("I3, with one secret at a time: %s", (_what, spoil) => {
  const spoilt = copy(oneSecret);
  command(spoilt, "up").calls.push(call("getOAuthClient", { counterpart: "odeus", changes: false }));
  spoil(spoilt);
  expect(found(spoilt)).toContain("I3");
});

it.each<[string, (evidence: Evidence) => unknown]>([
  ["the secret in use recorded as retiring", (one) => Object.assign(stateAfter(one), { retiring: [{ keyId: "2" }] })],
  ["a secret that a slot has held, and no state knows", (one) => Object.assign(stateAfter(one), { retiring: [] })],
  ["another secret in use than the recorded one", (one) => Object.assign(command(one, "up").picture.ours[0]?.secrets ?? {}, { "2": "renewed" })],
])("I2, with two secrets for ever: %s", (_what, spoil) => {
  const spoilt = copy(twoSecrets);
  spoil(spoilt);
  expect(found(spoilt)).toContain("I2");
});

it("counts a pair of faults only where both were met", async () => {
  const evidence = await runCase(lane, caseNamed("entra rotate putOAuthClient#1 killAfter then addPassword#0 forbidden plugin"));
  expect(secondUnmet(evidence)).toBe(false);
  expect(secondUnmet({ ...evidence, attempts: evidence.attempts.slice(0, 1) })).toBe(true);
  expect(unmet({ ...evidence, played: { ...evidence.played, faults: [], lag: { ...LATE, met: () => false } } })).toHaveLength(1);
});

function stateAfter(evidence: Evidence): Properties {
  const one = command(evidence, "up");
  one.outcome = structuredClone(one.outcome);
  return one.outcome.kept?.state ?? {};
}
