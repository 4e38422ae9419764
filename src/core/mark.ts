/** Our mark: who made a client, so that a run without state finds its own work and leaves that of others alone. */

import { createHash } from "node:crypto";

export interface Mark {
  /** Project and stack, with the backend's word where one is set: clients with the same one belong together. */
  stack: string;
  /** The resource inside the stack: parent types, kind and name. */
  resource: string;
  /** Key made of both: the same in every run, in both hosts. */
  key: string;
}

/** Parts of urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>. */
export function markOf(urn: string, owner: string | undefined): Mark {
  const [stackPart = "", project = "", types = "", ...name] = urn.split("::");
  const chain = types.split("$");
  // The token of the type itself differs between the two hosts; its last word, the kind, does not.
  const kind = (chain.pop() ?? "").split(":").pop() ?? "";
  const stack = [project, stackPart.replace(/^urn:pulumi:/, ""), ...(owner === undefined ? [] : [owner])].join("/");
  const resource = [...chain, kind, name.join("::")].join("/");
  return { stack, resource, key: keyOf(stack, resource) };
}

export function keyOf(stack: string, resource: string): string {
  return `odeus-${createHash("sha256").update(`${stack}\n${resource}`).digest("hex").slice(0, 32)}`;
}

/** For messages: resource and stack as people name them. */
export function nameOfMark(mark: Mark): string {
  return `${mark.resource.split("/").slice(-2).join(" ")} of stack ${mark.stack}`;
}
