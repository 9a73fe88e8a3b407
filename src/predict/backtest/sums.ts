// Means, medians, and percentiles as numpy takes them.

/** A mean that is NaN without values. */
export class Mean {
  sum = 0;
  count = 0;

  add(value: number): void {
    this.sum += value;
    this.count += 1;
  }

  mean(): number {
    return this.count === 0 ? Number.NaN : this.sum / this.count;
  }
}

export function meanOf(values: readonly number[]): number {
  const mean = new Mean();
  for (const value of values) mean.add(value);
  return mean.mean();
}

/** Standard deviation of the population (divisor n); NaN without values. */
export function spreadOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
}

/** Linear between order statistics; NaN without values. */
export function percentileOf(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).toSorted();
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const rest = at - low;
  return rest === 0 ? sorted[low] : sorted[low] + rest * (sorted[low + 1] - sorted[low]);
}

export function medianOf(values: ArrayLike<number>): number {
  return percentileOf(values, 0.5);
}
