// From expected loads to the quietest windows of a night that do not overlap.
import { seriesAt, type SeriesBatch } from '../../../core';
import type { Kernels } from '../../../kernels';
import { WINDOW_DEFAULTS } from '../rank-windows';
import { loadSums } from './day-loads';
import { expectedLoads, viewsOf, type StartModel } from './learn-starts';
import { fleetProfile } from './start-features';

/** Load that a forecast expects of each column of a VM's night, in the unit of the series. */
export interface NightForecast {
  readonly mean: Float64Array;
  readonly median: Float64Array;
  /** A high quantile, where there is one: a load that the median does not see. */
  readonly high?: Float64Array;
}

export interface RankRequest {
  /** All columns are known; the night begins after the last. */
  readonly history: SeriesBatch;
  readonly stepsPerDay: number;
  /** Columns of a window. */
  readonly length: number;
  readonly model: StartModel;
  readonly kernels: Kernels;
  /** (stepsPerDay) of one series. */
  readonly forecastOf: (series: number) => NightForecast;
}

/** Shares of the learned and of the forecast load; either alone lost 3 to 10 % of regret (docs/migration.md). */
const LEARNED_SHARE = 0.5;
const HIGH_SHARE = 0.3; // of the high quantile beside mean and median (lab lesson 11)

/**
 * By series: starts in columns after the cutoff, best first, earlier of equals. A VM with less than three days
 * of history is ranked by its forecast alone. O(series x (D S + S trees)).
 */
export async function rankStarts(request: RankRequest): Promise<readonly (readonly number[])[]> {
  const { history, stepsPerDay, length, model, kernels, forecastOf } = request;
  const fleet = Array.from({ length: history.seriesCount }, (_, series) =>
    loadSums(seriesAt(history, series).values),
  );
  const startCount = stepsPerDay - length + 1;
  const views = viewsOf(fleet, history.length, request, history);
  const profile = fleetProfile([...views.values()], startCount);
  const ranked: (readonly number[])[] = [];
  for (let series = 0; series < history.seriesCount; series += 1) {
    const view = views.get(series);
    const forecast = forecastLoads(forecastOf(series), length, view?.days.unit ?? 1);
    if (view !== undefined) {
      const learned = await expectedLoads(kernels, model, view, profile);
      for (let s = 0; s < startCount; s += 1) {
        forecast[s] += LEARNED_SHARE * (learned[s] - forecast[s]);
      }
    }
    ranked.push(quietest(forecast, length, WINDOW_DEFAULTS.windowsMax));
  }
  return ranked;
}

/** (S) load of each window less its night's mean, over `unit`: mean, median, and a share of the high quantile. */
function forecastLoads(
  { mean, median, high }: NightForecast,
  length: number,
  unit: number,
): Float64Array {
  const share = high === undefined ? 0 : HIGH_SHARE;
  const sums = new Float64Array(mean.length + 1);
  for (let at = 0; at < mean.length; at += 1) {
    const load = (mean[at] + median[at] + share * (high?.[at] ?? 0)) / (2 + share);
    sums[at + 1] = sums[at] + load;
  }
  const night = sums[mean.length] / mean.length;
  return Float64Array.from(
    { length: mean.length - length + 1 },
    (_, s) => ((sums[s + length] - sums[s]) / length - night) / unit,
  );
}

/** Starts of the least windows that do not overlap, least first. O(count S). */
export function quietest(loads: Float64Array, length: number, count: number): readonly number[] {
  const starts: number[] = [];
  while (starts.length < count) {
    let best = -1;
    for (let s = 0; s < loads.length; s += 1) {
      if (starts.some((taken) => Math.abs(taken - s) < length)) continue;
      if (best < 0 || loads[s] < loads[best]) best = s;
    }
    if (best < 0) return starts;
    starts.push(best);
  }
  return starts;
}
