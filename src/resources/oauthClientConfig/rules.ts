/** Rules of an OAuthClientConfig beyond the shape of its values. Pure: no clock, environment or network; unknown values pass. */

import { atlassianOnly, formProblems, sharedWarning } from "../../authorizationServers/clientForms.js";
import { holdsUnknown, type Properties, UNKNOWN, type Value } from "../../core/value.js";
import type { Shared } from "../resource.js";
import { ROTATION_STANDARD } from "./definition.js";

/** Which kind of client the program asks for; one of these is required, and one only. */
export const KINDS = ["entra", "serviceNow", "existing"] as const;
export type Kind = (typeof KINDS)[number];

/** Scopes of one slot travel as one text of at most 2,000 characters (Odeus API). */
const LONGEST_SCOPES = 2000;
/** Characters that Entra refuses in a redirect URI. */
const FORBIDDEN_IN_REDIRECT = /[!$'(),;]/;
const PERSONAL = ["AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"];

export function problemsOf(inputs: Properties): string[] {
  const object = (name: string): Properties | undefined => objectIn(inputs, name);
  return [
    ...kindProblems(inputs),
    ...integrationProblems(inputs["integrations"]),
    ...entraProblems(object("entra")),
    ...existingProblems(object("existing"), builtInOf(inputs)),
    ...(inputs["existing"] !== undefined && inputs["adoptClientId"] !== undefined
      ? ["adoptClientId: is not for existing: existing.clientId already names the client"]
      : []),
    ...rotationProblems(inputs, object("rotation"), object("entra")),
  ];
}

function objectIn(inputs: Properties, name: string): Properties | undefined {
  const value = inputs[name];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Properties) : undefined;
}

function kindProblems(inputs: Properties): string[] {
  const given = KINDS.filter((kind) => inputs[kind] !== undefined && inputs[kind] !== null);
  if (given.length === 1) return [];
  return [
    given.length === 0
      ? `exactly one of ${KINDS.join(", ")} is required: it says where the client comes from`
      : `${given.join(" and ")} are given; exactly one of ${KINDS.join(", ")} is allowed`,
  ];
}

function integrationProblems(integrations: Value): string[] {
  if (!Array.isArray(integrations)) return [];
  const seen = new Set<string>();
  return integrations.flatMap((use, index) => {
    if (typeof use !== "object" || use === null || Array.isArray(use)) return [];
    const { integration, scopes } = use as Properties;
    const problems: string[] = [];
    if (typeof integration === "string") {
      if (seen.has(integration)) problems.push(`integrations[${index}].integration: is named twice; one slot takes one client`);
      seen.add(integration);
    }
    if (Array.isArray(scopes) && !holdsUnknown(scopes)) {
      if (scopes.join(" ").length > LONGEST_SCOPES)
        problems.push(`integrations[${index}].scopes: are ${LONGEST_SCOPES.toLocaleString("en")} characters at most, all together`);
      scopes.forEach((scope, at) => {
        if (scopes.indexOf(scope) < at) problems.push(`integrations[${index}].scopes[${at}]: is named twice`);
      });
    }
    return problems;
  });
}

function entraProblems(entra: Properties | undefined): string[] {
  if (entra === undefined) return [];
  const problems: string[] = [];
  const personal = PERSONAL.includes(String(entra["signInAudience"]));
  const { displayName, additionalRedirectUrls } = entra;
  if (personal && typeof displayName === "string" && displayName.length > 90)
    problems.push(`entra.displayName: must be at most 90 characters with the audience ${String(entra["signInAudience"])}`);
  if (Array.isArray(additionalRedirectUrls)) {
    additionalRedirectUrls.forEach((url, index) => {
      if (typeof url !== "string") return;
      const where = `entra.additionalRedirectUrls[${index}]`;
      if (FORBIDDEN_IN_REDIRECT.test(url)) problems.push(`${where}: must not hold any of ! $ ' ( ) , ; (Entra refuses them)`);
      if (url.startsWith("http:") && !["localhost", "127.0.0.1"].includes(hostOf(url)))
        problems.push(`${where}: must start with https:// (http is only for localhost)`);
      if (personal && url.includes("?")) problems.push(`${where}: must not hold a query with the audience ${String(entra["signInAudience"])}`);
      if (additionalRedirectUrls.indexOf(url) < index) problems.push(`${where}: is named twice`);
    });
  }
  return problems;
}

function existingProblems(existing: Properties | undefined, builtIn: string[]): string[] {
  if (existing === undefined) return [];
  const text = (name: string): string | undefined => {
    const value = existing[name];
    return typeof value === "string" ? value : undefined;
  };
  const addresses = ["issuer", "authorizationUrl", "tokenUrl"].flatMap((name) => {
    const url = text(name);
    if (url === undefined || !URL.canParse(url)) return [];
    const { protocol, username, password } = new URL(url);
    if (username !== "" || password !== "") return [`existing.${name}: must not hold a user name or password`];
    if (protocol !== "http:" || ["localhost", "127.0.0.1", "[::1]"].includes(hostOf(url))) return [];
    return [`existing.${name}: must start with https:// (plain http is only for this machine itself)`];
  });
  return [...addresses, ...formProblems({ clientId: text("clientId"), clientSecret: text("clientSecret") }, builtIn)];
}

/** Slugs that are surely of built-in integrations: others need both endpoints, and only the workspace knows which integration is which. */
function builtInOf(inputs: Properties): string[] {
  const existing = objectIn(inputs, "existing");
  const anyServer = [existing?.["authorizationUrl"], existing?.["tokenUrl"]].every((url) => url !== undefined && url !== null);
  return anyServer ? [] : slotsOf(inputs);
}

function rotationProblems(inputs: Properties, rotation: Properties | undefined, entra: Properties | undefined): string[] {
  if (rotation === undefined) return [];
  if (inputs["existing"] !== undefined) return ["rotation: is not for existing, whose secret is yours: change existing.clientSecret"];
  const { renewBeforeExpiryDays, everyDays, overlapHours } = rotation;
  if (inputs["serviceNow"] !== undefined) return oneSecretProblems(rotation);
  const lifetime = entra?.["secretLifetimeDays"];
  if (typeof lifetime !== "number") return [];
  const days = (count: number) => `${count} day${count === 1 ? "" : "s"}`;
  const problems: string[] = [];
  if (typeof renewBeforeExpiryDays === "number" && renewBeforeExpiryDays >= lifetime)
    problems.push(
      `rotation.renewBeforeExpiryDays: must be less than the lifetime of the secret (entra.secretLifetimeDays, ${days(lifetime)}); it is ${renewBeforeExpiryDays}`,
    );
  if (typeof everyDays === "number" && everyDays > lifetime)
    problems.push(`rotation.everyDays: must not be more than the lifetime of the secret (entra.secretLifetimeDays, ${days(lifetime)})`);
  if (problems.length > 0 || everyDays === UNKNOWN || renewBeforeExpiryDays === UNKNOWN) return problems;
  // How old a secret is when the next one comes by itself, if one does.
  const age = Math.min(
    typeof everyDays === "number" ? everyDays : Number.POSITIVE_INFINITY,
    typeof renewBeforeExpiryDays === "number" && renewBeforeExpiryDays > 0 ? lifetime - renewBeforeExpiryDays : Number.POSITIVE_INFINITY,
  );
  const left = age === Number.POSITIVE_INFINITY ? lifetime : lifetime - age;
  if (left === 0) return [`rotation.everyDays: must be less than the lifetime of the secret (${days(lifetime)}) where rotation.renewBeforeExpiryDays is 0`];
  if (typeof overlapHours !== "number" || overlapHours <= left * 24) return [];
  return [
    `rotation.overlapHours: must not be more than the ${days(left)} for which the previous secret is still valid when the next one comes (entra.secretLifetimeDays is ${lifetime})`,
  ];
}

/** A server with one secret has nothing that a window or an overlap could be about. Check has filled in the standard, which means nothing there. */
function oneSecretProblems({ renewBeforeExpiryDays, overlapHours }: Properties): string[] {
  const problems: string[] = [];
  if (typeof renewBeforeExpiryDays === "number" && renewBeforeExpiryDays !== 0 && renewBeforeExpiryDays !== ROTATION_STANDARD.renewBeforeExpiryDays)
    problems.push("rotation.renewBeforeExpiryDays: is not for serviceNow, whose secret has no end: use rotation.everyDays");
  if (typeof overlapHours === "number" && overlapHours !== 0 && overlapHours !== ROTATION_STANDARD.overlapHours)
    problems.push("rotation.overlapHours: is not for serviceNow, where a new secret ends the previous one at once");
  return problems;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : "";
}

/** What no other resource may claim: the workspace integrations, and a client that it takes over, which has one mark. */
export function claimsOf(inputs: Properties): string[] {
  const { adoptClientId } = inputs;
  return [...slotsOf(inputs), ...(typeof adoptClientId === "string" ? [`the client ${adoptClientId.toLowerCase()}`] : [])];
}

/** A hand-made client, which may be in several resources; an Atlassian app serves one integration alone. */
export function sharedOf(inputs: Properties): Shared | undefined {
  const clientId = objectIn(inputs, "existing")?.["clientId"];
  if (typeof clientId !== "string") return undefined;
  const atlassian = atlassianOnly(builtInOf(inputs));
  return { what: clientId, ...(atlassian.length === 0 ? {} : { warning: (other) => sharedWarning(atlassian, other) }) };
}

/** The slots that the inputs name, as the program wrote them. */
export function slotsOf(inputs: Properties): string[] {
  const { integrations } = inputs;
  if (!Array.isArray(integrations)) return [];
  return integrations.flatMap((use) => {
    const integration = typeof use === "object" && use !== null ? (use as Properties)["integration"] : UNKNOWN;
    return typeof integration === "string" ? [integration] : [];
  });
}
