// Numeric primitives: one meaning, several speeds. Rows in, numbers out; nothing here knows VMs.
import type { Arena } from './arena';
import type { ArimaKernels } from './arima-kernels';
import type { BoostedKernels } from './boosted-kernels';
import type { CombineKernels } from './combine-kernels';
import type { FeaturesKernels } from './features-kernels';
import type { HistoryKernels } from './history-kernels';
import type { LstmKernels } from './lstm-kernels';
import type { RulesKernels } from './rules-kernels';
import type { TextKernels } from './text-kernels';
import type { WindowsKernels } from './windows-kernels';

export const ISAS = ['baseline', 'avx2', 'avx512'] as const;
export type Isa = (typeof ISAS)[number];

export interface KernelReport {
  readonly backend: 'reference' | 'native';
  readonly isa: Isa | 'reference';
  /** Which and why, one sentence. */
  readonly reason: string;
  /** What a user should be told once, e.g. that the slow kernels serve; absent when all is well. */
  readonly notice?: string;
}

/** One backend: its families of kernels. Every result is a pure function of the arguments. */
export abstract class Kernels {
  abstract report(): KernelReport;
  /** The same kernels; results may lie in the arena. */
  abstract within(arena: Arena): Kernels;
  /** Float32 multiply-adds per second of one core, measured now; undefined where it has no meaning. */
  abstract peakFmaPerSec(): number | undefined;
  abstract readonly arima: ArimaKernels;
  abstract readonly boosted: BoostedKernels;
  abstract readonly combine: CombineKernels;
  abstract readonly features: FeaturesKernels;
  abstract readonly history: HistoryKernels;
  abstract readonly lstm: LstmKernels;
  abstract readonly rules: RulesKernels;
  abstract readonly text: TextKernels;
  abstract readonly windows: WindowsKernels;
}
