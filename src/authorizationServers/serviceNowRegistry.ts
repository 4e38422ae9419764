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

/** A request whose redirect URL matches none gets the first one, so ours stand in front and those of others behind. */
function redirectsOf(record: ClientRecord): string[] {
  return record.redirect_url
    .split(",")
    .map((url) => url.trim())
    .filter((url) => url !== "");
}

/** What has to be written so that the entry is as wished, and what to write to take that back. Undefined: nothing. */
export function registryChange(
  record: ClientRecord,
  settings: ServiceNowSettings,
  mark: Mark,
  wished: readonly string[],
  formerly: readonly string[],
): { forward: ClientFields; back: ClientFields } | undefined {
  const others = minus(redirectsOf(record), union(wished, formerly));
  const comments = settings.comments ?? readComment(record.comments).comment;
  const fields = fieldsOf({ ...settings, comments }, mark, [...wished, ...others]);
  const forward: ClientFields = {};
  const back: ClientFields = {};
  for (const [column, value] of Object.entries(fields) as [keyof ClientFields & Column, string][]) {
    if (equal(column, record[column], value)) continue;
    Object.assign(forward, { [column]: value });
    Object.assign(back, { [column]: record[column] });
  }
  return Object.keys(forward).length === 0 ? undefined : { forward, back };
}

function equal(column: Column, stands: string, wished: string): boolean {
  return column === "redirect_url" ? stands.replace(/\s/g, "") === wished : stands === wished;
}

/** Columns that hold something else than was written, and those that this user may not read. */
export function ignoredColumns(record: ClientRecord, fields: ClientFields): { ignored: string[]; unreadable: string[] } {
  const wrong = Object.entries(fields).filter(
    ([column, value]) => column !== "client_secret" && !equal(column as Column, record[column as Column], String(value)),
  );
  const unreadable = wrong.filter(([column]) => record[column as Column] === "").map(([column]) => column);
  return {
    ignored: minus(
      wrong.map(([column]) => column),
      unreadable,
    ),
    unreadable,
  };
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

/** The declared settings as they stand now; an empty column may be one that this user may not read, and says nothing. */
function settingsNow(record: ClientRecord, settings: ServiceNowSettings): Record<string, unknown> {
  const number = (text: string): number | undefined => (text === "" ? undefined : Number(text));
  const now: Record<string, unknown> = {
    name: record.name === "" ? undefined : record.name,
    active: record.active === "" ? undefined : record.active === "true",
    accessTokenLifespanSeconds: number(record.access_token_lifespan),
    refreshTokenLifespanSeconds: number(record.refresh_token_lifespan),
    comments: record.comments === "" ? undefined : readComment(record.comments).comment,
  };
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => name in settings && value !== undefined));
}

export function observationOf(
  record: ClientRecord,
  client: RegisteredClient,
  wish: ClientWish,
  settings: ServiceNowSettings,
  /** The entry as people know it. */
  shown: string,
): Observation {
  const redirects = redirectsOf(record);
  const unreadable = record.redirect_url === "";
  const missing = unreadable ? [] : minus(wish.redirectUrls, redirects);
  const [first] = wish.redirectUrls;
  const late = !unreadable && missing.length === 0 && first !== undefined && redirects[0] !== first && !wish.redirectUrls.includes(redirects[0] ?? "");
  const redirectProblem =
    missing.length > 0
      ? `${shown} lacks the redirect URL ${missing.join(", ")}`
      : late
        ? `${shown} has ${redirects[0]} before our redirect URL; ServiceNow falls back to the first`
        : undefined;
  const replaced = record.client_id !== "" && record.client_id !== client.clientId;
  const disabled = record.active === "false" && settings.active !== false;
  const drift = [
    redirectProblem ?? "",
    replaced ? `${shown} has the client id ${record.client_id} by now` : "",
    disabled && settings.active === undefined ? `${shown} was made inactive: nobody can sign in` : "",
  ].filter((sentence) => sentence !== "");
  const extra = minus(redirects, wish.redirectUrls);
  const findings: Finding[] = [
    redirectProblem !== undefined
      ? { property: "redirectUrl", state: "wrong", detail: redirectProblem }
      : unreadable
        ? { property: "redirectUrl", state: "unproven", detail: "this user may not read the redirect URLs" }
        : { property: "redirectUrl", state: "proven", detail: "" },
    wish.scopes.length === 0
      ? { property: "scopes", state: "proven", detail: "" }
      : { property: "scopes", state: "unproven", detail: "the application registry shows no scopes" },
    { property: "consent", state: "unproven", detail: "users consent when they connect, and need the role oauth_user" },
  ];
  return {
    exists: true,
    drift,
    notes: extra.length > 0 ? [`${shown} also has redirect URLs that are not ours; they stay: ${extra.join(", ")}`] : [],
    findings,
    settings: settingsNow(record, settings),
  };
}
