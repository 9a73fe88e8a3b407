// The C++ kernels behind the same interface: batches run on threads of the addon, off the event loop.
import { availableParallelism } from 'node:os';
import { candidateBytes, SEARCH_ORDERS } from '../arima-orders';
import {
  DEFAULT_MAX_ITERATIONS,
  FIT_WIDTH,
  ISAS,
  Kernels,
  ORDER_WIDTH,
  ROOT_LIMIT,
  checkRows,
} from '../kernels';
import type {
  ArimaFitOptions,
  ArimaFits,
  ArimaPaths,
  ArimaRows,
  ArimaSearchOptions,
  Isa,
  KernelReport,
} from '../kernels';

/** What native/addon.cc exports. */
export interface Addon {
  /** Resolves 0, or -1 when memory is short. */
  arima(call: Record<string, unknown>): Promise<number>;
  bestIsa(): number;
  peakFmaPerSec(isa: number): number;
}

const OPERATION = { fit: 0, search: 1, forecast: 2 } as const; // as in native/addon.cc

export class NativeKernels extends Kernels {
  constructor(
    private readonly addon: Addon,
    private readonly isa: Isa,
    private readonly reason: string,
    private readonly threads: number = availableParallelism(),
  ) {
    super();
  }

  override report(): KernelReport {
    return { backend: 'native', isa: this.isa, reason: this.reason };
  }

  override peakFmaPerSec(): number {
    return this.addon.peakFmaPerSec(ISAS.indexOf(this.isa));
  }

  override async arimaFit(rows: ArimaRows, options: ArimaFitOptions): Promise<ArimaFits> {
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

  override async arimaSearch(
    rows: ArimaRows,
    options: ArimaSearchOptions = {},
  ): Promise<ArimaFits> {
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

  override async arimaForecast(
    rows: ArimaRows,
    fits: ArimaFits,
    horizon: number,
  ): Promise<ArimaPaths> {
    checkRows(rows, fits);
    const mean = new Float64Array(rows.rowCount * horizon);
    const variance = new Float64Array(rows.rowCount * horizon);
    await this.call('forecast', rows, { ...fits, horizon, mean, variance });
    return { mean, variance };
  }

  private async call(
    operation: keyof typeof OPERATION,
    rows: ArimaRows,
    own: Record<string, unknown>,
  ): Promise<void> {
    if (rows.rowCount === 0) return;
    const result = await this.addon.arima({
      operation: OPERATION[operation],
      values: rows.values,
      rows: rows.rowCount,
      stride: rows.stride,
      end: rows.end,
      season: rows.seasonLength,
      isa: ISAS.indexOf(this.isa),
      threads: this.threads,
      rootLimit: ROOT_LIMIT,
      ...own,
    });
    if (result !== 0) throw new RangeError(`the addon has no memory for ${rows.rowCount} rows`);
  }
}

function fitsLike(rows: ArimaRows, start?: Float64Array): Float64Array {
  return start?.slice() ?? new Float64Array(rows.rowCount * FIT_WIDTH);
}
