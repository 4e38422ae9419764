/** How an entry of ServiceNow's application registry is written and compared: columns as text, our redirect URLs first, our mark in the comments. */

import type { ClientFields, ClientRecord, Column } from "../clients/serviceNowTable.js";
import { type Mark, readComment, withMark } from "../core/mark.js";
import { minus, union } from "../core/sets.js";
import type { ClientWish, Finding, Observation, RegisteredClient } from "./contract.js";

/** Settings of the entry in the names of the inputs. */
export interface ServiceNowSettings {
  name: string;
  active?: boolean;
  accessTokenLifespanSeconds?: number;
  refreshTokenLifespanSeconds?: number;
  comments?: string;
}

/** What a new entry gets; what the program leaves open is the instance's own default. */
export function fieldsOf(settings: ServiceNowSettings, mark: Mark, redirectUrls: readonly string[]): ClientFields {
  return {
    name: settings.name,
    active: String(settings.active ?? true),
    redirect_url: redirectUrls.join(","),
    comments: withMark(settings.comments ?? "", mark),
    ...(settings.accessTokenLifespanSeconds === undefined ? {} : { access_token_lifespan: String(settings.accessTokenLifespanSeconds) }),
    ...(settings.refreshTokenLifespanSeconds === undefined ? {} : { refresh_token_lifespan: String(settings.refreshTokenLifespanSeconds) }),
  };
}

/** A record as this user is shown it. */
export interface Seen {
  record: ClientRecord;
  /** Columns that hold something, and are blanked for this user. */
  unreadable: readonly Column[];
}

/** Documented defaults of the columns that a program may leave open. */
const STANDARD = { accessTokenLifespanSeconds: 1800, refreshTokenLifespanSeconds: 8_640_000 };

/** Settings that the program no longer names go back to the standard; those that it never named stay as they are. */
function withStandards(settings: ServiceNowSettings, formerly: Partial<ServiceNowSettings>): ServiceNowSettings {
  const dropped = Object.entries(STANDARD).filter(([name]) => name in formerly && !(name in settings));
  return { ...settings, ...Object.fromEntries(dropped), ...("comments" in formerly && !("comments" in settings) ? { comments: "" } : {}) };
}

/** A request whose redirect URL matches none gets the first one, so ours stand in front and those of others behind. */
function redirectsOf(record: ClientRecord): string[] {
  return record.redirect_url
    .split(",")
    .map((url) => url.trim())
    .filter((url) => url !== "");
}

/** A type with which the instance signs in elsewhere: nobody can sign in to such a record. One without a type is a client. */
export function otherType({ type }: ClientRecord): string | undefined {
  return type === "" || type === "client" ? undefined : type;
}

export interface RegistryWish {
  settings: ServiceNowSettings;
  /** What the program said when the record was last written. */
  formerly: Partial<ServiceNowSettings>;
  mark: Mark;
  clientId: string;
  redirectUrls: readonly string[];
  /** Redirect URLs of ours that are no longer wished. */
  formerRedirectUrls: readonly string[];
}

/** What has to be written so that the entry is as wished, and what to write to take that back. Undefined: nothing. */
export function registryChange({ record, unreadable }: Seen, wish: RegistryWish): { forward: ClientFields; back: ClientFields } | undefined {
  const others = minus(redirectsOf(record), union(wish.redirectUrls, wish.formerRedirectUrls));
  const settings = withStandards(wish.settings, wish.formerly);
  const comments = settings.comments ?? readComment(record.comments).comment;
  const fields = {
    ...fieldsOf({ ...settings, comments }, wish.mark, [...wish.redirectUrls, ...others]),
    client_id: wish.clientId,
    ...(otherType(record) === undefined ? {} : { type: "client" }),
  };
  const forward: ClientFields = {};
  const back: ClientFields = {};
  for (const [column, value] of Object.entries(fields) as [keyof ClientFields & Column, string][]) {
    const unseen = unreadable.includes(column);
    // What others have written in there would be lost; of the rest, the wish alone counts.
    if (unseen ? SHARED.includes(column) : equal(column, record[column], value)) continue;
    Object.assign(forward, { [column]: value });
    if (!unseen) Object.assign(back, { [column]: record[column] });
  }
  return Object.keys(forward).length === 0 ? undefined : { forward, back };
}

/** Columns that hold what others wrote beside what is ours; and the id, which only a hand could have changed. */
const SHARED: readonly Column[] = ["redirect_url", "comments", "client_id"];

function equal(column: Column, stands: string, wished: string): boolean {
  if (column === "redirect_url") return stands.replace(/\s/g, "") === wished.replace(/\s/g, "");
  return column === "comments" ? plainText(stands) === plainText(wished) : stands === wished;
}

/** A text of several lines, however they end. */
function plainText(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/** Columns that hold something else than was written. */
export function ignoredColumns({ record, unreadable }: Seen, fields: ClientFields): string[] {
  const written = Object.entries(fields).filter(([column]) => column !== "client_secret" && !unreadable.includes(column as Column));
  return written.filter(([column, value]) => !equal(column as Column, record[column as Column], String(value))).map(([column]) => column);
}

/** Everything that stands there, as a program would write it: for an import. */
export function settingsFound(record: ClientRecord): Record<string, unknown> {
  const { comment } = readComment(record.comments);
  return {
    name: record.name,
    ...(record.active === "false" ? { active: false } : {}),
    ...(record.access_token_lifespan === "" ? {} : { accessTokenLifespanSeconds: Number(record.access_token_lifespan) }),
    ...(record.refresh_token_lifespan === "" ? {} : { refreshTokenLifespanSeconds: Number(record.refresh_token_lifespan) }),
    ...(comment === "" ? {} : { comments: comment }),
  };
}

/** The declared settings as they stand now. */
function settingsNow({ record, unreadable }: Seen, settings: ServiceNowSettings): Record<string, unknown> {
  const number = (text: string): number | undefined => (text === "" ? undefined : Number(text));
  const { comment } = readComment(record.comments);
  const now = [
    ["name", "name", record.name],
    ["active", "active", record.active === "true"],
    ["accessTokenLifespanSeconds", "access_token_lifespan", number(record.access_token_lifespan)],
    ["refreshTokenLifespanSeconds", "refresh_token_lifespan", number(record.refresh_token_lifespan)],
    // Our mark takes the place of blanks at the end.
    ["comments", "comments", plainText(comment).trimEnd() === plainText(settings.comments ?? "").trimEnd() ? settings.comments : comment],
  ] as const;
  const read = now.filter(([name, column, value]) => name in settings && !unreadable.includes(column) && value !== undefined);
  return Object.fromEntries(read.map(([name, , value]) => [name, value]));
}

export function observationOf(
  seen: Seen,
  client: RegisteredClient,
  wish: ClientWish,
  settings: ServiceNowSettings,
  /** The entry as people know it. */
  shown: string,
): Observation {
  const { record, unreadable } = seen;
  const redirects = redirectsOf(record);
  const unread = unreadable.includes("redirect_url");
  const missing = unread ? [] : minus(wish.redirectUrls, redirects);
  const [first = ""] = redirects;
  const late = missing.length === 0 && first !== "" && wish.redirectUrls.length > 0 && !wish.redirectUrls.includes(first);
  const redirectProblem =
    missing.length > 0
      ? `${shown} lacks the redirect URL ${missing.join(", ")}`
      : late
        ? `${shown} has ${first} before our redirect URL; ServiceNow falls back to the first`
        : undefined;
  const replaced = !unreadable.includes("client_id") && record.client_id !== client.clientId;
  const type = otherType(record);
  const disabled = record.active === "false" && settings.active === undefined;
  const drift = [
    redirectProblem ?? "",
    replaced ? `${shown} has the client id ${record.client_id || "(none)"} by now` : "",
    type === undefined ? "" : `${shown} is of the type ${type} by now: nobody can sign in`,
    disabled ? `${shown} was made inactive: nobody can sign in` : "",
  ].filter((sentence) => sentence !== "");
  const extra = minus(redirects, wish.redirectUrls);
  const findings: Finding[] = [
    redirectProblem !== undefined
      ? { property: "redirectUrl", state: "wrong", detail: redirectProblem }
      : unread
        ? { property: "redirectUrl", state: "unproven", detail: "this user may not read the redirect URLs" }
        : { property: "redirectUrl", state: "proven", detail: "" },
    wish.scopes.length === 0
      ? { property: "scopes", state: "proven", detail: "" }
      : {
          property: "scopes",
          state: "unproven",
          detail: "the application registry shows no scopes; connect one user, who is granted them or told which is missing",
        },
    { property: "consent", state: "unproven", detail: 'users consent when they connect; one without the role oauth_user is told "invalid client"' },
  ];
  return {
    exists: true,
    drift,
    notes: extra.length > 0 ? [`${shown} also has redirect URLs that are not ours; they stay: ${extra.join(", ")}`] : [],
    findings,
    settings: settingsNow(seen, settings),
  };
}
