// Series for the ARIMA benches, and what a right answer is.
import { DomainError, normal } from '../../core';
import { FIT, FIT_WIDTH, ORDER_WIDTH, openKernels, orderBytes } from '../../kernels';
import type { ArimaFits, ArimaOrder, ArimaRows } from '../../kernels';
import type { BenchResult } from './bench-entry';

export const POINTS = 672; // four weeks of hours
export const DAY = 24;
/** (2,0,1)(1,1,1)24, the model of the speed goals. */
export const GOAL_ORDER: ArimaOrder = { p: 2, d: 0, q: 1, P: 1, D: 1, Q: 1, mean: false };

// Per point: residual 6, five derivative recursions 6, sums of a 6-parameter normal matrix 28.
const MULTIPLY_ADDS_PER_POINT = 40;

export function benchRows(rowCount: number): ArimaRows {
  const values = new Float64Array(rowCount * POINTS);
  for (let r = 0; r < rowCount; r += 1) {
    let noise = 0;
    for (let t = 0; t < POINTS; t += 1) {
      noise = 0.7 * noise + normal(1, r, t);
      const wave = (r % 5) * Math.sin((2 * Math.PI * (t + r)) / DAY);
      values[r * POINTS + t] = 20 + (r % 11) + 3 * wave + noise;
    }
  }
  return { values, rowCount, stride: POINTS, end: POINTS, seasonLength: DAY };
}

export function sameOrder(rowCount: number, order: ArimaOrder): Uint8Array {
  const orders = new Uint8Array(rowCount * ORDER_WIDTH);
  for (let r = 0; r < rowCount; r += 1) orders.set(orderBytes(order), r * ORDER_WIDTH);
  return orders;
}

/** Multiply-adds from the passes that the kernel says it spent. */
export function fitResult({ fits }: ArimaFits): BenchResult {
  let evaluations = 0;
  for (let at = FIT.evaluations; at < fits.length; at += FIT_WIDTH) evaluations += fits[at];
  return { values: fits, multiplyAdds: evaluations * POINTS * MULTIPLY_ADDS_PER_POINT };
}

/** The first rows, for the comparison with the slow reference. */
export function firstRows(rows: ArimaRows, count: number): ArimaRows {
  return { ...rows, rowCount: Math.min(count, rows.rowCount) };
}

export function reference() {
  return openKernels('reference');
}

/**
 * Throws INTERNAL when a fitted number is further from the reference's than `tolerance`: relative for
 * FIT.sigma2, absolute for FIT.aicc. `share` of the rows must pass.
 */
export function expectClose(
  kernel: string,
  field: 'sigma2' | 'aicc',
  fast: ArimaFits,
  slow: ArimaFits,
  tolerance: number,
  share = 1,
): void {
  const count = slow.fits.length / FIT_WIDTH;
  let right = 0;
  for (let r = 0; r < count; r += 1) {
    const a = fast.fits[r * FIT_WIDTH + FIT[field]];
    const b = slow.fits[r * FIT_WIDTH + FIT[field]];
    const worse = field === 'sigma2' ? a / b - 1 : a - b;
    if (worse <= tolerance) right += 1;
  }
  if (right < share * count) {
    const message = `bench ${kernel}: ${field} of ${count - right} of ${count} rows is worse than the reference's`;
    throw new DomainError('INTERNAL', message);
  }
}
