// Exact Gaussian likelihood of a seasonal ARMA by a plain Kalman filter: the oracle of the O(r) recursions.
import type { Coefficients } from './css-residuals';

export interface Likelihood {
  /** Sum of v^2 / F. */
  readonly squares: number;
  /** Sum of log F. */
  readonly logs: number;
  /** Known points. */
  readonly count: number;
}

/**
 * Log-likelihood of `w` (n; NaN = missing, predicted and not corrected) at coefficients `b`, sigma2 as given or
 * its own best. Stationary start. O(n r^2), r = max(p, q + 1).
 * Source: Harvey (1989), 3.4; Gardner, Harvey & Phillips (1980), AS 154.
 */
export function exactLogLikelihood(
  w: Float64Array,
  b: Coefficients,
  m: number,
  sigma2?: number,
): number {
  const { squares, logs, count } = exactLikelihood(w, b, m);
  const variance = sigma2 ?? squares / count;
  return -(count * Math.log(2 * Math.PI * variance) + squares / variance + logs) / 2;
}

export function exactLikelihood(w: Float64Array, b: Coefficients, m: number): Likelihood {
  const phi = expanded(b[0], b[1], b[4], m, -1);
  const theta = expanded(b[2], b[3], b[5], m, 1);
  const r = Math.max(phi.length - 1, theta.length);
  const ar = Array.from({ length: r }, (_, i) => -(phi[i + 1] ?? 0));
  const ma = Array.from({ length: r }, (_, i) => theta[i] ?? 0);
  let P = stationaryCovariance(ar, ma);
  let a = zeros(r);
  let squares = 0;
  let logs = 0;
  let count = 0;
  for (const value of w) {
    if (!Number.isNaN(value)) {
      const F = P[0][0];
      const v = value - b[6] - a[0];
      squares += (v * v) / F;
      logs += Math.log(F);
      count += 1;
      const gain = P.map((row) => row[0] / F);
      a = a.map((x, i) => x + gain[i] * v);
      const first = P[0];
      P = P.map((row, i) => row.map((x, j) => x - gain[i] * first[j]));
    }
    a = moved(a, ar);
    P = advanced(P, ar, ma);
  }
  return { squares, logs, count };
}

/** 1 + s c1 B + s c2 B^2 times 1 + s C B^m, by powers of B, without trailing zeros. */
function expanded(c1: number, c2: number, C: number, m: number, s: number): number[] {
  const out = zeros(m + 3);
  [1, s * c1, s * c2].forEach((x, i) => {
    out[i] += x;
    out[i + m] += x * s * C;
  });
  while (out.length > 1 && out.at(-1) === 0) out.pop();
  return out;
}

/** T x of the companion form. */
function moved(x: readonly number[], ar: readonly number[]): number[] {
  return x.map((_, i) => ar[i] * x[0] + (x[i + 1] ?? 0));
}

/** T P T' + R R'. */
function advanced(
  P: readonly number[][],
  ar: readonly number[],
  ma: readonly number[],
): number[][] {
  return P.map((row, i) =>
    row.map(
      (_, j) =>
        ar[i] * ar[j] * P[0][0] +
        ar[i] * (P[0][j + 1] ?? 0) +
        ar[j] * (P[i + 1]?.[0] ?? 0) +
        (P[i + 1]?.[j + 1] ?? 0) +
        ma[i] * ma[j],
    ),
  );
}

/** P = T P T' + R R' by doubling: P(2k) = P(k) + T^k P(k) T^k'. */
function stationaryCovariance(ar: readonly number[], ma: readonly number[]): number[][] {
  const r = ar.length;
  let T = ar.map((x, i) =>
    Array.from({ length: r }, (_, j) => (j === 0 ? x : 0) + (j === i + 1 ? 1 : 0)),
  );
  let P = ma.map((x) => ma.map((y) => x * y));
  for (let round = 0; round < 40; round += 1) {
    const added = times(times(T, P), transposed(T));
    P = P.map((row, i) => row.map((x, j) => x + added[i][j]));
    T = times(T, T);
    if (added[0][0] <= 1e-15 * P[0][0] && round > 6) break;
  }
  return P;
}

function times(A: readonly number[][], B: readonly number[][]): number[][] {
  return A.map((row) => {
    const out = zeros(B[0].length);
    row.forEach((x, k) => {
      if (x !== 0) B[k].forEach((y, j) => (out[j] += x * y));
    });
    return out;
  });
}

function transposed(A: readonly number[][]): number[][] {
  return A.map((_, i) => A.map((row) => row[i]));
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}
