// ARIMA in plain float64: the oracle of the faster kernels.
import { ArimaKernels } from '../../arima-kernels';
import type {
  ArimaFitOptions,
  ArimaFits,
  ArimaPaths,
  ArimaRows,
  ArimaSearchOptions,
} from '../../arima-kernels';
import { referenceForecast } from './arima-forecast';
import { referenceFit, referenceSearch } from './fit-rows';

export class ReferenceArima extends ArimaKernels {
  override async fit(rows: ArimaRows, options: ArimaFitOptions): Promise<ArimaFits> {
    return referenceFit(rows, options);
  }

  override async search(rows: ArimaRows, options?: ArimaSearchOptions): Promise<ArimaFits> {
    return referenceSearch(rows, options);
  }

  override async forecast(rows: ArimaRows, fits: ArimaFits, horizon: number): Promise<ArimaPaths> {
    return referenceForecast(rows, fits, horizon);
  }
}
