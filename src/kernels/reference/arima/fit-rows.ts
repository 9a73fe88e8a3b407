// Seasonal ARIMA, one row at a time, plain float64: the oracle of every faster kernel. Never optimised.
import { candidateBytes, SEARCH_ORDERS } from '../../arima-orders';
import {
  DEFAULT_MAX_ITERATIONS,
  FIT,
  FIT_CONVERGED,
  FIT_DEGENERATE,
  FIT_MAX_ITERATIONS,
  FIT_WIDTH,
  ORDER_WIDTH,
  ROOT_LIMIT,
  STATUS_AT,
  checkRows,
} from '../../arima-kernels';
import type {
  ArimaFitOptions,
  ArimaFits,
  ArimaRows,
  ArimaSearchOptions,
} from '../../arima-kernels';
import { difference } from './css-residuals';
import { fitCss } from './fit-css';
import type { CssFit } from './fit-css';
import { momentsOf, startOf } from './start-values';

/** A row from its first known value on, standardised. */
export interface StandardRow {
  readonly y: Float64Array;
  readonly shift: number;
  readonly scale: number;
  /** (y.length): 1 where every order knows the point, so that all are scored on the same ones. */
  readonly scored: Uint8Array;
  readonly scoredCount: number;
}

const SCORED_MIN = 12; // below, AICc has no room for the orders

/** First point of the common score: after every differencing and, where there is room, a season more. */
export function scoreStart(length: number, seasonLength: number): number {
  const lost = seasonLength > 1 ? seasonLength + 1 : 1;
  const settled = seasonLength > 1 ? 2 * seasonLength + 3 : 4;
  return length >= 4 * seasonLength + 4 ? settled : lost;
}

/** Undefined where no model can be fitted (nothing known, constant, too short); the scale is then 1. */
export function standardise(
  row: Float64Array,
  m: number,
): { readonly shift: number; readonly row?: StandardRow } {
  const first = row.findIndex((value) => Number.isFinite(value));
  if (first < 0) return { shift: 0 };
  const known = row.filter((value) => Number.isFinite(value));
  const peak = known.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const shift = known.reduce((sum, value) => sum + value / known.length, 0);
  const unit = peak > 0 ? peak : 1;
  const squares = known.reduce((sum, value) => {
    const x = (value - shift) / unit;
    return sum + x * x;
  }, 0);
  const scale = unit * Math.sqrt(squares / known.length);
  if (!(scale > peak * 1e-12) || !Number.isFinite(scale)) return { shift };
  const y = row
    .slice(first)
    .map((value) => (Number.isFinite(value) ? (value - shift) / scale : Number.NaN));
  const from = scoreStart(y.length, m);
  const scored = new Uint8Array(y.length);
  let scoredCount = 0;
  for (let t = from; t < y.length; t += 1) {
    const lags = [0, 1, m, m + 1].filter((lag) => lag <= t);
    if (lags.every((lag) => !Number.isNaN(y[t - lag]))) {
      scored[t] = 1;
      scoredCount += 1;
    }
  }
  if (scoredCount < SCORED_MIN) return { shift };
  return { shift, row: { y, shift, scale, scored, scoredCount } };
}

/** Hurvich & Tsai (1989), with sigma2 counted as a parameter. */
export function aicc(css: number, scoredCount: number, order: Uint8Array): number {
  const k = order[0] + order[2] + order[3] + order[5] + order[6] + 1;
  const room = scoredCount - k - 1;
  if (room <= 0 || !(css >= 0)) return Number.POSITIVE_INFINITY;
  const variance = Math.max(css / scoredCount, 1e-12); // of a series of variance 1
  return scoredCount * Math.log(variance) + 2 * k + (2 * k * (k + 1)) / room;
}

export function fitOrder(
  row: StandardRow,
  order: Uint8Array,
  m: number,
  maxIterations: number,
  start?: Float64Array,
): CssFit {
  const [p, d, q, P, D, Q, mean] = order;
  const free = [p > 0, p > 1, q > 0, q > 1, P > 0, Q > 0, mean > 0];
  const w = difference(row.y, d, D, m);
  const problem = { w, seasonLength: m, free, scored: row.scored, rootLimit: ROOT_LIMIT };
  return fitCss(problem, start ?? startOf(order, momentsOf(w)), maxIterations);
}

export function referenceFit(rows: ArimaRows, options: ArimaFitOptions): ArimaFits {
  checkRows(rows, { orders: options.orders, fits: options.start });
  return eachRow(rows, (row, index) => {
    const order = options.orders.slice(index * ORDER_WIDTH, (index + 1) * ORDER_WIDTH);
    const start = options.start?.slice(index * FIT_WIDTH, index * FIT_WIDTH + 7);
    const iterations = options.maxIterations ?? DEFAULT_MAX_ITERATIONS;
    return { order, fit: fitOrder(row, order, rows.seasonLength, iterations, start) };
  });
}

export function referenceSearch(rows: ArimaRows, options: ArimaSearchOptions = {}): ArimaFits {
  checkRows(rows);
  const bytes = candidateBytes(options.candidates ?? SEARCH_ORDERS, rows.seasonLength);
  const iterations = options.maxIterations ?? DEFAULT_MAX_ITERATIONS;
  return eachRow(rows, (row) => {
    let best: Fitted | undefined;
    let score = Number.POSITIVE_INFINITY;
    for (let at = 0; at < bytes.length; at += ORDER_WIDTH) {
      const order = bytes.slice(at, at + ORDER_WIDTH);
      const fit = fitOrder(row, order, rows.seasonLength, iterations);
      const value = aicc(fit.css, row.scoredCount, order);
      if (value < score) {
        score = value;
        best = { order, fit };
      }
    }
    return best;
  });
}

interface Fitted {
  readonly order: Uint8Array;
  readonly fit: CssFit;
}

function eachRow(
  rows: ArimaRows,
  fitRow: (row: StandardRow, index: number) => Fitted | undefined,
): ArimaFits {
  const orders = new Uint8Array(rows.rowCount * ORDER_WIDTH);
  const fits = new Float64Array(rows.rowCount * FIT_WIDTH);
  for (let index = 0; index < rows.rowCount; index += 1) {
    const from = index * rows.stride;
    const { shift, row } = standardise(
      rows.values.subarray(from, from + rows.end),
      rows.seasonLength,
    );
    const fitted = row === undefined ? undefined : fitRow(row, index);
    const order = orders.subarray(index * ORDER_WIDTH, (index + 1) * ORDER_WIDTH);
    const fit = fits.subarray(index * FIT_WIDTH, (index + 1) * FIT_WIDTH);
    writeFit(order, fit, shift, row, fitted);
  }
  return { orders, fits };
}

function writeFit(
  order: Uint8Array,
  fit: Float64Array,
  shift: number,
  row: StandardRow | undefined,
  fitted: Fitted | undefined,
): void {
  fit[FIT.shift] = shift;
  fit[FIT.scale] = row?.scale ?? 1;
  if (row === undefined || fitted === undefined || !Number.isFinite(fitted.fit.css)) {
    order[1] = 1; // a random walk: the last value
    order[STATUS_AT] = FIT_DEGENERATE;
    return;
  }
  order.set(fitted.order);
  order[STATUS_AT] = fitted.fit.converged ? FIT_CONVERGED : FIT_MAX_ITERATIONS;
  fit.set(fitted.fit.coefficients);
  fit[FIT.sigma2] = fitted.fit.css / row.scoredCount;
  fit[FIT.scored] = row.scoredCount;
  fit[FIT.aicc] = aicc(fitted.fit.css, row.scoredCount, order);
}
