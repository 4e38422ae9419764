/** "Did you mean": the names nearest to one that does not exist. */

import { distance } from "fastest-levenshtein";

/** At most three names, nearest first; none where nothing is near. */
export function nearest(name: string, names: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  return [...names]
    .map((candidate) => ({ candidate, far: distance(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= Math.max(2, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.far - b.far || a.candidate.localeCompare(b.candidate))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** ` Did you mean "a" or "b"?`, or nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const near = nearest(name, names).map((candidate) => `"${candidate}"`);
  return near.length === 0 ? "" : ` Did you mean ${near.join(" or ")}?`;
}
