/** Secret values, and the last net that keeps them out of everything a person or a log can read. */

const PLACEHOLDER = "[secret]";
/** Shorter values would blank out ordinary words. */
const SHORTEST_SCRUBBED = 8;

/** Every secret this process has seen, with its spellings, for the scrubber; a process-wide registry because a leak has no owner. */
const seen = new Map<string, readonly string[]>();
/** The spellings by length of their secrets, until another secret is seen. */
let longestFirst: (readonly string[])[] | undefined;

/** A value that prints as a placeholder in text, JSON and inspection. Opened only where it is sent. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
    // A secret that is not known yet has no length.
    if (value.length >= SHORTEST_SCRUBBED && !seen.has(value)) {
      seen.set(value, spellings(value));
      longestFirst = undefined;
    }
  }
  /** The value itself: for clients and the host's encoder, nowhere else. */
  open(): string {
    return this.#value;
  }
  toString(): string {
    return PLACEHOLDER;
  }
  toJSON(): string {
    return PLACEHOLDER;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return PLACEHOLDER;
  }
}

/** The spellings in which a secret travels: as it is, in URLs and forms, in JSON, in base64 (alone or behind a Basic pair's colon), in hex. */
function spellings(value: string): string[] {
  const base64 = Buffer.from(value).toString("base64");
  const hex = Buffer.from(value).toString("hex");
  const all = [
    value,
    encodeURIComponent(value),
    encodeURIComponent(value).replaceAll("%20", "+"),
    // Forms escape more than URLs: ! ' ( ) ~ too.
    new URLSearchParams({ "": value }).toString().slice(1),
    JSON.stringify(value).slice(1, -1),
    base64,
    base64.replace(/=+$/, ""),
    Buffer.from(value).toString("base64url"),
    hex,
    hex.toUpperCase(),
    hex.toUpperCase().replace(/../g, "%$&"),
  ];
  return [...new Set(all)];
}

/** Takes every known secret, in every spelling, out of a text. */
export function scrub(text: string): string {
  let clean = text;
  // The longest first: of one that begins with another, the rest would stay.
  longestFirst ??= [...seen].sort(([a], [b]) => b.length - a.length).map(([, known]) => known);
  for (const known of longestFirst) {
    for (const spelling of known) if (clean.includes(spelling)) clean = clean.replaceAll(spelling, PLACEHOLDER);
  }
  // A Basic pair is one base64 text in which the secret has no fixed spelling.
  return clean.replace(/\b(Basic|Bearer)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${PLACEHOLDER}`);
}
