// Scores in units of each row's scale become quantiles that do not cross, a point, and a mean.
import { QUANTILE_LEVELS, quantileAt } from '../core';
import type { Abstention, ForecastBatch, ForecastRequest } from './forecaster';
import { meanOfQuantiles } from './quantile-mean';

export type OpenBatch = ForecastBatch & { readonly abstentions: Map<number, Abstention> };

/** Centre and scale of each row (series, lead) of a block, in the unit of the series. */
export interface ScaledRows {
  readonly centre: Float64Array;
  readonly scale: Float64Array;
}

/** Nothing forecast yet. */
export function openBatch(seriesCount: number, { horizon, levels }: ForecastRequest): OpenBatch {
  return {
    seriesCount,
    horizon,
    levels,
    point: new Float64Array(seriesCount * horizon),
    mean: new Float64Array(seriesCount * horizon),
    quantiles: new Float64Array(seriesCount * levels.length * horizon),
    status: new Uint8Array(seriesCount),
    abstentions: new Map<number, Abstention>(),
  };
}

/** `scoreAt(row, level)` for QUANTILE_LEVELS; rows of the series from `first` on. O(rows x levels). */
export function writeScaledRows(
  scoreAt: (row: number, level: number) => number,
  { centre, scale }: ScaledRows,
  { horizon, levels, bounds }: ForecastRequest,
  first: number,
  batch: OpenBatch,
): void {
  const lower = bounds?.lower ?? -Number.MAX_VALUE;
  const upper = bounds?.upper ?? Number.MAX_VALUE;
  const own = new Float64Array(QUANTILE_LEVELS.length);
  for (let row = 0; row < centre.length; row += 1) {
    const series = first + Math.floor(row / horizon);
    const lead = row % horizon;
    for (let level = 0; level < own.length; level += 1) {
      const value = centre[row] + scoreAt(row, level) * scale[row];
      own[level] = Math.min(upper, Math.max(lower, value));
    }
    own.sort();
    batch.point[series * horizon + lead] = quantileAt(0.5, QUANTILE_LEVELS, own);
    batch.mean[series * horizon + lead] = meanOfQuantiles(QUANTILE_LEVELS, own);
    for (let level = 0; level < levels.length; level += 1) {
      const to = (series * levels.length + level) * horizon + lead;
      batch.quantiles[to] = quantileAt(levels[level], QUANTILE_LEVELS, own);
    }
  }
}
