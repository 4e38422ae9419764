/** The demo's second program: Snowflake's guide in one `up`, a user who connects, a new secret that nobody notices, and the way back. */

import type { Stack } from "@pulumi/pulumi/automation";
import { connectUser } from "../test/support/browser";
import { announced, indented, must, say, shortened, shortenedUrl } from "./demoSpeech";
import { programOf, startEngine } from "./engine";
import type { Sandbox, SecurityIntegration } from "./sandboxProcess";
import { table } from "./table";

interface Recorded {
  clientId: string;
  redirectUrl: string;
  authorizationUrl: string;
  tokenUrl: string;
  activeSecretSlot: number;
  verification: { verdict: string; proven: string[]; unproven: string[] };
  drift: string[];
}

export async function demoSnowflake(sandbox: Sandbox): Promise<void> {
  const engine = await startEngine(sandbox.world.environment);
  try {
    const stack = await engine.stack({ project: "odeus-snowflake", program: programOf(announced("snowflake")) });
    say("\n> pulumi config set allowNonTlsRedirectUri true      (this workspace is on this machine, so its redirect URL has no TLS)");
    await stack.setConfig("allowNonTlsRedirectUri", { value: "true" });
    say("> pulumi up\n");
    await sandbox.clearCalls();
    await stack.up(indented);
    const id = await showResult(stack, sandbox);
    await connect(sandbox, id, "ada");
    await rotate(stack, sandbox, id);
    await destroy(stack, sandbox, id);
  } finally {
    engine.close();
  }
}

async function outputsOf(stack: Stack): Promise<{ id: string; recorded: Recorded }> {
  const { deployment } = await stack.exportStack();
  const { resources } = deployment as { resources: { type: string; id: string; outputs: Recorded }[] };
  const one = (type: string) => {
    const found = resources.find((resource) => resource.type.endsWith(type));
    if (found === undefined) throw new Error(`no ${type} of the program is in the state`);
    return found;
  };
  return { id: one("CustomIntegration").id, recorded: one("SnowflakeSecurityIntegration").outputs };
}

async function theOne(sandbox: Sandbox): Promise<SecurityIntegration> {
  const [made, ...more] = await sandbox.securityIntegrations();
  if (made === undefined || more.length > 0) throw new Error("this did not hold: the account has one security integration");
  return made;
}

/** Answers the id of the workspace integration. */
async function showResult(stack: Stack, sandbox: Sandbox): Promise<string> {
  const { id, recorded } = await outputsOf(stack);
  const [slot, made, entered] = [await sandbox.slot(id), await theOne(sandbox), await sandbox.enteredSecret(id)];
  must(slot.clientId === made.clientId && recorded.clientId === made.clientId, "the workspace uses the client that the account made");
  must(made.secrets.includes(entered ?? ""), "the secret in the workspace is one of the account's two");
  must(recorded.redirectUrl === slot.redirectUrl, "the redirect URI of the security integration is the workspace's own, to the letter");
  must(recorded.drift.length === 0, "nothing is out of place");
  const { verdict, proven, unproven } = recorded.verification;
  must(verdict === "accepted", "client id and secret were read back at the account");
  const statements = (await sandbox.calls()).filter(({ operation }) => operation.startsWith("statement:"));
  const rows = [
    ["Integration", "Security integration", "Client id", "Redirect URL", "Token URL", "Proven"],
    [
      "Snowflake",
      made.name,
      shortened(made.clientId),
      shortenedUrl(slot.redirectUrl),
      recorded.tokenUrl,
      `${proven.join(", ")}; not provable without a user: ${unproven.join(", ")}`,
    ],
  ];
  say(`\n${table(rows)}`);
  say(`\nAt the account: ${statements.map(({ operation }) => operation.replace("statement:", "")).join(", ")}. No SQL file, nothing copied by hand.`);
  return id;
}

async function connect(sandbox: Sandbox, id: string, user: string): Promise<void> {
  const result = await connectUser({ startUrl: `${sandbox.world.environment["ODEUS_BASE_URL"]}/integrations/${id}/connect?user=${user}`, user });
  const signIn = new URL(result.hops.find((hop) => hop.includes("/oauth/authorize")) ?? "https://nowhere/").host;
  must(result.connected, `${user} connects to Snowflake (the workspace showed: ${result.text})`);
  say(`Connected: ${user}, signed in at ${signIn} (Snowflake's counterpart), scopes ${result.scopes?.join(" ")}`);
}

async function rotate(stack: Stack, sandbox: Sandbox, id: string): Promise<void> {
  const before = await theOne(sandbox);
  say("\n> pulumi config set secretRound second");
  say("> pulumi up\n");
  await stack.setConfig("secretRound", { value: "second" });
  await stack.up(indented);
  const [after, entered, { recorded }] = [await theOne(sandbox), await sandbox.enteredSecret(id), await outputsOf(stack)];
  must(after.clientId === before.clientId && after.secrets[0] === before.secrets[0], "client id and first secret are as before");
  must(after.secrets[1] !== before.secrets[1] && entered === after.secrets[1], "the second secret is new, and entered");
  must(recorded.activeSecretSlot === 2, "the state says which secret is in use");
  must(await sandbox.refreshConnection(id, "ada"), "who was connected stays so");
  say("\nSecret 2 is new and in use, secret 1 stays valid for its overlap. Ada, who was connected, gets her next access token without signing in.");
  await connect(sandbox, id, "grace");
}

async function destroy(stack: Stack, sandbox: Sandbox, id: string): Promise<void> {
  say("\n> pulumi destroy\n");
  await stack.destroy(indented);
  must((await sandbox.securityIntegrations()).length === 0, "destroy drops the security integration");
  must((await sandbox.slot(id)).mode === "NONE", "destroy takes the client out of the workspace integration");
  say("The security integration is dropped, and the workspace integration has no client.");
}
