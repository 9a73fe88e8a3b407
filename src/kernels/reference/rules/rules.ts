// The rules themselves: what each baseline says for one lead of one series.
import { decayAt, type RuleName } from '../../rules-kernels';

/** One row, prepared once per forecast: only columns before `known` were read. */
export interface Row {
  /** (length) NaN = missing. */
  readonly values: Float64Array;
  /** (known) last known value carried over gaps; NaN before the first. */
  readonly filled: Float64Array;
  /** Steps per day. */
  readonly seasonLength: number;
}

/** Forecast of `lead` (1 = first step) at the origin `end` <= known; NaN where it has nothing. */
export type Rule = (row: Row, end: number, lead: number) => number;

const DAYS_BACK_MAX = 7; // where a bin is missing, the day before, up to a week

export const lastValue: Rule = (row, end) => (end > 0 ? row.filled[end - 1] : Number.NaN);

/** Same time `stepsBack` ago, or twice, three times ... as long ago; else the last value. */
function sameTime(row: Row, end: number, lead: number, stepsBack: number): number {
  const target = end + lead - 1;
  for (let tries = 1; tries <= DAYS_BACK_MAX; tries += 1) {
    const at = target - tries * stepsBack;
    if (at < 0) break;
    if (at < end && !Number.isNaN(row.values[at])) return row.values[at];
  }
  return lastValue(row, end, lead);
}

export const seasonalNaive: Rule = (row, end, lead) => sameTime(row, end, lead, row.seasonLength);

export const seasonalNaiveWeek: Rule = (row, end, lead) =>
  sameTime(row, end, lead, 7 * row.seasonLength);

/** m3 + .9^hours (last - m3); m3 = mean of the same time on the last three known days. */
export const levelDecay: Rule = (row, end, lead) => {
  const last = lastValue(row, end, lead);
  const { seasonLength } = row;
  const daysBack = Math.ceil(lead / seasonLength);
  let sum = 0;
  let count = 0;
  for (let day = daysBack; day < daysBack + 3; day += 1) {
    const at = end + lead - 1 - day * seasonLength;
    const value = at >= 0 ? row.filled[at] : Number.NaN;
    if (Number.isNaN(value)) continue;
    sum += value;
    count += 1;
  }
  if (count === 0) return last;
  const mean = sum / count;
  return mean + decayAt(lead, seasonLength) * (last - mean);
};

export const RULE_OF: Readonly<Record<RuleName, Rule>> = {
  naive: lastValue,
  'seasonal-naive': seasonalNaive,
  'seasonal-naive-week': seasonalNaiveWeek,
  'level-decay': levelDecay,
};

/** Last known value carried forward over [0, known). O(known). */
export function fillForward(values: Float64Array, known: number): Float64Array {
  const filled = new Float64Array(known);
  let last = Number.NaN;
  for (let at = 0; at < known; at += 1) {
    if (!Number.isNaN(values[at])) last = values[at];
    filled[at] = last;
  }
  return filled;
}
