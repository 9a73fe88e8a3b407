// ARIMA in the addon: batches run on threads of its own, off the event loop.
import {
  ArimaKernels,
  DEFAULT_MAX_ITERATIONS,
  EXACT_ITERATIONS,
  FIT_WIDTH,
  ORDER_WIDTH,
  ROOT_LIMIT,
  checkRows,
  emptyCompressed,
} from '../arima-kernels';
import type {
  ArimaFitOptions,
  ArimaFits,
  ArimaPaths,
  ArimaRows,
  ArimaScales,
  ArimaSearchOptions,
  CompressedRows,
  ExactFits,
} from '../arima-kernels';
import { candidateBytes, SEARCH_ORDERS } from '../arima-orders';
import type { AddonArgument, AddonCaller } from './addon';

export class NativeArima extends ArimaKernels {
  constructor(private readonly caller: AddonCaller) {
    super();
  }

  override async fit(rows: ArimaRows, options: ArimaFitOptions): Promise<ArimaFits> {
    checkRows(rows, { orders: options.orders, fits: options.start });
    const answer = { orders: options.orders.slice(), fits: fitsLike(rows, options.start) };
    await this.call('fit', rows, {
      ...answer,
      warm: options.start === undefined ? 0 : 1,
      doublePrecision: options.precision === 'float32' ? 0 : 1,
      maxIterations: options.maxIterations ?? DEFAULT_MAX_ITERATIONS,
    });
    return answer;
  }

  override async search(rows: ArimaRows, options: ArimaSearchOptions = {}): Promise<ArimaFits> {
    checkRows(rows);
    const candidates = candidateBytes(options.candidates ?? SEARCH_ORDERS, rows.seasonLength);
    const orders = new Uint8Array(rows.rowCount * ORDER_WIDTH);
    const answer = { orders, fits: fitsLike(rows) };
    await this.call('search', rows, {
      ...answer,
      candidates,
      candidateCount: candidates.length / ORDER_WIDTH,
      maxIterations: options.maxIterations ?? DEFAULT_MAX_ITERATIONS,
    });
    return answer;
  }

  override async exact(
    rows: ArimaRows,
    fits: ArimaFits,
    maxIterations = EXACT_ITERATIONS,
  ): Promise<ExactFits> {
    checkRows(rows, fits);
    const out = { orders: fits.orders.slice(), fits: fits.fits.slice() };
    const logLikelihood = new Float64Array(rows.rowCount);
    await this.call('exact', rows, { ...out, logLikelihood, maxIterations });
    return { ...out, logLikelihood };
  }

  override async compress(rows: ArimaRows, scales?: ArimaScales): Promise<CompressedRows> {
    checkRows(rows, undefined, Number.POSITIVE_INFINITY);
    const out = emptyCompressed(rows, scales);
    const { rows: compressed, centre, unit, low, high, seasonal } = out;
    const fresh = scales === undefined ? 1 : 0;
    const arrays = { compressed: compressed.values, centre, unit, low, high, seasonal };
    await this.call('compress', rows, { fresh, ...arrays });
    return out;
  }

  override async forecast(rows: ArimaRows, fits: ArimaFits, horizon: number): Promise<ArimaPaths> {
    checkRows(rows, fits);
    const mean = new Float64Array(rows.rowCount * horizon);
    const variance = new Float64Array(rows.rowCount * horizon);
    await this.call('forecast', rows, { ...fits, horizon, mean, variance });
    return { mean, variance };
  }

  private async call(
    operation: 'fit' | 'search' | 'compress' | 'exact' | 'forecast',
    rows: ArimaRows,
    own: Readonly<Record<string, AddonArgument>>,
  ): Promise<void> {
    if (rows.rowCount === 0) return;
    await this.caller.call(`arima.${operation}`, {
      values: rows.values,
      rows: rows.rowCount,
      stride: rows.stride,
      end: rows.end,
      season: rows.seasonLength,
      rootLimit: ROOT_LIMIT,
      ...own,
    });
  }
}

function fitsLike(rows: ArimaRows, start?: Float64Array): Float64Array {
  return start?.slice() ?? new Float64Array(rows.rowCount * FIT_WIDTH);
}
