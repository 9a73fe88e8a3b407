// Refines fits by the exact likelihood, one row at a time: coordinate steps that shrink, slow and obvious.
import {
  FIT,
  FIT_CONVERGED,
  FIT_DEGENERATE,
  FIT_MAX_ITERATIONS,
  FIT_WIDTH,
  ORDER_WIDTH,
  STATUS_AT,
  checkRows,
} from '../../arima-kernels';
import type { ArimaFits, ArimaRows, ExactFits } from '../../arima-kernels';
import { difference } from './css-residuals';
import { exactLikelihood, exactLogLikelihood } from './exact-likelihood';

const FIRST_STEP = 0.02;
const LAST_STEP = 1e-7;
const ROOT_LIMIT = 0.9999;

/** O(rows x evaluations x n r^2): for tests. */
export function referenceExact(rows: ArimaRows, fits: ArimaFits, maxIterations: number): ExactFits {
  checkRows(rows, fits);
  const out = { orders: fits.orders.slice(), fits: fits.fits.slice() };
  const logLikelihood = new Float64Array(rows.rowCount);
  for (let r = 0; r < rows.rowCount; r += 1) {
    const order = out.orders.subarray(r * ORDER_WIDTH, (r + 1) * ORDER_WIDTH);
    const fit = out.fits.subarray(r * FIT_WIDTH, (r + 1) * FIT_WIDTH);
    if (order[STATUS_AT] === FIT_DEGENERATE) continue;
    const values = rows.values.subarray(r * rows.stride, r * rows.stride + rows.end);
    logLikelihood[r] = exactRow(values, order, fit, rows.seasonLength, maxIterations);
  }
  return { ...out, logLikelihood };
}

function exactRow(
  values: Float64Array,
  order: Uint8Array,
  fit: Float64Array,
  m: number,
  maxIterations: number,
): number {
  const [p, d, q, P, D, Q, mean] = order;
  const first = values.findIndex((value) => Number.isFinite(value));
  const last = values.findLastIndex((value) => Number.isFinite(value));
  const y = values
    .slice(first, last + 1)
    .map((value) =>
      Number.isFinite(value) ? (value - fit[FIT.shift]) / fit[FIT.scale] : Number.NaN,
    );
  const w = difference(y, d, D, m).slice(d + D * m);
  const b = fit.slice(0, 7);
  const free = [p > 0, p > 1, q > 0, q > 1, P > 0, Q > 0, mean > 0];
  let best = exactLogLikelihood(w, b, m);
  let step = FIRST_STEP;
  let round = 0;
  for (; round < maxIterations && step > LAST_STEP; round += 1) {
    const before = best;
    for (let k = 0; k < 7; k += 1) {
      if (!free[k]) continue;
      for (const sign of [1, -1]) {
        const own = b[k];
        b[k] = own + sign * step;
        const value = isInside(b) ? exactLogLikelihood(w, b, m) : Number.NEGATIVE_INFINITY;
        if (value > best) best = value;
        else b[k] = own;
      }
    }
    if (best === before) step /= 2;
  }
  if (maxIterations > 0) order[STATUS_AT] = step > LAST_STEP ? FIT_MAX_ITERATIONS : FIT_CONVERGED;
  const { squares, logs, count } = exactLikelihood(w, b, m);
  fit.set(b);
  fit[FIT.sigma2] = squares / count;
  fit[FIT.scored] = count;
  const k = free.filter(Boolean).length + 1;
  const room = count - k - 1;
  fit[FIT.aicc] =
    room > 0
      ? count * Math.log(squares / count) + logs + 2 * k + (2 * k * (k + 1)) / room
      : Number.POSITIVE_INFINITY;
  return best - count * Math.log(fit[FIT.scale]);
}

function isInside(b: Float64Array): boolean {
  const modulus = (c1: number, c2: number): number => {
    const discriminant = c1 * c1 + 4 * c2;
    return discriminant >= 0 ? (Math.abs(c1) + Math.sqrt(discriminant)) / 2 : Math.sqrt(-c2);
  };
  const isMa = modulus(-b[2], -b[3]) <= 1 && Math.abs(b[5]) <= 1;
  return isMa && modulus(b[0], b[1]) < ROOT_LIMIT && Math.abs(b[4]) < ROOT_LIMIT;
}
