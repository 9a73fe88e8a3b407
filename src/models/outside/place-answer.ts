// An answer from outside, looked at number by number, and written to its rows.
import { quantileAt, quantileName } from '../../core';
import type { ForecastBatch, ForecastRequest } from '../forecaster';
import type { Answer } from './outside-protocol';

type Target = Omit<ForecastBatch, 'abstentions'>;

const NOT_ANSWERED = 'gave no forecast for the row';

/**
 * Writes `mean` and `quantiles` of each good row, cut to the bounds; returns the rows of the shard that
 * are not good, by why: absent, there twice, a value that is not finite, quantiles that cross. An answer
 * with a row that was not asked for is refused as a whole. O(numbers).
 *
 * rows: (shard) the row of the batch that each row of the question is.
 */
export function placeAnswer(
  answer: Answer,
  rows: Uint32Array,
  request: ForecastRequest,
  batch: Target,
): ReadonlyMap<number, string> {
  const stranger = answer.rows.find((row) => row < 0 || row >= rows.length);
  if (stranger !== undefined) {
    const reason = `its answer has row ${stranger}; 0 to ${rows.length - 1} were asked for`;
    return new Map(Array.from(rows, (_, row) => [row, reason]));
  }
  const refusals = new Map(Array.from(rows, (_, row) => [row, NOT_ANSWERED]));
  const seen = new Set<number>();
  answer.rows.forEach((row, at) => {
    if (seen.has(row)) {
      refusals.set(row, 'answered the row twice');
      return;
    }
    seen.add(row);
    const refused = faultOf(answer, at, request);
    if (refused !== undefined) {
      refusals.set(row, refused);
      return;
    }
    refusals.delete(row);
    write(answer, at, rows[row], request, batch);
  });
  return refusals;
}

/** The first fault of one answered row. */
function faultOf(
  { mean, quantiles }: Answer,
  at: number,
  { horizon, levels }: ForecastRequest,
): string | undefined {
  const columns = [mean, ...quantiles];
  const names = ['mean', ...levels.map(quantileName)];
  for (let column = 0; column < columns.length; column += 1) {
    for (let step = 0; step < horizon; step += 1) {
      const value = columns[column][at * horizon + step];
      if (!Number.isFinite(value)) return `has ${value} in '${names[column]}'`;
      const below = column > 1 ? columns[column - 1][at * horizon + step] : value;
      if (value < below) return `has '${names[column]}' below '${names[column - 1]}'`;
    }
  }
  return undefined;
}

function write(
  answer: Answer,
  at: number,
  row: number,
  { horizon, levels, bounds }: ForecastRequest,
  batch: Target,
): void {
  const lower = bounds?.lower ?? Number.NEGATIVE_INFINITY;
  const upper = bounds?.upper ?? Number.POSITIVE_INFINITY;
  const inside = (from: Float64Array, to: Float64Array, offset: number): void => {
    for (let step = 0; step < horizon; step += 1) {
      to[offset + step] = Math.min(upper, Math.max(lower, from[at * horizon + step]));
    }
  };
  inside(answer.mean, batch.mean, row * horizon);
  answer.quantiles.forEach((from, level) => {
    inside(from, batch.quantiles, (row * levels.length + level) * horizon);
  });
}

const MEDIAN = 0.5;

/** The point of a model that has no other: the median, between levels where it is none of them. */
export function medianOf({ seriesCount, horizon, levels, point, quantiles }: Target): void {
  const across = new Float64Array(levels.length);
  for (let row = 0; row < seriesCount; row += 1) {
    for (let step = 0; step < horizon; step += 1) {
      for (let level = 0; level < levels.length; level += 1) {
        across[level] = quantiles[(row * levels.length + level) * horizon + step];
      }
      point[row * horizon + step] = quantileAt(MEDIAN, levels, across);
    }
  }
}
