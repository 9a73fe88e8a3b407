// The quantile levels that every forecast carries, and interpolation between them.

/** Levels of every forecast, ascending. Others are interpolated. */
export const QUANTILE_LEVELS = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99] as const;

/** "q05", "q50", "q025": the column name of a level. */
export function quantileName(level: number): string {
  const digits = level.toFixed(6).slice(2).replace(/0+$/, '');
  return `q${digits.padEnd(2, '0')}`;
}

/**
 * Value at `level` from `values` at ascending `levels`; linear between, flat beyond the ends.
 * NaN where a needed value is NaN. O(levels).
 */
export function quantileAt(
  level: number,
  levels: readonly number[],
  values: ArrayLike<number>,
): number {
  const last = levels.length - 1;
  if (level <= levels[0]) return values[0];
  if (level >= levels[last]) return values[last];
  let right = 1;
  while (levels[right] < level) right += 1;
  const share = (level - levels[right - 1]) / (levels[right] - levels[right - 1]);
  if (share === 1) return values[right];
  return values[right - 1] + share * (values[right] - values[right - 1]);
}
