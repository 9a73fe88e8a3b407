// The plain float64 kernels: slow, obvious, kept for ever.
import { Kernels } from '../kernels';
import type { KernelReport } from '../kernels';
import { ReferenceArima } from './arima';
import { ReferenceBoosted } from './boosted';
import { ReferenceCombine } from './combine';
import { ReferenceFeatures } from './features';
import { ReferenceHistory } from './history';
import { ReferenceLstm } from './lstm';
import { ReferenceRules } from './rules';
import { ReferenceText } from './text';
import { ReferenceWindows } from './windows';

export class ReferenceKernels extends Kernels {
  override readonly arima = new ReferenceArima();
  override readonly boosted = new ReferenceBoosted();
  override readonly combine = new ReferenceCombine();
  override readonly features = new ReferenceFeatures();
  override readonly history = new ReferenceHistory();
  override readonly lstm = new ReferenceLstm();
  override readonly rules = new ReferenceRules();
  override readonly text = new ReferenceText();
  override readonly windows = new ReferenceWindows();

  constructor(
    private readonly reason: string,
    private readonly notice?: string,
  ) {
    super();
  }

  override within(): Kernels {
    return this;
  }

  override report(): KernelReport {
    const { reason, notice } = this;
    return { backend: 'reference', isa: 'reference', reason, ...(notice && { notice }) };
  }

  override peakFmaPerSec(): number | undefined {
    return undefined;
  }
}
