// The fleet's load, actual and forecast, as integer sums that shards add up exactly.
import { QUANTILE_LEVELS, type SeriesBatch } from '../core';
import type { ForecastBatch } from '../models';

/** Sums over VMs in ten-thousandths of a CPU point, by hour. */
export interface FleetSums {
  /** The last seven days: sum and number of VMs that were known. */
  readonly actual: readonly number[];
  readonly actualCount: readonly number[];
  readonly mean: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly forecastCount: number;
}

const PER_POINT = 10_000;
const ACTUAL_HOURS = 168; // a week: each weekday once
const LOW = QUANTILE_LEVELS.indexOf(0.05);
const HIGH = QUANTILE_LEVELS.indexOf(0.95);

export function fleetSums(hourly: SeriesBatch, forecast: ForecastBatch): FleetSums {
  const hours = Math.min(ACTUAL_HOURS, hourly.length);
  const { horizon, seriesCount, levels } = forecast;
  const zeros = (length: number): number[] => Array.from({ length }, () => 0);
  const [actual, actualCount] = [zeros(hours), zeros(hours)];
  const [mean, low, high] = [zeros(horizon), zeros(horizon), zeros(horizon)];
  for (let row = 0; row < seriesCount; row += 1) {
    const from = (row + 1) * hourly.length - hours;
    for (let hour = 0; hour < hours; hour += 1) {
      const value = hourly.values[from + hour];
      if (Number.isNaN(value)) continue;
      actual[hour] += Math.round(value * PER_POINT);
      actualCount[hour] += 1;
    }
    const quantiles = row * levels.length * horizon;
    for (let lead = 0; lead < horizon; lead += 1) {
      mean[lead] += Math.round(forecast.mean[row * horizon + lead] * PER_POINT);
      low[lead] += Math.round(forecast.quantiles[quantiles + LOW * horizon + lead] * PER_POINT);
      high[lead] += Math.round(forecast.quantiles[quantiles + HIGH * horizon + lead] * PER_POINT);
    }
  }
  return { actual, actualCount, mean, low, high, forecastCount: seriesCount };
}

export function mergeFleetSums(a: FleetSums, b: FleetSums): FleetSums {
  const add = (x: readonly number[], y: readonly number[]): number[] =>
    x.map((value, at) => value + (y[at] ?? 0));
  return {
    actual: add(a.actual, b.actual),
    actualCount: add(a.actualCount, b.actualCount),
    mean: add(a.mean, b.mean),
    low: add(a.low, b.low),
    high: add(a.high, b.high),
    forecastCount: a.forecastCount + b.forecastCount,
  };
}

/** Mean per VM in cpuPct; null where no VM was known. */
export function meansOf(
  sums: readonly number[],
  counts: readonly number[] | number,
): (number | null)[] {
  return sums.map((sum, at) => {
    const count = typeof counts === 'number' ? counts : counts[at];
    return count === 0 ? null : sum / count / PER_POINT;
  });
}
