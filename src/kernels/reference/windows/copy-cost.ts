// What copying one row's memory costs at a load: P50 and P95 over what nobody measured yet.
import {
  COPY_MODES,
  CORRECTION,
  MODE_CORRECTION_WIDTH,
  type CopyMode,
  type CopySettings,
} from '../../windows-kernels';
import { normalQuantile } from './normal-quantile';
import { runRounds } from './pre-copy';

export interface CostQuantiles {
  readonly p50: number;
  readonly p95: number;
}

/** Times in whole ms, bytes whole; P95 >= P50 >= 0. */
export interface CopyCost {
  readonly totalTimeMs: CostQuantiles;
  readonly downtimeMs: CostQuantiles;
  readonly bytesSent: CostQuantiles;
  /** In [0, 1]: converges before a limit forces the stop. */
  readonly successProb: number;
}

/** What is known of a VM; absent = unknown. */
export interface CopySize {
  readonly vcpus?: number;
  readonly memoryBytes?: number;
  readonly usedMemoryBytes?: number;
}

/** Equally likely points of the two-dimensional lattice below; 64 keep P95 within a few percent. */
export const COPY_POINTS = 64;
const GOLDEN = 0.618_033_988_749_894_9;
const GIB_BYTES = 1_073_741_824;
/** Dirty rate and memory in use, standard normal each: a Kronecker lattice, the same for ever. */
const DIRTY_Z = Float64Array.from({ length: COPY_POINTS }, (_, i) =>
  normalQuantile((i + 0.5) / COPY_POINTS),
);
const MEMORY_Z = Float64Array.from({ length: COPY_POINTS }, (_, i) =>
  normalQuantile(((i + 0.5) * GOLDEN) % 1),
);
/** Loads are rounded to this many parts of a percent first: equal inputs are then frequent. */
const LOAD_PARTS = 10;

/** Plain pre-copy from this chance of convergence on, auto-converge down to the other. */
const PRE_COPY_SUCCESS_MIN = 0.9;
const AUTO_CONVERGE_SUCCESS_MIN = 0.5;

/** (COPY_POINTS): dirty rate beside its median, and share of memory in use, of each point. */
export function copyLattice({ prior, usedMemoryShare, usedMemoryLogSigma }: CopySettings) {
  return {
    dirtyFactor: DIRTY_Z.map((z) => Math.exp(prior.logSigma * z)),
    usedShare: MEMORY_Z.map((z) => Math.min(1, usedMemoryShare * Math.exp(usedMemoryLogSigma * z))),
  };
}

/** Mean load to .1 %, not below 0. */
export function roundedLoad(cpuPct: number): number {
  return Math.max(0, Math.round(cpuPct * LOAD_PARTS) / LOAD_PARTS);
}

/** The mean number of vCPUs that work at `cpuPct`; unknown vCPUs by the default. */
export function vcpusOf(vm: CopySize, settings: Pick<CopySettings, 'vcpusDefault'>): number {
  return vm.vcpus !== undefined && vm.vcpus > 0 ? vm.vcpus : settings.vcpusDefault;
}

/** Size of the VM; unknown by the default, never below what is in use. */
export function memoryOf(vm: CopySize, settings: Pick<CopySettings, 'memoryBytesDefault'>): number {
  const known = vm.memoryBytes !== undefined && vm.memoryBytes > 0;
  const size = known ? (vm.memoryBytes ?? 0) : settings.memoryBytesDefault;
  return Math.max(size, vm.usedMemoryBytes ?? 0);
}

/** The mode for a VM whose plain pre-copy succeeds with this chance. */
export function modeOf(successProb: number): CopyMode {
  if (successProb >= PRE_COPY_SUCCESS_MIN) return 'pre-copy';
  return successProb >= AUTO_CONVERGE_SUCCESS_MIN ? 'auto-converge' : 'post-copy';
}

/** `cpuPct`: mean load while it is copied, percent of the allotment. O(points x rounds). */
export function predictCopy(
  vm: CopySize,
  cpuPct: number,
  mode: CopyMode,
  settings: CopySettings,
): CopyCost {
  const { prior } = settings;
  const { dirtyFactor, usedShare } = copyLattice(settings);
  const load = roundedLoad(cpuPct);
  const vcpus = vcpusOf(vm, settings);
  const memoryBytes = memoryOf(vm, settings);
  const busyVcpus = (load / 100) * vcpus;
  const dirtyMedian = prior.idleBytesPerSec + prior.bytesPerSecPerBusyVcpu * busyVcpus;
  const dirtyMax = prior.bytesPerSecPerVcpuMax * vcpus;
  const totals = new Float64Array(COPY_POINTS);
  const pauses = new Float64Array(COPY_POINTS);
  const sent = new Float64Array(COPY_POINTS);
  let successes = 0;
  for (let i = 0; i < COPY_POINTS; i += 1) {
    const dirty = Math.min(dirtyMax, dirtyMedian * dirtyFactor[i]);
    const used = vm.usedMemoryBytes ?? usedShare[i] * memoryBytes;
    const outcome =
      mode === 'post-copy' ? postCopy(used, settings) : copy(used, dirty, mode, settings);
    const scanMs = ((memoryBytes - used) / GIB_BYTES) * settings.scanMsPerGib;
    totals[i] = settings.setupMs + scanMs + outcome.totalTimeMs;
    pauses[i] = outcome.downtimeMs;
    sent[i] = outcome.bytesSent;
    if (outcome.converges) successes += 1;
  }
  const successProb = Math.round((successes / COPY_POINTS) * 1000) / 1000;
  return {
    totalTimeMs: quantilesOf(totals),
    downtimeMs: quantilesOf(pauses),
    bytesSent: quantilesOf(sent),
    successProb,
  };
}

/**
 * `cost` by what was learned of its row (CORRECTION_WIDTH); still whole, P95 >= P50, and a success in [0, 1].
 */
export function correctCopy(cost: CopyCost, mode: CopyMode, row: Float64Array): CopyCost {
  const from = COPY_MODES.indexOf(mode) * MODE_CORRECTION_WIDTH;
  const corrected = ({ p50, p95 }: CostQuantiles, place: number): CostQuantiles => {
    const factor = row[from + place];
    const spread = row[from + place + 1];
    const middle = Math.round(p50 * factor);
    const high = Math.round(Number.isNaN(spread) ? p95 * factor : middle * spread);
    return { p50: middle, p95: Math.max(middle, high) };
  };
  const success = Math.round((cost.successProb + row[from + CORRECTION.success]) * 1000) / 1000;
  return {
    totalTimeMs: corrected(cost.totalTimeMs, CORRECTION.time),
    downtimeMs: corrected(cost.downtimeMs, CORRECTION.pause),
    bytesSent: corrected(cost.bytesSent, CORRECTION.bytes),
    successProb: Math.min(1, Math.max(0, success)),
  };
}

function copy(
  usedMemoryBytes: number,
  dirtyRateBytesPerSec: number,
  mode: CopyMode,
  settings: CopySettings,
) {
  return runRounds({
    usedMemoryBytes,
    dirtyRateBytesPerSec,
    bandwidthBytesPerSec: settings.bandwidthBytesPerSec,
    linkBytesPerSec: settings.linkBytesPerSec,
    writableWorkingSetBytes: settings.prior.workingSetShare * usedMemoryBytes,
    downtimeLimitMs: settings.downtimeLimitMs,
    fixedDowntimeMs: settings.fixedDowntimeMs,
    maxRounds: settings.maxRounds,
    strategy: mode === 'auto-converge' ? 'autoconverge' : 'precopy',
  });
}

/** Post-copy moves every page once; its pause depends on neither memory nor dirty rate. */
function postCopy(usedMemoryBytes: number, settings: CopySettings) {
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
