/** A ServiceNow instance as one origin: the Table API, sign-in and tokens, and the page of an instance that sleeps. */

import type { Counterpart, SandboxReply } from "../counterpart.js";
import { renderErrorPage } from "../page.js";
import { createInstance, type Instance, OAUTH_ENTITY, type Row, type Switches } from "./instance.js";
import { createSignIn, isTokenPath, tokenRefusal } from "./signIn.js";
import { createTableApi } from "./tableApi.js";
import { tableErrorOfStatus, tableErrorReply } from "./tableErrors.js";

export interface ServiceNowOptions {
  /** The subdomain that people enter. */
  name: string;
  /** Base URL, known once the listener is up. */
  origin: () => string;
  now(): Date;
}

/** What the control API changes: switches, properties, and the roles of a user of the API or of a person. */
export type ServiceNowChange = Partial<Switches> & { properties?: Record<string, string>; roles?: Record<string, string[]> };

export interface ServiceNowCounterpart extends Counterpart {
  readonly instance: Instance;
  change(change: ServiceNowChange): void;
  /** Whether /oauth_token.do takes this pair now. */
  accepts(clientId: string, secret: string): Promise<boolean>;
  /** Takes over the clients that `state()` gave. */
  restore(saved: { tables: { oauth_entity: Row[] } }): void;
}

export function createServiceNowCounterpart({ name, origin, now }: ServiceNowOptions): ServiceNowCounterpart {
  const instance = createInstance(name, now);
  const tableApi = createTableApi(instance);
  const signIn = createSignIn(instance, origin);
  const sleeps = () => instance.switches.hibernating !== "no";

  return {
    name: "serviceNow",
    instance,
    operation: (method, path) => tableApi.operation(method, path) ?? signIn.operation(method, path),
    raw: (_method, path) => !sleeps() && signIn.isPage(path),
    handleRaw: (incoming, outgoing) => signIn.handleRaw(incoming, outgoing),
    async handle(request) {
      if (sleeps() && !request.byHand) return asleep(instance);
      return isTokenPath(request.path) ? signIn.token(request) : tableApi.answer(request);
    },
    errorReply: (status, path) => (isTokenPath(path) ? tokenRefusal(status) : tableErrorReply(tableErrorOfStatus(status))),
    accepts: (clientId, secret) => signIn.accepts(clientId, secret),
    state: () => ({
      name: instance.name,
      apiUsers: instance.apiUsers,
      people: instance.people,
      switches: instance.switches,
      tables: Object.fromEntries(Object.entries(instance.tables).map(([table, { rows }]) => [table, [...rows.values()]])),
    }),
    restore(saved) {
      for (const row of saved.tables.oauth_entity) instance.tables[OAUTH_ENTITY]?.rows.set(row["sys_id"] ?? "", row);
    },
    change({ properties = {}, roles = {}, ...switches }) {
      const unknown = Object.keys(switches).filter((key) => !(key in instance.switches));
      if (unknown.length > 0) throw new Error(`unknown switches: ${unknown.join(", ")}; known: ${Object.keys(instance.switches).join(", ")}`);
      Object.assign(instance.switches, switches);
      for (const [property, value] of Object.entries(properties)) instance.setProperty(property, value);
      for (const [who, given] of Object.entries(roles)) {
        const user = instance.apiUsers.find(({ username }) => username === who) ?? instance.people.find(({ id }) => id === who);
        if (user === undefined) throw new Error(`the instance has no user ${who}`);
        user.roles = given;
      }
    },
  };
}

/** Both were seen; where it sends to is a guess. */
function asleep({ switches }: Instance): SandboxReply {
  if (switches.hibernating === "redirect") return { status: 302, headers: { location: "https://developer.servicenow.com/dev.do" }, body: "" };
  const text = "Sign in to the developer portal to wake your instance.";
  return {
    status: 200,
    headers: { "content-type": "text/html; charset=utf-8" },
    body: renderErrorPage("hibernating", "Your instance is hibernating", text),
  };
}
