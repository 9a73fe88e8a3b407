// Quantiles of a compressed forecast, stretched back to the unit of the values.
import { stretched } from '../../kernels';
import type { ArimaPaths, CompressedRows } from '../../kernels';
import type { ForecastBatch, ForecastRequest } from '../forecaster';
import { normalQuantile } from './normal-quantile';

// Once, not in each call: where globals are looked up by name (in Jest), that is most of the time.
const { max, min, sqrt } = Math;
// The expected value of skewed loads from five quantiles; see models/quantile-mean.ts.
const MEAN_LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95].map(heavyQuantile);
const MEAN_SHARES = [0.06, 0.19, 0.5, 0.19, 0.06];

/**
 * Quantile of errors with variance 1 as VM load and M4's hourly series have them: narrower in the middle than a
 * normal, wider beyond level .98. Chosen by eye on rnd293's block before 21 September and on M4: gap .125 -> .10.
 */
function heavyQuantile(level: number): number {
  const z = normalQuantile(level);
  const square = z * z;
  return z * (0.75 + 0.06 * square);
}

/**
 * Fills point (= median), mean, and quantiles. Every number is finite, inside the bounds, and no further
 * beyond the known range than that range is wide. O(rows x horizon x levels).
 */
export function spreadQuantiles(
  batch: ForecastBatch,
  paths: ArimaPaths,
  rows: CompressedRows,
  bounds: ForecastRequest['bounds'],
): void {
  const { seriesCount, horizon, levels } = batch;
  const z = levels.map(heavyQuantile);
  for (let r = 0; r < seriesCount; r += 1) {
    const centre = rows.centre[r];
    const unit = rows.unit[r];
    const isKnown = rows.low[r] <= rows.high[r];
    const range = isKnown ? rows.high[r] - rows.low[r] : Number.MAX_VALUE;
    const bottom = isKnown ? rows.low[r] - range : -Number.MAX_VALUE;
    const top = isKnown ? rows.high[r] + range : Number.MAX_VALUE;
    const lower = max(bounds?.lower ?? -Number.MAX_VALUE, min(bottom, bounds?.upper ?? bottom));
    const upper = min(bounds?.upper ?? Number.MAX_VALUE, max(top, bounds?.lower ?? top));
    const at = (h: number, level: number): number => {
      const mean = paths.mean[r * horizon + h];
      const deviation = sqrt(paths.variance[r * horizon + h]);
      const value = stretched(level === 0 ? mean : mean + level * deviation, centre, unit);
      return min(max(value, lower), upper);
    };
    for (let h = 0; h < horizon; h += 1) {
      batch.point[r * horizon + h] = at(h, 0);
      batch.mean[r * horizon + h] = MEAN_LEVELS.reduce(
        (sum, level, k) => sum + MEAN_SHARES[k] * at(h, level),
        0,
      );
      for (let q = 0; q < levels.length; q += 1) {
        batch.quantiles[(r * levels.length + q) * horizon + h] = at(h, z[q]);
      }
    }
  }
}
