/**
 * Which object each URN of the program stands for in this run. The engine replaces by a create and, at the end of the run or of
 * a later one, a delete of the former object under the same URN; the create may have taken that very object over.
 */

export interface Living {
  /** The program declares this URN; what it stands for is not known yet, or is about to be replaced. */
  declared(urn: string): void;
  /** A declared URN stands for this object. A refresh or a destroy declares nothing, so there it says nothing. */
  standsFor(urn: string, id: string): void;
  /** Whether a delete under this URN means the object that goes on living. */
  goesOn(urn: string, id: string): boolean;
  /** The command is over; a process that outlives it (one that a debugger holds) starts afresh. */
  forget(): void;
}

export function createLiving(): Living {
  const objects = new Map<string, string | undefined>();
  return {
    declared: (urn) => void objects.set(urn, undefined),
    standsFor: (urn, id) => void (objects.has(urn) && objects.set(urn, id)),
    goesOn: (urn, id) => objects.get(urn) === id,
    forget: () => objects.clear(),
  };
}
