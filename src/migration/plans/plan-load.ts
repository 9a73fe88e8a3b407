// The forecast load of a VM at any moment of the next days: five minutes where known, then hours.
import { HOUR_MS, type EpochMs } from '../../core';

export interface LoadSeries {
  readonly startMs: EpochMs;
  readonly stepMs: number;
  /** Percent of the VM's allotment. */
  readonly mean: ArrayLike<number>;
}

/** The finest first. */
export type PlanLoad = readonly LoadSeries[];

const WEEK_HOURS = 168;

/** Mean percent over [fromMs, toMs); beyond the last forecast the same hour a week or day before. */
export function meanLoad(load: PlanLoad, fromMs: EpochMs, toMs: EpochMs): number {
  const stepMs = load[0].stepMs;
  let sum = 0;
  let count = 0;
  for (let at = fromMs; at < toMs || count === 0; at += stepMs) {
    sum += loadAt(load, at);
    count += 1;
  }
  return sum / count;
}

export function loadAt(load: PlanLoad, atMs: EpochMs): number {
  for (const { startMs, stepMs, mean } of load) {
    const step = Math.floor((atMs - startMs) / stepMs);
    if (step >= 0 && step < mean.length) return Math.max(0, mean[step]);
  }
  return Math.max(0, beyond(load[load.length - 1], atMs));
}

/** Back by whole weeks, or by whole days where less than a week is forecast. */
function beyond({ startMs, stepMs, mean }: LoadSeries, atMs: EpochMs): number {
  if (atMs < startMs) return mean[0];
  const hours = (mean.length * stepMs) / HOUR_MS;
  const periodHours = hours >= WEEK_HOURS ? WEEK_HOURS : hours >= 24 ? 24 : hours;
  const period = Math.round((periodHours * HOUR_MS) / stepMs);
  const step = Math.floor((atMs - startMs) / stepMs);
  return mean[mean.length - period + ((step - mean.length) % period)];
}
