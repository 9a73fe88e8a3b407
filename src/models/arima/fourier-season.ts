// Long seasons (5-minute series): the day and the week as Fourier terms, by least squares on hourly means.
import type { ArimaRows } from '../../kernels';

// Once, not in each call: where globals are looked up by name (in Jest), that is most of the time.
const { cos, sin, PI } = Math;
const DAY_HARMONICS = 4;
const WEEK_HARMONICS = 2;
const DAYS_A_WEEK = 7;
const HOURS_A_DAY = 24;
/** Constant, then cosine and sine of each harmonic. */
export const FOURIER_TERMS = 1 + 2 * (DAY_HARMONICS + WEEK_HARMONICS);
/** Days that the shape is fitted on. */
export const FOURIER_DAYS = 14;
const RIDGE = 0.05; // of the number of hours: a shape has to be seen on several days

/** Terms at each step of a week. (7 seasonLength, FOURIER_TERMS) */
export function fourierTable(seasonLength: number): Float64Array {
  const steps = DAYS_A_WEEK * seasonLength;
  const table = new Float64Array(steps * FOURIER_TERMS);
  for (let t = 0; t < steps; t += 1) {
    const row = table.subarray(t * FOURIER_TERMS, (t + 1) * FOURIER_TERMS);
    row[0] = 1;
    for (let k = 0; k < DAY_HARMONICS + WEEK_HARMONICS; k += 1) {
      const turns =
        k < DAY_HARMONICS ? ((k + 1) * t) / seasonLength : (k + 1 - DAY_HARMONICS) * (t / steps);
      row[1 + 2 * k] = cos(2 * PI * turns);
      row[2 + 2 * k] = sin(2 * PI * turns);
    }
  }
  return table;
}

/** A step of the week for each column: the same for a fit and a later forecast. */
export interface Phase {
  readonly table: Float64Array;
  readonly seasonLength: number;
  /** Steps since the epoch of column 0. */
  readonly origin: number;
}

/**
 * Coefficients by row, (rowCount, FOURIER_TERMS), from the last FOURIER_DAYS days of `rows`. Hours without a
 * known value are skipped; the inverse of the normal matrix is shared by rows without gaps.
 * O(rows x (end + hours x terms)).
 */
export function fourierFit(rows: ArimaRows, phase: Phase): Float64Array {
  const perHour = Math.max(1, Math.round(phase.seasonLength / HOURS_A_DAY));
  const hours = Math.min(Math.floor(rows.end / perHour), FOURIER_DAYS * HOURS_A_DAY);
  const basis = hourlyBasis(rows.end, hours, perHour, phase);
  const whole = factored(normalMatrix(basis, hours));
  const out = new Float64Array(rows.rowCount * FOURIER_TERMS);
  const means = new Float64Array(hours);
  for (let r = 0; r < rows.rowCount; r += 1) {
    const from = r * rows.stride + rows.end - hours * perHour;
    let known = 0;
    for (let i = 0; i < hours; i += 1) {
      means[i] = knownMean(rows.values, from + i * perHour, perHour);
      if (!Number.isNaN(means[i])) known += 1;
    }
    if (known < hours / 4 || hours === 0) continue;
    const right = out.subarray(r * FOURIER_TERMS, (r + 1) * FOURIER_TERMS);
    for (let i = 0; i < hours; i += 1) {
      if (Number.isNaN(means[i])) continue;
      for (let k = 0; k < FOURIER_TERMS; k += 1)
        right[k] += means[i] * basis[i * FOURIER_TERMS + k];
    }
    const own = known === hours ? whole : factored(normalMatrix(basis, hours, means));
    solveFactored(own, right);
  }
  return out;
}

/** The shape of row `r` at column t. O(terms). */
export function fourierAt(coefficients: Float64Array, r: number, t: number, phase: Phase): number {
  const week = phase.table.length / FOURIER_TERMS;
  const at = ((phase.origin + t) % week) * FOURIER_TERMS;
  let sum = 0;
  for (let k = 0; k < FOURIER_TERMS; k += 1) {
    sum += coefficients[r * FOURIER_TERMS + k] * phase.table[at + k];
  }
  return sum;
}

function hourlyBasis(end: number, hours: number, perHour: number, phase: Phase): Float64Array {
  const basis = new Float64Array(hours * FOURIER_TERMS);
  const week = phase.table.length / FOURIER_TERMS;
  for (let i = 0; i < hours; i += 1) {
    const middle = phase.origin + end - (hours - i) * perHour + (perHour >> 1);
    const at = (((middle % week) + week) % week) * FOURIER_TERMS;
    basis.set(phase.table.subarray(at, at + FOURIER_TERMS), i * FOURIER_TERMS);
  }
  return basis;
}

function knownMean(values: Float64Array, from: number, count: number): number {
  let sum = 0;
  let known = 0;
  for (let t = from; t < from + count; t += 1) {
    if (!Number.isFinite(values[t])) continue;
    sum += values[t];
    known += 1;
  }
  return known === 0 ? Number.NaN : sum / known;
}

function normalMatrix(basis: Float64Array, hours: number, means?: Float64Array): Float64Array {
  const matrix = new Float64Array(FOURIER_TERMS * FOURIER_TERMS);
  for (let i = 0; i < hours; i += 1) {
    if (means !== undefined && Number.isNaN(means[i])) continue;
    for (let a = 0; a < FOURIER_TERMS; a += 1) {
      const left = basis[i * FOURIER_TERMS + a];
      for (let b = 0; b <= a; b += 1)
        matrix[a * FOURIER_TERMS + b] += left * basis[i * FOURIER_TERMS + b];
    }
  }
  for (let a = 1; a < FOURIER_TERMS; a += 1) matrix[a * (FOURIER_TERMS + 1)] += RIDGE * hours;
  return matrix;
}

/** Cholesky's lower triangle in place; positive definite by the ridge. */
function factored(matrix: Float64Array): Float64Array {
  const n = FOURIER_TERMS;
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k += 1) sum -= matrix[i * n + k] * matrix[j * n + k];
      matrix[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-9)) : sum / matrix[j * n + j];
    }
  }
  return matrix;
}

function solveFactored(lower: Float64Array, x: Float64Array): void {
  const n = FOURIER_TERMS;
  for (let i = 0; i < n; i += 1) {
    for (let k = 0; k < i; k += 1) x[i] -= lower[i * n + k] * x[k];
    x[i] /= lower[i * n + i];
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    for (let k = i + 1; k < n; k += 1) x[i] -= lower[k * n + i] * x[k];
    x[i] /= lower[i * n + i];
  }
}
