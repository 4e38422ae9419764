/** I2, the invariant of secrets: none that no state knows, none that outlives its time, and never a third one without a reason. */

import type { Command, Evidence } from "./evidence.js";
import { type OurClient, type Picture, retiringOf } from "./subjects.js";

export const living = ({ ours }: Picture): OurClient[] => ours.filter(({ deleted }) => !deleted);
/** The first quiet `up`, when everything has been done. */
export const stableOf = ({ afterwards }: Evidence): Command | undefined => afterwards.find(({ what }) => what === "up");

const keysIn = (picture: Picture): string[] => living(picture).flatMap(({ secrets }) => Object.keys(secrets));

/** Keys of the secrets that somebody has to account for at this moment. Of two that are always there: those that slots got from a run that lived. */
function keysOf({ subject, attempts, before }: Evidence, picture: Picture): string[] {
  if (!subject.alwaysTwo) return keysIn(picture);
  const entered = new Set(
    [before, ...attempts.flatMap((each) => (each.killed ? [] : [each.picture])), picture].flatMap(({ slots }) => slots.map(({ clientSecret }) => clientSecret)),
  );
  return living(picture).flatMap(({ secrets }) => Object.entries(secrets).flatMap(([key, value]) => (entered.has(value) ? [key] : [])));
}

export function secretsKnown(evidence: Evidence): string[] {
  const { attempts, subject, before } = evidence;
  /** Left by a process that died: found by their mark, and in a state as soon as a run gets that far. */
  let ofTheDead: string[] = [];
  return attempts.flatMap(({ what, outcome: { kept, failure }, killed, picture }) => {
    if (killed) {
      ofTheDead = keysOf(evidence, picture);
      return [];
    }
    if (kept === undefined && failure !== undefined)
      return [
        ...picture.ours.map(({ clientId }) => `the failed ${what} left client ${clientId}, and the engine keeps nothing of it`),
        ...picture.slots
          .filter(({ slug }) => !before.slots.some((slot) => slot.slug === slug))
          .map(({ slug }) => `the failed ${what} left ${slug} filled, and the engine keeps nothing of it`),
      ];
    const known = kept && subject.known(kept.state);
    return known === undefined
      ? []
      : keysOf(evidence, picture)
          .filter((key) => !known.includes(key) && !(failure !== undefined && ofTheDead.includes(key)))
          .map((key) => `secret ${key} is in no state after the ${what}`);
  });
}

export function secretsWhenStable(evidence: Evidence): string[] {
  const { attempts, played, subject, before } = evidence;
  const stable = stableOf(evidence);
  const { kept } = stable?.outcome ?? {};
  if (stable === undefined || kept === undefined) return [];
  const { picture, endingAccepted } = stable;
  const known = subject.known(kept.state) ?? [];
  const retiring = retiringOf(kept.state);
  const counted = subject.known(kept.state) === undefined ? [] : keysOf(evidence, picture);
  const left = counted.filter((key) => !known.includes(key)).map((key) => `secret ${key} is left over`);
  const lost = known.filter((key) => !keysIn(picture).includes(key)).map((key) => `secret ${key} of the state is nowhere`);
  const twice = known.slice(1).includes(known[0] ?? "") ? ["the secret in use is recorded as retiring"] : [];
  const endless = endingAccepted === true ? ["the secret that was to end is still accepted when all is done"] : [];
  const overlap =
    played.operation === "rotateAtOnce" && !played.changed && retiring.length > 0 ? [`without an overlap, ${retiring.join(", ")} is still retiring`] : [];
  // Nothing was asked for but a look.
  const gone = attempts.some(({ outcome }) => outcome.changed && outcome.kept === undefined);
  const changed = played.operation === "read" && !gone && secretsIn(before) !== secretsIn(picture) ? ["another secret than before"] : [];
  return [...left, ...lost, ...twice, ...endless, ...overlap, ...changed, ...slotsWhenStable(evidence, stable)];
}

const secretsIn = (picture: Picture): string => JSON.stringify(living(picture).map(({ secrets }) => secrets));

function slotsWhenStable({ subject, declared }: Evidence, { picture, outcome: { kept } }: Command): string[] {
  if (kept === undefined) return [];
  const current = subject.current(picture, kept.state);
  const slugs = subject.slotsOf(declared);
  const wrong = slugs.flatMap((slug) => {
    const held = picture.slots.find((slot) => slot.slug === slug);
    if (held === undefined) return [`${slug} holds no client`];
    if (held.clientId !== kept.state["clientId"]) return [`${slug} holds another client`];
    return held.clientSecret === current ? [] : [`${slug} holds another secret than the current one`];
  });
  const undeclared = picture.slots.filter(({ slug }) => !slugs.includes(slug)).map(({ slug }) => `${slug} is not declared and holds our client`);
  return [...wrong, ...undeclared];
}

/**
 * Where secrets stand beside each other: the one in use and the one before, or the one before and one that a run has just added. One
 * more for each run that did not end well, from the first one on that had written a slot: which of their secrets a slot holds, the
 * next run cannot tell, so none ends before its overlap.
 */
export function thirdSecrets({ subject, attempts, afterwards }: Evidence): string[] {
  if (subject.server !== "entra") return [];
  let allowed = 2;
  let written = false;
  return [...attempts, ...afterwards].flatMap(({ what, outcome: { failure }, calls, picture }) => {
    written ||= calls.some(({ counterpart, changes, status, fault }) => counterpart === "odeus" && changes && ((status ?? 500) < 300 || fault !== undefined));
    if (failure !== undefined && written) allowed += 1;
    const count = keysIn(picture).length;
    return count > allowed ? [`${count} secrets of ours after the ${what}, where ${allowed} have a reason`] : [];
  });
}
