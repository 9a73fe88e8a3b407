// Seasonal ARIMA per series: the order is searched at the fit, forecasts only filter the newer values.
import type { SeriesBatch } from '../../core';
import {
  FIT,
  FIT_DEGENERATE,
  FIT_WIDTH,
  Kernels,
  ORDER_WIDTH,
  SEASON_MAX,
  STATUS_AT,
} from '../../kernels';
import type { ArimaFits, ArimaRows } from '../../kernels';
import { FIT_STATUSES } from '../forecaster';
import type {
  Abstention,
  FitRequest,
  FittedForecaster,
  ForecastBatch,
  Forecaster,
  ForecastRequest,
} from '../forecaster';
import { ABSTENTIONS, abstentionReason, decodeState, encodeState, knownMin } from './arima-state';
import type { ArimaState } from './arima-state';
import { normalQuantile } from './normal-quantile';
import { warmFits } from './warm-fit';

export const ARIMA = 'arima';
const FALLBACK = 'naive';
const ABSTAINED = FIT_STATUSES.indexOf('abstained');
const DEGENERATE = FIT_STATUSES.indexOf('degenerate');

/**
 * Rows of hourly (or any short-seasoned) series, one model each. See docs/models/arima.md.
 * Fit: O(rows x end x orders). Seasons beyond 48 steps and rows with less than two seasons abstain.
 */
export class ArimaForecaster implements Forecaster {
  readonly name = ARIMA;
  readonly scope = 'series';

  constructor(private readonly kernels: Kernels) {}

  /** With `warm` of the same rows, orders are searched only where they are due; see warmFits. */
  async fit(
    history: SeriesBatch,
    request: FitRequest,
    warm?: FittedForecaster,
  ): Promise<FittedForecaster> {
    const rows = rowsOf(history, request.end, request.seasonLength);
    const searched =
      request.seasonLength > SEASON_MAX ? unfitted(rows) : await this.searched(rows, warm);
    const known = new Uint32Array(rows.rowCount);
    const abstained = new Uint8Array(rows.rowCount);
    for (let r = 0; r < rows.rowCount; r += 1) {
      known[r] = knownCount(rows, r);
      abstained[r] = ABSTENTIONS.indexOf(abstention(known[r], request.seasonLength));
      const order = searched.orders.subarray(r * ORDER_WIDTH, (r + 1) * ORDER_WIDTH);
      if (abstained[r] > 0) becomeLastValue(order, searched.fits.subarray(r * FIT_WIDTH));
    }
    const { rowCount } = rows;
    const { seasonLength, end: fitEnd } = request;
    const state = { ...searched, rowCount, seasonLength, fitEnd, known, abstained };
    return new FittedArima(this.kernels, state);
  }

  load(state: Uint8Array): FittedForecaster {
    return new FittedArima(this.kernels, decodeState(state));
  }

  private searched(rows: ArimaRows, warm: FittedForecaster | undefined): Promise<ArimaFits> {
    const { arima } = this.kernels;
    const isWarm = warm instanceof FittedArima && warm.state.rowCount === rows.rowCount;
    return isWarm ? warmFits(arima, rows, warm.state) : arima.search(rows);
  }
}

export class FittedArima implements FittedForecaster {
  readonly name = ARIMA;

  constructor(
    private readonly kernels: Kernels,
    /** Orders and parameters by row, for reports. */
    readonly state: ArimaState,
  ) {}

  /** O(rows x (end + horizon x levels)). Throws RangeError when the rows are not those of the fit. */
  async forecast(history: SeriesBatch, request: ForecastRequest): Promise<ForecastBatch> {
    const { state } = this;
    if (history.seriesCount !== state.rowCount) {
      throw new RangeError(`${history.seriesCount} rows; the fit had ${state.rowCount}`);
    }
    const { horizon, levels, end } = request;
    const rows = rowsOf(history, end, state.seasonLength);
    const paths = await this.kernels.arima.forecast(rows, state, horizon);
    const batch = {
      seriesCount: rows.rowCount,
      horizon,
      levels,
      point: new Float64Array(rows.rowCount * horizon),
      mean: paths.mean,
      quantiles: new Float64Array(rows.rowCount * levels.length * horizon),
      status: this.statuses(),
      abstentions: this.abstentions(),
    };
    spread(batch, paths.variance, request.bounds);
    return batch;
  }

  save(): Uint8Array {
    return encodeState(this.state);
  }

  private statuses(): Uint8Array {
    return this.state.abstained.map((code, r) => {
      if (code > 0) return ABSTAINED;
      const status = this.state.orders[r * ORDER_WIDTH + STATUS_AT];
      return status === FIT_DEGENERATE ? DEGENERATE : status;
    });
  }

  private abstentions(): ReadonlyMap<number, Abstention> {
    const { abstained, known, seasonLength } = this.state;
    const map = new Map<number, Abstention>();
    abstained.forEach((code, r) => {
      if (code === 0) return;
      const reason = abstentionReason(code, known[r], seasonLength);
      map.set(r, { reason, fallback: FALLBACK });
    });
    return map;
  }
}

/** Normal quantiles of each step; median = mean. Every number is finite and inside the bounds. */
function spread(
  batch: ForecastBatch,
  variance: Float64Array,
  bounds: ForecastRequest['bounds'],
): void {
  const { seriesCount, horizon, levels } = batch;
  const lower = bounds?.lower ?? -Number.MAX_VALUE;
  const upper = bounds?.upper ?? Number.MAX_VALUE;
  const inside = (value: number): number => Math.min(Math.max(value, lower), upper);
  const z = levels.map(normalQuantile);
  for (let r = 0; r < seriesCount; r += 1) {
    for (let h = 0; h < horizon; h += 1) {
      const at = r * horizon + h;
      const mean = batch.mean[at];
      const deviation = Math.min(Math.sqrt(variance[at]), Number.MAX_VALUE);
      batch.mean[at] = inside(mean);
      batch.point[at] = batch.mean[at];
      for (let q = 0; q < levels.length; q += 1) {
        const wide = z[q] === 0 ? mean : mean + z[q] * deviation;
        batch.quantiles[(r * levels.length + q) * horizon + h] = inside(wide);
      }
    }
  }
}

function abstention(known: number, seasonLength: number): (typeof ABSTENTIONS)[number] {
  if (known === 0) return 'no-values';
  if (seasonLength > SEASON_MAX) return 'long-season';
  return known < knownMin(seasonLength) ? 'short' : '';
}

function unfitted(rows: ArimaRows): ArimaFits {
  const orders = new Uint8Array(rows.rowCount * ORDER_WIDTH);
  return { orders, fits: new Float64Array(rows.rowCount * FIT_WIDTH) };
}

/** A random walk without spread: the rows of `naive`. */
function becomeLastValue(order: Uint8Array, fit: Float64Array): void {
  order.fill(0);
  order[1] = 1;
  order[STATUS_AT] = FIT_DEGENERATE;
  fit.fill(0, 0, FIT_WIDTH);
  fit[FIT.scale] = 1;
}

function rowsOf(history: SeriesBatch, end: number, seasonLength: number): ArimaRows {
  return {
    values: history.values,
    rowCount: history.seriesCount,
    stride: history.length,
    end,
    seasonLength: seasonLength > SEASON_MAX ? 1 : seasonLength,
  };
}

function knownCount(rows: ArimaRows, r: number): number {
  let count = 0;
  for (let t = 0; t < rows.end; t += 1) {
    if (Number.isFinite(rows.values[r * rows.stride + t])) count += 1;
  }
  return count;
}
