// Evenly spaced values of one or many VMs; a gap is a NaN, never a missing index.
import type { EpochMs } from './time';

/** One series: values[i] belongs to the bucket [startMs + i stepMs, startMs + (i + 1) stepMs). */
export interface Series {
  readonly startMs: EpochMs;
  readonly stepMs: number;
  /** (length), unit of the source; NaN = missing. */
  readonly values: Float64Array;
}

/** Many series on one grid, row-major, so that a shard is one typed array. */
export interface SeriesBatch {
  readonly startMs: EpochMs;
  readonly stepMs: number;
  readonly seriesCount: number;
  readonly length: number;
  /** (seriesCount, length) row-major; NaN = missing. */
  readonly values: Float64Array;
}

/** Row `index` as a view; no copy. */
export function seriesAt(batch: SeriesBatch, index: number): Series {
  const from = index * batch.length;
  return {
    startMs: batch.startMs,
    stepMs: batch.stepMs,
    values: batch.values.subarray(from, from + batch.length),
  };
}

/** A batch of equally long rows; throws RangeError when one differs (a programming error). */
export function batchOf(
  startMs: EpochMs,
  stepMs: number,
  rows: readonly ArrayLike<number>[],
): SeriesBatch {
  const length = rows.length === 0 ? 0 : rows[0].length;
  const values = new Float64Array(rows.length * length);
  rows.forEach((row, index) => {
    if (row.length !== length) {
      throw new RangeError(`row ${index} has ${row.length} values, row 0 has ${length}`);
    }
    values.set(row, index * length);
  });
  return { startMs, stepMs, seriesCount: rows.length, length, values };
}

/** The first columns alone, at most all of them; the batch itself where nothing is cut. O(cells). */
export function columnsBefore(batch: SeriesBatch, end: number): SeriesBatch {
  const length = Math.min(batch.length, Math.max(0, Math.floor(end)));
  if (length === batch.length) return batch;
  const values = new Float64Array(batch.seriesCount * length);
  for (let series = 0; series < batch.seriesCount; series += 1) {
    const from = series * batch.length;
    values.set(batch.values.subarray(from, from + length), series * length);
  }
  return { ...batch, length, values };
}
