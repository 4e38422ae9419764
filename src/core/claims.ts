/** Which resource of this provider process has spoken for which workspace slot, so that two never share one. */

export interface Claims {
  /** Replaces all claims of this URN. Answers the conflicts: slots that another URN of this process holds. */
  claim(urn: string, slots: readonly string[]): { slot: string; urn: string }[];
  /** Adds to the claims of this URN (a slug that has been resolved to an id). Answers conflicts like `claim`. */
  add(urn: string, slots: readonly string[]): { slot: string; urn: string }[];
  /** The URN, other than this one, that claims any of these slots. */
  claimedByOther(urn: string, slots: readonly string[]): string | undefined;
  /** Whether this URN claims anything, and none of these slots. */
  leavesOut(urn: string, slots: readonly string[]): boolean;
}

export function createClaims(): Claims {
  const held = new Map<string, Set<string>>();
  const conflicts = (urn: string, slots: readonly string[]) =>
    slots.flatMap((slot) => [...held].filter(([other, theirs]) => other !== urn && theirs.has(slot)).map(([other]) => ({ slot, urn: other })));
  return {
    claim(urn, slots) {
      const found = conflicts(urn, slots);
      held.set(urn, new Set(slots));
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
    claimedByOther: (urn, slots) => conflicts(urn, slots)[0]?.urn,
  };
}
