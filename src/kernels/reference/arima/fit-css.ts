// Least squares of the CSS residuals: Levenberg and Marquardt with exact derivatives, float64.
import { PARAMETER_COUNT, cssDerivative, cssResiduals, stagesOf } from './css-residuals';
import type { Coefficients } from './css-residuals';

export interface CssProblem {
  /** (n): the differenced series; NaN = missing. */
  readonly w: Float64Array;
  readonly seasonLength: number;
  /** (7): 1 where the parameter is free; the others stay 0. */
  readonly free: readonly boolean[];
  /** (n): 1 where the residual is summed. */
  readonly scored: Uint8Array;
  /** Largest inverse root of the AR and MA polynomials. */
  readonly rootLimit: number;
}

export interface CssFit {
  readonly coefficients: Coefficients;
  readonly css: number;
  readonly converged: boolean;
}

/** Sum of squares at `b`, gradient J'e and normal matrix J'J, where J = de/db. */
export interface NormalEquations {
  readonly css: number;
  readonly gradient: Float64Array;
  /** (7, 7) row-major. */
  readonly matrix: Float64Array;
}

const RELATIVE_TOLERANCE = 1e-10; // of the sum of squares; below it steps are rounding
const LAMBDA_START = 1e-3; // Marquardt (1963)
const LAMBDA_END = 1e5;

export function normalEquations(problem: CssProblem, b: Coefficients): NormalEquations {
  const { w, seasonLength, free, scored } = problem;
  const base = stagesOf(w.length);
  cssResiduals(base, w, b, seasonLength);
  const columns = free.map((isFree, k) => {
    const derivative = stagesOf(w.length);
    if (isFree) cssDerivative(derivative, base, w, b, seasonLength, k);
    return derivative.e;
  });
  const dot = (x: Float64Array, y: Float64Array): number =>
    x.reduce((sum, value, t) => (scored[t] === 1 ? sum + value * y[t] : sum), 0);
  const matrix = new Float64Array(PARAMETER_COUNT * PARAMETER_COUNT);
  for (let i = 0; i < PARAMETER_COUNT; i += 1) {
    for (let j = 0; j < PARAMETER_COUNT; j += 1) {
      if (free[i] && free[j]) matrix[i * PARAMETER_COUNT + j] = dot(columns[i], columns[j]);
    }
  }
  const gradient = Float64Array.from(columns, (column) => dot(column, base.e));
  return { css: dot(base.e, base.e), gradient, matrix };
}

/** Minimises the sum of squares from `start`. O(n x iterations x 7). */
export function fitCss(problem: CssProblem, start: Coefficients, maxIterations: number): CssFit {
  let b = repaired(start, problem);
  let best = normalEquations(problem, b);
  let lambda = LAMBDA_START;
  for (let iteration = 0; iteration < maxIterations; iteration += 1) {
    const step = marquardtStep(best, problem.free, lambda);
    const gain = step.reduce((sum, value, k) => sum - value * best.gradient[k], 0);
    const trial = repaired(
      b.map((value, k) => value + step[k]),
      problem,
    );
    const next = normalEquations(problem, trial);
    if (next.css < best.css) {
      const small = best.css - next.css <= RELATIVE_TOLERANCE * best.css;
      b = trial;
      best = next;
      lambda = Math.max(lambda * 0.1, 1e-8);
      if (small) return { coefficients: b, css: best.css, converged: true };
    } else {
      if (!(gain > RELATIVE_TOLERANCE * best.css) || lambda > LAMBDA_END) {
        return { coefficients: b, css: best.css, converged: true };
      }
      lambda *= 10;
    }
  }
  return { coefficients: b, css: best.css, converged: false };
}

/** -(J'J + lambda diag)^-1 J'e over the free parameters, by Gaussian elimination with pivoting. */
function marquardtStep(
  normal: NormalEquations,
  free: readonly boolean[],
  lambda: number,
): Float64Array {
  const active = free.flatMap((isFree, k) => (isFree ? [k] : []));
  const rows = active.map((i) => {
    const row = active.map((j) => {
      const value = normal.matrix[i * PARAMETER_COUNT + j];
      return i === j ? value * (1 + lambda) + 1e-13 * normal.css : value;
    });
    return [...row, -normal.gradient[i]];
  });
  const size = active.length;
  for (let k = 0; k < size; k += 1) {
    let pivot = k;
    for (let i = k + 1; i < size; i += 1) {
      if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) pivot = i;
    }
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    if (rows[k][k] === 0) continue;
    for (let i = 0; i < size; i += 1) {
      const factor = rows[i][k] / rows[k][k];
      if (i !== k) rows[i] = rows[i].map((value, j) => value - factor * rows[k][j]);
    }
  }
  const step = new Float64Array(PARAMETER_COUNT);
  active.forEach((k, i) => {
    step[k] = rows[i][i] === 0 ? 0 : rows[i][size] / rows[i][i];
  });
  return step;
}

/** Pulls inverse roots of each polynomial inside the limit, keeping their angle. */
export function repaired(b: Coefficients, problem: CssProblem): Coefficients {
  const limit = problem.rootLimit;
  const out = Float64Array.from(b, (value, k) => (problem.free[k] ? value : 0));
  [out[0], out[1]] = insideCircle(out[0], out[1], limit);
  const [n1, n2] = insideCircle(-out[2], -out[3], limit);
  out[2] = 0 - n1;
  out[3] = 0 - n2;
  for (const k of [4, 5]) out[k] = Math.min(Math.max(out[k], -limit), limit);
  return out;
}

/** The polynomial 1 - c1 B - c2 B^2 with every inverse root of modulus <= limit. */
function insideCircle(c1: number, c2: number, limit: number): [number, number] {
  const discriminant = c1 * c1 + 4 * c2;
  const modulus = discriminant >= 0 ? (Math.abs(c1) + Math.sqrt(discriminant)) / 2 : Math.sqrt(-c2);
  const factor = modulus > limit ? limit / modulus : 1;
  return [c1 * factor, c2 * factor * factor];
}
