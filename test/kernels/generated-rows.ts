// Rows for kernel tests: random walks, seasons, noise; pure functions of seed and row.
import { normal } from '../../src/core';
import type { ArimaRows } from '../../src/kernels';

/** One row of `length` hours: level, a daily wave of its own size, AR(1) noise, sometimes a drift of level. */
export function generatedRow(seed: number, row: number, length: number): Float64Array {
  const values = new Float64Array(length);
  let level = 0;
  let noise = 0;
  for (let t = 0; t < length; t += 1) {
    level += row % 3 === 0 ? 0.2 * normal(seed, row, t, 1) : 0;
    noise = 0.7 * noise + normal(seed, row, t, 2);
    const wave = (row % 4) * 2 * Math.sin((2 * Math.PI * (t + row)) / 24);
    values[t] = 20 + (row % 7) + level + wave + noise;
  }
  return values;
}

export function rowsOf(list: readonly Float64Array[], end?: number, seasonLength = 24): ArimaRows {
  const stride = list[0]?.length ?? 0;
  const values = new Float64Array(list.length * stride);
  list.forEach((row, index) => values.set(row, index * stride));
  return { values, rowCount: list.length, stride, end: end ?? stride, seasonLength };
}

/** `row` with NaN at [from, to). */
export function withHole(row: Float64Array, from: number, to: number): Float64Array {
  return row.map((value, t) => (t >= from && t < to ? Number.NaN : value));
}
