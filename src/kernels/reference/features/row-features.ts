// What a tree may ask of a row (series, origin, lead): levels, shapes of earlier days, and how rules have fared.
//
// Symbols: t the origin (first unknown column), k = t + lead the target, C the centre, S the scale of the row.
// Every feature is a difference or a ratio over S (or a calendar number), so that a fleet of idle and of busy VMs
// is one population, and scaling a series by a power of two changes no bit.
// Source: lab recipe behind src/predict/backtest; M5 winners (Makridakis et al. 2022) use the like.
import type { Centring } from '../../features-kernels';
import { ERROR_LEADS_HOURS, spanDeviation, spanMean, type SeriesProfile } from './series-profile';

/** One instant of the calendar: the batch's start, in the zone of its days. */
export interface Calendar {
  readonly startMs: number;
  readonly stepMs: number;
}

const DAYS = 7;
const MEAN_HOURS = [1, 2, 3, 6, 12, 24, 72, 168] as const;
const DEVIATION_HOURS = [6, 24, 168] as const;
const LAGS = [2, 3, 4, 6] as const;
const DAYS_COMPARED = [0, 1, 6] as const; // yesterday, the day before, a week ago
const RULES = ['last', 'day', 'week', 'mean3', 'mean7', 'level', 'decay'] as const;
export const DECAY_PER_HOUR = 0.9; // lab: level decay
const FLOOR_SHARE = 0.02; // of the week's mean level: an idle hour does not blow up its ratios
const SCALE_MIN = 1e-30; // a series of zeros has a scale, too
const ERROR_FLOOR_SHARE = 0.05; // a rule that was lucky for a week does not get all the weight
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Names in the order of the numbers: importance and documentation speak of them. */
export const FEATURE_NAMES: readonly string[] = [
  ...Array.from({ length: DAYS }, (_, day) => `same time ${day + 1} days back`),
  ...Array.from({ length: 3 }, (_, day) => `exact bin ${day + 1} days back`),
  ...['before', 'after'].map((side) => `yesterday, ${side} the same time`),
  ...['mean 3', 'mean 7', 'median 7', 'deviation 7', 'least 7', 'most 7'].map(
    (name) => `same time: ${name} days`,
  ),
  ...DAYS_COMPARED.flatMap((day) => [
    `same time ${day + 1} days back against its day`,
    `same time ${day + 1} days back against its origin`,
  ]),
  ...LAGS.map((lag) => `${lag} bins ago`),
  ...MEAN_HOURS.map((hours) => `mean of ${hours} h`),
  ...DEVIATION_HOURS.map((hours) => `deviation of ${hours} h`),
  ...['step, day', 'step, week', 'day to day, day', 'day to day, week'].map(
    (name) => `mean change: ${name}`,
  ),
  'least of the day',
  'most of the day',
  'last value',
  'origin a day ago',
  'minute of the hour, day',
  'minute of the hour, week',
  ...RULES.map((rule) => `rule ${rule}`),
  ...RULES.map((rule) => `error of ${rule}`),
  'lead',
  'hour of day',
  'day of week',
  'minute of hour',
];

export const FEATURE_COUNT = FEATURE_NAMES.length;

/** Fills rows of one series; keeps what the leads of one origin share. Not for use by two at once. */
export class RowFeatures {
  /** Of the row last filled, in the unit of the series. */
  centre = 0;
  scale = 1;
  /** Mean error of the same time yesterday over the week, never 0: what an error of this series is like. */
  error = 1;

  private origin = -1;
  private readonly shared = new Float64Array(FEATURE_COUNT);
  private readonly minuteMeans: Float64Array;
  private readonly days = new Float64Array(DAYS);
  private readonly sorted = new Float64Array(DAYS);
  /** By RULES, of the row last filled or placed. */
  readonly rules = new Float64Array(RULES.length);
  private readonly errors = new Float64Array(RULES.length);
  private last = 0;
  private level = 0;
  private week = 0;
  private lastScale = 1;
  private floor = 0;

  constructor(
    private readonly profile: SeriesProfile,
    private readonly centring: Centring,
    private readonly calendar: Calendar,
  ) {
    this.minuteMeans = new Float64Array(2 * profile.stepsPerHour);
  }

  /** Writes FEATURE_COUNT numbers to `out` from `at`. 0 < t <= T; lead counts from 0. O(features). */
  fill(t: number, lead: number, out: Float32Array, at: number): void {
    if (t !== this.origin) this.begin(t);
    this.applyRules(t, lead);
    const { centre, scale } = this;
    let next = at;
    const ratio = (value: number): void => {
      out[next] = value / scale;
      next += 1;
    };
    this.daysOf(t, lead, ratio);
    this.originsOf(t, ratio);
    const minute = (t + lead) % this.profile.stepsPerHour;
    ratio(this.minuteMeans[minute]);
    ratio(this.minuteMeans[this.profile.stepsPerHour + minute]);
    for (const rule of this.rules) ratio(rule - centre);
    for (const error of this.errors) ratio(error);
    out[next] = lead / this.profile.stepsPerHour;
    writeCalendar(this.calendar, t + lead, out, next + 1);
  }

  /** Centre and scale of a row alone, without its features. Arguments as in `fill`. */
  place(t: number, lead: number): void {
    if (t !== this.origin) this.begin(t);
    this.applyRules(t, lead);
  }

  /** What the leads of an origin share: level, scale, means of the minutes of the hour. */
  private begin(t: number): void {
    const { profile } = this;
    const { stepsPerDay: day, stepsPerHour: hour, sum } = profile;
    this.origin = t;
    this.last = profile.filled[t - 1];
    this.level = spanMean(sum, t, day);
    this.week = spanMean(sum, t, 7 * day);
    this.floor = FLOOR_SHARE * Math.abs(this.week) + SCALE_MIN;
    const deviation = spanDeviation(profile, t, 7 * day);
    const size = Math.max(Math.abs(this.level), 0.5 * Math.abs(this.last));
    this.lastScale = size + 0.25 * deviation + this.floor;
    this.minutes(t, day, 0);
    this.minutes(t, 7 * day, hour);
  }

  /** Mean of each minute of the hour over `span`, less the mean of all: spikes at fixed minutes. */
  private minutes(t: number, span: number, to: number): void {
    const { stepsPerHour: hour, filled, sum } = this.profile;
    this.minuteMeans.fill(0, to, to + hour);
    if (hour === 1) return;
    const mean = spanMean(sum, t, span);
    for (let bin = 0; bin < hour; bin += 1) {
      const at = t + bin;
      let total = 0;
      let count = 0;
      for (let back = hour; back <= span; back += hour) {
        if (at - back < 0) break;
        total += filled[at - back];
        count += 1;
      }
      if (count > 0) this.minuteMeans[to + (at % hour)] = total / count - mean;
    }
  }

  /** Rules for the target, their past errors, and from both the row's centre and scale. */
  private applyRules(t: number, lead: number): void {
    const { profile, rules, errors, days } = this;
    const { stepsPerDay: day, stepsPerHour: hour, filled } = profile;
    const firstBack = (Math.floor(lead / day) + 1) * day;
    const half = hour > 1 ? hour / 2 : 0;
    for (let one = 0; one < DAYS; one += 1) {
      const column = t + lead - firstBack - one * day;
      days[one] = half === 0 ? filled[Math.max(0, column)] : this.around(column, half, t);
    }
    const weekBack = 7 * day * Math.ceil(firstBack / (7 * day));
    const leadHours = (lead + 1) / hour;
    rules[0] = this.last;
    rules[1] = filled[Math.max(0, t + lead - firstBack)];
    rules[2] = filled[Math.max(0, t + lead - weekBack)];
    rules[3] = (days[0] + days[1] + days[2]) / 3;
    rules[4] = (days[0] + days[1] + days[2] + days[3] + days[4] + days[5] + days[6]) / 7;
    rules[5] = this.level;
    rules[6] = rules[3] + DECAY_PER_HOUR ** leadHours * (this.last - rules[3]);
    const week = 7 * day;
    let nearest = 0;
    while (
      nearest + 1 < ERROR_LEADS_HOURS.length &&
      leadHours > (ERROR_LEADS_HOURS[nearest] + ERROR_LEADS_HOURS[nearest + 1]) / 2
    ) {
      nearest += 1;
    }
    errors[0] = spanMean(profile.lastErrors[nearest], t, week);
    errors[1] = spanMean(profile.dayErrors, t, week);
    errors[2] = spanMean(profile.weekErrors, t, week);
    errors[3] = spanMean(profile.mean3Errors, t, week);
    errors[4] = spanMean(profile.mean7Errors, t, week);
    errors[5] = spanMean(profile.levelErrors, t, week);
    errors[6] = Math.min(errors[0], errors[3]);
    this.error = errors[1] + 0.05 * this.floor;
    if (this.centring === 'last') {
      this.centre = this.last;
      this.scale = this.lastScale;
    } else {
      this.blend();
    }
  }

  /** Rules weighted by 1 / error^2; scale = the geometric mean of level and day-to-day error. */
  private blend(): void {
    const { rules, errors } = this;
    let mean = 0;
    for (const error of errors) mean += error / errors.length;
    mean += SCALE_MIN;
    let weights = 0;
    let sum = 0;
    for (let rule = 0; rule < rules.length; rule += 1) {
      const weight = 1 / (errors[rule] / mean + ERROR_FLOOR_SHARE) ** 2;
      weights += weight;
      sum += weight * rules[rule];
    }
    this.centre = sum / weights;
    const size = Math.max(Math.abs(this.level), 0.5 * Math.abs(this.last)) + this.floor;
    this.scale = Math.sqrt(size) * Math.sqrt(errors[1] + this.floor);
  }

  /** Mean of the bins around a column, none of them at or after `t`. */
  private around(column: number, half: number, t: number): number {
    const from = Math.max(0, column - half);
    const to = Math.min(t, Math.max(1, column + half + 1));
    return to > from ? (this.profile.sum[to] - this.profile.sum[from]) / (to - from) : this.last;
  }

  private daysOf(t: number, lead: number, ratio: (value: number) => void): void {
    const { profile, days, sorted, centre } = this;
    const { stepsPerDay: day, stepsPerHour: hour, filled, sum } = profile;
    const firstBack = (Math.floor(lead / day) + 1) * day;
    const column = t + lead - firstBack;
    let total = 0;
    let squares = 0;
    for (const value of days) {
      ratio(value - centre);
      total += value;
      squares += value * value;
    }
    for (let one = 0; one < 3; one += 1) ratio(filled[Math.max(0, column - one * day)] - centre);
    const aside = hour === 1 ? 1 : 2 * hour;
    ratio(filled[Math.max(0, Math.min(t - 1, column - aside))] - centre);
    ratio(filled[Math.max(0, Math.min(t - 1, column + aside))] - centre);
    sorted.set(days);
    sorted.sort();
    ratio((days[0] + days[1] + days[2]) / 3 - centre);
    ratio(total / DAYS - centre);
    ratio(sorted[3] - centre);
    ratio(Math.sqrt(Math.max(0, squares / DAYS - (total / DAYS) ** 2)));
    ratio(sorted[0] - centre);
    ratio(sorted[DAYS - 1] - centre);
    for (const one of DAYS_COMPARED) {
      const began = Math.max(1, t - firstBack + day - (one + 1) * day);
      ratio(days[one] - spanMean(sum, began + day > t ? t : began + day, day));
      ratio(days[one] - filled[began - 1]);
    }
  }

  private originsOf(t: number, ratio: (value: number) => void): void {
    const { profile, centre, last } = this;
    const { stepsPerDay: day, stepsPerHour: hour, filled, sum } = profile;
    for (const lag of LAGS) ratio(filled[Math.max(0, t - lag)] - centre);
    for (const hours of MEAN_HOURS) ratio(spanMean(sum, t, hours * hour) - centre);
    if (this.shared[0] !== t) this.dayRange(t);
    for (const hours of DEVIATION_HOURS) ratio(spanDeviation(profile, t, hours * hour));
    ratio(spanMean(profile.steps, t, day));
    ratio(spanMean(profile.steps, t, 7 * day));
    ratio(spanMean(profile.dayErrors, t, day));
    ratio(spanMean(profile.dayErrors, t, 7 * day));
    ratio(this.shared[1] - centre);
    ratio(this.shared[2] - centre);
    ratio(last - (this.centring === 'last' ? 0 : centre));
    ratio(filled[Math.max(0, t - day - 1)] - last);
  }

  /** Extremes of the last day, once for an origin. */
  private dayRange(t: number): void {
    const { filled, stepsPerDay: day } = this.profile;
    let least = filled[t - 1];
    let most = least;
    for (let at = Math.max(0, t - day); at < t; at += 1) {
      if (filled[at] < least) least = filled[at];
      if (filled[at] > most) most = filled[at];
    }
    this.shared[0] = t;
    this.shared[1] = least;
    this.shared[2] = most;
  }
}

export const CALENDAR_COUNT = 3;

/** Hour of the day, day of the week, minute of the hour of a column. */
export function writeCalendar(
  { startMs, stepMs }: Calendar,
  column: number,
  out: Float32Array,
  at: number,
): void {
  const ms = startMs + column * stepMs;
  out[at] = Math.floor((ms % DAY_MS) / HOUR_MS);
  out[at + 1] = (Math.floor(ms / DAY_MS) + 3) % 7; // 1970-01-01 was a Thursday
  out[at + 2] = (ms % HOUR_MS) / 60_000;
}
