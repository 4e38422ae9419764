/** Our mark: who made a client, so that a run without state finds its own work and leaves that of others alone. */

import { createHash } from "node:crypto";

export interface Mark {
  /** Project and stack, with the backend's word where one is set: clients with the same one belong together. */
  stack: string;
  /** The resource inside the stack: parent types, kind and name. */
  resource: string;
  /** Key made of both: the same in every run, in both hosts. */
  key: string;
  /** Which making of the resource: a replaced resource and the one in its place differ in nothing else. */
  generation?: string;
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

/** Whether this name at a server is a key of ours, of whichever stack: nobody else makes such names. */
export function isKey(name: string | null): boolean {
  return name !== null && /^odeus-[0-9a-f]{32}$/.test(name);
}

/** For messages: resource and stack as people name them. */
export function nameOfMark(mark: Mark): string {
  return `${mark.resource.split("/").slice(-2).join(" ")} of stack ${mark.stack}`;
}

/** Microsoft Entra takes tags of at most 256 characters, without white space. */
const LONGEST_TAG = 256;
const KEY = "odeus-key:";
const STACK = "odeus-stack:";
const RESOURCE = "odeus-resource:";
const GENERATION = "odeus-generation:";

/** Our mark as tags: the key to decide by, stack and resource for people. */
export function tagsOf(mark: Mark): string[] {
  const tag = (prefix: string, text: string): string => `${prefix}${encodeURIComponent(text)}`.slice(0, LONGEST_TAG);
  return [
    `${KEY}${mark.key}`,
    tag(STACK, mark.stack),
    tag(RESOURCE, mark.resource),
    ...(mark.generation === undefined ? [] : [tag(GENERATION, mark.generation)]),
  ];
}

/** The mark that these tags carry. One whose key does not fit its own words was copied or edited by hand: no mark. */
export function markOfTags(tags: readonly string[]): Mark | undefined {
  const read = (prefix: string): string | undefined => tags.find((tag) => tag.startsWith(prefix))?.slice(prefix.length);
  const [key, stack, resource] = [read(KEY), read(STACK), read(RESOURCE)];
  if (key === undefined || stack === undefined || resource === undefined) return undefined;
  const generation = read(GENERATION);
  const mark = { key, stack: decoded(stack), resource: decoded(resource), ...(generation === undefined ? {} : { generation }) };
  const cut = [STACK.length + stack.length, RESOURCE.length + resource.length].includes(LONGEST_TAG);
  return cut || keyOf(mark.stack, mark.resource) === key ? mark : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Cut in the middle of an escape.
    return text;
  }
}

export function isMarkTag(tag: string): boolean {
  return [KEY, STACK, RESOURCE, GENERATION].some((prefix) => tag.startsWith(prefix));
}

const IN_TEXT = / ?\[(odeus-key:[^\s\]]+ odeus-stack:[^\s\]]+ odeus-resource:[^\s\]]+(?: odeus-generation:[^\s\]]+)?)\]\s*$/;

/** For servers with one field for people's comments: theirs first, our mark behind it. */
export function withMark(comment: string, mark: Mark): string {
  return `${comment}${comment === "" ? "" : " "}[${tagsOf(mark).join(" ")}]`;
}

/** A comment taken apart again. */
export function readComment(text: string): { comment: string; mark: Mark | undefined } {
  const tags = IN_TEXT.exec(text)?.[1];
  return tags === undefined ? { comment: text, mark: undefined } : { comment: text.replace(IN_TEXT, ""), mark: markOfTags(tags.split(" ")) };
}

/**
 * Whose the client with this mark is by now, in words, where it is not this resource's any more. The generation decides: a
 * resource that was renamed or moved has another key than its mark until its next change.
 */
export function ownerOtherThan(mine: Mark, found: Mark | undefined): string | undefined {
  if (found?.generation === undefined || mine.generation === undefined || found.generation === mine.generation) return undefined;
  return found.key === mine.key ? "the resource that replaces this one" : nameOfMark(found);
}
