// What a tree is told of a row (series, origin, lead): what the builders of features are asked.
//
// Symbols: T known columns, F features, H leads, N rows. What a feature means: reference/features/row-features.ts.
import type { ByteMatrix } from './boosted-kernels';

/** Where a booster puts the zero and the unit of its rows. */
export const CENTRINGS = ['last', 'blend'] as const;
export type Centring = (typeof CENTRINGS)[number];

/** (F) ascending, distinct; a value's bin is the number of cuts below it, so "bin > b" is "value > cut[b]". */
export type BinCuts = readonly Float32Array[];

export const CUTS_MAX = 62; // 63 bins: histograms of 32 nodes and four features stay in the L1 cache

/** Series on one grid; only columns [from, end) are read. */
export interface FeatureSeries {
  /** (seriesCount, stride) row-major; NaN = missing. */
  readonly values: Float64Array;
  readonly seriesCount: number;
  readonly stride: number;
  readonly from: number;
  readonly end: number;
  /** A multiple of 24; steps of an hour are 1 or even. */
  readonly stepsPerDay: number;
  /** Instant of column `from`, in the zone of the series' days. */
  readonly startMs: number;
  readonly stepMs: number;
  readonly centring: Centring;
  /** Leads are below it. */
  readonly horizon: number;
}

/** Rows after the last known column: all leads of series [first, first + count). */
export interface NightRequest {
  readonly first: number;
  readonly count: number;
  /** A series with fewer columns since its first known value has no rows. */
  readonly knownMin: number;
  /** (F), or empty: then no row has bins. */
  readonly cuts: BinCuts;
}

export interface NightRows {
  /** (F, count x H); all bins of a series without rows are 0. */
  readonly matrix: ByteMatrix;
  /** (count, H), in the unit of the series; without rows the last known value (or 0), and scale 0. */
  readonly centre: Float64Array;
  readonly scale: Float64Array;
  /** (count): columns since the first known value; 0 = none is known. */
  readonly known: Int32Array;
}

export interface PickedRows {
  /** (N, F) row-major. */
  readonly features: Float32Array;
  /** (N) */
  readonly centre: Float64Array;
  readonly scale: Float64Array;
}

/** Outputs of a model in units of each row's scale, and what they become. */
export interface ScaledOutputs {
  /** (levels, N): of `levels`, ascending. */
  readonly scores: Float32Array;
  readonly levels: readonly number[];
  /** (N) */
  readonly centre: Float64Array;
  readonly scale: Float64Array;
  /** Of N rows, `horizon` belong to one series. */
  readonly horizon: number;
  readonly lower: number;
  readonly upper: number;
  /** Levels that are wanted, and those whose weighted sum is the mean. */
  readonly wanted: readonly number[];
  readonly meanShares: readonly (readonly [number, number])[];
}

/** Where they go: arrays of the whole batch, series from `first` on. */
export interface ScaledTargets {
  readonly first: number;
  /** (series, horizon) */
  readonly point: Float64Array;
  readonly mean: Float64Array;
  /** (series, wanted, horizon) */
  readonly quantiles: Float64Array;
}

/** Pure functions; a row never depends on other rows; every backend gives the same bits. */
export abstract class FeaturesKernels {
  /** O(count x (T + H F log cuts)). */
  abstract nightRows(series: FeatureSeries, request: NightRequest): Promise<NightRows>;
  /**
   * `picks`: (N, 3) series, origin, lead; series ascending, 0 < origin <= T. O(series x T + N F), and for
   * each origin a week where steps are shorter than an hour.
   */
  abstract rowsAt(series: FeatureSeries, picks: Int32Array): Promise<PickedRows>;
  /** `rows`: (rowCount, F) row-major. O(rows x F x log cuts). */
  abstract bin(cuts: BinCuts, rows: Float32Array, rowCount: number): Promise<ByteMatrix>;
  /** Centre + score x scale, inside the bounds, sorted, so that quantiles do not cross. O(N levels). */
  abstract place(outputs: ScaledOutputs, targets: ScaledTargets): Promise<void>;
}

const STEPS_PER_HOUR_MAX = 60;

/** Throws RangeError (a programming error) when sizes do not fit. */
export function checkFeatureSeries(series: FeatureSeries): void {
  const { values, seriesCount, stride, from, end, stepsPerDay } = series;
  const hour = stepsPerDay / 24;
  const fits = from >= 0 && from <= end && end <= stride && values.length >= seriesCount * stride;
  if (!fits) throw new RangeError(`${values.length} values are not ${seriesCount} x ${stride}`);
  if (!Number.isInteger(hour) || hour > STEPS_PER_HOUR_MAX || (hour > 1 && hour % 2 === 1)) {
    throw new RangeError(`${stepsPerDay} steps a day; 24, or an even number of steps an hour`);
  }
}

/** Throws RangeError: picks are (series, origin, lead), series ascending. */
export function checkPicks(
  { seriesCount, from, end, horizon }: FeatureSeries,
  picks: Int32Array,
): void {
  let before = 0;
  for (let at = 0; at < picks.length; at += 3) {
    const [series, origin, lead] = [picks[at], picks[at + 1], picks[at + 2]];
    const fits = series >= before && series < seriesCount && origin > 0 && origin <= end - from;
    if (!fits || lead < 0 || lead >= horizon) {
      throw new RangeError(`pick ${at / 3}: series ${series}, origin ${origin}, lead ${lead}`);
    }
    before = series;
  }
}

/** Throws RangeError: too many cuts for a byte's place in a register. */
export function checkCuts(cuts: BinCuts): void {
  if (cuts.some((one) => one.length > CUTS_MAX)) throw new RangeError(`more than ${CUTS_MAX} cuts`);
}

/** Throws RangeError when sizes do not fit. */
export function checkScaled(outputs: ScaledOutputs, targets: ScaledTargets): void {
  const { scores, levels, centre, scale, horizon, wanted } = outputs;
  const rows = centre.length;
  const end = targets.first * horizon + rows;
  const fits =
    scores.length === levels.length * rows &&
    scale.length === rows &&
    rows % horizon === 0 &&
    targets.point.length >= end &&
    targets.mean.length >= end &&
    targets.quantiles.length >= end * wanted.length;
  if (!fits) throw new RangeError(`${scores.length} scores are not ${levels.length} of ${rows}`);
}
