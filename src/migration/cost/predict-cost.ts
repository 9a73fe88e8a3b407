// What a migration of one VM will cost at a load: P50 and P95 over what nobody measured yet.
import { COST_DEFAULTS, DIRTY_PRIOR, GIB_BYTES, SCAN_MS_PER_GIB } from './cost-settings';
import type { CostSettings } from './cost-settings';
import { normalQuantile } from './normal-quantile';
import { runRounds } from './pre-copy';

export const MIGRATION_MODES = ['pre-copy', 'auto-converge', 'post-copy'] as const;
export type MigrationMode = (typeof MIGRATION_MODES)[number];

export interface CostQuantiles {
  readonly p50: number;
  readonly p95: number;
}

/** Times in whole ms, bytes whole; P95 >= P50 >= 0. */
export interface PredictedCost {
  readonly totalTimeMs: CostQuantiles;
  readonly downtimeMs: CostQuantiles;
  readonly bytesSent: CostQuantiles;
  /** More likely than not. */
  readonly converges: boolean;
  /** In [0, 1]: converges before a limit forces the stop. */
  readonly successProb: number;
  /** 'prior': no migration and no dirty rate of this VM was measured. */
  readonly dirtySource: 'prior';
}

/** What is known of a VM; absent = unknown. */
export interface VmSize {
  readonly vcpus?: number;
  readonly memoryBytes?: number;
  readonly usedMemoryBytes?: number;
}

/** Equally likely points of the two-dimensional lattice below; 64 keep P95 within a few percent. */
const POINTS = 64;
const GOLDEN = 0.618_033_988_749_894_9;
/** Dirty rate and memory in use, standard normal each: a Kronecker lattice, the same for ever. */
const DIRTY_Z = Float64Array.from({ length: POINTS }, (_, i) => normalQuantile((i + 0.5) / POINTS));
const MEMORY_Z = Float64Array.from({ length: POINTS }, (_, i) =>
  normalQuantile(((i + 0.5) * GOLDEN) % 1),
);

/** Loads are rounded to this many parts of a percent first: equal inputs are then frequent. */
const LOAD_PARTS = 10;
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
    const load = Math.max(0, Math.round(cpuPct * LOAD_PARTS) / LOAD_PARTS);
    const key = `${vm.vcpus}|${vm.memoryBytes}|${vm.usedMemoryBytes}|${load}|${mode}`;
    let cost = this.memo.get(key);
    if (cost === undefined) {
      if (this.memo.size >= MEMO_ENTRIES) this.memo.clear();
      cost = predictCost(vm, load, mode, this.settings);
      this.memo.set(key, cost);
    }
    return cost;
  }
}

/** The mean number of vCPUs that work at `cpuPct`; unknown vCPUs by the default. */
export function vcpusOf(vm: VmSize, settings: CostSettings): number {
  return vm.vcpus !== undefined && vm.vcpus > 0 ? vm.vcpus : settings.vcpusDefault;
}

/** Size of the VM; unknown by the default, never below what is in use. */
export function memoryOf(vm: VmSize, settings: CostSettings): number {
  const known = vm.memoryBytes !== undefined && vm.memoryBytes > 0;
  const size = known ? (vm.memoryBytes ?? 0) : settings.memoryBytesDefault;
  return Math.max(size, vm.usedMemoryBytes ?? 0);
}

function predictCost(
  vm: VmSize,
  cpuPct: number,
  mode: MigrationMode,
  settings: CostSettings,
): PredictedCost {
  const vcpus = vcpusOf(vm, settings);
  const memoryBytes = memoryOf(vm, settings);
  const busyVcpus = (cpuPct / 100) * vcpus;
  const dirtyMedian = DIRTY_PRIOR.idleBytesPerSec + DIRTY_PRIOR.bytesPerSecPerBusyVcpu * busyVcpus;
  const dirtyMax = DIRTY_PRIOR.bytesPerSecPerVcpuMax * vcpus;
  const totals = new Float64Array(POINTS);
  const pauses = new Float64Array(POINTS);
  const sent = new Float64Array(POINTS);
  let successes = 0;
  for (let i = 0; i < POINTS; i += 1) {
    const dirty = Math.min(dirtyMax, dirtyMedian * Math.exp(DIRTY_PRIOR.logSigma * DIRTY_Z[i]));
    const used = usedMemoryOf(vm, memoryBytes, MEMORY_Z[i], settings);
    const outcome =
      mode === 'post-copy' ? postCopy(used, settings) : copy(used, dirty, mode, settings);
    const scanMs = ((memoryBytes - used) / GIB_BYTES) * SCAN_MS_PER_GIB;
    totals[i] = settings.setupMs + scanMs + outcome.totalTimeMs;
    pauses[i] = outcome.downtimeMs;
    sent[i] = outcome.bytesSent;
    if (outcome.converges) successes += 1;
  }
  const successProb = Math.round((successes / POINTS) * 1000) / 1000;
  return {
    totalTimeMs: quantilesOf(totals),
    downtimeMs: quantilesOf(pauses),
    bytesSent: quantilesOf(sent),
    converges: successProb >= 0.5,
    successProb,
    dirtySource: 'prior',
  };
}

function usedMemoryOf(vm: VmSize, memoryBytes: number, z: number, settings: CostSettings): number {
  if (vm.usedMemoryBytes !== undefined) return vm.usedMemoryBytes;
  const share = settings.usedMemoryShare * Math.exp(settings.usedMemoryLogSigma * z);
  return Math.min(1, share) * memoryBytes;
}

function copy(
  usedMemoryBytes: number,
  dirtyRateBytesPerSec: number,
  mode: MigrationMode,
  settings: CostSettings,
) {
  return runRounds({
    usedMemoryBytes,
    dirtyRateBytesPerSec,
    bandwidthBytesPerSec: settings.bandwidthBytesPerSec,
    linkBytesPerSec: settings.linkBytesPerSec,
    writableWorkingSetBytes: DIRTY_PRIOR.workingSetShare * usedMemoryBytes,
    downtimeLimitMs: settings.downtimeLimitMs,
    fixedDowntimeMs: settings.fixedDowntimeMs,
    maxRounds: settings.maxRounds,
    strategy: mode === 'auto-converge' ? 'autoconverge' : 'precopy',
  });
}

/** Post-copy moves every page once; its pause depends on neither memory nor dirty rate. */
function postCopy(usedMemoryBytes: number, settings: CostSettings) {
  const downtimeMs = settings.fixedDowntimeMs;
  const copyMs = (usedMemoryBytes / settings.bandwidthBytesPerSec) * 1000;
  return {
    totalTimeMs: copyMs + downtimeMs,
    downtimeMs,
    bytesSent: usedMemoryBytes,
    converges: true,
  };
}

/** Sorts `values` in place; linear between the points at (i + 0.5) / n. */
function quantilesOf(values: Float64Array): CostQuantiles {
  values.sort();
  const at = (level: number): number => {
    const place = Math.min(values.length - 1, Math.max(0, level * values.length - 0.5));
    const left = Math.floor(place);
    const right = Math.min(values.length - 1, left + 1);
    return Math.round(values[left] + (place - left) * (values[right] - values[left]));
  };
  return { p50: at(0.5), p95: at(0.95) };
}
