/**
 * Which resource of this provider process has spoken for which workspace slot, so that two never share one; and what several may
 * share although people are to be told.
 */

export interface Claims {
  /** Replaces all claims of this URN, and forgets what it shares. Answers the conflicts: slots that another URN of this process holds. */
  claim(urn: string, slots: readonly string[]): { slot: string; urn: string }[];
  /** Adds to the claims of this URN (a slug that has been resolved to an id). Answers conflicts like `claim`. */
  add(urn: string, slots: readonly string[]): { slot: string; urn: string }[];
  /** The URN, other than this one, that claims any of these slots. */
  claimedByOther(urn: string, slots: readonly string[]): string | undefined;
  /** Whether this URN claims anything, and none of these slots. */
  leavesOut(urn: string, slots: readonly string[]): boolean;
  /** Notes that this URN has something which others may have too. */
  share(urn: string, what: string): void;
  /**
   * Another URN that has it. Each pair is answered once, and only where one of the two acts: is made or changed by this run, or
   * would be by its plan. A pair in which nothing moves has been told of in an earlier run.
   */
  sharer(urn: string, what: string, acts: boolean): string | undefined;
}

interface Sharer {
  acts: boolean;
  /** The others of which this one has told. */
  told: Set<string>;
}

export function createClaims(): Claims {
  const held = new Map<string, Set<string>>();
  const shared = new Map<string, Map<string, Sharer>>();
  const sharersOf = (what: string): Map<string, Sharer> => {
    const sharers = shared.get(what) ?? new Map<string, Sharer>();
    shared.set(what, sharers);
    return sharers;
  };
  const sharing = (urn: string, what: string): Sharer => {
    const own = sharersOf(what).get(urn) ?? { acts: false, told: new Set() };
    sharersOf(what).set(urn, own);
    return own;
  };
  const conflicts = (urn: string, slots: readonly string[]) =>
    slots.flatMap((slot) => [...held].filter(([other, theirs]) => other !== urn && theirs.has(slot)).map(([other]) => ({ slot, urn: other })));
  return {
    claim(urn, slots) {
      const found = conflicts(urn, slots);
      held.set(urn, new Set(slots));
      for (const sharers of shared.values()) sharers.delete(urn);
      return found;
    },
    add(urn, slots) {
      const found = conflicts(urn, slots);
      held.set(urn, new Set([...(held.get(urn) ?? []), ...slots]));
      return found;
    },
    leavesOut(urn, slots) {
      const own = held.get(urn);
      return own !== undefined && own.size > 0 && slots.every((slot) => !own.has(slot));
    },
    share: (urn, what) => void sharing(urn, what),
    sharer(urn, what, acts) {
      const own = sharing(urn, what);
      own.acts ||= acts;
      const found = [...sharersOf(what)].find(([other, theirs]) => other !== urn && (own.acts || theirs.acts) && !own.told.has(other) && !theirs.told.has(urn));
      if (found !== undefined) own.told.add(found[0]);
      return found?.[0];
    },
    claimedByOther: (urn, slots) => conflicts(urn, slots)[0]?.urn,
  };
}
