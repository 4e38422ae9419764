/** Credentials and addresses that are missing, wrong, or for somewhere else: what is said, and that nothing is changed. */

import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import { entra, failureOf, HOSTS, type Stage, startAgain, startStage, uses } from "../support/oauthClientConfig.js";
import type { Inputs } from "../support/providerHost.js";

const MAIL = { integrations: uses("outlook-email"), entra: entra() };
const JIRA = { integrations: uses("jira"), existing: { clientId: "client-of-jira", clientSecret: "secret-of-jira-1" } };

describe.each(HOSTS)("bad configuration through the %s host", (name, start) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(start);
  });
  beforeEach(() => stage.clear());
  afterEach(() => stage.host.configure({}));
  afterAll(() => stage.stop());

  /** The dynamic server hands a program's configuration to the provider once: another one needs another process. */
  const configured = async <T>(config: Inputs, work: (stage: Stage) => Promise<T>): Promise<T> => {
    const fresh = name === "plugin" ? stage : await startAgain(stage, start);
    await fresh.host.configure(config);
    return work(fresh).finally(() => {
      if (fresh === stage) return undefined;
      // It takes its time to end by itself.
      fresh.host.kill("SIGKILL");
      return fresh.host.stop();
    });
  };
  const refused = async (config: Inputs, inputs: Inputs = MAIL): Promise<string> => {
    const { message, partial } = await configured(config, (fresh) => fresh.failingUp(inputs));
    expect(partial).toBeUndefined();
    expect(await stage.changingCalls()).toEqual([]);
    return message;
  };

  describe("of the workspace", () => {
    it("without an API key says where to get and where to put one", async () => {
      const bare = await start();
      try {
        await bare.configure({});
        const urn = bare.urn("OAuthClientConfig", "mail");
        const { message } = await failureOf(bare.create(urn, (await bare.check(urn, JIRA)).inputs));
        expect(message).toContain("no Odeus API key: set ODEUS_API_KEY, or `pulumi config set --secret odeus:apiKey`");
        expect(message).toContain("with the scope INTEGRATION_API");
      } finally {
        await bare.stop();
      }
    });

    it("with a wrong key names where keys are kept, and not the key", async () => {
      const message = await refused({ apiKey: "odeus-key-that-is-wrong" });
      expect(message).toMatch(/^Odeus refused it \(401 authentication_error\)\.\n {2}It said: the API key is not valid\.\n {2}Check the API key/);
      expect(message).not.toContain("odeus-key-that-is-wrong");
    });

    it("with a key that lacks the scope names the scope", async () => {
      expect(await refused({ apiKey: stage.world.apiKeys.withoutScope })).toMatch(/\(403 permission_error\).*needs the scope INTEGRATION_API/s);
    });

    it.each([
      [
        "http://odeus.example.com",
        "the address of Odeus must start with https:// (plain http is only for this machine itself), it is for host odeus.example.com",
      ],
      ["api.odeus.ai", "the address of Odeus is not a web address"],
      ["https://someone:password@api.odeus.ai", "the address of Odeus must not hold a user name or password"],
      ["ftp://api.odeus.ai", "the address of Odeus must start with https://"],
    ])("at %s is refused before a byte is sent", async (baseUrl, expected) => {
      const message = await refused({ baseUrl });
      expect(message).toContain(expected);
      expect(message).not.toContain("password@");
      expect(await stage.world.calls()).toEqual([]);
    });

    it("at an address where nobody listens says so", async () => {
      expect(await refused({ baseUrl: "http://127.0.0.1:1" })).toMatch(/^Odeus cannot be reached at 127\.0\.0\.1:1 \(ECONNREFUSED\)/);
    });

    it("at an address that answers something else names the base URL of dedicated deployments", async () => {
      const other = await listener((_request, response) => response.setHeader("content-type", "application/json").end('{"hello":1}'));
      try {
        expect(await refused({ baseUrl: other.url })).toMatch(/answered without the expected `integrations`.*https:\/\/<domain>\/api\/public/s);
      } finally {
        other.stop();
      }
    });
  });

  describe("of Entra", () => {
    it.each<[string, Inputs, RegExp]>([
      ["a wrong secret", { clientSecret: "wrong-deployer-secret" }, /AADSTS7000215.*check ARM_CLIENT_SECRET \(the value, not its id\)/s],
      ["an id that is none", { clientId: "00000000-0000-0000-0000-000000000009" }, /AADSTS700038.*check ARM_CLIENT_ID/s],
      ["an unknown id", { clientId: "11111111-2222-4333-8444-555555555555" }, /AADSTS700016.*check ARM_CLIENT_ID, and the tenant/s],
      ["an unknown tenant", { tenantId: "11111111-2222-4333-8444-555555555555" }, /AADSTS90002.*There is no such tenant in this cloud/s],
      ["an unknown cloud", { environment: "mars" }, /entra\.environment \(ARM_ENVIRONMENT\) is "mars"; it must be one of public, usgovernment, china/],
      ["a plain sign-in host", { authorityHost: "http://login.example.com" }, /entra\.authorityHost must start with https:\/\//],
      ["a plain Graph", { graphEndpoint: "http://graph.example.com/v1.0" }, /the address of Microsoft Graph must start with https:\/\//],
      ["a sign-in host that is not there", { authorityHost: "https://127.0.0.1:1" }, /cannot be reached at 127\.0\.0\.1:1 \(ECONNREFUSED\)/],
    ])("with %s says which setting it is", async (_what, config, expected) => {
      const message = await refused({ entra: config });
      expect(message).toMatch(expected);
      expect(message).not.toContain("wrong-deployer-secret");
    });

    it("with an identity that may nothing names identity and permission", async () => {
      const { clientId, clientSecret } = await stage.world.identity([]);
      const message = await refused({ entra: { clientId, clientSecret } });
      expect(message).toContain(`The identity "${clientId}" needs the application permission Application.ReadWrite.OwnedBy, with admin consent`);
    });

    it("with one that may not grant consent names that permission, and undoes what was made", async () => {
      const { clientId, clientSecret } = await stage.world.identity(["Application.ReadWrite.OwnedBy"]);
      const inputs = { ...MAIL, entra: entra({ grantAdminConsent: true }) };
      const { message, partial } = await configured({ entra: { clientId, clientSecret } }, (fresh) => fresh.failingUp(inputs));
      expect(message).toContain("needs the application permission DelegatedPermissionGrant.ReadWrite.All");
      expect(message).toContain("Nothing is left behind");
      expect(partial).toBeUndefined();
      expect(await stage.apps()).toEqual([]);
    });

    it("with one that may not list deleted apps names that permission, when a deleted app holds our name", async () => {
      const { clientId, clientSecret } = await stage.world.identity(["Application.ReadWrite.OwnedBy"]);
      const { message } = await configured({ entra: { clientId, clientSecret } }, async (fresh) => {
        await fresh.destroy(await fresh.up(MAIL));
        return fresh.failingUp(MAIL);
      });
      expect(message).toContain("needs the application permission Application.Read.All");
    });
  });

  describe("for somewhere else than the state's", () => {
    const unchanged = async (config: Inputs, expected: RegExp): Promise<void> => {
      const made = await stage.up(MAIL);
      await stage.world.clearCalls();
      await configured(config, async (fresh) => {
        for (const work of [() => fresh.refresh(made), () => fresh.update(made, { ...MAIL, entra: entra({ notes: "new" }) }), () => fresh.destroy(made)]) {
          const { message, partial } = await failureOf(work());
          expect(message).toMatch(expected);
          expect(partial).toBeUndefined();
        }
      });
      expect(await stage.changingCalls()).toEqual([]);
      expect(await stage.works("outlook-email")).toBe(true);
    };

    it("refuses to read, update or delete with another tenant's credentials", async () => {
      const { tenantId, secondTenantId } = stage.world;
      await unchanged(
        { entra: { tenantId: secondTenantId } },
        new RegExp(`this state belongs to tenant ${tenantId}, the credentials are for tenant ${secondTenantId}`),
      );
    });

    it("refuses to read, update or delete with another workspace's key: nothing counts as gone", async () => {
      const elsewhere = await otherWorkspace();
      try {
        await unchanged({ baseUrl: elsewhere.url }, /knows none of the recorded integrations, so this API key is for another workspace than this state/);
      } finally {
        elsewhere.stop();
      }
      expect(elsewhere.methods).toEqual(new Set(["GET"]));
    });
  });

  it("never goes through a proxy to this machine itself", async () => {
    const seen: string[] = [];
    const proxy = await listener((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      response.writeHead(502).end();
    });
    proxy.server.on("connect", (request, socket) => {
      seen.push(`CONNECT ${request.url}`);
      socket.end("HTTP/1.1 502 no\r\n\r\n");
    });
    const proxies = Object.fromEntries(["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"].map((name) => [name, proxy.url]));
    // The way to the engine is gRPC's, which minds proxies too.
    const behind = await startStage(start, { environment: { ...proxies, no_grpc_proxy: "127.0.0.1,localhost" } });
    try {
      await behind.up(MAIL);
      const { redirectUrl, defaultScopes } = await behind.slot("jira");
      const { clientId, clientSecret } = await behind.world.vendorClient("atlassian", { redirectUris: [redirectUrl], scopes: defaultScopes });
      await behind.up({ ...JIRA, existing: { clientId, clientSecret } }, undefined, "jira");
      expect(seen).toEqual([]);
    } finally {
      await behind.stop();
      proxy.stop();
    }
  });
});

/** A workspace with the same integration under another id. */
async function otherWorkspace(): Promise<{ url: string; methods: Set<string | undefined>; stop(): void }> {
  const methods = new Set<string | undefined>();
  const oauth = { mode: "ODEUS", odeusClientAvailable: true };
  const integration = {
    id: randomUUID(),
    slug: "outlook-email",
    name: "Outlook Email",
    description: "",
    authType: "OAUTH",
    buildByOdeus: true,
    oauth,
    actions: [],
  };
  const other = await listener((request, response) => {
    methods.add(request.method);
    const found = request.url === "/integrations/v1/get";
    response.writeHead(found ? 200 : 404, { "content-type": "application/json" });
    response.end(
      JSON.stringify(found ? { integrations: [integration] } : { type: "error", error: { type: "not_found_error", message: "no such integration" } }),
    );
  });
  return { ...other, methods };
}

async function listener(answer: Parameters<typeof createServer>[1]): Promise<{ url: string; server: Server; stop(): void }> {
  const server = createServer(answer as never);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, server, stop: () => void server.close() };
}
