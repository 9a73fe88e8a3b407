// Residuals of a factored seasonal ARMA by conditional sum of squares, with their exact derivatives.
//
// Symbols: n points, w (n) differenced series, m season, phi, theta, Phi, Theta, mean as `Coefficients`;
// z = w - mean, u = (1 - Phi B^m) z, v = phi(B) u, g = v / theta(B), e = g / (1 + Theta B^m).

/** phi1, phi2, theta1, theta2, Phi, Theta, mean: the order of every parameter vector. */
export type Coefficients = Float64Array;
export const PARAMETER_COUNT = 7;

/** Stages of one parameter vector; each (n). */
export interface Stages {
  readonly z: Float64Array;
  readonly u: Float64Array;
  readonly v: Float64Array;
  readonly g: Float64Array;
  readonly e: Float64Array;
}

export function stagesOf(n: number): Stages {
  const make = (): Float64Array => new Float64Array(n);
  return { z: make(), u: make(), v: make(), g: make(), e: make() };
}

function at(x: Float64Array, t: number): number {
  return t < 0 ? 0 : x[t];
}

/**
 * Residuals into `s.e`, all other stages on the way. O(n), no allocation.
 * Everything before the first point is 0 (Stata's `condition`). A missing w[t] (NaN) takes its own
 * prediction: e[t] = 0 and the state runs on, so leading NaNs are the same as a later start.
 * Source: Box & Jenkins (1976), 7.1.2 and 9.2.
 */
export function cssResiduals(s: Stages, w: Float64Array, b: Coefficients, m: number): void {
  const [f1, f2, t1, t2, F, Q, mean] = b;
  for (let t = 0; t < w.length; t += 1) {
    if (Number.isNaN(w[t])) {
      s.e[t] = 0;
      s.g[t] = Q * at(s.e, t - m);
      s.v[t] = s.g[t] + t1 * at(s.g, t - 1) + t2 * at(s.g, t - 2);
      s.u[t] = s.v[t] + f1 * at(s.u, t - 1) + f2 * at(s.u, t - 2);
      s.z[t] = s.u[t] + F * at(s.z, t - m);
    } else {
      s.z[t] = w[t] - mean;
      s.u[t] = s.z[t] - F * at(s.z, t - m);
      s.v[t] = s.u[t] - f1 * at(s.u, t - 1) - f2 * at(s.u, t - 2);
      s.g[t] = s.v[t] - t1 * at(s.g, t - 1) - t2 * at(s.g, t - 2);
      s.e[t] = s.g[t] - Q * at(s.e, t - m);
    }
  }
}

/**
 * Derivatives of all stages by parameter `k` into `d` (forward mode, the product rule line by line).
 * `s` holds the stages at `b`. O(n), no allocation.
 */
export function cssDerivative(
  d: Stages,
  s: Stages,
  w: Float64Array,
  b: Coefficients,
  m: number,
  k: number,
): void {
  const [f1, f2, t1, t2, F, Q] = b;
  const own = (parameter: number, value: number): number => (parameter === k ? value : 0);
  for (let t = 0; t < w.length; t += 1) {
    const ar = own(0, at(s.u, t - 1)) + own(1, at(s.u, t - 2));
    const ma = own(2, at(s.g, t - 1)) + own(3, at(s.g, t - 2));
    const seasonalAr = own(4, at(s.z, t - m));
    const seasonalMa = own(5, at(s.e, t - m));
    if (Number.isNaN(w[t])) {
      d.e[t] = 0;
      d.g[t] = Q * at(d.e, t - m) + seasonalMa;
      d.v[t] = d.g[t] + t1 * at(d.g, t - 1) + t2 * at(d.g, t - 2) + ma;
      d.u[t] = d.v[t] + f1 * at(d.u, t - 1) + f2 * at(d.u, t - 2) + ar;
      d.z[t] = d.u[t] + F * at(d.z, t - m) + seasonalAr;
    } else {
      d.z[t] = own(6, -1);
      d.u[t] = d.z[t] - F * at(d.z, t - m) - seasonalAr;
      d.v[t] = d.u[t] - f1 * at(d.u, t - 1) - f2 * at(d.u, t - 2) - ar;
      d.g[t] = d.v[t] - t1 * at(d.g, t - 1) - t2 * at(d.g, t - 2) - ma;
      d.e[t] = d.g[t] - Q * at(d.e, t - m) - seasonalMa;
    }
  }
}

/** (1 - B)^d (1 - B^m)^D y; NaN where a needed value is missing or lies before the start. */
export function difference(y: Float64Array, d: number, D: number, m: number): Float64Array {
  return y.map((value, t) => {
    if (t < d + D * m) return Number.NaN;
    const step = d === 0 ? value : value - y[t - 1];
    if (D === 0) return step;
    return step - (d === 0 ? y[t - m] : y[t - m] - y[t - m - 1]);
  });
}
