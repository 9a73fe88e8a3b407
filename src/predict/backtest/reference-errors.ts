// What every model is measured against: actuals, naive and seasonal naive, and MASE scales.
import { BASELINES, fillForward } from '../../models';
import type { Origins } from './origins';
import type { Panel } from './panel';

/** Cells are (series, origins, horizon), row-major. */
export interface Reference {
  readonly seriesCount: number;
  readonly originCount: number;
  readonly horizon: number;
  /** NaN where there is no actual, or nothing was known before the origin. */
  readonly actual: Float64Array;
  readonly naive: Float64Array;
  readonly seasonalNaive: Float64Array;
  /** (series, origins): mean |y[t] - y[t-m]| before the origin, m = season and m = 1. */
  readonly seasonScale: Float64Array;
  readonly stepScale: Float64Array;
  readonly requested: number;
}

/** The arithmetic of lab/score.py; `truth` holds the actuals, on any grid of the same step. */
export function referenceOf(
  panel: Panel,
  origins: Origins,
  horizon: number,
  season: number,
  truth: (series: number, column: number) => number,
): Reference {
  const seriesCount = panel.ids.length;
  const originCount = origins.count;
  const cells = seriesCount * originCount * horizon;
  const actual = new Float64Array(cells).fill(Number.NaN);
  const naive = new Float64Array(cells).fill(Number.NaN);
  const seasonalNaive = new Float64Array(cells).fill(Number.NaN);
  const seasonScale = new Float64Array(seriesCount * originCount);
  const stepScale = new Float64Array(seriesCount * originCount);
  let requested = 0;
  for (let series = 0; series < seriesCount; series += 1) {
    const values = panel.values.subarray(series * panel.length, (series + 1) * panel.length);
    const row = { values, filled: fillForward(values, panel.length), seasonLength: season };
    for (let origin = 0; origin < originCount; origin += 1) {
      const pair = series * originCount + origin;
      const end = origins.cutoffs[pair];
      seasonScale[pair] = meanStep(values, end, season);
      stepScale[pair] = meanStep(values, end, 1);
      for (let lead = 1; lead <= horizon; lead += 1) {
        const at = pair * horizon + lead - 1;
        naive[at] = BASELINES.naive(row, end, lead);
        seasonalNaive[at] = BASELINES['seasonal-naive'](row, end, lead);
        if (!Number.isNaN(naive[at])) actual[at] = truth(series, end + lead - 1);
        if (!Number.isNaN(actual[at])) requested += 1;
      }
    }
  }
  return {
    seriesCount,
    originCount,
    horizon,
    actual,
    naive,
    seasonalNaive,
    seasonScale,
    stepScale,
    requested,
  };
}

/** Mean |y[t] - y[t - lag]| over t < end; 0 without a pair. */
function meanStep(values: Float64Array, end: number, lag: number): number {
  let sum = 0;
  let count = 0;
  for (let at = lag; at < end; at += 1) {
    const difference = Math.abs(values[at] - values[at - lag]);
    if (Number.isNaN(difference)) continue;
    sum += difference;
    count += 1;
  }
  return sum / Math.max(1, count);
}
