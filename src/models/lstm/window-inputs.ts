// What the LSTM sees of one VM at one origin: days of hours, then what rules say of the hours to come.
//
// Symbols: t the origin (first unknown column), u columns per hour, T = 168 steps, I = 12 inputs, F the hours that are
// forecast. Step s < T - F is the hour of columns [t - (T - F - s) u, t - (T - F - s - 1) u); the last F steps are the
// hours from t on, of which only calendar and rules are known. Every input lies in [-1, 1]: bytes carry no more.
import { spanDeviation, spanMean, type RowFeatures, type SeriesProfile } from '../../kernels';
import type { WeekWaves } from './week-waves';

export const STEPS = 168;

/** Of a past hour; of a coming hour, inputs 2 to 6 are RULES_SHOWN against the centre. */
export const INPUT_NAMES: readonly string[] = [
  'level, fine', // up to one unit from the week's mean
  'level, coarse', // up to eight units
  'change from a day before',
  'change from a week before',
  'most of the hour over its mean',
  'last of the hour over its mean',
  'share that is missing',
  'sine of the day',
  'cosine of the day',
  'sine of the week',
  'cosine of the week',
  'error of the same time yesterday over the unit',
];
export const INPUT_COUNT = INPUT_NAMES.length;
export const WINDOW_SIZE = STEPS * INPUT_COUNT;

const WAVES_AT = 7;
const RATIO_AT = 11;
const COARSE = 8; // units
const DEVIATIONS = 2; // one unit: most hours lie within it
const FLOOR_SHARE = 0.05; // of the mean level: a flat week has a unit, too
const UNIT_MIN = 1e-30;
const RATIO_OCTAVES = 6; // error over unit between 1/64 and 64
const ERRORS = 3; // errors that a rule may lie from the centre
const RULES_SHOWN = [0, 1, 2, 4, 5] as const; // last, day, week, mean of 7 days, level
const FUTURE_MAX = 72; // hours; the past keeps four days at least
const HOURS_PER_DAY = 24;
const HOURS_PER_WEEK = 168;

const clip = (x: number): number => (x > 1 ? 1 : x >= -1 ? x : -1);

/** One series up to what may be known. */
export interface WindowSeries {
  readonly profile: SeriesProfile;
  /** What the profile was made of: NaN = missing. */
  readonly values: Float64Array;
  readonly features: RowFeatures;
  readonly waves: WeekWaves;
}

/** Mean and unit of the week before an origin: the zero and the one of the inputs. */
interface Week {
  readonly mean: number;
  readonly unit: number;
  readonly ratio: number;
}

/** Writes T x I numbers to `out` from `at`; columns before the first are the first value. O(T (u + I)). */
export function fillWindow(
  series: WindowSeries,
  t: number,
  horizon: number,
  out: Float32Array,
  at: number,
): void {
  const { profile, features } = series;
  const hour = profile.stepsPerHour;
  const span = HOURS_PER_WEEK * hour;
  const mean = spanMean(profile.sum, t, span);
  const unit =
    DEVIATIONS * spanDeviation(profile, t, span) + FLOOR_SHARE * Math.abs(mean) + UNIT_MIN;
  features.place(t, 0);
  const week = { mean, unit, ratio: clip(Math.log2(features.error / unit) / RATIO_OCTAVES) };
  const future = Math.min(FUTURE_MAX, Math.ceil(horizon / hour));
  const past = STEPS - future;
  for (let step = 0; step < past; step += 1) {
    fillPast(series, week, t - (past - 1 - step) * hour, out, at + step * INPUT_COUNT);
  }
  for (let ahead = 0; ahead < future; ahead += 1) {
    const lead = Math.min(horizon - 1, ahead * hour + (hour >> 1));
    features.place(t, lead);
    const to = at + (past + ahead) * INPUT_COUNT;
    fillFuture(features, week, out, to);
    series.waves.write(t + ahead * hour, out, to + WAVES_AT);
  }
}

/** The hour that ends before column `end`. */
function fillPast(
  { profile, values, waves }: WindowSeries,
  { mean, unit, ratio }: Week,
  end: number,
  out: Float32Array,
  to: number,
): void {
  const { filled, stepsPerHour: hour } = profile;
  const own = hourMean(profile, end);
  let most = own;
  let missing = 0;
  for (let column = end - hour; column < end; column += 1) {
    if (column < 0 || !Number.isFinite(values[column])) missing += 1;
    else if (filled[column] > most) most = filled[column];
  }
  const last = end > 0 ? filled[end - 1] : own;
  out[to] = clip((own - mean) / unit);
  out[to + 1] = clip((own - mean) / (COARSE * unit));
  out[to + 2] = clip((own - hourMean(profile, end - HOURS_PER_DAY * hour)) / unit);
  out[to + 3] = clip((own - hourMean(profile, end - HOURS_PER_WEEK * hour)) / unit);
  out[to + 4] = clip((most - own) / unit);
  out[to + 5] = clip((last - own) / unit);
  out[to + 6] = missing / hour;
  waves.write(end - hour, out, to + WAVES_AT);
  out[to + RATIO_AT] = ratio;
}

/** The hour that `features` was placed at. */
function fillFuture(
  { centre, error, rules }: RowFeatures,
  { mean, unit, ratio }: Week,
  out: Float32Array,
  to: number,
): void {
  out[to] = clip((centre - mean) / unit);
  out[to + 1] = clip((centre - mean) / (COARSE * unit));
  RULES_SHOWN.forEach((rule, one) => {
    out[to + 2 + one] = clip((rules[rule] - centre) / (ERRORS * error));
  });
  out[to + RATIO_AT] = ratio;
}

/** Mean of the hour that ends before column `end`; before the first column, its value. */
function hourMean({ sum, filled, stepsPerHour: hour }: SeriesProfile, end: number): number {
  if (end <= 0) return filled[0];
  const from = Math.max(0, end - hour);
  return (sum[end] - sum[from]) / (end - from);
}
