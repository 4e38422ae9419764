/** The demo's third program: an entry of ServiceNow's registry in one `up`, a user who connects, a new secret with its announced gap, and the way back. */

import type { Stack } from "@pulumi/pulumi/automation";
import { connectUser } from "../test/support/browser";
import { announced, indented, must, say, shortened, shortenedUrl } from "./demoSpeech";
import { programOf, startEngine } from "./engine";
import type { Sandbox } from "./sandboxProcess";
import { table } from "./table";

const SLUG = "servicenow";

interface Recorded {
  clientId: string;
  redirectUrls: Record<string, string>;
  verification: { verdict: string; proven: string[]; unproven: string[] };
  drift: string[];
}

export async function demoServiceNow(sandbox: Sandbox): Promise<void> {
  const engine = await startEngine(sandbox.world.environment);
  try {
    const stack = await engine.stack({ project: "odeus-servicenow", program: programOf(announced("servicenow")) });
    say("\n> pulumi up\n");
    await sandbox.clearCalls();
    await stack.up(indented);
    await showResult(stack, sandbox);
    await connect(sandbox, "ada");
    await rotate(stack, sandbox);
    await destroy(stack, sandbox);
  } finally {
    engine.close();
  }
}

async function outputsOf(stack: Stack): Promise<Recorded> {
  const { deployment } = await stack.exportStack();
  const found = (deployment as { resources: { type: string; outputs: Recorded }[] }).resources.find(({ type }) => type.endsWith("OAuthClientConfig"));
  if (found === undefined) throw new Error("no OAuthClientConfig of the program is in the state");
  return found.outputs;
}

async function theOne(sandbox: Sandbox): Promise<Record<string, string>> {
  const [made, ...more] = await sandbox.registryEntries();
  if (made === undefined || more.length > 0) throw new Error("this did not hold: the registry has one entry of ours");
  return made;
}

const integrationOf = (sandbox: Sandbox): string => sandbox.world.integrations[SLUG] ?? "";

async function showResult(stack: Stack, sandbox: Sandbox): Promise<void> {
  const [recorded, slot, made, entered] = [
    await outputsOf(stack),
    await sandbox.slot(SLUG),
    await theOne(sandbox),
    await sandbox.enteredSecret(integrationOf(sandbox)),
  ];
  must(slot.clientId === made["client_id"] && recorded.clientId === slot.clientId, "the workspace uses the client of the registry");
  must(entered === made["client_secret"], "the secret in the workspace is the one at the instance");
  must(made["redirect_url"] === slot.redirectUrl && recorded.redirectUrls[SLUG] === slot.redirectUrl, "the redirect URL is the workspace's own, to the letter");
  must(recorded.drift.length === 0, "nothing is out of place");
  const { verdict, proven, unproven } = recorded.verification;
  must(verdict === "inconclusive", "what ServiceNow lets nobody prove is called not proven");
  const rows = [
    ["Integration", "Registry entry", "Client id", "Redirect URL", "Proven"],
    [
      SLUG,
      made["name"] ?? "",
      shortened(made["client_id"] ?? ""),
      shortenedUrl(slot.redirectUrl),
      `${proven.join(", ")}; not provable without a user: ${unproven.join(", ")}`,
    ],
  ];
  say(`\n${table(rows)}`);
}

async function connect(sandbox: Sandbox, user: string): Promise<void> {
  const query = new URLSearchParams({ user, instance: sandbox.world.serviceNow.instance });
  const startUrl = `${sandbox.world.environment["ODEUS_BASE_URL"]}/integrations/${integrationOf(sandbox)}/connect?${query}`;
  const result = await connectUser({ startUrl, user });
  const signIn = new URL(result.hops.find((hop) => hop.includes("/oauth_auth.do")) ?? "https://nowhere/").host;
  must(result.connected, `${user} connects to ServiceNow (the workspace showed: ${result.text})`);
  say(`Connected: ${user}, signed in at ${signIn} (ServiceNow's counterpart), the consent page shows "${result.consentShows}"`);
}

async function rotate(stack: Stack, sandbox: Sandbox): Promise<void> {
  const before = await theOne(sandbox);
  say("\n> pulumi config set secretRound second");
  say("> pulumi up\n");
  await stack.setConfig("secretRound", { value: "second" });
  await sandbox.clearCalls();
  await stack.up(indented);
  const [after, entered, calls] = [await theOne(sandbox), await sandbox.enteredSecret(integrationOf(sandbox)), await sandbox.calls()];
  must(after["client_id"] === before["client_id"] && after["client_secret"] !== before["client_secret"], "the same client has another secret");
  must(entered === after["client_secret"], "the new secret is entered");
  const changing = calls.filter(({ changes }) => changes).map(({ operation }) => operation);
  must(changing.join() === "updateRecord,putOAuthClient", `it took two changing calls (${changing.join()})`);
  must(await sandbox.refreshConnection(integrationOf(sandbox), "ada"), "who was connected stays so");
  say("\nThe plan announced the gap between two calls. Ada, who was connected, gets her next access token without signing in.");
  await connect(sandbox, "grace");
}

async function destroy(stack: Stack, sandbox: Sandbox): Promise<void> {
  say("\n> pulumi destroy\n");
  await stack.destroy(indented);
  must((await sandbox.registryEntries()).length === 0, "destroy removes the entry");
  must((await sandbox.slot(SLUG)).mode === "NONE", "destroy takes the client out of the integration");
  say("The entry is removed, and the integration has no client: Odeus has none of its own for ServiceNow.");
}
