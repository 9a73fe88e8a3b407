// How far a learned correction is believed, and how wide its P95 lies, from errors made before it was learned.

/** A little above 95 %: a static P95 loses coverage as fleets drift. */
const COVERAGE = 0.958;
const SHARES = [0.25, 0.5, 0.75, 1];

/** [ln(measured / physics), the correction that was expected of it before it was learned]. */
export type Expectation = readonly [plain: number, mean: number];

/** Share of the correction that would have had the least error; 0: plain physics. The least of equals. */
export function bestShare(seen: readonly Expectation[]): number {
  return SHARES.reduce(
    (best, share) => (errorOf(seen, share) < errorOf(seen, best) ? share : best),
    0,
  );
}

/** Sum of |ln(measured / predicted)| when this share is applied. */
export function errorOf(seen: readonly Expectation[], share: number): number {
  return seen.reduce((sum, [plain, mean]) => sum + Math.abs(plain - share * mean), 0);
}

/** ln(P95 / P50) that covers these errors. O(n log n). */
export function coveringWidth(errors: readonly number[]): number {
  const sorted = errors.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(COVERAGE * (sorted.length + 1)) - 1)];
}
