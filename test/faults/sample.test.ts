/** A sample of `make faults`: the cases that have found a defect, and for each server the moments where most could be lost. */

import { type Case, caseNamed } from "../../faults/cases.js";
import { violationsOf } from "../../faults/invariants.js";
import { type Lane, startLane } from "../../faults/lane.js";
import { unmet } from "../../faults/met.js";
import { blindSpots } from "../../faults/planted.js";
import { runCase } from "../../faults/run.js";
import { SERVERS } from "../../faults/subjects.js";

const SAMPLE: Record<(typeof SERVERS)[number], string[]> = {
  entra: [
    "entra create upsertApplication#0 killAfter plugin",
    "entra create addPassword#0 killAfter dynamic",
    "entra create addPassword#0 answerLost plugin",
    "entra create putOAuthClient#1 forbidden dynamic",
    "entra create upsertServicePrincipal#0 throttled plugin",
    "entra create lateActivation plugin",
    "entra create lateReplication dynamic",
    "entra update patchApplication#0 serverErrorAfterEffect plugin",
    "entra update getApplication#2 notFound plugin",
    "entra update getOAuthClient#2 staleRead dynamic",
    "entra update getOAuthClient#4 notFound plugin",
    "entra update deleteOAuthClient#0 notFound dynamic",
    "entra rotate putOAuthClient#0 killAfter plugin",
    "entra rotate putOAuthClient#1 forbidden dynamic",
    "entra rotate addPassword#0 answerLost plugin",
    "entra rotate putOAuthClient#1 killAfter with lateActivation dynamic",
    "entra rotate putOAuthClient#0 killAfter changed dynamic",
    "entra rotateAtOnce addPassword#0 answerLost and getApplication#3 staleRead plugin",
    "entra rotateAtOnce removePassword#0 answerLost plugin",
    "entra rotateAtOnce putOAuthClient#1 killBefore plugin",
    "entra retire getApplication#2 staleRead plugin",
    "entra read getApplication#0 notFound dynamic",
    "entra delete getOAuthClient#0 staleRead plugin",
    "entra delete deleteApplication#0 killAfter plugin",
  ],
  existing: [
    "existing create putOAuthClient#0 killAfter plugin",
    "existing update updateIntegrationAuth#0 bodyTruncated dynamic",
    "existing rotate putOAuthClient#1 forbidden plugin",
    "existing delete deleteOAuthClient#0 reset dynamic",
  ],
  serviceNow: [
    "serviceNow create createRecord#0 answerLost plugin",
    "serviceNow create createRecord#0 killAfter plugin",
    "serviceNow update updateRecord#1 forbidden dynamic",
    "serviceNow update updateRecord#0 conflict plugin",
    "serviceNow update retrieveRecord#1 staleRead plugin",
    "serviceNow rotate getOAuthClient#3 staleRead plugin",
    "serviceNow rotate updateRecord#0 killAfter plugin",
    "serviceNow rotate putOAuthClient#0 forbidden plugin",
    "serviceNow delete deleteRecord#0 bodyTruncated dynamic",
    "serviceNow delete deleteRecord#0 notFound plugin",
  ],
  snowflake: [
    "snowflake create statement:CREATE#0 killAfter plugin",
    "snowflake create statement:CREATE#0 answerLost plugin",
    "snowflake create statement:DESC#1 notFound plugin",
    "snowflake create statement:DESC#1 staleRead dynamic",
    "snowflake update statement:ALTER#1 forbidden dynamic",
    "snowflake rotate statement:REFRESH#0 killAfter plugin",
    "snowflake rotate updateIntegrationAuth#0 forbidden dynamic",
    "snowflake rotateAtOnce updateIntegrationAuth#0 throttledForNow plugin",
    "snowflake rotateAtOnce statement:REFRESH#1 unauthorized plugin",
    "snowflake retire statement:SECRETS#0 staleRead plugin",
    "snowflake delete statement:DROP#0 killAfter plugin",
  ],
};

describe.each(SERVERS)("%s", (server) => {
  let lane: Lane;
  beforeAll(async () => {
    lane = await startLane();
  });
  afterAll(() => lane.close());

  it.each(SAMPLE[server])("%s", async (name) => {
    const played: Case = caseNamed(name);
    const evidence = await runCase(lane, played);
    expect(unmet(evidence)).toEqual([]);
    expect(violationsOf(evidence)).toEqual([]);
  });
});

it("a secret that is given away through any channel, in any spelling, is seen", async () => {
  const { planted, unseen } = await blindSpots();
  expect(unseen).toEqual([]);
  expect(planted).toBeGreaterThan(200);
});
