/** Lists whose order means nothing, as authorization servers keep redirect URLs and scopes. */

export function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return minus(a, b).length === 0 && minus(b, a).length === 0;
}

export function minus(a: readonly string[], b: readonly string[]): string[] {
  const gone = new Set(b);
  return a.filter((item) => !gone.has(item));
}

/** Without repetition, first appearance first. */
export function union(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())];
}

/** `current` without what was ours formerly and is no longer wished, with all that is wished: what others added stays. */
export function converged(current: readonly string[], wished: readonly string[], formerly: readonly string[]): string[] {
  return union(minus(current, minus(formerly, wished)), wished);
}
