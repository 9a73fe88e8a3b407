// What moving one VM would take and harm at each start: cost, limits, calendars.
import { FIVE_MINUTES_MS, type EpochMs } from '../../core';
import type { Span } from '../calendars';
import { COST_DEFAULTS, type CostSettings } from '../cost/cost-settings';
import {
  CostPredictor,
  vcpusOf,
  type CostQuantiles,
  type MigrationMode,
  type PredictedCost,
  type VmSize,
} from '../cost/predict-cost';
import type { MoveOptions } from './drain-problem';
import { meanLoad, type PlanLoad } from './plan-load';

export interface MoveLimits {
  readonly maxDowntimeMs: number;
  readonly maxDurationMs?: number;
  readonly postCopy: boolean;
  readonly bandwidthBytesPerSec: number;
  readonly linkBytesPerSec: number;
  readonly parallelMax: number;
}

export interface Grid {
  readonly startMs: EpochMs;
  readonly stepMs: number;
  readonly steps: number;
}

/** One way to run a move: by share and load. */
export interface MoveCost extends PredictedCost {
  readonly mode: MigrationMode;
  readonly expectedMs: number;
}

/**
 * Share of the VM's work that is lost while its memory is copied. Pre-copy: 12 %, the web server of
 * Clark et al. (2005), fig. 8, from 870 to 765 Mbit/s. Auto-converge holds the guest back by 20 %
 * first; post-copy waits for pages: the same is assumed.
 */
export const BROWNOUT_SHARE: Readonly<Record<MigrationMode, number>> = {
  'pre-copy': 0.12,
  'auto-converge': 0.32,
  'post-copy': 0.32,
};
/** A pause is felt by an idle VM too: it counts as if this much of it were busy. */
const BUSY_PCT_MIN = 1;
const SUCCESS_MIN = 0.9; // as for plain pre-copy in the windows of the night
/** Of a standard normal. */
const Z_P95 = 1.644_853_627;
/** Loads are rounded up to these: costs never fall with the load (I3), and few are computed. */
const LOAD_GRID_PCT = [
  0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400,
] as const;

/** Costs of one VM under the limits of a plan; remembers what it computed. */
export class MoveCosts {
  private readonly predictors: readonly CostPredictor[];
  /** By VM, then share and place in LOAD_GRID_PCT. */
  private readonly known = new WeakMap<VmSize, (readonly MoveCost[] | undefined)[]>();

  constructor(
    readonly limits: MoveLimits,
    base: CostSettings = COST_DEFAULTS,
  ) {
    const { bandwidthBytesPerSec, linkBytesPerSec, maxDowntimeMs, parallelMax } = limits;
    this.predictors = Array.from(
      { length: parallelMax },
      (_, at) =>
        new CostPredictor({
          ...base,
          bandwidthBytesPerSec: bandwidthBytesPerSec / (at + 1),
          linkBytesPerSec: Math.max(linkBytesPerSec, bandwidthBytesPerSec) / (at + 1),
          // pause <= limit x bandwidth / link + fixed part (I4)
          downtimeLimitMs: Math.max(1, maxDowntimeMs - base.fixedDowntimeMs),
        }),
    );
  }

  /** The gentlest way that keeps the limits; undefined when none does. */
  of(vm: VmSize, loadPct: number, share: number): MoveCost | undefined {
    return this.ways(vm, loadPct, share).find((cost) => this.keeps(cost));
  }

  /** Every way, the gentlest first, kept or not. */
  ways(vm: VmSize, loadPct: number, share: number): readonly MoveCost[] {
    const at = gridAt(loadPct);
    let known = this.known.get(vm);
    if (known === undefined) this.known.set(vm, (known = []));
    const place = (share - 1) * LOAD_GRID_PCT.length + at;
    return (known[place] ??= this.predicted(vm, LOAD_GRID_PCT[at], share));
  }

  private predicted(vm: VmSize, load: number, share: number): readonly MoveCost[] {
    const modes: MigrationMode[] = ['pre-copy', 'auto-converge'];
    if (this.limits.postCopy) modes.push('post-copy');
    const found: MoveCost[] = [];
    for (const mode of modes) {
      const cost = this.predictors[share - 1].predict(vm, load, mode);
      found.push({ ...cost, mode, expectedMs: expectedMs(cost) });
      if (this.keeps(found[found.length - 1])) break;
    }
    return found;
  }

  keeps({ downtimeMs, totalTimeMs, successProb }: MoveCost): boolean {
    const { maxDowntimeMs, maxDurationMs = Infinity } = this.limits;
    return (
      downtimeMs.p95 <= maxDowntimeMs &&
      totalTimeMs.p95 <= maxDurationMs &&
      successProb >= SUCCESS_MIN
    );
  }
}

function gridAt(loadPct: number): number {
  let at = 0;
  while (at < LOAD_GRID_PCT.length - 1 && LOAD_GRID_PCT[at] < loadPct) at += 1;
  return at;
}

/** Standard deviation of the logarithm, where times are log-normal; 0 without a time. */
export function logSigma({ p50, p95 }: CostQuantiles): number {
  return p50 > 0 ? Math.log(p95 / p50) / Z_P95 : 0;
}

/** Mean of the log-normal with this P50 and P95, at most the P95. */
export function expectedMs({ totalTimeMs: { p50, p95 } }: PredictedCost): number {
  if (p50 <= 0) return p95;
  const sigma = logSigma({ p50, p95 });
  return Math.min(p95, p50 * Math.exp((sigma * sigma) / 2));
}

/**
 * Expected busy vCPU-seconds lost: brownout over the copy, all of the pause, and once more the
 * copy's where it may fail and be repeated.
 */
export function harmOf(vm: VmSize, loadPct: number, cost: MoveCost): number {
  const busyVcpus = (Math.max(loadPct, BUSY_PCT_MIN) / 100) * vcpusOf(vm, COST_DEFAULTS);
  const brownoutMs = BROWNOUT_SHARE[cost.mode] * cost.expectedMs * (2 - cost.successProb);
  return (busyVcpus * (brownoutMs + cost.downtimeMs.p50)) / 1_000;
}

/** Mean load while it is copied from the bin on, by the time that it takes at the bin's own load. */
export function loadWhileMoved(
  costs: MoveCosts,
  vm: VmSize,
  load: PlanLoad,
  binMs: EpochMs,
  share: number,
): number {
  const first = meanLoad(load, binMs, binMs + FIVE_MINUTES_MS);
  const ways = costs.ways(vm, first, share);
  const cost = ways[ways.length - 1];
  const bins = Math.max(1, Math.ceil(cost.expectedMs / FIVE_MINUTES_MS));
  return meanLoad(load, binMs, binMs + bins * FIVE_MINUTES_MS);
}

/** `allowed`: when calendars let it; `earliestMs`: the end of its cool-down. */
export function moveOptions(
  costs: MoveCosts,
  vm: VmSize,
  load: PlanLoad,
  grid: Grid,
  when: { readonly allowed: readonly Span[]; readonly earliestMs: EpochMs },
): MoveOptions {
  const { startMs, stepMs, steps } = grid;
  const bins = Math.ceil((steps * stepMs) / FIVE_MINUTES_MS);
  const durations: Int32Array[] = [];
  const harms: Float64Array[] = [];
  for (let share = 1; share <= costs.limits.parallelMax; share += 1) {
    const duration = new Int32Array(bins);
    const harm = new Float64Array(bins);
    for (let bin = 0; bin < bins; bin += 1) {
      const binMs = startMs + bin * FIVE_MINUTES_MS;
      const loadPct = loadWhileMoved(costs, vm, load, binMs, share);
      const cost = costs.of(vm, loadPct, share);
      if (cost === undefined) continue;
      duration[bin] = Math.max(1, Math.ceil(cost.expectedMs / stepMs));
      harm[bin] = harmOf(vm, loadPct, cost);
    }
    durations.push(duration);
    harms.push(harm);
  }
  const earliestStep = Math.max(0, Math.ceil((when.earliestMs - startMs) / stepMs));
  return { durations, harms, earliestStep, allowedRun: allowedRun(when.allowed, grid) };
}

/** Whole steps inside a span only. */
export function allowedRun(allowed: readonly Span[], { startMs, stepMs, steps }: Grid): Int32Array {
  const run = new Int32Array(steps);
  for (const { fromMs, toMs } of allowed) {
    const first = Math.max(0, Math.ceil((fromMs - startMs) / stepMs));
    const end = Math.min(steps, Math.floor((toMs - startMs) / stepMs));
    for (let t = first; t < end; t += 1) run[t] = end - t;
  }
  return run;
}
