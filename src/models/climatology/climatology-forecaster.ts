// Climatology: the quantiles of the last two weeks, the same at every lead; right where there is no structure.
import { DomainError, seriesAt, type SeriesBatch } from '../../core';
import {
  FIT_STATUSES,
  type FittedForecaster,
  type ForecastBatch,
  type Forecaster,
  type ForecastRequest,
} from '../forecaster';
import { meanOfQuantiles } from '../quantile-mean';
import { openBatch } from '../scaled-rows';

export const CLIMATOLOGY = 'climatology';

const DAYS = 14; // 28 days lost 1.5 % of pinball on rnd293, 7 days 1 % of MAE
const VALUES_MAX = 672; // standard error of the median under .05 deviations; more costs a night of sorting
const RECENT_MIN = 3; // their median leaves the bulk below by chance in 1 of 400 cases
const BULK = 0.02;
const MEDIAN = 0.5;
const STATE_VERSION = 1;
const { floor } = Math; // in loops over every value: a look-up in the global object costs more than the rest
const { isFinite } = Number;

/** Nothing is learned. O(rows x VALUES_MAX log VALUES_MAX). See docs/models/ensemble.md. */
export class ClimatologyForecaster implements Forecaster, FittedForecaster {
  readonly scope = 'series';
  readonly name = CLIMATOLOGY;

  fit(): Promise<FittedForecaster> {
    return Promise.resolve(this);
  }

  /** Throws MODEL_STATE_INVALID. */
  load(state: Uint8Array): FittedForecaster {
    if (Buffer.from(state).equals(Buffer.from(this.save()))) return this;
    throw new DomainError('MODEL_STATE_INVALID', `the state is not one of '${this.name}'`);
  }

  save(): Uint8Array {
    return Buffer.from(JSON.stringify({ model: this.name, version: STATE_VERSION }));
  }

  forecast(history: SeriesBatch, request: ForecastRequest): Promise<ForecastBatch> {
    const { seriesCount } = history;
    const { horizon, levels, bounds, end } = request;
    const batch = openBatch(seriesCount, request);
    const [lower, upper] = [bounds?.lower ?? -Infinity, bounds?.upper ?? Infinity];
    for (let series = 0; series < seriesCount; series += 1) {
      const values = seriesAt(history, series).values.subarray(0, end);
      const known = knownOf(values, request.seasonLength);
      if (known.length === 0) {
        batch.status[series] = FIT_STATUSES.indexOf('abstained');
        batch.abstentions.set(series, { reason: 'no known value', fallback: 'zero' });
        continue;
      }
      const own = quantilesOf(known, request).map((value) =>
        Math.min(upper, Math.max(lower, value)),
      );
      levels.forEach((_, level) => {
        const row = (series * levels.length + level) * horizon;
        batch.quantiles.fill(own[level], row, row + horizon);
      });
      const [from, to] = [series * horizon, (series + 1) * horizon];
      batch.point.fill(own[own.length - 1], from, to);
      batch.mean.fill(meanOfQuantiles(levels, own.subarray(0, levels.length)), from, to);
    }
    return Promise.resolve(batch);
  }
}

/** Known values of the last two weeks. */
function knownOf(values: Float64Array, seasonLength: number): Float64Array {
  const from = Math.max(0, values.length - DAYS * seasonLength);
  const known = new Float64Array(values.length - from);
  let count = 0;
  for (let t = from; t < values.length; t += 1) {
    if (!isFinite(values[t])) continue;
    known[count] = values[t];
    count += 1;
  }
  return known.subarray(0, count);
}

/**
 * Quantiles at the levels, then the median. Where the median of the last hour (three values at least) has
 * left the bulk of what came before, the VM has changed, e.g. stopped: its median is the last value then.
 */
function quantilesOf(known: Float64Array, request: ForecastRequest): Float64Array {
  const { levels, seasonLength } = request;
  const last = known[known.length - 1];
  const recentCount = Math.max(RECENT_MIN, Math.round(seasonLength / 24));
  const wanted = [...levels, MEDIAN];
  if (known.length <= 2 * recentCount) {
    const sorted = known.toSorted();
    return Float64Array.from(wanted, (level) => sortedQuantile(sorted, level));
  }
  const earlier = known.subarray(0, known.length - recentCount);
  const recent = known.subarray(known.length - recentCount).toSorted();
  const count = Math.min(VALUES_MAX, earlier.length);
  const picked = new Float64Array(count);
  for (let at = 0; at < count; at += 1) {
    picked[at] = earlier[earlier.length - 1 - floor((at * earlier.length) / count)];
  }
  picked.sort();
  const now = sortedQuantile(recent, MEDIAN);
  const changed = now < sortedQuantile(picked, BULK) || now > sortedQuantile(picked, 1 - BULK);
  const quantiles = new Float64Array(wanted.length);
  for (let at = 0; at < wanted.length; at += 1) {
    const level = wanted[at];
    const value = sortedQuantile(picked, level);
    if (!changed) quantiles[at] = value;
    else if (level === MEDIAN) quantiles[at] = last;
    else quantiles[at] = level < MEDIAN ? Math.min(value, last) : Math.max(value, last);
  }
  return quantiles;
}

/** Linear between order statistics (Hyndman and Fan 1996, type 7). */
function sortedQuantile(sorted: Float64Array, level: number): number {
  const at = level * (sorted.length - 1);
  const low = Math.floor(at);
  const share = at - low;
  return share === 0 ? sorted[low] : (1 - share) * sorted[low] + share * sorted[low + 1];
}
