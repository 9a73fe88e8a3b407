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
import { SHORT_SEASON_CLASSES, fitOrders } from './fit-orders';
import { FOURIER_TERMS } from './fourier-season';
import {
  LONG_SEASON_CLASSES,
  addShape,
  dropShapes,
  errorsOf,
  fitShape,
  lastDays,
  phaseOf,
} from './long-season';
import { spreadQuantiles } from './spread-quantiles';

export const ARIMA = 'arima';
const FALLBACK = 'naive';
const ABSTAINED = FIT_STATUSES.indexOf('abstained');
const DEGENERATE = FIT_STATUSES.indexOf('degenerate');

/**
 * Rows of hourly (or any short-seasoned) series, one model each. See docs/models/arima.md.
 * Fit: O(rows x end x orders). Rows with less than two seasons abstain; seasons beyond 48 steps are Fourier
 * terms with ARMA errors.
 */
export class ArimaForecaster implements Forecaster {
  readonly name = ARIMA;
  readonly scope = 'series';

  constructor(private readonly kernels: Kernels) {}

  /** With `warm` of the same rows, orders are searched only where they are due; see fitOrders. */
  async fit(
    history: SeriesBatch,
    request: FitRequest,
    warm?: FittedForecaster,
  ): Promise<FittedForecaster> {
    const { seasonLength, end: fitEnd } = request;
    const isLong = seasonLength > SEASON_MAX;
    const rows = isLong ? lastDays(history, fitEnd, seasonLength) : rowsOf(history, request);
    const { rowCount } = rows;
    const compressed = await this.kernels.arima.compress(rows);
    const start = warmFits(warm, rowCount, seasonLength);
    const phase = isLong ? phaseOf(history, seasonLength) : undefined;
    const shape = phase ? fitShape(compressed.rows, fitEnd, phase) : new Float64Array(0);
    if (phase) dropShapes(shape, compressed.seasonal);
    const errors = phase ? errorsOf(compressed.rows, shape, fitEnd, phase) : compressed.rows;
    const modelled = { rows: errors, seasonal: compressed.seasonal };
    const classes = isLong ? LONG_SEASON_CLASSES : SHORT_SEASON_CLASSES;
    const fits = await fitOrders(this.kernels, modelled, classes, start);
    const known = new Uint32Array(rowCount);
    const abstained = new Uint8Array(rowCount);
    const { centre, unit } = compressed;
    for (let r = 0; r < rowCount; r += 1) {
      known[r] = knownCount(rows, r);
      abstained[r] = ABSTENTIONS.indexOf(abstention(known[r], seasonLength));
      const order = fits.orders.subarray(r * ORDER_WIDTH, (r + 1) * ORDER_WIDTH);
      if (abstained[r] === 0) continue;
      becomeLastValue(order, fits.fits.subarray(r * FIT_WIDTH));
      unit[r] = 0; // the value itself
      if (isLong) shape.fill(0, r * FOURIER_TERMS, (r + 1) * FOURIER_TERMS);
    }
    const about = { rowCount, seasonLength, fitEnd, known, abstained };
    const state = { ...fits, centre, unit, shape, ...about };
    return new FittedArima(this.kernels, state);
  }

  load(state: Uint8Array): FittedForecaster {
    return new FittedArima(this.kernels, decodeState(state));
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
    const isLong = state.seasonLength > SEASON_MAX;
    const rows = isLong
      ? lastDays(history, end, state.seasonLength)
      : rowsOf(history, { end, seasonLength: state.seasonLength });
    const compressed = await this.kernels.arima.compress(rows, state);
    const phase = isLong ? phaseOf(history, state.seasonLength) : undefined;
    const errors = phase ? errorsOf(compressed.rows, state.shape, end, phase) : compressed.rows;
    const paths = await this.kernels.arima.forecast(errors, state, horizon);
    if (phase) addShape(paths, state.shape, end, horizon, phase);
    const batch = {
      seriesCount: rows.rowCount,
      horizon,
      levels,
      point: new Float64Array(rows.rowCount * horizon),
      mean: new Float64Array(rows.rowCount * horizon),
      quantiles: new Float64Array(rows.rowCount * levels.length * horizon),
      status: this.statuses(),
      abstentions: this.abstentions(),
    };
    spreadQuantiles(batch, paths, compressed, request.bounds);
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

function abstention(known: number, seasonLength: number): (typeof ABSTENTIONS)[number] {
  if (known === 0) return 'no-values';
  return known < knownMin(seasonLength) ? 'short' : '';
}

/** Undefined where the other fit is of other rows, of another season, or of another model. */
function warmFits(
  warm: FittedForecaster | undefined,
  rowCount: number,
  seasonLength: number,
): ArimaFits | undefined {
  if (!(warm instanceof FittedArima)) return undefined;
  const { state } = warm;
  if (state.rowCount !== rowCount || state.seasonLength !== seasonLength) return undefined;
  return state;
}

/** A random walk without spread: the rows of `naive`. */
function becomeLastValue(order: Uint8Array, fit: Float64Array): void {
  order.fill(0);
  order[1] = 1;
  order[STATUS_AT] = FIT_DEGENERATE;
  fit.fill(0, 0, FIT_WIDTH);
  fit[FIT.scale] = 1;
}

function rowsOf(
  history: SeriesBatch,
  { end, seasonLength }: { readonly end: number; readonly seasonLength: number },
): ArimaRows {
  const { values, seriesCount: rowCount, length: stride } = history;
  return { values, rowCount, stride, end, seasonLength };
}

function knownCount(rows: ArimaRows, r: number): number {
  let count = 0;
  for (let t = 0; t < rows.end; t += 1) {
    if (Number.isFinite(rows.values[r * rows.stride + t])) count += 1;
  }
  return count;
}
