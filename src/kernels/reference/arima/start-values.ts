// Where a fit begins: Hannan and Rissanen's regression, done on autocovariances.

/** Moments of a differenced series: its mean, and gamma[0..LONG_LAGS] around it. */
export interface Moments {
  readonly mean: number;
  readonly gamma: Float64Array;
}

/** Lags of the long autoregression whose residuals stand in for the innovations. */
export const LONG_LAGS = 8;
const START_ROOT_LIMIT = 0.95; // a start on the boundary would stay there

/**
 * phi1, phi2, theta1, theta2, Phi, Theta, mean for an order, from the moments of the differenced
 * series. Seasonal parts start at the usual values: moderate Phi, negative Theta after
 * seasonal differencing. O(1). Source: Hannan & Rissanen (1982), Biometrika 69, in population form: the
 * long autoregression gives psi weights, and E w[t] e[t - j] = sigma2 psi[j].
 */
export function startOf(order: Uint8Array, moments: Moments): Float64Array {
  const [p, , q, P, D, Q, hasMean] = order;
  const { gamma, mean } = moments;
  const b = new Float64Array(7);
  if (P > 0) b[4] = D > 0 ? 0.1 : 0.4;
  if (Q > 0) b[5] = D > 0 ? -0.6 : -0.1;
  if (hasMean > 0) b[6] = mean;
  if (p + q === 0 || !(gamma[0] > 0)) return b;
  const { psi, sigma2 } = longAutoregression(gamma);
  const size = p + q;
  const rows: number[][] = [];
  for (let i = 1; i <= size; i += 1) {
    const row: number[] = [];
    for (let j = 1; j <= size; j += 1) row.push(covariance(i, j, p, gamma, psi, sigma2));
    row.push(i <= p ? gamma[i] : sigma2 * psi[i - p]);
    rows.push(row);
  }
  const x = solved(rows);
  for (let j = 0; j < p; j += 1) b[j] = x[j];
  for (let j = 0; j < q; j += 1) b[2 + j] = x[p + j];
  pullInside(b, 0, 1);
  pullInside(b, 2, -1);
  return b;
}

/** E of regressor i times regressor j; 1..p are w[t - i], the rest e[t - (i - p)]. */
function covariance(
  i: number,
  j: number,
  p: number,
  gamma: Float64Array,
  psi: Float64Array,
  sigma2: number,
): number {
  if (i > j) return covariance(j, i, p, gamma, psi, sigma2);
  if (j <= p) return gamma[j - i];
  if (i > p) return i === j ? sigma2 : 0;
  const lag = j - p - i; // w[t - i] against e[t - (j - p)]
  return lag >= 0 ? sigma2 * psi[lag] : 0;
}

/** Levinson (1947) and Durbin (1960), then psi weights of the result. */
function longAutoregression(gamma: Float64Array): { psi: Float64Array; sigma2: number } {
  const a = new Float64Array(LONG_LAGS + 1);
  const old = new Float64Array(LONG_LAGS + 1);
  let sigma2 = gamma[0];
  for (let k = 1; k <= LONG_LAGS; k += 1) {
    let sum = gamma[k];
    for (let j = 1; j < k; j += 1) sum -= a[j] * gamma[k - j];
    const reflection = sum / sigma2;
    old.set(a);
    for (let j = 1; j < k; j += 1) a[j] = old[j] - reflection * old[k - j];
    a[k] = reflection;
    sigma2 *= 1 - reflection * reflection;
    if (!(sigma2 > 1e-9 * gamma[0])) break;
  }
  const psi = new Float64Array(LONG_LAGS + 1);
  psi[0] = 1;
  for (let k = 1; k <= LONG_LAGS; k += 1) {
    for (let j = 1; j <= k; j += 1) psi[k] += a[j] * psi[k - j];
  }
  return { psi, sigma2 };
}

/** Gaussian elimination of a small positive definite system; 0 where it is singular. */
function solved(rows: number[][]): Float64Array {
  const size = rows.length;
  for (let k = 0; k < size; k += 1) {
    for (let i = k + 1; i < size; i += 1) {
      const factor = rows[k][k] === 0 ? 0 : rows[i][k] / rows[k][k];
      for (let j = k; j <= size; j += 1) rows[i][j] -= factor * rows[k][j];
    }
  }
  const x = new Float64Array(size);
  for (let i = size - 1; i >= 0; i -= 1) {
    let sum = rows[i][size];
    for (let j = i + 1; j < size; j += 1) sum -= rows[i][j] * x[j];
    const value = sum / rows[i][i];
    x[i] = Number.isFinite(value) ? value : 0;
  }
  return x;
}

/** Inverse roots of 1 - sign (b1 B + b2 B^2) inside the start's limit. */
function pullInside(b: Float64Array, at: number, sign: number): void {
  const c1 = sign * b[at];
  const c2 = sign * b[at + 1];
  const discriminant = c1 * c1 + 4 * c2;
  const modulus = discriminant >= 0 ? (Math.abs(c1) + Math.sqrt(discriminant)) / 2 : Math.sqrt(-c2);
  const factor = modulus > START_ROOT_LIMIT ? START_ROOT_LIMIT / modulus : 1;
  b[at] *= factor;
  b[at + 1] *= factor * factor;
}

/** Moments of the known values; a missing pair adds nothing to its lag. O(n LONG_LAGS). */
export function momentsOf(w: Float64Array): Moments {
  let known = 0;
  let sum = 0;
  for (const value of w) {
    if (Number.isNaN(value)) continue;
    known += 1;
    sum += value;
  }
  const gamma = new Float64Array(LONG_LAGS + 1);
  if (known === 0) return { mean: 0, gamma };
  const mean = sum / known;
  const centred = w.map((value) => (Number.isNaN(value) ? 0 : value - mean));
  for (let k = 0; k <= LONG_LAGS; k += 1) {
    for (let t = k; t < w.length; t += 1) gamma[k] += centred[t] * centred[t - k];
    gamma[k] /= known;
  }
  return { mean, gamma };
}
