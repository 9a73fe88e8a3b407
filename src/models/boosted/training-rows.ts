// The rows that a booster learns from: seeded origins of every series, a few leads of each.
import { hash32, uniform } from '../../core';
import { FEATURE_COUNT, isUsable, type Centring, type FeaturesKernels } from '../../kernels';
import type { TrainingSource } from '../training-source';

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
export async function trainingRows(
  kernels: FeaturesKernels,
  sources: readonly TrainingSource[],
  request: RowRequest,
): Promise<TrainingRows> {
  const { rowsMax } = request;
  const seriesCount = sources.reduce((sum, { history }) => sum + history.seriesCount, 0);
  const bins = sources.reduce((sum, { history, end }) => sum + history.seriesCount * end, 0);
  const wanted = Math.min(rowsMax, ROWS_PER_BIN * bins);
  const originsPerSeries = Math.ceil(wanted / LEADS_PER_ORIGIN / Math.max(1, seriesCount));
  const parts: TrainingRows[] = [];
  let place = 0; // of a source's first series among all
  for (const source of sources) {
    parts.push(await rowsOf(kernels, source, request, originsPerSeries, place));
    place += source.history.seriesCount;
  }
  return parts.length === 1 ? parts[0] : joined(parts);
}

async function rowsOf(
  kernels: FeaturesKernels,
  source: TrainingSource,
  request: RowRequest,
  originsPerSeries: number,
  place: number,
): Promise<TrainingRows> {
  const { history, end } = source;
  const { values, seriesCount, length: stride, startMs, stepMs } = history;
  const { centring, stepsPerDay, horizon } = request;
  const grid = { values, seriesCount, stride, from: 0, end, startMs, stepMs };
  const series = { ...grid, centring, stepsPerDay, horizon };
  const picks = picksOf(source, request, originsPerSeries, place);
  const { features, centre, scale } = await kernels.rowsAt(series, picks);
  const target = new Float32Array(centre.length);
  let rowCount = 0;
  for (let row = 0; row < centre.length; row += 1) {
    const actual = values[picks[3 * row] * stride + picks[3 * row + 1] + picks[3 * row + 2]];
    target[rowCount] = (actual - centre[row]) / scale[row];
    if (!Number.isFinite(target[rowCount])) continue;
    if (rowCount < row) {
      features.copyWithin(rowCount * FEATURE_COUNT, row * FEATURE_COUNT, (row + 1) * FEATURE_COUNT);
    }
    rowCount += 1;
  }
  return {
    rowCount,
    features: features.subarray(0, rowCount * FEATURE_COUNT),
    target: target.subarray(0, rowCount),
  };
}

/** (N, 3) series, origin, lead whose actual is known. */
function picksOf(
  { history, end }: TrainingSource,
  { stepsPerDay, horizon, seed }: RowRequest,
  originsPerSeries: number,
  place: number,
): Int32Array {
  const { values, seriesCount, length: stride } = history;
  const picks = new Int32Array(3 * seriesCount * originsPerSeries * LEADS_PER_ORIGIN);
  const warmDays = end > (WARM_DAYS + KNOWN_DAYS) * stepsPerDay ? WARM_DAYS : WARM_DAYS_MIN;
  let used = 0;
  for (let series = 0; series < seriesCount; series += 1) {
    const from = series * stride;
    let known = 0;
    while (known < end && !isUsable(values[from + known])) known += 1;
    const first = Math.max(warmDays * stepsPerDay, known + KNOWN_DAYS * stepsPerDay);
    if (first >= end) continue;
    for (let draw = 0; draw < originsPerSeries; draw += 1) {
      const origin = first + Math.floor(uniform(seed, place + series, draw) * (end - first));
      for (let one = 0; one < LEADS_PER_ORIGIN; one += 1) {
        const lead = hash32(seed, place + series, draw, one + 1) % horizon;
        if (origin + lead >= end || !Number.isFinite(values[from + origin + lead])) continue;
        picks[used] = series;
        picks[used + 1] = origin;
        picks[used + 2] = lead;
        used += 3;
      }
    }
  }
  return picks.subarray(0, used);
}

function joined(parts: readonly TrainingRows[]): TrainingRows {
  const rowCount = parts.reduce((sum, part) => sum + part.rowCount, 0);
  const features = new Float32Array(rowCount * FEATURE_COUNT);
  const target = new Float32Array(rowCount);
  let at = 0;
  for (const part of parts) {
    features.set(part.features, at * FEATURE_COUNT);
    target.set(part.target, at);
    at += part.rowCount;
  }
  return { rowCount, features, target };
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
