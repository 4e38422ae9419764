/** Addresses inside a private network: an address that a program or a server's metadata names must not lead a secret there. */

import { lookup as lookUp } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { ConfigError } from "../core/errors.js";

/** IANA's registries of special-purpose addresses: everything that is not reached over the public internet. */
const IPV4: [string, number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];
/** The last four hold an IPv4 address in a place of their own: Teredo, 6to4, IPv4-compatible, IPv4-translated. */
const IPV6: [string, number][] = [
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001:2::", 48],
  ["2001:10::", 28],
  ["2001:20::", 28],
  ["2001:db8::", 32],
  ["3fff::", 20],
  ["5f00::", 16],
  ["fc00::", 7],
  ["fe80::", 9],
  ["ff00::", 8],
  ["2001::", 32],
  ["2002::", 16],
  ["::", 96],
  ["::ffff:0:0:0", 96],
];

const special = new BlockList();
for (const [network, prefix] of IPV4) {
  special.addSubnet(network, prefix, "ipv4");
  // A network that has IPv6 alone reaches IPv4 in this way (RFC 6052). Of ::ffff:0:0/96 BlockList itself knows that it is IPv4.
  special.addSubnet(`64:ff9b::${network}`, 96 + prefix, "ipv6");
}
for (const [network, prefix] of IPV6) special.addSubnet(network, prefix, "ipv6");

/** Refused before anything was sent. */
export class PrivateNetworkError extends ConfigError {
  constructor(what: string, host: string, address: string) {
    const where = address === host ? "" : ` (${address})`;
    super(
      `${what}: ${host} is inside a private network${where}, and no secret is sent there. If it is yours, name the host in odeus:privateHosts or ODEUS_PRIVATE_HOSTS.`,
    );
    this.name = "PrivateNetworkError";
  }
}

/** What an address is called in errors, and the hosts that may be inside a private network. */
export interface Reach {
  what: string;
  privateHosts: readonly string[];
}

/** Hosts as a person lists them. */
export function hostList(text: string | undefined): string[] {
  return (text ?? "").split(/[\s,]+/).flatMap((host) => (host === "" ? [] : [bare(host)]));
}

/** Anything that is no public address, what cannot be read included. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  return family === 0 || special.check(address, family === 6 ? "ipv6" : "ipv4");
}

/** As the platform's parser writes it (it has turned decimal and octal forms into ordinary ones), without brackets and a last dot. */
function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "");
}

/** Names that the public DNS never has (RFC 6761, RFC 6762, ICANN's for private use); a cloud's metadata service has one, and a proxy would find it. */
const LOCAL_NAME = /(^|\.)(localhost|local|internal)$/;

/** Throws where the host alone, without a look at DNS, says that it is inside a private network. */
export function requirePublic(url: URL, { what, privateHosts }: Reach): void {
  const host = bare(url.hostname);
  if (privateHosts.includes(host)) return;
  if (LOCAL_NAME.test(host) || (isIP(host) !== 0 && isPrivateAddress(host))) throw new PrivateNetworkError(what, url.hostname, url.hostname);
}

export interface GuardedLookup {
  lookup: LookupFunction;
  /** Undefined where nothing was refused. */
  refusal(): PrivateNetworkError | undefined;
}

/** The error code of a refused connection. */
export const REFUSED_ADDRESS = "ERR_PRIVATE_ADDRESS";

/**
 * Looks the name up for the connection itself: a look beforehand could be answered otherwise. A proxy's name is another one
 * and passes; which addresses can be reached is then the proxy's affair.
 */
export function guardedLookup(url: URL, { what, privateHosts }: Reach): GuardedLookup | undefined {
  const host = bare(url.hostname);
  if (privateHosts.includes(host)) return undefined;
  let refusal: PrivateNetworkError | undefined;
  return {
    refusal: () => refusal,
    lookup(name, options, answer) {
      lookUp(name, { ...options, all: true }, (error, found) => {
        if (error !== null) return answer(error, "", 0);
        const inside = bare(name) === host ? found.find(({ address }) => isPrivateAddress(address)) : undefined;
        if (inside !== undefined) {
          refusal = new PrivateNetworkError(what, url.hostname, inside.address);
          return answer(Object.assign(new Error("refused"), { code: REFUSED_ADDRESS }), "", 0);
        }
        return options.all === true ? answer(null, found) : answer(null, found[0]?.address ?? "", found[0]?.family ?? 0);
      });
    },
  };
}
