// What the learner is told of one start of one night: how this start has fared, and what the VM is doing now.
//
// Loads are in units of the night (day-loads.ts), so that idle and busy VMs are one population.
import { DAYS_BACK, dayLoadsOf, type DayLoads, type LoadSums } from './day-loads';

const SHOWN_DAYS = 7;
const DECAY = 0.8; // of a day's weight, for each day back
const STATE_HOURS = [1, 3, 6, 12] as const;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Names in the order of the numbers. */
export const START_FEATURES: readonly string[] = [
  ...Array.from({ length: SHOWN_DAYS }, (_, day) => `same start ${day + 1} days back`),
  'mean of 3 days',
  'mean of 7 days',
  'mean of all days',
  'weighted mean of all days',
  'same start 14 days back',
  'most of all days',
  'second most of all days',
  'deviation of all days',
  'regret of all days',
  'regret of 3 days',
  'most regret of 7 days',
  'share of days above their mean',
  'weighted mean, an hour around',
  'weighted mean, three hours around',
  'fleet, in units',
  'fleet, by level',
  'half own and half fleet, by level, an hour around',
  'highest bin of the window, mean of 7 days',
  'highest bin of the window, most of 7 days',
  'last value',
  ...STATE_HOURS.map((hours) => `mean of ${hours} h`),
  'level of yesterday against the week',
  'level over unit',
  'yesterday’s gap over unit',
  'fall from the last hour, if yesterday repeats',
  'hours ahead',
  'hour of the day',
  'minute of the hour',
  'day of the week',
];
export const START_FEATURE_COUNT = START_FEATURES.length;

export interface StartCalendar {
  readonly startMs: number;
  readonly stepMs: number;
}

/** What all VMs do at each start (S): mean of their days' loads over their unit, and over their level. */
export interface FleetProfile {
  readonly byUnit: Float64Array;
  readonly byLevel: Float64Array;
}

export function fleetProfile(views: readonly StartFeatures[], startCount: number): FleetProfile {
  const byUnit = new Float64Array(startCount);
  const byLevel = new Float64Array(startCount);
  for (const view of views) {
    const level = Math.max(view.level, LEVEL_MIN);
    for (let s = 0; s < startCount; s += 1) {
      byUnit[s] += view.means[s] / views.length;
      byLevel[s] += view.means[s] / level / views.length;
    }
  }
  return { byUnit, byLevel };
}

const LEVEL_MIN = 0.05; // units

/** One VM at one cutoff; answers for any start. */
export class StartFeatures {
  readonly days: DayLoads;

  /** (S) a plain forecast of the load of each start, in units: the mean of the days, later ones weighted. */
  readonly profile: Float64Array;

  /** (S) mean of all days, in units. */
  readonly means: Float64Array;
  private readonly sums: Float64Array;
  private readonly state: Float64Array;
  private readonly sorted: Float64Array;

  /** O(D S). */
  constructor(
    private readonly series: LoadSums,
    private readonly t: number,
    private readonly stepsPerDay: number,
    private readonly length: number,
    private readonly calendar: StartCalendar,
  ) {
    this.days = dayLoadsOf(series, t, stepsPerDay, length);
    const { dayCount, startCount, loads, unit, dayMeans } = this.days;
    this.profile = new Float64Array(startCount);
    this.means = new Float64Array(startCount);
    let weights = 0;
    for (let day = 0, weight = 1; day < dayCount; day += 1, weight *= DECAY) {
      weights += weight;
      for (let s = 0; s < startCount; s += 1) {
        this.profile[s] += weight * loads[day * startCount + s];
        this.means[s] += loads[day * startCount + s] / dayCount;
      }
    }
    this.sums = new Float64Array(startCount + 1);
    for (let s = 0; s < startCount; s += 1) {
      this.profile[s] /= weights;
      this.sums[s + 1] = this.sums[s] + this.profile[s];
    }
    this.sorted = new Float64Array(dayCount);
    const { sum, filled } = series;
    const hour = stepsPerDay / 24;
    const level = dayMeans[0];
    this.state = Float64Array.from([
      (filled[t - 1] - level) / unit,
      ...STATE_HOURS.map(
        (hours) => ((sum[t] - sum[t - hours * hour]) / (hours * hour) - level) / unit,
      ),
    ]);
  }

  /** Mean size of the level of all days, over the unit. */
  get level(): number {
    const { dayMeans, unit } = this.days;
    return Math.abs(dayMeans.reduce((total, mean) => total + mean, 0)) / dayMeans.length / unit;
  }

  /** Half own profile, half the fleet's by level, over an hour. */
  halves(fleet: FleetProfile): Float64Array {
    const { startCount } = this.days;
    const half = Math.floor(this.stepsPerDay / 48);
    const sums = new Float64Array(startCount + 1);
    const level = this.level;
    for (let s = 0; s < startCount; s += 1) {
      sums[s + 1] = sums[s] + 0.5 * this.means[s] + 0.5 * level * fleet.byLevel[s];
    }
    return Float64Array.from({ length: startCount }, (_, s) => {
      const from = Math.max(0, s - half);
      const to = Math.min(startCount, s + half + 1);
      return (sums[to] - sums[from]) / (to - from);
    });
  }

  /** Writes START_FEATURE_COUNT numbers to `out` from `at`. O(D + L). */
  fill(s: number, fleet: FleetProfile, halves: Float64Array, out: Float32Array, at: number): void {
    const hour = this.stepsPerDay / 24;
    let next = at;
    const put = (value: number): void => {
      out[next] = value;
      next += 1;
    };
    this.sameStart(s, put);
    put(this.around(s, hour));
    put(this.around(s, 3 * hour));
    put(fleet.byUnit[s]);
    put(fleet.byLevel[s] * this.level);
    put(halves[s]);
    this.bins(s, put);
    this.now(s, put);
    const ms = this.calendar.startMs + (this.t + s) * this.calendar.stepMs;
    put(s / hour);
    put(Math.floor((ms % DAY_MS) / HOUR_MS));
    put((ms % HOUR_MS) / 60_000);
    put((Math.floor(ms / DAY_MS) + 3) % 7); // 1970-01-01 was a Thursday
  }

  /** How this start has fared on the days before. */
  private sameStart(s: number, put: (value: number) => void): void {
    const { dayCount, startCount, loads, least } = this.days;
    const load = (day: number): number => loads[Math.min(day, dayCount - 1) * startCount + s];
    const totals = {
      load: 0,
      load3: 0,
      load7: 0,
      squares: 0,
      lost: 0,
      lost3: 0,
      most: 0,
      above: 0,
    };
    for (let day = 0; day < dayCount; day += 1) {
      const own = load(day);
      const lost = own - least[day];
      this.sorted[day] = own;
      totals.load += own;
      totals.squares += own * own;
      totals.lost += lost;
      totals.above += own > 0 ? 1 : 0;
      if (day < 3) {
        totals.load3 += own;
        totals.lost3 += lost;
      }
      if (day < 7) {
        totals.load7 += own;
        totals.most = Math.max(totals.most, lost);
      }
    }
    this.sorted.sort();
    const mean = totals.load / dayCount;
    for (let day = 0; day < SHOWN_DAYS; day += 1) put(load(day));
    put(totals.load3 / Math.min(3, dayCount));
    put(totals.load7 / Math.min(7, dayCount));
    put(mean);
    put(this.profile[s]);
    put(load(DAYS_BACK - 1));
    put(this.sorted[dayCount - 1]);
    put(this.sorted[Math.max(0, dayCount - 2)]);
    put(Math.sqrt(Math.max(0, totals.squares / dayCount - mean * mean)));
    put(totals.lost / dayCount);
    put(totals.lost3 / Math.min(3, dayCount));
    put(totals.most);
    put(totals.above / dayCount);
  }

  /** What the VM does now, and whether yesterday was like the week. */
  private now(s: number, put: (value: number) => void): void {
    const { dayCount, loads, least, unit, dayMeans } = this.days;
    for (const one of this.state) put(one);
    const week = Math.min(7, dayCount);
    let level = 0;
    for (let day = 0; day < week; day += 1) level += dayMeans[day] / week;
    put((dayMeans[0] - level) / unit);
    put(level / unit);
    put(-least[0]);
    put(loads[s] - this.state[1]);
  }

  /** Mean of the weighted profile over starts within `span` columns. */
  private around(s: number, span: number): number {
    const from = Math.max(0, s - span);
    const to = Math.min(this.days.startCount, s + span + 1);
    return (this.sums[to] - this.sums[from]) / (to - from);
  }

  /** The highest bin within the window: its mean and its most over seven days. */
  private bins(s: number, put: (value: number) => void): void {
    const { dayCount, dayMeans, unit } = this.days;
    const week = Math.min(7, dayCount);
    let mean = 0;
    let most = -Infinity;
    for (let day = 0; day < week; day += 1) {
      const from = this.t - (day + 1) * this.stepsPerDay + s;
      let high = -Infinity;
      for (let column = from; column < from + this.length; column += 1) {
        if (this.series.filled[column] > high) high = this.series.filled[column];
      }
      high = (high - dayMeans[day]) / unit;
      mean += high / week;
      if (high > most) most = high;
    }
    put(mean);
    put(most);
  }
}
