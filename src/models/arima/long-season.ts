// Series whose season is too long for factored polynomials: Fourier terms plus ARMA errors on the last days.
import type { SeriesBatch } from '../../core';
import type { ArimaOrder, ArimaPaths, ArimaRows } from '../../kernels';
import { FOURIER_DAYS, FOURIER_TERMS, fourierAt, fourierFit, fourierTable } from './fourier-season';
import type { Phase } from './fourier-season';

/** Days of residuals that the errors are fitted on and filtered through. */
const ERROR_DAYS = 3;

const order = (p: 0 | 1 | 2, d: 0 | 1, q: 0 | 1 | 2, mean: boolean): ArimaOrder => {
  return { p, d, q, P: 0, D: 0, Q: 0, mean };
};

/** Errors of a row whose season foretells return to the shape; others stay at their level. */
const RETURNING_ERRORS: readonly ArimaOrder[] = [
  order(1, 0, 0, true),
  order(2, 0, 0, true),
  order(1, 0, 1, true),
  order(2, 0, 1, true),
];
const STAYING_ERRORS: readonly ArimaOrder[] = [
  order(0, 1, 0, false),
  order(0, 1, 1, false),
  order(0, 1, 2, false),
  order(1, 1, 0, false),
  order(1, 1, 1, false),
];

export const LONG_SEASON_CLASSES = { level: STAYING_ERRORS, seasonal: RETURNING_ERRORS };

export function phaseOf(history: SeriesBatch, seasonLength: number): Phase {
  const table = fourierTable(seasonLength);
  return { table, seasonLength, origin: Math.round(history.startMs / history.stepMs) };
}

/** The last FOURIER_DAYS days before `end`, copied; a season of 24 or any length. */
export function lastDays(history: SeriesBatch, end: number, seasonLength: number): ArimaRows {
  const length = Math.min(end, FOURIER_DAYS * seasonLength);
  const rowCount = history.seriesCount;
  const values = new Float64Array(rowCount * length);
  for (let r = 0; r < rowCount; r += 1) {
    const to = r * history.length + end;
    values.set(history.values.subarray(to - length, to), r * length);
  }
  return { values, rowCount, stride: length, end: length, seasonLength };
}

/** Coefficients by row of compressed rows that end at column `end`. */
export function fitShape(rows: ArimaRows, end: number, phase: Phase): Float64Array {
  return fourierFit(rows, shifted(phase, end - rows.end));
}

/** No shape for rows whose level foretells better than their season: with it they lose 3 % of their error. */
export function dropShapes(coefficients: Float64Array, seasonal: Uint8Array): void {
  seasonal.forEach((isSeasonal, r) => {
    if (isSeasonal === 0) coefficients.fill(0, r * FOURIER_TERMS, (r + 1) * FOURIER_TERMS);
  });
}

/** Errors around the shape over the last ERROR_DAYS. O(rows x days x terms). */
export function errorsOf(
  rows: ArimaRows,
  coefficients: Float64Array,
  end: number,
  phase: Phase,
): ArimaRows {
  const length = Math.min(rows.end, ERROR_DAYS * phase.seasonLength);
  const values = new Float64Array(rows.rowCount * length);
  for (let r = 0; r < rows.rowCount; r += 1) {
    const from = r * rows.stride + rows.end - length;
    for (let i = 0; i < length; i += 1) {
      const shape = fourierAt(coefficients, r, end - length + i, phase);
      values[r * length + i] = rows.values[from + i] - shape;
    }
    keepLastKnown(rows, r, values.subarray(r * length, (r + 1) * length));
  }
  return { values, rowCount: rows.rowCount, stride: length, end: length, seasonLength: 1 };
}

/** A row that is silent for all those days begins with its last known value: an older level is better than none. */
function keepLastKnown(rows: ArimaRows, r: number, errors: Float64Array): void {
  if (errors.length === 0 || errors.some((value) => Number.isFinite(value))) return;
  const own = rows.values.subarray(r * rows.stride, r * rows.stride + rows.end);
  const last = own.findLast((value) => Number.isFinite(value));
  if (last !== undefined) errors[0] = last;
}

/** Adds the shape of the steps after `end` to the paths of the errors. */
export function addShape(
  paths: ArimaPaths,
  coefficients: Float64Array,
  end: number,
  horizon: number,
  phase: Phase,
): void {
  for (let at = 0; at < paths.mean.length; at += 1) {
    const r = Math.floor(at / horizon);
    paths.mean[at] += fourierAt(coefficients, r, end + (at % horizon), phase);
  }
}

function shifted(phase: Phase, columns: number): Phase {
  return { ...phase, origin: phase.origin + columns };
}
