/** `make demo`: the quickstart, the Snowflake and the ServiceNow example on the real engine against the sandbox, and the proof that each step did what it says. */

import type { Stack } from "@pulumi/pulumi/automation";
import { connectUser } from "../test/support/browser";
import { demoServiceNow } from "./demoServiceNow";
import { demoSnowflake } from "./demoSnowflake";
import { announced, indented, must, say, shortened, shortenedUrl } from "./demoSpeech";
import { programOf, startEngine } from "./engine";
import { type Sandbox, startSandbox } from "./sandboxProcess";
import { table } from "./table";

const MICROSOFT = ["outlook-email", "sharepoint"];
const INTEGRATIONS = [...MICROSOFT, "jira"];

async function main(): Promise<void> {
  const startedAt = Date.now();
  const sandbox = await startSandbox();
  try {
    say(
      'Sandbox ready: workspace "Contoso", a Microsoft Entra tenant, an Atlassian server, a Snowflake account and a ServiceNow instance, all on this machine; nothing leaves it.',
    );
    await quickstart(sandbox);
    say("\n--- Snowflake ---\n");
    await demoSnowflake(sandbox);
    say("\n--- ServiceNow ---\n");
    await demoServiceNow(sandbox);
    say(`\nAll of it held. ${Math.round((Date.now() - startedAt) / 1000)} s. Next: README.md, "Against your own tenant".`);
  } finally {
    sandbox.close();
  }
}

async function quickstart(sandbox: Sandbox): Promise<void> {
  const engine = await startEngine(sandbox.world.environment);
  try {
    const stack = await engine.stack({ project: "odeus-quickstart", program: programOf(announced("quickstart")) });
    const jira = await sandbox.slot("jira");
    const byHand = await sandbox.atlassianClient({ name: "Jira for Contoso", redirectUris: [jira.redirectUrl], scopes: jira.defaultScopes });
    await stack.setAllConfig({ jiraClientId: { value: byHand.clientId }, jiraClientSecret: { value: byHand.clientSecret, secret: true } });

    say("\n> pulumi up\n");
    await stack.up(indented);
    await showResult(stack, sandbox);
    await connect(sandbox, "outlook-email");
    await upAgain(stack, sandbox);
    await destroy(stack, sandbox);
  } finally {
    engine.close();
  }
}

interface Recorded {
  clientId: string;
  redirectUrls: Record<string, string>;
  effectiveScopes: Record<string, string[]>;
  verification: { verdict: string; proven: string[]; unproven: string[] };
  drift: string[];
}

async function outputsOf(stack: Stack): Promise<Recorded[]> {
  const { deployment } = await stack.exportStack();
  const resources = (deployment as { resources: { type: string; outputs: Recorded }[] }).resources;
  return resources.filter(({ type }) => type.endsWith("OAuthClientConfig")).map(({ outputs }) => outputs);
}

async function showResult(stack: Stack, sandbox: Sandbox): Promise<void> {
  const outputs = await outputsOf(stack);
  const rows = await Promise.all(
    INTEGRATIONS.map(async (slug) => {
      const resource = outputs.find(({ redirectUrls }) => slug in redirectUrls);
      const slot = await sandbox.slot(slug);
      if (resource === undefined) throw new Error(`no resource of the program has ${slug}`);
      must(slot.mode === "CUSTOM" && slot.clientId === resource.clientId, `${slug} uses the client that the program declared`);
      must(slot.redirectUrl === resource.redirectUrls[slug], `the redirect URL of ${slug} is the workspace's own, to the letter`);
      must(resource.drift.length === 0, `nothing is out of place for ${slug}`);
      const { verdict, proven, unproven } = resource.verification;
      must(verdict === "accepted", `the secret in ${slug} was accepted by the authorization server`);
      const verdictText = unproven.length === 0 ? proven.join(", ") : `${proven.join(", ")}; not provable without a user: ${unproven.join(", ")}`;
      return [slug, "your client", shortened(resource.clientId), shortenedUrl(slot.redirectUrl), String(resource.effectiveScopes[slug]?.length), verdictText];
    }),
  );
  say(`\n${table([["Integration", "Client", "Client id", "Redirect URL", "Scopes", "Proven"], ...rows])}`);
}

async function connect(sandbox: Sandbox, slug: string): Promise<void> {
  const base = sandbox.world.environment["ODEUS_BASE_URL"];
  const result = await connectUser({ startUrl: `${base}/integrations/${sandbox.world.integrations[slug]}/connect?user=ada`, user: "ada", ca: sandbox.ca });
  const signIn = new URL(result.hops.find((hop) => hop.includes("/oauth2/v2.0/authorize")) ?? "https://nowhere/").host;
  say(`\nConnecting a user to ${slug}: signed in at ${signIn} (Microsoft's counterpart), the consent page shows "${result.consentShows}"`);
  must(result.connected, `a user connects to ${slug} (the workspace showed: ${result.text})`);
  must(result.consentShows === "Odeus for Contoso", "the consent page shows the declared app");
  say(`Connected: ada, scopes ${result.scopes?.join(" ")}`);
}

async function upAgain(stack: Stack, sandbox: Sandbox): Promise<void> {
  await sandbox.clearCalls();
  say("\n> pulumi up (again)\n");
  const { summary } = await stack.up(indented);
  const calls = await sandbox.calls();
  const changing = calls.filter(({ changes }) => changes).length;
  const { same = 0, ...rest } = summary.resourceChanges ?? {};
  must(
    Object.values(rest).every((count) => count === 0),
    `a second up changes nothing (it said ${JSON.stringify(summary.resourceChanges)})`,
  );
  must(changing === 0, `a second up makes no changing call (it made ${changing})`);
  // The stack itself counts as a resource.
  say(`${same - 1} unchanged, ${changing} changing calls, ${calls.length} calls in all`);
}

async function destroy(stack: Stack, sandbox: Sandbox): Promise<void> {
  const before = await sandbox.applications();
  must(before.active.length === 1, "one app for two integrations");
  say("\n> pulumi destroy\n");
  await stack.destroy(indented);
  const { active, deleted } = await sandbox.applications();
  must(active.length === 0 && deleted.length === 1, "destroy removes the app, restorable");
  const slots = await Promise.all(INTEGRATIONS.map((slug) => sandbox.slot(slug)));
  must(
    slots.every(({ mode }) => mode === "ODEUS"),
    "destroy gives every slot back to Odeus's own client",
  );
  say(`App ${shortened(before.active[0] ?? "")} is removed (restorable for 30 days); ${INTEGRATIONS.join(", ")} are back on Odeus's own client.`);
}

main().catch((error: unknown) => {
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
