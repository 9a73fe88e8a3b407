// Scores in units of each row's scale become quantiles that do not cross, a point, and a mean.
import { QUANTILE_LEVELS } from '../core';
import type { FeaturesKernels } from '../kernels';
import type { Abstention, ForecastBatch, ForecastRequest } from './forecaster';
import { MEAN_SHARES } from './quantile-mean';

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

/** `scores`: (QUANTILE_LEVELS, rows); rows of the series from `first` on. O(rows x levels). */
export async function placeScores(
  kernels: FeaturesKernels,
  { scores, centre, scale }: ScaledRows & { readonly scores: Float32Array },
  { horizon, levels, bounds }: ForecastRequest,
  first: number,
  { point, mean, quantiles }: OpenBatch,
): Promise<void> {
  const outputs = {
    scores,
    levels: QUANTILE_LEVELS,
    centre,
    scale,
    horizon,
    lower: bounds?.lower ?? -Number.MAX_VALUE,
    upper: bounds?.upper ?? Number.MAX_VALUE,
    wanted: levels,
    meanShares: MEAN_SHARES,
  };
  await kernels.place(outputs, { first, point, mean, quantiles });
}
