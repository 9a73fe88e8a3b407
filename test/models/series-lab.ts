// Made-up fleets for tests of models: every value a function of (seed, row, column).
import { batchOf, normal, type SeriesBatch } from '../../src/core';

/** Rows with a daily wave, a level shift, noise, and now and then a gap. */
export function waves(rowCount: number, length: number, seasonLength = 24, seed = 1): SeriesBatch {
  const rows = Array.from({ length: rowCount }, (_, row) =>
    Float64Array.from({ length }, (__, at) => {
      if ((at * 7 + row) % 41 === 0) return Number.NaN;
      const wave = (row % 3) * 4 * Math.sin((2 * Math.PI * at) / seasonLength);
      const level = 20 + row + (at > length / 2 ? 5 * (row % 2) : 0);
      return Math.max(0, level + wave + normal(seed, row, at));
    }),
  );
  return batchOf(0, 86_400_000 / seasonLength, rows);
}

export function scaled(batch: SeriesBatch, factor: number): SeriesBatch {
  return { ...batch, values: batch.values.map((value) => value * factor) };
}

export function permuted(batch: SeriesBatch, order: readonly number[]): SeriesBatch {
  const values = new Float64Array(batch.values.length);
  order.forEach((from, to) => {
    values.set(
      batch.values.subarray(from * batch.length, (from + 1) * batch.length),
      to * batch.length,
    );
  });
  return { ...batch, values };
}

/** The same batch with every value at and after `end` replaced. */
export function futureReplaced(batch: SeriesBatch, end: number, value: number): SeriesBatch {
  return {
    ...batch,
    values: batch.values.map((old, at) => (at % batch.length >= end ? value : old)),
  };
}
