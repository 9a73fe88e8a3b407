// What a night forecasts, fixed by design: two resolutions, their horizons, and the history read.
import { DAY_MS, FIVE_MINUTES_MS, HOUR_MS, type EpochMs } from '../core';

export interface Resolution {
  readonly name: 'hourly' | 'fiveMinute';
  readonly stepMs: number;
  readonly stepsPerDay: number;
  readonly horizon: number;
}

export const HOURLY: Resolution = {
  name: 'hourly',
  stepMs: HOUR_MS,
  stepsPerDay: 24,
  horizon: 168,
};

export const FIVE_MINUTE: Resolution = {
  name: 'fiveMinute',
  stepMs: FIVE_MINUTES_MS,
  stepsPerDay: 288,
  horizon: 288,
};

/** Steps of each resolution that a run forecasts; 0 = not at all. */
export interface Horizons {
  readonly hourly: number;
  readonly fiveMinute: number;
}

export const HORIZONS: Horizons = { hourly: HOURLY.horizon, fiveMinute: FIVE_MINUTE.horizon };

/** The finest first; windows lie in its first day. */
export function resolutionsOf({
  horizons = HORIZONS,
}: {
  readonly horizons?: Horizons;
}): readonly Resolution[] {
  return [
    { ...FIVE_MINUTE, horizon: horizons.fiveMinute },
    { ...HOURLY, horizon: horizons.hourly },
  ].filter(({ horizon }) => horizon > 0);
}

export const HISTORY_DAYS = 28; // four of each weekday; design, section 4
export const BOUNDS = { lower: 0, upper: 400 } as const; // what ingest accepts, cpuPct
/** Less known history than this gives no windows: a day must have been seen twice. */
export const KNOWN_HOURS_MIN = 48;
/** A VM that sent nothing for so long is gone or off. */
export const SILENT_MS_MAX = DAY_MS;

export function historySpan(cutoffMs: EpochMs): {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
} {
  return { fromMs: cutoffMs - HISTORY_DAYS * DAY_MS, toMs: cutoffMs };
}
