/** What differs between state and inputs, and what that means to people. Names are compared as Snowflake stores them. */

import { nameProblem, storedName } from "../../clients/snowflakeNames.js";
import { minus, sameSet } from "../../core/sets.js";
import { type Properties, UNKNOWN, type Value } from "../../core/value.js";
import { removalsDue, renewalDue } from "../../rollout/due.js";
import type { Recorded } from "../../rollout/record.js";
import { at, compare, list, same } from "../differences.js";
import type { Diff } from "../resource.js";
import { dueByItself, overlapHours, rotationPolicy } from "../rolloutDiff.js";
import { inputs as inputDefinition } from "./definition.js";
import { announcementsOf, scopesOf } from "./rules.js";

const ROLE_LISTS = ["preAuthorizedRoles", "allowedRoles", "blockedRoles"];
const isSet = (path: string): boolean => [...ROLE_LISTS, "oauthAlternateRedirectUris", "scopes", "replaceClientIds"].includes(path);

export function diffOf(state: Properties, inputs: Properties, recorded: Recorded, now: Date): Diff {
  const [before, after] = [canonical(state), canonical(inputs)];
  // Left out, they are the default, which may stand there in so many words.
  if (after["scopes"] !== UNKNOWN && sameSet(scopesOf(before), scopesOf(after))) after["scopes"] = before["scopes"];
  const differences = Object.keys(inputDefinition.shape).flatMap((name) => compare(name, before[name], after[name], isSet));
  const changed = (name: string): boolean => differences.some(({ path }) => path === name || path.startsWith(`${name}.`));
  const announcements: string[] = [];
  const renamed = changed("name");
  const retyped = changed("oauthClientType");
  for (const difference of differences) if (difference.path === "name" || difference.path === "oauthClientType") difference.replace = true;
  if (renamed)
    announcements.push(
      `another security integration (${String(inputs["name"])}) is made and entered before ${String(state["name"])} is dropped: another client id, so users sign in again`,
    );
  if (retyped && !renamed)
    announcements.push(
      `another client type: ${String(state["name"])} is dropped and made anew, which cannot be undone; until it is entered nobody can sign in, and then everybody signs in again`,
    );
  if (changed("integration") && state["integration"] !== undefined)
    announcements.push(`${String(state["integration"])} no longer uses this client: it has none afterwards, and its users cannot sign in`);
  const dropped = minus(scopesOf(state), scopesOf(inputs));
  if (changed("scopes") && dropped.length > 0) announcements.push(`scope ${dropped.join(", ")} is dropped; connections made before keep it until they end`);
  announcements.push(...announcementsOf(inputs, changed));

  const issuing = renamed || retyped ? undefined : secretReason(state, inputs, recorded, now);
  if (issuing !== undefined) {
    differences.push({ path: "secretCreatedAt", kind: "update", input: false });
    const ended = recorded.retiring.length > removalsDue(recorded.retiring, now).length ? "; the secret before it, whose overlap is not over, ends now" : "";
    announcements.push(
      `${issuing}: the idle secret is renewed, read back and entered; the previous one stays valid for at least ${overlapHours(inputs)} h${ended}`,
    );
  }
  const due = dueByItself(recorded, now);
  return {
    differences: [...differences, ...due.differences],
    announcements: [...announcements, ...due.announcements],
    deleteBeforeReplace: retyped && !renamed,
  };
}

/** Why a new secret is asked for; undefined where none is. Snowflake's secrets have no end of their own. */
export function secretReason(state: Properties, inputs: Properties, recorded: Recorded, now: Date): string | undefined {
  const due = renewalDue(recorded.secret, rotationPolicy(inputs, 0), now);
  if (due !== undefined) return due;
  return same(at(state, "rotation", "triggers"), at(inputs, "rotation", "triggers"), "", isSet) ? undefined : "rotation.triggers changed";
}

/** With names as they are stored: foo, FOO and "FOO" are one. */
function canonical(properties: Properties): Properties {
  const stored = (name: Value): Value => (typeof name === "string" && nameProblem(name) === undefined ? storedName(name) : name);
  const copy: Properties = { ...properties };
  for (const name of ["name", "networkPolicy"]) if (copy[name] !== undefined) copy[name] = stored(copy[name]);
  for (const name of ROLE_LISTS) if (Array.isArray(copy[name])) copy[name] = list(copy[name]).map(stored);
  // An absent list and an empty one are the same to Snowflake.
  for (const name of [...ROLE_LISTS, "oauthAlternateRedirectUris"]) if (Array.isArray(copy[name]) && list(copy[name]).length === 0) delete copy[name];
  return copy;
}
