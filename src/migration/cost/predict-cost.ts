// What a migration of one VM will cost at a load: P50 and P95 over what nobody measured yet.
import {
  COPY_MODES,
  predictCopy,
  roundedLoad,
  type CopyCost,
  type CopyMode,
  type CopySize,
} from '../../kernels';
import { COST_DEFAULTS, copySettingsOf } from './cost-settings';
import type { CostSettings } from './cost-settings';
import type { DirtySource } from './learned/predict-run';

export { memoryOf, vcpusOf, type CostQuantiles } from '../../kernels';

export const MIGRATION_MODES = COPY_MODES;
export type MigrationMode = CopyMode;

/** What the kernels predict, and what they predicted it from. */
export interface PredictedCost extends CopyCost {
  /** More likely than not. */
  readonly converges: boolean;
  /** 'prior': neither a dirty rate nor any migration that tells of this VM was measured. */
  readonly dirtySource: DirtySource;
}

/** What is known of a VM; absent = unknown. */
export type VmSize = CopySize;

const MEMO_ENTRIES = 200_000;

/**
 * Predicts costs; pure, with a memory of its own for inputs seen before. The load is rounded to
 * 0.1 % of the allotment first, so that remembering never changes a result.
 */
export class CostPredictor {
  private readonly memo = new Map<string, PredictedCost>();

  constructor(readonly settings: CostSettings = COST_DEFAULTS) {}

  /** `cpuPct`: mean load while it migrates, percent of the VM's allotment. O(points x rounds). */
  predict(vm: VmSize, cpuPct: number, mode: MigrationMode): PredictedCost {
    const load = roundedLoad(cpuPct);
    const key = `${vm.vcpus}|${vm.memoryBytes}|${vm.usedMemoryBytes}|${load}|${mode}`;
    let cost = this.memo.get(key);
    if (cost === undefined) {
      if (this.memo.size >= MEMO_ENTRIES) this.memo.clear();
      const copied = predictCopy(vm, load, mode, copySettingsOf(this.settings));
      cost = { ...copied, converges: copied.successProb >= 0.5, dirtySource: 'prior' };
      this.memo.set(key, cost);
    }
    return cost;
  }
}
