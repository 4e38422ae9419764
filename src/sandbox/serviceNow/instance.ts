/** What a ServiceNow instance holds: tables with their rows, users of its API, people who sign in, and the switches of a test. */

import { randomBytes } from "node:crypto";

/** Every value is text, also a number or a boolean. */
export type Row = Record<string, string>;

export interface Table {
  columns: readonly string[];
  /** Any of these roles may read and write the rows. */
  roles: readonly string[];
  rows: Map<string, Row>;
}

export interface ApiUser {
  username: string;
  password: string;
  /** A bearer token of this user. */
  token: string;
  roles: string[];
}

export interface Person {
  id: string;
  name: string;
  roles: string[];
}

/** What a test can turn on the instance. */
export interface Switches {
  /** Columns that writes leave as they are, with status 200 or 201: a data policy, or a release without the column. */
  ignoredColumns: string[];
  /** sys_ids of rows that an access rule hides from everybody. */
  hiddenRecords: string[];
  /** An access rule hides from each user of the API what that user has made. */
  hidesNewRecords: boolean;
  /** So many queries still miss a record that a user of the API has made: of a POST that went on after its answer was lost. */
  lateRecords: number;
  /** Columns that a field-level access rule blanks in answers with status 200. */
  blankedColumns: string[];
  /** No part of a query makes sense to the instance, as on a release where the columns have other names. */
  ignoresQueries: boolean;
  /** Unknown columns in a body are a 400 here, where the vendor ignores them: for tests of what is sent. */
  refusesUnknownColumns: boolean;
  /** A developer instance that has gone to sleep: every path answers a page, or sends elsewhere. */
  hibernating: "no" | "page" | "redirect";
  /** A rate limit rule for the Table API: calls per user and hour; null for no rule. */
  callsPerHour: number | null;
  /** False: a refusal by that rule has X-RateLimit-Reset alone. */
  saysRetryAfter: boolean;
  /** False: the tables of the OAuth plugin are not there. */
  oauthPlugin: boolean;
}

export interface Instance {
  /** The subdomain, which people enter when they connect. */
  readonly name: string;
  readonly tables: Readonly<Record<string, Table>>;
  readonly apiUsers: ApiUser[];
  readonly people: Person[];
  readonly switches: Switches;
  now(): Date;
  property(name: string): string | undefined;
  setProperty(name: string, value: string): void;
}

export const OAUTH_ENTITY = "oauth_entity";
const PROPERTIES = "sys_properties";

/** Names of the properties that mean something here. */
export const PROPERTY = {
  oauthIsActive: "com.snc.platform.security.oauth.is.active",
  stateRequired: "glide.oauth.state.parameter.required",
  longestAccessToken: "glide.oauth.access_token.expire_in.system_max_seconds",
  invalidQueryReturnsNoRows: "glide.invalid_query.returns_no_rows",
} as const;

/** The role of people who connect (product guide). */
export const OAUTH_USER = "oauth_user";
/** Roles that manage application registries. */
const MANAGERS = ["oauth_admin", "mi_admin", "admin"];

const SYSTEM_COLUMNS = ["sys_id", "sys_created_on", "sys_created_by", "sys_updated_on", "sys_updated_by", "sys_mod_count", "sys_class_name", "sys_scope"];
const CLIENT_COLUMNS = [
  "name",
  "client_id",
  "client_secret",
  "type",
  "active",
  "redirect_url",
  "access_token_lifespan",
  "refresh_token_lifespan",
  "comments",
  // That these two are named so is a guess.
  "logo_url",
  "login_url",
  "public_client",
  "use_pkce",
  "inbound_grant_type",
  "default_grant_type",
  "token_format",
  "scope_restriction_status",
  "client_type",
];

/** Documented defaults; a column that is not here begins empty. */
const CLIENT_DEFAULTS: Row = { active: "true", access_token_lifespan: "1800", refresh_token_lifespan: "8640000", public_client: "false", use_pkce: "false" };

/** What every instance comes with: nobody's business, and in the way of a filter that is ignored. */
const SHIPPED_CLIENTS = ["Mobile API", "ServiceNow Agent"];

export function createInstance(name: string, now: () => Date): Instance {
  const tables = {
    [OAUTH_ENTITY]: { columns: [...SYSTEM_COLUMNS, ...CLIENT_COLUMNS], roles: MANAGERS, rows: new Map<string, Row>() },
    [PROPERTIES]: { columns: [...SYSTEM_COLUMNS, "name", "value", "description"], roles: ["admin"], rows: new Map<string, Row>() },
  };
  const rowOf = (property: string) => [...tables[PROPERTIES].rows.values()].find((row) => row["name"] === property);
  const instance: Instance = {
    name,
    tables,
    apiUsers: [],
    people: [
      { id: "ada", name: "Ada Lovelace", roles: [OAUTH_USER] },
      { id: "grace", name: "Grace Hopper", roles: [OAUTH_USER] },
      { id: "norole", name: "Norbert Role", roles: [] },
    ],
    switches: {
      ignoredColumns: [],
      hiddenRecords: [],
      hidesNewRecords: false,
      lateRecords: 0,
      blankedColumns: [],
      ignoresQueries: false,
      refusesUnknownColumns: false,
      hibernating: "no",
      callsPerHour: null,
      saysRetryAfter: true,
      oauthPlugin: true,
    },
    now,
    property: (property) => rowOf(property)?.["value"],
    setProperty(property, value) {
      const row = rowOf(property);
      if (row === undefined) addRow(instance, PROPERTIES, { name: property, value }, "system");
      else row["value"] = value;
    },
  };
  instance.setProperty(PROPERTY.oauthIsActive, "true");
  instance.setProperty(PROPERTY.stateRequired, "true");
  instance.setProperty(PROPERTY.invalidQueryReturnsNoRows, "false");
  for (const shipped of SHIPPED_CLIENTS) addRow(instance, OAUTH_ENTITY, { name: shipped, type: "client" }, "system");
  return instance;
}

/** With a name and a password of another instance's user, one person has both. */
export function addApiUser(instance: Instance, roles: string[], given: Partial<ApiUser> = {}): ApiUser {
  const user = { username: `user.${randomHex(4)}`, password: randomHex(16), token: randomHex(32), ...given, roles };
  instance.apiUsers.push(user);
  return user;
}

/** A new row with what the instance makes by itself: id, times, defaults, and for a client the id and secret that were not given. */
export function addRow(instance: Instance, tableName: string, values: Row, by: string): Row {
  const table = instance.tables[tableName];
  if (table === undefined) throw new Error(`no table ${tableName}`);
  const moment = timeText(instance.now());
  const row: Row = Object.fromEntries(table.columns.map((column) => [column, ""]));
  Object.assign(row, tableName === OAUTH_ENTITY ? CLIENT_DEFAULTS : {}, values, {
    sys_id: randomHex(16),
    sys_created_on: moment,
    sys_created_by: by,
    sys_updated_on: moment,
    sys_updated_by: by,
    sys_mod_count: "0",
    sys_class_name: tableName,
    sys_scope: "global",
  });
  // An empty id or secret is a generated one.
  if (tableName === OAUTH_ENTITY) for (const column of ["client_id", "client_secret"]) if (!row[column]) row[column] = randomHex(16);
  table.rows.set(row["sys_id"] ?? "", row);
  return row;
}

/** A guess: what changes nothing, or is ignored, counts as no change. */
export function changeRow(instance: Instance, row: Row, values: Row, by: string): void {
  if (Object.entries(values).every(([column, value]) => row[column] === value)) return;
  Object.assign(row, values, {
    sys_updated_on: timeText(instance.now()),
    sys_updated_by: by,
    sys_mod_count: String(Number(row["sys_mod_count"]) + 1),
  });
}

/** The redirect URLs of a record in their order, parted by a comma (documented, with a blank behind it). */
export function redirectUrlsOf(row: Row): string[] {
  return (row["redirect_url"] ?? "")
    .split(",")
    .map((url) => url.trim())
    .filter((url) => url !== "");
}

function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}

/** The instance's own time format, in UTC. */
function timeText(moment: Date): string {
  return moment.toISOString().slice(0, 19).replace("T", " ");
}
