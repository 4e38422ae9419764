/** The workspace's calls a minute, counted for the whole process: no resource runs into the limit, and being stopped ends the wait. */

import type { RecordedCall } from "../../src/sandbox/calls.js";
import { HOSTS, startStage, uses } from "../support/oauthClientConfig.js";

const PLACES = 10;
const SLUGS = ["jira", "outlook-email", "sharepoint", "excel", "servicenow", "planner"];
const existing = (slug: string) => ({ integrations: uses(slug), existing: { clientId: `client-of-${slug}`, clientSecret: "given-secret" }, verify: false });

it.each(HOSTS)("the resources of one process share the places of a minute (%s)", async (_name, start) => {
  const stage = await startStage(start, { environment: { ODEUS_REQUESTS_PER_MINUTE: String(PLACES) } });
  try {
    await stage.world.odeus("PATCH", "/settings", { requestsPerMinute: PLACES });
    const calls = async (): Promise<RecordedCall[]> => (await stage.world.calls()).filter(({ counterpart }) => counterpart === "odeus");
    // Three calls each, and the list: the last ones have to wait for the next minute.
    const running = Promise.allSettled(SLUGS.map((slug) => stage.up(existing(slug), undefined, slug)));
    for (let tries = 0; (await calls()).length < PLACES; tries++) {
      if (tries > 500) throw new Error("too few calls");
      await new Promise((done) => setTimeout(done, 10));
    }
    // What is sent at once is sent within this time.
    await new Promise((done) => setTimeout(done, 200));
    const made = await calls();
    expect(made.map(({ status }) => status)).not.toContain(429);
    expect(made.length).toBe(PLACES);
    // Only the plugin is told to stop.
    if (stage.host.name === "dynamic") return;
    const startedAt = Date.now();
    await stage.host.cancel();
    const failures = (await running).flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []));
    expect(Date.now() - startedAt).toBeLessThan(2000);
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) expect(failure).toContain("stopped before it was finished");
    expect((await calls()).length).toBe(PLACES);
  } finally {
    await stage.stop();
  }
});
