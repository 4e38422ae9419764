/** What counts as inside a private network, in every form an address can be written in, and that a connection there is never made. */

import { createServer } from "node:http";
import { createHttp } from "../../src/clients/http.js";
import { hostList, isPrivateAddress, PrivateNetworkError, requirePublic } from "../../src/clients/privateNetwork.js";
import type { Env } from "../../src/core/env.js";

// No name on every machine leads inside but localhost, which is known without a look.
jest.mock("node:dns", () => {
  const names: Record<string, { address: string; family: number }[]> = {
    "inside.example": [{ address: "127.0.0.1", family: 4 }],
    "both.example": [
      { address: "203.1.113.5", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ],
  };
  return {
    ...jest.requireActual("node:dns"),
    lookup(name: string, _options: object, answer: (error: Error | null, found: unknown) => void) {
      const found = names[name.toLowerCase().replace(/\.$/, "")];
      answer(found === undefined ? Object.assign(new Error(), { code: "ENOTFOUND" }) : null, found);
    },
  };
});

const refusedAt = (url: string, privateHosts: string[] = []): boolean => {
  try {
    requirePublic(new URL(url), { what: "existing.tokenUrl", privateHosts });
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(PrivateNetworkError);
    return true;
  }
};

it.each([
  "10.0.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "127.0.0.1",
  "127.255.0.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "192.0.0.8",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "fc00::1",
  "fd00:ec2::254",
  "fe80::1",
  "fe80::1%eth0",
  "fec0::1",
  "ff02::1",
  "::ffff:10.0.0.1",
  "::ffff:a00:1",
  "::ffff:169.254.169.254",
  "::10.0.0.1",
  "64:ff9b::10.0.0.1",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b:1::1",
  "2001:2::1",
  "2001:10::1",
  "2001:2f:ffff::1",
  "3fff:fff::1",
  "5f00::1",
  "::ffff:0:10.0.0.1",
  "192.88.99.1",
  "2002:a00:1::",
  "2001:0:a00:1::",
  "not an address",
])("%s is private", (address) => {
  expect(isPrivateAddress(address)).toBe(true);
});

it.each([
  "8.8.8.8",
  "172.15.255.255",
  "172.32.0.1",
  "100.128.0.1",
  "169.253.0.1",
  "223.255.255.255",
  "2606:4700::1111",
  "::ffff:8.8.8.8",
  "64:ff9b::8.8.8.8",
  "2001:4860::1",
  "2001:200::1",
])("%s is public", (address) => {
  expect(isPrivateAddress(address)).toBe(false);
});

it.each([
  "https://10.0.0.1/token",
  "https://2130706433/",
  "https://0177.0.0.1/",
  "https://0x7f.1/",
  "https://127.1/",
  "https://１２７.0.0.1/",
  "https://[::1]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[::ffff:7f00:1]:8443/",
  "https://[0:0:0:0:0:0:0:1]/",
  "https://localhost/",
  "https://LOCALHOST./",
  "https://anything.localhost/",
  "http://localhost:4100/token",
  "https://metadata.google.internal/computeMetadata/v1/",
  "https://printer.local./",
])("the address %s is refused by its host alone", (url) => {
  expect(refusedAt(url)).toBe(true);
});

it("a name is looked up by the connection, not here; a listed host passes, and no other", () => {
  expect(refusedAt("https://auth.example.com/token")).toBe(false);
  expect(refusedAt("https://10.example.com/")).toBe(false);
  expect(refusedAt("https://internal.example.com/")).toBe(false);
  const hosts = hostList(" localhost, Login.Contoso.internal. [::1] ");
  expect(hosts).toEqual(["localhost", "login.contoso.internal", "::1"]);
  for (const url of ["http://localhost:1/", "https://localhost./", "https://[::1]/", "https://login.contoso.internal/"])
    expect(refusedAt(url, hosts)).toBe(false);
  for (const url of ["http://127.0.0.1:1/", "https://sub.localhost/"]) expect(refusedAt(url, hosts)).toBe(true);
  expect(hostList(undefined)).toEqual([]);
});

describe("a connection", () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  let port: number;
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    port = (server.address() as { port: number }).port;
  });
  beforeEach(() => {
    asked = 0;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const env = { now: () => new Date(), random: () => 0, signal: new AbortController().signal } as Env;
  const ask = (baseUrl: string, privateHosts: string[]) =>
    createHttp({ service: "It", baseUrl, env, limits: { callTimeoutMs: 2000, retryMs: 0 }, reach: { what: "existing.tokenUrl", privateHosts } })({
      operation: "token",
      method: "POST",
      path: "/token",
      form: { client_secret: "secret-that-stays-here" },
      repeat: "repeatable",
    });

  it.each(["inside.example", "INSIDE.example.", "both.example"])("is not made where the name %s leads inside", async (name) => {
    const failure = await ask(`https://${name}:${port}`, ["other.example"]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PrivateNetworkError);
    expect(String(failure)).toMatch(/existing\.tokenUrl: [\w.]+ is inside a private network \(127\.0\.0\.1\), and no secret is sent there/);
    expect(String(failure)).toContain("name the host in odeus:privateHosts or ODEUS_PRIVATE_HOSTS");
    expect(asked).toBe(0);
  });

  it("to a name that nobody knows fails as it always does", async () => {
    await expect(ask("https://nobody.example", [])).rejects.toThrow("cannot be reached at nobody.example (ENOTFOUND");
  });

  it("is refused before anything is sent, and made where the host is listed", async () => {
    expect(() => ask(`http://localhost:${port}`, [])).toThrow(PrivateNetworkError);
    expect(() => ask(`http://127.0.0.1:${port}`, ["localhost"])).toThrow(PrivateNetworkError);
    expect(asked).toBe(0);
    expect((await ask(`http://localhost:${port}`, ["localhost"])).status).toBe(200);
    expect(asked).toBe(1);
  });
});
