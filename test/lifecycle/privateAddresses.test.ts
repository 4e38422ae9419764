/** Endpoints of hand-made clients inside a private network: refused with what to configure, and no secret goes there. */

import { createServer } from "node:http";
import { HOSTS, type Stage, startAgain, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

describe.each(HOSTS)("an address inside a private network through the %s host", (_name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());

  const jira = async (existing: Inputs): Promise<Inputs> => {
    const { redirectUrl, defaultScopes } = await stage.slot("jira");
    const client = await stage.world.vendorClient("openid", { redirectUris: [redirectUrl], scopes: defaultScopes });
    await stage.world.clearCalls();
    return { integrations: uses("jira"), existing: { ...client, ...existing } };
  };
  /** Calls to the servers that issue tokens. */
  const asked = async () => (await stage.world.calls()).filter(({ counterpart }) => counterpart !== "odeus");
  const refused = async (inputs: Inputs, on = stage): Promise<string> => {
    const { message } = await on.failingUp(inputs);
    expect(message).toContain("Nothing was changed.");
    expect(await stage.changingCalls()).toEqual([]);
    return message;
  };

  it.each([
    "https://169.254.169.254/latest/token",
    "https://10.1.2.3/token",
    "https://[fd00::1]/token",
    "https://2130706433/token",
    "http://127.0.0.1:1/token",
  ])("refuses %s as token endpoint, with what to configure", async (tokenUrl) => {
    expect(await refused(await jira({ tokenUrl }))).toMatch(
      /existing\.tokenUrl: \S+ is inside a private network, and no secret is sent there.*odeus:privateHosts or ODEUS_PRIVATE_HOSTS/,
    );
    expect(await asked()).toEqual([]);
  });

  it("refuses it as issuer and as authorization endpoint too, with verify off as well", async () => {
    for (const property of ["issuer", "authorizationUrl"])
      expect(await refused({ ...(await jira({ [property]: "https://192.168.0.10/" })), verify: false })).toContain(
        `existing.${property}: 192.168.0.10 is inside`,
      );
  });

  it("refuses an endpoint that the metadata names there, and sends the secret to nobody", async () => {
    const bodies: string[] = [];
    const issuing = createServer((request, response) => {
      request.on("data", (chunk: Buffer) => void bodies.push(chunk.toString()));
      const { port } = issuing.address() as { port: number };
      const inside = `http://127.0.0.1:${port}/token`;
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ issuer: `http://localhost:${port}`, token_endpoint: inside }));
    });
    await new Promise<void>((done) => issuing.listen(0, "127.0.0.1", done));
    const issuer = `http://localhost:${(issuing.address() as { port: number }).port}`;
    const message = await refused(await jira({ issuer }));
    issuing.closeAllConnections();
    issuing.close();
    expect(message).toContain(`the token_endpoint in the metadata of ${issuer}: 127.0.0.1 is inside a private network`);
    expect(bodies).toEqual([]);
  });

  it("refuses this machine itself where it is not listed", async () => {
    const bare = await startAgain(stage, start, { ODEUS_PRIVATE_HOSTS: "" });
    const message = await refused(await jira({ tokenUrl: `${stage.world.origins.openid}/token` }), bare);
    await bare.host.stop();
    expect(message).toContain("existing.tokenUrl: localhost is inside a private network");
    expect(await asked()).toEqual([]);
  });
});
