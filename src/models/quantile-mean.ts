// The expected value of skewed loads, read off their quantiles.
import { quantileAt } from '../core';

// Lab, lesson 6: 3 % better in squared error than a booster of the mean.
export const MEAN_SHARES: readonly (readonly [number, number])[] = [
  [0.05, 0.06],
  [0.25, 0.19],
  [0.5, 0.5],
  [0.75, 0.19],
  [0.95, 0.06],
];

/** `values` at ascending `levels`. O(levels). */
export function meanOfQuantiles(levels: readonly number[], values: ArrayLike<number>): number {
  let sum = 0;
  for (const [level, share] of MEAN_SHARES) sum += share * quantileAt(level, levels, values);
  return sum;
}
