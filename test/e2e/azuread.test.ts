/**
 * The README's program with azuread, as it stands there, on the real engine: id and secret come from other resources, so they are
 * not known in the first plan and never in clear. azuread's resources are stand-ins (test/support/standIns/azuread.ts) for an app
 * of the sandbox's tenant.
 */

import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { programOfText, startEngine } from "../../tools/engine.js";
import { connectUser } from "../support/browser.js";
import { DECLARE, type EngineStack, engineStackOf } from "../support/engineStack.js";
import { REPOSITORY } from "../support/hostProcess.js";
import { startWorld, type World } from "../support/sandbox.js";
import * as azuread from "../support/standIns/azuread.js";

const README = path.join(REPOSITORY, "README.md");
const TEXT = [...readFileSync(README, "utf8").matchAll(/^```typescript\n([\s\S]*?)^```$/gm)]
  .map(([, text = ""]) => text)
  .find((text) => text.includes("@pulumi/azuread"));
/** Sites.Read.All, Files.Read.All and offline_access of Microsoft Graph: what SharePoint asks for. */
const SCOPES = ["205e70e5-aba6-4c52-a976-6d2d46c48043", "df85f4d6-205c-4ac5-a5ea-6bf408dba283", "7427e0e9-2fba-42fe-b0c0-848c9e6a8182"];

describe.each(DECLARE)("a client that azuread keeps, through the %s host", (name, declare) => {
  let world: World;
  let stage: EngineStack;
  let program: PulumiFn;
  let client: { clientId: string; clientSecret: string };
  const project = `azuread-${name}`;

  beforeAll(async () => {
    world = await startWorld();
    const slot = await world.odeus<{ oauthClient: { redirectUrl: string } }>("GET", `/integrations/v1/${world.integrations["sharepoint"]}/oauth-client`);
    const web = { redirectUris: [slot.body.oauthClient.redirectUrl] };
    const resourceAccess = SCOPES.map((id) => ({ id, type: "Scope" }));
    const { body: app } = await world.graph<{ id: string; appId: string }>("POST", "/applications", {
      displayName: "Odeus for Contoso",
      web,
      requiredResourceAccess: [{ resourceAppId: "00000003-0000-0000-c000-000000000000", resourceAccess }],
    });
    await world.graph("POST", "/servicePrincipals", { appId: app.appId });
    const credential = { passwordCredential: { displayName: "azuread" } };
    const { body: password } = await world.graph<{ secretText: string }>("POST", `/applications/${app.id}/addPassword`, credential);
    client = { clientId: app.appId, clientSecret: password.secretText };
    const engine = await startEngine({
      ...world.environment,
      [azuread.STAND_IN_CLIENT_ID]: client.clientId,
      [azuread.STAND_IN_CLIENT_SECRET]: client.clientSecret,
    });
    // In the plugin's program the same class name makes the plugin's resource; getIntegration is the package's in both.
    class OAuthClientConfig {
      constructor(...[resource, args, options]: [string, Record<string, unknown>, object]) {
        // biome-ignore lint/correctness/noConstructorReturn: stands for the class of an SDK generated from schema.json
        return declare("OAuthClientConfig", resource, args, options);
      }
    }
    const odeus = { ...(await import("@odeus/pulumi")), OAuthClientConfig };
    program = programOfText(TEXT ?? "", README, { "@pulumi/azuread": azuread, "@odeus/pulumi": odeus });
    stage = engineStackOf(await engine.stack({ project, program }), project, engine, world);
    await stage.stack.setAllConfig({
      tenantId: { value: world.tenantId },
      // getIntegration runs in this process, whose environment holds nothing of a world.
      "odeus:baseUrl": { value: world.environment["ODEUS_BASE_URL"] ?? "" },
      "odeus:apiKey": { value: world.environment["ODEUS_API_KEY"] ?? "", secret: true },
    });
  }, 60_000);
  afterAll(() => stage?.close());

  it("is not known in the first plan, which says so and asks nobody about it", async () => {
    const { failure, output, changing, calls } = await stage.preview(program);
    expect(failure).toBeUndefined();
    if (name === "plugin") expect(output).toContain("existing.clientId is not known before `up`");
    expect(changing).toEqual([]);
    expect(calls.filter(({ counterpart }) => counterpart === "entra")).toEqual([]);
  }, 60_000);

  it("is proven, although its secret was issued a moment ago, and entered, and a user connects", async () => {
    // As Entra refuses a secret that its token service does not know yet.
    await world.fault({ counterpart: "entra", operation: "token", fault: "unauthorized", times: 1 });
    const { failure, output, calls } = await stage.up(program);
    expect(failure).toBeUndefined();
    expect(calls.filter(({ counterpart, operation }) => counterpart === "entra" && operation === "token").map(({ status }) => status)).toEqual([401, 200]);
    expect(output).not.toContain("is not proven");
    expect(stage.resource("sharepoint").outputs["verification"]).toMatchObject({ verdict: "accepted", proven: ["secret", "redirectUrl"] });
    expect((await stage.slot("sharepoint")).client).toMatchObject(client);
    const startUrl = `${world.origins.odeus}/integrations/${world.integrations["sharepoint"]}/connect?user=ada`;
    const user = { startUrl, user: "ada", ca: readFileSync(process.env["SANDBOX_CA"] ?? "", "utf8") };
    expect(await connectUser(user)).toMatchObject({ connected: true, consentShows: "Odeus for Contoso" });
  }, 60_000);

  it("has its secret in no output, and encrypted in state", async () => {
    const { output, failure } = await stage.up(program);
    expect(failure).toBeUndefined();
    const state = readFileSync(path.join(stage.engine.backend, ".pulumi", "stacks", project, `${stage.stack.name}.json`), "utf8");
    expect(state).toContain(client.clientId);
    expect(output + state).not.toContain(client.clientSecret);
  }, 60_000);

  it("is left where it is on destroy", async () => {
    const { failure } = await stage.destroy();
    expect(failure).toBeUndefined();
    expect((await stage.slot("sharepoint")).client).toBeUndefined();
    expect(await world.accepted("entra", client.clientId, client.clientSecret)).toBe(true);
  }, 60_000);
});
