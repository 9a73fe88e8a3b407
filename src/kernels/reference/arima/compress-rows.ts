// Rows compressed around a robust centre: bursts weigh like square roots, levels stay linear.
import { checkRows, emptyCompressed } from '../../arima-kernels';
import type { ArimaRows, ArimaScales, CompressedRows } from '../../arima-kernels';

const EVERY = 5; // a fifth of the known values tells the median; no divisor of a day's steps
const WIDTH = 2;
const NORMAL = 1.4826; // a normal's deviation in units of its median absolute deviation
const SPREAD_SHARE = 0.0625; // of the mean absolute deviation: where more than half of the values are equal
const SEASONAL_BELOW = 0.8;

export function referenceCompress(rows: ArimaRows, scales?: ArimaScales): CompressedRows {
  checkRows(rows, undefined, Number.POSITIVE_INFINITY);
  const out = emptyCompressed(rows, scales);
  for (let r = 0; r < rows.rowCount; r += 1) {
    const y = rows.values.subarray(r * rows.stride, r * rows.stride + rows.end);
    const known = y.filter((value) => Number.isFinite(value));
    if (scales === undefined) [out.centre[r], out.unit[r]] = scaleOf(known);
    const z = out.rows.values.subarray(r * rows.end, (r + 1) * rows.end);
    y.forEach((value, t) => {
      z[t] = compressed(value, out.centre[r], out.unit[r]);
    });
    out.low[r] = known.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    out.high[r] = known.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    out.seasonal[r] = isSeasonal(z, rows.seasonLength) ? 1 : 0;
  }
  return out;
}

function compressed(value: number, centre: number, unit: number): number {
  if (unit === 0) return value;
  const x = (value - centre) / unit;
  const size = Math.sqrt(1 + 2 * Math.abs(x)) - 1;
  return x < 0 ? -size : size;
}

function scaleOf(known: Float64Array): [number, number] {
  if (known.length === 0) return [0, 1];
  const sample = known.filter((_, at) => at % EVERY === 0);
  const centre = middle(sample);
  const mad = middle(sample.map((value) => Math.abs(value - centre)));
  const share = 1 / known.length;
  const spread = known.reduce((sum, value) => sum + Math.abs(value - centre) * share, 0);
  const width = WIDTH * Math.max(NORMAL * mad, SPREAD_SHARE * spread);
  return [centre, width > 0 ? Math.min(width, Number.MAX_VALUE) : 1];
}

function middle(values: Float64Array): number {
  return values.toSorted()[Math.floor(values.length / 2)];
}

/** Whether yesterday's value foretells better than values of 1/4, 1/2, 3/4 of a season ago. */
function isSeasonal(z: Float64Array, m: number): boolean {
  if (m < 4) return false;
  const lags = [Math.floor(m / 4), Math.floor(m / 2), Math.floor((3 * m) / 4)];
  let own = 0;
  let others = 0;
  for (let t = m; t < z.length; t += 1) {
    const a = Math.abs(z[t] - z[t - m]);
    const b = lags.reduce((sum, lag) => sum + Math.abs(z[t] - z[t - lag]), 0);
    if (!(a + b < Number.POSITIVE_INFINITY)) continue;
    own += a;
    others += b;
  }
  return own * 3 < SEASONAL_BELOW * others;
}
