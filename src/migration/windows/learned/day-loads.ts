// Loads of the windows of the days before one cutoff: what has happened at each start.
//
// Symbols: t the cutoff (first unknown column), m columns per day, L columns of a window, S = m - L + 1 starts of a
// day, D days looked back. Window s of day d back covers columns [t - d m + s, t - d m + s + L): all of them known.
import { carryForward, isUsable, runningSum } from '../../../kernels';

/** Days that are looked back at most. */
export const DAYS_BACK = 14;

/** One series as running sums: a mean over any span costs one subtraction. */
export interface LoadSums {
  /** (T) last known value carried on. */
  readonly filled: Float64Array;
  /** (T + 1) sums of `filled` and of known columns before each. */
  readonly sum: Float64Array;
  readonly known: Float64Array;
  /** First known column; T when there is none. */
  readonly first: number;
}

/** `values` (T), NaN = missing. O(T). */
export function loadSums(values: Float64Array): LoadSums {
  const { filled, first } = carryForward(values);
  const sum = runningSum(filled.length, (t) => filled[t]);
  const known = runningSum(values.length, (t) => (isUsable(values[t]) ? 1 : 0));
  return { filled, sum, known, first };
}

/** What the days before one cutoff say of each start. */
export interface DayLoads {
  /** Days that were looked at, 1 to DAYS_BACK. */
  readonly dayCount: number;
  readonly startCount: number;
  /** Mean over seven days of (mean window - least window), never 0: the unit of all loads of this night. */
  readonly unit: number;
  /** (dayCount): mean load of day d + 1 back, in the unit of the series. */
  readonly dayMeans: Float64Array;
  /** (dayCount, S): (window - its day's mean) / unit. */
  readonly loads: Float64Array;
  /** (dayCount): the least of `loads`. */
  readonly least: Float64Array;
}

const UNIT_DAYS = 7;
const UNIT_SHARE = 0.02; // of the level: a flat VM has a unit, too
const UNIT_MIN = 1e-30;

/** O(D S). `t` >= m. */
export function dayLoadsOf(
  { sum, first }: LoadSums,
  t: number,
  stepsPerDay: number,
  length: number,
): DayLoads {
  const whole = Math.floor((t - Math.min(t, first)) / stepsPerDay);
  const dayCount = Math.max(1, Math.min(DAYS_BACK, whole));
  const startCount = stepsPerDay - length + 1;
  const loads = new Float64Array(dayCount * startCount);
  const dayMeans = new Float64Array(dayCount);
  const least = new Float64Array(dayCount);
  let gaps = 0;
  let level = 0;
  const unitDays = Math.min(UNIT_DAYS, dayCount);
  for (let day = 0; day < dayCount; day += 1) {
    const from = t - (day + 1) * stepsPerDay;
    dayMeans[day] = (sum[from + stepsPerDay] - sum[from]) / stepsPerDay;
    let lowest = Infinity;
    let total = 0;
    for (let s = 0; s < startCount; s += 1) {
      const load = (sum[from + s + length] - sum[from + s]) / length;
      loads[day * startCount + s] = load;
      total += load;
      if (load < lowest) lowest = load;
    }
    least[day] = lowest;
    if (day < unitDays) {
      gaps += total / startCount - lowest;
      level += Math.abs(dayMeans[day]);
    }
  }
  const unit = gaps / unitDays + (UNIT_SHARE * level) / unitDays + UNIT_MIN;
  for (let day = 0; day < dayCount; day += 1) {
    least[day] = (least[day] - dayMeans[day]) / unit;
    for (let s = 0; s < startCount; s += 1) {
      const at = day * startCount + s;
      loads[at] = (loads[at] - dayMeans[day]) / unit;
    }
  }
  return { dayCount, startCount, unit, dayMeans, loads, least };
}
