/** Pulumi's resource names: urn:pulumi:<stack>::<project>::<type>$<type>::<name>. */

/** The last type of a URN, for example `odeus:index:OAuthClientConfig`. */
export function typeOf(urn: string): string {
  return (urn.split("::")[2] ?? "").split("$").at(-1) ?? "";
}

/** The last part of a type token: the kind of resource, the same for both hosts. */
export function kindOf(token: string): string {
  return token.split(":").at(-1) ?? "";
}

/** For people: `OAuthClientConfig "mail"`. */
export function describeUrn(urn: string): string {
  // A name may itself hold "::".
  return `${kindOf(typeOf(urn))} ${JSON.stringify(urn.split("::").slice(3).join("::"))}`;
}
