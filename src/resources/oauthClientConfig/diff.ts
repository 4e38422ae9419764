/** What differs between state and inputs, and what that means to people. Offline: state, inputs, clock. */

import { STANDARD_AUDIENCE } from "../../authorizationServers/entraApplication.js";
import { instanceOrigin } from "../../clients/serviceNowSignIn.js";
import { minus } from "../../core/sets.js";
import { type Properties, UNKNOWN, type Value } from "../../core/value.js";
import { type RotationPolicy, renewalDue } from "../../rollout/due.js";
import { mayLackSecret, type Recorded } from "../../rollout/record.js";
import { at, compare, list, same } from "../differences.js";
import type { Diff, Difference } from "../resource.js";
import { dueByItself, overlapHours, rotationPolicy } from "../rolloutDiff.js";
import { ROTATION_STANDARD } from "./definition.js";
import { KINDS } from "./rules.js";

/** Lists whose order means nothing. */
const isSet = (path: string): boolean => /(^|\.)(additionalRedirectUrls|replaceClientIds|scopes)$/.test(path);

/** What a new secret means where a server has one at a time. */
const GAP = "a new client secret is set and entered at once; ServiceNow has one at a time, so sign-ins in the moment between the two fail";

export function diffOf(state: Properties, inputs: Properties, recorded: Recorded, now: Date): Diff {
  const before = list(state["integrations"]);
  const after = list(inputs["integrations"]);
  const differences = [...inputDifferences(state, inputs), ...integrationDifferences(before, after, recorded)];
  const announcements: string[] = [];
  const names = before.map(nameOf).join(", ");

  if (anotherClient(state, inputs)) announcements.push(`another client id: users of ${names} sign in again when their access token ends`);
  announcements.push(...announceIntegrations(before, after, recorded));
  const issuing = secretReason(state, inputs, recorded, now);
  if (issuing !== undefined) {
    differences.push({ path: "secretCreatedAt", kind: "update", input: false });
    announcements.push(`${issuing}: ${newSecret(recorded, inputs)}`);
  }
  const due = dueByItself(recorded, now);
  differences.push(...due.differences);
  announcements.push(...due.announcements);
  if (issuing === undefined && differences.length > 0 && !anotherClient(state, inputs) && lacksSecret(recorded))
    announcements.push(`the current client secret is not in every integration, and kept nowhere: ${newSecret(recorded, inputs)}`);
  if (at(state, "entra", "logo") !== undefined && at(inputs, "entra") !== undefined && at(inputs, "entra", "logo") === undefined)
    announcements.push("the logo stays at the app: Microsoft Graph has no documented call that removes it");
  if (at(state, "entra", "grantAdminConsent") === true && at(inputs, "entra", "grantAdminConsent") === false) {
    const granted = (recorded.client?.objects["granted"] ?? "").replaceAll(" ", ", ");
    announcements.push(
      granted === ""
        ? "the tenant-wide consent stays: this resource has no record of having granted any of it"
        : `the tenant-wide consent that this resource granted (${granted}) is taken back: users or an administrator consent themselves`,
    );
  }
  return { differences, announcements };
}

function newSecret({ kind }: Recorded, inputs: Properties): string {
  return kind === "serviceNow"
    ? GAP
    : `a new client secret is issued, proven and entered for all integrations; the previous one stays valid for at least ${overlapHours(inputs)} h`;
}

/** Whether a slot gets a new secret although nothing asks for one: a refresh saw that it lost the present one, or a run left it without. */
function lacksSecret(recorded: Recorded): boolean {
  return (recorded.kind === "serviceNow" || recorded.kind === "entra") && (recorded.replacesSecret === true || mayLackSecret(recorded));
}

/** The policy with its defaults; without one of its own, the window never fills more than half of a short lifetime. */
export function rotationOf(inputs: Properties): RotationPolicy & { overlapMs: number } {
  const lifetime = at(inputs, "entra", "secretLifetimeDays");
  const { renewBeforeExpiryDays: byDefault } = ROTATION_STANDARD;
  return rotationPolicy(inputs, typeof lifetime === "number" ? Math.min(byDefault, Math.floor(lifetime / 2)) : byDefault);
}

/** Why the current client gets a new secret, beyond a slot that needs one; undefined where it does not. */
export function secretReason(state: Properties, inputs: Properties, recorded: Recorded, now: Date): string | undefined {
  const kind = KINDS.find((one) => at(inputs, one) !== undefined);
  if (kind === "existing" || recorded.kind !== kind || anotherClient(state, inputs)) return undefined;
  const due = renewalDue(recorded.secret, rotationOf(inputs), now);
  if (due !== undefined) return due;
  if (!same(at(state, "rotation", "triggers"), at(inputs, "rotation", "triggers"), "", isSet)) return "rotation.triggers changed";
  if (at(inputs, "exportClientSecret") === true && recorded.value === undefined)
    return "exportClientSecret was switched on, and the current secret is kept nowhere";
  return undefined;
}

/** Whether the inputs ask for another client than the recorded one: another kind, tenant, instance, or id. */
export function anotherClient(state: Properties, inputs: Properties): boolean {
  const kindBefore = KINDS.find((kind) => state[kind] !== undefined);
  const kindNow = KINDS.find((kind) => inputs[kind] !== undefined);
  if (kindBefore !== kindNow || adoptsAnother(state, inputs)) return true;
  const tenant = at(inputs, "entra", "tenantId");
  if (kindNow === "entra")
    return (
      tenant !== undefined &&
      tenant !== UNKNOWN &&
      String(tenant).toLowerCase() !== String(at(state, "tenantId") ?? at(state, "entra", "tenantId")).toLowerCase()
    );
  if (kindNow === "serviceNow") {
    const instance = at(inputs, "serviceNow", "instance");
    // Left out, it is the configured one, which `up` holds against the recorded one.
    return (
      typeof instance === "string" &&
      instance !== at(state, "serviceNow", "instance") &&
      instanceOrigin(instance) !== at(state, "rollout", "client", "instance")
    );
  }
  return !same(at(state, "existing", "clientId"), at(inputs, "existing", "clientId"), "", isSet);
}

/** Whether the program now names a client to adopt that is not the one in use. One that is unknown yet may be. */
export function adoptsAnother(state: Properties, inputs: Properties): boolean {
  // The servers find an id in any case of its letters.
  const [wanted, used, adopted] = [inputs["adoptClientId"], state["clientId"], state["adoptClientId"]].map((id) => String(id ?? "").toLowerCase());
  return wanted !== "" && wanted !== used && wanted !== adopted;
}

function announceIntegrations(before: Value[], after: Value[], recorded: Recorded): string[] {
  const absent = (use: Value, uses: Value[]): boolean => theSame(uses, use, recorded) === undefined;
  const removed = before.filter((use) => absent(use, after)).map(nameOf);
  const added = after.filter((use) => absent(use, before)).map(nameOf);
  const dropped = before.flatMap((use) => {
    const name = nameOf(use);
    const now = theSame(after, use, recorded);
    const scopes = at(now, "scopes");
    if (now === undefined || !Array.isArray(scopes)) return [];
    const had = Object.values(recorded.slots).find(({ written }) => written === name)?.scopes ?? [];
    const gone = minus(
      had,
      scopes.filter((scope) => typeof scope === "string"),
    );
    return scopes.includes(UNKNOWN) || gone.length === 0
      ? []
      : [`${name}: scope ${gone.join(", ")} is dropped; connections made before keep it until they end`];
  });
  return [
    ...removed.map(
      (name) =>
        `${name} no longer uses this client: it falls back to Odeus's own client where there is one, and its users sign in again when their access token ends`,
    ),
    ...(added.length > 0 && recorded.kind === "entra"
      ? [`${added.join(", ")} is added: a new client secret is issued, proven and entered for all integrations, since the current one is kept nowhere`]
      : []),
    ...(added.length > 0 && recorded.kind === "serviceNow" ? [`${added.join(", ")} is added, and the current client secret is kept nowhere: ${GAP}`] : []),
    ...dropped,
  ];
}

function inputDifferences(state: Properties, inputs: Properties): Difference[] {
  const names = [...KINDS, "rotation", "verify", "adoptClientId", "replaceClientIds", "exportClientSecret"];
  const found = names.flatMap((name) => compare(name, state[name], inputs[name], isSet));
  return found.filter(({ path }) => path !== "entra.signInAudience" || !sameAudience(state, inputs));
}

/** Left out, the audience of an app made here is the standard, and an app that others made keeps what it has. */
function sameAudience(state: Properties, inputs: Properties): boolean {
  const before = at(state, "entra", "signInAudience");
  const after = at(inputs, "entra", "signInAudience");
  const standing = at(state, "rollout", "client", "signInAudience");
  if (standing !== undefined) return after === undefined || after === (before ?? standing);
  return (after ?? STANDARD_AUDIENCE) === (before ?? STANDARD_AUDIENCE);
}

function integrationDifferences(before: Value[], after: Value[], recorded: Recorded): Difference[] {
  const gone = before.flatMap((use, index): Difference[] =>
    theSame(after, use, recorded) !== undefined ? [] : [{ path: `integrations[${index}]`, kind: "delete", input: true }],
  );
  const rest = after.flatMap((use, index) => {
    const was = theSame(before, use, recorded);
    return was === undefined ? [{ path: `integrations[${index}]`, kind: "add" as const, input: true }] : compare(`integrations[${index}]`, was, use, isSet);
  });
  return [...gone, ...rest];
}

/** The use among these that means the same integration, be it written as a slug or as an id. */
function theSame(uses: Value[], use: Value, recorded: Recorded): Value {
  const meant = (one: Value): string => {
    const name = nameOf(one);
    return Object.entries(recorded.slots).find(([id, { slug }]) => id === name || slug === name)?.[0] ?? name;
  };
  return uses.find((one) => meant(one) === meant(use));
}

function nameOf(use: Value): string {
  const name = at(use, "integration");
  return typeof name === "string" ? name : "(not known yet)";
}
