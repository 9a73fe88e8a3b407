// ARIMA in plain float64: the oracle of the faster kernels.
import { ArimaKernels, EXACT_ITERATIONS } from '../../arima-kernels';
import type {
  ArimaFitOptions,
  ArimaFits,
  ArimaPaths,
  ArimaRows,
  ArimaScales,
  ArimaSearchOptions,
  CompressedRows,
  ExactFits,
} from '../../arima-kernels';
import { referenceCompress } from './compress-rows';
import { referenceExact } from './exact-rows';
import { referenceForecast } from './arima-forecast';
import { referenceFit, referenceSearch } from './fit-rows';

export class ReferenceArima extends ArimaKernels {
  override async fit(rows: ArimaRows, options: ArimaFitOptions): Promise<ArimaFits> {
    return referenceFit(rows, options);
  }

  override async search(rows: ArimaRows, options?: ArimaSearchOptions): Promise<ArimaFits> {
    return referenceSearch(rows, options);
  }

  override async exact(
    rows: ArimaRows,
    fits: ArimaFits,
    maxIterations = EXACT_ITERATIONS,
  ): Promise<ExactFits> {
    return referenceExact(rows, fits, maxIterations);
  }

  override async compress(rows: ArimaRows, scales?: ArimaScales): Promise<CompressedRows> {
    return referenceCompress(rows, scales);
  }

  override async forecast(rows: ArimaRows, fits: ArimaFits, horizon: number): Promise<ArimaPaths> {
    return referenceForecast(rows, fits, horizon);
  }
}
