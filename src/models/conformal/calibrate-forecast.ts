// A forecast with its quantiles shifted by what was learned of them; the median stays where it is.
import { quantileAt } from '../../core';
import type { ForecastBatch } from '../forecaster';
import { meanOfQuantiles } from '../quantile-mean';
import type { Calibration } from './calibration';

const MEDIAN = 0.5;
const QUARTILE = 0.25;
/** Of the distance between the quartiles: a quantile on the median has a width, too. */
const QUARTILE_SHARE = 0.25;

export interface ValueBounds {
  readonly lower: number;
  readonly upper: number;
}

/**
 * q becomes q + (own + fleet shift) x (|q - median| + a quarter of the distance between the quartiles):
 * of a series that scales, everything scales. Quantiles never pass the median or each other, and keep
 * `bounds`; those of a constant forecast stay. The mean follows. Levels as calibrated, with .5 or
 * without. `grid`: quantiles move by whole multiples of it, so that what lies on a value that comes
 * again and again is not pushed off it by next to nothing. O(series x levels x horizon).
 */
export function calibrateForecast(
  forecast: ForecastBatch,
  calibration: Calibration,
  bounds?: ValueBounds,
  grid?: number,
): ForecastBatch {
  const { seriesCount, horizon, levels } = forecast;
  const { blocks, own, fleet } = calibration;
  const quantiles = forecast.quantiles.slice();
  const mean = forecast.mean.slice();
  const row = new Float64Array(levels.length);
  const above = levels.filter((level) => level <= MEDIAN).length;
  for (let series = 0; series < seriesCount; series += 1) {
    for (let block = 0; block < blocks.length; block += 1) {
      const { from, to } = blocks[block];
      const cell = (series * blocks.length + block) * levels.length;
      const shiftOf = (level: number): number =>
        own[cell + level] + fleet[block * levels.length + level];
      for (let lead = from; lead <= Math.min(to, horizon); lead += 1) {
        const first = series * levels.length * horizon + lead - 1;
        for (let level = 0; level < levels.length; level += 1) {
          row[level] = quantiles[first + level * horizon];
        }
        shiftRow(row, levels, above, shiftOf, bounds, grid);
        for (let level = 0; level < levels.length; level += 1) {
          quantiles[first + level * horizon] = row[level];
        }
        mean[series * horizon + lead - 1] = meanOfQuantiles(levels, row);
      }
    }
  }
  return { ...forecast, quantiles, mean };
}

/** In place; outward from the median, so that what crosses stops at its neighbour. `above`: levels up to it. */
function shiftRow(
  row: Float64Array,
  levels: readonly number[],
  above: number,
  shiftOf: (level: number) => number,
  bounds: ValueBounds | undefined,
  grid: number | undefined,
): void {
  const median = quantileAt(MEDIAN, levels, row);
  const least = Math.min(median, bounds?.lower ?? Number.NEGATIVE_INFINITY);
  const most = Math.max(median, bounds?.upper ?? Number.POSITIVE_INFINITY);
  const between = quantileAt(1 - QUARTILE, levels, row) - quantileAt(QUARTILE, levels, row);
  const shifted = (level: number): number => {
    const width = Math.abs(row[level] - median) + QUARTILE_SHARE * between;
    const shift = shiftOf(level) * width;
    return row[level] + (grid === undefined ? shift : Math.round(shift / grid) * grid);
  };
  let edge = median;
  for (let level = above - 1; level >= 0; level -= 1) {
    if (levels[level] === MEDIAN) continue;
    edge = Math.max(least, Math.min(edge, shifted(level)));
    row[level] = edge;
  }
  edge = median;
  for (let level = above; level < levels.length; level += 1) {
    edge = Math.min(most, Math.max(edge, shifted(level)));
    row[level] = edge;
  }
}
