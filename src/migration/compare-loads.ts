// How quiet the chosen windows are beside "now", a random hour, and fixed 02:00.
import { DAY_MS, FIVE_MINUTES_MS, roundTo, seedOf, uniform } from '../core';
import type { EpochMs, Series } from '../core';

/** One VM's day: actual loads where they are known by now, else the forecast's mean. */
export interface ComparedVm {
  readonly vmId: string;
  /** The first window of its document. */
  readonly window: { readonly notBeforeMs: EpochMs; readonly notAfterMs: EpochMs };
  /** cpuPct; NaN = missing. */
  readonly load: Series;
}

export interface ComparedLoads {
  /** VMs that have a load at all four moments; only they are compared. */
  readonly vms: number;
  /** Mean over these VMs, percent; undefined when there is none. */
  readonly meanLoadPct?: {
    readonly now: number;
    readonly random: number;
    readonly '02:00': number;
    readonly chosen: number;
  };
}

/**
 * Mean load of the same VMs over spans of equal length that start at four moments: the cutoff, a
 * random five-minute start of the day (seeded by tenant, date, and VM), the next 02:00 of the
 * tenant's zone, and the chosen window. A VM without any value in one of them is left out.
 */
export function compareLoads(
  vms: readonly ComparedVm[],
  day: { readonly cutoffMs: EpochMs; readonly timeZone: string; readonly seed: number },
): ComparedLoads {
  const { cutoffMs } = day;
  const twoMs = nextTwoOClock(cutoffMs, day.timeZone);
  const sums = [0, 0, 0, 0];
  let count = 0;
  for (const { vmId, window, load } of vms) {
    const lengthMs = window.notAfterMs - window.notBeforeMs;
    const room = Math.max(1, Math.floor((DAY_MS - lengthMs) / FIVE_MINUTES_MS) + 1);
    const step = Math.floor(uniform(day.seed, seedOf(vmId)) * room);
    const starts = [cutoffMs, cutoffMs + step * FIVE_MINUTES_MS, twoMs, window.notBeforeMs];
    const means = starts.map((startMs) => meanBetween(load, startMs, startMs + lengthMs));
    if (means.some((mean) => Number.isNaN(mean))) continue;
    means.forEach((mean, i) => (sums[i] += mean));
    count += 1;
  }
  if (count === 0) return { vms: 0 };
  const [now, random, two, chosen] = sums.map((sum) => roundTo(sum / count, 2));
  return { vms: count, meanLoadPct: { now, random, '02:00': two, chosen } };
}

/** Mean of the known values of the buckets that start in [fromMs, toMs); NaN when none. */
export function meanBetween(load: Series, fromMs: EpochMs, toMs: EpochMs): number {
  const first = Math.max(0, Math.ceil((fromMs - load.startMs) / load.stepMs));
  const end = Math.min(load.values.length, Math.ceil((toMs - load.startMs) / load.stepMs));
  let sum = 0;
  let count = 0;
  for (let i = first; i < end; i += 1) {
    if (Number.isNaN(load.values[i])) continue;
    sum += load.values[i];
    count += 1;
  }
  return count === 0 ? NaN : sum / count;
}

/**
 * The first five-minute instant at or after `fromMs` at which the local clock reaches 02:00; where
 * the clock jumps over it (daylight saving), the first instant after the jump.
 */
export function nextTwoOClock(fromMs: EpochMs, timeZone: string): EpochMs {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const minuteOfDay = (tsMs: EpochMs): number => {
    const [hour, minute] = format.format(new Date(tsMs)).split(':').map(Number);
    return hour * 60 + minute;
  };
  let tsMs = Math.ceil(fromMs / FIVE_MINUTES_MS) * FIVE_MINUTES_MS;
  let before = minuteOfDay(tsMs - FIVE_MINUTES_MS);
  for (;;) {
    const minute = minuteOfDay(tsMs);
    if (minute >= 120 && before < 120) return tsMs;
    before = minute;
    tsMs += FIVE_MINUTES_MS;
  }
}
