// Everything that rows of one series ask of its past, as running sums: a mean over any span costs one subtraction.
//
// Symbols: T known columns, u steps per hour, m steps per day. Column t of a sum belongs to bins before t.

/** One series up to the columns that may be known. */
export interface SeriesProfile {
  readonly stepsPerHour: number;
  readonly stepsPerDay: number;
  /** (T) last known value carried on; before the first, the first. */
  readonly filled: Float64Array;
  /** First known column; T when there is none. */
  readonly first: number;
  readonly sum: Float64Array;
  readonly sumOfSquares: Float64Array;
  /** Of |y[t] - y[t - k]| for k = 1 and for ERROR_LEADS_HOURS. */
  readonly steps: Float64Array;
  readonly lastErrors: readonly Float64Array[];
  /** Of the errors of same time yesterday, last week, the means of 3 and 7 days, and of the day's mean. */
  readonly dayErrors: Float64Array;
  readonly weekErrors: Float64Array;
  readonly mean3Errors: Float64Array;
  readonly mean7Errors: Float64Array;
  readonly levelErrors: Float64Array;
}

/** How far ahead the last value is judged: rows take the nearest to their lead. */
export const ERROR_LEADS_HOURS = [1, 3, 6, 12, 18] as const;

/** `values` (T), not finite = missing. O(T), no look at what comes after. */
export function profileOf(
  values: Float64Array,
  stepsPerHour: number,
  stepsPerDay: number,
): SeriesProfile {
  const { filled, first } = carryForward(values);
  const day = stepsPerDay;
  const back = (t: number, steps: number): number => filled[Math.max(0, t - steps)];
  const sum = runningSum(filled.length, (t) => filled[t]);
  const mean = (t: number, days: number): number => {
    let total = 0;
    for (let one = 1; one <= days; one += 1) total += back(t, one * day);
    return total / days;
  };
  const level = (t: number): number => {
    const to = Math.max(1, t - day / 2);
    return spanMean(sum, to, day);
  };
  const error = (of: (t: number) => number): Float64Array =>
    runningSum(filled.length, (t) => Math.abs(filled[t] - of(t)));
  return {
    stepsPerHour,
    stepsPerDay,
    filled,
    first,
    sum,
    sumOfSquares: runningSum(filled.length, (t) => filled[t] * filled[t]),
    steps: error((t) => back(t, 1)),
    lastErrors: ERROR_LEADS_HOURS.map((hours) => error((t) => back(t, hours * stepsPerHour))),
    dayErrors: error((t) => back(t, day)),
    weekErrors: error((t) => back(t, 7 * day)),
    mean3Errors: error((t) => mean(t, 3)),
    mean7Errors: error((t) => mean(t, 7)),
    levelErrors: error(level),
  };
}

/** Mean over the `span` columns before `to`, or over as many as there are; at least one. */
export function spanMean(sums: Float64Array, to: number, span: number): number {
  const from = Math.max(0, to - span);
  return (sums[to] - sums[from]) / Math.max(1, to - from);
}

/** Deviation over the `span` columns before `to`. */
export function spanDeviation(profile: SeriesProfile, to: number, span: number): number {
  const mean = spanMean(profile.sum, to, span);
  return Math.sqrt(Math.max(0, spanMean(profile.sumOfSquares, to, span) - mean * mean));
}

/** (length + 1) sums of the values before each column. */
export function runningSum(length: number, valueAt: (t: number) => number): Float64Array {
  const sums = new Float64Array(length + 1);
  for (let t = 0; t < length; t += 1) sums[t + 1] = sums[t] + valueAt(t);
  return sums;
}

/** Each value, or the last usable one before it; before the first, the first. first = T where there is none. */
export function carryForward(values: Float64Array): { filled: Float64Array; first: number } {
  const filled = new Float64Array(values.length);
  let first = 0;
  while (first < values.length && !isUsable(values[first])) first += 1;
  let last = first < values.length ? values[first] : 0;
  for (let t = 0; t < values.length; t += 1) {
    if (isUsable(values[t])) last = values[t];
    filled[t] = last;
  }
  return { filled, first };
}

const USABLE_MAX = 1e100; // squares and sums of a month stay finite

/** Values beyond it are faults of a meter, not load. */
export function isUsable(value: number): boolean {
  return Math.abs(value) <= USABLE_MAX;
}
