// One VM's forecast day as prefix sums: the load of any span of steps in constant time.
import { roundTo } from '../../../core';
import type { RankRows } from '../../windows-kernels';

/** Percent, to .01. */
export interface SpanLoad {
  readonly mean: number;
  readonly p05: number;
  readonly p50: number;
  readonly p95: number;
}

/** Weights of mean, median, and q95 in the expected harm (lab lesson 11). */
const HARM_WEIGHT_MEAN = 1;
const HARM_WEIGHT_MEDIAN = 1;
const HARM_WEIGHT_HIGH = 0.3;
const HARM_WEIGHTS = HARM_WEIGHT_MEAN + HARM_WEIGHT_MEDIAN + HARM_WEIGHT_HIGH;
/** The harm is smoothed over an hour: single quiet steps of a forecast mean nothing. */
const SMOOTH_STEPS = 12;

/** Where a level lies among the levels of a batch: left index and share of the right one. */
export interface LevelPlace {
  readonly left: number;
  readonly right: number;
  readonly share: number;
}

/** The levels that a span of steps is told by. */
export const SPAN_LEVELS = [0.05, 0.5, 0.95];

/** Prefix sums: at [i] the sum over the first i steps; (horizon + 1). */
export interface LoadProfile {
  readonly stepCount: number;
  readonly meanSum: Float64Array;
  readonly lowSum: Float64Array;
  readonly medianSum: Float64Array;
  readonly highSum: Float64Array;
  /** Of the smoothed harm, percent. */
  readonly harmSum: Float64Array;
  /** The highest mean forecast of a step, percent. */
  readonly meanMax: number;
}

/** Profiles of the rows of one batch. O(horizon) each. */
export class LoadProfiles {
  private readonly places: readonly LevelPlace[];

  constructor(private readonly forecast: RankRows) {
    this.places = SPAN_LEVELS.map((level) => placeOf(level, forecast.levels));
  }

  row(index: number): LoadProfile {
    const { horizon, mean, finer } = this.forecast;
    const [low, median, high] = this.places.map((place) => this.level(index, place));
    const means = repeated(mean.subarray(index * horizon, (index + 1) * horizon), finer);
    const harm = new Float64Array(means.length);
    let meanMax = 0;
    for (let t = 0; t < means.length; t += 1) {
      harm[t] =
        (HARM_WEIGHT_MEAN * means[t] +
          HARM_WEIGHT_MEDIAN * median[t] +
          HARM_WEIGHT_HIGH * high[t]) /
        HARM_WEIGHTS;
      if (means[t] > meanMax) meanMax = means[t];
    }
    return {
      stepCount: means.length,
      meanSum: prefixSums(means),
      lowSum: prefixSums(low),
      medianSum: prefixSums(median),
      highSum: prefixSums(high),
      harmSum: prefixSums(smoothed(harm)),
      meanMax,
    };
  }

  private level(index: number, place: LevelPlace): Float64Array {
    const { horizon, levels, quantiles, finer } = this.forecast;
    const from = index * levels.length * horizon;
    const values = new Float64Array(horizon);
    for (let t = 0; t < horizon; t += 1) {
      const left = quantiles[from + place.left * horizon + t];
      const right = quantiles[from + place.right * horizon + t];
      values[t] = left + place.share * (right - left);
    }
    return repeated(values, finer);
  }
}

/** Each value `times` times: a coarse forecast on the grid of the windows. */
function repeated(values: Float64Array, times: number): Float64Array {
  if (times === 1) return values;
  return Float64Array.from(
    { length: values.length * times },
    (_, t) => values[Math.floor(t / times)],
  );
}

/** Mean over steps [from, to) of what the prefix sums were made of; `to` > `from`. */
export function spanMean(prefix: Float64Array, from: number, to: number): number {
  return (prefix[to] - prefix[from]) / (to - from);
}

/** Load over steps [from, to), rounded to 0.01 %. */
export function spanLoad(profile: LoadProfile, from: number, to: number): SpanLoad {
  return {
    mean: roundTo(spanMean(profile.meanSum, from, to), 2),
    p05: roundTo(spanMean(profile.lowSum, from, to), 2),
    p50: roundTo(spanMean(profile.medianSum, from, to), 2),
    p95: roundTo(spanMean(profile.highSum, from, to), 2),
  };
}

export function placeOf(level: number, levels: readonly number[]): LevelPlace {
  const last = levels.length - 1;
  if (level <= levels[0]) return { left: 0, right: 0, share: 0 };
  if (level >= levels[last]) return { left: last, right: last, share: 0 };
  let right = 1;
  while (levels[right] < level) right += 1;
  const left = right - 1;
  return { left, right, share: (level - levels[left]) / (levels[right] - levels[left]) };
}

function prefixSums(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (let t = 0; t < values.length; t += 1) sums[t + 1] = sums[t] + values[t];
  return sums;
}

/** Centred moving mean over an hour, cut at the ends of the day. */
function smoothed(values: Float64Array): Float64Array {
  const sums = prefixSums(values);
  const result = new Float64Array(values.length);
  const half = SMOOTH_STEPS / 2;
  for (let t = 0; t < values.length; t += 1) {
    const from = Math.max(0, t - half);
    const to = Math.min(values.length, t + half);
    result[t] = (sums[to] - sums[from]) / (to - from);
  }
  return result;
}
