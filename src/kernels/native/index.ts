// The C++ kernels behind the same interface.
import { availableParallelism } from 'node:os';
import type { Arena } from '../arena';
import { ISAS, Kernels } from '../kernels';
import type { Isa, KernelReport } from '../kernels';
import { AddonCaller } from './addon';
import type { Addon } from './addon';
import { NativeArima } from './arima';
import { NativeBoosted } from './boosted';
import { NativeCombine } from './combine';
import { NativeFeatures } from './features';
import { NativeHistory } from './history';
import { NativeLstm } from './lstm';
import { NativeRules } from './rules';
import { NativeText } from './text';
import { NativeWindows } from './windows';

export type { Addon } from './addon';

export class NativeKernels extends Kernels {
  override readonly arima: NativeArima;
  override readonly boosted: NativeBoosted;
  override readonly combine: NativeCombine;
  override readonly features: NativeFeatures;
  override readonly history: NativeHistory;
  override readonly lstm: NativeLstm;
  override readonly rules: NativeRules;
  override readonly text: NativeText;
  override readonly windows: NativeWindows;

  constructor(
    private readonly addon: Addon,
    private readonly isa: Isa,
    private readonly reason: string,
    private readonly threads: number = availableParallelism(),
    arena?: Arena,
  ) {
    super();
    const caller = new AddonCaller(addon, isa, threads, arena);
    this.arima = new NativeArima(caller);
    this.boosted = new NativeBoosted(caller);
    this.combine = new NativeCombine(caller);
    this.features = new NativeFeatures(caller);
    this.history = new NativeHistory(caller);
    this.lstm = new NativeLstm(caller);
    this.rules = new NativeRules(caller);
    this.text = new NativeText(caller);
    this.windows = new NativeWindows(caller);
  }

  override within(arena: Arena): Kernels {
    const { addon, isa, reason, threads } = this;
    return new NativeKernels(addon, isa, reason, threads, arena);
  }

  override report(): KernelReport {
    return { backend: 'native', isa: this.isa, reason: this.reason };
  }

  override peakFmaPerSec(): number {
    return this.addon.peakFmaPerSec(ISAS.indexOf(this.isa));
  }
}
