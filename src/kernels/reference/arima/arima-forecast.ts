// Forecasts by running the model on, and psi-weight variances through the integrated model.
import { FIT, FIT_WIDTH, ORDER_WIDTH, checkRows } from '../../arima-kernels';
import type { ArimaFits, ArimaPaths, ArimaRows } from '../../arima-kernels';

interface Model {
  readonly b: Float64Array;
  readonly d: number;
  readonly D: number;
  readonly m: number;
}

/** Integrated series y, its stages, and u and g of the last two steps; t counts from the first value. */
class State {
  readonly y: Float64Array;
  readonly z: Float64Array;
  readonly e: Float64Array;
  private u1 = 0;
  private u2 = 0;
  private g1 = 0;
  private g2 = 0;

  constructor(
    private readonly model: Model,
    length: number,
  ) {
    this.y = new Float64Array(length);
    this.z = new Float64Array(length);
    this.e = new Float64Array(length);
  }

  /** One step with a known innovation; returns the differenced value less its mean. */
  advance(t: number, innovation: number): number {
    const { b, m } = this.model;
    const g = innovation + b[5] * back(this.e, t, m);
    const v = g + b[2] * this.g1 + b[3] * this.g2;
    const u = v + b[0] * this.u1 + b[1] * this.u2;
    const z = u + b[4] * back(this.z, t, m);
    this.keep(t, innovation, z, u, g);
    return z;
  }

  /** One step with a known differenced value. */
  observe(t: number, w: number): void {
    const { b, m } = this.model;
    const z = w - b[6];
    const u = z - b[4] * back(this.z, t, m);
    const v = u - b[0] * this.u1 - b[1] * this.u2;
    const g = v - b[2] * this.g1 - b[3] * this.g2;
    this.keep(t, g - b[5] * back(this.e, t, m), z, u, g);
  }

  /** What differencing took away at t, from values before t. */
  before(t: number): number {
    const { d, D, m } = this.model;
    let sum = 0;
    if (d) sum += back(this.y, t, 1);
    if (D) sum += d ? back(this.y, t, m) - back(this.y, t, m + 1) : back(this.y, t, m);
    return sum;
  }

  private keep(t: number, e: number, z: number, u: number, g: number): void {
    this.e[t] = e;
    this.z[t] = z;
    this.g2 = this.g1;
    this.g1 = g;
    this.u2 = this.u1;
    this.u1 = u;
  }
}

function back(x: Float64Array, t: number, lag: number): number {
  return t >= lag ? x[t - lag] : 0;
}

/** Filters each row to `end` and forecasts; values after the last known one are waited for, not used. */
export function referenceForecast(rows: ArimaRows, fits: ArimaFits, horizon: number): ArimaPaths {
  checkRows(rows, fits);
  const mean = new Float64Array(rows.rowCount * horizon);
  const variance = new Float64Array(rows.rowCount * horizon);
  for (let r = 0; r < rows.rowCount; r += 1) {
    const order = fits.orders.subarray(r * ORDER_WIDTH, (r + 1) * ORDER_WIDTH);
    const fit = fits.fits.subarray(r * FIT_WIDTH, (r + 1) * FIT_WIDTH);
    const model = { b: fit, d: order[1], D: order[4], m: rows.seasonLength };
    const values = rows.values.subarray(r * rows.stride, r * rows.stride + rows.end);
    const path = { mean: mean.subarray(r * horizon), variance: variance.subarray(r * horizon) };
    forecastRow(values, model, horizon, path);
  }
  return { mean, variance };
}

function forecastRow(values: Float64Array, model: Model, horizon: number, path: ArimaPaths): void {
  const first = values.findIndex((value) => Number.isFinite(value));
  if (first < 0) return;
  const last = values.findLastIndex((value) => Number.isFinite(value));
  const known = values.subarray(first, last + 1);
  const steps = values.length - 1 - last + horizon;
  const scale = model.b[FIT.scale];
  const state = filtered(known, model, steps);
  const answer = new State(model, steps);
  const unit = model.b[FIT.sigma2] * scale * scale;
  let sum = 0;
  for (let t = 0; t < steps; t += 1) {
    const before = answer.before(t);
    answer.y[t] = answer.advance(t, t === 0 ? 1 : 0) + before;
    sum += answer.y[t] * answer.y[t];
    const h = t - (steps - horizon);
    if (h < 0) continue;
    path.mean[h] = state.y[known.length + t] * scale + model.b[FIT.shift];
    path.variance[h] = sum * unit;
  }
}

/** Runs over the known values, filling gaps with predictions, and `steps` beyond them. */
function filtered(known: Float64Array, model: Model, steps: number): State {
  const { b, d, D, m } = model;
  const lost = d + D * m;
  const state = new State(model, known.length + steps);
  const gap = Uint8Array.from(known, (value) => (Number.isFinite(value) ? 0 : 1));
  for (let t = 0; t < known.length + steps; t += 1) {
    const isKnown = t < known.length && gap[t] === 0;
    if (isKnown) state.y[t] = (known[t] - b[FIT.shift]) / b[FIT.scale];
    if (t < lost) {
      if (!isKnown) state.y[t] = state.y[t - 1];
      continue;
    }
    const holes =
      (d && gap[t - 1]) || (D && (gap[t - m] || (d && gap[t - m - 1]))) || (isKnown ? 0 : 1);
    const before = state.before(t);
    if (holes) {
      const z = state.advance(t, 0);
      if (!isKnown) state.y[t] = z + b[FIT.mean] + before;
    } else {
      state.observe(t, state.y[t] - before);
    }
  }
  return state;
}
