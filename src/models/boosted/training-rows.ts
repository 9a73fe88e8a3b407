// The rows that a booster learns from: seeded origins of every series, a few leads of each.
import { hash32, seriesAt, uniform } from '../../core';
import type { TrainingSource } from '../training-source';
import { FEATURE_COUNT, RowFeatures, type Centring } from './row-features';
import { profileOf } from './series-profile';

export interface TrainingRows {
  readonly rowCount: number;
  /** (rowCount, FEATURE_COUNT) row-major. */
  readonly features: Float32Array;
  /** (rowCount): (y - centre) / scale. */
  readonly target: Float32Array;
}

export interface RowRequest {
  readonly centring: Centring;
  readonly stepsPerDay: number;
  readonly horizon: number;
  readonly rowsMax: number;
  readonly seed: number;
}

const ROWS_PER_BIN = 4; // a small fleet is not told the same hour again and again
const LEADS_PER_ORIGIN = 4; // what an origin costs is shared; more leads of it say little new
const WARM_DAYS = 8; // an origin looks a week back
const WARM_DAYS_MIN = 2; // in a history of a few days
const KNOWN_DAYS = 3; // of the series itself before an origin

/**
 * Up to `rowsMax` rows, alike for every series. Targets that are not known are left out. A row's draw
 * depends on the seed, its series' place, and its number. O(rows x features + cells).
 */
export function trainingRows(
  sources: readonly TrainingSource[],
  request: RowRequest,
): TrainingRows {
  const { stepsPerDay, horizon, rowsMax, seed, centring } = request;
  const seriesCount = sources.reduce((sum, { history }) => sum + history.seriesCount, 0);
  const bins = sources.reduce((sum, { history, end }) => sum + history.seriesCount * end, 0);
  const wanted = Math.min(rowsMax, ROWS_PER_BIN * bins);
  const originsPerSeries = Math.ceil(wanted / LEADS_PER_ORIGIN / Math.max(1, seriesCount));
  const most = originsPerSeries * LEADS_PER_ORIGIN * seriesCount;
  const features = new Float32Array(most * FEATURE_COUNT);
  const target = new Float32Array(most);
  let rowCount = 0;
  let place = 0;
  for (const { history, end } of sources) {
    const warmDays = end > (WARM_DAYS + KNOWN_DAYS) * stepsPerDay ? WARM_DAYS : WARM_DAYS_MIN;
    for (let series = 0; series < history.seriesCount; series += 1, place += 1) {
      const values = seriesAt(history, series).values.subarray(0, end);
      const profile = profileOf(values, stepsPerDay / 24, stepsPerDay);
      const first = Math.max(warmDays * stepsPerDay, profile.first + KNOWN_DAYS * stepsPerDay);
      if (first >= end) continue;
      const row = new RowFeatures(profile, centring, history);
      for (let draw = 0; draw < originsPerSeries; draw += 1) {
        const origin = first + Math.floor(uniform(seed, place, draw) * (end - first));
        for (let one = 0; one < LEADS_PER_ORIGIN; one += 1) {
          const lead = hash32(seed, place, draw, one + 1) % horizon;
          const actual = values[origin + lead];
          if (origin + lead >= end || !Number.isFinite(actual)) continue;
          row.fill(origin, lead, features, rowCount * FEATURE_COUNT);
          target[rowCount] = (actual - row.centre) / row.scale;
          if (Number.isFinite(target[rowCount])) rowCount += 1;
        }
      }
    }
  }
  return {
    rowCount,
    features: features.subarray(0, rowCount * FEATURE_COUNT),
    target: target.subarray(0, rowCount),
  };
}

const CLIP_SHARE = 0.0005; // of the targets on each side
const RATIO_MAX = 64; // scales: a VM that wakes after a week of zeros is no lesson in how far to jump

/** Clips targets in place at their own extreme quantiles, and at RATIO_MAX. */
export function clipTargets(target: Float32Array): void {
  if (target.length === 0) return;
  const sorted = target.toSorted();
  const low = Math.max(-RATIO_MAX, sorted[Math.floor(CLIP_SHARE * (sorted.length - 1))]);
  const high = Math.min(RATIO_MAX, sorted[Math.ceil((1 - CLIP_SHARE) * (sorted.length - 1))]);
  for (let at = 0; at < target.length; at += 1) {
    target[at] = Math.min(high, Math.max(low, target[at]));
  }
}
