/** Looks for secrets where they must not be: every channel of a provider process, every spelling of a secret, and halves of it. */

import type { RecordedCall } from "../../src/sandbox/calls.js";
import type { ProviderHost } from "./providerHost.js";

/** Channel name to what was seen there. */
export type Channels = Record<string, string>;

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
/** Shorter pieces would be found by chance. */
const SHORTEST_PIECE = 12;

/** Everything that a person or a log could read of a host. */
export function channelsOf(host: Pick<ProviderHost, "stdout" | "stderr" | "lines" | "answers">): Channels {
  return {
    stdout: host.stdout,
    stderr: host.stderr,
    lines: JSON.stringify(host.lines),
    answers: JSON.stringify(host.answers.map(unwrapped)),
  };
}

/** An answer without what stands inside a secret wrapper, where secrets belong. */
function unwrapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapped);
  if (typeof value !== "object" || value === null) return value;
  if ((value as Record<string, unknown>)[SIGNATURE] === SECRET) return "(a secret)";
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, unwrapped(each)]));
}

/** Where which canary was found, as `name in channel (spelling)`. Empty: nowhere. */
export function leaks(canaries: Readonly<Record<string, string>>, channels: Channels): string[] {
  return Object.entries(canaries).flatMap(([name, canary]) => {
    // Most spellings of most secrets are the same text.
    const texts = new Map(
      spellings(canary).flatMap(([spelling, text]) => [text, JSON.stringify(text).slice(1, -1)].map((each): [string, string] => [each, spelling])),
    );
    return Object.entries(channels).flatMap(([channel, seen]) => {
      const found = new Set([...texts].filter(([text]) => seen.includes(text)).map(([, spelling]) => spelling));
      return [...found].map((spelling) => `${name} in ${channel} (${spelling})`);
    });
  });
}

/** How a secret may be written. */
export function spellings(secret: string): [string, string][] {
  const middle = Math.floor(secret.length / 2);
  const pieces: [string, string][] = [["raw", secret]];
  if (middle >= SHORTEST_PIECE) pieces.push(["first half", secret.slice(0, middle)], ["second half", secret.slice(middle)]);
  return pieces.flatMap(([name, piece]) => {
    const url = encodeURIComponent(piece);
    return [
      [name, piece],
      [`${name}, URL-encoded`, url],
      [`${name}, form-encoded`, url.replaceAll("%20", "+")],
      [`${name}, as URLSearchParams write it`, new URLSearchParams({ "": piece }).toString().slice(1)],
      [`${name}, JSON-escaped`, JSON.stringify(piece).slice(1, -1)],
      [
        `${name}, every character percent-encoded`,
        Buffer.from(piece)
          .toString("hex")
          .replace(/../g, (pair) => `%${pair.toUpperCase()}`),
      ],
      [`${name}, hex`, Buffer.from(piece).toString("hex")],
      [`${name}, hex in capitals`, Buffer.from(piece).toString("hex").toUpperCase()],
      ...base64s(piece).map(([kind, text]): [string, string] => [`${name}, ${kind}`, text]),
    ] as [string, string][];
  });
}

/** Inside a longer text a secret has three forms in base64, by where it begins; the outermost characters mix with the neighbours. */
function base64s(piece: string): [string, string][] {
  return [0, 1, 2].flatMap((before): [string, string][] => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(piece)]);
    const whole = bytes.subarray(0, bytes.length - (bytes.length % 3));
    const inner = whole.toString("base64").slice(before === 0 ? 0 : 4);
    return inner.length < SHORTEST_PIECE
      ? []
      : [
          [`base64 from ${before}`, inner],
          [`base64url from ${before}`, inner.replaceAll("+", "-").replaceAll("/", "_")],
        ];
  });
}

/** The secrets that went over the wire: tokens and passwords in headers, client secrets in bodies, and both in answers, also in those that were lost. */
export function secretsOnTheWire(calls: readonly RecordedCall[]): Record<string, string> {
  const found = new Set<string>();
  for (const { requestHeaders, requestBody, answeredSecrets = [] } of calls) {
    for (const secret of answeredSecrets) found.add(secret);
    const authorization = requestHeaders["authorization"] ?? "";
    const token = /^Bearer (.+)$/i.exec(authorization)?.[1] ?? /^Snowflake Token="([^"]+)"$/i.exec(authorization)?.[1];
    if (token !== undefined) found.add(token);
    const password = /^Basic (.+)$/i.exec(authorization)?.[1];
    if (password !== undefined)
      found.add(
        Buffer.from(password, "base64")
          .toString("utf8")
          .replace(/^[^:]*:/, ""),
      );
    const form = new URLSearchParams(requestBody).get("client_secret");
    if (form !== null) found.add(form);
    const json = /"(?:clientSecret|client_secret|PASSWORD)":("(?:[^"\\]|\\.)*")/.exec(requestBody)?.[1];
    if (json !== undefined) found.add(JSON.parse(json) as string);
  }
  return Object.fromEntries([...found].map((secret, index) => [`sent ${index}`, secret]));
}
