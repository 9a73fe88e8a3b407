// ARIMA in the addon: batches run on threads of its own, off the event loop.
import {
  ArimaKernels,
  DEFAULT_MAX_ITERATIONS,
  FIT_WIDTH,
  ORDER_WIDTH,
  ROOT_LIMIT,
  checkRows,
} from '../arima-kernels';
import type {
  ArimaFitOptions,
  ArimaFits,
  ArimaPaths,
  ArimaRows,
  ArimaSearchOptions,
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

  override async forecast(rows: ArimaRows, fits: ArimaFits, horizon: number): Promise<ArimaPaths> {
    checkRows(rows, fits);
    const mean = new Float64Array(rows.rowCount * horizon);
    const variance = new Float64Array(rows.rowCount * horizon);
    await this.call('forecast', rows, { ...fits, horizon, mean, variance });
    return { mean, variance };
  }

  private async call(
    operation: 'fit' | 'search' | 'forecast',
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
