// The plain float64 kernels: slow, obvious, kept for ever.
import { Kernels } from '../kernels';
import type {
  ArimaFitOptions,
  ArimaFits,
  ArimaPaths,
  ArimaRows,
  ArimaSearchOptions,
  KernelReport,
} from '../kernels';
import { referenceFit, referenceSearch } from './arima';
import { referenceForecast } from './arima-forecast';

export class ReferenceKernels extends Kernels {
  constructor(
    private readonly reason: string,
    private readonly notice?: string,
  ) {
    super();
  }

  override report(): KernelReport {
    const { reason, notice } = this;
    return { backend: 'reference', isa: 'reference', reason, ...(notice && { notice }) };
  }

  override peakFmaPerSec(): number | undefined {
    return undefined;
  }

  override async arimaFit(rows: ArimaRows, options: ArimaFitOptions): Promise<ArimaFits> {
    return referenceFit(rows, options);
  }

  override async arimaSearch(rows: ArimaRows, options?: ArimaSearchOptions): Promise<ArimaFits> {
    return referenceSearch(rows, options);
  }

  override async arimaForecast(
    rows: ArimaRows,
    fits: ArimaFits,
    horizon: number,
  ): Promise<ArimaPaths> {
    return referenceForecast(rows, fits, horizon);
  }
}
